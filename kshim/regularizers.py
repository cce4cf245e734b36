"""Weight and activity penalties: `keras.regularizers` of Keras 1, 2 and 3. Each takes a tensor and gives a scalar."""

import math

import numpy as np

from . import ops
from .engine.objects import Registry
from .errors import did_you_mean

reg = Registry("regularizer", "keras.regularizers")


def _number(name, value):
    """`value` as a float; `ValueError` unless it is a finite number."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not math.isfinite(value):
        raise ValueError(f"{name} must be a finite number; received {name}={value!r}.")
    return float(value)


class Regularizer:
    """Base class: a subclass defines `__call__(self, x)` (a scalar penalty) and `get_config`."""

    def __call__(self, x):
        return 0.0

    def get_config(self):
        raise NotImplementedError(f"Regularizer {type(self).__name__} must define get_config() to be saved or cloned.")

    @classmethod
    def from_config(cls, config):
        return cls(**config)


@reg("l1l2", "L1L2Regularizer", "WeightRegularizer", "ActivityRegularizer")
class L1L2(Regularizer):
    """l1 * sum|x| + l2 * sum x**2."""

    def __init__(self, l1=0.0, l2=0.0):
        self.l1 = _number("l1", 0.0 if l1 is None else l1)
        self.l2 = _number("l2", 0.0 if l2 is None else l2)

    def __call__(self, x):
        penalty = 0.0
        if self.l1:
            penalty = ops.sum(ops.abs(x)) * self.l1
        if self.l2:
            penalty = penalty + ops.sum(ops.square(x)) * self.l2
        return penalty if self.l1 or self.l2 else ops.sum(ops.zeros((1,)))

    def get_config(self):
        return {"l1": self.l1, "l2": self.l2}


def _with_l(cls, value, kwargs):
    """Keras 2.0 to 2.3 call the factor `l`."""
    value = kwargs.pop("l", value)
    if kwargs:
        name = next(iter(kwargs))
        known = cls.__name__.lower()
        raise TypeError(
            f"{cls.__name__}() got an unexpected keyword argument {name!r}.{did_you_mean(name, [known])} "
            f"It takes `{known}`."
        )
    return 0.01 if value is None else value


@reg("l1")
class L1(Regularizer):
    """l1 * sum|x|."""

    def __init__(self, l1=0.01, **kwargs):
        self.l1 = _number("l1", _with_l(L1, l1, kwargs))

    def __call__(self, x):
        return ops.sum(ops.abs(x)) * self.l1

    def get_config(self):
        return {"l1": self.l1}


@reg("l2")
class L2(Regularizer):
    """l2 * sum x**2."""

    def __init__(self, l2=0.01, **kwargs):
        self.l2 = _number("l2", _with_l(L2, l2, kwargs))

    def __call__(self, x):
        return ops.sum(ops.square(x)) * self.l2

    def get_config(self):
        return {"l2": self.l2}


@reg("orthogonal_regularizer")
class OrthogonalRegularizer(Regularizer):
    """factor times the mean |cosine| between the rows (or columns) of a matrix; `ValueError` for other ranks."""

    def __init__(self, factor=0.01, mode="rows"):
        if mode not in ("rows", "columns"):
            raise ValueError(f"Unknown mode of OrthogonalRegularizer: {mode!r}. Expected 'rows' or 'columns'.")
        self.factor, self.mode = _number("factor", factor), mode

    def __call__(self, x):
        if len(x.shape) != 2:
            raise ValueError(f"OrthogonalRegularizer needs a matrix; received shape {tuple(x.shape)}.")
        axis = 1 if self.mode == "rows" else 0
        x = x * ops.rsqrt(ops.maximum(ops.sum(ops.square(x), axis=axis, keepdims=True), 1e-12))
        product = ops.matmul(x, ops.transpose(x)) if axis else ops.matmul(ops.transpose(x), x)
        n = x.shape[1 - axis]
        off_diagonal = ops.abs(product * (1.0 - ops.eye(n, dtype=x.dtype)))
        return ops.sum(off_diagonal) * (self.factor * 0.5 / (n * (n - 1.0) / 2.0))

    def get_config(self):
        return {"factor": self.factor, "mode": self.mode}


l1, l2, orthogonal_regularizer = L1, L2, OrthogonalRegularizer
WeightRegularizer = L1L2Regularizer = ActivityRegularizer = L1L2


def l1_l2(l1=0.01, l2=0.01):
    """Both penalties."""
    return L1L2(l1=l1, l2=l2)


def l1l2(l1=0.01, l2=0.01):
    """Keras 1's `l1_l2`."""
    return L1L2(l1=l1, l2=l2)


def activity_l1(l=0.01):  # noqa: E741 (Keras 1's name)
    """Keras 1: an L1 penalty of the activity."""
    return L1L2(l1=l)


def activity_l2(l=0.01):  # noqa: E741
    """Keras 1: an L2 penalty of the activity."""
    return L1L2(l2=l)


def activity_l1l2(l1=0.01, l2=0.01):
    """Keras 1: both penalties of the activity."""
    return L1L2(l1=l1, l2=l2)


def get(identifier):
    """A regularizer from its name, config, class or itself; None stays None. `ValueError` names near misses."""
    return deserialize(identifier) if isinstance(identifier, (str, dict)) else reg.get(identifier)


def serialize(regularizer, use_legacy_format=False):
    """Config of a regularizer; `use_legacy_format` gives the two keys of Keras 1 and 2."""
    config = reg.serialize(regularizer)
    if use_legacy_format and isinstance(config, dict):
        return {"class_name": config["class_name"], "config": config["config"]}
    return config


def deserialize(config, custom_objects=None, use_legacy_format=False):
    """A regularizer from what `serialize` or any Keras wrote, Keras 1's flat `{"name", "l1", "l2"}` included."""
    if config in ("l1_l2", "l1l2", "activity_l1l2"):
        return l1_l2()
    if isinstance(config, dict) and "class_name" not in config and "name" in config:
        config = {"class_name": config["name"], "config": {k: v for k, v in config.items() if k != "name"}}
    return reg.deserialize(config, custom_objects)
