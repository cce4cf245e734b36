"""Global settings of Keras: float type, epsilon, image data format.

Values come from `keras.json` in `$KERAS_HOME` (default `~/.keras`) when it exists, as in Keras; its "backend" entry is
not used, because `KSHIM_BACKEND` chooses. Nothing is written.
"""

import json
import os

_FLOATX = ("float16", "bfloat16", "float32", "float64")
_settings = None


def keras_home():
    """Folder of Keras's caches and settings."""
    return os.environ.get("KERAS_HOME") or os.path.join(os.path.expanduser("~"), ".keras")


def _get():
    global _settings
    if _settings is None:
        _settings = {"floatx": "float32", "epsilon": 1e-7, "image_data_format": "channels_last"}
        path = os.path.join(keras_home(), "keras.json")
        if os.path.isfile(path):
            with open(path, encoding="utf-8") as f:
                stored = json.load(f)
            if "image_dim_ordering" in stored:  # Keras 1
                stored.setdefault("image_data_format", _data_format(stored["image_dim_ordering"]))
            _settings.update({k: stored[k] for k in _settings if k in stored})
    return _settings


def _data_format(value):
    value = {"th": "channels_first", "tf": "channels_last"}.get(value, value)
    if value not in ("channels_first", "channels_last"):
        raise ValueError(f"Unknown data_format: {value!r}. Expected 'channels_last' or 'channels_first'.")
    return value


def floatx():
    """Default float dtype, as a string."""
    return _get()["floatx"]


def set_floatx(value):
    """Set the default float dtype: 'float16', 'bfloat16', 'float32' or 'float64'; `ValueError` otherwise."""
    value = str(getattr(value, "name", value))
    if value not in _FLOATX:
        raise ValueError(f"Unknown floatx: {value!r}. Expected one of {', '.join(_FLOATX)}.")
    _get()["floatx"] = value


def epsilon():
    """Fuzz factor used in numeric expressions, a Python float."""
    return _get()["epsilon"]


def set_epsilon(value):
    _get()["epsilon"] = float(value)


def image_data_format():
    """'channels_last' or 'channels_first'."""
    return _get()["image_data_format"]


def set_image_data_format(value):
    """Set the default data format ('th' and 'tf' of Keras 1 are understood); `ValueError` otherwise."""
    _get()["image_data_format"] = _data_format(value)


def standardize_data_format(value):
    """The format a layer uses: the global one for `None`, Keras 1's 'default' included."""
    return image_data_format() if value is None or value == "default" else _data_format(value)
