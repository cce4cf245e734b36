"""Dropout in steps as training prepares them."""

import kshim
from kshim import layers
from kshim.engine.context import step_scope
from kshim.engine.tensor import Tensor
from kshim.spec import registry
from kshim.spec.rng import fold
from kshim.training.replay import prepared

from .masks_shared import COUNT, RATE, arrays, seconds


class Masks:
    """`N`: seconds that dropout of (128, N) float32 takes, with its gradient if the name is backward."""

    def __init__(self, name):
        self.name, self.steps = name, {}
        self.layers = [layers.Dropout(RATE) for _ in range(COUNT)]

    def __call__(self, line):
        width = int(line)
        if width not in self.steps:
            self.steps[width] = self._step(width)
        return seconds(self.steps[width])

    def _step(self, width):
        backend = registry.resolve()
        run = prepared(backend, getattr(self, f"_{self.name}"), False)
        state = dict(zip(("x", "cotangents"), [[backend.from_numpy(a) for a in some] for some in arrays(width)]))

        def step(n):
            k0, k1 = fold(0, "step", n)
            for out in run(state, {"key0": k0, "key1": k1}, [])[1]:
                backend.synchronize(out)

        return step

    def _dropped(self, xs, hyper):
        with step_scope((hyper["key0"], hyper["key1"])):
            return [layer(Tensor(x), training=True) for layer, x in zip(self.layers, xs)]

    def _forward(self, state, hyper, batch):
        return {}, [y._value for y in self._dropped(state["x"], hyper)]

    def _backward(self, state, hyper, batch):
        def loss(xs):
            some = zip(self._dropped(xs, hyper), state["cotangents"])
            return sum(kshim.ops.sum(y * Tensor(c)) for y, c in some)._value, None

        backend = registry.state.backend
        (value, _), grads = backend.value_and_grad(loss)(state["x"])
        return {}, [value, *grads]
