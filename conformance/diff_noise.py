"""Noise of the size of rounding in the weights: what a run becomes if every weight is off by a unit in its last place.

How far such a run gets from the undisturbed one says how much this script amplifies rounding, step by step; a backend
that sums in another order may be as far off, times a factor.
"""

import numpy as np

from kshim.spec.dtypes import is_float

#: Spacing of the numbers just above 1.
EPSILON = {"float64": 2.0**-52, "float32": 2.0**-23, "float16": 2.0**-10, "bfloat16": 2.0**-7}


def epsilon(dtype):
    """The rounding unit of a dtype name; 0 if it is not a float."""
    return EPSILON.get(str(dtype), 0.0)


def disturbed(array, unit, generator):
    """The array with every element moved up or down by `unit` of its value."""
    signs = generator.integers(0, 2, array.shape, np.int8) * 2.0 - 1.0
    return (array.astype(np.float64) * (1.0 + unit * signs)).astype(array.dtype)


def compute_unit(model, dtype):
    """The rounding unit of a variable's dtype, or of the coarsest dtype that the model computes in."""
    used = [layer.compute_dtype for layer in model._with_sublayers() if is_float(layer.compute_dtype)]
    return max([epsilon(dtype), *map(epsilon, used)])


class Noise:
    """Disturbs the weights of every model: before its first step, and after each training step."""

    def __init__(self):
        self.generator = np.random.Generator(np.random.PCG64(0))
        self.started = set()

    def _disturb(self, session, values):
        b, out = session.backend, []
        for value in values:
            dtype = b.dtype_of(value)
            unit = compute_unit(session.model, dtype) if is_float(dtype) else 0.0
            array = np.array(b.to_numpy(value))
            out.append(b.constant(disturbed(array, unit, self.generator), dtype) if unit else value)
        return out

    def before(self, session, kind, state):
        """The state to start a step from: its weights disturbed, unless the step before has done it."""
        known = all(id(v) in self.started for v in session.trainable)
        if kind == "train":
            self.started.update(id(v) for v in session.trainable)
        return state if known and session.trainable else {**state, "params": self._disturb(session, state["params"])}

    def after(self, session, new):
        """The state a training step leaves behind, its weights disturbed."""
        return {**new, "params": self._disturb(session, new["params"])}
