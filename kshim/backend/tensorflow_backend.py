"""What programs reach through `keras.backend.tensorflow_backend`."""

from ..compat.tensorflow import system

__all__ = ["_get_available_gpus", "_is_tf_1"]


def _get_available_gpus():
    """Names of the devices that are not processors, as TensorFlow writes them."""
    return [f"/device:GPU:{i}" for i, _ in enumerate(system.gpus())]


def _is_tf_1():
    return False


def __getattr__(name):
    if name == "tf":
        import importlib

        return importlib.import_module("tensorflow")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
