"""New tensors from sizes and numbers."""

import numpy as np

from .. import config
from ..spec import dtypes
from .core import active, convert_to_tensor, op, size_list, unary_operand, wrap

__all__ = [
    "zeros", "ones", "full", "zeros_like", "ones_like", "full_like", "empty", "eye", "identity", "arange",
    "linspace", "logspace", "tri", "array", "meshgrid", "hanning",
]  # fmt: skip


def _dtype(dtype):
    return dtypes.standardize(dtype) if dtype is not None else config.floatx()


def zeros(shape, dtype=None):
    return wrap(active().full(size_list(shape), 0, _dtype(dtype)))


def ones(shape, dtype=None):
    return wrap(active().full(size_list(shape), 1, _dtype(dtype)))


def full(shape, fill_value, dtype=None):
    """Filled with one number."""
    if hasattr(fill_value, "numpy"):
        fill_value = fill_value.numpy().item()
    return wrap(active().full(size_list(shape), np.asarray(fill_value).item(), _dtype(dtype)))


empty = zeros


def _like(value):
    @op
    def fn(x, dtype=None):
        backend, tensor = unary_operand(x)
        return wrap(
            backend.full(
                backend.shape_of(tensor), value, dtypes.standardize(dtype) if dtype else backend.dtype_of(tensor)
            )
        )

    return fn


zeros_like, ones_like = _like(0), _like(1)


@op
def full_like(x, fill_value, dtype=None):
    backend, tensor = unary_operand(x)
    return wrap(
        backend.full(
            backend.shape_of(tensor), fill_value, dtypes.standardize(dtype) if dtype else backend.dtype_of(tensor)
        )
    )


def _constant(array, dtype):
    return wrap(active().constant(array, dtype))


def eye(N, M=None, k=0, dtype=None):
    """Ones on the k-th diagonal of an (N, M) matrix."""
    return _constant(np.eye(N, M, k), _dtype(dtype))


def identity(n, dtype=None):
    return eye(n, dtype=dtype)


def tri(N, M=None, k=0, dtype=None):
    """Ones at and below the k-th diagonal."""
    return _constant(np.tri(N, M, k), _dtype(dtype))


def arange(start, stop=None, step=1, dtype=None):
    """start, start + step, ... below stop; integers give int32 unless a dtype is given."""
    values = [v.numpy().item() if hasattr(v, "numpy") else v for v in (start, stop, step)]
    array = np.arange(*values) if stop is not None else np.arange(0, values[0], values[2])
    if dtype is None:
        dtype = config.floatx() if array.dtype.kind == "f" else "int32"
    return _constant(array, dtypes.standardize(dtype))


def linspace(start, stop, num=50, endpoint=True, retstep=False, dtype=None, axis=0):
    out = np.linspace(start, stop, num, endpoint=endpoint, axis=axis)
    tensor = _constant(out, _dtype(dtype))
    return (tensor, (stop - start) / (num - 1 if endpoint else num)) if retstep else tensor


def logspace(start, stop, num=50, endpoint=True, base=10, dtype=None, axis=0):
    return _constant(np.logspace(start, stop, num, endpoint=endpoint, base=base, axis=axis), _dtype(dtype))


def hanning(x):
    return _constant(np.hanning(x), config.floatx())


def array(x, dtype=None):
    return convert_to_tensor(x, dtype)


def meshgrid(*x, indexing="xy"):
    """Coordinate grids of 1-D tensors."""
    arrays = np.meshgrid(*[convert_to_tensor(i).numpy() for i in x], indexing=indexing)
    return [wrap(active().from_numpy(np.ascontiguousarray(a))) for a in arrays]
