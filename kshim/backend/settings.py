"""Global settings, in the words of every Keras: `K.floatx()`, `K.image_dim_ordering()` and the like."""

import numpy as np

from .. import config as _config
from ..config import epsilon, floatx, image_data_format, set_epsilon, set_floatx, set_image_data_format

__all__ = [
    "backend", "cast_to_floatx", "epsilon", "floatx", "image_data_format", "image_dim_ordering",
    "normalize_data_format", "set_epsilon", "set_floatx", "set_image_data_format", "set_image_dim_ordering",
]  # fmt: skip


def backend():
    """'tensorflow', whatever computes.

    Programs compare it with 'theano', 'cntk' and 'tensorflow' to choose between conventions, and kshim's are
    TensorFlow's (kernel layouts, 'same' padding). `kshim.use` and `kshim doctor` tell what really runs.
    """
    return "tensorflow"


def image_dim_ordering():
    """Keras 1's name of `image_data_format()`: 'tf' or 'th'."""
    return "th" if image_data_format() == "channels_first" else "tf"


def set_image_dim_ordering(dim_ordering):
    """Keras 1: 'tf' is channels_last, 'th' channels_first; `ValueError` for anything else."""
    set_image_data_format(dim_ordering)


def normalize_data_format(value):
    """'channels_last' or 'channels_first', the global one for None; `ValueError` for anything else."""
    return _config.standardize_data_format(value)


def cast_to_floatx(x):
    """Cast an array (to an array) or a tensor (to a tensor) to the default float dtype."""
    if hasattr(x, "native") or hasattr(x, "_keras_mask"):
        from .. import ops

        return ops.cast(x, floatx())
    return np.asarray(x, dtype=floatx())
