"""Layers of Keras 3: their spellings and configs make layers here that compute the same with the same weights."""

import json

import numpy as np
import pytest

SEQUENCE, IMAGE = (2, 7, 4), (2, 7, 6, 4)

#: (name, arguments, keywords, input shape)
LAYERS = [
    ("Dense", (3,), {"activation": "gelu"}, (2, 5)),
    ("EinsumDense", ("...x,xy->...y", 3), {"bias_axes": "y"}, SEQUENCE),
    ("Embedding", (5, 3), {"mask_zero": True}, (2, 4)),
    ("Conv1D", (3, 3), {"padding": "causal"}, SEQUENCE),
    ("Conv2D", (3, (2, 3)), {"strides": 2, "padding": "same", "kernel_regularizer": "l2"}, IMAGE),
    ("Conv2DTranspose", (3, 3), {"strides": 2, "padding": "same"}, IMAGE),
    ("DepthwiseConv2D", (3,), {"depth_multiplier": 2}, IMAGE),
    ("SeparableConv2D", (3, 3), {}, IMAGE),
    ("MaxPooling2D", (2,), {"padding": "same"}, IMAGE),
    ("AveragePooling1D", (3,), {"strides": 1}, SEQUENCE),
    ("GlobalAveragePooling2D", (), {"keepdims": True}, IMAGE),
    ("BatchNormalization", (), {"epsilon": 1e-4}, (2, 5)),
    ("LayerNormalization", (), {}, SEQUENCE),
    ("GroupNormalization", (2,), {}, IMAGE),
    ("UnitNormalization", (), {}, SEQUENCE),
    ("Flatten", (), {}, IMAGE),
    ("Reshape", ((2, 14),), {}, SEQUENCE),
    ("Permute", ((2, 1),), {}, SEQUENCE),
    ("RepeatVector", (3,), {}, (2, 5)),
    ("ZeroPadding2D", (((1, 0), (0, 2)),), {}, IMAGE),
    ("Cropping2D", (1,), {}, IMAGE),
    ("UpSampling2D", ((2, 3),), {"interpolation": "bilinear"}, IMAGE),
    ("LeakyReLU", (), {"negative_slope": 0.15}, (2, 5)),
    ("PReLU", (), {"shared_axes": [1]}, SEQUENCE),
    ("ELU", (), {"alpha": 0.5}, (2, 5)),
    ("ReLU", (), {"max_value": 1.0, "negative_slope": 0.1}, (2, 5)),
    ("Softmax", (), {}, (2, 5)),
    ("Activation", ("silu",), {}, (2, 5)),
    ("Identity", (), {}, (2, 5)),
    ("Rescaling", (0.5,), {"offset": 1.0}, IMAGE),
    ("Masking", (), {}, SEQUENCE),
    ("ActivityRegularization", (0.1,), {}, (2, 5)),
    ("SpatialDropout2D", (0.3,), {"data_format": "channels_first"}, IMAGE),
    ("Dropout", (0.3,), {"noise_shape": (None, 1), "seed": 1}, (2, 5)),
    ("AlphaDropout", (0.3,), {}, (2, 5)),
    ("Add", (), {}, [(2, 5), (2, 5)]),
    ("Concatenate", (), {"axis": 1}, [(2, 5), (2, 3)]),
    ("Dot", (1,), {"normalize": True}, [(2, 5), (2, 5)]),
    ("Attention", (), {"use_scale": True, "dropout": 0.1}, [(2, 3, 4), (2, 5, 4)]),
    ("AdditiveAttention", (), {}, [(2, 3, 4), (2, 5, 4)]),
]


@pytest.mark.parametrize("name,args,options,shape", LAYERS, ids=[layer[0] for layer in LAYERS])
def test_config_and_values(keras3, name, args, options, shape):
    import kshim
    from kshim import layers

    rng = np.random.default_rng(5)
    shapes = shape if isinstance(shape, list) else [shape]
    x = [rng.integers(0, 5, s) if name == "Embedding" else rng.normal(size=s).astype("float32") for s in shapes]
    x = x if isinstance(shape, list) else x[0]
    theirs = getattr(keras3.layers, name)(*args, **options)
    theirs(x)
    weights = [rng.uniform(0.5, 1.5, tuple(w.shape)) for w in theirs.weights]
    theirs.set_weights(weights)
    expected = np.asarray(theirs(x))
    config = json.loads(json.dumps(keras3.layers.serialize(theirs)))
    with kshim.use("numpy"):
        for layer in (getattr(layers, name)(*args, **options), layers.deserialize(config)):
            layer(x)
            layer.set_weights(weights)
            np.testing.assert_allclose(layer(x).numpy(), expected, rtol=1e-5, atol=1e-5)


def test_multi_head_attention(keras3):
    import kshim
    from kshim import layers

    rng = np.random.default_rng(5)
    q, v = rng.normal(size=(2, 3, 4)).astype("float32"), rng.normal(size=(2, 5, 4)).astype("float32")
    theirs = keras3.layers.MultiHeadAttention(2, 3, value_dim=4, seed=2)
    theirs(q, v)
    weights = [rng.normal(size=tuple(w.shape)) for w in theirs.weights]
    theirs.set_weights(weights)
    config = json.loads(json.dumps(keras3.layers.serialize(theirs)))
    with kshim.use("numpy"):
        ours = layers.deserialize(config)
        ours(q, v)
        ours.set_weights(weights)
        np.testing.assert_allclose(ours(q, v).numpy(), np.asarray(theirs(q, v)), rtol=1e-4, atol=1e-5)


def test_options_without_a_counterpart_are_refused():
    from kshim import layers

    with pytest.raises(ValueError, match="rms_scaling"):
        layers.LayerNormalization(rms_scaling=True)
    with pytest.raises(ValueError, match="use_gate"):
        layers.MultiHeadAttention(2, 3, use_gate=True)
