"""Probes of compiled training by `fit`: how often layers run, which values a step sees, and who may hold on to them.

The model is y = sum(x * w): with the loss sum(p) and the input x the gradient is the sum of x over the batch, whatever w
is, so every weight is worked out by hand.
"""

import numpy as np

from .probes import Known, probe, yes
from .probes_seeds import seeded

_X = np.array([[1.0, 2.0], [3.0, 5.0], [-1.0, 0.5], [0.25, 0.125]])
_ONES = np.ones((4, 1))
_START = np.array([[0.5], [-1.5]])


def _layer(call, **variables):
    """A layer with a kernel (2, 1) and other variables, not trained; `call(layer, inputs)` may look at all of them."""
    from kshim import layers

    class Scaled(layers.Layer):
        def build(self, input_shape):
            for name, value in variables.items():
                value = np.asarray(value)
                made = self.add_weight(name=name, shape=value.shape, initializer="zeros", trainable=False)
                made.assign(value)
                setattr(self, name, made)
            self.kernel = self.add_weight(name="kernel", shape=(2, 1), initializer="zeros")
            self.kernel.assign(_START)
            self.built = True

        def call(self, inputs):
            return call(self, inputs)

    return Scaled()


def _product(layer, inputs):
    from kshim import ops

    return ops.matmul(inputs, layer.kernel)


def _model(call=_product, optimizer=None, **variables):
    """(layer, compiled model) with plain gradient descent of rate 0.5 and the mean of the outputs for a loss."""
    from kshim import models, optimizers

    layer = _layer(call, **variables)
    model = models.Sequential([layer])
    model.compile(optimizer or optimizers.SGD(0.5), lambda y, p: p * y)
    model.build((None, 2))
    return layer, model


def _gradient(x=_X):
    return x.mean(0)[:, None]


def _fit(model, x=_X, **options):
    options = {"batch_size": len(x), "epochs": 1, "shuffle": False, "verbose": 0, **options}
    return model.fit(x, np.ones((len(x), 1)), **options)


@probe("", "exact", level="compile", dtypes=("float64",))
def fit_runs(b, dtype):
    """A layer runs no more in a second epoch, with another learning rate, in a second `fit`, a second `evaluate` or
    `predict`, though the last batch of each epoch is smaller: steps are traced or recorded on every backend."""
    from kshim import callbacks

    out = {}
    with seeded(1, dtype):
        runs = []
        layer, model = _model(lambda layer, x: (runs.append(1), _product(layer, x))[1])
        x = np.arange(20.0).reshape(10, 2)
        schedule = callbacks.LearningRateScheduler(lambda epoch: 0.5 / (1 + epoch))

        def counted(what, function):
            before = len(runs)
            function()
            out[what] = yes(len(runs) == before)

        ends = []
        count = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: ends.append(len(runs)))
        _fit(model, x, batch_size=4, epochs=4, callbacks=[schedule, count])
        for epoch in (1, 2, 3):
            out[f"epoch {epoch}"] = yes(ends[epoch] == ends[epoch - 1])
        counted("another fit", lambda: _fit(model, x, batch_size=4))
        model.optimizer.learning_rate = 0.125
        counted("another rate", lambda: _fit(model, x, batch_size=4))
        layer.kernel.assign(_START)
        model.set_weights([w + 1.0 for w in model.get_weights()])
        counted("other weights", lambda: _fit(model, x, batch_size=4))
        for name, function in (
            ("evaluate", lambda: model.evaluate(x, np.ones((10, 1)), batch_size=4, verbose=0)),
            ("predict", lambda: model.predict(x, batch_size=4, verbose=0)),
        ):
            function()
            counted(f"second {name}", function)
        counted("train_on_batch", lambda: model.train_on_batch(x[:4], np.ones((4, 1))))
    return out


