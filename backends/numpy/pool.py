"""Pooling on plain channels-last arrays: one pass over shifted slices for each element of the window."""

from itertools import product as grid

import numpy as np

from .conv import BLOCK, steps


def _axis(n, out, size, stride, low):
    """For each offset in the window: (slice of outputs whose window has that element inside, slice of inputs)."""
    found = []
    for i in range(size):
        first = max(0, -((i - low) // stride))
        last = min(out - 1, (n - 1 + low - i) // stride)
        if last >= first:
            at = first * stride - low + i
            found.append((slice(first, last + 1), slice(at, at + (last - first) * stride + 1, stride)))
    return found


def places(spatial, out, size, strides, pads):
    """Pairs of index tuples (into the output, into the input), window elements in row-major order."""
    axes = [_axis(n, o, k, s, low) for n, o, k, s, (low, _) in zip(spatial, out, size, strides, pads)]
    full = (slice(None),)
    return [(full + tuple(a for a, _ in p), full + tuple(b for _, b in p)) for p in grid(*axes)]


def _lowest(dtype):
    return np.iinfo(dtype).min if dtype.kind in "iu" else -np.inf


def max_forward(x, out, size, strides, pads):
    """Axis by axis, for the largest of a box is the largest of its lines' largest."""
    for axis in range(len(size)):
        if size[axis] == 1 and strides[axis] == 1 and pads[axis] == (0, 0):
            continue
        pairs = _axis(x.shape[axis + 1], out[axis], size[axis], strides[axis], pads[axis][0])
        shape = x.shape[: axis + 1] + (out[axis],) + x.shape[axis + 2 :]
        before = (slice(None),) * (axis + 1)
        whole = [p for p in pairs if p[0] == slice(0, out[axis])]
        if whole:
            pairs.remove(whole[0])
            y = np.array(x[before + (whole[0][1],)], order="C")
        else:
            y = np.full(shape, _lowest(x.dtype), x.dtype)
        for to, source in pairs:
            part = y[before + (to,)]
            np.maximum(part, x[before + (source,)], out=part)
        x = y
    return x


def max_grad(g, y, x, size, strides, pads):
    """Each window's g to its first largest element; a NaN counts as largest."""
    spots = places(x.shape[1:-1], y.shape[1:-1], size, strides, pads)
    apart = all(a <= b for a, b in zip(size, strides))
    tiled = size == strides and x.shape[1:-1] == tuple(a * b for a, b in zip(size, y.shape[1:-1]))
    result = np.empty(x.shape, g.dtype) if tiled else np.zeros(x.shape, g.dtype)
    nan = bool(y.size) and np.isnan(np.max(y))
    for samples in steps(len(x), x[:1].nbytes, BLOCK):
        _max_grad(g[samples], y[samples], x[samples], result[samples], spots, apart, nan)
    return result


def _max_grad(g, y, x, result, spots, apart, nan):
    """The same for a block of samples, into `result`; `apart`: windows do not overlap."""
    free = np.ones(y.shape, bool)
    for to, source in spots:
        part, room = x[source], free[to]
        hit = np.equal(part, y[to])
        if nan:
            hit |= np.isnan(part)
        hit &= room
        room ^= hit
        if apart:
            np.multiply(g[to], hit, out=result[source])
        else:
            result[source] += g[to] * hit


def _counts(x, out, size, strides, pads):
    """Elements of each window that are not padding, with a last axis of 1."""
    total = np.ones((*out, 1), x.dtype)
    for axis in range(len(size)):
        count = np.zeros(out[axis], x.dtype)
        for to, _ in _axis(x.shape[axis + 1], out[axis], size[axis], strides[axis], pads[axis][0]):
            count[to] += 1
        total *= count.reshape([-1 if i == axis else 1 for i in range(len(size) + 1)])
    return total


def avg_forward(x, out, size, strides, pads):
    counts = _counts(x, out, size, strides, pads)
    for axis in range(len(size)):
        y = np.zeros(x.shape[: axis + 1] + (out[axis],) + x.shape[axis + 2 :], x.dtype)
        before = (slice(None),) * (axis + 1)
        for to, source in _axis(x.shape[axis + 1], out[axis], size[axis], strides[axis], pads[axis][0]):
            y[before + (to,)] += x[before + (source,)]
        x = y
    return x / counts


def avg_grad(g, x, size, strides, pads):
    out = g.shape[1:-1]
    g = g / _counts(x, out, size, strides, pads)
    for axis in reversed(range(len(size))):
        y = np.zeros(g.shape[: axis + 1] + (x.shape[axis + 1],) + g.shape[axis + 2 :], g.dtype)
        before = (slice(None),) * (axis + 1)
        for to, source in _axis(x.shape[axis + 1], out[axis], size[axis], strides[axis], pads[axis][0]):
            y[before + (source,)] += g[before + (to,)]
        g = y
    return g
