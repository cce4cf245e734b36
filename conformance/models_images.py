"""Architectures for images, small enough to train 200 steps in a second or two.

No bias stands before a batch normalisation: its gradient is 0, and what is left of it is rounding noise. Batch
normalisation is not `fused`: fused keeps another moving variance in float32 than float64 has.
"""

import numpy as np

from .models_data import SAMPLES, generator


def _norm(x, activation=True):
    from kshim import layers

    x = layers.BatchNormalization(momentum=0.9, fused=False)(x)
    return layers.Activation("relu")(x) if activation else x


def _images(name, classes=3, size=8, channels=2):
    rng = generator(name)
    x = rng.standard_normal((SAMPLES, size, size, channels))
    halves = np.stack([x[:, :4].mean((1, 2, 3)), x[:, 4:].mean((1, 2, 3)), x[:, :, :4].mean((1, 2, 3))], -1)
    return x, np.argmax(halves[:, :classes], -1).astype("int32")


def _classifier(name, body, optimizer, pool=True):
    from kshim import layers, models

    inputs = layers.Input(shape=(8, 8, 2))
    x = body(inputs)
    x = layers.GlobalAveragePooling2D()(x) if pool else layers.Flatten()(x)
    model = models.Model(inputs, layers.Dense(3, activation="softmax")(x))
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return (model, *_images(name))


def vgg():
    """Stacked 3x3 convolutions with pooling, dropout and dense layers (Simonyan & Zisserman 2014)."""
    from kshim import layers, optimizers

    def body(x):
        for filters in (6, 8):
            for _ in range(2):
                x = layers.Conv2D(filters, 3, padding="same", activation="elu", kernel_initializer="he_uniform")(x)
            x = layers.AveragePooling2D(2)(x)
        x = layers.Flatten()(x)
        x = layers.Dropout(0.3)(layers.Dense(10, activation="elu")(x))
        return layers.Reshape((1, 1, 10))(x)

    return _classifier("vgg", body, optimizers.SGD(0.02, momentum=0.9))


def resnet():
    """Residual blocks with batch normalisation and a projection shortcut (He et al. 2015)."""
    from kshim import layers, optimizers

    def block(x, filters, strides):
        y = _norm(layers.Conv2D(filters, 3, strides, "same", use_bias=False)(x))
        y = _norm(layers.Conv2D(filters, 3, padding="same", use_bias=False)(y), activation=False)
        if strides > 1 or x.shape[-1] != filters:
            x = _norm(layers.Conv2D(filters, 1, strides, use_bias=False)(x), activation=False)
        return layers.Activation("relu")(layers.add([x, y]))

    def body(x):
        x = _norm(layers.Conv2D(4, 3, padding="same", use_bias=False)(x))
        return block(block(x, 4, 1), 6, 2)

    return _classifier("resnet", body, optimizers.SGD(0.01, momentum=0.9))


def inception():
    """Parallel convolutions of several sizes, joined (Szegedy et al. 2014)."""
    from kshim import layers, optimizers

    def module(x):
        one = layers.Conv2D(3, 1, activation="elu", padding="same")(x)
        three = layers.Conv2D(4, 3, activation="elu", padding="same")(layers.Conv2D(2, 1, activation="elu")(x))
        five = layers.Conv2D(2, 5, activation="elu", padding="same")(layers.Conv2D(2, 1, activation="elu")(x))
        pooled = layers.Conv2D(2, 1, activation="elu")(layers.AveragePooling2D(3, strides=1, padding="same")(x))
        return layers.concatenate([one, three, five, pooled])

    return _classifier("inception", lambda x: module(layers.MaxPooling2D(2)(module(x))), optimizers.Adam(0.003))


