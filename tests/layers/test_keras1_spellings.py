"""Layers written in the words of Keras 1 are the same layers as in those of Keras 2."""

import numpy as np
import pytest

#: (name, positional arguments and keywords of Keras 1, the same of Keras 2)
PAIRS = [
    ("Dense", (8,), {"init": "he_normal", "W_regularizer": "l2", "b_regularizer": "l1", "W_constraint": "maxnorm", "b_constraint": "nonneg", "bias": False},
     (8,), {"kernel_initializer": "he_normal", "kernel_regularizer": "l2", "bias_regularizer": "l1", "kernel_constraint": "max_norm", "bias_constraint": "non_neg", "use_bias": False}),
    ("Dense", (), {"output_dim": 4, "input_dim": 3, "activation": "relu"}, (4,), {"input_shape": (3,), "activation": "relu"}),
    ("Dropout", (), {"p": 0.3}, (0.3,), {}),
    ("SpatialDropout1D", (), {"p": 0.3}, (0.3,), {}),
    ("SpatialDropout2D", (), {"p": 0.3, "dim_ordering": "th"}, (0.3,), {"data_format": "channels_first"}),
    ("GaussianDropout", (), {"p": 0.3}, (0.3,), {}),
    ("GaussianNoise", (), {"sigma": 0.3}, (0.3,), {}),
    ("Embedding", (5, 3), {"init": "normal", "W_regularizer": "l2", "W_constraint": "unitnorm", "input_length": 4},
     (5, 3), {"embeddings_initializer": "normal", "embeddings_regularizer": "l2", "embeddings_constraint": "unit_norm", "input_length": 4}),
    ("Convolution1D", (4, 3), {"border_mode": "same", "subsample_length": 2, "input_dim": 5, "input_length": 7},
     (4, 3), {"padding": "same", "strides": 2, "input_shape": (7, 5)}),
    ("Convolution1D", (), {"nb_filter": 4, "filter_length": 3, "init": "uniform"}, (4, 3), {"kernel_initializer": "uniform"}),
    ("AtrousConvolution1D", (4, 3), {"atrous_rate": 2}, (4, 3), {"dilation_rate": 2}),
    ("Convolution2D", (4, 3, 5), {}, (4, (3, 5)), {}),
    ("Conv2D", (4, 3, 3), {}, (4, (3, 3)), {}),
    ("Conv2D", (4, 3, 3), {"activation": "relu", "input_shape": (8, 8, 1)}, (4, (3, 3)), {"activation": "relu", "input_shape": (8, 8, 1)}),
    ("Convolution2D", (4, 7, 1), {"border_mode": "same"}, (4, (7, 1)), {"padding": "same"}),
    ("Convolution2D", (4, 1, 7), {}, (4, (1, 7)), {}),
    ("Convolution2D", (4, 3, 3, "he_normal", "relu"), {}, (4, (3, 3)), {"kernel_initializer": "he_normal", "activation": "relu"}),
    ("Convolution2D", (), {"nb_filter": 4, "nb_row": 3, "nb_col": 2, "subsample": (2, 2), "dim_ordering": "tf", "border_mode": "valid"},
     (4, (3, 2)), {"strides": (2, 2), "data_format": "channels_last"}),
    ("Convolution2D", (4, 3), {"nb_col": 2}, (4, (3, 2)), {}),
    ("Convolution2D", (4, 3, 3), {"dim_ordering": "default"}, (4, (3, 3)), {}),
    ("Conv2D", (4, 3, 2), {}, (4, 3), {"strides": 2}),
    ("Conv2D", (4, 3, 3), {"padding": "same"}, (4, 3), {"strides": 3, "padding": "same"}),
    ("Conv2D", (4, 3, 1, "same"), {}, (4, 3), {"strides": 1, "padding": "same"}),
    ("AtrousConvolution2D", (4, 3, 3), {"atrous_rate": (2, 2)}, (4, 3), {"dilation_rate": 2}),
    ("Convolution3D", (4, 3, 2, 1), {"subsample": (1, 1, 2)}, (4, (3, 2, 1)), {"strides": (1, 1, 2)}),
    ("Convolution3D", (4,), {"kernel_dim1": 3, "kernel_dim2": 2, "kernel_dim3": 1}, (4, (3, 2, 1)), {}),
    ("SeparableConvolution2D", (4, 3, 3), {"init": "uniform", "depth_multiplier": 2},
     (4, (3, 3)), {"depthwise_initializer": "uniform", "pointwise_initializer": "uniform", "depth_multiplier": 2}),
    ("LocallyConnected1D", (4, 3), {"subsample_length": 2, "border_mode": "valid"}, (4, 3), {"strides": 2}),
    ("LocallyConnected2D", (4, 3, 3), {"subsample": (2, 1)}, (4, 3), {"strides": (2, 1)}),
    ("MaxPooling1D", (), {"pool_length": 3, "stride": 2, "border_mode": "same"}, (3,), {"strides": 2, "padding": "same"}),
    ("AveragePooling2D", ((2, 3),), {"border_mode": "same", "dim_ordering": "th"}, ((2, 3),), {"padding": "same", "data_format": "channels_first"}),
    ("GlobalMaxPooling2D", (), {"dim_ordering": "th"}, (), {"data_format": "channels_first"}),
    ("UpSampling1D", (), {"length": 3}, (3,), {}),
    ("UpSampling2D", ((2, 2),), {"dim_ordering": "th"}, ((2, 2),), {"data_format": "channels_first"}),
    ("ZeroPadding1D", ({"left_pad": 1, "right_pad": 2},), {}, ((1, 2),), {}),
    ("ZeroPadding2D", ((1, 2, 3, 4),), {}, (((1, 2), (3, 4)),), {}),
    ("ZeroPadding2D", (), {"padding": {"top_pad": 1, "right_pad": 2}, "dim_ordering": "tf"}, (((1, 0), (0, 2)),), {}),
    ("Cropping2D", (((1, 0), (0, 2)),), {"dim_ordering": "th"}, (((1, 0), (0, 2)),), {"data_format": "channels_first"}),
    ("BatchNormalization", (1e-5,), {}, (), {"epsilon": 1e-5}),
    ("BatchNormalization", (1e-5, 0, 1), {"beta_init": "one"}, (), {"epsilon": 1e-5, "axis": 1, "beta_initializer": "ones"}),
    ("BatchNormalization", (), {"mode": 0, "axis": 1, "gamma_init": "uniform"}, (), {"axis": 1, "gamma_initializer": "uniform"}),
    ("PReLU", (), {"init": "one"}, (), {"alpha_initializer": "ones"}),
    ("SimpleRNN", (), {"output_dim": 3, "inner_init": "identity", "U_regularizer": "l2", "dropout_W": 0.1, "dropout_U": 0.2},
     (3,), {"recurrent_initializer": "identity", "recurrent_regularizer": "l2", "dropout": 0.1, "recurrent_dropout": 0.2}),
    ("LSTM", (3,), {"inner_activation": "sigmoid", "forget_bias_init": "zero"}, (3,), {"recurrent_activation": "sigmoid", "unit_forget_bias": False}),
    ("LSTM", (), {"output_dim": 3}, (3,), {"recurrent_activation": "hard_sigmoid"}),
    ("GRU", (), {"output_dim": 3, "consume_less": "gpu"}, (3,), {"recurrent_activation": "hard_sigmoid", "reset_after": False, "implementation": 2}),
]  # fmt: skip


