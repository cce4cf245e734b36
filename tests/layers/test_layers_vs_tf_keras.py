"""Every layer in several configurations against tf_keras with the same weights: values, gradients, shapes, configs."""

import functools
import zlib
from dataclasses import dataclass, field

import numpy as np
import pytest

TOLERANCE = 1e-5


@dataclass(frozen=True)
class Case:
    """`name(*args, **kwargs)` on an input of `shape` (a list: several inputs)."""

    name: str
    args: tuple = ()
    kwargs: dict = field(default_factory=dict)
    shape: object = (2, 6)
    integers: int = 0  # inputs are integers below this
    training: bool = True  # whether the training call is deterministic
    extra: tuple = ()  # config keys that only kshim has
    lacking: tuple = ()  # config keys that only tf_keras has
    only_config: bool = False  # tf_keras cannot run it on a CPU

    @property
    def id(self):
        parts = [*map(str, self.args), *(f"{k}={v}" for k, v in self.kwargs.items())]
        return f"{self.name}({','.join(parts)}){self.shape}".replace(" ", "")


def case(name, *args, shape=(2, 6), **options):
    known = {k: options.pop(k) for k in ("integers", "training", "extra", "lacking", "only_config") if k in options}
    return Case(name, args, options, shape, **known)


SEQUENCE, IMAGE, VOLUME = (2, 7, 4), (2, 7, 6, 4), (2, 5, 4, 6, 2)
TWO = [(2, 6), (2, 6)]

