"""Rearranging elements, and matrix products."""

from .elementwise import quiet
from .tape import Piece


def swapped(array):
    """The transposes of a stack of matrices."""
    return array.swapaxes(-1, -2)


class Shaping:
    def reshape(self, x, shape):
        before = x.array.shape
        return self.record(x.array.reshape(shape), (x, lambda g: g.reshape(before)))

    def transpose(self, x, perm):
        back = tuple(perm.index(i) for i in range(len(perm)))
        return self.record(x.array.transpose(perm), (x, lambda g: g.transpose(back)))

    def broadcast_to(self, x, shape):
        return self.record(self.xp.broadcast_to(x.array, shape), (x, lambda g: g))  # the tape sums it down again

    def concat(self, xs, axis):
        links, at = [], 0
        for x in xs:
            size = x.array.shape[axis]
            index = (slice(None),) * axis + (slice(at, at + size),)
            links.append((x, lambda g, index=index: g[index]))
            at += size
        return self.record(self.xp.concatenate([x.array for x in xs], axis), *links)

    def pad(self, x, pairs, value):
        a = x.array
        inside = tuple(slice(low, low + d) for d, (low, _) in zip(a.shape, pairs))
        y = self.xp.full(tuple(d + low + high for d, (low, high) in zip(a.shape, pairs)), value, a.dtype)
        y[inside] = a
        return self.record(y, (x, lambda g: g[inside]))

    def slice(self, x, starts, stops, strides):
        index = tuple(slice(*three) for three in zip(starts, stops, strides))
        return self.record(x.array[index], (x, lambda g: Piece(index, g)))

    def flip(self, x, axes):
        index = tuple(slice(None, None, -1 if i in axes else 1) for i in range(x.array.ndim))
        return self.record(x.array[index], (x, lambda g: g[index]))

    @quiet
    def matmul(self, x, y):
        a, b = self._wide(x.array), self._wide(y.array)
        z = self.xp.matmul(a, b).astype(x.array.dtype, copy=False)
        return self.record(z, (x, lambda g: self._wide(g) @ swapped(b)), (y, lambda g: swapped(a) @ self._wide(g)))
