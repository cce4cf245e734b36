"""Rearranging, joining, padding and indexing."""

import math

import numpy as np

from .. import config, ops

__all__ = [
    "arange", "batch_flatten", "concatenate", "expand_dims", "flatten", "gather", "one_hot", "permute_dimensions",
    "repeat", "repeat_elements", "reshape", "resize_images", "resize_volumes", "reverse", "slice",
    "spatial_2d_padding", "spatial_3d_padding", "squeeze", "stack", "temporal_padding", "tile", "transpose",
]  # fmt: skip


def concatenate(tensors, axis=-1):
    return ops.concatenate(tensors, axis)


def stack(x, axis=0):
    return ops.stack(x, axis)


def reshape(x, shape):
    return ops.reshape(x, shape)


def permute_dimensions(x, pattern):
    return ops.transpose(x, pattern)


def transpose(x):
    return ops.transpose(x)


def expand_dims(x, axis=-1):
    return ops.expand_dims(x, axis)


def squeeze(x, axis):
    return ops.squeeze(x, axis)


def flatten(x):
    return ops.reshape(x, (-1,))


@ops.op
def _batch_flatten(x):
    x = ops.convert_to_tensor(x)
    return ops.reshape(x, (x.shape[0], math.prod(x.shape[1:])))


def batch_flatten(x):
    """(n, ...) to (n, everything else)."""
    rest = ops.shape(x)[1:]
    return _batch_flatten(x) if None in rest else ops.reshape(x, (-1, math.prod(rest)))


def tile(x, n):
    """The whole tensor repeated n times along each axis (an int: along the only one)."""
    return ops.tile(x, n)


def repeat(x, n):
    """(samples, d) to (samples, n, d)."""
    if len(ops.shape(x)) != 2:
        raise ValueError(f"repeat expects a tensor of shape (samples, dim); received shape {tuple(ops.shape(x))}.")
    return ops.repeat(ops.expand_dims(x, 1), int(n), 1)


def repeat_elements(x, rep, axis):
    """Each slice of `axis` `rep` times in a row."""
    return ops.repeat(x, int(rep), axis)


def reverse(x, axes):
    return ops.flip(x, axes)


def slice(x, start, size):
    """The block of `size` (-1: up to the end) beginning at `start`."""
    return ops.slice(x, start, size)


def gather(reference, indices):
    """Rows of `reference` at integer indices."""
    return ops.take(reference, indices, 0)


def one_hot(indices, num_classes):
    return ops.one_hot(indices, num_classes)


def arange(start, stop=None, step=1, dtype="int32"):
    """start, start + step, ... below stop; an empty range for a negative `start` alone."""
    if stop is None and isinstance(start, (int, np.integer)) and start < 0:
        start = 0
    return ops.arange(start, stop, step, dtype)


# spatial axes --------------------------------------------------------------------------------------------------
def _format(data_format, dim_ordering):
    return config.standardize_data_format(dim_ordering if data_format is None else data_format)


def _pad(x, pairs, data_format):
    pairs = [tuple(p) for p in pairs]
    none = (0, 0)
    return ops.pad(x, [none, none, *pairs] if data_format == "channels_first" else [none, *pairs, none])


def temporal_padding(x, padding=(1, 1)):
    """Zeros before and after the time axis of (batch, time, features)."""
    padding = (padding, padding) if isinstance(padding, int) else padding
    return ops.pad(x, [(0, 0), tuple(padding), (0, 0)])


def spatial_2d_padding(x, padding=((1, 1), (1, 1)), data_format=None, dim_ordering=None):
    """Zeros around the two spatial axes."""
    padding = [(p, p) if isinstance(p, int) else p for p in padding]
    return _pad(x, padding, _format(data_format, dim_ordering))


def spatial_3d_padding(x, padding=((1, 1), (1, 1), (1, 1)), data_format=None, dim_ordering=None):
    """Zeros around the three spatial axes."""
    return spatial_2d_padding(x, padding, data_format, dim_ordering)


def _first_axis(data_format):
    return 2 if data_format == "channels_first" else 1


def resize_images(x, height_factor, width_factor, data_format=None, interpolation="nearest", dim_ordering=None):
    """Images enlarged by whole factors, 'nearest' or 'bilinear'."""
    data_format = _format(data_format, dim_ordering)
    at = _first_axis(data_format)
    if interpolation == "nearest":
        return ops.repeat(ops.repeat(x, int(height_factor), at), int(width_factor), at + 1)
    if interpolation != "bilinear":
        raise ValueError(
            f"resize_images: interpolation={interpolation!r} is unknown. Expected 'nearest' or 'bilinear'."
        )
    h, w = ops.shape(x)[at : at + 2]
    return ops.resize(x, (h * int(height_factor), w * int(width_factor)), "bilinear", data_format=data_format)


def resize_volumes(x, depth_factor, height_factor, width_factor, data_format=None, dim_ordering=None):
    """Volumes enlarged by whole factors, each voxel repeated."""
    at = _first_axis(_format(data_format, dim_ordering))
    for i, factor in enumerate((depth_factor, height_factor, width_factor)):
        x = ops.repeat(x, int(factor), at + i)
    return x
