"""What Keras 1 and 2 programs do beyond the plain layers: closures over the graph, shared state, lists of one."""

import copy
import pickle

import numpy as np
import pytest

import kshim
from kshim import backend as K
from kshim import layers, metrics, models
from kshim.utils.test_utils import get_test_data, layer_test


def _ones(*shape):
    return np.ones(shape, "float32")


@pytest.mark.parametrize("nested", [False, True])
def test_a_loss_closes_over_tensors_of_the_graph(backend, nested):
    x = layers.Input((3,))
    mean = layers.Dense(2, kernel_initializer="ones")(x)
    if nested:
        encoder, code = models.Model(x, [mean, mean * 2.0]), layers.Input((2,))
        decoder = models.Model(code, layers.Dense(1, kernel_initializer="ones")(code))
        out = decoder(encoder(x)[0])
    else:
        out = layers.Dense(1, kernel_initializer="ones")(mean)
    model, penalty = models.Model(x, out), K.sum(K.square(mean), axis=-1)

    def loss(y_true, y_pred):
        return K.mean(K.square(y_true - y_pred), axis=-1) + penalty + K.sum(K.abs(mean), axis=-1)

    def of_the_graph(y_true, y_pred):
        return K.mean(penalty)

    model.compile("sgd", loss, metrics=[of_the_graph])
    # mean = [3, 3], out = 6: 36 + 18 + 6
    assert model.test_on_batch(_ones(4, 3), np.zeros((4, 1))) == pytest.approx([60.0, 18.0])
    gradient = _gradient_step(model)
    # d/dmean = 2 * 6 + 2 * 3 + 1 = 19 for each weight of the first layer; 2 * 6 * 3 for the second's
    np.testing.assert_allclose(gradient[0], np.full((3, 2), 19.0), rtol=1e-5)
    np.testing.assert_allclose(gradient[2], np.full((2, 1), 36.0), rtol=1e-5)


def _gradient_step(model):
    before = model.get_weights()
    K.set_value(model.optimizer.lr, 1e-3)
    model.train_on_batch(_ones(4, 3), np.zeros((4, 1)))
    return [(b - a) / 1e-3 for b, a in zip(before, model.get_weights())]


def test_a_loss_may_be_a_tensor_of_the_graph_alone(backend):
    x = layers.Input((3,))
    h = layers.Dense(2, kernel_initializer="ones")(x)
    model = models.Model(x, layers.Dense(1)(h))
    model.compile("sgd", lambda y_true, y_pred: K.sum(h, axis=-1))
    assert model.test_on_batch(_ones(2, 3), np.zeros((2, 1))) == pytest.approx(6.0)


def test_a_loss_over_another_models_tensor_is_explained(backend):
    x, other = layers.Input((3,)), layers.Input((3,), name="stranger")
    model = models.Model(x, layers.Dense(1)(x))
    model.compile("sgd", lambda y_true, y_pred: K.mean(other) + K.mean(y_pred))
    with pytest.raises(ValueError, match="stranger.*not an input of the model"):
        model.train_on_batch(_ones(2, 3), np.zeros((2, 1)))


def test_a_variable_in_the_loss_follows_its_callback(backend):
    weight = K.variable(1.0)
    model = models.Sequential([layers.Dense(1, kernel_initializer="ones", input_shape=(3,))])
    model.compile("sgd", lambda y_true, y_pred: weight * K.mean(K.square(y_true - y_pred), axis=-1))
    K.set_value(model.optimizer.lr, 0.0)
    found = []
    for value in (1.0, 0.5, 0.0):
        K.set_value(weight, value)
        found.append(model.train_on_batch(_ones(2, 3), np.zeros((2, 1))))
        found.append(model.test_on_batch(_ones(2, 3), np.zeros((2, 1))))
    assert found == pytest.approx([9.0, 9.0, 4.5, 4.5, 0.0, 0.0])
    assert K.get_value(weight) == 0.0


def test_lists_of_one_input_and_one_output(backend):
    x = layers.Input((3,))
    model = models.Model(inputs=[x], outputs=[layers.Dense(2)(x)])
    assert model.predict(_ones(4, 3)).shape == (4, 2)
    assert layers.Dense(1)(model(x)).shape == (None, 1)
    assert model.predict([_ones(4, 3)]).shape == (4, 2)


def test_a_list_that_grows_after_the_call(backend):
    """DenseNet code concatenates a list and then appends to it."""
    x = layers.Input((2,))
    parts = [x]
    for _ in range(3):
        parts.append(layers.concatenate(parts) if len(parts) > 1 else x)
    model = models.Model(x, parts[-1])
    np.testing.assert_array_equal(model.predict(np.array([[1.0, 2.0]])), np.tile([[1.0, 2.0]], 4))