CASES = [
    case("Dense", 3),
    case("Dense", 3, activation="relu", use_bias=False),
    case("Dense", 4, activation="softmax", kernel_regularizer="l2", bias_constraint="max_norm", shape=(2, 5, 3)),
    case("Dense", 2, activation="tanh", kernel_initializer="he_normal", shape=(2, 2, 3, 4)),
    case("Activation", "sigmoid"),
    case("Activation", "softplus", shape=SEQUENCE),
    case("Dropout", 0.5, training=False),
    case("Dropout", 0.3, noise_shape=(None, 1), seed=3, training=False),
    case("SpatialDropout1D", 0.4, shape=SEQUENCE, training=False),
    case("SpatialDropout2D", 0.4, shape=IMAGE, training=False),
    case("SpatialDropout3D", 0.4, shape=VOLUME, training=False),
    case("GaussianNoise", 0.2, training=False),
    case("GaussianDropout", 0.2, training=False),
    case("AlphaDropout", 0.2, training=False),
    case("Flatten", shape=IMAGE),
    case("Flatten", data_format="channels_first", shape=IMAGE),
    case("Flatten", shape=(3,)),
    case("Reshape", (3, 2)),
    case("Reshape", (-1, 2), shape=SEQUENCE),
    case("Permute", (2, 1), shape=SEQUENCE),
    case("Permute", (3, 1, 2), shape=IMAGE),
    case("RepeatVector", 3),
    case("Masking", shape=SEQUENCE),
    case("Masking", mask_value=1.0, shape=SEQUENCE),
    case("ActivityRegularization", l1=0.1, l2=0.2),
    case("Identity"),
    case("Rescaling", 0.5, offset=-1.0, shape=IMAGE),
    case("Embedding", 5, 3, shape=(2, 4), integers=5),
    case("Embedding", 5, 3, mask_zero=True, input_length=4, embeddings_regularizer="l1", shape=(2, 4), integers=5),
    case("Embedding", 5, 3, shape=(2, 3, 4), input_shape=(3, 4), integers=5),
    case("Conv1D", 3, 3, shape=SEQUENCE),
    case("Conv1D", 3, 3, strides=2, padding="same", activation="relu", shape=SEQUENCE),
    case("Conv1D", 3, 2, padding="causal", dilation_rate=2, shape=SEQUENCE),
    case("Conv1D", 4, 2, groups=2, use_bias=False, shape=SEQUENCE),
    case("Conv2D", 3, 3, shape=IMAGE),
    case("Conv2D", 3, (3, 2), strides=2, padding="same", activation="tanh", shape=IMAGE),
    case("Conv2D", 3, 2, dilation_rate=(2, 1), kernel_regularizer="l2", shape=IMAGE),
    case("Conv2D", 4, 3, groups=2, padding="SAME", shape=IMAGE),
    case("Conv2D", 3, 2, strides=(1, 2), use_bias=False, shape=(2, 3, 7, 6, 4)),
    case("Conv2D", 3, 3, data_format="channels_first", shape=(2, 4, 7, 6), only_config=True),
    case("Conv3D", 3, 2, shape=VOLUME),
    case("Conv3D", 2, (2, 1, 3), strides=(1, 2, 2), padding="same", shape=VOLUME),
    case("Conv1DTranspose", 3, 3, strides=2, padding="same", shape=SEQUENCE),
    case("Conv1DTranspose", 3, 2, strides=3, output_padding=1, shape=SEQUENCE),
    case("Conv2DTranspose", 3, 3, shape=IMAGE),
    case("Conv2DTranspose", 3, 3, strides=2, padding="same", activation="relu", shape=IMAGE),
    case("Conv2DTranspose", 3, (3, 2), strides=(2, 3), use_bias=False, shape=IMAGE),
    case("Conv2DTranspose", 3, 3, strides=2, padding="same", output_padding=1, shape=IMAGE),
    case("Conv2DTranspose", 2, 2, dilation_rate=2, shape=IMAGE),
    case("Conv3DTranspose", 3, 2, strides=2, shape=VOLUME),
    case("Conv3DTranspose", 2, 3, strides=(1, 2, 1), padding="same", shape=VOLUME),
    case("DepthwiseConv1D", 3, depth_multiplier=2, shape=SEQUENCE),
    case("DepthwiseConv2D", 3, shape=IMAGE),
    case("DepthwiseConv2D", (2, 3), strides=2, padding="same", depth_multiplier=2, activation="relu", shape=IMAGE),
    case("DepthwiseConv2D", 2, dilation_rate=2, use_bias=False, shape=IMAGE),
    case("SeparableConv1D", 3, 3, padding="causal", shape=SEQUENCE),
    case("SeparableConv1D", 3, 2, strides=2, depth_multiplier=2, shape=SEQUENCE),
    case("SeparableConv2D", 3, 3, shape=IMAGE),
    case("SeparableConv2D", 5, 3, strides=2, padding="same", depth_multiplier=2, activation="relu", shape=IMAGE),
    case("LocallyConnected1D", 3, 2, strides=2, shape=SEQUENCE),
    case("LocallyConnected1D", 3, 3, padding="same", implementation=2, shape=SEQUENCE),
    case("LocallyConnected1D", 3, 2, data_format="channels_first", activation="relu", shape=SEQUENCE),
    case("LocallyConnected2D", 3, (3, 2), strides=(1, 2), shape=IMAGE),
    case("LocallyConnected2D", 2, 3, data_format="channels_first", shape=IMAGE),
    case("LocallyConnected2D", 2, 2, padding="same", strides=2, implementation=2, shape=IMAGE),
    case("LocallyConnected2D", 2, 2, data_format="channels_first", implementation=2, use_bias=False, shape=IMAGE),
    case("MaxPooling1D", shape=SEQUENCE),
    case("MaxPooling1D", 3, strides=2, padding="same", shape=SEQUENCE),
    case("MaxPooling2D", shape=IMAGE),
    case("MaxPooling2D", (3, 2), strides=(2, 1), padding="same", shape=IMAGE),
    case("MaxPooling3D", 2, padding="same", shape=VOLUME),
    case("AveragePooling1D", 3, strides=1, shape=SEQUENCE),
    case("AveragePooling1D", 3, strides=2, padding="same", shape=SEQUENCE),
    case("AveragePooling2D", shape=IMAGE),
    case("AveragePooling2D", 3, strides=2, padding="same", shape=IMAGE),
    case("AveragePooling3D", (2, 1, 3), padding="same", shape=VOLUME),
    case("GlobalMaxPooling1D", shape=SEQUENCE),
    case("GlobalMaxPooling1D", data_format="channels_first", keepdims=True, shape=SEQUENCE),
    case("GlobalMaxPooling2D", shape=IMAGE),
    case("GlobalMaxPooling3D", keepdims=True, shape=VOLUME),
    case("GlobalAveragePooling1D", shape=SEQUENCE),
    case("GlobalAveragePooling1D", data_format="channels_first", shape=SEQUENCE),
    case("GlobalAveragePooling2D", keepdims=True, shape=IMAGE),
    case("GlobalAveragePooling2D", data_format="channels_first", shape=IMAGE),
    case("GlobalAveragePooling3D", shape=VOLUME),
    case("ZeroPadding1D", 2, shape=SEQUENCE),
    case("ZeroPadding1D", (0, 3), shape=SEQUENCE),
    case("ZeroPadding2D", shape=IMAGE),
    case("ZeroPadding2D", (1, 2), data_format="channels_first", shape=IMAGE),
    case("ZeroPadding2D", ((0, 1), (2, 0)), shape=IMAGE),
    case("ZeroPadding3D", ((0, 1), (2, 0), (1, 1)), shape=VOLUME),
    case("Cropping1D", (1, 2), shape=SEQUENCE),
    case("Cropping1D", 1, shape=SEQUENCE),
    case("Cropping2D", ((1, 0), (2, 1)), shape=IMAGE),
    case("Cropping2D", 1, data_format="channels_first", shape=IMAGE),
    case("Cropping3D", shape=VOLUME),
    case("UpSampling1D", 3, shape=SEQUENCE),
    case("UpSampling2D", shape=IMAGE),
    case("UpSampling2D", (2, 3), interpolation="bilinear", shape=IMAGE),
    case("UpSampling2D", (3, 1), data_format="channels_first", shape=IMAGE),
    case("UpSampling3D", (1, 2, 2), shape=VOLUME),
    case("BatchNormalization"),
    case("BatchNormalization", momentum=0.7, epsilon=1e-2, center=False, shape=SEQUENCE),
    case("BatchNormalization", scale=False, gamma_regularizer="l2", shape=IMAGE),
    case("BatchNormalization", axis=1, momentum=0.5, shape=SEQUENCE),
    case("BatchNormalization", axis=[1, 2], momentum=0.5, shape=SEQUENCE),
    case("BatchNormalization", axis=2, momentum=0.5, shape=IMAGE),
    case("BatchNormalization", momentum=0.5, shape=VOLUME),
    case("BatchNormalization", momentum=0.5, synchronized=True, shape=SEQUENCE),
    case("BatchNormalization", momentum=0.5, trainable=False, shape=IMAGE),
    case("BatchNormalization", momentum=0.5, axis=1, shape=IMAGE),
    case("LayerNormalization"),
    case("LayerNormalization", epsilon=1e-6, scale=False, shape=SEQUENCE),
    case("LayerNormalization", axis=[1, 2], shape=SEQUENCE),
    case("LayerNormalization", axis=1, center=False, shape=IMAGE),
    case("LayerNormalization", axis=[1, 3], shape=IMAGE),
    case("LayerNormalization", axis=(-2, -1), epsilon=1e-4, shape=IMAGE),
    case("GroupNormalization", groups=2, shape=IMAGE),
    case("GroupNormalization", groups=-1, scale=False, shape=SEQUENCE),
    case("GroupNormalization", groups=3, axis=2, epsilon=1e-5, shape=IMAGE),
    case("GroupNormalization", groups=1),
    case("UnitNormalization"),
    case("UnitNormalization", axis=[1, 2], shape=SEQUENCE),
    case("Add", shape=[(2, 6), (2, 6), (2, 6)]),
    case("Add", shape=[(2, 3, 4), (2, 4)]),
    case("Add", shape=[(2, 3, 4), (2, 1, 4)]),
    case("Subtract", shape=TWO),
    case("Multiply", shape=[(2, 6), (2, 6), (2, 6)]),
    case("Multiply", shape=[(2, 5, 3, 4), (2, 1, 1, 4)]),
    case("Average", shape=[(2, 6), (2, 6), (2, 6)]),
    case("Maximum", shape=TWO),
    case("Minimum", shape=TWO),
    case("Concatenate", shape=[(2, 6), (2, 3)]),
    case("Concatenate", axis=1, shape=[(2, 6, 2), (2, 3, 2), (2, 1, 2)]),
    case("Dot", 1, shape=TWO),
    case("Dot", 1, normalize=True, shape=TWO),
    case("Dot", (2, 1), shape=[(2, 3, 4), (2, 4, 5)]),
    case("Dot", -1, shape=[(2, 3, 4), (2, 4)]),
    case("Dot", (1, 2), normalize=True, shape=[(2, 4, 3), (2, 5, 4)]),
    case("LeakyReLU"),
    case("LeakyReLU", alpha=0.1),
    case("PReLU", shape=SEQUENCE),
    case("PReLU", shared_axes=[1, 2], alpha_initializer="ones", shape=IMAGE),
    case("ELU", alpha=0.7),
    case("ReLU", max_value=1.0, negative_slope=0.1, threshold=0.2),
    case("ReLU", max_value=0.5),
    case("Softmax"),
    case("Softmax", axis=[1, 2], shape=SEQUENCE),
    case("Softmax", axis=1, shape=SEQUENCE),
    case("ThresholdedReLU", theta=0.3),
    case("EinsumDense", "abc,cd->abd", (None, 3), bias_axes="d", activation="relu", shape=SEQUENCE),
    case("EinsumDense", "...x,xy->...y", 5, bias_axes="y", shape=IMAGE),
    case("EinsumDense", "ab...,bc->ac...", 3, bias_axes="c", shape=SEQUENCE),
    case("EinsumDense", "abc,cde->abde", (None, 2, 3), bias_axes="de", shape=SEQUENCE),
    case("EinsumDense", "abcd,cde->abe", (7, 5), shape=IMAGE),
    case("Attention", shape=[(2, 3, 4), (2, 5, 4)]),
    case("Attention", use_scale=True, shape=[(2, 3, 4), (2, 5, 6), (2, 5, 4)]),
    case("Attention", use_scale=True, score_mode="concat", shape=[(2, 3, 4), (2, 5, 4)]),
    case("AdditiveAttention", shape=[(2, 3, 4), (2, 5, 4)]),
    case("AdditiveAttention", use_scale=False, dropout=0.5, training=False, shape=[(2, 3, 4), (2, 5, 4)]),
]


