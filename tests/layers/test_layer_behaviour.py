"""What layers do beside their formulas: masks, data formats, dtypes, randomness, names, errors."""

import subprocess
import sys

import numpy as np
import pytest

TOLERANCE = 1e-5
RNG = np.random.default_rng(3)


def normal(*shape):
    return RNG.normal(size=shape).astype("float32")


# data formats --------------------------------------------------------------------------------------------------
FORMATS = [
    ("Conv1D", (3, 2), {"padding": "causal"}, (2, 6, 4)),
    ("Conv2D", (3, (2, 3)), {"padding": "same", "strides": 2, "activation": "tanh"}, (2, 6, 5, 4)),
    ("Conv2D", (4, 2), {"groups": 2}, (2, 6, 5, 4)),
    ("Conv3D", (2, 2), {}, (2, 4, 3, 5, 2)),
    ("Conv2DTranspose", (3, 3), {"strides": 2, "padding": "same"}, (2, 6, 5, 4)),
    ("Conv3DTranspose", (2, 2), {"strides": 2}, (2, 3, 2, 3, 2)),
    ("DepthwiseConv2D", (2,), {"depth_multiplier": 2}, (2, 6, 5, 4)),
    ("SeparableConv2D", (3, 2), {"padding": "same"}, (2, 6, 5, 4)),
    ("SeparableConv1D", (3, 2), {}, (2, 6, 4)),
    ("MaxPooling2D", (), {"padding": "same"}, (2, 5, 6, 4)),
    ("AveragePooling1D", (3,), {"strides": 1}, (2, 6, 4)),
    ("AveragePooling3D", (2,), {}, (2, 4, 4, 4, 3)),
    ("GlobalMaxPooling3D", (), {"keepdims": True}, (2, 4, 3, 4, 3)),
    ("ZeroPadding3D", ((1, 2, 0),), {}, (2, 3, 3, 2, 2)),
    ("Cropping3D", (((1, 0), (0, 1), (1, 1)),), {}, (2, 4, 4, 4, 2)),
    ("UpSampling2D", ((2, 3),), {"interpolation": "bilinear"}, (2, 3, 4, 2)),
    ("UpSampling3D", (2,), {}, (2, 3, 2, 2, 2)),
]


@pytest.mark.parametrize("name,args,options,shape", FORMATS, ids=lambda v: v if isinstance(v, str) else None)
def test_channels_first_is_channels_last_transposed(backend, name, args, options, shape):
    from kshim import layers

    rank = len(shape) - 2
    to_first, to_last = (0, rank + 1, *range(1, rank + 1)), (0, *range(2, rank + 2), 1)
    x = normal(*shape)
    last = getattr(layers, name)(*args, data_format="channels_last", **options)
    first = getattr(layers, name)(*args, data_format="channels_first", **options)
    expected = last(x).numpy()
    first(x.transpose(to_first))
    first.set_weights(last.get_weights())
    y = first(x.transpose(to_first)).numpy()
    np.testing.assert_allclose(y.transpose(to_last), expected, rtol=TOLERANCE, atol=TOLERANCE)
    assert first.compute_output_shape((None, *x.transpose(to_first).shape[1:]))[1:] == y.shape[1:]


def test_global_data_format_is_the_default():
    from kshim import config, layers

    config.set_image_data_format("channels_first")
    assert layers.Conv2D(1, 1).data_format == "channels_first"
    assert layers.Conv1D(1, 1).data_format == "channels_last"


# masks ---------------------------------------------------------------------------------------------------------
def test_masks_flow_like_in_tf_keras(backend, tf_keras):
    from kshim import layers, models

    ids = np.array([[1, 2, 0, 0], [3, 0, 1, 0]], "int32")

    def outputs(L, Model):
        a = L.Input((4,), dtype="int32")
        e = L.Embedding(5, 3, mask_zero=True, name="e")(a)
        d = L.Dropout(0.5)(L.Dense(3, name="d")(e))
        both = L.Add()([e, d])
        joined = L.Concatenate()([e, both])
        model = Model(a, [d, both, joined, L.GlobalAveragePooling1D()(d), L.Flatten()(d)])
        return model

    theirs, ours = outputs(tf_keras.layers, tf_keras.Model), outputs(layers, models.Model)
    weights = [normal(*w.shape) for w in theirs.weights]
    theirs.set_weights(weights), ours.set_weights(weights)
    for got, want in zip(ours(ids), theirs(ids)):
        np.testing.assert_allclose(got.numpy(), want.numpy(), rtol=TOLERANCE, atol=TOLERANCE)
        mask = getattr(want, "_keras_mask", None)
        assert (got._keras_mask is None) == (mask is None)
        if mask is not None:
            np.testing.assert_array_equal(got._keras_mask.numpy(), mask.numpy())


