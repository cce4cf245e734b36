"""Labels and norms in NumPy (the module `keras.utils.np_utils` of Keras 1 and 2)."""

import numpy as np

__all__ = ["to_categorical", "to_ordinal", "normalize", "categorical_probas_to_classes", "convert_kernel"]


def _labels(y):
    """Integer labels as (flat array, shape of the output without its last axis)."""
    y = np.array(y, dtype="int64")
    shape = y.shape[:-1] if y.ndim > 1 and y.shape[-1] == 1 else y.shape
    return y.reshape(-1), shape


def _count(flat, num_classes, name):
    if num_classes:
        if flat.size and flat.max() >= num_classes:
            raise IndexError(
                f"{name}: class {flat.max()} is outside num_classes={num_classes}; classes are numbered from 0, so "
                f"at least num_classes={flat.max() + 1} is needed."
            )
        return int(num_classes)
    if not flat.size:
        raise ValueError(f"{name} cannot tell the number of classes of an empty array; pass num_classes.")
    return int(flat.max()) + 1


def to_categorical(y, num_classes=None, dtype="float32", nb_classes=None):
    """One-hot rows for integer labels: shape `(...)` or `(..., 1)` gives `(..., num_classes)` of `dtype`.

    num_classes defaults to the largest label plus one (`nb_classes` is Keras 1's name). Labels too large raise
    `IndexError`; negative ones count from the end, as in Keras.
    """
    flat, shape = _labels(y)
    count = _count(flat, num_classes or nb_classes, "to_categorical")
    out = np.zeros((flat.size, count), dtype=dtype)
    out[np.arange(flat.size), flat] = 1
    return out.reshape(shape + (count,))


def to_ordinal(y, num_classes=None, dtype="float32"):
    """Rows of `label` ones followed by zeros, `num_classes - 1` long: shape `(...)` gives `(..., num_classes - 1)`."""
    flat, shape = _labels(y)
    count = _count(flat, num_classes, "to_ordinal")
    out = (np.arange(count - 1) < flat[:, None]).astype(dtype)
    return out.reshape(shape + (count - 1,))


def normalize(x, axis=-1, order=2):
    """`x` divided by its norm of the given `order` along `axis`; rows of zeros stay zero."""
    norms = np.atleast_1d(np.linalg.norm(x, order, axis))
    norms[norms == 0] = 1
    return x / np.expand_dims(norms, axis)


def categorical_probas_to_classes(p):
    """Most probable class of each row (Keras 1)."""
    return np.argmax(p, axis=1)


def convert_kernel(kernel, dim_ordering=None):
    """A convolution kernel with its window flipped, between Theano's and TensorFlow's convention (Keras 1, 2).

    `kernel` is `(*window, in, out)` of rank 3 to 5 (Keras 1's `dim_ordering='th'`: `(out, in, *window)`).
    """
    kernel = np.asarray(kernel)
    if not 3 <= kernel.ndim <= 5:
        raise ValueError(f"convert_kernel expects a kernel of rank 3 to 5, received shape {kernel.shape}.")
    window = kernel.ndim - 2
    axes = range(2, kernel.ndim) if dim_ordering == "th" else range(window)
    return np.flip(kernel, tuple(axes)).copy()
