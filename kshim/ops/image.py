"""Resizing images."""

import numpy as np

from .. import config
from .core import convert_to_tensor, op, wrap
from .shaping import take

__all__ = ["resize", "upsample"]


def _weights(old, new, half_pixel=True):
    """(low index, high index, weight of high) of linear interpolation with half-pixel centres."""
    at = (np.arange(new) + 0.5) * old / new - 0.5
    at = np.clip(at, 0, old - 1)
    low = np.floor(at).astype("int32")
    return low, np.minimum(low + 1, old - 1).astype("int32"), (at - low)


@op
def resize(images, size, interpolation="bilinear", antialias=False, data_format=None, **kwargs):
    """Images (n, h, w, c) or (h, w, c) at another size, by 'nearest' or 'bilinear' with half-pixel centres."""
    x = convert_to_tensor(images)
    first = config.standardize_data_format(data_format) == "channels_first"
    rank = len(x.shape)
    axes = (rank - 2, rank - 1) if first else (rank - 3, rank - 2)
    if interpolation not in ("nearest", "bilinear"):
        raise ValueError(f"resize: interpolation={interpolation!r} is not available. Expected 'nearest' or 'bilinear'.")
    if "float" not in x.dtype and interpolation == "bilinear":
        x = x.astype(config.floatx())
    for axis, new in zip(axes, size):
        old = x.shape[axis]
        if interpolation == "nearest":
            index = np.minimum(np.floor((np.arange(new) + 0.5) * old / new), old - 1)
            x = take(x, index.astype("int32"), axis)
            continue
        low, high, weight = _weights(old, int(new))
        shape = [1] * rank
        shape[axis] = -1
        weight = convert_to_tensor(weight.reshape(shape), dtype=str(x.dtype))
        x = take(x, low, axis) * (1.0 - weight) + take(x, high, axis) * weight
    return x


@op
def upsample(x, factors, axes):
    """Each slice of the given axes repeated."""
    from .core import unary_operand

    backend, value = unary_operand(x)
    for factor, axis in zip(factors, axes):
        if factor != 1:
            value = backend.repeat(value, int(factor), axis)
    return wrap(value)
