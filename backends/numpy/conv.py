"""Convolution and its two adjoints on plain channels-last arrays, as matrix products over copied windows.

Windows are copied in blocks that stay in the cache. `input_grad` is also the transposed convolution, and each of
the three is the gradient of the others.
"""

import math
from itertools import product as grid

import numpy as np
from numpy import ndarray

from .quiet import quiet

#: Bytes of copied windows at a time: about half of a core's level-2 cache.
BLOCK = 1 << 19


def window_view(x, out, window, strides, dilation):
    """Read-only view (n, *out, *window, c) of a C-contiguous, already padded x (n, *spatial, c)."""
    s = x.strides
    steps = tuple(a * b for a, b in zip(s[1:-1], strides)), tuple(a * b for a, b in zip(s[1:-1], dilation))
    return ndarray((len(x), *out, *window, x.shape[-1]), x.dtype, x, 0, (s[0], *steps[0], *steps[1], s[-1]))


def steps(n, size, limit):
    """Slices of range(n) such that each holds about `limit` bytes at `size` bytes a piece."""
    step = max(1, limit // max(1, size))
    return [slice(i, min(i + step, n)) for i in range(0, n, step)]


def inside(spatial, pads):
    """Index of the unpadded part of a padded array."""
    return (slice(None), *(slice(low, low + d) for (low, _), d in zip(pads, spatial)))


class Padder:
    """Blocks of samples of x with zeros around, in one scratch array whose border is written once."""

    def __init__(self, x, pads, most):
        self.x = np.ascontiguousarray(x)
        self.scratch = None
        if any(map(any, pads)):
            spatial = [d + low + high for d, (low, high) in zip(x.shape[1:-1], pads)]
            self.scratch = np.zeros((most, *spatial, x.shape[-1]), x.dtype)
            self.inside = inside(x.shape[1:-1], pads)

    def __call__(self, samples):
        part = self.x[samples]
        if self.scratch is None:
            return part
        room = self.scratch[: len(part)]
        room[self.inside] = part
        return room


def columns(x, out, window, strides, pads, dilation):
    """Yields (samples, rows, matrix): the windows of a block of samples and rows of the first axis, one per line."""
    if not x.size:
        return
    c = x.shape[-1]
    depth, row = math.prod(window) * c, math.prod(out[1:])
    size = depth * row * x.itemsize
    blocks = steps(len(x), size * out[0], BLOCK)
    row_blocks = steps(out[0], size, BLOCK)
    most, most_rows = blocks[0].stop, row_blocks[0].stop
    padded = Padder(x, pads, most)
    buffer = np.empty(most * most_rows * row * depth, x.dtype)
    # Few values in a row of the window: laying the lines out as columns copies longer runs.
    tall = window[-1] * c < out[-1] and c < 16
    axes = len(window)
    order = (*range(axes + 1, 2 * axes + 2), *range(axes + 1))
    for samples in blocks:
        view = window_view(padded(samples), out, window, strides, dilation)
        for rows in row_blocks:
            piece = view[:, rows]
            lines = piece.shape[0] * piece.shape[1] * row
            space = buffer[: lines * depth]
            if tall:
                piece = piece.transpose(order)
                space.reshape(piece.shape)[...] = piece
                yield samples, rows, space.reshape(depth, lines).T
            else:
                space.reshape(piece.shape)[...] = piece
                yield samples, rows, space.reshape(lines, depth)


def _pointwise(window, strides, pads):
    return all(d == 1 for d in (*window, *strides)) and not any(map(any, pads))


def forward(x, kernel, out, strides, pads, dilation):
    """(n, *spatial, c) and (*window, c, f) -> (n, *out, f)."""
    window, f = kernel.shape[:-2], kernel.shape[-1]
    flat = kernel.reshape(-1, f)
    if _pointwise(window, strides, pads):
        return quiet.run(np.matmul, x.reshape(-1, x.shape[-1]), flat).reshape(len(x), *out, f)
    y = np.empty((len(x), *out, f), x.dtype)
    for samples, rows, matrix in columns(x, out, window, strides, pads, dilation):
        quiet.run(np.matmul, matrix, flat, out=y[samples, rows].reshape(-1, f))
    return y


def kernel_grad(x, g, window, strides, pads, dilation):
    """Cotangent of the kernel (*window, c, f) for a cotangent g (n, *out, f)."""
    f, c = g.shape[-1], x.shape[-1]
    g = np.ascontiguousarray(g)
    if _pointwise(window, strides, pads):
        total = quiet.run(np.matmul, x.reshape(-1, c).T, g.reshape(-1, f))
    else:
        total = np.zeros((math.prod(window) * c, f), g.dtype)
        for samples, rows, matrix in columns(x, g.shape[1:-1], window, strides, pads, dilation):
            total += quiet.run(np.matmul, matrix.T, g[samples, rows].reshape(-1, f))
    return total.reshape(*window, c, f)


def input_grad(g, kernel, spatial, strides, pads, dilation):
    """Cotangent of the input (n, *spatial, c) for a cotangent g (n, *out, f)."""
    window = kernel.shape[:-2]
    swapped = kernel.swapaxes(-1, -2)
    if _pointwise(window, strides, pads):
        flat = quiet.run(np.matmul, g.reshape(-1, g.shape[-1]), swapped[(0,) * len(window)])
        return flat.reshape(len(g), *spatial, -1)
    if all(s == 1 for s in strides):
        reach = [(w - 1) * d for w, d in zip(window, dilation)]
        turned = [(r - low, n - o + low) for r, (low, _), n, o in zip(reach, pads, spatial, g.shape[1:-1])]
        if all(low >= 0 and high >= 0 for low, high in turned):
            return forward(g, np.flip(swapped, tuple(range(len(window)))), spatial, strides, turned, dilation)
    return _scatter(g, swapped, spatial, strides, pads, dilation)


def placed(offset, rows, out, strides, dilation):
    """Index of the input elements that element `offset` of the windows of these rows covers."""
    first = [rows.start] + [0] * (len(out) - 1)
    count = [rows.stop - rows.start, *out[1:]]
    index = [slice(None)]
    for i, d, s, start, n in zip(offset, dilation, strides, first, count):
        at = i * d + start * s
        index.append(slice(at, at + (n - 1) * s + 1, s))
    return tuple(index)


def _scatter(g, kernel, spatial, strides, pads, dilation):
    """input_grad by adding each window's share; kernel (*window, f, c)."""
    window = kernel.shape[:-2]
    g = np.ascontiguousarray(g)
    n, out, f, c = len(g), g.shape[1:-1], g.shape[-1], kernel.shape[-1]
    extent = [
        max(d + low + high, (o - 1) * s + (w - 1) * t + 1)
        for d, (low, high), o, s, w, t in zip(spatial, pads, out, strides, window, dilation)
    ]
    result = np.empty((n, *spatial, c), g.dtype)
    sample = math.prod(extent) * c * g.itemsize
    row_blocks = steps(out[0], math.prod(out[1:]) * max(c, f) * g.itemsize, BLOCK)
    for samples in steps(n, sample, BLOCK):
        room = np.zeros((samples.stop - samples.start, *extent, c), g.dtype)
        for rows in row_blocks:
            part = g[samples, rows]
            flat = part.reshape(-1, f)
            for offset in grid(*map(range, window)):
                share = quiet.run(np.matmul, flat, kernel[offset]).reshape(*part.shape[:-1], c)
                room[placed(offset, rows, out, strides, dilation)] += share
        result[samples] = room[inside(spatial, pads)]
    return result
