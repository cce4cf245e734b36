"""Gathering, scattering and sorting."""

import math

import numpy as np
import torch

from .unsigned import SIGNED, on_host

_INDEX = (torch.int32, torch.int64)


def as_index(x):
    return x if x.dtype in _INDEX else x.to(torch.int64)


def in_range(x, n):
    """Whether all of x lie in [0, n), decided on the host; None on a GPU, where asking would stall it."""
    if x.is_cuda:
        return None
    if x.numel() == 0:
        return True
    low, high = torch.aminmax(x)
    return low.item() >= 0 and high.item() < n


class Index:
    def take(self, x, indices, axis):
        if x.dtype in SIGNED:
            return self.take(x.view(SIGNED[x.dtype]), indices, axis).view(x.dtype)
        n, shape = x.shape[axis], indices.shape
        rows = as_index(indices).reshape(-1)
        out_shape = (*x.shape[:axis], *shape, *x.shape[axis + 1 :])
        fill = math.nan if x.dtype.is_floating_point else 0
        if n == 0:
            return torch.full(out_shape, fill, dtype=x.dtype, device=x.device)
        if in_range(rows, n):
            return torch.index_select(x, axis, rows).reshape(out_shape)
        outside = (rows < 0) | (rows >= n)
        picked = torch.index_select(x, axis, rows.masked_fill(outside, 0))
        outside = outside.reshape([-1 if i == axis else 1 for i in range(x.dim())])
        return picked.masked_fill(outside, fill).reshape(out_shape)

    def take_along_axis(self, x, indices, axis):
        try:
            return torch.gather(x, axis, indices.to(torch.int64))
        except RuntimeError as error:
            return on_host(error, lambda a, i: np.take_along_axis(a, i, axis), x, indices.to(torch.int64))

    def scatter_add(self, x, indices, updates):
        try:
            return torch.index_add(x, 0, as_index(indices), updates)
        except RuntimeError as error:
            return on_host(error, _host_scatter_add, x, as_index(indices), updates)

    def argsort(self, x, axis):
        try:
            return torch.sort(x, dim=axis, stable=True).indices.to(torch.int32)
        except RuntimeError as error:
            return on_host(error, lambda a: np.argsort(a, axis, kind="stable").astype("int32"), x)

    def one_hot(self, indices, n, dtype):
        wide = as_index(indices).unsqueeze(-1)
        return self.cast(wide == torch.arange(n, dtype=wide.dtype, device=wide.device), dtype)


def _host_scatter_add(x, indices, updates):
    out = x.copy()
    np.add.at(out, indices, updates)
    return out
