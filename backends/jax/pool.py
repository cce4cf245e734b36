"""Pooling by `lax.reduce_window`."""

from functools import partial
from itertools import product
from math import prod

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from kshim.spec.shape_rules import window

#: Gradients of windows of up to this many elements are one fused loop over the places in a window.
_FUSED = 36


def _window(size, strides, pads):
    return (1, *size, 1), (1, *strides, 1), [(0, 0), *pads, (0, 0)]


def _largest(x, size, strides, pads):
    lowest = -jnp.inf if jnp.issubdtype(x.dtype, jnp.inexact) else jnp.iinfo(x.dtype).min
    return lax.reduce_window(x, np.array(lowest, x.dtype), lax.max, *_window(size, strides, pads))


@partial(jax.custom_vjp, nondiff_argnums=(1, 2, 3))
def _max_pool(x, size, strides, pads):
    return _largest(x, size, strides, pads)


def _forward(x, size, strides, pads):
    return _largest(x, size, strides, pads), x


def _backward(size, strides, pads, x, dy):
    """To the first largest of each window, place by place (JAX's select-and-scatter is 5 to 30 times slower).

    The places are compared with each other, not with the result of the forward pass: XLA may compute `x` once more for
    that, rounded in another way, and nothing would be equal to it.
    """
    zero, out = np.zeros((), x.dtype), dy.shape[1:-1]
    padded = lax.pad(x, np.array(-np.inf, x.dtype), [(0, 0, 0), *((low, high, 0) for low, high in pads), (0, 0, 0)])
    ranges = [[(a, a + (n - 1) * s + 1) for a, n, s in zip(p, out, strides)] for p in product(*map(range, size))]
    largest, first = None, jnp.zeros(dy.shape, np.int8)
    for place, spans in enumerate(ranges):
        starts, stops = zip(*spans)
        part = lax.slice(padded, (0, *starts, 0), (x.shape[0], *stops, x.shape[-1]), (1, *strides, 1))
        if largest is not None:
            first = jnp.where(part > largest, np.int8(place), first)
        largest = part if largest is None else jnp.maximum(part, largest)
    dx = None
    for place, spans in enumerate(ranges):
        spread = [(a, n - b, s - 1) for (a, b), n, s in zip(spans, padded.shape[1:-1], strides)]
        term = lax.pad(jnp.where(first == place, dy, zero), zero, [(0, 0, 0), *spread, (0, 0, 0)])
        dx = term if dx is None else dx + term
    lows = [low for low, _ in pads]
    stops = [low + n for low, n in zip(lows, x.shape[1:-1])]
    return (lax.slice(dx, (0, *lows, 0), (x.shape[0], *stops, x.shape[-1])),)


_max_pool.defvjp(_forward, _backward)


class Pool:
    def max_pool(self, x, size, strides, pads):
        pool = _max_pool if prod(size) <= _FUSED and jnp.issubdtype(x.dtype, jnp.inexact) else _largest
        return pool(x, tuple(size), tuple(strides), tuple(tuple(p) for p in pads))

    def avg_pool(self, x, size, strides, pads):
        pads = [tuple(p) for p in pads]
        total = lax.reduce_window(x, np.zeros((), x.dtype), lax.add, *_window(size, strides, pads))
        return total / _counts(x.shape[1:-1], size, strides, pads, x.dtype)


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
