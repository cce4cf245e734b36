"""Models that use what a user writes or calls: own layers, losses and loops, shared layers, weights, callbacks."""

import numpy as np

from .models_data import BATCH, EPOCHS, SAMPLES, generator


def siamese():
    """One embedding network for two inputs, their distance, a contrastive loss (Hadsell et al. 2006)."""
    from kshim import backend as K
    from kshim import layers, models, optimizers

    a, b = layers.Input(shape=(5,)), layers.Input(shape=(5,))
    shared = models.Sequential(
        [layers.Dense(8, activation="elu", input_shape=(5,)), layers.Dropout(0.1), layers.Dense(4)]
    )

    def distance(both):
        return K.sqrt(K.maximum(K.sum(K.square(both[0] - both[1]), axis=1, keepdims=True), 1e-7))

    def contrastive(y_true, y_pred):
        return K.mean(y_true * K.square(y_pred) + (1 - y_true) * K.square(K.maximum(1 - y_pred, 0)))

    model = models.Model([a, b], layers.Lambda(distance)([shared(a), shared(b)]))
    model.compile(optimizers.RMSprop(0.003), contrastive)
    rng = generator("siamese")
    x, z = rng.standard_normal((SAMPLES, 5)), rng.standard_normal((SAMPLES, 5))
    return model, [x, z], ((x[:, 0] > 0) == (z[:, 0] > 0)).astype("float64")[:, None]


def vae():
    """A variational autoencoder: sampling by the reparametrisation, divergence by add_loss (Kingma & Welling 2013)."""
    from kshim import backend as K
    from kshim import layers, models, optimizers

    inputs = layers.Input(shape=(8,))
    hidden = layers.Dense(8, activation="tanh")(inputs)
    mean, log_var = layers.Dense(2)(hidden), layers.Dense(2)(hidden)

    def sample(both):
        return both[0] + K.exp(0.5 * both[1]) * K.random_normal(K.shape(both[0]))

    code = layers.Lambda(sample)([mean, log_var])
    outputs = layers.Dense(8)(layers.Dense(8, activation="tanh")(code))
    model = models.Model(inputs, outputs)
    model.add_loss(-0.05 * K.mean(1 + log_var - K.square(mean) - K.exp(log_var)))
    model.compile(optimizers.Adam(0.01), "mse")
    factors = generator("vae").standard_normal((SAMPLES, 2))
    x = np.tanh(factors @ generator("vae mixing").standard_normal((2, 8)))
    return model, x, x


def gan():
    """Generator and discriminator by train_on_batch, trainable switched (Goodfellow et al. 2014)."""
    from kshim import layers, models, optimizers

    discriminator = models.Sequential(
        [layers.Dense(8, input_shape=(2,)), layers.LeakyReLU(0.2), layers.Dense(1, activation="sigmoid")]
    )
    discriminator.compile(optimizers.Adam(0.005, beta_1=0.5), "binary_crossentropy", metrics=["accuracy"])
    maker = models.Sequential([layers.Dense(8, activation="elu", input_shape=(3,)), layers.Dense(2)])
    discriminator.trainable = False
    noise = layers.Input(shape=(3,))
    both = models.Model(noise, discriminator(maker(noise)))
    both.compile(optimizers.Adam(0.005, beta_1=0.5), "binary_crossentropy")
    rng = generator("gan")
    z, real = rng.standard_normal((SAMPLES, 3)), rng.standard_normal((SAMPLES, 2)) * 0.3 + 1.0

    def run(model, z, real):
        history, one, zero = {"d_loss": [], "g_loss": []}, np.ones((BATCH, 1)), np.zeros((BATCH, 1))
        for step in range(5 * EPOCHS):
            at = np.arange(step * BATCH, (step + 1) * BATCH) % len(z)
            fake = maker.predict(z[at], verbose=0)
            d = discriminator.train_on_batch(real[at], one)[0] + discriminator.train_on_batch(fake, zero)[0]
            history["d_loss"].append(float(d))
            history["g_loss"].append(float(both.train_on_batch(z[at], one)))
        return history

    return both, z, real, {"run": run}


