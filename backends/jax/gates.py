"""What the written-out recurrent layers share."""

import jax.numpy as jnp
from jax import lax

from .products import full_matmul


def floats_alike(*tensors):
    """Whether all (but None) are floats of one dtype, none of them empty."""
    tensors = [t for t in tensors if t is not None]
    alike = len({t.dtype for t in tensors}) == 1 and jnp.issubdtype(tensors[0].dtype, jnp.floating)
    return alike and all(t.size for t in tensors)


def sigmoid(x):
    """By tanh, as the definition has it."""
    return jnp.tanh(x * 0.5) * 0.5 + 0.5


def part(x, start, stop=None):
    """Columns of the last axis."""
    return lax.slice_in_dim(x, start, stop, axis=x.ndim - 1)


def previous(first, rows):
    """What each step began with, of what it ended with."""
    return jnp.concatenate([first[None], rows[:-1]])


def transposed(kernel):
    """Once for all steps: without the barrier XLA does it anew in each."""
    return lax.optimization_barrier(kernel.T)


def summed_product(x, dy):
    """The gradient of a kernel used in every step: of (time, batch, k) and (time, batch, m) the sum of all outer products."""
    steps, batch, width = dy.shape
    return full_matmul(x.reshape(steps * batch, -1).T, dy.reshape(steps * batch, width))