def inputs_of(c, seed=0):
    """The same input every time, a list for several."""
    rng = np.random.default_rng(zlib.crc32(c.id.encode()) + seed)

    def one(shape):
        if c.integers:
            return rng.integers(0, c.integers, shape).astype("int32")
        x = rng.normal(size=shape).astype("float32")
        if c.name == "Masking":
            x[:, ::2] = c.kwargs.get("mask_value", 0.0)
        return x

    return [one(s) for s in c.shape] if isinstance(c.shape, list) else one(c.shape)


def new_weights(shapes, names, c):
    rng = np.random.default_rng(zlib.crc32(c.id.encode()) + 7)
    return [rng.uniform(0.5, 1.5, s) if "variance" in n else rng.normal(0.0, 0.5, s) for s, n in zip(shapes, names)]


@functools.cache
def oracle(index):
    """What tf_keras says about a case: weights, outputs, gradients, state after training, shape, config."""
    import tensorflow as tf
    import tf_keras

    c = CASES[index]
    layer = getattr(tf_keras.layers, c.name)(*c.args, **c.kwargs)
    x = inputs_of(c)
    shapes = [(None, *s[1:]) for s in c.shape] if isinstance(c.shape, list) else (None, *c.shape[1:])
    out = {"config": dict(layer.get_config()), "masking": layer.supports_masking}
    if c.only_config:
        layer.build(shapes)
        return {
            **out,
            "shape": tuple(layer.compute_output_shape(shapes)),
            "sizes": [tuple(w.shape) for w in layer.weights],
        }
    tensors = tf.nest.map_structure(tf.constant, x)
    layer(tensors)
    names = [w.name.rsplit("/")[-1].split(":")[0] for w in layer.weights]
    out["names"] = names
    out["weights"] = new_weights([w.shape for w in layer.weights], names, c)
    layer.set_weights(out["weights"])
    floats = [] if c.integers else tf.nest.flatten(tensors)
    for training in (False, True) if c.training else (False,):
        layer.set_weights(out["weights"])
        with tf.GradientTape() as tape:
            tape.watch(floats)
            y = layer(tensors, training=training) if _takes_training(layer) else layer(tensors)
            loss = tf.reduce_sum(y * np.cos(np.arange(y.shape.num_elements(), dtype="float32")).reshape(y.shape))
        gradients = tape.gradient(loss, [*floats, *layer.trainable_weights], unconnected_gradients="zero")
        out[training] = {
            "y": y.numpy(),
            "gradients": [tf.convert_to_tensor(g).numpy() for g in gradients],
            "after": layer.get_weights(),
            "mask": None if getattr(y, "_keras_mask", None) is None else y._keras_mask.numpy(),
        }
    if c.name in ("Identity", "EinsumDense", "Attention"):  # its compute_output_shape is missing or wrong: trace it
        inputs = tf.nest.map_structure(lambda s: tf_keras.Input(batch_shape=s.as_list()), _tensor_shapes(shapes))
        out["shape"] = tuple(getattr(tf_keras.layers, c.name)(*c.args, **c.kwargs)(inputs).shape)
    else:
        out["shape"] = tuple(layer.compute_output_shape(shapes))
    return out


