"""Matrix products in full precision: no TF32, no bfloat16 passes."""

from functools import partial

import jax.numpy as jnp
from jax import lax

FULL = lax.Precision.HIGHEST
full_matmul = partial(jnp.matmul, precision=FULL)
