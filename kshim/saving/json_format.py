"""Architectures as JSON and dictionaries."""

import json

import numpy as np

from ..engine.objects import CustomObjectScope
from ..engine.tensor import KerasTensor
from .graph_config import layer_from_config, layer_to_config
from .legacy import translated
from .safety import SafeModeScope

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
    """{"class_name", "config"} of a whole model, as plain JSON values."""
    entry = layer_to_config(model)
    name = "Functional" if entry["class_name"] == "Model" and hasattr(model, "_graph") else entry["class_name"]
    return {"class_name": name, "config": json.loads(dumps(entry["config"]))}


def model_to_json(model, **kwargs):
    """The architecture as a JSON string."""
    return dumps({**model_config(model), "keras_version": KERAS_VERSION, "backend": "tensorflow"}, **kwargs)


def model_from_json(json_string, custom_objects=None):
    """A model with fresh weights from `to_json()`'s string of any version. `ValueError` if it is not one."""
    config = parsed(json_string, "The string")
    if isinstance(config, str):  # some files hold the string of the string
        config = parsed(config, "The string")
    return model_from_config(config, custom_objects)


def parsed(text, what):
    """JSON to values; `ValueError` naming `what` if it is damaged or nested beyond measure."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{what} is not a model's JSON: {error}") from error


def _version(config):
    """The keras_version that a `to_json()` dictionary is of; None if it does not say."""
    if config.get("keras_version"):
        return str(config["keras_version"])
    module = config.get("module")
    return "3" if isinstance(module, str) and (module == "keras" or module.startswith("keras.")) else None


def model_from_config(config, custom_objects=None, version=None):
    """A model from {"class_name", "config"}; `ValueError` for anything else.

    `version` is the keras_version of the file it comes from, if it is known beside the config.
    """
    if isinstance(config, list):
        raise TypeError(
            "model_from_config expects a dictionary; for the list of a Sequential use Sequential.from_config."
        )
    if not isinstance(config, dict) or "class_name" not in config or "config" not in config:
        raise ValueError(
            f"Not a model config: expected a dict with 'class_name' and 'config'; received {config!r:.200}."
        )
    config = translated(config, version or _version(config))
    with CustomObjectScope(custom_objects or {}):
        return layer_from_config(config)


def model_from_yaml(yaml_string, custom_objects=None):
    raise RuntimeError(
        "Method model_from_yaml() was removed because loading YAML can run code. Use model_from_json() instead."
    )


def clone_model(model, input_tensors=None, clone_function=None, **kwargs):
    """A model of the same structure with new weights; `clone_function(layer)` may return another layer for each."""
    from ..layers.input_layer import Input, is_input

    def make(layer):
        if clone_function is not None and not is_input(layer):
            return clone_function(layer)
        with SafeModeScope(False):  # the code is the program's own
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


def deserialize_keras_object(
    identifier, module_objects=None, custom_objects=None, printable_module_name="object", **kwargs
):
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
        modules = {
            "activations": activations,
            "constraints": constraints,
            "initializers": initializers,
            "losses": losses,
            "metrics": metrics,
            "optimizers": optimizers,
            "regularizers": regularizers,
        }
        if family and family[0] in modules:
            return modules[family[0]].deserialize(identifier)
        return layers.deserialize(identifier)
