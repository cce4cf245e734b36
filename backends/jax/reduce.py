"""Reductions and running sums; the dtype stays (jnp.sum would widen small integers)."""

import jax.numpy as jnp
from jax import lax


class Reduce:
    def sum(self, x, axes, keepdims):
        return jnp.sum(x, axis=tuple(axes), dtype=x.dtype, keepdims=keepdims)

    def prod(self, x, axes, keepdims):
        return jnp.prod(x, axis=tuple(axes), dtype=x.dtype, keepdims=keepdims)

    def max(self, x, axes, keepdims):
        return jnp.max(x, axis=tuple(axes), keepdims=keepdims)

    def min(self, x, axes, keepdims):
        return jnp.min(x, axis=tuple(axes), keepdims=keepdims)

    def any(self, x, axes, keepdims):
        return jnp.any(x, axis=tuple(axes), keepdims=keepdims)

    def all(self, x, axes, keepdims):
        return jnp.all(x, axis=tuple(axes), keepdims=keepdims)

    def argmax(self, x, axis):
        return lax.argmax(x.astype(jnp.int8) if x.dtype == bool else x, axis, jnp.int32)

    def cumsum(self, x, axis):
        return lax.cumsum(x, axis)

    def cumprod(self, x, axis):
        return lax.cumprod(x, axis)
