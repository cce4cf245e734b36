"""Making, reshaping, joining and indexing tensors, in TensorFlow's spelling."""

import numpy as np

from ... import ops
from ...engine.tensor import Tensor, TensorShape
from ...engine.variable import Variable

__all__ = [
    "Tensor", "TensorShape", "TensorSpec", "Variable", "argsort", "boolean_mask", "broadcast_to", "cast", "concat",
    "constant", "convert_to_tensor", "ensure_shape", "expand_dims", "eye", "fill", "gather", "gather_nd",
    "get_static_value", "identity", "is_tensor", "linspace", "meshgrid", "newaxis", "one_hot", "ones", "ones_like",
    "pad", "range", "rank", "repeat", "reshape", "reverse", "roll", "sequence_mask", "shape", "size", "slice", "sort",
    "split", "squeeze", "stack", "stop_gradient", "strided_slice", "tensor_scatter_nd_add",
    "tensor_scatter_nd_update", "tile", "transpose", "unstack", "where", "zeros", "zeros_like", "saturate_cast",
]  # fmt: skip

newaxis = None


class TensorSpec:
    """A shape and a dtype, as `tf.function(input_signature=...)` takes them."""

    def __init__(self, shape=None, dtype="float32", name=None):
        self.shape = None if shape is None else TensorShape(shape)
        self.dtype, self.name = dtype, name

    def __repr__(self):
        return f"TensorSpec(shape={self.shape}, dtype={self.dtype!r}, name={self.name!r})"


def constant(value, dtype=None, shape=None, name="Const"):
    """A tensor of the value's own dtype (Python floats: floatx), filled up to `shape` if that is given."""
    x = ops.convert_to_tensor(value, dtype)
    if shape is None or tuple(x.shape) == tuple(shape):
        return x
    return ops.broadcast_to(x, shape) if x.shape.num_elements() == 1 else ops.reshape(x, shape)


def convert_to_tensor(value, dtype=None, dtype_hint=None, name=None, preferred_dtype=None):
    return ops.convert_to_tensor(value, dtype)


def is_tensor(x):
    return isinstance(x, (Tensor, Variable))


def get_static_value(tensor, partial=False):
    """The value as a NumPy array, or None for a symbolic tensor."""
    from ...engine.tensor import KerasTensor

    return None if isinstance(tensor, KerasTensor) else ops.convert_to_numpy(tensor)


def zeros(shape, dtype=None, name=None):
    return ops.zeros(shape, dtype)


def ones(shape, dtype=None, name=None):
    return ops.ones(shape, dtype)


def fill(dims, value, name=None):
    """`dims` filled with one value, in the value's dtype."""
    return ops.full(dims, value, ops.convert_to_tensor(value).dtype)


def zeros_like(input, dtype=None, name=None, optimize=True):
    return ops.zeros_like(input, dtype)


def ones_like(input, dtype=None, name=None, optimize=True):
    return ops.ones_like(input, dtype)


def eye(num_rows, num_columns=None, batch_shape=None, dtype=None, name=None):
    """Identity matrices, `batch_shape` of them."""
    x = ops.eye(num_rows, num_columns, dtype=dtype)
    return x if batch_shape is None else ops.broadcast_to(x, (*batch_shape, *x.shape))


def range(start, limit=None, delta=1, dtype=None, name=None):
    return ops.arange(start, limit, delta, dtype)


def linspace(start, stop, num, name=None, axis=0):
    return ops.linspace(start, stop, int(num), axis=axis)


def cast(x, dtype, name=None):
    return ops.cast(x, dtype)


def saturate_cast(value, dtype, name=None):
    """Cast to an integer dtype with values clipped into its range first."""
    from ...spec.dtypes import is_int, standardize

    dtype = standardize(dtype)
    if not is_int(dtype):
        return ops.cast(value, dtype)
    info = np.iinfo(dtype)
    return ops.cast(ops.clip(value, float(info.min), float(info.max)), dtype)


def identity(input, name=None):
    return ops.convert_to_tensor(input)


def stop_gradient(input, name=None):
    return ops.stop_gradient(input)


