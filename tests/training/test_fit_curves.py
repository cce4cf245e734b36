"""Loss curves from equal weights follow tf_keras."""

import functools

import numpy as np
import pytest

rng = np.random.default_rng(1)
N = 24
TABLE = rng.normal(size=(N, 5)).astype("float32")
IMAGES = rng.normal(size=(N, 6, 6, 2)).astype("float32")
SERIES = rng.normal(size=(N, 7, 3)).astype("float32")
TOKENS = rng.integers(0, 9, size=(N, 6))
CLASSES = rng.integers(0, 3, size=N)
REAL = rng.normal(size=(N, 1)).astype("float32")
BINARY = rng.integers(0, 2, size=(N, 1)).astype("float32")
WEIGHT = rng.uniform(0.2, 2, size=N).astype("float32")


def _dense(k):
    layers = k.layers
    model = k.Sequential([layers.Input((5,)), layers.Dense(8, "relu"), layers.Dense(3, "softmax")])
    return model, TABLE, CLASSES, {"loss": "sparse_categorical_crossentropy"}, {}


def _conv(k):
    layers = k.layers
    model = k.Sequential(
        [
            layers.Input((6, 6, 2)),
            layers.Conv2D(4, 3, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.Activation("relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    return (
        model,
        IMAGES,
        CLASSES,
        {"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]},
        {"validation_split": 0.25},
    )


def _lstm(k):
    model = k.Sequential([k.layers.Input((7, 3)), k.layers.LSTM(4), k.layers.Dense(1)])
    return model, SERIES, REAL, {"loss": "mse"}, {}


def _masked(k):
    layers = k.layers
    model = k.Sequential(
        [
            layers.Input((6,)),
            layers.Embedding(9, 4, mask_zero=True),
            layers.GRU(3),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    return model, TOKENS, BINARY, {"loss": "binary_crossentropy", "metrics": ["accuracy"]}, {}


def _temporal(k):
    layers = k.layers
    model = k.Sequential(
        [
            layers.Input((6,)),
            layers.Embedding(9, 4, mask_zero=True),
            layers.LSTM(3, return_sequences=True),
            layers.Dense(2),
        ]
    )
    y = np.stack([TOKENS / 9, TOKENS**2 / 81], -1).astype("float32")
    weight = np.tile(np.linspace(0.1, 1, 6, dtype="float32"), (N, 1))
    return model, TOKENS, y, {"loss": "mse", "weighted_metrics": ["mae"], "metrics": ["mse"]}, {"sample_weight": weight}


def _outputs(k):
    inputs = [k.Input((5,), name="table"), k.Input((7, 3), name="series")]
    x = k.layers.concatenate([inputs[0], k.layers.GlobalAveragePooling1D()(inputs[1])])
    shared = k.layers.Dense(6, activation="tanh")(x)
    outputs = [k.layers.Dense(3, activation="softmax", name="kind")(shared), k.layers.Dense(1, name="size")(shared)]
    arguments = {
        "loss": {"kind": "sparse_categorical_crossentropy", "size": "huber"},
        "loss_weights": {"kind": 0.7, "size": 1.5},
    }
    fit = {"sample_weight": {"kind": WEIGHT, "size": WEIGHT[::-1].copy()}}
    return k.Model(inputs, outputs), {"table": TABLE, "series": SERIES}, {"kind": CLASSES, "size": REAL}, arguments, fit


def _penalised(k):
    layers, regularizers = k.layers, k.regularizers
    model = k.Sequential(
        [
            layers.Input((5,)),
            layers.Dense(
                6,
                activation="relu",
                kernel_regularizer=regularizers.l2(0.05),
                activity_regularizer=regularizers.l1(0.01),
            ),
            layers.Dense(4, kernel_constraint=k.constraints.MaxNorm(0.6), bias_regularizer="l1", activation="tanh"),
            layers.ActivityRegularization(l2=0.02),
            layers.Dense(1, kernel_constraint="non_neg"),
        ]
    )
    return model, TABLE, REAL, {"loss": "mae"}, {}


def _layer_loss(k):
    ops = k.backend

    class Penalty(k.layers.Layer):
        def build(self, input_shape):
            self.scale = self.add_weight(name="scale", shape=(int(input_shape[-1]),), initializer="ones")

        def call(self, inputs):
            self.add_loss(0.1 * ops.mean(ops.square(inputs * self.scale)))
            return inputs * self.scale

    model = k.Sequential([k.layers.Input((5,)), k.layers.Dense(4), Penalty(), k.layers.Dense(1)])
    return model, TABLE, REAL, {"loss": "mse"}, {}


def _autoencoder(k):
    ops, layers = k.backend, k.layers
    inputs = layers.Input((5,))
    hidden = layers.Dense(6, activation="relu")(inputs)
    mean, log_var = layers.Dense(2, name="mean")(hidden), layers.Dense(2, name="log_var")(hidden)
    code = layers.Lambda(lambda a: a[0] + ops.exp(0.5 * a[1]) * 0.1)([mean, log_var])
    outputs = layers.Dense(5)(code)
    model = k.Model(inputs, outputs)
    divergence = -0.5 * ops.sum(1 + log_var - ops.square(mean) - ops.exp(log_var), axis=-1)
    model.add_loss(ops.mean(k.losses.mean_squared_error(inputs, outputs) * 5 + 0.1 * divergence))
    # batches of one size: tf_keras does not weigh the losses of batches by their sizes where there are no targets
    return model, TABLE, None, {}, {"batch_size": 6}


CASES = {
    f.__name__[1:]: f
    for f in (_dense, _conv, _lstm, _masked, _temporal, _outputs, _penalised, _layer_loss, _autoencoder)
}


def _optimizer(k, name):
    if name == "sgd":
        return k.optimizers.SGD(0.05, momentum=0.9, nesterov=True)
    return k.optimizers.RMSprop(0.01) if name == "rmsprop" else k.optimizers.Adam(0.01, clipnorm=1.0)


def _run(k, case, optimizer, weights=None):
    model, x, y, arguments, fit = CASES[case](k)
    if weights is not None:
        model.set_weights(weights)
    start = model.get_weights()
    model.compile(_optimizer(k, optimizer), **arguments)
    history = model.fit(x, y, **{"batch_size": 5, "epochs": 4, "shuffle": False, "verbose": 0, **fit}).history
    return start, {k: [float(i) for i in v] for k, v in history.items()}, model.get_weights()


@functools.lru_cache(None)
def _expected(k, case, optimizer):
    k.backend.clear_session()
    return _run(k, case, optimizer)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("optimizer", ["sgd", "rmsprop", "adam"])
@pytest.mark.parametrize("case", CASES)
def test_twenty_steps_follow_keras(case, optimizer, backend, tf_keras):
    import kshim

    weights, curves, end = _expected(tf_keras, case, optimizer)
    _, found, found_end = _run(kshim, case, optimizer, weights)
    assert list(found) == list(curves)
    for name, values in curves.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-4, atol=1e-5, err_msg=name)
    assert curves["loss"][-1] != curves["loss"][0]
    for i, (a, b) in enumerate(zip(found_end, end)):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=3e-4, err_msg=f"weight {i} at the end")