@pytest.mark.parametrize("axis", [1, -1])
def test_concatenate_joins_masks_along_time(tf_keras, axis):
    import tensorflow as tf

    import kshim
    from kshim import layers, ops

    x, y = normal(2, 3, 4), normal(2, 3 if axis == -1 else 2, 4)
    m = np.array([[True, False, True], [True, True, False]])
    with kshim.use("numpy"):
        got = layers.Concatenate(axis).compute_mask(
            [ops.convert_to_tensor(x), ops.convert_to_tensor(y)], [ops.convert_to_tensor(m), None]
        )
    want = tf_keras.layers.Concatenate(axis)
    if axis == -1:
        expected = want.compute_mask([tf.constant(x), tf.constant(y)], [tf.constant(m), None]).numpy()
    else:
        expected = np.concatenate([m, np.ones((2, 2), bool)], 1)
    np.testing.assert_array_equal(got.numpy(), expected)


@pytest.mark.parametrize(
    "name,options", [("BatchNormalization", {"momentum": 0.5}), ("Softmax", {}), ("Softmax", {"robust_masking": True})]
)
def test_masked_statistics_and_softmax(backend, tf_keras, name, options):
    import tensorflow as tf

    from kshim import layers, ops

    x, mask = normal(2, 5, 3), np.array([[1, 1, 0, 1, 0], [0, 1, 1, 1, 1]], bool)
    if name == "Softmax":
        mask = np.broadcast_to(mask[:, :, None], x.shape) & (np.arange(3) > 0)
    theirs, ours = getattr(tf_keras.layers, name)(**options), getattr(layers, name)(**options)
    extra = {"training": True} if name == "BatchNormalization" else {}
    want = theirs(tf.constant(x), mask=tf.constant(mask), **extra)
    got = ours(x, mask=ops.convert_to_tensor(mask), **extra)
    np.testing.assert_allclose(got.numpy(), want.numpy(), rtol=TOLERANCE, atol=TOLERANCE)
    for a, b in zip(ours.get_weights(), theirs.get_weights()):
        np.testing.assert_allclose(a, b, rtol=TOLERANCE, atol=TOLERANCE)


def test_attention_with_masks_and_scores(backend, tf_keras):
    import tensorflow as tf

    from kshim import layers, ops

    q, v = normal(2, 3, 4), normal(2, 5, 4)
    masks = [np.array([[1, 1, 0], [1, 0, 1]], bool), np.array([[1, 0, 1, 1, 0], [0, 1, 1, 1, 1]], bool)]
    for name in ("Attention", "AdditiveAttention"):
        theirs, ours = getattr(tf_keras.layers, name)(), getattr(layers, name)()
        theirs([q, v]), ours([q, v])
        weights = [normal(*w.shape) for w in theirs.weights]
        theirs.set_weights(weights), ours.set_weights(weights)
        options = {"return_attention_scores": True, "use_causal_mask": True}
        want = theirs([tf.constant(q), tf.constant(v)], mask=[tf.constant(m) for m in masks], **options)
        got = ours([q, v], mask=[ops.convert_to_tensor(m) for m in masks], **options)
        for a, b in zip(got, want):
            np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=TOLERANCE, atol=TOLERANCE)


HEADS = [
    ({"num_heads": 2, "key_dim": 3}, (2, 4, 6), (2, 5, 6), {}),
    (
        {"num_heads": 2, "key_dim": 3, "value_dim": 4, "output_shape": 7, "use_bias": False},
        (2, 4, 6),
        (2, 5, 8),
        {"use_causal_mask": True},
    ),
    ({"num_heads": 3, "key_dim": 2, "attention_axes": (2,)}, (2, 3, 4, 6), (2, 3, 5, 6), {}),
    ({"num_heads": 2, "key_dim": 2, "attention_axes": (1, 2)}, (2, 3, 4, 5), (2, 2, 3, 5), {}),
]