@pytest.mark.parametrize(
    "name,args1,kwargs1,args2,kwargs2", PAIRS, ids=[f"{p[0]}{p[1]}{','.join(p[2])}".replace(" ", "") for p in PAIRS]
)
def test_both_spellings_make_the_same_layer(name, args1, kwargs1, args2, kwargs2):
    import kshim
    from kshim import layers

    with kshim.use("numpy"):
        cls = getattr(layers, name)
        old, new = cls(*args1, **kwargs1).get_config(), cls(*args2, **kwargs2).get_config()
        assert {**old, "name": ""} == {**new, "name": ""}
        assert cls(*args1, **kwargs1)._batch_input_shape == cls(*args2, **kwargs2)._batch_input_shape


def test_a_config_of_keras_1_is_read():
    import kshim
    from kshim import layers

    config = {
        "class_name": "Convolution2D",
        "config": {
            "name": "convolution2d_1", "trainable": True, "batch_input_shape": [None, 1, 8, 8], "input_dtype": "float32", "nb_filter": 4, "nb_row": 3,
            "nb_col": 2, "init": "glorot_uniform", "activation": "relu", "border_mode": "same", "subsample": [2, 2], "dim_ordering": "th",
            "W_regularizer": {"name": "WeightRegularizer", "l1": 0.0, "l2": 0.01}, "b_regularizer": None, "activity_regularizer": None,
            "W_constraint": {"name": "MaxNorm", "m": 2, "axis": 0}, "b_constraint": None, "bias": True,
        },
    }  # fmt: skip
    with kshim.use("numpy"):
        layer = layers.deserialize(config)
        assert (layer.kernel_size, layer.strides, layer.padding, layer.data_format) == (
            (3, 2),
            (2, 2),
            "same",
            "channels_first",
        )
        assert layer.kernel_regularizer.l2 == 0.01 and layer.kernel_constraint.max_value == 2
        assert layer(np.ones((2, 1, 8, 8))).shape == (2, 4, 4, 4)


