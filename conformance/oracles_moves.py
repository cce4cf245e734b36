"""Oracles of the primitives that reduce, create, convert, rearrange and index."""

import math

import numpy as np

from .oracles_elementwise import wide, wrapped
from .oracles_random import uniforms


def rows(x, axes):
    """x as (kept shape, rows of the elements that the axes run over)."""
    kept = [i for i in range(x.ndim) if i not in axes]
    shape = tuple(x.shape[i] for i in kept)
    return shape, np.transpose(x, kept + list(axes)).reshape(math.prod(shape), math.prod(x.shape[i] for i in axes))


def _reduced(function, dtype=None):
    """`function(list of values, x.dtype)` of each row."""

    def oracle(x, axes, keepdims):
        shape, found = rows(x, axes)
        out = np.array([function(row, x.dtype) for row in found], dtype or x.dtype).reshape(shape)
        return out.reshape([1 if i in axes else n for i, n in enumerate(x.shape)]) if keepdims else out

    return oracle


def total(row, dtype=None):
    """The sum, rounded once; wrapped for integers."""
    if row.dtype.kind in "iu":
        return wrapped(sum(row.tolist()), row.dtype)
    return math.fsum(row.tolist()) if np.isfinite(row).all() else row.sum()


def _product(row, dtype):
    return wrapped(math.prod(row.tolist()), dtype) if dtype.kind in "iu" else float(np.prod(wide(row)))


def _extreme(choose):
    return lambda row, dtype: next((v for v in row.tolist() if v != v), None) or choose(row.tolist())


def along(function, x, axis, dtype=None):
    """`function` of each row of Python values along an axis, in place."""
    moved = np.moveaxis(x, axis, -1)
    flat = [function(row.tolist()) for row in moved.reshape(math.prod(moved.shape[:-1]), moved.shape[-1])]
    return np.moveaxis(np.array(flat, dtype or x.dtype).reshape(moved.shape), -1, axis)


def _running(start, step):
    def oracle(x, axis):
        integers = x.dtype.kind in "iu"

        def run(row):
            out, value = [], start if integers else np.longdouble(start)
            for v in row:
                value = step(value, v)
                out.append(wrapped(value, x.dtype) if integers else value)
            return out

        return along(run, x, axis)

    return oracle


def _order(row):
    return sorted(range(len(row)), key=lambda i: (row[i] != row[i], 0 if row[i] != row[i] else row[i]))


def _argmax(x, axis):
    shape, found = rows(x, (axis,))
    first = [max(range(len(row)), key=lambda i, row=row: (row[i] != row[i], row[i])) for row in found]
    return np.array(first, np.int32).reshape(shape)


def _cast(x, dtype):
    if dtype == "bool":
        return x != 0
    if np.dtype(dtype).kind in "iu":
        return wrapped([int(v) for v in x.reshape(-1).tolist()], dtype).reshape(x.shape)
    return x.astype(dtype)


def _gathered(shape, dtype, source):
    """An array of this shape whose element at `index` is `source(index)`."""
    out = np.zeros(shape, dtype)
    for index in np.ndindex(*shape):
        out[index] = source(index)
    return out


def _reshape(x, shape):
    elements = iter(x.reshape(-1).tolist())
    sizes = [x.size // max(1, math.prod(d for d in shape if d != -1)) if d == -1 else d for d in shape]
    return _gathered(sizes, x.dtype, lambda index: next(elements))


def _transpose(x, perm):
    shape = [x.shape[p] for p in perm]
    return _gathered(shape, x.dtype, lambda index: x[tuple(index[perm.index(i)] for i in range(x.ndim))])


def _broadcast_to(x, shape):
    new = len(shape) - x.ndim
    return _gathered(shape, x.dtype, lambda index: x[tuple(0 if n == 1 else i for i, n in zip(index[new:], x.shape))])


def _concat(xs, axis):
    slices = [s for x in xs for s in np.moveaxis(x, axis, 0)]
    return np.stack(slices, axis) if slices else xs[0]


def _pad(x, pairs, value):
    out = np.full([low + n + high for n, (low, high) in zip(x.shape, pairs)], value, x.dtype)
    for index in np.ndindex(*x.shape):
        out[tuple(i + low for i, (low, _) in zip(index, pairs))] = x[index]
    return out


def _slice(x, starts, stops, strides):
    picked = [range(*bounds) for bounds in zip(starts, stops, strides)]
    return _gathered([len(p) for p in picked], x.dtype, lambda index: x[tuple(p[i] for p, i in zip(picked, index))])


def _flip(x, axes):
    return _gathered(
        x.shape, x.dtype, lambda index: x[tuple(-1 - i if axis in axes else i for axis, i in enumerate(index))]
    )


def _take(x, indices, axis):
    n, nothing = x.shape[axis], math.nan if x.dtype.kind == "f" else 0
    out = np.full(x.shape[:axis] + indices.shape + x.shape[axis + 1 :], nothing, x.dtype)
    before = (slice(None),) * axis
    for at in np.ndindex(*indices.shape):
        i = int(indices[at])
        if 0 <= i < n:
            out[(*before, *at)] = x[(*before, i)]
    return out


def _take_along_axis(x, indices, axis):
    return _gathered(indices.shape, x.dtype, lambda index: x[(*index[:axis], int(indices[index]), *index[axis + 1 :])])


def _scatter_add(x, indices, updates):
    out = wide(x).copy()
    for i, update in zip(indices.tolist(), wide(updates)):
        out[i] = out[i] + update
    return wrapped(out, x.dtype) if x.dtype.kind in "iu" else out


ORACLES = {
    "sum": _reduced(total),
    "prod": _reduced(_product),
    "max": _reduced(_extreme(max)),
    "min": _reduced(_extreme(min)),
    "any": _reduced(lambda row, dtype: any(row.tolist())),
    "all": _reduced(lambda row, dtype: all(row.tolist())),
    "argmax": _argmax,
    "cumsum": _running(0, lambda a, v: a + v),
    "cumprod": _running(1, lambda a, v: a * v),
    "full": lambda shape, value, dtype: np.array([value] * math.prod(shape), dtype).reshape(shape),
    "arange": lambda n, dtype: np.array(range(n), dtype),
    "cast": _cast,
    "stop_gradient": lambda x: x,
    "reshape": _reshape,
    "transpose": _transpose,
    "broadcast_to": _broadcast_to,
    "concat": _concat,
    "pad": _pad,
    "slice": _slice,
    "flip": _flip,
    "take": _take,
    "take_along_axis": _take_along_axis,
    "scatter_add": _scatter_add,
    "argsort": lambda x, axis: along(_order, x, axis, np.int32),
    "random_uniform": lambda shape, key, dtype: uniforms(shape, key).astype(dtype),
}
