"""Models to configs (in the common dialect, see `common_dialect`), and from the configs of any dialect since Keras 1.

Node indices: in nested lists, the calls of a nested model are counted from 1 by tf_keras (which keeps the model's own
definition as call 0) and from 0 by Keras 3. Each call of a nested model is therefore written twice, and only odd indices
are used: index 2k + 1 is then the k-th call for both. Entries that nothing refers to are skipped when reading.
"""

import inspect

from .. import tree
from ..engine.objects import CustomObjectScope, get_registered_name
from ..engine.tensor import KerasTensor
from ..errors import UnsupportedError
from .common_dialect import common
from .dialects import decode_call, histories, is_record, layer_entries


def layer_to_config(layer):
    """One layer as {"module", "class_name", "config", "registered_name"}; a user's own class goes without a module."""
    cls = type(layer)
    config = layer.get_config()
    if not cls.__module__.startswith("kshim."):
        return {"class_name": get_registered_name(cls), "config": config}
    if hasattr(layer, "_graph"):
        return common({"class_name": cls.__name__, "config": config})
    return common({"module": "keras.layers", "class_name": cls.__name__, "config": config, "registered_name": None})


def layer_from_config(entry, custom_objects=None):
    """A layer (or nested model) from its entry in a model config."""
    from ..layers import registry
    from .legacy import translated

    with CustomObjectScope(custom_objects or {}):
        return registry.deserialize(translated(entry))


# writing -------------------------------------------------------------------------------------------------------
def graph_to_config(model):
    """Config of a functional model: layers with inbound nodes, input and output layers."""
    graph = model._graph
    kept = {id(n) for n in graph.nodes}
    index = {}  # (layer id, node index in the layer) -> index in the file
    for layer in graph.layers:
        own = [n for n in layer._inbound_nodes if id(n) in kept]
        for i, node in enumerate(own):
            index[id(layer), node.index] = 2 * i + 1 if _is_nested(layer) else i

    def place(t):
        layer, node, at = t._keras_history
        return [layer.name, index.get((id(layer), node), 0), at]

    layers = []
    given = {id(t) for t in graph.flat_inputs}
    for layer in graph.layers:
        nodes = []
        for node in layer._inbound_nodes:
            if id(node) not in kept or not node.inputs or all(id(t) in given for t in node.outputs):
                continue
            nodes.extend([_node_config(node, place)] * (2 if _is_nested(layer) else 1))
        layers.append({**layer_to_config(layer), "name": layer.name, "inbound_nodes": nodes})
    return {
        "name": model.name,
        "trainable": model.trainable,
        "layers": layers,
        "input_layers": _places(graph.inputs, place),
        "output_layers": _places(graph.outputs, place),
    }


def _is_nested(layer):
    return getattr(layer, "_graph", None) is not None


def _places(structure, place):
    if isinstance(structure, dict):
        return {k: _places(v, place) for k, v in structure.items()}
    places = [place(t) for t in tree.flatten(structure)]
    return places[0] if len(places) == 1 else places


def _node_config(node, place):
    """[[layer, node, tensor, keywords], ...] as Keras 2 writes it, the keywords with every tensor."""
    keywords = dict(node.kwargs)
    positional = list(node.args)
    if len(positional) > 1:  # further positional arguments by name
        names = [p for p in inspect.signature(type(node.layer).call).parameters][1:]
        keywords.update(zip(names[1:], positional[1:]))

    def encode(x):
        return place(x) if isinstance(x, KerasTensor) else x

    encoded = {k: tree.map_structure(encode, v) for k, v in keywords.items() if v is not None}
    first = positional[0] if positional else None
    if isinstance(first, dict):
        return {k: [*place(v), encoded] for k, v in first.items()}
    return [[*place(t), encoded] for t in tree.flatten(first) if isinstance(t, KerasTensor)]