@probe("", "exact", level="compile", dtypes=("float64",))
def fit_sees_assignments(b, dtype):
    """A weight assigned between two steps, by hand, by `set_weights` or by a callback, is what the next step starts from."""
    from kshim import callbacks, ops

    out, g = {}, _gradient()
    with seeded(1, dtype):
        layer, model = _model(lambda layer, x: _product(layer, x) * layer.scale, scale=1.0)
        _fit(model)
        out["first"] = Known(layer.kernel.numpy(), _START - 0.5 * g)
        layer.kernel.assign(_START * 4)
        _fit(model)
        out["assigned"] = Known(layer.kernel.numpy(), _START * 4 - 0.5 * g)
        layer.kernel.assign(ops.multiply(layer.kernel, 2.0))
        _fit(model)
        out["assigned a tensor"] = Known(layer.kernel.numpy(), (_START * 4 - 0.5 * g) * 2 - 0.5 * g)
        model.set_weights([np.array(3.0), _START] if model.weights[0].shape == () else [_START, np.array(3.0)])
        _fit(model)
        out["set_weights"] = Known(layer.kernel.numpy(), _START - 1.5 * g)
        reset = callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: layer.kernel.assign(_START * epoch))
        change = callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: layer.scale.assign(1.0 + epoch))
        for epochs in (1, 3):
            _fit(model, epochs=epochs, callbacks=[reset, change])
            answer = _START * (epochs - 1) - 0.5 * epochs * g
            out[f"callback, {epochs} epochs"] = Known(layer.kernel.numpy(), answer)
    return out


@probe("", "function", level="compile", dtypes=("float64",))
def fit_sees_learning_rates(b, dtype):
    """A rate set by hand, by a callback before an epoch or a batch, by `K.set_value`, or by a schedule: and to all digits."""
    from kshim import backend as K
    from kshim import callbacks, optimizers

    out, g = {}, _gradient()
    with seeded(1, dtype):
        layer, model = _model()
        done = 0.0

        def step(name, rates, **options):
            nonlocal done
            _fit(model, epochs=len(rates), **options)
            done += sum(rates)
            out[name] = Known(layer.kernel.numpy(), _START - done * g)

        step("at first", [0.5])
        for rate in (1.0 / 3.0, 0.1 + 1e-12, 1e-9):
            model.optimizer.learning_rate = rate
            step(f"{rate!r}", [rate])
        K.set_value(model.optimizer.lr, 0.7)
        step("K.set_value", [0.7])
        by_epoch = callbacks.LearningRateScheduler(lambda epoch: 0.1 * (epoch + 1))
        step("LearningRateScheduler", [0.1, 0.2, 0.1 * 3], callbacks=[by_epoch])
        rates = [0.3, 0.4, 0.01]
        by_batch = callbacks.LambdaCallback(
            on_batch_begin=lambda batch, logs: K.set_value(model.optimizer.lr, rates.pop(0))
        )
        step("before each batch", list(rates), callbacks=[by_batch])
        schedule = optimizers.schedules.PiecewiseConstantDecay([1, 2], [0.5, 0.25, 0.125])
        layer, model = _model(optimizer=optimizers.SGD(schedule))
        done = 0.0
        step("a schedule", [0.5, 0.5, 0.25, 0.125])
    return out


@probe("", "function", level="compile", dtypes=("float64",))
def fit_sees_the_step(b, dtype):
    """Adam's bias corrections are those of each step (Kingma and Ba 2015), and a reset of `iterations` begins them again."""
    from kshim import optimizers

    out, g = {}, _gradient()
    with seeded(1, dtype):
        layer, model = _model(optimizer=optimizers.Adam(0.1, epsilon=1e-3))
        w, m, v = _START, 0.0, 0.0
        for t in (1, 2, 3):
            _fit(model)
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
            w = w - 0.1 * np.sqrt(1 - 0.999**t) / (1 - 0.9**t) * m / (np.sqrt(v) + 1e-3)
            out[f"step {t}"] = Known(layer.kernel.numpy(), w)
        model.optimizer.iterations.assign(0)
        _fit(model)
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        w = w - 0.1 * np.sqrt(1 - 0.999) / (1 - 0.9) * m / (np.sqrt(v) + 1e-3)
        out["begun again"] = Known(layer.kernel.numpy(), w)
    return out


@probe("", "function", level="compile", dtypes=("float64",))
def fit_keeps_what_was_taken(b, dtype):
    """Tensors made of a weight before a step, views and casts of it too, keep their values when the step overwrites it."""
    from kshim import backend as K
    from kshim import ops, optimizers

    takes = {
        "value": lambda v: v.value,
        "convert_to_tensor": ops.convert_to_tensor,
        "cast": lambda v: ops.cast(v, "float64"),
        "identity": K.identity,
        "reshape": lambda v: ops.reshape(v, (2, 1)),
        "transpose": lambda v: ops.transpose(ops.transpose(v)),
        "slice": lambda v: v[0:2],
        "stop_gradient": ops.stop_gradient,
        "expand_dims": lambda v: ops.squeeze(ops.expand_dims(v, 0), 0),
        "broadcast": lambda v: ops.broadcast_to(v, (2, 1)),
        "abs of abs": lambda v: ops.maximum(v, v),
        "numpy": lambda v: v.numpy(),
    }
    out = {}
    for name, optimizer in (("SGD", lambda: optimizers.SGD(0.5)), ("Adam", lambda: optimizers.Adam(0.5))):
        with seeded(1, dtype):
            layer, model = _model(optimizer=optimizer())
            _fit(model)
            for what, take in takes.items():
                before, taken = layer.kernel.numpy().copy(), take(layer.kernel)
                _fit(model)
                got = taken if isinstance(taken, np.ndarray) else taken.numpy()
                out[f"{what}, {name}"] = Known(got, before)
                out[f"after {what}, {name}"] = yes(not np.array_equal(layer.kernel.numpy(), before))
    return out