def _tensor_shapes(shapes):
    import tensorflow as tf

    return [tf.TensorShape(s) for s in shapes] if isinstance(shapes, list) else tf.TensorShape(shapes)


def _takes_training(layer):
    import inspect

    return "training" in inspect.signature(layer.call).parameters


def run_kshim(layer, x, training):
    """(output, gradients of the inputs, then of the trainable weights) of sum(output * cos(position))."""
    from kshim import ops, tree
    from kshim.engine.tensor import Tensor, convert
    from kshim.engine.variable import swapped
    from kshim.spec import registry

    backend = registry.state.backend
    variables = layer.trainable_weights
    arrays = tree.flatten(x)
    floats = [] if arrays[0].dtype.kind == "i" else [convert(a)._value for a in arrays]

    def loss(params, *_):
        given = [Tensor(p) for p in params[: len(floats)]] or [convert(a) for a in arrays]
        with swapped(variables, params[len(floats) :]):
            y = layer(given if isinstance(x, list) else given[0], training=training)
        weights = np.cos(np.arange(y.shape.num_elements(), dtype="float32")).reshape(tuple(y.shape))
        return ops.sum(y * weights)._value, [y._value]

    params = [*floats, *(v.native for v in variables)]
    (_, (y,)), gradients = backend.value_and_grad(loss)(params)
    return backend.to_numpy(y), [backend.to_numpy(g) for g in gradients]


