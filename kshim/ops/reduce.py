"""Reductions and running sums."""

import math

from .. import config
from ..spec import dtypes
from .core import (
    descending,
    float_operand,
    normalize_axes,
    normalize_axis,
    number_operand,
    op,
    unary_operand,
    wrap,
)

__all__ = []


def _export(fn, *aliases):
    for name in (fn.__name__, *aliases):
        globals()[name] = fn
        __all__.append(name)
    return fn


def _axes(backend, value, axis, name, needs_elements=False):
    shape = backend.shape_of(value)
    axes = normalize_axes(axis, len(shape))
    if needs_elements and math.prod(shape[a] for a in axes) == 0:
        raise ValueError(
            f"{name}() over axes {axes} of a tensor of shape {tuple(shape)}: there is nothing to choose from."
        )
    return axes


def _sum_like(name):
    def fn(x, axis=None, keepdims=False, dtype=None):
        backend, value = unary_operand(x)
        have = backend.dtype_of(value)
        if dtype is not None:
            value = backend.cast(value, dtypes.standardize(dtype))
        elif have == "bool" or have in ("int8", "int16", "uint8", "uint16"):
            value = backend.cast(value, "int32")
        return wrap(getattr(backend, name)(value, _axes(backend, value, axis, name), bool(keepdims)))

    fn.__name__ = fn.__qualname__ = name
    fn.__doc__ = f"{name} over `axis` (None: all); booleans and narrow integers count in int32."
    return op(fn)


def _extreme(name):
    def fn(x, axis=None, keepdims=False, initial=None):
        backend, value = unary_operand(x)
        axes = _axes(backend, value, axis, name, initial is None)
        reduce = name
        if backend.dtype_of(value) == "bool":
            reduce = "any" if name == "max" else "all"
        out = wrap(getattr(backend, reduce)(value, axes, bool(keepdims)))
        if initial is None:
            return out
        from .elementwise import maximum, minimum

        return (maximum if name == "max" else minimum)(out, initial)

    fn.__name__ = fn.__qualname__ = name
    fn.__doc__ = f"{name} over `axis` (None: all); ties share the gradient."
    return op(fn)


for _name in ("sum", "prod"):
    _export(_sum_like(_name))
_export(_extreme("max"), "amax")
_export(_extreme("min"), "amin")


def _truth(name):
    def fn(x, axis=None, keepdims=False):
        from .elementwise import _boolean

        backend, value = unary_operand(_boolean(x))
        return wrap(getattr(backend, name)(value, _axes(backend, value, axis, name), bool(keepdims)))

    fn.__name__ = fn.__qualname__ = name
    fn.__doc__ = f"{name} over `axis` (None: all)."
    return op(fn)


_export(_truth("any"))
_export(_truth("all"))


@_export
@op
def mean(x, axis=None, keepdims=False):
    """Mean over `axis`; integers are averaged in floatx."""
    backend, value = float_operand(x)
    return wrap(backend.mean(value, _axes(backend, value, axis, "mean"), bool(keepdims)))


@_export
@op
def var(x, axis=None, keepdims=False):
    """Biased variance over `axis`."""
    backend, value = float_operand(x)
    return wrap(backend.moments(value, _axes(backend, value, axis, "var"), bool(keepdims))[1])


@_export
@op
def std(x, axis=None, keepdims=False):
    """Biased standard deviation over `axis`."""
    backend, value = float_operand(x)
    return wrap(backend.sqrt(backend.moments(value, _axes(backend, value, axis, "std"), bool(keepdims))[1]))


@_export
@op
def logsumexp(x, axis=None, keepdims=False):
    """log(sum(e**x)), stable."""
    backend, value = float_operand(x)
    return wrap(backend.logsumexp(value, _axes(backend, value, axis, "logsumexp"), bool(keepdims)))


def _arg(name):
    def fn(x, axis=None, keepdims=False):
        backend, value = number_operand(x)
        shape = tuple(backend.shape_of(value))
        if axis is None:
            value = backend.reshape(value, (math.prod(shape),))
            at = 0
        else:
            at = normalize_axis(axis, len(shape))
        _axes(backend, value, at, name, True)
        if name == "argmin":
            value = descending(backend, value)
        out = backend.argmax(value, at)
        if keepdims:
            out = backend.reshape(out, (1,) * len(shape) if axis is None else shape[:at] + (1,) + shape[at + 1 :])
        return wrap(out)

    fn.__name__ = fn.__qualname__ = name
    fn.__doc__ = f"Index (int32) of the first {name[3:]}imum along `axis` (None: of the flattened tensor)."
    return op(fn)


_export(_arg("argmax"))
_export(_arg("argmin"))


def _running(name):
    def fn(x, axis=None, dtype=None):
        backend, value = unary_operand(x)
        shape = backend.shape_of(value)
        if dtype is not None:
            value = backend.cast(value, dtypes.standardize(dtype))
        elif backend.dtype_of(value) == "bool":
            value = backend.cast(value, "int32")
        if axis is None:
            value, axis, shape = backend.reshape(value, (math.prod(shape),)), 0, (math.prod(shape),)
        return wrap(getattr(backend, name)(value, normalize_axis(axis, len(shape))))

    fn.__name__ = fn.__qualname__ = name
    fn.__doc__ = f"{name} along `axis` (None: flattened)."
    return op(fn)


_export(_running("cumsum"))
_export(_running("cumprod"))


@_export
@op
def count_nonzero(x, axis=None):
    """How many elements are not zero (int32)."""
    backend, value = unary_operand(x)
    if backend.dtype_of(value) != "bool":
        value = backend.not_equal(value, 0.0 if dtypes.is_float(backend.dtype_of(value)) else 0)
    value = backend.cast(value, "int32")
    return wrap(backend.sum(value, _axes(backend, value, axis, "count_nonzero"), False))


@_export
def average(x, axis=None, weights=None):
    """Weighted mean over `axis`."""
    from .core import convert_to_tensor
    from .elementwise import divide, multiply

    if weights is None:
        return mean(x, axis)
    x, weights = convert_to_tensor(x), convert_to_tensor(weights, config.floatx())
    if axis is not None and len(weights.shape) == 1 and len(x.shape) > 1:
        shape = [1] * len(x.shape)
        shape[axis] = -1
        from .shaping import reshape

        weights = reshape(weights, shape)
    total = globals()["sum"](multiply(x, weights), axis)
    from .shaping import broadcast_to

    return divide(total, globals()["sum"](broadcast_to(weights, x.shape), axis))


@_export
def median(x, axis=None, keepdims=False):
    """Median over one axis (None: all)."""
    from .core import convert_to_tensor
    from .shaping import expand_dims, ravel, sort, take

    x = convert_to_tensor(x)
    rank = len(x.shape)
    if axis is None:
        x, at = ravel(x), 0
    else:
        at = normalize_axis(axis, rank)
    n = x.shape[at]
    ordered = sort(x, at)
    out = mean(take(ordered, [(n - 1) // 2, n // 2], at), at)
    if keepdims:
        for i in range(rank) if axis is None else (at,):
            out = expand_dims(out, i)
    return out