@pytest.mark.parametrize("options,query,value,call", HEADS)
def test_multi_head_attention(backend, tf_keras, options, query, value, call):
    from kshim import layers, models

    q, v = normal(*query), normal(*value)
    theirs, ours = tf_keras.layers.MultiHeadAttention(**options), layers.MultiHeadAttention(**options)
    theirs(q, v), ours(q, v)
    assert [tuple(w.shape) for w in ours.weights] == [tuple(w.shape) for w in theirs.weights]
    weights = [normal(*w.shape) for w in theirs.weights]
    theirs.set_weights(weights), ours.set_weights(weights)
    mask = np.array(RNG.integers(0, 2, (2, query[1], value[1])), bool) if len(query) == 3 else None
    want = theirs(q, v, attention_mask=mask, return_attention_scores=True, **call)
    got = ours(q, v, attention_mask=mask, return_attention_scores=True, **call)
    for a, b in zip(got, want):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-4, atol=TOLERANCE)
    alone = ours(q, v, attention_mask=mask, **call)  # computed in one operation where nobody asks for the scores
    np.testing.assert_allclose(alone.numpy(), want[0].numpy(), rtol=1e-4, atol=TOLERANCE)
    assert set(ours.get_config()) == set(theirs.get_config())
    inputs = layers.Input((None, *query[2:])), layers.Input((None, *value[2:]))
    model = models.Model(inputs, ours(*inputs))
    assert tuple(model.output.shape) == (None, None, *query[2:-1], options.get("output_shape", query[-1]))
    np.testing.assert_allclose(model([q, v]).numpy(), theirs(q, v).numpy(), rtol=1e-4, atol=TOLERANCE)
    copy = layers.MultiHeadAttention.from_config(ours.get_config())
    copy.set_weights(weights)
    np.testing.assert_allclose(copy(q, v).numpy(), theirs(q, v).numpy(), rtol=1e-4, atol=TOLERANCE)


def test_multi_head_attention_reads_the_masks_of_its_inputs(backend, tf_keras):
    from kshim import layers, models

    ids = np.array([[1, 2, 3, 0], [3, 1, 0, 0]], "int32")

    def build(L, Model):
        a = L.Input((4,), dtype="int32")
        e = L.Embedding(5, 6, mask_zero=True)(a)
        return Model(a, L.MultiHeadAttention(2, 3)(e, e))

    theirs, ours = build(tf_keras.layers, tf_keras.Model), build(layers, models.Model)
    weights = [normal(*w.shape) for w in theirs.weights]
    theirs.set_weights(weights), ours.set_weights(weights)
    np.testing.assert_allclose(ours(ids).numpy(), theirs(ids).numpy(), rtol=1e-4, atol=TOLERANCE)


# randomness ----------------------------------------------------------------------------------------------------
RANDOM = [
    ("Dropout", (0.25,), 1.0, 0.25 / 0.75),
    ("GaussianNoise", (0.3,), 1.0, 0.09),
    ("GaussianDropout", (0.2,), 1.0, 0.25),
]


@pytest.mark.parametrize("name,args,mean,variance", RANDOM)
def test_random_layers_have_the_right_moments(backend, name, args, mean, variance):
    from kshim import layers

    layer, x = getattr(layers, name)(*args), np.ones((200, 200), "float32")
    y = layer(x, training=True).numpy()
    assert y.mean() == pytest.approx(mean, abs=0.02)
    assert y.var() == pytest.approx(variance, rel=0.05)
    np.testing.assert_array_equal(layer(x).numpy(), x)
    assert (layer(x, training=True).numpy() != y).any()


def test_alpha_dropout_keeps_mean_and_variance(backend):
    from kshim import layers

    x = normal(300, 200)
    y = layers.AlphaDropout(0.3)(x, training=True).numpy()
    assert y.mean() == pytest.approx(x.mean(), abs=0.02)
    assert y.var() == pytest.approx(x.var(), rel=0.05)


