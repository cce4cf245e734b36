"""Matrix products and convolutions, all in full precision (no TF32, no bfloat16 passes)."""

from functools import partial
from itertools import product
from math import prod

import jax
import jax.numpy as jnp
from jax import lax

from .products import FULL, full_matmul

#: A depthwise window of up to this many elements becomes one fused loop on the CPU.
_FUSED = 64


def _numbers(rank):
    spatial = "DHW"[3 - rank :]
    return f"N{spatial}C", f"{spatial}IO", f"N{spatial}C"


def _conv(x, kernel, strides, pads, dilation, groups=1, stretch=None):
    return lax.conv_general_dilated(
        x,
        kernel,
        strides,
        pads,
        lhs_dilation=stretch,
        rhs_dilation=dilation,
        dimension_numbers=_numbers(x.ndim - 2),
        feature_group_count=groups,
        precision=FULL,
    )


def _depthwise(x, kernel, strides, pads, dilation):
    """A sum of shifted products, which XLA fuses (its own grouped convolution is 40 times slower on the CPU)."""
    channels, filters = x.shape[-1], kernel.shape[-1]
    x = lax.pad(x, jnp.zeros((), x.dtype), [(0, 0, 0), *((low, high, 0) for low, high in pads), (0, 0, 0)])
    window, total = kernel.shape[:-2], None
    out = [(n - (k - 1) * d - 1) // s + 1 for n, k, d, s in zip(x.shape[1:-1], window, dilation, strides)]
    taps = kernel.reshape(*window, channels, filters // channels)
    for place in product(*map(range, window)):
        starts = [p * d for p, d in zip(place, dilation)]
        stops = [a + (n - 1) * s + 1 for a, n, s in zip(starts, out, strides)]
        part = lax.slice(x, (0, *starts, 0), (x.shape[0], *stops, channels), (1, *strides, 1))
        term = part[..., None] * taps[place]
        total = term if total is None else total + term
    return total.reshape(*total.shape[:-2], filters)


@partial(jax.custom_vjp, nondiff_argnums=(2, 3, 4, 5))
def _conv_transpose(x, kernel, strides, pads, dilation, output_size):
    rank, around = x.ndim - 2, []
    for i, (low, _) in enumerate(pads):
        reach = (kernel.shape[i] - 1) * dilation[i]
        stretched = (x.shape[i + 1] - 1) * strides[i] + 1
        around.append((reach - low, output_size[i] - stretched + low))
    turned = jnp.swapaxes(lax.rev(kernel, tuple(range(rank))), rank, rank + 1)
    return _conv(x, turned, (1,) * rank, around, dilation, stretch=strides)


def _forward(x, kernel, *how):
    return _conv_transpose(x, kernel, *how), (x, kernel)


def _backward(strides, pads, dilation, output_size, saved, dy):
    """By the convolution this one is the transpose of; JAX's own, of a stretched input, takes four times as long."""
    x, kernel = saved
    dkernel = jax.linear_transpose(lambda k: _conv(dy, k, strides, pads, dilation), kernel)(x)[0]
    return _conv(dy, kernel, strides, pads, dilation), dkernel


_conv_transpose.defvjp(_forward, _backward)


class Conv:
    def matmul(self, x, y):
        return full_matmul(x, y)

    def einsum(self, equation, xs):
        return jnp.einsum(equation, *xs, precision=FULL)

    def conv(self, x, kernel, strides, pads, dilation, groups):
        how = (tuple(strides), tuple(tuple(p) for p in pads), tuple(dilation))
        if groups == 1 or not self._on_cpu:
            return _conv(x, kernel, *how, groups)
        if groups == x.shape[-1] and prod(kernel.shape[:-2]) <= _FUSED:
            return _depthwise(x, kernel, *how)
        # One after the other: XLA's gradient of a grouped convolution is 30 times slower on the CPU.
        pieces = zip(jnp.split(x, groups, -1), jnp.split(kernel, groups, -1))
        return lax.concatenate([_conv(a, k, *how) for a, k in pieces], x.ndim - 1)

    def conv_transpose(self, x, kernel, strides, pads, dilation, output_size):
        pads = tuple(tuple(p) for p in pads)
        return _conv_transpose(x, kernel, tuple(strides), pads, tuple(dilation), tuple(output_size))
