"""What weights are projected to after each update: `keras.constraints` of Keras 1, 2 and 3."""

from . import config, ops
from .engine.objects import Registry

reg = Registry("constraint", "keras.constraints")


class Constraint:
    """Base class: a subclass defines `__call__(self, w)`, returning a tensor of the same shape, and `get_config`."""

    def __call__(self, w):
        return w

    def get_config(self):
        return {}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


def _axis(axis):
    return list(axis) if isinstance(axis, tuple) else axis


def _norms(w, axis):
    return ops.sqrt(ops.sum(ops.square(w), axis=tuple(axis) if isinstance(axis, list) else axis, keepdims=True))


@reg("max_norm", "maxnorm")
class MaxNorm(Constraint):
    """Norms along `axis` (an int or several) at most `max_value`. Keras 1 calls it `m`."""

    def __init__(self, max_value=2, axis=0, m=None):
        self.max_value, self.axis = max_value if m is None else m, _axis(axis)

    def __call__(self, w):
        norms = _norms(w, self.axis)
        return w * (ops.clip(norms, 0.0, float(self.max_value)) / (norms + config.epsilon()))

    def get_config(self):
        return {"max_value": self.max_value, "axis": self.axis}


@reg("non_neg", "nonneg")
class NonNeg(Constraint):
    """Negative weights become 0."""

    def __call__(self, w):
        return w * ops.cast(ops.greater_equal(w, 0.0), w.dtype)


@reg("unit_norm", "unitnorm")
class UnitNorm(Constraint):
    """Norms along `axis` equal to 1."""

    def __init__(self, axis=0):
        self.axis = _axis(axis)

    def __call__(self, w):
        return w / (_norms(w, self.axis) + config.epsilon())

    def get_config(self):
        return {"axis": self.axis}


@reg("min_max_norm")
class MinMaxNorm(Constraint):
    """Norms along `axis` moved by `rate` (1 is all the way) into [min_value, max_value]."""

    def __init__(self, min_value=0.0, max_value=1.0, rate=1.0, axis=0):
        self.min_value, self.max_value, self.rate, self.axis = min_value, max_value, rate, _axis(axis)

    def __call__(self, w):
        norms = _norms(w, self.axis)
        inside = ops.clip(norms, float(self.min_value), float(self.max_value))
        desired = inside * self.rate + norms * (1.0 - self.rate)
        return w * (desired / (norms + config.epsilon()))

    def get_config(self):
        return {"min_value": self.min_value, "max_value": self.max_value, "rate": self.rate, "axis": self.axis}


@reg("radial_constraint")
class RadialConstraint(Constraint):
    """A convolution kernel (rows, cols, in, out) with square window made the same in every ring around its centre.

    Ring values come from the diagonal below the centre, as in Keras. `ValueError` for other shapes.
    """

    def __call__(self, w):
        if len(w.shape) != 4 or w.shape[0] != w.shape[1]:
            raise ValueError(f"RadialConstraint needs a kernel of shape (n, n, in, out); received {tuple(w.shape)}.")
        n = w.shape[0]
        source = [_ring_source(n, row, column) for row in range(n) for column in range(n)]
        flat = ops.reshape(w, (n * n, w.shape[2] * w.shape[3]))
        return ops.reshape(ops.take(flat, [i * n + i for i in source], axis=0), tuple(w.shape))


def _ring_source(n, row, column):
    """Diagonal position whose value a cell of an n x n window takes."""
    start = n // 2
    inner = (n + 1) % 2  # an even window has a 2 x 2 centre, so its rings begin one step further out
    ring = max(abs(2 * row - n + 1), abs(2 * column - n + 1)) // 2
    if ring == 0:
        return max(start - 1, 0)
    return start + ring - 1 + inner


max_norm = maxnorm = MaxNorm
non_neg = nonneg = NonNeg
unit_norm = unitnorm = UnitNorm
min_max_norm = MinMaxNorm
radial_constraint = RadialConstraint


def get(identifier):
    """A constraint from its name, config, class or itself; None stays None. `ValueError` names near misses."""
    return deserialize(identifier) if isinstance(identifier, dict) else reg.get(identifier)


def serialize(constraint, use_legacy_format=False):
    """Config of a constraint; `use_legacy_format` gives the two keys of Keras 1 and 2."""
    out = reg.serialize(constraint)
    if use_legacy_format and isinstance(out, dict):
        return {"class_name": out["class_name"], "config": out["config"]}
    return out


def deserialize(config, custom_objects=None, use_legacy_format=False):
    """A constraint from what `serialize` or any Keras wrote, Keras 1's flat `{"name": "MaxNorm", "m": 2}` included."""
    if isinstance(config, dict) and "class_name" not in config and "name" in config:
        config = {"class_name": config["name"], "config": {k: v for k, v in config.items() if k != "name"}}
    return reg.deserialize(config, custom_objects)
