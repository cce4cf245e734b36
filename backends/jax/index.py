"""Gathering, scattering and sorting."""

import jax.numpy as jnp
from jax import lax


def _narrow(indices, n):
    """int32 indices, those outside [0, n) as n: lax.gather would cut wider ones, to a row that may exist."""
    if indices.dtype.itemsize < 4 or indices.dtype == jnp.int32:
        return indices.astype(jnp.int32)
    return jnp.where((indices >= 0) & (indices < n), indices, n).astype(jnp.int32)


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
        return lax.gather(
            x, _narrow(indices, x.shape[axis])[..., None], dimensions, sizes, mode="fill", fill_value=fill
        )

    def take_along_axis(self, x, indices, axis):
        return jnp.take_along_axis(x, indices, axis)

    def scatter_add(self, x, indices, updates):
        return x.at[indices].add(updates)

    def argsort(self, x, axis):
        order = lax.broadcasted_iota(jnp.int32, x.shape, axis)
        return lax.sort((x, order), dimension=axis, is_stable=True, num_keys=1)[1]
