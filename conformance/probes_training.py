"""Probes of the trainer against the same training written out in NumPy, and of what must not change a training."""

import numpy as np

from .layers_run import settings
from .probes import Known, data, probe

_X, _Y, _KERNEL = data(10, 3), data(10, 2, seed=1), data(3, 2, seed=2)
_WEIGHTS = np.array([0.5, 2.0, 0.0, 1.25, 1.0, 0.75, 3.0, 0.25, 1.5, 1.0])
_SIZE, _EPOCHS, _RATE, _DECAY, _L2 = 4, 3, 0.05, 0.3, 0.02


def _linear(dtype, optimizer, **compiled):
    """A model x K + b with K given and an L2 penalty on K."""
    from kshim import layers, models

    dense = layers.Dense(2, kernel_regularizer="l2", input_shape=(3,))
    dense.kernel_regularizer.l2 = _L2
    model = models.Sequential([dense])
    model.compile(optimizer, "mse", **compiled)
    dense.kernel.assign(_KERNEL.astype(dtype))
    return model


def _by_hand():
    """(kernel, bias, loss and mean absolute error of each epoch) after gradient descent with batches in order."""
    kernel, bias, losses, errors, step = _KERNEL, np.zeros(2), [], [], 0
    for _ in range(_EPOCHS):
        total = away = 0.0
        for start in range(0, len(_X), _SIZE):
            x, y, w = (a[start : start + _SIZE] for a in (_X, _Y, _WEIGHTS))
            error = x @ kernel + bias - y
            total += len(x) * (np.mean(w * (error**2).mean(-1)) + _L2 * (kernel**2).sum())
            away += np.abs(error).sum() / _Y.size
            slope = error * w[:, None] * 2.0 / error.size
            rate = _RATE / (1.0 + _DECAY * step)
            kernel, bias = kernel - rate * (x.T @ slope + 2.0 * _L2 * kernel), bias - rate * slope.sum(0)
            step += 1
        losses.append(total / len(_X))
        errors.append(away)
    return kernel, bias, losses, errors


def _evaluated(kernel, bias):
    """The loss and the mean absolute error without weights."""
    error = _X @ kernel + bias - _Y
    return (error**2).mean() + _L2 * (kernel**2).sum(), np.abs(error).mean()


@probe("", "looped", level="models")
def trained_by_hand(b, dtype):
    """Sample weights, a penalty, Keras 2's `decay`, a smaller last batch; losses and metrics of an epoch are means over its samples."""
    from kshim import optimizers

    kernel, bias, losses, errors = _by_hand()
    loss, error = _evaluated(kernel, bias)
    with settings(dtype):
        model = _linear(dtype, optimizers.SGD(_RATE, decay=_DECAY), metrics=["mae"])
        x, y, w = (a.astype(dtype) for a in (_X, _Y, _WEIGHTS))
        history = model.fit(x, y, batch_size=_SIZE, epochs=_EPOCHS, shuffle=False, sample_weight=w, verbose=0).history
        got = model.evaluate(x, y, batch_size=3, verbose=0)
        return {
            "losses": Known(np.asarray(history["loss"], dtype), np.asarray(losses, dtype)),
            "errors": Known(np.asarray(history["mae"], dtype), np.asarray(errors, dtype)),
            "kernel": Known(model.weights[0].numpy(), kernel.astype(dtype)),
            "bias": Known(model.weights[1].numpy(), bias.astype(dtype)),
            "evaluated loss": Known(np.asarray(got[0], dtype), np.asarray(loss, dtype)),
            "evaluated metric": Known(np.asarray(got[1], dtype), np.asarray(error, dtype)),
            "predictions": Known(model.predict(x, batch_size=3, verbose=0), (_X @ kernel + bias).astype(dtype)),
            "steps": Known(np.array(int(model.optimizer.iterations)), np.array(_EPOCHS * 3)),
        }


