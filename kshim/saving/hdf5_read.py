"""Reading models and weights from HDF5 files of Keras 1 to 3."""

import re
import warnings

import numpy as np

from ..engine.undrawn import drawn_if_read
from ..errors import did_you_mean
from .conversions import converted
from .hdf5_attributes import has_names, read_names, read_text
from .hdf5_safety import checked, dataset, subgroup
from .hdf5_write import layer_weights, own_weights, saved_layers
from .json_format import model_from_config, parsed
from .training_config import compile_arguments
from .training_state import restore_training_state


def weights_group(file):
    """The group that holds the layers' weights: the file itself, or `model_weights` of a whole model."""
    if not has_names(file, "layer_names") and "model_weights" in file:
        return subgroup(file, "model_weights")
    if not has_names(file, "layer_names"):
        if "layers" in file or "_layer_checkpoint_dependencies" in file:
            raise ValueError(
                "The file is in the layout of Keras 3's .weights.h5 files, which is not read yet. Save the weights from Keras 3 with "
                "model.save('model.h5')."
            )
        raise ValueError(
            f"The file holds no weights of a Keras model: no 'layer_names' among its attributes {sorted(file.attrs)}."
        )
    return file


def _origin(group):
    """(keras version, backend) of a weights group; Keras 1 wrote neither, but on Theano its weights' names have no ':0'."""
    if "keras_version" in group.attrs or "backend" in group.attrs:
        return read_text(group, "keras_version", "1"), read_text(group, "backend")
    names = [
        n for layer in read_names(group, "layer_names") for n in read_names(subgroup(group, layer), "weight_names")
    ]
    return "1", "tensorflow" if any(n.endswith(":0") for n in names) else "theano"


def _arrays(group, name, variables):
    """The stored arrays of a layer, read only if together they are about as large as the layer's weights."""
    group = subgroup(group, name)
    sets = [checked(group, n) for n in read_names(group, "weight_names")]
    wanted = sum(int(np.prod(v.shape)) for v in variables)
    found = sum(int(np.prod(d.shape, dtype=object)) for d in sets)
    if found > 4 * wanted + (1 << 20):
        raise ValueError(
            f"The file holds {found} numbers for layer {name!r}, whose weights are {[tuple(v.shape) for v in variables]}: "
            f"shapes {[tuple(d.shape) for d in sets]}. Load into the architecture the weights come from."
        )
    return [d[()] for d in sets]


def _assign(pairs):
    for variable, value in pairs:
        variable.assign(value)


def _problem(variables, values, where):
    if len(variables) != len(values):
        shapes = [tuple(v.shape) for v in variables]
        return f"has {len(variables)} weight(s) {shapes}, but {where} holds {len(values)} {[tuple(np.shape(v)) for v in values]}"
    for v, value in zip(variables, values):
        if tuple(v.shape) != tuple(np.shape(value)):
            return f"expects shape {tuple(v.shape)} for weight {v.path!r}, but {where} holds shape {tuple(np.shape(value))}"
    return None


def _matched(layer, values, where, skip_mismatch):
    """(variable, array) pairs of a layer; `ValueError` (or a skip with a warning) when counts or shapes differ."""
    variables = layer_weights(layer)
    problem = _problem(variables, values, where)
    if problem is None:
        return list(zip(variables, values))
    message = f"Layer {layer.name!r} {problem}."
    if not skip_mismatch:
        raise ValueError(
            message + " Load into the architecture the weights come from, or pass by_name=True, skip_mismatch=True."
        )
    warnings.warn(f"Skipping loading of weights: {message}", stacklevel=5)
    return []


def load_topological(group, model, skip_mismatch=False):
    """Assign weights in the order of layers that have any. Nothing is assigned unless everything fits."""
    version, backend = _origin(group)
    layers = [layer for layer in saved_layers(model) if layer_weights(layer)]
    names = [n for n in read_names(group, "layer_names") if read_names(subgroup(group, n), "weight_names")]
    if len(names) != len(layers):
        raise ValueError(
            f"Layer count mismatch when loading weights from file. Model expected {len(layers)} layers, found {len(names)} saved layers: "
            f"model {[layer.name for layer in layers]}, file {names}."
        )
    pairs = []
    for name, layer in zip(names, layers):
        values = converted(layer, _arrays(group, name, layer_weights(layer)), version, backend)
        pairs.extend(_matched(layer, values, f"group {name!r} of the file", skip_mismatch))
    pairs.extend(_top_level(group, model, skip_mismatch))
    _assign(pairs)


