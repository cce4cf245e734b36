"""Models trained with the ordinary Keras interface, on data from fixed seeds: what whole training runs must agree on.

Every run takes 200 steps. A function of `MODELS` gives (model, x, y) and may add a dict of further arguments of `fit`;
in it, `run(model, x, y)` trains in another way and gives the history, `predict` is the batch size of prediction.
Shapes are small: a run takes seconds.
"""

import contextlib
import functools
import json
import os
from dataclasses import dataclass

import numpy as np

from . import models_custom, models_images, models_parts, models_sequences
from .case import FLOATS
from .evaluate import has_bfloat16
from .models_data import BATCH, EPOCHS, SAMPLES, generator
from .run import failure
from .trace import Entry, Result

#: Trained in the quick subset too.
_QUICK = (
    "mlp cnn lstm gru vae two_inputs stateful regularised constrained optimizer_adam optimizer_sgd_nesterov".split()
)
#: Policies of mixed precision, and the models that are trained in them too.
MIXED = ("mixed_float16", "mixed_bfloat16")
_MIXED = "mlp cnn lstm gru two_inputs residual vgg unet attention transformer stateful optimizer_adam".split()
_KNOWN = os.path.join(os.path.dirname(__file__), "known", "models.json")


def mlp():
    """Dense layers with dropout; Adam, sparse labels, accuracy."""
    from kshim import layers, models, optimizers

    model = models.Sequential(
        [
            layers.Dense(16, activation="relu", input_shape=(6,)),
            layers.Dropout(0.3),
            layers.Dense(8, activation="tanh"),
            layers.Dropout(0.2),
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile(optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    rng = generator("mlp")
    x = rng.standard_normal((SAMPLES, 6))
    return model, x, (x[:, 0] > 0).astype("int32") + (x[:, 1] > 0.5)


def cnn():
    """Convolutions with batch normalisation and pooling; SGD with momentum, one-hot labels."""
    from kshim import layers, models, optimizers

    model = models.Sequential(
        [
            # No bias before batch normalisation: its gradient is 0, and what is left is rounding noise.
            layers.Conv2D(6, 3, padding="same", use_bias=False, input_shape=(8, 8, 2)),
            layers.BatchNormalization(fused=False),  # fused keeps another variance in float32 than float64 has
            layers.Activation("relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False),
            layers.BatchNormalization(momentum=0.9, fused=False),
            layers.Activation("relu"),
            layers.Dropout(0.25),
            layers.GlobalAveragePooling2D(),
            layers.Dense(4, activation="softmax"),
        ]
    )
    model.compile(optimizers.SGD(0.01, momentum=0.9, nesterov=True), "categorical_crossentropy", metrics=["accuracy"])
    rng = generator("cnn")
    return model, rng.standard_normal((SAMPLES, 8, 8, 2)), np.eye(4)[rng.integers(0, 4, SAMPLES)]


def lstm():
    """A stack of LSTMs, the first with dropout on its inputs and states; RMSprop."""
    from kshim import layers, models, optimizers

    model = models.Sequential(
        [
            layers.LSTM(8, return_sequences=True, dropout=0.1, recurrent_dropout=0.1, input_shape=(7, 3)),
            layers.LSTM(6),
            layers.Dropout(0.2),
            layers.Dense(1),
        ]
    )
    model.compile(optimizers.RMSprop(0.005), "mse", metrics=["mae"])
    rng = generator("lstm")
    x = rng.standard_normal((SAMPLES, 7, 3))
    return model, x, np.cumsum(x[..., 0], 1)[:, -1:]


def gru():
    """Embedded tokens of different lengths, masked, through a bidirectional GRU; Adam."""
    from kshim import layers, models, optimizers

    model = models.Sequential(
        [
            layers.Embedding(20, 6, mask_zero=True),
            layers.Bidirectional(layers.GRU(5)),
            layers.Dropout(0.3),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizers.Adam(0.01), "binary_crossentropy", metrics=["accuracy"])
    rng = generator("gru")
    x = rng.integers(1, 20, (SAMPLES, 9))
    x[np.arange(9)[None] >= rng.integers(1, 10, SAMPLES)[:, None]] = 0
    return model, x.astype("int32"), ((x == 7).any(1) | (x == 3).any(1)).astype("int32")


def two_inputs():
    """A functional model of two inputs and two outputs with weighted losses, sample weights and regularisers; Adagrad."""
    from kshim import layers, models, optimizers, regularizers

    a, c = layers.Input(shape=(5,), name="a"), layers.Input(shape=(4,), name="c")
    left = layers.Dense(8, activation="relu", kernel_regularizer=regularizers.l2(1e-3))(a)
    right = layers.Dropout(0.2)(layers.Dense(8, activation="elu")(c))
    both = layers.concatenate([left, right, layers.multiply([left, right])])
    hidden = layers.Dropout(0.2)(layers.Dense(10, activation="tanh")(both))
    outputs = [layers.Dense(1, name="value")(hidden), layers.Dense(3, activation="softmax", name="kind")(left)]
    model = models.Model([a, c], outputs)
    model.compile(optimizers.Adagrad(0.05), ["mse", "sparse_categorical_crossentropy"], loss_weights=[1.0, 0.5])
    rng = generator("two_inputs")
    x, z = rng.standard_normal((SAMPLES, 5)), rng.standard_normal((SAMPLES, 4))
    return model, [x, z], [x[:, :1] * z[:, :1], rng.integers(0, 3, SAMPLES)]


def residual():
    """Residual blocks with layer normalisation; Adam with clipped gradients and a decaying rate."""
    from kshim import layers, models, optimizers

    inputs = layers.Input(shape=(10, 6))
    x = layers.Conv1D(8, 3, padding="causal")(inputs)
    for rate in (1, 2):
        y = layers.LayerNormalization()(x)
        y = layers.Conv1D(8, 3, padding="same", dilation_rate=rate, activation="relu")(y)
        x = layers.add([x, layers.Dropout(0.2)(y)])
    x = layers.AveragePooling1D(2)(x)
    outputs = layers.Dense(3)(layers.Flatten()(x))
    model = models.Model(inputs, outputs)
    rate = optimizers.schedules.ExponentialDecay(0.01, 50, 0.8)
    model.compile(optimizers.Adam(rate, clipnorm=1.0), "mse", metrics=["mae"])
    rng = generator("residual")
    x = rng.standard_normal((SAMPLES, 10, 6))
    return model, x, x[:, :3, 0] * 0.5 + x[:, 3:6, 1]


OWN = {f.__name__: f for f in (mlp, cnn, lstm, gru, two_inputs, residual)}
MODELS = {**OWN, **models_images.MODELS, **models_sequences.MODELS, **models_custom.MODELS, **models_parts.MODELS}


@dataclass(frozen=True)
class Training:
    """One model to train; stands among cases and probes."""

    op: str
    part = "models"

    @property
    def id(self):
        return f"{self.part}/{self.op}"

    @property
    def quick(self):
        return self.op in _QUICK


def units():
    """All of them. Raises `LookupError` when an exported optimizer, schedule, regulariser or constraint has none."""
    models_parts.check_complete()
    return [Training(name) for name in MODELS]


def jobs(unit):
    for dtype in (*FLOATS, *(MIXED if unit.op in _MIXED else ())):
        yield f"{unit.id} {dtype}", lambda b, u=unit, d=dtype: [run_training(b, u, d)] if _has(b, d) else []


def _has(b, dtype):
    """Whether the backend can train in a float type or policy."""
    return dtype != "mixed_bfloat16" or has_bfloat16(b)


@functools.cache
def known():
    """Model -> {"by": who computed it, "history": {name: values}} in float64; see `record_models`."""
    with open(_KNOWN, encoding="utf-8") as f:
        return json.load(f)


def run_training(b, training, dtype):
    """The result of training a model: losses and metrics of every epoch, predictions, weights."""
    result = Result(training.id, dtype, "eager", partial=dtype != "float64")  # known courses are of float64
    try:
        history, predicted, weights = train(training.op, dtype)
        answers = known().get(training.op, {}) if dtype == "float64" else {}
        kind = "course" if answers.get("by") == "tf_keras" else "curve"
        for name, values in history.items():
            expected = answers.get("history", {}).get(name)
            values = np.asarray(values, variable_dtype(dtype))
            if expected is not None:
                result.entries.append(Entry(f"course of {name}", kind, dtype, values, np.asarray(expected)))
            result.entries.append(Entry(f"history of {name}", "curve", values.dtype.name, values))
        for i, (array, expected) in enumerate(zip(predicted, answers.get("predicted", ()))):
            result.entries.append(Entry(f"sums of prediction[{i}]", kind, dtype, sums(array), np.asarray(expected)))
        given = "float16" if dtype == "mixed_float16" else variable_dtype(dtype)  # bfloat16 comes out as float32
        named = [(f"prediction[{i}]", p, given) for i, p in enumerate(predicted)]
        named += [(f"weight {name}", w, variable_dtype(dtype)) for name, w in weights.items()]
        result.entries += [Entry(name, "weights", a.dtype.name, a, table=(a.shape, form)) for name, a, form in named]
    except Exception as error:
        result.error = failure(error)
    return result


def sums(prediction):
    """The mean of predictions and of their squares: what is known of them."""
    return np.array([prediction.mean(), (prediction**2).mean()])


def _floats(arrays, dtype):
    if isinstance(arrays, list):
        return [_floats(a, dtype) for a in arrays]
    return arrays.astype(dtype) if arrays.dtype.kind == "f" else arrays


def train(name, dtype):
    """Train a model in a float type or policy: (losses and metrics by name, predictions, {weight name: array}).

    Runs on the backend in use; the global float type is put back afterwards.
    """
    with started(dtype):
        model, x, y, *rest = MODELS[name]()
        how = dict(rest[0]) if rest else {}
        run, size = how.pop("run", None), how.pop("predict", 50)
        x, y = (_floats(arrays, variable_dtype(dtype)) for arrays in (x, y))
        if run is None:
            fit = {"batch_size": BATCH, "epochs": EPOCHS, "shuffle": True, "verbose": 0, **how}
            history = model.fit(x, y, **fit).history
        else:
            history = run(model, x, y)
        predicted = model.predict(x, batch_size=size, verbose=0)
        weights = {f"{i} {w.name}": np.asarray(a) for i, (w, a) in enumerate(zip(model.weights, model.get_weights()))}
    predicted = predicted if isinstance(predicted, list) else [predicted]
    return history, [np.asarray(p) for p in predicted], weights


def variable_dtype(dtype):
    """The dtype of the variables in a float type or policy."""
    return "float32" if dtype in MIXED else dtype


@contextlib.contextmanager
def started(dtype):
    """As at the start of a program with a seed, in a float type or policy; both are put back afterwards."""
    from kshim import config, mixed_precision
    from kshim.engine import names, seeds

    before = config.floatx()
    names.reset_uids()
    seeds.set_random_seed(1234)
    config.set_floatx(variable_dtype(dtype))
    mixed_precision.set_global_policy(dtype if dtype in MIXED else None)
    try:
        yield
    finally:
        config.set_floatx(before)
        mixed_precision.set_global_policy(None)
