"""Gathering, scattering and sorting."""

import jax.numpy as jnp
from jax import lax


def _widen(indices):
    """Signed indices; 64-bit ones stay so, lest an index far outside wrap round to a row that exists."""
    return indices.astype(jnp.int64 if indices.dtype.itemsize > 4 or indices.dtype == jnp.uint32 else jnp.int32)


class Index:
    def take(self, x, indices, axis):
        # lax.gather, since jnp.take counts negative indices from the end and the table calls them out of range.
        k = indices.ndim
        dimensions = lax.GatherDimensionNumbers(
            offset_dims=tuple(range(axis)) + tuple(range(axis + k, x.ndim - 1 + k)),
            collapsed_slice_dims=(axis,),
            start_index_map=(axis,),
        )
        sizes = x.shape[:axis] + (1,) + x.shape[axis + 1 :]
        fill = jnp.nan if jnp.issubdtype(x.dtype, jnp.inexact) else 0
        if 0 in sizes or x.shape[axis] == 0:
            return jnp.full(x.shape[:axis] + indices.shape + x.shape[axis + 1 :], fill, x.dtype)
        return lax.gather(x, _widen(indices)[..., None], dimensions, sizes, mode="fill", fill_value=fill)

    def take_along_axis(self, x, indices, axis):
        return jnp.take_along_axis(x, indices, axis)

    def scatter_add(self, x, indices, updates):
        return x.at[indices].add(updates)

    def argsort(self, x, axis):
        order = lax.broadcasted_iota(jnp.int32, x.shape, axis)
        return lax.sort((x, order), dimension=axis, is_stable=True, num_keys=1)[1]