def shape(input, out_type=None, name=None):
    """The shape, as a tuple that can be indexed and passed on (None for an unknown size)."""
    return ops.shape(input)


def size(input, out_type="int32", name=None):
    return ops.convert_to_tensor(ops.size(input), out_type)


def rank(input, name=None):
    return len(ops.shape(input))


def ensure_shape(x, shape, name=None):
    """x, after a check; `ValueError` naming both shapes if they do not fit."""
    have = ops.shape(x)
    if len(have) != len(shape) or any(None not in (a, b) and a != b for a, b in zip(have, shape)):
        raise ValueError(f"ensure_shape: the tensor has shape {tuple(have)}; expected {tuple(shape)}.")
    return x


def reshape(tensor, shape, name=None):
    return ops.reshape(tensor, shape)


def transpose(a, perm=None, conjugate=False, name=None):
    return ops.transpose(a, perm)


def expand_dims(input, axis=None, name=None, dim=None):
    return ops.expand_dims(input, dim if axis is None else axis)


def squeeze(input, axis=None, name=None, squeeze_dims=None):
    axis = squeeze_dims if axis is None else axis
    return ops.squeeze(input, axis or None if isinstance(axis, (list, tuple)) else axis)


def concat(values, axis, name="concat"):
    """Joined along `axis` (TensorFlow before 1.0 took the axis first)."""
    if isinstance(values, int) and not isinstance(axis, int):
        values, axis = axis, values
    return ops.concatenate(list(values), axis)


def stack(values, axis=0, name="stack"):
    return ops.stack(list(values), axis)


def unstack(value, num=None, axis=0, name="unstack"):
    return ops.unstack(value, num, axis)


def split(value, num_or_size_splits, axis=0, num=None, name="split"):
    """Equal pieces for a number, pieces of the given sizes for a list (one size may be -1)."""
    if isinstance(num_or_size_splits, (int, np.integer)):
        return ops.split(value, int(num_or_size_splits), axis)
    sizes = [int(s) for s in num_or_size_splits]
    if -1 in sizes:
        sizes[sizes.index(-1)] = ops.shape(value)[axis] - sum(s for s in sizes if s != -1)
    return ops.split(value, np.cumsum(sizes[:-1]).tolist(), axis)


def tile(input, multiples, name=None):
    return ops.tile(input, multiples)


def repeat(input, repeats, axis=None, name=None):
    return ops.repeat(input, repeats, axis)


def broadcast_to(input, shape, name=None):
    return ops.broadcast_to(input, shape)


def reverse(tensor, axis, name=None):
    return ops.flip(tensor, axis)


def roll(input, shift, axis, name=None):
    return ops.roll(input, shift, axis)


def pad(tensor, paddings, mode="CONSTANT", constant_values=0, name=None):
    """Padding by (before, after) for each axis; modes CONSTANT, REFLECT and SYMMETRIC."""
    pairs = paddings.tolist() if hasattr(paddings, "tolist") else paddings
    return ops.pad(tensor, pairs, mode.lower(), constant_values)


def meshgrid(*args, indexing="xy", name=None):
    return ops.meshgrid(*args, indexing=indexing)


def one_hot(indices, depth, on_value=None, off_value=None, axis=None, dtype=None, name=None):
    """A new axis of `depth` with `on_value` (1) at the index and `off_value` (0) elsewhere."""
    x = ops.one_hot(indices, int(depth), -1 if axis is None else axis, dtype)
    if on_value is None and off_value is None:
        return x
    on, off = 1 if on_value is None else on_value, 0 if off_value is None else off_value
    return ops.add(ops.multiply(x, on - off), off)


