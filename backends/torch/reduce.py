"""Reductions and running reductions. torch takes an empty tuple of axes for all of them, the table for none."""

import math

import numpy as np
import torch

from .unsigned import on_host


def _last(x, axes):
    """x with `axes` moved to the back and made one."""
    keep = [i for i in range(x.dim()) if i not in axes]
    shape = [x.shape[i] for i in keep]
    return x.permute(*keep, *axes).reshape(*shape, math.prod(x.shape[i] for i in axes))


class Reduce:
    def sum(self, x, axes, keepdims):
        if not axes:
            return x
        try:
            return torch.sum(x, axes, keepdims, dtype=x.dtype)
        except RuntimeError as error:
            return on_host(error, lambda a: np.sum(a, axes, a.dtype, keepdims=keepdims), x)

    def prod(self, x, axes, keepdims):
        if not axes:
            return x
        try:
            if len(axes) == 1:
                return torch.prod(x, axes[0], keepdims, dtype=x.dtype)
            y = torch.prod(_last(x, axes), -1, dtype=x.dtype)
        except RuntimeError as error:
            return on_host(error, lambda a: np.prod(a, axes, a.dtype, keepdims=keepdims), x)
        return y.reshape([1 if i in axes else d for i, d in enumerate(x.shape)]) if keepdims else y

    def max(self, x, axes, keepdims):
        if not axes:
            return x
        try:
            return torch.amax(x, axes, keepdims)
        except RuntimeError as error:
            return on_host(error, lambda a: np.max(a, axes, keepdims=keepdims), x)

    def min(self, x, axes, keepdims):
        if not axes:
            return x
        try:
            return torch.amin(x, axes, keepdims)
        except RuntimeError as error:
            return on_host(error, lambda a: np.min(a, axes, keepdims=keepdims), x)

    def any(self, x, axes, keepdims):
        return torch.any(x, axes, keepdims) if axes else x

    def all(self, x, axes, keepdims):
        return torch.all(x, axes, keepdims) if axes else x

    def argmax(self, x, axis):
        if x.dtype is torch.bool:
            x = x.to(torch.uint8)
        try:
            return torch.argmax(x, axis).to(torch.int32)
        except RuntimeError as error:
            return on_host(error, lambda a: np.argmax(a, axis).astype("int32"), x)

    def cumsum(self, x, axis):
        try:
            return torch.cumsum(x, axis, dtype=x.dtype)
        except RuntimeError as error:
            return on_host(error, lambda a: np.cumsum(a, axis, a.dtype), x)

    def cumprod(self, x, axis):
        try:
            return torch.cumprod(x, axis, dtype=x.dtype)
        except RuntimeError as error:
            return on_host(error, lambda a: np.cumprod(a, axis, a.dtype), x)

    def mean(self, x, axes, keepdims):
        if not axes or not x.dtype.is_floating_point:
            return super().mean(x, axes, keepdims)
        if all(x.shape[a] == 1 for a in axes):
            return x if keepdims else x.squeeze(axes)
        if len(axes) == x.dim() and not keepdims:
            return torch.mean(x)
        return torch.mean(x, axes, keepdims)

    def moments(self, x, axes, keepdims):
        # Two passes: on the CPU torch.var_mean runs unvectorised over any but the last axis, twice as slowly.
        if not axes or not x.dtype.is_floating_point:
            return super().moments(x, axes, keepdims)
        mean = torch.mean(x, axes, True)
        centred = x - mean
        variance = torch.mean(centred * centred, axes, keepdims)
        return (mean if keepdims else torch.squeeze(mean, axes)), variance
