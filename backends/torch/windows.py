"""Convolutions and pooling.

A row-major channels-last tensor seen through `permute` is exactly torch's `channels_last` memory format, so nothing is
copied on the way in or out and the fast kernels run. One spatial axis is done as two, where that format exists.
"""

import math

import torch
import torch.nn.functional as F

from kshim.spec.shape_rules import window

_CONV = {2: F.conv2d, 3: F.conv3d}
_CONV_TRANSPOSE = {2: F.conv_transpose2d, 3: F.conv_transpose3d}
_MAX_POOL = {2: F.max_pool2d, 3: F.max_pool3d}
_AVG_POOL = {2: F.avg_pool2d, 3: F.avg_pool3d}


def _channels_second(x):
    """(n, *spatial, c) -> (n, c, *spatial), a view; one spatial axis becomes two."""
    x = x.contiguous()
    if x.dim() == 3:
        x = x.unsqueeze(1)
    return x.permute(0, x.dim() - 1, *range(1, x.dim() - 1))


def _channels_last(y, rank):
    y = y.permute(0, *range(2, y.dim()), 1)
    return y.squeeze(1) if rank == 1 else y


def _kernel(kernel):
    """(*window, a, b) -> (b, a, *window), a view where torch's float64 kernels take one: not for a single filter."""
    if kernel.dim() == 3:
        kernel = kernel.unsqueeze(0)
    n = kernel.dim()
    weight = kernel.permute(n - 1, n - 2, *range(n - 2))
    return weight.contiguous() if weight.shape[0] == 1 else weight


def _two(rank, values, fill):
    """Per-axis values with one for the axis that a rank of 1 is given."""
    return (fill, *values) if rank == 1 else tuple(values)


def _flat(pads):
    """`(low, high)` pairs of the last axes in the order of `F.pad`."""
    return [n for pair in reversed(pads) for n in pair]


def _symmetric(pads):
    return all(low == high for low, high in pads)


class Windows:
    def conv(self, x, kernel, strides, pads, dilation, groups):
        rank = x.dim() - 2
        strides, dilation = _two(rank, strides, 1), _two(rank, dilation, 1)
        pads = _two(rank, pads, (0, 0))
        x = _channels_second(x)
        if not _symmetric(pads):
            x, pads = F.pad(x, _flat(pads)), ((0, 0),) * len(pads)
        y = _CONV[len(pads)](x, _kernel(kernel), None, strides, tuple(p[0] for p in pads), dilation, groups)
        return _channels_last(y, rank)

    def conv_transpose(self, x, kernel, strides, pads, dilation, output_size):
        rank = x.dim() - 2
        size = _two(rank, output_size, 1)
        strides, dilation = _two(rank, strides, 1), _two(rank, dilation, 1)
        pads = _two(rank, pads, (0, 0))
        x, weight = _channels_second(x), _kernel(kernel)
        # torch crops both ends alike: crop by the smaller pad there, by the rest of the larger one here.
        crop = tuple(min(pair) for pair in pads)
        full = [(n - 1) * s + d * (k - 1) + 1 for n, s, d, k in zip(x.shape[2:], strides, dilation, weight.shape[2:])]
        extra = tuple(n - f + low + high for n, f, (low, high) in zip(size, full, pads))
        y = _CONV_TRANSPOSE[len(pads)](x, weight, None, strides, crop, extra, 1, dilation)
        if not _symmetric(pads):
            for axis, (n, c, (low, _)) in enumerate(zip(size, crop, pads), 2):
                y = y.narrow(axis, low - c, n)
        return _channels_last(y, rank)

    def max_pool(self, x, size, strides, pads):
        rank = x.dim() - 2
        size, strides = _two(rank, size, 1), _two(rank, strides, 1)
        pads = _two(rank, pads, (0, 0))
        x = _channels_second(x)
        native = self._native_padding(x.shape[2:], size, strides, pads)
        if native is None:
            lowest = -math.inf if x.dtype.is_floating_point else torch.iinfo(x.dtype).min
            x, native = F.pad(x, _flat(pads), value=lowest), ((0,) * len(pads), False)
        y = _MAX_POOL[len(pads)](x, size, strides, native[0], 1, native[1])
        return _channels_last(y, rank)

    def avg_pool(self, x, size, strides, pads):
        rank = x.dim() - 2
        size, strides = _two(rank, size, 1), _two(rank, strides, 1)
        pads = _two(rank, pads, (0, 0))
        x = _channels_second(x)
        pool = _AVG_POOL[len(pads)]
        native = self._native_padding(x.shape[2:], size, strides, pads)
        if native is not None:
            return _channels_last(pool(x, size, strides, native[0], native[1], False), rank)
        total = pool(F.pad(x, _flat(pads)), size, strides, divisor_override=1)
        ones = F.pad(torch.ones_like(x[:1, :1]), _flat(pads))
        return _channels_last(total / pool(ones, size, strides, divisor_override=1), rank)

    @staticmethod
    def _native_padding(spatial, size, strides, pads):
        """(padding, ceil_mode) with which torch's pooling has exactly these windows, or None.

        torch pads both ends alike by up to half a window; in ceil mode windows may overhang the far end, which is
        how "same" padding that is one larger there comes out without a copy.
        """
        low = tuple(pair[0] for pair in pads)
        if any(2 * p > k for p, k in zip(low, size)):
            return None
        wanted = [window(*a) for a in zip(spatial, size, strides, pads)]
        if wanted == [window(n, k, s, (p, p)) for n, k, s, p in zip(spatial, size, strides, low)]:
            return low, False
        for n, k, s, p, w in zip(spatial, size, strides, low, wanted):
            count = -(-(n + 2 * p - k) // s) + 1
            if (count - 1) * s >= n + p:  # torch drops a window that would start in the far padding
                count -= 1
            if count != w:
                return None
        return low, True
