"""Recurrent layers against tf_keras with the same weights."""

import numpy as np
import pytest
from kshim_conformance.cases_layers_sequence import RECURRENT

TABLE = [(name, kwargs) for name, cases in RECURRENT.items() for kwargs in cases]


def _data(rng, masked):
    x = rng.randn(3, 6, 4).astype("float32")
    if masked:
        x[0, 3:] = 0.0
        x[1, :2] = 0.0
        x[2, 2] = 0.0
    return x


def _build(keras, name, kwargs, masked):
    layers = keras.layers
    inputs = keras.Input((6, 4))
    h = layers.Masking()(inputs) if masked else inputs
    out = getattr(layers, name)(5, **kwargs)(h)
    return keras.Model(inputs, out)


_oracle = {}


def _expected(key, build, tf_keras, x):
    """(weights, outputs) of tf_keras for a model, computed once for all backends."""
    if key not in _oracle:
        model = build(tf_keras)
        rng = np.random.RandomState(1)
        weights = [rng.randn(*w.shape).astype("float32") * 0.4 for w in model.get_weights()]
        model.set_weights(weights)
        out = model([np.asarray(a) for a in x] if isinstance(x, list) else x, training=False)
        out = [o.numpy() for o in out] if isinstance(out, (list, tuple)) else out.numpy()
        _oracle[key] = weights, out, [tuple(s.shape) for s in model.outputs]
    return _oracle[key]


def _compare(ours, theirs, tolerance=1e-5):
    ours = ours if isinstance(ours, list) else [ours]
    theirs = theirs if isinstance(theirs, list) else [theirs]
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs):
        np.testing.assert_allclose(np.asarray(a), b, atol=tolerance, rtol=tolerance)


@pytest.mark.parametrize("masked", [False, True], ids=["plain", "masked"])
@pytest.mark.parametrize("name, kwargs", TABLE, ids=[f"{n}-{i}" for i, (n, _) in enumerate(TABLE)])
def test_forward_equals_tf_keras(backend, tf_keras, name, kwargs, masked):
    import kshim

    x = _data(np.random.RandomState(2), masked)
    weights, expected, shapes = _expected(
        (name, repr(kwargs), masked), lambda k: _build(k, name, kwargs, masked), tf_keras, x
    )
    ours = _build(kshim, name, kwargs, masked)
    ours.set_weights(weights)
    _compare(ours.predict(x, verbose=0), expected)
    assert [tuple(s.shape) for s in ours.outputs] == shapes


@pytest.mark.parametrize("merge_mode", ["concat", "sum", "ave", "mul", None])
@pytest.mark.parametrize("inner", ["LSTM", "GRU"])
@pytest.mark.parametrize("sequences", [False, True])
def test_bidirectional_equals_tf_keras(backend, tf_keras, merge_mode, inner, sequences):
    import kshim

    def build(keras):
        inputs = keras.Input((6, 4))
        h = keras.layers.Masking()(inputs)
        layer = getattr(keras.layers, inner)(3, return_sequences=sequences)
        return keras.Model(inputs, keras.layers.Bidirectional(layer, merge_mode=merge_mode)(h))

    x = _data(np.random.RandomState(2), True)
    weights, expected, _ = _expected(("bidirectional", merge_mode, inner, sequences), build, tf_keras, x)
    ours = build(kshim)
    ours.set_weights(weights)
    _compare(ours.predict(x, verbose=0), expected)


def test_encoder_decoder_passes_states(backend, tf_keras):
    import kshim

    def build(keras):
        layers = keras.layers
        source, target = keras.Input((6, 4)), keras.Input((5, 3))
        _, h, c = layers.LSTM(7, return_state=True)(source)
        decoded, _, _ = layers.LSTM(7, return_sequences=True, return_state=True)(target, initial_state=[h, c])
        out = layers.TimeDistributed(layers.Dense(2, activation="softmax"))(decoded)
        return keras.Model([source, target], out)

    rng = np.random.RandomState(3)
    x = [rng.randn(3, 6, 4).astype("float32"), rng.randn(3, 5, 3).astype("float32")]
    weights, expected, _ = _expected("encoder-decoder", build, tf_keras, x)
    ours = build(kshim)
    ours.set_weights(weights)
    _compare(ours.predict(x, verbose=0), expected)


