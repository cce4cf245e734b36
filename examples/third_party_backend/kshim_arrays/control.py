"""The methods of `kshim.spec.table.CONTROL`: conversion, loops, gradients, steps, devices.

Operations run as they are called, so loops and branches are Python's and a step is the function itself.
"""

import numpy as np

from .creation import checked
from .device import device_names
from .elementwise import quiet
from .tape import Piece, Tape, Tensor


def mapped(function, tree):
    """A tree (lists, tuples, dicts and None inside one another) with `function` applied to its leaves."""
    if tree is None:
        return None
    if isinstance(tree, dict):
        return {key: mapped(function, value) for key, value in tree.items()}
    if isinstance(tree, (list, tuple)):
        leaves = [mapped(function, item) for item in tree]
        return type(tree)(*leaves) if hasattr(tree, "_fields") else type(tree)(leaves)
    return function(tree)


class Control:
    # conversion --------------------------------------------------------------------------------------------
    def from_numpy(self, array):
        array = np.asarray(array)
        checked(array.dtype.name)
        return Tensor(self.xp.array(array.astype(array.dtype.newbyteorder("="), order="C")))

    def to_numpy(self, x):
        return np.array(self.host(x.array), order="C")

    def shape_of(self, x):
        return x.array.shape

    def dtype_of(self, x):
        return x.array.dtype.name

    def is_tensor(self, x):
        return isinstance(x, Tensor)

    # loops and branches ------------------------------------------------------------------------------------
    def scan(self, step, init, xs, length, reverse):
        carry, rows = list(init), {}
        if length == 0:  # one step on zeros tells the shapes
            zeros = [Tensor(self.xp.zeros(x.array.shape[1:], x.array.dtype)) for x in xs]
            return carry, [Tensor(self.xp.zeros((0, *y.array.shape), y.array.dtype)) for y in step(carry, zeros)[1]]
        for t in reversed(range(length)) if reverse else range(length):
            here = [self.record(x.array[t], (x, lambda g, t=t: Piece(t, g))) for x in xs]
            carry, rows[t] = step(carry, here)
        return list(carry), [self._stacked(ys) for ys in zip(*(rows[t] for t in range(length)))]

    def _stacked(self, ys):
        links = [(y, lambda g, t=t: g[t]) for t, y in enumerate(ys)]
        return self.record(self.xp.stack([y.array for y in ys]), *links)

    def while_loop(self, condition, body, state):
        state = list(state)
        while bool(condition(state).array):
            state = list(body(state))
        return state

    def cond(self, predicate, if_true, if_false):
        return if_true() if bool(predicate.array) else if_false()

    # gradients ---------------------------------------------------------------------------------------------
    def value_and_grad(self, function):
        @quiet
        def run(params, *rest):
            if any(p.tape is not None for p in params):
                raise TypeError(
                    "value_and_grad received a parameter whose gradient is being computed already. The arrays backend "
                    "computes first derivatives only."
                )
            tape = Tape(self.xp)
            try:
                leaves = [tape.add(p.array) for p in params]
                loss, aux = function(leaves, *rest)
                if loss.array.shape != ():
                    raise ValueError(
                        f"The loss to differentiate must be a scalar; received a tensor of shape {loss.array.shape}. "
                        "Reduce it first, for example with a mean."
                    )
                grads = [Tensor(g) for g in tape.gradients(loss, leaves)]
            finally:
                tape.close()
            return (loss, aux), grads

        return run

    def custom_gradient(self, forward, backward):
        def call(*xs):
            y, residuals = forward(*map(self.stop_gradient, xs))
            found = []

            def pull(g, i):
                if not found:  # one call of `backward` serves all operands
                    found.extend(backward(residuals, Tensor(g)))
                return None if found[i] is None else found[i].array

            return self.record(y.array, *((x, lambda g, i=i: pull(g, i)) for i, x in enumerate(xs)))

        return call

    # steps -------------------------------------------------------------------------------------------------
    def compile_step(self, function, donate):
        @quiet
        def run(state, hyper, batch):
            return function(state, hyper, mapped(self._given, batch))

        return run

    def _given(self, leaf):
        return leaf if isinstance(leaf, Tensor) else self.from_numpy(leaf)

    def host_scalar(self, value, dtype):
        return value

    def mix_key(self, key, words):
        return key[0] ^ words[0], key[1] ^ words[1]

    # devices -----------------------------------------------------------------------------------------------
    def synchronize(self, x):
        if self.xp is not np:
            self.xp.cuda.get_current_stream().synchronize()

    def devices(self):
        return device_names()

    def info(self):
        return {
            "name": self.name,
            "version": f"{self.xp.__name__} {self.xp.__version__}",
            "device": self.device,
        }
