"""Models: `Sequential`, functional and subclassed `Model`, loading and cloning."""

from .model import Functional, Model
from .sequential import Sequential

_SAVING = ("load_model", "save_model", "model_from_json", "model_from_config", "model_from_yaml", "clone_model")

__all__ = ["Functional", "Model", "Sequential", *_SAVING]


def __getattr__(name):
    if name in _SAVING:
        from .. import saving

        return getattr(saving, name)
    raise AttributeError(f"module 'kshim.models' has no attribute {name!r}.")
