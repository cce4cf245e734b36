"""Primitives that only move elements."""

import numpy as np
import torch
import torch.nn.functional as F

from .unsigned import on_host


class Shape:
    def reshape(self, x, shape):
        return x.reshape(shape)

    def transpose(self, x, perm):
        return x.permute(perm)

    def broadcast_to(self, x, shape):
        return x.expand(shape)

    def concat(self, xs, axis):
        return torch.cat(xs, axis)

    def pad(self, x, pairs, value):
        return F.pad(x, [n for pair in reversed(pairs) for n in pair], value=value)

    def slice(self, x, starts, stops, strides):
        return x[tuple(map(slice, starts, stops, strides))]

    def flip(self, x, axes):
        try:
            return torch.flip(x, axes)
        except RuntimeError as error:
            return on_host(error, lambda a: np.flip(a, axes), x)

    def expand_dims(self, x, axis):
        return x.unsqueeze(axis)

    def squeeze(self, x, axes):
        return x.reshape([d for i, d in enumerate(x.shape) if i not in axes])

    def stack(self, xs, axis):
        return torch.stack(xs, axis)

    def split(self, x, sizes, axis):
        if sum(sizes) != x.shape[axis]:
            return super().split(x, sizes, axis)
        return list(torch.split(x, list(sizes), axis))

    def repeat(self, x, n, axis):
        # The gradient of torch.repeat_interleave is a scatter, that of this a sum.
        shape = list(x.shape)
        wide = x.unsqueeze(axis + 1).expand(*shape[: axis + 1], n, *shape[axis + 1 :])
        shape[axis] *= n
        return wide.reshape(shape)
