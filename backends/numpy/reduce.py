"""Reductions and running sums."""

import numpy as np

from .quiet import quiet
from .tape import Box, leading_sum, record, spread, unbox


def _widened(x):
    """The dtype to accumulate in: half precision sums would stop growing at 2048."""
    return np.float32 if x.dtype.itemsize == 2 and x.dtype.kind not in "iu" else x.dtype


def _sum(x, axes, keepdims):
    if x.dtype.char in "fd" and 0 < len(axes) < x.ndim and axes == tuple(range(len(axes))) and x.flags.c_contiguous:
        y = leading_sum(x, len(axes))
        return y.reshape((1,) * len(axes) + y.shape) if keepdims else y
    return _reduced(np.add.reduce, x, axes, keepdims)


def _reduced(reduce, x, axes, keepdims):
    return np.asarray(quiet.run(reduce, x, axis=axes, dtype=_widened(x), keepdims=keepdims), x.dtype)


def _extreme_vjp(g, y, x, axes, keepdims):
    """An equal share to each element that reaches the extreme."""
    full = spread(y, x.shape, axes, keepdims)
    hit = np.equal(x, full).astype(x.dtype)
    count = np.add.reduce(hit, axis=axes, keepdims=True, dtype=_widened(x)).astype(x.dtype)
    hit *= spread(g, x.shape, axes, keepdims) / count
    return hit


def _prod_vjp(g, y, x, axes, keepdims):
    g = spread(g, x.shape, axes, keepdims)
    if x.all():
        return g * spread(y, x.shape, axes, keepdims) / x
    moved = np.moveaxis(x, axes, range(-len(axes), 0))
    flat = moved.reshape(moved.shape[: x.ndim - len(axes)] + (-1,))
    before, after = np.ones_like(flat), np.ones_like(flat)
    np.multiply.accumulate(flat[..., :-1], axis=-1, out=before[..., 1:])
    np.multiply.accumulate(flat[..., :0:-1], axis=-1, out=after[..., -2::-1])
    return g * np.moveaxis((before * after).reshape(moved.shape), range(-len(axes), 0), axes)


def _cumsum_vjp(g, y, x, axis):
    return np.flip(np.cumsum(np.flip(g, axis), axis, dtype=_widened(g)).astype(g.dtype), axis)


def _cumprod_vjp(g, y, x, axis):
    """dx_i = (product of all before i) * s_i with s_i = g_i + x_(i+1) s_(i+1): right with zeros too."""
    g, x, y = (np.moveaxis(a, axis, 0) for a in (g, x, y))
    out = np.empty_like(x)
    s = np.zeros_like(x[0]) if len(x) else None
    for i in range(len(x) - 1, -1, -1):
        s = g[i] + (x[i + 1] * s if i + 1 < len(x) else 0.0)
        out[i] = s * y[i - 1] if i else s
    return np.moveaxis(out, 0, axis)


class Reductions:
    """Primitives that combine elements along axes."""

    def sum(self, x, axes, keepdims):
        axes = tuple(axes)
        value = unbox(x)
        y = _sum(value, axes, keepdims)
        if type(x) is not Box:
            return y
        shape = value.shape
        return record((x,), y, (lambda g: spread(g, shape, axes, keepdims),))

    def prod(self, x, axes, keepdims):
        axes = tuple(axes)
        value = unbox(x)
        y = _reduced(np.multiply.reduce, value, axes, keepdims)
        return record((x,), y, (_prod_vjp,), y, value, axes, keepdims) if type(x) is Box else y

    def max(self, x, axes, keepdims):
        axes = tuple(axes)
        value = unbox(x)
        y = np.asarray(np.maximum.reduce(value, axis=axes, keepdims=keepdims))
        return record((x,), y, (_extreme_vjp,), y, value, axes, keepdims) if type(x) is Box else y

    def min(self, x, axes, keepdims):
        axes = tuple(axes)
        value = unbox(x)
        y = np.asarray(np.minimum.reduce(value, axis=axes, keepdims=keepdims))
        return record((x,), y, (_extreme_vjp,), y, value, axes, keepdims) if type(x) is Box else y

    def any(self, x, axes, keepdims):
        return np.asarray(np.logical_or.reduce(unbox(x), axis=tuple(axes), keepdims=keepdims))

    def all(self, x, axes, keepdims):
        return np.asarray(np.logical_and.reduce(unbox(x), axis=tuple(axes), keepdims=keepdims))

    def argmax(self, x, axis):
        return np.asarray(np.argmax(unbox(x), axis=axis), np.int32)

    def cumsum(self, x, axis):
        value = unbox(x)
        y = quiet.run(np.cumsum, value, axis, _widened(value)).astype(value.dtype, copy=False)
        return record((x,), y, (_cumsum_vjp,), y, value, axis) if type(x) is Box else y

    def cumprod(self, x, axis):
        value = unbox(x)
        y = quiet.run(np.cumprod, value, axis, _widened(value)).astype(value.dtype, copy=False)
        return record((x,), y, (_cumprod_vjp,), y, value, axis) if type(x) is Box else y
