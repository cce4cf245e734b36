"""`tf.image`: the functions that reduce to kshim's ops."""

from ... import ops

__all__ = [
    "ResizeMethod",
    "adjust_brightness",
    "adjust_contrast",
    "flip_left_right",
    "flip_up_down",
    "resize",
    "rgb_to_grayscale",
    "rot90",
]


class ResizeMethod:
    """Names of the interpolations."""

    BILINEAR, NEAREST_NEIGHBOR, BICUBIC, AREA = "bilinear", "nearest", "bicubic", "area"


def resize(images, size, method="bilinear", preserve_aspect_ratio=False, antialias=False, name=None):
    """Images (n, h, w, c) or (h, w, c) at another (height, width)."""
    if preserve_aspect_ratio:
        raise ValueError("image.resize: preserve_aspect_ratio=True is not supported; compute the size first.")
    return ops.resize(images, tuple(int(s) for s in size), str(method), antialias, "channels_last")


def flip_left_right(image):
    return ops.flip(image, -2)


def flip_up_down(image):
    return ops.flip(image, -3)


def rot90(image, k=1, name=None):
    """Images turned by k quarters counter-clockwise."""
    for _ in range(k % 4):
        image = ops.flip(ops.swapaxes(ops.convert_to_tensor(image), -2, -3), -3)
    return image


def adjust_brightness(image, delta):
    return ops.add(image, delta)


def adjust_contrast(images, contrast_factor):
    """Differences from each channel's mean multiplied by a factor."""
    mean = ops.mean(images, (-3, -2), True)
    return ops.add(ops.multiply(ops.subtract(images, mean), contrast_factor), mean)


def rgb_to_grayscale(images, name=None):
    """Luma of the last axis (0.2989, 0.587, 0.114), kept as one channel."""
    return ops.sum(ops.multiply(images, ops.convert_to_tensor([0.2989, 0.587, 0.114])), -1, True)
