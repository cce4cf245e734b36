"""Reading models and weights from HDF5 files of Keras 1 to 3."""

import json

import numpy as np

from ..errors import did_you_mean
from .conversions import converted
from .hdf5_attributes import has_names, read_names, text
from .hdf5_safety import dataset
from .hdf5_write import layer_weights, saved_layers
from .json_format import model_from_config
from .training_config import compile_arguments


def weights_group(file):
    """The group that holds the layers' weights: the file itself, or `model_weights` of a whole model."""
    if not has_names(file, "layer_names") and "model_weights" in file:
        return file["model_weights"]
    return file


def _origin(group):
    """(keras version, backend) of a weights group; Keras 1 wrote neither."""
    version = text(group.attrs["keras_version"]) if "keras_version" in group.attrs else "1"
    backend = text(group.attrs["backend"]) if "backend" in group.attrs else None
    return version, backend


def _arrays(group, name):
    return [dataset(group[name], n) for n in read_names(group[name], "weight_names")]


def _assign(pairs):
    for variable, value in pairs:
        variable.assign(value)


def _matched(layer, values, where, skip_mismatch):
    """(variable, array) pairs of a layer; `ValueError` (or a skip) when counts or shapes differ."""
    variables = layer_weights(layer)
    problem = None
    if len(variables) != len(values):
        problem = f"has {len(variables)} weight(s) {[tuple(v.shape) for v in variables]}, but {where} holds {len(values)} {[np.shape(v) for v in values]}"
    else:
        for v, value in zip(variables, values):
            if tuple(v.shape) != tuple(np.shape(value)):
                problem = f"expects shape {tuple(v.shape)} for weight {v.path!r}, but {where} holds shape {tuple(np.shape(value))}"
                break
    if problem is None:
        return list(zip(variables, values))
    message = f"Layer {layer.name!r} {problem}."
    if not skip_mismatch:
        raise ValueError(message + " Load into the architecture the weights come from, or pass by_name=True, skip_mismatch=True.")
    import warnings

    warnings.warn(f"Skipping loading of weights: {message}", stacklevel=4)
    return []


def load_topological(group, model, skip_mismatch=False):
    """Assign weights in the order of layers that have any."""
    version, backend = _origin(group)
    layers = [layer for layer in saved_layers(model) if layer_weights(layer)]
    names = [n for n in read_names(group, "layer_names") if n in group and read_names(group[n], "weight_names")]
    if len(names) != len(layers):
        raise ValueError(
            f"Layer count mismatch when loading weights from file. Model expected {len(layers)} layers, found {len(names)} saved layers: "
            f"model {[layer.name for layer in layers]}, file {names}."
        )
    pairs = []
    for name, layer in zip(names, layers):
        values = converted(layer, _arrays(group, name), version, backend)
        pairs.extend(_matched(layer, values, f"group {name!r} of the file", skip_mismatch))
    pairs.extend(_top_level(group, model, skip_mismatch))
    _assign(pairs)


def load_by_name(group, model, skip_mismatch=False):
    """Assign weights to layers of the same name."""
    version, backend = _origin(group)
    by_name = {}
    for layer in saved_layers(model):
        by_name.setdefault(layer.name, []).append(layer)
    pairs = []
    for name in read_names(group, "layer_names"):
        values = _arrays(group, name)
        for layer in by_name.get(name, ()):
            if values or layer_weights(layer):
                pairs.extend(_matched(layer, converted(layer, values, version, backend), f"group {name!r} of the file", skip_mismatch))
    pairs.extend(_top_level(group, model, skip_mismatch))
    _assign(pairs)


def _top_level(group, model, skip_mismatch):
    if "top_level_model_weights" not in group:
        return []
    own = [v for v in model._variables]
    own = [v for v in own if v.trainable] + [v for v in own if not v.trainable]
    values = _arrays(group, "top_level_model_weights")
    if len(own) != len(values):
        if skip_mismatch:
            return []
        raise ValueError(f"The file holds {len(values)} weights of the model itself, but the model has {len(own)}.")
    return list(zip(own, values))


def read_model(file, custom_objects=None, compile=True):
    """A model from an open h5py file."""
    if "model_config" not in file.attrs:
        known = [k for k in file.attrs]
        hint = " It holds weights only: build the model and use load_weights()." if has_names(file, "layer_names") else ""
        raise ValueError(f"No model config found in the file.{hint}{did_you_mean('model_config', known)}")
    config = json.loads(text(file.attrs["model_config"]))
    group = file["model_weights"] if "model_weights" in file else file
    model = model_from_config(with_writer(config, file), custom_objects)
    if not model.built and read_names(group, "layer_names"):
        _require_built(model, group)
    if model.built:
        load_topological(group, model)
    if compile and "training_config" in file.attrs:
        arguments = compile_arguments(json.loads(text(file.attrs["training_config"])), custom_objects)
        model.compile(**arguments)
        if "optimizer_weights" in file and model.built:
            _restore_optimizer(file["optimizer_weights"], model)
    elif compile:
        import warnings

        warnings.warn("No training configuration found in the file, so the model was *not* compiled. Compile it manually.", stacklevel=4)
    return model


def with_writer(config, file):
    """The model config with the defaults of the version that wrote the file."""
    from .writers import with_defaults_of

    version = text(file.attrs["keras_version"]) if "keras_version" in file.attrs else "1"
    return with_defaults_of(config, version)


def _require_built(model, group):
    if any(read_names(group[n], "weight_names") for n in read_names(group, "layer_names") if n in group):
        raise ValueError("The file does not say the model's input shape, so the weights cannot be placed: build the model yourself and use load_weights().")


def _restore_optimizer(group, model):
    import warnings

    optimizer = model.optimizer
    optimizer.build(model.trainable_weights)
    values = [dataset(group, n) for n in read_names(group, "weight_names")]
    try:
        optimizer.set_weights(values)
    except ValueError as error:
        warnings.warn(f"The file's optimizer state does not fit {type(optimizer).__name__} and was left out; training starts with a fresh optimizer. {error}", stacklevel=5)
