"""`tf.math`: element-wise functions and products, in TensorFlow's spelling."""

from ... import ops

__all__ = []


def _export(fn, *aliases):
    for name in (fn.__name__, *aliases):
        globals()[name] = fn
        __all__.append(name)
    return fn


def _unary(name, op, *aliases):
    def fn(x, name=None):
        return op(x)

    fn.__name__ = fn.__qualname__ = name
    fn.__doc__ = f"`kshim.ops.{op.__name__}`."
    _export(fn, *aliases)


for _name in (
    "abs acos asin atan ceil cos cosh digamma erf erfinv exp expm1 floor lgamma log log1p negative reciprocal round "
    "rsqrt sigmoid sign sin sinh softplus softsign sqrt square tan tanh logical_not"
).split():
    _unary(_name, getattr(ops, _name))
_unary("acosh", ops.arccosh)
_unary("asinh", ops.arcsinh)
_unary("atanh", ops.arctanh)
_unary("is_nan", ops.isnan)
_unary("is_inf", ops.isinf)
_unary("is_finite", ops.isfinite)
_unary("rint", ops.round)
_unary("log_sigmoid", ops.log_sigmoid)


def _binary(name, op, *aliases):
    def fn(x, y, name=None):
        return op(x, y)

    fn.__name__ = fn.__qualname__ = name
    fn.__doc__ = f"`kshim.ops.{op.__name__}`."
    _export(fn, *aliases)


for _name in (
    "add subtract multiply divide maximum minimum equal not_equal less less_equal greater greater_equal "
    "logical_and logical_or logical_xor"
).split():
    _binary(_name, getattr(ops, _name))
_binary("truediv", ops.divide)
_binary("floordiv", ops.floor_divide)
_binary("mod", ops.mod, "floormod")
_binary("pow", ops.power)
_binary("atan2", ops.arctan2)


@_export
def squared_difference(x, y, name=None):
    """(x - y)**2."""
    return ops.squared_difference(x, y)


@_export
def divide_no_nan(x, y, name=None):
    """x / y, and 0 where y is 0."""
    zero = ops.equal(y, 0)
    return ops.where(zero, 0.0, ops.divide(x, ops.where(zero, 1.0, y)))


@_export
def multiply_no_nan(x, y, name=None):
    """x * y, and 0 where y is 0 even if x is not finite."""
    zero = ops.equal(y, 0)
    return ops.where(zero, 0.0, ops.multiply(ops.where(zero, 0.0, x), y))


@_export
def xlogy(x, y, name=None):
    """x * log(y), and 0 where x is 0."""
    zero = ops.equal(x, 0)
    return ops.where(zero, 0.0, ops.multiply(x, ops.log(ops.where(zero, 1.0, y))))


@_export
def scalar_mul(scalar, x, name=None):
    return ops.multiply(scalar, x)


@_export
def add_n(inputs, name=None):
    """The sum of a list of tensors."""
    total = inputs[0]
    for x in inputs[1:]:
        total = ops.add(total, x)
    return ops.convert_to_tensor(total)


_export(add_n, "accumulate_n")


@_export
def cumsum(x, axis=0, exclusive=False, reverse=False, name=None):
    """Running sum; `exclusive` leaves out the element itself, `reverse` runs from the end."""
    if reverse:
        x = ops.flip(x, axis)
    out = ops.cumsum(x, axis)
    if exclusive:
        out = ops.subtract(out, x)
    return ops.flip(out, axis) if reverse else out


@_export
def cumprod(x, axis=0, exclusive=False, reverse=False, name=None):
    """Running product; see `cumsum` (an exclusive product shifts, so that zeros do not divide)."""
    if reverse:
        x = ops.flip(x, axis)
    if exclusive:
        x = ops.convert_to_tensor(x)
        axis %= len(x.shape)
        head, _ = ops.split(x, [x.shape[axis] - 1], axis)
        first, _ = ops.split(x, [1], axis)
        x = ops.concatenate([ops.ones_like(first), head], axis)
    out = ops.cumprod(x, axis)
    return ops.flip(out, axis) if reverse else out


@_export
def matmul(
    a,
    b,
    transpose_a=False,
    transpose_b=False,
    adjoint_a=False,
    adjoint_b=False,
    a_is_sparse=False,
    b_is_sparse=False,
    name=None,
):
    """Product of the last two axes; either operand may be transposed first."""
    a = ops.swapaxes(ops.convert_to_tensor(a), -1, -2) if transpose_a or adjoint_a else a
    b = ops.swapaxes(ops.convert_to_tensor(b), -1, -2) if transpose_b or adjoint_b else b
    return ops.matmul(a, b)


@_export
def tensordot(a, b, axes, name=None):
    """Product over the axes named: a number of them, or a pair of lists."""
    return ops.tensordot(a, b, axes)


@_export
def einsum(equation, *inputs, **kwargs):
    return ops.einsum(equation, *inputs)


@_export
def clip_by_value(t, clip_value_min, clip_value_max, name=None):
    return ops.clip(t, clip_value_min, clip_value_max)


@_export
def clip_by_norm(t, clip_norm, axes=None, name=None):
    """t scaled down to the 2-norm `clip_norm` where it is longer."""
    norm = ops.sqrt(ops.sum(ops.square(t), axes, True))
    return ops.multiply(t, ops.divide(clip_norm, ops.maximum(norm, clip_norm)))


@_export
def global_norm(t_list, name=None):
    """The 2-norm of all tensors of a list together; None entries are left out."""
    return ops.sqrt(add_n([ops.sum(ops.square(t)) for t in t_list if t is not None]))


@_export
def clip_by_global_norm(t_list, clip_norm, use_norm=None, name=None):
    """(list scaled down to `clip_norm` together, norm before)."""
    norm = global_norm(t_list) if use_norm is None else use_norm
    scale = ops.divide(clip_norm, ops.maximum(norm, clip_norm))
    return [None if t is None else ops.multiply(t, scale) for t in t_list], norm


@_export
def l2_normalize(x, axis=None, epsilon=1e-12, name=None, dim=None):
    """x / sqrt(max(sum(x**2), epsilon)) over `axis`."""
    axis = dim if dim is not None else axis
    return ops.multiply(x, ops.rsqrt(ops.maximum(ops.sum(ops.square(x), axis, True), epsilon)))


@_export
def confusion_matrix(labels, predictions, num_classes=None, weights=None, dtype="int32", name=None):
    """Counts with labels as rows and predictions as columns (values needed)."""
    import numpy as np

    labels, predictions = (
        ops.convert_to_numpy(ops.convert_to_tensor(v)).astype("int64").ravel() for v in (labels, predictions)
    )
    n = int(max(labels.max(initial=-1), predictions.max(initial=-1))) + 1 if num_classes is None else int(num_classes)
    out = np.zeros((n, n))
    np.add.at(
        out,
        (labels, predictions),
        1 if weights is None else ops.convert_to_numpy(ops.convert_to_tensor(weights)).ravel(),
    )
    return ops.convert_to_tensor(out, dtype)
