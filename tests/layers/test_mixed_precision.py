"""Layers in mixed precision: the dtypes and values of tf_keras, weights in float32, gradients for all of them."""

import numpy as np
import pytest

from kshim import layers, mixed_precision, models, ops

VECTORS, STEPS, IMAGES = (4, 6), (3, 5, 4), (2, 6, 6, 3)
CASES = {
    "Dense": (VECTORS, lambda k, **d: k.Dense(5, activation="tanh", **d)),
    "EinsumDense": (STEPS, lambda k, **d: k.EinsumDense("abc,cd->abd", (None, 3), bias_axes="d", **d)),
    "Conv1D": (STEPS, lambda k, **d: k.Conv1D(3, 2, **d)),
    "Conv2D": (IMAGES, lambda k, **d: k.Conv2D(4, 3, padding="same", **d)),
    "Conv2DTranspose": (IMAGES, lambda k, **d: k.Conv2DTranspose(4, 3, strides=2, **d)),
    "DepthwiseConv2D": (IMAGES, lambda k, **d: k.DepthwiseConv2D(3, depth_multiplier=2, **d)),
    "SeparableConv2D": (IMAGES, lambda k, **d: k.SeparableConv2D(4, 3, **d)),
    "LocallyConnected1D": (STEPS, lambda k, **d: k.LocallyConnected1D(3, 2, **d)),
    "PReLU": (VECTORS, lambda k, **d: k.PReLU(alpha_initializer="ones", **d)),
    "SimpleRNN": (STEPS, lambda k, **d: k.SimpleRNN(3, **d)),
    "LSTM": (STEPS, lambda k, **d: k.LSTM(3, return_sequences=True, **d)),
    "LSTM of other activations": (STEPS, lambda k, **d: k.LSTM(3, recurrent_activation="hard_sigmoid", **d)),
    "GRU": (STEPS, lambda k, **d: k.GRU(3, **d)),
    "GRU, reset before": (STEPS, lambda k, **d: k.GRU(3, reset_after=False, **d)),
    "RNN of a cell": (STEPS, lambda k, **d: k.RNN(k.LSTMCell(3, **d), **d)),
    "Bidirectional": (STEPS, lambda k, **d: k.Bidirectional(k.GRU(3, **d), **d)),
    "TimeDistributed": (STEPS, lambda k, **d: k.TimeDistributed(k.Dense(3, **d), **d)),
    "BatchNormalization": (IMAGES, lambda k, **d: k.BatchNormalization(**d)),
    "LayerNormalization": (STEPS, lambda k, **d: k.LayerNormalization(**d)),
    "GroupNormalization": ((2, 4, 4), lambda k, **d: k.GroupNormalization(2, **d)),
    "AveragePooling2D": (IMAGES, lambda k, **d: k.AveragePooling2D(2, **d)),
    "Softmax": (VECTORS, lambda k, **d: k.Softmax(**d)),
}


def weights(shapes):
    rng = np.random.default_rng(4)
    return [rng.uniform(0.1, 0.6, s).astype("float32") for s in shapes]


def built(k, case, policy):
    shape, make = CASES[case]
    layer = make(k.layers, dtype=policy)
    x = np.random.default_rng(1).standard_normal(shape).astype("float32")
    layer(x)
    layer.set_weights(weights([w.shape for w in layer.get_weights()]))
    return layer, x


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize("case", CASES)
def test_like_tf_keras(case, policy, backend, tf_keras):
    import kshim

    layer, x = built(kshim, case, policy)
    y = layer(x)
    theirs, _ = built(tf_keras, case, tf_keras.mixed_precision.Policy(policy))
    wanted = theirs(x)
    assert str(y.dtype) == wanted.dtype.name == policy.removeprefix("mixed_")
    assert [str(w.dtype) for w in layer.weights] == ["float32"] * len(layer.weights)
    tolerance = 5e-3 if policy == "mixed_float16" else 4e-2
    y, wanted = ops.cast(y, "float32").numpy(), np.asarray(wanted, "float32")
    np.testing.assert_allclose(y, wanted, rtol=0, atol=tolerance * np.abs(wanted).max())


@pytest.mark.parametrize("case", CASES)
def test_a_training_step_reaches_every_weight(case, backend):
    import kshim

    layer, x = built(kshim, case, "mixed_float16")
    before = layer.get_weights()
    model = models.Sequential([layers.Input(batch_shape=x.shape), layer])
    model.compile(kshim.optimizers.SGD(1.0), lambda y_true, y_pred: ops.sum(y_pred * (y_pred + 1.0)))
    model.train_on_batch(x, np.zeros(layer.compute_output_shape(x.shape), "float32"))
    for variable, old in zip(layer.trainable_weights, before):
        new = variable.numpy()
        assert new.dtype == "float32" and np.isfinite(new).all() and (new != old).any(), variable.path


class Scaled(layers.Layer):
    """A layer as users write them, which knows nothing of mixed precision."""

    def build(self, input_shape):
        self.scale = self.add_weight(name="scale", shape=(input_shape[-1],), initializer="ones")
        self.whole = self.add_weight(name="whole", shape=(), initializer="ones", experimental_autocast=False)
        self.seen = self.add_weight(name="seen", shape=(), initializer="ones", trainable=False)
        self.steps = self.add_weight(name="steps", shape=(), dtype="int32", initializer="zeros", trainable=False)

    def call(self, inputs):
        self.seen.assign_add(2.0**-12)  # too little to be added to 1 in half precision
        self.steps.assign_add(1)
        assert str(self.whole.value.dtype) == "float32" and str(self.steps.value.dtype) == "int32"
        return inputs * self.scale


def test_a_custom_layer_sees_its_weights_in_the_compute_dtype(backend):
    layer = Scaled(dtype="mixed_float16")
    y = layer(np.ones((2, 3), "float32"))
    assert str(y.dtype) == "float16" and str(layer.scale.value.dtype) == "float32"
    assert float(layer.seen) == 1.0 + 2.0**-12 and int(layer.steps) == 1


def test_a_layer_in_float32_inside_a_model_in_half_precision(backend):
    mixed_precision.set_global_policy("mixed_float16")
    try:
        inputs = layers.Input((3,))
        last = layers.Dense(2, dtype="float32")
        model = models.Model(inputs, last(layers.Dense(4)(inputs)))
        assert model.predict(np.ones((1, 3)), verbose=0).dtype == "float32"
        assert str(last.kernel.value.dtype) == "float32"
    finally:
        mixed_precision.set_global_policy(None)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_upsampling_and_made_arrays_in_half_precision(dtype, backend):
    up = layers.UpSampling2D(2, interpolation="bilinear", dtype=dtype)(np.arange(4.0).reshape(1, 2, 2, 1))
    assert str(up.dtype) == dtype and ops.cast(up, "float32").numpy()[0, 0, :, 0].tolist() == [0.0, 0.25, 0.75, 1.0]
    for made in (ops.linspace(0.0, 1.0, 3, dtype=dtype), ops.eye(2, dtype=dtype), ops.arange(3, dtype=dtype)):
        assert str(made.dtype) == dtype
