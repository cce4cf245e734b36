"""Convolutions, as one matrix product for each position in the kernel.

A convolution is linear in its input and in its kernel, so three functions are enough for `conv`, `conv_transpose` and
all their gradients: `correlate`, its adjoint with respect to the input, and its adjoint with respect to the kernel.
"""

from itertools import product
from math import prod
from typing import NamedTuple

from kshim.spec.shape_rules import window

from .elementwise import quiet


class Geometry(NamedTuple):
    """How the windows lie."""

    size: tuple
    strides: tuple
    pads: tuple
    dilation: tuple

    def positions(self):
        """The positions in a window, in row-major order."""
        return product(*map(range, self.size))

    def counts(self, spatial):
        """How many windows there are along each axis."""
        return tuple(map(window, spatial, self.size, self.strides, self.pads, self.dilation))

    def seen(self, position, counts):
        """The index of what all windows see at one of their positions, in a padded (n, *spatial, c) array."""
        starts = [p * d for p, d in zip(position, self.dilation)]
        rows = [slice(i, i + (n - 1) * s + 1, s) for i, n, s in zip(starts, counts, self.strides)]
        return (slice(None), *rows, slice(None))

    def inside(self, spatial):
        """The index of the array within its padding."""
        return (slice(None), *(slice(low, low + d) for d, (low, _) in zip(spatial, self.pads)), slice(None))

    def padded(self, xp, x, value=0):
        """(n, *spatial, c) with its padding."""
        spatial = [d + low + high for d, (low, high) in zip(x.shape[1:-1], self.pads)]
        out = xp.full((x.shape[0], *spatial, x.shape[-1]), value, x.dtype)
        out[self.inside(x.shape[1:-1])] = x
        return out


def grouped(a, groups):
    """(n, *spatial, channels) as one matrix (positions, channels of the group) for each group."""
    return a.reshape(prod(a.shape[:-1]), groups, a.shape[-1] // groups).swapaxes(0, 1)


def ungrouped(matrices, shape):
    return matrices.swapaxes(0, 1).reshape(shape)


def kernel_matrix(kernel, position, groups):
    """The kernel at a position as one matrix (channels in, filters) for each group."""
    k = kernel[position]
    return k.reshape(k.shape[0], groups, -1).swapaxes(0, 1)


def correlate(xp, x, kernel, how, groups):
    """The convolution of x (n, *spatial, c) with kernel (*window, c // groups, filters)."""
    counts, x = how.counts(x.shape[1:-1]), how.padded(xp, x)
    total = 0
    for p in how.positions():
        total = total + grouped(x[how.seen(p, counts)], groups) @ kernel_matrix(kernel, p, groups)
    return ungrouped(total, (x.shape[0], *counts, kernel.shape[-1]))


def adjoint_by_input(xp, g, kernel, how, groups, spatial):
    """What `correlate` makes of its input, backwards: every window adds its g times the kernel to what it saw."""
    counts, channels = g.shape[1:-1], kernel.shape[-2] * groups
    total = how.padded(xp, xp.zeros((g.shape[0], *spatial, channels), g.dtype))
    for p in how.positions():
        seen = how.seen(p, counts)
        part = grouped(g, groups) @ kernel_matrix(kernel, p, groups).swapaxes(1, 2)
        total[seen] += ungrouped(part, total[seen].shape)
    return total[how.inside(spatial)]


def adjoint_by_kernel(xp, x, g, shape, how, groups):
    """The cotangent of a kernel of this shape, from the input x of `correlate` and the cotangent g of its result."""
    x, g_matrix = how.padded(xp, x), grouped(g, groups)
    out = xp.zeros(shape, x.dtype)
    for p in how.positions():
        part = grouped(x[how.seen(p, g.shape[1:-1])], groups).swapaxes(1, 2) @ g_matrix
        out[p] = part.swapaxes(0, 1).reshape(shape[-2:])
    return out


class Convolution:
    @quiet
    def conv(self, x, kernel, strides, pads, dilation, groups):
        xp, a, k = self.xp, self._wide(x.array), self._wide(kernel.array)
        how = Geometry(k.shape[:-2], strides, pads, dilation)
        y = correlate(xp, a, k, how, groups).astype(x.array.dtype, copy=False)
        return self.record(
            y,
            (x, lambda g: adjoint_by_input(xp, self._wide(g), k, how, groups, a.shape[1:-1])),
            (kernel, lambda g: adjoint_by_kernel(xp, a, self._wide(g), k.shape, how, groups)),
        )

    @quiet
    def conv_transpose(self, x, kernel, strides, pads, dilation, output_size):
        xp, a, k = self.xp, self._wide(x.array), self._wide(kernel.array)
        how = Geometry(k.shape[:-2], strides, pads, dilation)
        y = adjoint_by_input(xp, a, k, how, 1, tuple(output_size)).astype(x.array.dtype, copy=False)
        return self.record(
            y,
            (x, lambda g: correlate(xp, self._wide(g), k, how, 1)),
            (kernel, lambda g: adjoint_by_kernel(xp, self._wide(g), a, k.shape, how, 1)),
        )