@probe("", "looped", level="models")
def loss_scaling(b, dtype):
    """A scaled loss with gradients divided by the scale trains as without; what overflows is left out, and halves the scale."""
    from kshim import optimizers

    out = {}
    with settings(dtype):
        x, y = _X.astype(dtype), _Y.astype(dtype)
        plain = _linear(dtype, optimizers.SGD(_RATE))
        plain.fit(x, y, batch_size=_SIZE, epochs=_EPOCHS, shuffle=False, verbose=0)
        for name, options in (
            ("fixed", {"dynamic": False, "initial_scale": 64.0}),
            ("dynamic", {"initial_scale": 64.0}),
        ):
            model = _linear(dtype, optimizers.LossScaleOptimizer(optimizers.SGD(_RATE), **options))
            model.fit(x, y, batch_size=_SIZE, epochs=_EPOCHS, shuffle=False, verbose=0)
            for i, (got, expected) in enumerate(zip(model.get_weights(), plain.get_weights())):
                out[f"{name} weight {i}"] = Known(got, np.asarray(expected))
        before = model.get_weights()
        model.fit(np.full_like(x, np.inf), y, batch_size=10, verbose=0)
        for i, (got, expected) in enumerate(zip(model.get_weights(), before)):
            out[f"overflow weight {i}"] = Known(got, np.asarray(expected))
        out["scale"] = Known(np.float64(model.optimizer.loss_scale.numpy()), np.float64(32.0))
    return out


@probe("", "exact", fixed=True, level="models")
def loss_scaling_in_half_precision(b, dtype):
    """A gradient of 2**-28, which float16 does not have, survives with a scale of 2**10."""
    from kshim import layers, models, optimizers

    def loss(y_true, y_pred):
        return y_pred * 2.0**-20

    out = {}
    with settings("float32"):
        x, y = np.full((1, 1), 2.0**-8, "float32"), np.zeros((1, 1), "float32")
        dense = layers.Dense(1, use_bias=False, kernel_initializer="ones", dtype="mixed_float16", input_shape=(1,))
        model = models.Sequential([dense])
        inner = optimizers.SGD(2.0**20)
        model.compile(optimizers.LossScaleOptimizer(inner, dynamic=False, initial_scale=2.0**10), loss)
        model.fit(x, y, verbose=0)
        out["kernel"] = Known(dense.kernel.numpy(), np.full((1, 1), 1.0 - 2.0**-8, "float32"))
    return out


@probe("", "exact", level="models")
def training_and_testing(b, dtype):
    """Only training drops and moves statistics; what was read from a variable before stays as it was."""
    from kshim import layers, models, optimizers

    with settings(dtype):
        x, y = _X.astype(dtype), _Y.astype(dtype)
        model = models.Sequential([layers.BatchNormalization(input_shape=(3,)), layers.Dropout(0.5), layers.Dense(2)])
        model.compile(optimizers.SGD(_RATE, momentum=0.9), "mse")
        start = model.get_weights()
        first = model.evaluate(x, y, verbose=0)
        tested = model.get_weights()
        again = model.evaluate(x, y, verbose=0)
        error = np.mean((model.predict(x, verbose=0).astype("float64") - _Y) ** 2)
        out = {"evaluated again": Known(np.array(again == first), np.array(True))}
        out["evaluated as predicted"] = Known(np.array(abs(first - error) < 1e-5 * error), np.array(True))
        for i, (a, t) in enumerate(zip(start, tested)):
            out[f"weight {i} tested"] = Known(t, a)
        for part in ("once", "twice"):  # what a step has made itself it may overwrite, if nobody holds it
            held, read = model.get_weights(), [w.value for w in model.weights]
            model.fit(x, y, batch_size=5, epochs=2, verbose=0)
            for i, (a, r, n) in enumerate(zip(held, read, model.get_weights())):
                out[f"weight {i} read before, trained {part}"] = Known(
                    np.array(np.array_equal(r.numpy(), a)), np.array(True)
                )
                out[f"weight {i} moved, trained {part}"] = Known(np.array(bool((a != n).any())), np.array(True))
        return out
