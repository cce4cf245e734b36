"""Gathering, scattering and sorting."""

import numpy as np

from .tape import Box, Partial, record, unbox


def add_rows(buffer, indices, rows):
    """buffer[indices[i]] += rows[i] with repeats adding up, in the order of i; 1-D indices in range.

    Sorting and summing runs of equal indices takes a fraction of `np.add.at`'s time on rows.
    """
    if not len(indices):
        return
    if buffer.ndim == 1:
        np.add.at(buffer, indices, rows)
        return
    order = np.argsort(indices, kind="stable")
    ordered = indices[order]
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    buffer[ordered[starts]] += np.add.reduceat(rows[order], starts, axis=0)


def _take(x, indices, axis):
    """(slices, mask of indices outside or None)."""
    n = x.shape[axis]
    outside = None
    if indices.size and (indices.min() < 0 or indices.max() >= n):
        outside = (indices < 0) | (indices >= n)
    if n == 0 and indices.size:
        y = np.zeros(x.shape[:axis] + indices.shape + x.shape[axis + 1 :], x.dtype)
    else:
        y = np.asarray(x.take(indices if outside is None else np.where(outside, 0, indices), axis))
    if outside is not None:
        hole = outside.reshape((1,) * axis + outside.shape + (1,) * (x.ndim - axis - 1))
        y = np.where(hole, np.asarray(0 if x.dtype.kind in "iub" else np.nan, x.dtype), y)
    return y, outside


def _take_vjp(g, x, indices, axis, outside):
    def add(buffer):
        moved = np.moveaxis(buffer, axis, 0)
        rows = np.moveaxis(g, range(axis, axis + indices.ndim), range(indices.ndim))
        rows = rows.reshape((indices.size,) + moved.shape[1:])
        flat = indices.reshape(-1)
        if outside is not None:
            inside = ~outside.reshape(-1)
            flat, rows = flat[inside], rows[inside]
        add_rows(moved, flat, rows)

    return Partial(x, add)


def _along(indices, axis):
    """Index tuple of `take_along_axis`."""
    grids = np.ogrid[tuple(map(slice, indices.shape))]
    return tuple(indices if i == axis else grid for i, grid in enumerate(grids))


class Indexing:
    """take, take_along_axis, scatter_add and argsort."""

    def take(self, x, indices, axis):
        indices, value = unbox(indices), unbox(x)
        y, outside = _take(value, indices, axis)
        return record((x,), y, (_take_vjp,), value, indices, axis, outside) if type(x) is Box else y

    def take_along_axis(self, x, indices, axis):
        indices, value = unbox(indices), unbox(x)
        index = _along(indices, axis)
        y = value[index]
        if type(x) is not Box:
            return y
        return record((x,), y, (lambda g: Partial(value, lambda buffer: np.add.at(buffer, index, g)),))

    def scatter_add(self, x, indices, updates):
        indices, rows = unbox(indices), unbox(updates)
        y = np.array(unbox(x))
        add_rows(y, indices, rows)
        if type(x) is not Box and type(updates) is not Box:
            return y
        return record((x, updates), y, (lambda g: g, lambda g: g[indices]))

    def argsort(self, x, axis):
        return np.argsort(unbox(x), axis, kind="stable").astype(np.int32)