def custom_parts():
    """A layer, a loss and a metric of the user's own, in a subclassed model."""
    from kshim import backend as K
    from kshim import layers, models, optimizers

    class Scaled(layers.Layer):
        def __init__(self, units, **kwargs):
            super().__init__(**kwargs)
            self.units = units

        def build(self, input_shape):
            self.kernel = self.add_weight(name="kernel", shape=(input_shape[-1], self.units), initializer="he_normal")
            self.scale = self.add_weight(name="scale", shape=(self.units,), initializer="ones")
            super().build(input_shape)

        def call(self, inputs):
            return K.dot(inputs, self.kernel) * K.exp(self.scale)

    class Net(models.Model):
        def __init__(self):
            super().__init__()
            self.first, self.drop, self.last = Scaled(6), layers.Dropout(0.2), layers.Dense(1)

        def call(self, inputs, training=None):
            return self.last(self.drop(K.tanh(self.first(inputs)), training=training))

    def loss(y_true, y_pred):
        return K.mean(K.log(1 + K.square(y_true - y_pred)), axis=-1)

    def worst(y_true, y_pred):
        return K.max(K.abs(y_true - y_pred), axis=-1)

    model = Net()
    model.compile(optimizers.Adam(0.01), loss, metrics=[worst])
    x = generator("custom_parts").standard_normal((SAMPLES, 5))
    return model, x, (np.sin(x[:, :1]) + x[:, 1:2] * 0.5)


def weighted():
    """Class weights, validation data and a learning rate that callbacks change."""
    from kshim import callbacks, layers, models, optimizers

    model = models.Sequential(
        [layers.Dense(8, activation="selu", input_shape=(4,)), layers.Dense(3, activation="softmax")]
    )
    model.compile(optimizers.SGD(0.1, clipvalue=0.5), "sparse_categorical_crossentropy", metrics=["accuracy"])
    x = generator("weighted").standard_normal((SAMPLES, 4))
    y = np.argmax(x[:, :3], -1).astype("int32")
    fit = {
        "class_weight": {0: 1.0, 1: 2.0, 2: 0.5},
        "validation_split": 0.2,
        "callbacks": [
            callbacks.LearningRateScheduler(lambda epoch, lr: lr * 0.97),
            callbacks.ReduceLROnPlateau("val_loss", factor=0.5, patience=2, min_delta=0.05),
        ],
    }
    return model, x, y, fit


def sample_weights():
    """Sample weights on two outputs with losses of different weight."""
    from kshim import layers, models, optimizers

    inputs = layers.Input(shape=(5,))
    x = layers.Dense(8, activation="swish")(inputs)
    outputs = [layers.Dense(1, name="value")(x), layers.Dense(1, activation="sigmoid", name="sign")(x)]
    model = models.Model(inputs, outputs)
    model.compile(optimizers.Adam(0.01), ["mse", "binary_crossentropy"], loss_weights=[0.3, 1.5])
    rng = generator("sample_weights")
    x = rng.standard_normal((SAMPLES, 5))
    weights = [rng.uniform(0.0, 2.0, SAMPLES), rng.integers(0, 2, SAMPLES).astype("float64")]
    return model, x, [x[:, :1] * 2, (x[:, 1:2] > 0).astype("float64")], {"sample_weight": weights}


def frozen():
    """A trained part frozen inside another model, as in transfer learning."""
    from kshim import layers, models, optimizers

    base = models.Sequential(
        [layers.Dense(8, activation="tanh", input_shape=(5,)), layers.BatchNormalization(momentum=0.8)]
    )
    base.trainable = False
    model = models.Sequential([base, layers.Dense(6, activation="softplus"), layers.Dense(1)])
    model.compile(optimizers.Adam(0.01), "mape")
    x = generator("frozen").standard_normal((SAMPLES, 5))
    return model, x, 2.0 + np.tanh(x[:, :1])


MODELS = {f.__name__: f for f in (siamese, vae, gan, custom_parts, weighted, sample_weights, frozen)}