def test_one_argument_twice_and_leftovers_are_errors():
    import kshim
    from kshim import layers

    with kshim.use("numpy"):
        with pytest.raises(TypeError, match="only one of them"):
            layers.Dense(3, init="zero", kernel_initializer="zeros")
        with pytest.raises(TypeError, match="nb_col"):
            layers.Convolution2D(3, nb_row=3)
        with pytest.raises(ValueError, match="mode 0"):
            layers.BatchNormalization(mode=2)
        with pytest.raises(TypeError, match="Did you mean 'border_mode'|unexpected"):
            layers.Convolution2D(3, 3, 3, bordermode="same")


def test_word_dropout_of_an_embedding(backend):
    from kshim import layers

    layer = layers.Embedding(200, 4, init="one", dropout=0.5)
    ids = np.arange(200, dtype="int32").reshape(1, 200)
    y = layer(ids, training=True).numpy()[0]
    assert set(np.unique(y)) == {0.0, 2.0} and (y.max(1) == y.min(1)).all()
    assert (layer(ids).numpy() == 1).all()


def test_output_shape_of_a_deconvolution(backend):
    from kshim import layers

    x = np.random.default_rng(0).normal(size=(2, 3, 3, 2)).astype("float32")
    layer = layers.Deconvolution2D(4, 3, 3, (None, 7, 7, 4), subsample=(2, 2), border_mode="valid")
    other = layers.Conv2DTranspose(4, 3, strides=2)
    y, z = layer(x), other(x)
    other.set_weights(layer.get_weights())
    assert y.shape == (2, 7, 7, 4)
    np.testing.assert_allclose(y.numpy(), other(x).numpy(), rtol=1e-5, atol=1e-5)
    assert layers.Deconvolution2D(4, 3, 3, (None, 5, 5, 4), subsample=(2, 2), border_mode="same")(x).shape == (
        2,
        5,
        5,
        4,
    )
    assert z.shape == (2, 7, 7, 4)