def plain(x):
    """A config value as JSON would have it, numbers to the six digits that tf_keras's float32 keeps."""
    if isinstance(x, dict):
        return {k: plain(v) for k, v in x.items()}
    if isinstance(x, (list, tuple)):
        return [plain(v) for v in x]
    if isinstance(x, (float, np.ndarray, np.floating)):
        return float(f"{float(x):.6g}")
    return x


INDICES = [pytest.param(i, id=c.id) for i, c in enumerate(CASES)]
RUNNABLE = [pytest.param(i, id=c.id) for i, c in enumerate(CASES) if not c.only_config]


def make(c):
    from kshim import layers

    return getattr(layers, c.name)(*c.args, **c.kwargs)


@pytest.mark.parametrize("index", RUNNABLE)
def test_values_gradients_and_state(index, backend, tf_keras):
    c, expected = CASES[index], oracle(index)
    layer, x = make(c), inputs_of(c)
    layer(x)
    assert [v.name for v in layer.weights] == expected["names"]
    assert [tuple(v.shape) for v in layer.weights] == [w.shape for w in expected["weights"]]
    for training in (False, True) if c.training else (False,):
        layer.set_weights(expected["weights"])
        y, gradients = run_kshim(layer, x, training)
        wanted = expected[training]
        assert y.dtype == wanted["y"].dtype
        np.testing.assert_allclose(y, wanted["y"], rtol=TOLERANCE, atol=TOLERANCE)
        assert len(gradients) == len(wanted["gradients"])
        for got, want in zip(gradients, wanted["gradients"]):
            np.testing.assert_allclose(got, want, rtol=2e-4, atol=2e-5 * max(1.0, np.abs(want).max(initial=0.0)))
        layer.set_weights(expected["weights"])
        out = layer(x, training=training)
        for got, want in zip(layer.get_weights(), wanted["after"]):
            np.testing.assert_allclose(got, want, rtol=TOLERANCE, atol=TOLERANCE)
        if wanted["mask"] is not None:
            np.testing.assert_array_equal(out._keras_mask.numpy(), wanted["mask"])