@pytest.mark.parametrize("functional", [True, False])
def test_stateful_recurrence_with_the_batch_size_of_the_input(backend, functional):
    if functional:
        x = layers.Input(batch_shape=(2, 4, 3))
        model = models.Model(x, layers.Bidirectional(layers.LSTM(3, stateful=True))(x))
    else:
        embed = layers.Embedding(5, 3, batch_input_shape=(2, 4), embeddings_initializer="ones")
        model = models.Sequential([embed, layers.LSTM(3, stateful=True)])
    data = np.ones((2, 4, 3) if functional else (2, 4))
    first, second = model.predict(data, batch_size=2), model.predict(data, batch_size=2)
    assert np.abs(first - second).max() > 1e-6
    model.reset_states()
    np.testing.assert_allclose(model.predict(data, batch_size=2), first, rtol=1e-6)


def test_stateful_recurrence_without_a_batch_size_is_explained(backend):
    with pytest.raises(ValueError, match="batch size.*batch_input_shape"):
        layers.LSTM(3, stateful=True)(layers.Input((4, 3)))


def test_variables_as_initial_state(backend):
    x, state = layers.Input((4, 3)), K.variable(np.full((2, 3), 0.5))
    layer = layers.SimpleRNN(3, kernel_initializer="zeros", recurrent_initializer="identity", activation="linear")
    out = layer(x, initial_state=[state])
    assert out.shape == (2, 3)  # the state has settled the batch size
    np.testing.assert_allclose(models.Model(x, out).predict(_ones(2, 4, 3)), np.full((2, 3), 0.5))


class AddConstant(layers.Layer):
    """A cell that needs the shapes of its constants."""

    def __init__(self, units, **kwargs):
        self.units = self.state_size = units
        super().__init__(**kwargs)

    def build(self, input_shape):
        step, constant = input_shape
        self.kernel = self.add_weight(shape=(step[-1], self.units), initializer="ones", name="kernel")
        self.scale = self.add_weight(shape=(constant[-1], self.units), initializer="ones", name="scale")
        self.built = True

    def call(self, inputs, states, constants):
        out = K.dot(inputs, self.kernel) + K.dot(constants[0], self.scale) + states[0]
        return out, [out]

    def get_config(self):
        return {**super().get_config(), "units": self.units}


@pytest.mark.parametrize("both_ways", [False, True])
def test_cells_with_constants(backend, both_ways):
    x, c = layers.Input((5, 2)), layers.Input((3,))
    with kshim.utils.custom_object_scope({"AddConstant": AddConstant}):
        layer = layers.RNN(AddConstant(4))
        layer = layers.Bidirectional(layer, merge_mode="sum") if both_ways else layer
        model = models.Model([x, c], layer(x, constants=c))
        twin = models.Model.from_config(model.get_config())
    for m in (model, twin):
        expected = 5 * (2 + 3) * (2 if both_ways else 1)
        np.testing.assert_allclose(m.predict([_ones(2, 5, 2), _ones(2, 3)]), np.full((2, 4), float(expected)))


def test_a_cell_that_is_no_layer(backend):
    class Sum:
        state_size = 2

        def call(self, inputs, states):
            return inputs + states[0], [inputs + states[0]]

    x = layers.Input((3, 2))
    for cells, expected in ((Sum(), 3.0), ([Sum(), Sum()], 6.0)):
        out = models.Model(x, layers.RNN(cells)(x)).predict(_ones(1, 3, 2))
        np.testing.assert_allclose(out, np.full((1, 2), expected))


def test_masks_made_inside_time_distributed(backend):
    x = layers.Input((None, 4))
    hidden = layers.TimeDistributed(layers.Masking())(x)
    model = models.Model(x, layers.LSTM(2, return_sequences=False)(hidden))
    data = np.random.RandomState(0).rand(2, 3, 4).astype("float32")
    padded = np.concatenate([data, np.zeros((2, 2, 4), "float32")], axis=1)
    np.testing.assert_allclose(model.predict(padded), model.predict(data), rtol=1e-5)


def test_masks_of_words_become_masks_of_sentences(backend, tf_keras):
    ids = np.array([[[1, 2, 0], [3, 0, 0], [0, 0, 0]], [[4, 4, 4], [0, 0, 0], [0, 0, 0]]])
    outputs, weights = [], None
    for k in (tf_keras, kshim):
        model = k.models.Sequential()
        model.add(k.layers.TimeDistributed(k.layers.Embedding(5, 3, mask_zero=True), input_shape=(None, None)))
        model.add(k.layers.TimeDistributed(k.layers.SimpleRNN(3)))
        model.add(k.layers.SimpleRNN(2))
        weights = model.get_weights() if weights is None else weights
        model.set_weights(weights)
        outputs.append(np.asarray(model(ids)))
    np.testing.assert_allclose(outputs[1], outputs[0], rtol=1e-5, atol=1e-6)


