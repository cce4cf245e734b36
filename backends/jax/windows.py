"""Matrix products, convolutions and pooling, all in full precision (no TF32, no bfloat16 passes)."""

from math import prod

import jax.numpy as jnp
import numpy as np
from jax import lax

from kshim.spec.shape_rules import window

_FULL = lax.Precision.HIGHEST


def _numbers(rank):
    spatial = "DHW"[3 - rank :]
    return f"N{spatial}C", f"{spatial}IO", f"N{spatial}C"


class Windows:
    def matmul(self, x, y):
        return jnp.matmul(x, y, precision=_FULL)

    def einsum(self, equation, xs):
        return jnp.einsum(equation, *xs, precision=_FULL)

    def conv(self, x, kernel, strides, pads, dilation, groups):
        return lax.conv_general_dilated(
            x,
            kernel,
            tuple(strides),
            [tuple(p) for p in pads],
            rhs_dilation=tuple(dilation),
            dimension_numbers=_numbers(x.ndim - 2),
            feature_group_count=groups,
            precision=_FULL,
        )

    def conv_transpose(self, x, kernel, strides, pads, dilation, output_size):
        rank = x.ndim - 2
        around = []
        for i, (low, _) in enumerate(pads):
            reach = (kernel.shape[i] - 1) * dilation[i]
            stretched = (x.shape[i + 1] - 1) * strides[i] + 1
            around.append((reach - low, output_size[i] - stretched + low))
        flipped = jnp.swapaxes(lax.rev(kernel, tuple(range(rank))), rank, rank + 1)
        return lax.conv_general_dilated(
            x,
            flipped,
            (1,) * rank,
            around,
            lhs_dilation=tuple(strides),
            rhs_dilation=tuple(dilation),
            dimension_numbers=_numbers(rank),
            precision=_FULL,
        )

    def max_pool(self, x, size, strides, pads):
        lowest = -jnp.inf if jnp.issubdtype(x.dtype, jnp.inexact) else jnp.iinfo(x.dtype).min
        return lax.reduce_window(x, np.array(lowest, x.dtype), lax.max, *_window(size, strides, pads))

    def avg_pool(self, x, size, strides, pads):
        total = lax.reduce_window(x, np.array(0, x.dtype), lax.add, *_window(size, strides, pads))
        return total / _counts(x.shape[1:-1], size, strides, pads, x.dtype)


def _window(size, strides, pads):
    return (1, *size, 1), (1, *strides, 1), [(0, 0), *(tuple(p) for p in pads), (0, 0)]


def _counts(spatial, size, strides, pads, dtype):
    """How many real elements each window sees: one number if all are alike, else (1, *spatial, 1)."""
    axes = []
    for length, k, stride, pad in zip(spatial, size, strides, pads):
        first = np.arange(window(length, k, stride, pad)) * stride - pad[0]
        axes.append(np.minimum(first + k, length) - np.maximum(first, 0))
    if all((a == k).all() for a, k in zip(axes, size)):
        return float(prod(size))
    out = np.ones((), np.int64)
    for a in axes:
        out = out[..., None] * a
    return out[None, ..., None].astype(dtype)