# reading -------------------------------------------------------------------------------------------------------
class _Calls:
    """The calls of one layer while its graph is rebuilt: `outputs[i]` is None for a call that nothing refers to."""

    def __init__(self, entry, layer, used, records):
        self.name, self.layer, self.outputs = entry["name"], layer, []
        nodes = entry.get("inbound_nodes") or []
        nested = hasattr(layer, "_graph")
        # Keras 3 counts calls from 0, but its lists of outputs count those of a nested functional model from 1
        self.base = 0 if records or not nested or 0 in used else 1
        self.end_base = int(nested and not hasattr(layer, "_stack")) if records else self.base
        if hasattr(layer, "is_placeholder"):
            self.outputs.append(layer._inbound_nodes[0].outputs)
            nodes = []
        wanted = [not nested or records or i + self.base in used for i in range(len(nodes))]
        self.waiting = list(zip(nodes, wanted))

    def step(self, tensor):
        """Make the next calls whose inputs exist; returns whether any was made."""
        made = False
        while self.waiting:
            node, wanted = self.waiting[0]
            if wanted:
                call = decode_call(node, tensor)
                if call is None:
                    break
                out = self.layer(*call[0], **call[1])
                self.outputs.append([t for t in tree.flatten(out) if isinstance(t, KerasTensor)])
            else:
                self.outputs.append(None)
            self.waiting.pop(0)
            made = True
        return made


def graph_from_config(config, custom_objects=None):
    """(inputs, outputs, remaining keywords) from a functional config of any dialect.

    `ValueError` if a node refers to a layer that is not there, or waits for one that never gives its output.
    """
    from .foreign_ops import op_from_entry

    entries = layer_entries(config)
    records = any(is_record(n) for e in entries for n in e.get("inbound_nodes") or ())
    used = {}
    for name, index in histories(
        [[e.get("inbound_nodes") or [] for e in entries], config["input_layers"], config["output_layers"]]
    ):
        used.setdefault(name, set()).add(index)
    calls = {}
    for entry in entries:
        layer = op_from_entry(entry, records) or layer_from_config(entry, custom_objects)
        calls[entry["name"]] = _Calls(entry, layer, used.get(entry["name"], ()), records)

    def tensor(history, in_record=False, end=False):
        name, node, at = history[0], int(history[1]), int(history[2])
        if name not in calls:
            raise ValueError(
                f"Model config: a node refers to layer {name!r}, which is not among the layers {sorted(calls)}."
            )
        found = calls[name]
        node -= found.end_base if end else found.base
        return found.outputs[node][at] if 0 <= node < len(found.outputs) and found.outputs[node] is not None else None

    while any(c.waiting for c in calls.values()):
        if not any([c.step(tensor) for c in calls.values() if c.waiting]):
            names = sorted(n for n, c in calls.items() if c.waiting)
            raise ValueError(
                f"Model config: the layers {names} wait for inputs that no layer gives; the config is damaged or cyclic."
            )

    def ends(spec):
        if isinstance(spec, dict):
            return {k: ends(v) for k, v in spec.items()}
        if spec and isinstance(spec[0], str):
            found = tensor(spec, end=True)
            if found is None:
                raise ValueError(f"Model config: {spec!r} names an input or output that does not exist.")
            return found
        found = [ends(s) for s in spec]
        return found[0] if len(found) == 1 else found

    rest = {k: config[k] for k in ("name", "trainable") if config.get(k) is not None}
    return ends(config["input_layers"]), ends(config["output_layers"]), rest


# sequential ----------------------------------------------------------------------------------------------------
def sequential_to_config(model):
    """Config of a Sequential model; a built one starts with its input layer."""
    from ..layers.input_layer import is_input

    layers = list(model._stack)
    if model._graph is not None and not is_input(layers[0]):
        layers.insert(0, model._graph.flat_inputs[0]._keras_history[0])
    return {"name": model.name, "layers": [layer_to_config(layer) for layer in layers]}


def sequential_from_config(cls, config, custom_objects=None):
    """A Sequential from a dict ({"name", "layers"}) or, as before Keras 2.2.3, a list of layer configs."""
    name = build_shape = None
    entries = config
    if isinstance(config, dict):
        name, build_shape, entries = config.get("name"), config.get("build_input_shape"), config["layers"]
    model = cls(name=name)
    for entry in entries:
        if entry.get("class_name") == "Merge":
            raise UnsupportedError(
                "Sequential models that start with a Merge layer (Keras 1) cannot be loaded whole. Rebuild the model and use load_weights()."
            )
        model.add(layer_from_config(entry, custom_objects))
    if not model.built and build_shape and not isinstance(build_shape, dict):
        model.build(tuple(build_shape))
    return model
