"""Conversion at the seam, loops and branches, gradients, steps."""

import os
import platform

import numpy as np
from numpy import ndarray

from kshim.spec.memory import own

from .dtypes import name_of
from .tape import Box, Tape, fit, record_joint, unbox


def map_tree(function, tree):
    """`tree` (list, tuple, dict or None inside one another) with `function` applied to its leaves."""
    if tree is None:
        return None
    if isinstance(tree, dict):
        return {key: map_tree(function, value) for key, value in tree.items()}
    if isinstance(tree, (list, tuple)):
        items = [map_tree(function, item) for item in tree]
        return type(tree)(*items) if hasattr(tree, "_fields") else type(tree)(items)
    return function(tree)


class Control:
    """The methods of `kshim.spec.table.CONTROL`."""

    def from_numpy(self, array):
        return np.array(array, order="C")

    def to_numpy(self, x):
        x = unbox(x)
        return x.astype(np.float32) if name_of(x.dtype) == "bfloat16" else np.array(x, order="C")

    def shape_of(self, x):
        return x.shape

    def dtype_of(self, x):
        return name_of(x.dtype)

    def is_tensor(self, x):
        return isinstance(x, (ndarray, Box))

    def scan(self, step, init, xs, length, reverse):
        carry = list(init)
        if length == 0:
            zeros = [np.zeros(x.shape[1:], x.dtype) for x in xs]
            return carry, [np.zeros((0,) + y.shape, y.dtype) for y in step(carry, zeros)[1]]
        slices = [self._slices(x) for x in xs]
        rows = [None] * length
        for t in reversed(range(length)) if reverse else range(length):
            carry, rows[t] = step(carry, [s[t] for s in slices])
        return list(carry), [self.stack(list(ys), 0) for ys in zip(*rows)]

    def _slices(self, x):
        """x[0], x[1], ... with one node on the tape for all."""
        if type(x) is not Box:
            return [x[t, ...] for t in range(len(x))]

        def pull(*gs):
            out = np.zeros(x.shape, x.dtype)
            for t, g in enumerate(gs):
                if g is not None:
                    out[t] = g
            return (out,)

        return record_joint((x,), [x.value[t, ...] for t in range(len(x.value))], pull)

    def while_loop(self, condition, body, state):
        state = list(state)
        while bool(unbox(condition(state))):
            state = list(body(state))
        return state

    def cond(self, predicate, if_true, if_false):
        return if_true() if bool(unbox(predicate)) else if_false()

    def value_and_grad(self, function):
        def run(params, *rest):
            params = list(params)
            for p in params:
                if type(p) is Box and p.tape.nodes is not None:
                    raise TypeError(
                        "value_and_grad received parameters whose gradient is already being computed. The numpy "
                        "backend computes first derivatives only; use the torch, jax or tensorflow backend for more."
                    )
            tape = Tape()
            values = [unbox(p) for p in params]
            with np.errstate(all="ignore"):
                loss, aux = function([tape.leaf(v) for v in values], *rest)
                found = [None] * len(values)
                if type(loss) is Box and loss.tape is tape:
                    if loss.shape != ():
                        raise ValueError(
                            f"The loss to differentiate must be a scalar; received a tensor of shape {loss.shape}. "
                            "Reduce it first, for example with a mean."
                        )
                    found = tape.gradients(loss, len(values))
            tape.nodes = None
            grads = [np.zeros_like(v) if g is None else np.asarray(g, v.dtype) for v, g in zip(values, found)]
            return (unbox(loss), map_tree(unbox, aux)), grads

        return run

    def custom_gradient(self, forward, backward):
        def call(*xs):
            y, residuals = forward(*map(unbox, xs))
            if not any(type(x) is Box for x in xs):
                return y

            def pull(g):
                cotangents = backward(residuals, np.asarray(g))
                pairs = zip(cotangents, xs)
                return [fit(np.asarray(ct), x.shape) if type(x) is Box and ct is not None else None for ct, x in pairs]

            return record_joint(xs, [y], pull)[0]

        return call

    def compile_step(self, function, donate):
        def run(state, hyper, batch):
            with np.errstate(all="ignore"):
                return function(state, hyper, map_tree(self._batch_leaf, batch))

        return run

    def _batch_leaf(self, leaf):
        """A copy, so that nothing the step keeps changes when the caller refills its buffer."""
        return leaf if type(leaf) is Box else own(np.asanyarray(leaf))

    def host_scalar(self, value, dtype):
        # A NumPy scalar would widen float32 arrays; a Python number takes their dtype.
        return value.item() if isinstance(value, np.generic) else value

    def mix_key(self, key, words):
        return key[0] ^ words[0], key[1] ^ words[1]

    def synchronize(self, x):
        return None

    def devices(self):
        return ["cpu"]

    def info(self):
        return {
            "name": self.name,
            "version": np.__version__,
            "device": "cpu",
            "machine": platform.machine(),
            "cores": os.cpu_count(),
        }