@pytest.mark.parametrize("index", INDICES)
def test_output_shape_config_and_masking(index, tf_keras):
    import kshim

    c, expected = CASES[index], oracle(index)
    with kshim.use("numpy"):
        layer = make(c)
        config = layer.get_config()
        wanted = set(expected["config"]) - set(c.lacking)
        assert set(config) - set(c.extra) == wanted
        for key in wanted - {"name"}:
            assert plain(config[key]) == plain(expected["config"][key]), key
        assert layer.supports_masking == expected["masking"]
        shapes = [(None, *s[1:]) for s in c.shape] if isinstance(c.shape, list) else (None, *c.shape[1:])
        assert tuple(layer.compute_output_shape(shapes)) == expected["shape"]
        again = make(c)
        assert tuple(_traced(again, shapes)) == expected["shape"]
        if "sizes" in expected:
            assert [tuple(v.shape) for v in again.weights] == expected["sizes"]


def _traced(layer, shapes):
    """The output shape from running `call` on symbolic inputs."""
    from kshim import layers

    inputs = (
        [layers.Input(batch_shape=s) for s in shapes] if isinstance(shapes, list) else layers.Input(batch_shape=shapes)
    )
    return layer(inputs).shape


@pytest.mark.parametrize("index", RUNNABLE)
def test_config_round_trip(index, tf_keras):
    """A layer from our config and one from tf_keras's compute the same; tf_keras understands ours."""
    import kshim
    from kshim import layers

    c, expected = CASES[index], oracle(index)
    with kshim.use("numpy"):
        layer, x = make(c), inputs_of(c)
        layer(x)
        config = layers.serialize(layer)
        for source in (config, {"class_name": c.name, "config": expected["config"]}):
            copy = layers.deserialize(source)
            assert type(copy) is type(layer)
            copy(x)
            copy.set_weights(expected["weights"])
            np.testing.assert_allclose(copy(x).numpy(), expected[False]["y"], rtol=TOLERANCE, atol=TOLERANCE)
        assert plain(layers.deserialize(config).get_config()) == plain(config["config"])
    theirs = getattr(tf_keras.layers, c.name).from_config(config["config"])
    theirs.build([(None, *s[1:]) for s in c.shape] if isinstance(c.shape, list) else (None, *c.shape[1:]))
    assert [tuple(w.shape) for w in theirs.weights] == [w.shape for w in expected["weights"]]
