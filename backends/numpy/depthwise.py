"""Convolution with one input channel per group, by multiplying and adding shifted arrays; see `conv`.

Kernels are (*window, c): several filters per channel are handled by repeating the channels first.
"""

import math
from itertools import product as grid

import numpy as np

from .conv import BLOCK, Padder, inside, placed, steps
from .quiet import quiet
from .tape import leading_sum


def _blocks(x, pads):
    size = x.shape[-1] * x.itemsize * math.prod(d + low + high for d, (low, high) in zip(x.shape[1:-1], pads))
    return steps(len(x), size, BLOCK)


def _offsets(kernel, out, strides, dilation):
    rows = slice(0, out[0])
    for offset in grid(*map(range, kernel.shape[:-1])):
        yield offset, placed(offset, rows, out, strides, dilation)


def forward(x, kernel, out, strides, pads, dilation):
    y = np.empty((len(x), *out, x.shape[-1]), x.dtype)
    blocks = _blocks(x, pads)
    padded = Padder(x, pads, blocks[0].stop if blocks else 0)
    room = np.empty((blocks[0].stop if blocks else 0, *y.shape[1:]), x.dtype)
    for samples in blocks:
        part, total = padded(samples), y[samples]
        term = room[: len(part)]
        for n, (offset, index) in enumerate(_offsets(kernel, out, strides, dilation)):
            quiet.run(np.multiply, part[index], kernel[offset], out=term if n else total)
            if n:
                quiet.run(np.add, total, term, out=total)
    return y


def kernel_grad(x, g, window, strides, pads, dilation):
    total = np.zeros((*window, x.shape[-1]), g.dtype)
    blocks = _blocks(x, pads)
    padded = Padder(x, pads, blocks[0].stop if blocks else 0)
    for samples in blocks:
        part, piece = padded(samples), g[samples]
        for offset, index in _offsets(total, g.shape[1:-1], strides, dilation):
            total[offset] += leading_sum(quiet.run(np.multiply, part[index], piece), g.ndim - 1)
    return total


def input_grad(g, kernel, spatial, strides, pads, dilation):
    out = g.shape[1:-1]
    extent = [
        max(d + low + high, (o - 1) * s + (w - 1) * t + 1)
        for d, (low, high), o, s, w, t in zip(spatial, pads, out, strides, kernel.shape, dilation)
    ]
    result = np.empty((len(g), *spatial, g.shape[-1]), g.dtype)
    for samples in steps(len(g), math.prod(extent) * g.shape[-1] * g.itemsize, BLOCK):
        room = np.zeros((samples.stop - samples.start, *extent, g.shape[-1]), g.dtype)
        piece = g[samples]
        for offset, index in _offsets(kernel, out, strides, dilation):
            room[index] += quiet.run(np.multiply, piece, kernel[offset])
        result[samples] = room[inside(spatial, pads)]
    return result