def mobilenet():
    """Depthwise separable convolutions (Howard et al. 2017)."""
    from kshim import layers, optimizers

    def body(x):
        for filters, strides in ((6, 1), (8, 2)):
            x = layers.DepthwiseConv2D(3, strides=strides, padding="same", use_bias=False)(x)
            x = layers.ELU()(layers.BatchNormalization(momentum=0.9, fused=False)(x))
            x = layers.Conv2D(filters, 1, use_bias=False)(x)
            x = layers.LeakyReLU(0.1)(layers.BatchNormalization(momentum=0.9, fused=False)(x))
        return layers.SeparableConv2D(6, 3, padding="same", activation="tanh")(x)

    return _classifier("mobilenet", body, optimizers.RMSprop(0.002))


def unet():
    """Down, up again by transposed convolution and upsampling, with skips; a dense target (Ronneberger et al. 2015)."""
    from kshim import layers, models, optimizers

    inputs = layers.Input(shape=(8, 8, 2))
    first = layers.Conv2D(4, 3, padding="same", activation="elu")(inputs)
    second = layers.Conv2D(6, 3, padding="same", activation="elu")(layers.AveragePooling2D(2)(first))
    low = layers.SpatialDropout2D(0.1)(layers.Conv2D(8, 3, strides=2, padding="same", activation="elu")(second))
    up = layers.Conv2DTranspose(6, 3, strides=2, padding="same", activation="elu")(low)
    up = layers.concatenate([up, second])
    up = layers.UpSampling2D(2, interpolation="bilinear")(layers.Conv2D(4, 3, padding="same", activation="elu")(up))
    outputs = layers.Conv2D(1, 1, activation="sigmoid")(layers.concatenate([up, first]))
    model = models.Model(inputs, outputs)
    model.compile(optimizers.Adam(0.003), "binary_crossentropy", metrics=["mae"])
    x, _ = _images("unet")
    return model, x, (x[..., :1] + np.roll(x[..., 1:], 1, 1) > 0).astype("float64")


def volumes():
    """3-D convolution and pooling, cropped and padded."""
    from kshim import layers, models, optimizers

    model = models.Sequential(
        [
            layers.ZeroPadding3D((0, 1, 0), input_shape=(4, 4, 6, 2)),
            layers.Conv3D(4, (2, 3, 3), padding="valid", activation="tanh"),
            layers.MaxPooling3D((1, 2, 2)),
            layers.GaussianDropout(0.1),
            layers.Conv3D(3, 2, padding="same", activation="elu"),
            layers.Cropping3D((1, 0, 0)),
            layers.GlobalAveragePooling3D(),
            layers.Dense(2),
        ]
    )
    model.compile(optimizers.Adam(0.005), "mse", metrics=["mae"])
    x = generator("volumes").standard_normal((SAMPLES, 4, 4, 6, 2))
    return model, x, np.stack([x[:, :, :2].mean((1, 2, 3, 4)), x[:, 1:3].mean((1, 2, 3, 4))], -1) * 3


def autoencoder():
    """Convolutional encoder and decoder with noise on the input."""
    from kshim import layers, models, optimizers

    model = models.Sequential(
        [
            layers.GaussianNoise(0.1, input_shape=(8, 8, 1)),
            layers.Conv2D(4, 3, strides=2, padding="same", activation="elu"),
            layers.Flatten(),
            layers.Dense(8, activation="tanh"),
            layers.Dense(64, activation="elu"),
            layers.Reshape((4, 4, 4)),
            layers.Conv2DTranspose(4, 2, strides=2, activation="elu"),
            layers.Conv2D(1, 3, padding="same", activation="sigmoid"),
        ]
    )
    model.compile(optimizers.Adadelta(1.0), "mse")
    a, c = (generator("autoencoder").uniform(0.5, 3.0, (SAMPLES, 1, 1, 1)) for _ in range(2))
    rows, columns = np.meshgrid(np.arange(8.0), np.arange(8.0), indexing="ij")
    x = 0.5 + 0.5 * np.sin(rows[None, ..., None] / a + columns[None, ..., None] / c)
    return model, x, x


MODELS = {f.__name__: f for f in (vgg, resnet, inception, mobilenet, unet, volumes, autoencoder)}
