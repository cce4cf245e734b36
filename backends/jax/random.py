"""Random numbers: the bits of `kshim.spec.rng`, in one fused kernel."""

from functools import partial
from math import prod

import jax
import jax.numpy as jnp
import numpy as np

from kshim.spec.rng import GOLDEN, MULTIPLIER_1, MULTIPLIER_2


# Inlined into a step that is being traced; compiled once for each shape when called on its own.
@partial(jax.jit, static_argnums=(2, 3), inline=True)
def _uniform(k0, k1, shape, dtype):
    u32 = np.uint32
    x = jnp.arange(prod(shape), dtype=jnp.uint32) * u32(GOLDEN) ^ k0
    x = (x ^ (x >> u32(16))) * u32(MULTIPLIER_1) ^ k1
    x = (x ^ (x >> u32(15))) * u32(MULTIPLIER_2)
    x = x ^ (x >> u32(15))
    exact = jnp.promote_types(dtype, jnp.float32)
    u = (x >> u32(8)).astype(exact) * np.array(2.0**-24, exact)
    return u.astype(dtype).reshape(shape)


class Random:
    def random_uniform(self, shape, key, dtype):
        k0, k1 = (np.uint32(k) if isinstance(k, int) else k for k in key)
        with self._here():
            return _uniform(k0, k1, tuple(shape), dtype)