@pytest.mark.parametrize(
    "name,shape,shared",
    [
        ("SpatialDropout1D", (40, 5, 30), 1),
        ("SpatialDropout2D", (40, 4, 5, 30), (1, 2)),
        ("SpatialDropout3D", (20, 2, 3, 2, 30), (1, 2, 3)),
    ],
)
def test_spatial_dropout_drops_whole_channels(backend, name, shape, shared):
    from kshim import layers

    y = getattr(layers, name)(0.5)(np.ones(shape, "float32"), training=True).numpy()
    assert set(np.unique(y)) == {0.0, 2.0}
    assert (y.max(shared) == y.min(shared)).all()
    assert 0.4 < (y == 0).mean() < 0.6


def test_noise_shape_and_rates_at_the_ends(backend):
    from kshim import layers

    x = np.ones((30, 4, 5), "float32")
    y = layers.Dropout(0.5, noise_shape=(None, 1, None))(x, training=True).numpy()
    assert (y.max(1) == y.min(1)).all() and set(np.unique(y)) == {0.0, 2.0}
    assert not layers.Dropout(1)(x, training=True).numpy().any()
    np.testing.assert_array_equal(layers.Dropout(0)(x, training=True).numpy(), x)


def test_every_backend_drops_the_same():
    import kshim
    from kshim import layers
    from kshim.engine import seeds

    found = {}
    for name in ("numpy", "torch"):
        pytest.importorskip(name)
        with kshim.use(name):
            seeds.set_random_seed(11)
            found[name] = [
                layer(np.ones((20, 6), "float32"), training=True).numpy()
                for layer in (layers.Dropout(0.4), layers.AlphaDropout(0.4), layers.GaussianNoise(1.0))
            ]
    for a, b in zip(*found.values()):
        np.testing.assert_allclose(a, b, rtol=TOLERANCE, atol=TOLERANCE)


# dtypes --------------------------------------------------------------------------------------------------------
DTYPED = [
    ("Dense", (3,), (2, 4)), ("Conv2D", (3, 2), (2, 5, 5, 4)), ("Conv2DTranspose", (3, 2), (2, 5, 5, 4)), ("DepthwiseConv2D", (2,), (2, 5, 5, 4)),
    ("SeparableConv2D", (3, 2), (2, 5, 5, 4)), ("BatchNormalization", (), (4, 5, 5, 4)), ("LayerNormalization", (), (2, 4)),
    ("GroupNormalization", (2,), (2, 3, 4)), ("PReLU", (), (2, 4)), ("EinsumDense", ("ab,bc->ac", 3), (2, 4)), ("Attention", (True,), [(2, 3, 4), (2, 3, 4)]),
]  # fmt: skip


@pytest.mark.parametrize("name,args,shape", DTYPED, ids=[d[0] for d in DTYPED])
@pytest.mark.parametrize(
    "policy,variable,compute", [("float64", "float64", "float64"), ("mixed_float16", "float32", "float16")]
)
def test_variable_and_compute_dtypes(backend, name, args, shape, policy, variable, compute):
    from kshim import layers

    x = [normal(*s) for s in shape] if isinstance(shape, list) else normal(*shape)
    layer, plain = getattr(layers, name)(*args, dtype=policy), getattr(layers, name)(*args)
    for training in (False, True):
        y = layer(x, training=training)
        assert y.dtype == compute
    assert {v.dtype for v in layer.weights} == {variable}
    assert layer.get_config()["dtype"] == policy
    plain(x)
    plain.set_weights(layer.get_weights())
    np.testing.assert_allclose(np.asarray(layer(x).numpy(), "float32"), plain(x).numpy(), rtol=2e-2, atol=2e-2)


def test_integers_are_computed_in_floats(backend):
    from kshim import layers

    x = np.arange(32, dtype="int32").reshape(1, 4, 4, 2)
    assert layers.Dense(2)(x).dtype == "float32"
    assert layers.Conv2D(2, 2)(x).dtype == "float32"
    np.testing.assert_allclose(layers.GlobalAveragePooling2D()(x).numpy(), x.mean((1, 2)))
    assert layers.MaxPooling2D()(x).dtype == "int32"
    assert layers.Embedding(40, 2)(x.astype("float32")).shape == (1, 4, 4, 2, 2)