def load_by_name(group, model, skip_mismatch=False):
    """Assign weights to layers of the same name; layers without one stay as they are."""
    version, backend = _origin(group)
    by_name = {}
    for layer in saved_layers(model):
        by_name.setdefault(layer.name, []).append(layer)
    pairs = []
    for name in read_names(group, "layer_names"):
        for layer in by_name.get(name, ()):
            variables = layer_weights(layer)
            if not variables and not read_names(subgroup(group, name), "weight_names"):
                continue
            values = converted(layer, _arrays(group, name, variables), version, backend)
            pairs.extend(_matched(layer, values, f"group {name!r} of the file", skip_mismatch))
    pairs.extend(_top_level(group, model, skip_mismatch))
    _assign(pairs)


def _top_level(group, model, skip_mismatch):
    if "top_level_model_weights" not in group:
        return []
    own = own_weights(model)
    values = _arrays(group, "top_level_model_weights", own)
    problem = _problem(own, values, "group 'top_level_model_weights' of the file")
    if problem is None:
        return list(zip(own, values))
    if skip_mismatch:
        warnings.warn(f"Skipping loading of weights: model {model.name!r} itself {problem}.", stacklevel=5)
        return []
    raise ValueError(f"Model {model.name!r} itself {problem}.")


def read_model(file, custom_objects=None, compile=True):
    """A model from an open h5py file."""
    text = read_text(file, "model_config")
    if text is None:
        hint = (
            " It holds weights only: build the model and use load_weights()." if has_names(file, "layer_names") else ""
        )
        raise ValueError(f"No model config found in the file.{hint}{did_you_mean('model_config', list(file.attrs))}")
    config = parsed(text, "The attribute 'model_config' of the file")
    group = subgroup(file, "model_weights") if "model_weights" in file else file
    with drawn_if_read():
        model = model_from_config(config, custom_objects, read_text(file, "keras_version", "1"))
        if not model.built and any(
            read_names(subgroup(group, n), "weight_names") for n in read_names(group, "layer_names")
        ):
            raise ValueError(
                "The file does not say the model's input shape, so the weights cannot be placed: build the model yourself and use load_weights()."
            )
        if model.built:
            load_topological(group, model)
    if not compile:
        return model
    text = read_text(file, "training_config")
    if text is None:
        warnings.warn(
            "No training configuration found in the file, so the model was *not* compiled. Compile it manually.",
            stacklevel=4,
        )
        return model
    state = parsed(read_text(file, "kshim_training_state", "{}"), "The attribute 'kshim_training_state' of the file")
    config = parsed(text, "The attribute 'training_config' of the file")
    model.compile(
        **compile_arguments(config, custom_objects, read_text(file, "keras_version", "1"), state.get("optimizer"))
    )
    if "optimizer_weights" in file and model.built:
        with drawn_if_read():
            _restore_optimizer(subgroup(file, "optimizer_weights"), model)
    restore_training_state(model, state)
    return model


def _restore_optimizer(group, model):
    optimizer = model.optimizer
    optimizer.build(model.trainable_weights)
    names = read_names(group, "weight_names")
    problem = _load_slots(optimizer, names, [dataset(group, n) for n in names])
    if problem:
        warnings.warn(
            f"The file's optimizer state does not fit {type(optimizer).__name__} and was left out; training starts with a fresh optimizer. {problem}",
            stacklevel=5,
        )


def _load_slots(optimizer, names, values):
    """Set the state in whichever order the writer used; the reason if that fails."""
    current = bool(names) and names[0].rsplit("/", 1)[-1].split(":")[0] == "iteration"  # tf.keras 2.11+, Keras 3
    if not current and optimizer.set_weights_by_slot(values):
        return None
    extra = len(values) - len(optimizer.variables)
    if current and re.search(
        r"/variable(_\d+)?$", names[-1]
    ):  # Keras 3's Nadam: the product of its momentum schedule comes last
        values = values[:-1]
    if (
        values and extra < 0 and all(np.shape(v) == () for v in values)
    ):  # SGD without momentum has slots only in tf.keras 2.11+
        optimizer.iterations = int(values[0])
        return None
    try:
        optimizer.set_weights(values)
    except ValueError as error:
        return str(error)
    return None
