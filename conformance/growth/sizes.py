"""Time of training steps for models and batches of many sizes, and over epochs."""

import time

import numpy as np

import kshim
from kshim import layers

#: Seconds of one measurement, at most so many steps of it, and layers of the nested models.
_SECONDS, _MOST, _NESTED = 0.4, 200, 64


def _stack(count, width):
    return kshim.Sequential([layers.Input((width,)), *[layers.Dense(width) for _ in range(count)]])


def _nested(depth):
    """64 layers in `depth` models inside one another."""
    inner = []
    for _ in range(depth):
        own = [layers.Dense(16) for _ in range(_NESTED // depth)]
        inner = [kshim.Sequential([layers.Input((16,)), *own, *inner])]
    return inner[0]


#: Name of the series -> (model, features, batch size) of a size.
_MADE = {
    "layers": lambda n: (_stack(n, 16), 16, 32),
    "width": lambda n: (_stack(4, n), n, 32),
    "batch": lambda n: (_stack(4, 64), 64, n),
    "depth": lambda n: (_nested(n), 16, 32),
}


class _Alone(kshim.callbacks.Callback):
    """Whoever looks at every batch keeps backends from joining steps, so that all sizes are measured alike."""

    def on_train_batch_end(self, batch, logs=None):
        pass


class Sizes:
    """`first N`: seconds that making and compiling the model, and its first step, take. `step N`: seconds of a step."""

    def __init__(self, name):
        self.make, self.models = _MADE[name], {}

    def __call__(self, line):
        what, size = line.split()
        return getattr(self, what)(int(size))

    def first(self, size):
        start = time.perf_counter()
        model, features, batch = self.make(size)
        model.compile("adam", "mse")
        made = time.perf_counter()
        x = np.random.RandomState(0).random_sample((batch, features)).astype("float32")
        self.models[size] = model, x, batch
        self._seconds(size, 1)
        first = time.perf_counter() - made
        steps = max(3, min(_MOST, int(_SECONDS / self._seconds(size, 3))))
        self.models[size] = model, np.tile(x, (steps, 1)), batch
        return {"build": made - start, "first": first}

    def step(self, size):
        return self._seconds(size, len(self.models[size][1]) // self.models[size][2])

    def _seconds(self, size, steps):
        """Of one of so many steps."""
        model, x, batch = self.models[size]
        if len(x) < steps * batch:
            x = np.tile(x, (steps, 1))
        start = time.perf_counter()
        model.fit(x, x, batch_size=batch, verbose=0, callbacks=[_Alone()])
        return (time.perf_counter() - start) / steps


class Epochs:
    """`N`: seconds of each of N epochs of 50 steps."""

    def __init__(self, name):
        self.model = _stack(3, 64)
        self.model.compile("adam", "mse")
        self.x = np.random.RandomState(0).random_sample((50 * 32, 64)).astype("float32")

    def __call__(self, line):
        times = []
        clock = kshim.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: times.append(time.perf_counter()))
        start = time.perf_counter()
        self.model.fit(self.x, self.x, epochs=int(line), verbose=0, callbacks=[clock])
        return [after - before for before, after in zip([start, *times], times)]