# names and errors ----------------------------------------------------------------------------------------------
def test_registry_finds_aliases_and_explains_misses():
    from kshim import layers

    assert layers.deserialize(
        {"class_name": "Convolution2D", "config": {"filters": 2, "kernel_size": 3}}
    ).kernel_size == (3, 3)
    assert layers.MaxPool2D is layers.MaxPooling2D and layers.AvgPool1D is layers.AveragePooling1D
    assert layers.registry.lookup("max_pooling2d") is layers.MaxPooling2D
    with pytest.raises(ValueError, match="Did you mean 'Dense'"):
        layers.deserialize({"class_name": "Dence", "config": {}})
    with pytest.raises(AttributeError, match="Did you mean 'Dense'"):
        layers.Dens  # noqa: B018


def test_every_public_layer_of_tf_keras_that_matters_is_there(tf_keras):
    from kshim import layers

    later = {
        "AbstractRNNCell", "CategoryEncoding", "CenterCrop", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "DenseFeatures", "Discretization",
        "HashedCrossing", "Hashing", "IntegerLookup", "Normalization", "RandomBrightness", "RandomContrast", "RandomCrop", "RandomFlip",
        "RandomHeight", "RandomRotation", "RandomTranslation", "RandomWidth", "RandomZoom", "Resizing", "SpectralNormalization", "StringLookup",
        "TextVectorization", "experimental",
    }  # fmt: skip
    missing = {n for n in dir(tf_keras.layers) if not n.startswith("_")} - set(layers.__all__) - later
    assert missing <= {n for n in dir(tf_keras.layers) if not n[0].isalpha()}, missing
    for name in layers.__all__:
        assert getattr(layers, name) is not None


def test_importing_the_package_loads_no_layer():
    code = "import sys, kshim.layers; print([m for m in sys.modules if m.startswith('kshim.layers.')])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


ERRORS = [
    (lambda L: L.Dense(unit=3), TypeError, "'unit'. Did you mean 'units'"),
    (lambda L: L.Dense(3, activaton="relu"), TypeError, "Did you mean 'activation'"),
    (lambda L: L.Dense(-1), ValueError, "positive integer"),
    (lambda L: L.Dense(3)(L.Input((None,))), ValueError, "must have a known size"),
    (lambda L: L.Conv2D(3, (1, 2, 3)), ValueError, "kernel_size"),
    (lambda L: L.Conv2D(3, 2, padding="sam"), ValueError, "padding"),
    (lambda L: L.Conv2D(3, 2, padding="causal"), ValueError, "Conv1D"),
    (lambda L: L.Conv2D(3, 2, strides=2, dilation_rate=2), ValueError, "cannot be combined"),
    (lambda L: L.Conv2D(3, 2, groups=2), ValueError, "multiple of groups"),
    (lambda L: L.Conv2D(3, 9)(np.ones((1, 4, 4, 2))), ValueError, "padding='same'"),
    (lambda L: L.Conv2D(3, 2)(np.ones((1, 4, 4))), ValueError, "min_ndim=4"),
    (lambda L: L.MaxPooling2D(9)(np.ones((1, 4, 4, 2))), ValueError, "downsampling"),
    (lambda L: L.Conv2DTranspose(3, 2, strides=2, output_padding=2), ValueError, "output_padding"),
    (lambda L: L.LocallyConnected1D(3, 2, padding="same"), ValueError, "implementation=2"),
    (lambda L: L.Dropout(1.5), ValueError, "between 0 and 1"),
    (lambda L: L.Reshape((3, 3))(np.ones((1, 4))), ValueError, "total size"),
    (lambda L: L.Permute((0, 1)), ValueError, "once"),
    (lambda L: L.RepeatVector(1.5), TypeError, "integer"),
    (lambda L: L.Cropping1D(2)(np.ones((1, 3, 2))), ValueError, "leaves nothing"),
    (lambda L: L.Embedding(3, 2, input_length=4)(np.ones((2, 5))), ValueError, "input_length is 4"),
    (lambda L: L.BatchNormalization(axis="x"), TypeError, "axis"),
    (lambda L: L.BatchNormalization(renorm=True), ValueError, "not supported"),
    (lambda L: L.GroupNormalization(3)(np.ones((2, 4))), ValueError, "must divide"),
    (lambda L: L.add(np.ones((1, 2))), ValueError, "list of inputs"),
    (lambda L: L.add([np.ones((3, 2)), np.ones((3, 4))]), ValueError, "incompatible shapes"),
    (lambda L: L.subtract([np.ones((3, 2))] * 3), ValueError, "exactly 2"),
    (lambda L: L.concatenate([np.ones((3, 2, 2)), np.ones((3, 4))]), ValueError, "matching shapes"),
    (lambda L: L.dot([np.ones((3, 2)), np.ones((3, 4))], axes=1), ValueError, "same size"),
    (lambda L: L.LeakyReLU(alpha=None, negative_slope=None), ValueError, "alpha"),
    (lambda L: L.ReLU(max_value=-1), ValueError, ">= 0"),
    (lambda L: L.Lambda(3), TypeError, "callable"),
    (lambda L: L.EinsumDense("ab,bc,cd->ad", 3), ValueError, "equation"),
    (lambda L: L.Attention()(np.ones((1, 2, 3))), ValueError, "list"),
]


