"""Writing models and weights in the HDF5 layout of Keras 2 (read by Keras 2, tf.keras, tf_keras and Keras 3)."""

import numpy as np

from ..layers.input_layer import is_input
from .hdf5_attributes import write_names
from .json_format import KERAS_VERSION, dumps, model_config
from .training_config import optimizer_state, training_config
from .training_state import training_state


def layer_weights(layer):
    """Variables of a layer in file order: all trainable ones, then the others."""
    return layer.trainable_weights + layer.non_trainable_weights


def own_weights(model):
    """Variables that belong to a model itself and not to a layer of it, in file order."""
    return [v for v in model._variables if v.trainable] + [v for v in model._variables if not v.trainable]


def saved_layers(model):
    """The layers of a model that get a group, in order."""
    layers = model._sublayers() if hasattr(model, "_stack") else model.layers
    return [layer for layer in layers if not (hasattr(model, "_stack") and is_input(layer))]


def _unique(variables):
    """A dataset name for each variable; repeated ones are numbered."""
    seen, out = {}, []
    for v in variables:
        name = v.path
        n = seen.get(name, 0)
        seen[name] = n + 1
        out.append(f"{name}_{n}:0" if n else f"{name}:0")
    return out


def _write_group(group, variables):
    _write_pairs(group, list(zip(_unique(variables), variables)))


def _write_pairs(group, pairs):
    write_names(group, "weight_names", [name for name, _ in pairs])
    for name, variable in pairs:
        group.create_dataset(name, data=np.asarray(variable.numpy()))


def write_weights(group, model):
    """The weights of all layers, each in a group of its own."""
    layers = saved_layers(model)
    names = [layer.name for layer in layers]
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise ValueError(
            f"Model {model.name!r} cannot be saved: its layers' names {twice} are used more than once. Give the layers distinct names."
        )
    write_names(group, "layer_names", names)
    group.attrs["backend"] = b"tensorflow"
    group.attrs["keras_version"] = KERAS_VERSION.encode()
    for layer in sorted(layers, key=lambda layer: layer.name):
        _write_group(group.create_group(layer.name), layer_weights(layer))
    _write_group(group.create_group("top_level_model_weights"), own_weights(model))


def write_model(file, model, include_optimizer=True):
    """A whole model into an open h5py file.

    The attribute kshim_training_state, which others ignore, holds what makes training go on as if it had not stopped.
    """
    file.attrs["keras_version"] = KERAS_VERSION.encode()
    file.attrs["backend"] = b"tensorflow"
    file.attrs["model_config"] = dumps(model_config(model)).encode()
    write_weights(file.create_group("model_weights"), model)
    if include_optimizer and model.compiled:
        file.attrs["training_config"] = dumps(training_config(model)).encode()
        file.attrs["kshim_training_state"] = dumps(training_state(model)).encode()
        optimizer = model.optimizer
        if optimizer is not None and getattr(optimizer, "built", False):
            _write_pairs(file.create_group("optimizer_weights"), optimizer_state(optimizer))