@probe("", "exact", level="compile", dtypes=("float64",))
def fit_keeps_variables_apart(b, dtype):
    """Variables that were assigned one another, outside or within a step, go their own ways afterwards."""
    from kshim import optimizers

    out, g = {}, _gradient()
    for name, optimizer in (("SGD", optimizers.SGD), ("momentum", lambda lr: optimizers.SGD(lr, momentum=0.5))):
        with seeded(1, dtype):

            def call(layer, inputs):
                layer.last.assign(layer.kernel)
                layer.twice.assign(layer.kernel)
                return _product(layer, inputs)

            layer, model = _model(call, optimizer(0.5), last=_START * 0, twice=_START * 0)
            w, velocity, momentum = _START, 0.0, 0.5 if name == "momentum" else 0.0
            for step in range(3):
                _fit(model)
                before, velocity = w, momentum * velocity - 0.5 * g
                w = w + velocity
                for what, answer in (("kernel", w), ("last", before), ("twice", before)):
                    out[f"{what} after step {step} of {name}"] = Known(getattr(layer, what).numpy(), answer)
            layer.last.assign(layer.kernel)
            layer.kernel.assign(layer.twice)
            _fit(model)
            velocity = momentum * velocity - 0.5 * g
            out[f"kernel after exchange, {name}"] = Known(layer.kernel.numpy(), before + velocity)
            out[f"last after exchange, {name}"] = Known(layer.last.numpy(), before)
    return out


@probe("", "exact", level="compile", dtypes=("float64",))
def fit_and_foreign_variables(b, dtype):
    """A variable that the model does not own: a change between steps is seen, one within a step is kept as a number."""
    from kshim import backend as K

    out, g = {}, _gradient()
    with seeded(1, dtype):
        scale, count = K.variable(1.0), K.variable(0.0)

        def call(layer, inputs):
            count.assign_add(1.0)
            return _product(layer, inputs) * scale

        layer, model = _model(call)
        w = _START
        for step, factor in enumerate((1.0, 2.0, -3.0)):
            K.set_value(scale, factor)
            _fit(model)
            w = w - 0.5 * factor * g
            out[f"read in step {step}"] = Known(layer.kernel.numpy(), w)
            out[f"counted in step {step}"] = Known(np.float64(count.numpy()), np.float64(step + 1))
        K.set_value(count, 10.0)
        _fit(model)
        out["counted on"] = Known(np.float64(count.numpy()), np.float64(11.0))
        model.predict(_X, verbose=0)
        out["a number"] = yes(np.isfinite(float(count.numpy())))
    return out


@probe("", "looped", level="compile", dtypes=("float64",))
def fit_equals_eager(b, dtype):
    """The same model trained with and without `run_eagerly`: weights, metrics, dropout, state and losses."""
    from kshim import layers, models, optimizers

    ends = {}
    x = np.random.default_rng(4).standard_normal((22, 5))
    y = (x.sum(1, keepdims=True) > 0).astype("float64")
    for eagerly in (True, False):
        with seeded(3, dtype):
            model = models.Sequential(
                [layers.Dense(6, activation="tanh"), layers.BatchNormalization(), layers.Dropout(0.3), layers.Dense(1, activation="sigmoid")]
            )  # fmt: skip
            model.compile(optimizers.Adam(0.01), "binary_crossentropy", metrics=["accuracy"], run_eagerly=eagerly)
            history = model.fit(x, y, batch_size=8, epochs=3, verbose=0)
            found = [np.asarray(v) for v in history.history.values()]
            ends[eagerly] = [*found, *model.get_weights(), model.predict(x, verbose=0)]
    return {"compiled": [Known(got, plain) for got, plain in zip(ends[False], ends[True])], "eager": ends[True]}
