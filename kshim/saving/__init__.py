"""Saving and loading models, weights and configs.

HDF5 files are written so that Keras 2, tf.keras, tf_keras and Keras 3 read them; they differ in what they can hold:
- Keras 3 cannot take tensors as keyword arguments from such files: models with an RNN's `initial_state`, or attention
  called on several tensors, are for kshim and the Keras 2 family.
- Keras 3 has another hard_sigmoid (so other numbers for layers that use it) and no LocallyConnected layers.
- Arithmetic on symbolic tensors (`x * 2` in a functional model) is stored as kshim's OpLayer, which only kshim reads.
"""

from ..engine.objects import (
    CustomObjectScope,
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)  # fmt: skip
from .files import load_model, load_weights, save_model, save_weights
from .json_format import (
    clone_model,
    deserialize_keras_object,
    model_from_config,
    model_from_json,
    model_from_yaml,
    model_to_json,
    serialize_keras_object,
)

__all__ = [
    "CustomObjectScope", "clone_model", "custom_object_scope", "deserialize_keras_object", "get_custom_objects", "get_registered_name",
    "get_registered_object", "load_model", "load_weights", "model_from_config", "model_from_json", "model_from_yaml", "model_to_json",
    "register_keras_serializable", "save_model", "save_weights", "serialize_keras_object",
]  # fmt: skip