def test_stateful_keeps_and_resets_states(backend):
    from kshim import layers, models

    model = models.Sequential([layers.LSTM(3, stateful=True, batch_input_shape=(2, 4, 1)), layers.Dense(1)])
    x = np.random.RandomState(0).randn(2, 8, 1).astype("float32")
    first, second = model.predict(x[:, :4], batch_size=2), model.predict(x[:, 4:], batch_size=2)
    whole = models.Sequential([layers.LSTM(3, input_shape=(8, 1)), layers.Dense(1)])
    whole.set_weights(model.get_weights())
    np.testing.assert_allclose(second, whole.predict(x), atol=1e-6)
    model.reset_states()
    np.testing.assert_allclose(model.predict(x[:, :4], batch_size=2), first, atol=1e-7)
    assert np.abs(model.predict(x[:, :4], batch_size=2) - first).max() > 1e-4


def test_stateful_training_carries_states(backend):
    from kshim import layers, models

    def run():
        model = models.Sequential([layers.GRU(3, stateful=True, batch_input_shape=(2, 4, 1)), layers.Dense(1)])
        model.compile("sgd", "mse")
        x = np.random.RandomState(0).randn(2, 4, 1).astype("float32")
        return [model.train_on_batch(x, np.zeros((2, 1), "float32")) for _ in range(3)], model

    losses, model = run()
    state = model.layers[0].states[0].numpy()
    assert np.abs(state).max() > 0
    assert all(np.isfinite(losses))


def test_stateful_needs_a_batch_size(backend):
    from kshim import layers, models

    with pytest.raises(ValueError, match="needs to know its batch size"):
        models.Sequential([layers.LSTM(3, stateful=True, input_shape=(4, 1))])


def test_custom_cell_and_stacked_cells(backend, tf_keras):
    import tensorflow as tf

    import kshim
    from kshim import ops

    def build(keras):
        matmul = ops.matmul if keras is kshim else tf.matmul

        class Plain(keras.layers.Layer):
            def __init__(self, units, **kwargs):
                super().__init__(**kwargs)
                self.units = self.state_size = units

            def build(self, input_shape):
                self.w = self.add_weight(name="w", shape=(input_shape[-1], self.units), initializer="ones")
                self.u = self.add_weight(name="u", shape=(self.units, self.units), initializer="ones")
                self.built = True

            def call(self, inputs, states):
                h = matmul(inputs, self.w) - matmul(states[0], self.u) * 0.3
                return h, [h]

        inputs = keras.Input((6, 4))
        h = keras.layers.Masking()(inputs)
        h = keras.layers.RNN(Plain(5), return_sequences=True)(h)
        out = keras.layers.RNN([keras.layers.LSTMCell(3), keras.layers.GRUCell(2)])(h)
        return keras.Model(inputs, out)

    x = _data(np.random.RandomState(4), True)
    weights, expected, _ = _expected("cells", build, tf_keras, x)
    ours = build(kshim)
    ours.set_weights(weights)
    _compare(ours.predict(x, verbose=0), expected)


def test_dropout_masks_are_the_same_everywhere():
    import kshim
    from kshim.engine import names, seeds

    results = {}
    for name in ("numpy", "torch", "jax", "tensorflow"):
        try:
            context = kshim.use(name)
        except kshim.errors.BackendError:
            continue
        with context:
            names.reset_uids()
            seeds.set_random_seed(5)
            layers = kshim.layers
            model = kshim.Sequential(
                [layers.LSTM(4, dropout=0.4, recurrent_dropout=0.3, input_shape=(5, 3)), layers.Dense(1)]
            )
            model.compile("sgd", "mse")
            rng = np.random.RandomState(0)
            x, y = rng.randn(8, 5, 3).astype("float32"), rng.randn(8, 1).astype("float32")
            results[name] = [model.train_on_batch(x, y) for _ in range(3)]
    for losses in results.values():
        np.testing.assert_allclose(losses, results["numpy"], rtol=1e-5)
    assert len(set(results["numpy"])) == 3


def test_units_must_be_positive():
    from kshim import layers

    with pytest.raises(ValueError, match="invalid value for argument `units` of LSTMCell"):
        layers.LSTM(0)


def test_wrong_rank_is_refused(backend):
    from kshim import layers

    with pytest.raises(ValueError, match="expected ndim=3, found ndim=2"):
        layers.LSTM(2)(np.zeros((2, 3), "float32"))


def test_config_round_trip(backend):
    from kshim import layers, models

    model = models.Sequential([
        layers.Bidirectional(layers.LSTM(3, return_sequences=True, recurrent_dropout=0.1), input_shape=(4, 2)),
        layers.TimeDistributed(layers.Dense(2, activation="relu")),
        layers.GRU(2, reset_after=False),
    ])  # fmt: skip
    again = models.Sequential.from_config(model.get_config())
    assert again.get_config() == model.get_config()
    again.set_weights(model.get_weights())
    x = np.random.RandomState(0).randn(2, 4, 2).astype("float32")
    np.testing.assert_array_equal(again.predict(x), model.predict(x))
