"""Images as arrays and back, with Pillow."""

import io
import os
import warnings

import numpy as np

from ..config import floatx, standardize_data_format

__all__ = ["array_to_img", "img_to_array", "load_img", "save_img"]

_INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "hamming", "box", "lanczos")
_MODES = {"grayscale": ("L", ("L", "I;16", "I")), "rgb": ("RGB", ("RGB",)), "rgba": ("RGBA", ("RGBA",))}


def _pillow(user):
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError(f"{user} needs Pillow, which is not installed. Install it: pip install pillow") from error
    return Image


def _float_dtype(dtype):
    dtype = dtype or floatx()
    return "float32" if dtype == "bfloat16" else dtype  # NumPy has no bfloat16


def array_to_img(x, data_format=None, scale=True, dtype=None, dim_ordering=None):
    """A Pillow image from an array `(height, width, channels)`, or `(channels, height, width)` if channels come first.

    1, 3 or 4 channels give modes 'L' ('I' above 255), 'RGB', 'RGBA'; anything else `ValueError`. `scale` stretches
    the values to [0, 255]. `dim_ordering` is Keras 1's name of `data_format`.
    """
    image = _pillow("array_to_img")
    data_format = standardize_data_format(data_format or dim_ordering)
    x = np.asarray(x, dtype=_float_dtype(dtype))
    if x.ndim != 3:
        raise ValueError(f"array_to_img expects one image of rank 3, received an array of shape {x.shape}.")
    if data_format == "channels_first":
        x = x.transpose(1, 2, 0)
    channels = x.shape[2]
    if channels not in (1, 3, 4):
        raise ValueError(f"array_to_img expects 1, 3 or 4 channels with {data_format}, received {channels}.")
    if scale:
        x = x - np.min(x)
        largest = np.max(x)
        if largest != 0:
            x /= largest
        x *= 255
    if channels > 1:
        return image.fromarray(x.astype("uint8"))
    return image.fromarray(x[:, :, 0].astype("int32" if np.max(x) > 255 else "uint8"))


def img_to_array(img, data_format=None, dtype=None, dim_ordering=None):
    """Array of rank 3 of a Pillow image (or of an array of rank 2 or 3), of the global float type by default."""
    data_format = standardize_data_format(data_format or dim_ordering)
    x = np.asarray(img, dtype=_float_dtype(dtype))
    if x.ndim == 2:
        x = x[:, :, None]
    elif x.ndim != 3:
        raise ValueError(f"img_to_array expects an image of rank 2 or 3, received shape {x.shape}.")
    return x.transpose(2, 0, 1) if data_format == "channels_first" else x


def save_img(path, x, data_format=None, file_format=None, scale=True, **kwargs):
    """Write an array as an image; the format is `file_format` or the ending of `path`. See `array_to_img`."""
    img = array_to_img(x, data_format=data_format, scale=scale)
    ending = file_format or os.path.splitext(str(path))[1].lstrip(".")
    if img.mode == "RGBA" and ending.lower() in ("jpg", "jpeg"):
        warnings.warn("The JPG format does not support RGBA images, converting to RGB.", stacklevel=2)
        img = img.convert("RGB")
    img.save(path, format=file_format, **kwargs)


def _centre_box(size, target):
    """The largest box of `target`'s proportions in the middle of `size`, both (width, height)."""
    width = min(size[0], size[1] * target[0] // target[1])
    height = min(size[1], size[0] * target[1] // target[0])
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    return left, top, left + width, top + height


def load_img(
    path,
    grayscale=False,
    color_mode="rgb",
    target_size=None,
    interpolation="nearest",
    keep_aspect_ratio=False,
):
    """The Pillow image in the file `path` (a path or `io.BytesIO`).

    color_mode: 'rgb', 'rgba' or 'grayscale'. target_size: (height, width) to resize to by `interpolation`;
    `keep_aspect_ratio` crops the middle first.
    """
    image = _pillow("load_img")
    if grayscale:
        warnings.warn('grayscale is deprecated. Please use color_mode="grayscale".', stacklevel=2)
        color_mode = "grayscale"
    if color_mode not in _MODES:
        raise ValueError(f"Unknown color_mode: {color_mode!r}. Expected 'grayscale', 'rgb' or 'rgba'.")
    if isinstance(path, io.BytesIO):
        img = image.open(path)
    elif isinstance(path, (str, bytes, os.PathLike)):
        with open(path, "rb") as f:  # read at once, so that the file does not stay open
            img = image.open(io.BytesIO(f.read()))
    else:
        raise TypeError(f"load_img expects a path or io.BytesIO, received {type(path).__name__}.")
    mode, fitting = _MODES[color_mode]
    if img.mode not in fitting:
        img = img.convert(mode)
    if target_size is None or img.size == (target_size[1], target_size[0]):
        return img
    if interpolation not in _INTERPOLATIONS:
        raise ValueError(f"Unknown interpolation: {interpolation!r}. Expected one of {', '.join(_INTERPOLATIONS)}.")
    size = (target_size[1], target_size[0])
    box = _centre_box(img.size, size) if keep_aspect_ratio else None
    return img.resize(size, getattr(image.Resampling, interpolation.upper()), box=box)
