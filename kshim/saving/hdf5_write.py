"""Writing models and weights in the HDF5 layout of Keras 2 (read by Keras 2, tf.keras, tf_keras and Keras 3)."""

import numpy as np

from ..layers.input_layer import is_input
from .hdf5_attributes import write_names
from .json_format import KERAS_VERSION, dumps, model_config
from .training_config import training_config


def layer_weights(layer):
    """Variables of a layer in file order: all trainable ones, then the others."""
    return layer.trainable_weights + layer.non_trainable_weights


def saved_layers(model):
    """The layers of a model that get a group, in order."""
    layers = model._sublayers() if hasattr(model, "_stack") else model.layers
    return [layer for layer in layers if not (hasattr(model, "_stack") and is_input(layer))]


def weight_name(variable):
    return f"{variable.path}:0"


def _write_group(group, variables, names):
    write_names(group, "weight_names", names)
    for name, variable in zip(names, variables):
        value = variable.numpy()
        if name in group:
            raise ValueError(f"Two weights are called {name!r}; give the layers or weights distinct names before saving.")
        group.create_dataset(name, data=value)


def _unique(names):
    seen, out = {}, []
    for name in names:
        n = seen.get(name, 0)
        seen[name] = n + 1
        out.append(name if n == 0 else f"{name.removesuffix(':0')}_{n}:0")
    return out


def write_weights(group, model):
    """The weights of all layers, each in a group of its own."""
    layers = saved_layers(model)
    write_names(group, "layer_names", [layer.name for layer in layers])
    group.attrs["backend"] = b"tensorflow"
    group.attrs["keras_version"] = KERAS_VERSION.encode()
    for layer in sorted(layers, key=lambda layer: layer.name):
        variables = layer_weights(layer)
        _write_group(group.create_group(layer.name), variables, _unique([weight_name(v) for v in variables]))
    own = [v for v in model._variables]
    own = [v for v in own if v.trainable] + [v for v in own if not v.trainable]
    _write_group(group.create_group("top_level_model_weights"), own, _unique([weight_name(v) for v in own]))


def write_optimizer(group, optimizer):
    """Optimizer state: iteration, learning rate, then the slots."""
    variables = list(optimizer.variables)
    names = _unique([f"{getattr(v, 'path', None) or v.name}:0" for v in variables])
    write_names(group, "weight_names", names)
    for name, variable in zip(names, variables):
        group.create_dataset(name, data=np.asarray(variable.numpy()))


def write_model(file, model, include_optimizer=True):
    """A whole model into an open h5py file."""
    file.attrs["keras_version"] = KERAS_VERSION.encode()
    file.attrs["backend"] = b"tensorflow"
    file.attrs["model_config"] = dumps(model_config(model)).encode()
    write_weights(file.create_group("model_weights"), model)
    if include_optimizer and model.compiled:
        file.attrs["training_config"] = dumps(training_config(model)).encode()
        optimizer = model.optimizer
        if optimizer is not None and getattr(optimizer, "built", False):
            write_optimizer(file.create_group("optimizer_weights"), optimizer)
