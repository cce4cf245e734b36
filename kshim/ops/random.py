"""Random tensors from explicit keys; layers get theirs from a `SeedGenerator`."""

from .. import config
from ..spec import dtypes
from .core import active, size_list, wrap

__all__ = ["random_uniform", "random_normal"]


def random_uniform(shape, key, dtype=None, minval=0.0, maxval=1.0):
    """Uniforms in [minval, maxval), the same on every backend."""
    backend = active()
    u = backend.random_uniform(size_list(shape), key, dtypes.standardize(dtype) if dtype else config.floatx())
    if (minval, maxval) != (0.0, 1.0):
        u = backend.add(backend.multiply(u, float(maxval - minval)), float(minval))
    return wrap(u)


def random_normal(shape, key, dtype=None, mean=0.0, stddev=1.0):
    """Normals by Box-Muller; equal on every backend up to rounding."""
    backend = active()
    z = backend.random_normal(size_list(shape), key, dtypes.standardize(dtype) if dtype else config.floatx())
    if (mean, stddev) != (0.0, 1.0):
        z = backend.add(backend.multiply(z, float(stddev)), float(mean))
    return wrap(z)
