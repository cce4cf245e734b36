"""`tf.reduce_*`, `tf.argmax` and their kin."""

from ... import ops
from ...spec.dtypes import is_float

__all__ = [
    "argmax", "argmin", "count_nonzero", "reduce_all", "reduce_any", "reduce_logsumexp", "reduce_max", "reduce_mean",
    "reduce_min", "reduce_prod", "reduce_std", "reduce_sum", "reduce_variance", "reduce_euclidean_norm",
]  # fmt: skip


def _axis(axis, reduction_indices):
    axis = reduction_indices if axis is None else axis
    return axis.tolist() if hasattr(axis, "tolist") else axis


def _reduce(name, op):
    def fn(input_tensor, axis=None, keepdims=False, name=None, keep_dims=None, reduction_indices=None):
        return op(input_tensor, _axis(axis, reduction_indices), bool(keepdims or keep_dims))

    fn.__name__ = fn.__qualname__ = name
    fn.__doc__ = f"`kshim.ops.{op.__name__}`; TensorFlow 1's keyword names are understood."
    return fn


def _mean(x, axis, keepdims):
    dtype = ops.convert_to_tensor(x).dtype
    out = ops.mean(x, axis, keepdims)
    return out if is_float(dtype) or dtype == "bool" else ops.cast(ops.floor(out), dtype)  # integers stay integers


_mean.__name__ = "mean"


def _norm(x, axis, keepdims):
    return ops.sqrt(ops.sum(ops.square(x), axis, keepdims))


_norm.__name__ = "norm"

reduce_sum, reduce_prod = _reduce("reduce_sum", ops.sum), _reduce("reduce_prod", ops.prod)
reduce_max, reduce_min = _reduce("reduce_max", ops.max), _reduce("reduce_min", ops.min)
reduce_any, reduce_all = _reduce("reduce_any", ops.any), _reduce("reduce_all", ops.all)
reduce_mean, reduce_logsumexp = _reduce("reduce_mean", _mean), _reduce("reduce_logsumexp", ops.logsumexp)
reduce_std, reduce_variance = _reduce("reduce_std", ops.std), _reduce("reduce_variance", ops.var)
reduce_euclidean_norm = _reduce("reduce_euclidean_norm", _norm)


def argmax(input, axis=None, output_type=None, name=None, dimension=None):
    """Index of the first largest along `axis` (TensorFlow's default: 0), int32 unless `output_type` says otherwise."""
    axis = dimension if axis is None else axis
    out = ops.argmax(input, 0 if axis is None else int(axis))
    return out if output_type is None else ops.cast(out, output_type)


def argmin(input, axis=None, output_type=None, name=None, dimension=None):
    """Index of the first smallest along `axis`; see `argmax`."""
    axis = dimension if axis is None else axis
    out = ops.argmin(input, 0 if axis is None else int(axis))
    return out if output_type is None else ops.cast(out, output_type)


def count_nonzero(input, axis=None, keepdims=None, dtype="int64", name=None):
    """How many elements are not zero."""
    return ops.sum(ops.cast(ops.not_equal(input, 0), dtype), axis, bool(keepdims))
