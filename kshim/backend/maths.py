"""Element-wise functions, reductions and products."""

import string

from .. import ops

__all__ = [
    "abs", "all", "any", "argmax", "argmin", "batch_dot", "clip", "cos", "cumprod", "cumsum", "dot", "equal", "exp",
    "greater", "greater_equal", "less", "less_equal", "log", "logsumexp", "max", "maximum", "mean", "min", "minimum",
    "not_equal", "pow", "prod", "round", "sign", "sin", "sqrt", "square", "std", "sum", "var",
]  # fmt: skip

abs, exp, log, round, sign, sin, cos, square = (
    ops.abs,
    ops.exp,
    ops.log,
    ops.round,
    ops.sign,
    ops.sin,
    ops.cos,
    ops.square,
)
maximum, minimum = ops.maximum, ops.minimum
equal, not_equal, less, less_equal = ops.equal, ops.not_equal, ops.less, ops.less_equal
greater, greater_equal = ops.greater, ops.greater_equal
max, min, prod, logsumexp, any, all = ops.max, ops.min, ops.prod, ops.logsumexp, ops.any, ops.all


def sqrt(x):
    """Square root of x, with negative x counted as 0."""
    return ops.sqrt(ops.maximum(x, 0.0))


def pow(x, a):
    return ops.power(x, a)


def clip(x, min_value, max_value):
    """x limited to [min_value, max_value]; None leaves a side open; a lower `max_value` is raised to `min_value`."""
    if isinstance(min_value, (int, float)) and isinstance(max_value, (int, float)) and max_value < min_value:
        max_value = min_value
    return ops.clip(x, min_value, max_value)


def sum(x, axis=None, keepdims=False):
    return ops.sum(x, axis, keepdims)


def mean(x, axis=None, keepdims=False):
    """Mean over `axis`; booleans and integers are averaged in floatx."""
    return ops.mean(x, axis, keepdims)


def var(x, axis=None, keepdims=False):
    """Biased variance over `axis`."""
    return ops.var(x, axis, keepdims)


def std(x, axis=None, keepdims=False):
    """Biased standard deviation over `axis`."""
    return ops.std(x, axis, keepdims)


def argmax(x, axis=-1):
    return ops.argmax(x, axis)


def argmin(x, axis=-1):
    return ops.argmin(x, axis)


def cumsum(x, axis=0):
    return ops.cumsum(x, axis)


def cumprod(x, axis=0):
    return ops.cumprod(x, axis)


def dot(x, y):
    """Product of the last axis of x with the last but one of y: (..., k) and (..., k, m), as `numpy.dot`."""
    return ops.dot(x, y)


def batch_dot(x, y, axes=None):
    """Product sample by sample: axis `axes[0]` of x with `axes[1]` of y, the batch axis kept (Keras 2).

    `axes`: two ints, one for both, or None: the last of x with the last but one of y (the last, if y has two axes). A
    result with the batch axis alone gets a second of size 1. `ValueError` for axes that do not fit.
    """
    x, y = ops.convert_to_tensor(x), ops.convert_to_tensor(y)
    nx, ny = len(x.shape), len(y.shape)
    if nx < 2 or ny < 2:
        raise ValueError(
            f"batch_dot needs tensors of two or more axes; received shapes {tuple(x.shape)} and {tuple(y.shape)}."
        )
    if axes is None:
        axes = (nx - 1, ny - 1 if ny == 2 else ny - 2)
    a, b = (axes, axes) if isinstance(axes, int) else axes
    a, b = a % nx if a < 0 else a, b % ny if b < 0 else b
    if not 0 < a < nx or not 0 < b < ny:
        raise ValueError(
            f"batch_dot: axes={axes} do not fit shapes {tuple(x.shape)} and {tuple(y.shape)}; the batch axis 0 is kept."
        )
    if None not in (x.shape[a], y.shape[b]) and x.shape[a] != y.shape[b]:
        raise ValueError(
            f"batch_dot: axis {a} of x has size {x.shape[a]}, axis {b} of y size {y.shape[b]} "
            f"(shapes {tuple(x.shape)} and {tuple(y.shape)}); they must be equal."
        )
    names = iter(string.ascii_lowercase[2:])
    left = ["a"] + ["b" if i == a else next(names) for i in range(1, nx)]
    right = ["a"] + ["b" if i == b else next(names) for i in range(1, ny)]
    result = [n for n in left if n != "b"] + [n for n in right[1:] if n != "b"]
    out = ops.einsum(f"{''.join(left)},{''.join(right)}->{''.join(result)}", x, y)
    return ops.expand_dims(out, -1) if len(result) == 1 else out
