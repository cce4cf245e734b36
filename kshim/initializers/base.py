"""What every initializer shares, and the registry of their names."""

import inspect

import numpy as np

from ..config import floatx
from ..engine import seeds
from ..engine.context import context
from ..engine.objects import Registry
from ..engine.undrawn import Undrawn
from ..spec.dtypes import is_float, standardize

reg = Registry("initializer", "keras.initializers")


class Initializer:
    """Base class: an instance is called with `(shape, dtype=None)` and returns a NumPy array.

    Random values come from the host generator of `kshim.spec.rng` in float64 and are cast last, so they are the same
    on every backend. `dtype=None` means `floatx`. A subclass defines `__call__` and `get_config`.
    """

    def __call__(self, shape, dtype=None, **kwargs):
        raise TypeError(f"Initializer {type(self).__name__} must define __call__(self, shape, dtype=None).")

    def get_config(self):
        """Keyword arguments that make an equal instance."""
        return {}

    @classmethod
    def from_config(cls, config):
        """The inverse of `get_config`; the `dtype` entry of TensorFlow 2.0 to 2.2 is dropped."""
        config = dict(config)
        config.pop("dtype", None)
        return cls(**config)

    def clone(self):
        return type(self).from_config(self.get_config())

    def __repr__(self):
        return f"<{type(self).__name__} {self.get_config()}>"


def check_shape(initializer, shape):
    """`shape` as a tuple of ints; `ValueError` if a size is unknown or negative."""
    if isinstance(shape, (int, np.integer)):
        shape = (shape,)
    out = []
    for size in shape:
        if size is None or int(size) < 0:
            raise ValueError(
                f"{type(initializer).__name__} needs a shape of known sizes to make a weight; received shape="
                f"{tuple(shape)}. Give the layer's input its size (for example input_shape=...)."
            )
        out.append(int(size))
    return tuple(out)


def result_dtype(initializer, dtype, floats_only=True):
    """Name of the dtype to return: `floatx` for None; `ValueError` for one the initializer cannot make."""
    name = floatx() if dtype is None else standardize(dtype)
    if floats_only and not is_float(name):
        raise ValueError(f"{type(initializer).__name__} makes floating-point weights; received dtype={name!r}.")
    return name


def finish(array, dtype):
    """Cast to the dtype; bfloat16, which NumPy lacks, is left in float32 for the variable to round."""
    return np.asarray(array).astype("float32" if dtype == "bfloat16" else dtype)


def check_kwargs(initializer, kwargs):
    """Refuse unknown call arguments; those of TensorFlow's partitioning and of Keras 1 (`name`) are known."""
    unknown = [k for k in kwargs if k not in ("partition_shape", "partition_offset", "layout", "name")]
    if unknown:
        raise TypeError(f"{type(initializer).__name__} got unknown call arguments {unknown}; it takes (shape, dtype).")


def draw_key(seed):
    """Key of the next host draw of an initializer: an int seed always gives the same, None the next of the stream."""
    if hasattr(seed, "next_key"):
        return seed.next_key()
    return seeds.host_key(seed)


def seed_config(seed):
    """What `get_config` stores for a seed."""
    return reg.serialize(seed) if hasattr(seed, "get_config") else seed


def draw(initializer, shape, dtype=None):
    """Call any initializer, of any era, and return a NumPy array.

    `initializer` may be an instance, a function `f(shape, dtype=None)`, a Keras 1 function `f(shape, name=None)` or one
    of the shape alone, returning anything array-like. `ValueError` if the result has another shape.
    """
    shape = tuple(shape)
    if isinstance(initializer, Initializer):
        value = initializer(shape, dtype=dtype)
    else:
        value = initializer(shape, **_accepted(initializer, {"dtype": dtype, "name": None}))
    value = np.asarray(value)
    if tuple(value.shape) != shape:
        name = getattr(initializer, "__name__", type(initializer).__name__)
        raise ValueError(f"Initializer {name} returned shape {tuple(value.shape)} where {shape} was asked for.")
    return value


def drawn_or_later(initializer, shape, dtype=None):
    """What `draw` gives, or an `Undrawn` of it where weights are drawn only if they are read."""
    later = getattr(initializer, "later", None)
    # a subclass that changes the call may look at what it drew
    if context.undrawn is None or later is None or not type(initializer).__call__.__module__.startswith("kshim."):
        return draw(initializer, shape, dtype)
    return Undrawn(tuple(shape), later(shape, dtype))


def _accepted(function, kwargs):
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):  # a builtin without a signature: Keras 2 and 3 pass dtype
        return {"dtype": kwargs["dtype"]}
    if any(p.kind is p.VAR_KEYWORD for p in parameters.values()) or "dtype" in parameters:
        return {"dtype": kwargs["dtype"]}
    return {k: v for k, v in kwargs.items() if k in parameters}