def gather(params, indices, validate_indices=None, axis=None, batch_dims=0, name=None):
    """Slices of `params` at `indices` along `axis` (default: `batch_dims`), apart for each of `batch_dims` axes."""
    axis = batch_dims if axis is None else axis
    if not batch_dims:
        return ops.take(params, indices, axis)
    params, indices = ops.convert_to_tensor(params), ops.convert_to_tensor(indices, "int32")
    axis %= len(params.shape)
    if axis != batch_dims:
        raise ValueError(
            f"gather: with batch_dims={batch_dims} the axis must be {batch_dims} too; received axis={axis}."
        )
    lead, n = tuple(params.shape[:axis]), params.shape[axis]
    count = int(np.prod(lead))
    flat = ops.reshape(params, (count * n, *params.shape[axis + 1 :]))
    offset = np.arange(count, dtype="int32").reshape(lead + (1,) * (len(indices.shape) - axis)) * n
    return ops.take(flat, ops.add(indices, offset), 0)


def gather_nd(params, indices, batch_dims=0, name=None):
    """Elements or slices of `params` at index vectors (the last axis of `indices`)."""
    if batch_dims:
        raise ValueError(f"gather_nd: batch_dims={batch_dims} is not supported; use gather with batch_dims.")
    params, indices = ops.convert_to_tensor(params), ops.convert_to_tensor(indices, "int32")
    k, shape = indices.shape[-1], tuple(params.shape)
    flat = 0
    for i, n in enumerate(shape[:k]):
        flat = ops.add(ops.multiply(flat, n), indices[..., i])
    return ops.take(ops.reshape(params, (int(np.prod(shape[:k])), *shape[k:])), flat, 0)


def slice(input_, begin, size, name=None):
    return ops.slice(input_, begin, size)


def strided_slice(
    input_,
    begin,
    end,
    strides=None,
    begin_mask=0,
    end_mask=0,
    ellipsis_mask=0,
    new_axis_mask=0,
    shrink_axis_mask=0,
    name=None,
):
    """input_[begin:end:strides]; the masks for open ends and dropped axes are understood, the other two are not."""
    if ellipsis_mask or new_axis_mask:
        raise ValueError(
            "strided_slice: ellipsis_mask and new_axis_mask are not supported; index the tensor in Python instead."
        )
    strides = [1] * len(begin) if strides is None else strides
    key = []
    for i, (b, e, s) in enumerate(zip(begin, end, strides)):
        if shrink_axis_mask >> i & 1:
            key.append(int(b))
        else:
            key.append(_SLICE(None if begin_mask >> i & 1 else int(b), None if end_mask >> i & 1 else int(e), int(s)))
    return ops.convert_to_tensor(input_)[tuple(key)]


def boolean_mask(tensor, mask, axis=0, name="boolean_mask"):
    """The elements where `mask` holds (values of the mask needed)."""
    mask = np.asarray(ops.convert_to_numpy(ops.convert_to_tensor(mask)), bool)
    x = ops.convert_to_tensor(tensor)
    if axis:
        return ops.take(x, np.flatnonzero(mask).astype("int32"), axis)
    return x[mask]


def where(condition, x=None, y=None, name=None):
    """x where the condition holds, else y; with the condition alone the (n, rank) indices where it holds."""
    if x is None and y is None:
        return ops.stack(ops.nonzero(condition), -1)
    return ops.where(condition, x, y)


def sequence_mask(lengths, maxlen=None, dtype="bool", name=None):
    """Whether position i lies before the length."""
    lengths = ops.convert_to_tensor(lengths, "int32")
    n = int(ops.convert_to_numpy(lengths).max()) if maxlen is None else int(maxlen)
    return ops.cast(ops.less(ops.arange(n), ops.expand_dims(lengths, -1)), dtype)


def sort(values, axis=-1, direction="ASCENDING", name=None):
    out = ops.sort(values, axis)
    return ops.flip(out, axis) if direction.upper() == "DESCENDING" else out


def argsort(values, axis=-1, direction="ASCENDING", stable=False, name=None):
    return ops.argsort(ops.negative(values) if direction.upper() == "DESCENDING" else values, axis)


def tensor_scatter_nd_update(tensor, indices, updates, name=None):
    return ops.scatter_update(tensor, indices, updates)


def tensor_scatter_nd_add(tensor, indices, updates, name=None):
    return ops.add(tensor, ops.scatter(indices, updates, ops.shape(tensor)))


_SLICE = type(np.s_[:])