def test_targets_for_the_outputs_that_have_a_loss(backend):
    x = layers.Input((3,))
    a = layers.Dense(2, name="a")(x)
    model = models.Model(x, [a, layers.Activation("linear", name="b")(a)])
    model.compile("sgd", {"b": "mse"}, metrics=["mae"])
    target = _ones(4, 2)
    loss = model.test_on_batch(_ones(4, 3), target)[0]
    assert loss == pytest.approx(np.mean((model.predict(_ones(4, 3))[1] - target) ** 2), rel=1e-5)


def test_a_batch_that_is_all_masked_has_loss_zero(backend):
    model = models.Sequential([layers.Masking(input_shape=(None, 1)), layers.TimeDistributed(layers.Dense(1))])
    model.compile("sgd", "mse")
    assert model.train_on_batch(np.zeros((1, 2, 1)), _ones(1, 2, 1)) == 0


def test_models_pickle_and_copy_with_their_training_state(backend):
    model = models.Sequential([layers.Lambda(lambda t: t * 2, input_shape=(3,)), layers.Dense(1)])
    model.compile("adam", "mse")
    model.fit(_ones(4, 3), _ones(4, 1), epochs=2, verbose=0)
    twins = [pickle.loads(pickle.dumps(model)), copy.deepcopy(model)]
    model.fit(_ones(4, 3), _ones(4, 1), verbose=0)
    for twin in twins:
        twin.fit(_ones(4, 3), _ones(4, 1), verbose=0)
        np.testing.assert_allclose(twin.predict(_ones(2, 3)), model.predict(_ones(2, 3)), rtol=1e-6)


def test_losses_before_any_call_on_values(backend):
    dense = layers.Dense(3, kernel_regularizer="l1", activity_regularizer="l1", kernel_initializer="ones")
    a, b = layers.Input((5,)), layers.Input((5,))
    model = models.Model([a, b], layers.average([dense(a), dense(b)]))
    assert len(model.losses) == 3  # as tf.keras: two of the calls, one of the kernel
    assert len(dense.get_losses_for(a)) == 1 and len(dense.get_losses_for(None)) == 1
    value = K.function([a], [dense.get_losses_for(a)[0]])([_ones(2, 5)])[0]
    assert value == pytest.approx(0.01 * 15, rel=1e-5)


def test_layers_that_hand_over_updates(backend):
    class Running(layers.Layer):
        def build(self, input_shape):
            self.mean = self.add_weight(name="mean", shape=(2,), initializer="zeros", trainable=False)
            super().build(input_shape)

        def call(self, x):
            self.add_update([K.moving_average_update(self.mean, K.mean(x, axis=0), 0.5)], x)
            return x

    model = models.Sequential([Running(input_shape=(2,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    model.train_on_batch(_ones(2, 2), _ones(2, 1))
    np.testing.assert_allclose(model.layers[0].get_weights()[0], [0.5, 0.5])


def test_a_metric_on_a_symbolic_tensor_is_explained(backend):
    with pytest.raises(TypeError, match="add_metric"):
        metrics.Mean(name="m")(layers.Input((2,)))


def test_get_test_data_and_layer_test(backend):
    (x, y), (x_test, _) = get_test_data(num_train=6, num_test=3, input_shape=(4,), num_classes=3)
    assert x.shape == (6, 4) and x.dtype == "float32" and y.shape == (6,) and set(y) <= {0, 1, 2} and len(x_test) == 3
    assert get_test_data(4, 2, (3,), (5,), classification=False)[0][1].shape == (4, 5)
    layer_test(layers.Dense, {"units": 3}, input_shape=(None, 4))
    layer_test(layers.Dropout, {"rate": 0.5}, input_shape=(2, 4))

    class Liar(layers.Dense):
        def compute_output_shape(self, input_shape):
            return (input_shape[0], 7)

    with pytest.raises(AssertionError, match="Liar"):
        layer_test(Liar, {"units": 3}, input_shape=(2, 4))


def test_layers_follow_the_global_policy(backend):
    from kshim import dtype_policies

    dtype_policies.set_dtype_policy("mixed_float16")
    try:
        layer = layers.Dense(2)
    finally:
        dtype_policies.set_dtype_policy(None)
    out = layer(_ones(1, 3))
    assert (layer.compute_dtype, layer.kernel.dtype, out.dtype) == ("float16", "float32", "float16")
    assert layers.Dense(2).compute_dtype == "float32"


def test_an_initializer_of_the_shape_alone(backend):
    layer = layers.Dense(2, kernel_initializer=lambda shape, name=None: np.full(shape, 3.0))
    np.testing.assert_array_equal(layer(_ones(1, 2)), [[6.0, 6.0]])


def test_losses_added_to_the_graph_are_listed_and_counted(backend):
    x = layers.Input((2,))
    y = layers.Dense(1, kernel_initializer="ones")(x)
    model = models.Model(x, y)
    model.add_loss(K.mean(y))
    model.add_loss(0.5)
    model.compile("sgd", "mse")
    assert len(model.losses) == 2
    assert model.test_on_batch(_ones(2, 2), np.zeros((2, 1))) == pytest.approx(4 + 2 + 0.5)