MODES = [
    ("sum", {}, lambda a, b: a + b),
    ("mul", {}, lambda a, b: a * b),
    ("ave", {}, lambda a, b: (a + b) / 2),
    ("max", {}, np.maximum),
    ("concat", {}, lambda a, b: np.concatenate([a, b], -1)),
    ("concat", {"concat_axis": 1}, lambda a, b: np.concatenate([a, b], 1)),
    ("dot", {"dot_axes": 2}, lambda a, b: np.einsum("bij,bkj->bik", a, b)),
    ("dot", {"dot_axes": [1, 1]}, lambda a, b: np.einsum("bji,bjk->bik", a, b)),
    (
        "cos",
        {"dot_axes": -1},
        lambda a, b: np.einsum(
            "bij,bkj->bik", a / np.linalg.norm(a, axis=2, keepdims=True), b / np.linalg.norm(b, axis=2, keepdims=True)
        ),
    ),
]


@pytest.mark.parametrize("mode,options,formula", MODES)
def test_merge(backend, mode, options, formula):
    from kshim import layers, models

    rng = np.random.default_rng(1)
    a, b = (rng.normal(size=(2, 3, 3)).astype("float32") for _ in range(2))
    x, y = layers.Input((3, 3)), layers.Input((3, 3))
    model = models.Model([x, y], layers.merge([x, y], mode=mode, **options))
    np.testing.assert_allclose(model([a, b]).numpy(), formula(a, b), rtol=1e-5, atol=1e-5)
    layer = layers.Merge(mode=mode, **options)
    np.testing.assert_allclose(layer([a, b]).numpy(), formula(a, b), rtol=1e-5, atol=1e-5)
    copy = layers.deserialize(layers.serialize(layer))
    np.testing.assert_allclose(copy([a, b]).numpy(), formula(a, b), rtol=1e-5, atol=1e-5)


def test_merge_with_a_function_and_as_module():
    import kshim
    from kshim import layers

    with kshim.use("numpy"):
        out = layers.merge([np.ones((2, 3)), np.ones((2, 3))], mode=lambda xs: xs[0] - 3 * xs[1], output_shape=(3,))
        np.testing.assert_array_equal(out.numpy(), -2 * np.ones((2, 3)))
        assert layers.merge.Concatenate is layers.Concatenate
        with pytest.raises(ValueError, match="unknown mode"):
            layers.merge([np.ones((2, 3))] * 2, mode="add")


def test_sequential_that_begins_with_merge(backend):
    from kshim import layers, models

    left = models.Sequential([layers.Dense(3, input_dim=4)])
    right = models.Sequential([layers.Embedding(6, 2, input_length=3), layers.Flatten()])
    model = models.Sequential()
    model.add(layers.Merge([left, right], mode="concat"))
    model.add(layers.Dense(1))
    assert [tuple(t.shape) for t in model.inputs] == [(None, 4), (None, 3)]
    assert len(model.trainable_weights) == 5
    model.compile("sgd", "mse")
    rng = np.random.default_rng(0)
    x = [rng.normal(size=(16, 4)).astype("float32"), rng.integers(0, 6, (16, 3))]
    history = model.fit(x, x[0].sum(1, keepdims=True), epochs=5, batch_size=8, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    z = np.concatenate([left.predict(x[0], verbose=0), right.predict(x[1], verbose=0)], -1)
    kernel, bias = model.layers[-1].get_weights()
    np.testing.assert_allclose(model.predict(x, verbose=0), z @ kernel + bias, rtol=1e-4, atol=1e-5)


def test_the_hidden_base_of_merge_layers(backend):
    from kshim import layers

    class Weighted(layers._Merge):
        def _merge_function(self, inputs):
            return 0.25 * inputs[0] + 0.75 * inputs[1]

    x = np.ones((2, 3), "float32")
    np.testing.assert_allclose(Weighted()([x, 5 * x]).numpy(), 4 * x)
    assert tuple(Weighted()([layers.Input((3,)), layers.Input((3,))]).shape) == (None, 3)