@pytest.mark.parametrize("call,kind,text", ERRORS, ids=[e[2] for e in ERRORS])
def test_errors_say_what_was_expected(call, kind, text):
    import re

    import kshim
    from kshim import layers

    with kshim.use("numpy"), pytest.raises(kind, match=re.escape(text)):
        call(layers)


# models --------------------------------------------------------------------------------------------------------
def test_layers_of_a_sequential_are_called_once():
    import kshim
    from kshim import layers, models

    with kshim.use("numpy"):
        model = models.Sequential()
        for units in (3, 5, 2):
            model.add(layers.Dense(units, input_dim=4) if units == 3 else layers.Dense(units))
        assert [len(layer._inbound_nodes) for layer in model.layers] == [1, 1, 1]
        assert tuple(models.Model(model.inputs, model.layers[1].output).output.shape) == (None, 5)


def test_custom_subclasses_of_built_in_layers(backend):
    from kshim import layers, ops

    class Standardized(layers.Conv2D):
        def convolution_op(self, inputs, kernel):
            mean, variance = ops.moments(kernel, [0, 1, 2], keepdims=True)
            return super().convolution_op(inputs, (kernel - mean) / ops.sqrt(variance + 1e-10))

    class Scaled(layers.Dense):
        def __init__(self, units, factor=2.0, **kwargs):
            super().__init__(units, **kwargs)
            self.factor = factor

        def call(self, inputs):
            return super().call(inputs) * self.factor

        def get_config(self):
            return {**super().get_config(), "factor": self.factor}

    x = normal(2, 4, 4, 3)
    layer = Standardized(2, 3, use_bias=False)
    layer(x)
    before = layer(x).numpy()
    layer.set_weights([layer.get_weights()[0] * 7.0 + 1.0])
    np.testing.assert_allclose(layer(x).numpy(), before, rtol=1e-3, atol=1e-4)
    scaled = Scaled.from_config(Scaled(3, factor=4.0).get_config())
    dense = layers.Dense(3)
    dense(x), scaled(x)
    scaled.set_weights(dense.get_weights())
    np.testing.assert_allclose(scaled(x).numpy(), dense(x).numpy() * 4.0, rtol=TOLERANCE)


def test_the_penalties_of_frozen_layers_count_in_training(backend, tf_keras):
    """The loss that training reports has them, as `model.losses` has; the frozen weights stay."""
    import kshim

    def losses(keras):
        options = {"kernel_initializer": "ones", "kernel_regularizer": keras.regularizers.L2(0.5)}
        model = keras.Sequential([keras.layers.Dense(2, trainable=False, **options), keras.layers.Dense(1, **options)])
        model.compile("sgd", "mse")
        x, y = np.ones((4, 3), "float32"), np.zeros((4, 1), "float32")
        found = [model.evaluate(x, y, verbose=0), model.train_on_batch(x, y), *map(float, model.losses)]
        return found, model.layers[0].get_weights()[0]

    (ours, kernel), (theirs, _) = losses(kshim), losses(tf_keras)
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)
    np.testing.assert_array_equal(kernel, np.ones((3, 2)))


def test_the_shape_of_an_activation_that_changes_it():
    import kshim
    from kshim import layers

    with kshim.use("numpy"):
        layer = layers.Activation("glu")
        assert layer.compute_output_shape((None, 7, 4)) == (None, 7, 2)
        assert layer(np.ones((2, 7, 4), "float32")).shape == (2, 7, 2)
