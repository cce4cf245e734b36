"""Architectures as JSON and dictionaries."""

import json

import numpy as np

from ..engine.objects import CustomObjectScope
from ..engine.tensor import KerasTensor
from .graph_config import layer_from_config, layer_to_config

#: What the files call themselves: the Keras whose dialect they are written in.
KERAS_VERSION = "2.15.0"


class _Encoder(json.JSONEncoder):
    def default(self, o):
        if isinstance(o, np.ndarray):
            return o.tolist()
        if isinstance(o, np.generic):
            return o.item()
        if isinstance(o, (set, frozenset)):
            return sorted(o)
        if callable(o) and hasattr(o, "__name__"):
            return o.__name__
        if hasattr(o, "get_config"):
            return {"class_name": type(o).__name__, "config": o.get_config()}
        if hasattr(o, "numpy"):
            return o.numpy().tolist()
        return str(o)


def dumps(value, **kwargs):
    return json.dumps(value, cls=_Encoder, **kwargs)


def model_config(model):
    """{"class_name", "config"} of a whole model."""
    entry = layer_to_config(model)
    return {"class_name": entry["class_name"], "config": entry["config"]}


def model_to_json(model, **kwargs):
    """The architecture as a JSON string."""
    return dumps({**model_config(model), "keras_version": KERAS_VERSION, "backend": "tensorflow"}, **kwargs)


def model_from_json(json_string, custom_objects=None):
    """A model with fresh weights from `to_json()`'s string of any version."""
    config = json.loads(json_string)
    if isinstance(config, str):  # some files hold the string of the string
        config = json.loads(config)
    return model_from_config(config, custom_objects)


def model_from_config(config, custom_objects=None):
    """A model from {"class_name", "config"}; `ValueError` for anything else."""
    if isinstance(config, list):
        raise TypeError("model_from_config expects a dictionary; for the list of a Sequential use Sequential.from_config.")
    if not isinstance(config, dict) or "class_name" not in config:
        raise ValueError(f"Not a model config: expected a dict with 'class_name' and 'config'; received {config!r:.200}.")
    with CustomObjectScope(custom_objects or {}):
        return layer_from_config(config)


def model_from_yaml(yaml_string, custom_objects=None):
    raise RuntimeError("Method model_from_yaml() was removed because loading YAML can run code. Use model_from_json() instead.")


def clone_model(model, input_tensors=None, clone_function=None, **kwargs):
    """A model of the same structure with new weights; `clone_function(layer)` may return another layer for each."""
    from ..layers.input_layer import Input, is_input

    def make(layer):
        if clone_function is not None and not is_input(layer):
            return clone_function(layer)
        return type(layer).from_config(layer.get_config())

    if hasattr(model, "_stack"):
        layers = [make(layer) for layer in model._stack]
        clone = type(model)(layers, name=model.name)
        if not clone.built and model.built:
            clone.build(model.inputs[0].shape)
        return clone
    if model._graph is None:
        return type(model).from_config(model.get_config())
    from .. import tree

    graph = model._graph
    made = {id(layer): make(layer) for layer in graph.layers if not is_input(layer)}
    held = {}
    given = tree.flatten(input_tensors) if input_tensors is not None else [None] * len(graph.flat_inputs)
    for old, new in zip(graph.flat_inputs, given):
        if not isinstance(new, KerasTensor):
            new = Input(batch_shape=old.shape, dtype=old.dtype, name=old._keras_history[0].name)
        held[id(old)] = new

    def fill(x):
        return held[id(x)] if isinstance(x, KerasTensor) else x

    for step in graph.steps:
        layer = made[id(step.layer)]
        out = layer(*tree.map_structure(fill, tuple(step.args)), **tree.map_structure(fill, dict(step.kwargs)))
        for target, t in zip(step.targets, [t for t in tree.flatten(out) if isinstance(t, KerasTensor)]):
            held[target] = t
    return type(model)(tree.map_structure(fill, graph.inputs), tree.map_structure(fill, graph.outputs), name=model.name)


def serialize_keras_object(obj):
    """The config of a layer, loss, ... of any family."""
    from ..engine.layer import Layer
    from ..engine.objects import Registry

    if isinstance(obj, Layer):
        return layer_to_config(obj)
    module = type(obj).__module__.split(".")
    family = f"keras.{module[1]}" if module[0] == "kshim" and len(module) > 1 else None
    return Registry("object", family).serialize(obj)


def deserialize_keras_object(identifier, module_objects=None, custom_objects=None, printable_module_name="object", **kwargs):
    """An object from `serialize_keras_object`'s dictionary, or a name among `module_objects`."""
    from .. import activations, constraints, initializers, layers, losses, metrics, optimizers, regularizers
    from ..engine.objects import find_custom
    from ..errors import unknown_name

    with CustomObjectScope(custom_objects or {}, module_objects or {}):
        if isinstance(identifier, str):
            found = find_custom(identifier)
            if found is None:
                raise unknown_name(printable_module_name, identifier, module_objects or custom_objects or {})
            return found() if isinstance(found, type) else found
        family = (identifier.get("module") or "").split(".")[1:2]
        modules = {"activations": activations, "constraints": constraints, "initializers": initializers, "losses": losses, "metrics": metrics, "optimizers": optimizers, "regularizers": regularizers}
        if family and family[0] in modules:
            return modules[family[0]].deserialize(identifier)
        return layers.deserialize(identifier)
