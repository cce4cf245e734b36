"""Models to configs and back.

Written is the dialect of tf.keras 2.x with a "module" on every layer, which tf_keras and Keras 3 both read. Read is any dialect
since Keras 1.
"""

from .. import tree
from ..engine.objects import CustomObjectScope, get_registered_name
from ..engine.tensor import KerasTensor
from .dialects import is_tensor_config, layer_entries, tensor_history


def layer_to_config(layer):
    """One layer as {"module", "class_name", "config", "registered_name"}."""
    cls = type(layer)
    if not cls.__module__.startswith("kshim."):
        return {"module": None, "class_name": cls.__name__, "config": layer.get_config(), "registered_name": get_registered_name(cls)}
    if hasattr(layer, "_graph"):  # nested models carry no module: both readers then know them by class name
        return {"class_name": cls.__name__, "config": layer.get_config()}
    config = layer.get_config()
    from ..layers.input_layer import is_input

    if not is_input(layer):
        config.pop("batch_input_shape", None)  # the input layer says it; Keras 3 misreads it elsewhere
    return {"module": "keras.layers", "class_name": cls.__name__, "config": config, "registered_name": None}


def layer_from_config(entry, custom_objects=None):
    """A layer (or nested model) from its entry in a model config."""
    from ..layers import registry
    from .legacy import translated

    with CustomObjectScope(custom_objects or {}):
        return registry.deserialize(translated(entry))


# functional ----------------------------------------------------------------------------------------------------
def graph_to_config(model):
    """Config of a functional model: layers with inbound nodes, input and output layers."""
    graph = model._graph
    kept = {id(n) for n in graph.nodes}
    index = {}  # (layer id, node index in the layer) -> index among the nodes of this model
    for layer in graph.layers:
        own = [n for n in layer._inbound_nodes if id(n) in kept]
        for i, node in enumerate(own):
            index[id(layer), node.index] = i

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
            nodes.append(_node_config(node, place))
        entry = layer_to_config(layer)
        layers.append({**entry, "name": layer.name, "inbound_nodes": nodes})
    return {
        "name": model.name,
        "trainable": model.trainable,
        "layers": layers,
        "input_layers": _places(graph.inputs, place),
        "output_layers": _places(graph.outputs, place),
    }


def _places(structure, place):
    if isinstance(structure, dict):
        return {k: place(v) for k, v in structure.items()}
    return [place(t) for t in tree.flatten(structure)]


def _node_config(node, place):
    """[[layer, node, tensor, kwargs], ...] as Keras 2 writes it; the keywords go with the first tensor."""
    keywords = dict(node.kwargs)
    positional = list(node.args)
    if len(positional) > 1:  # further positional arguments by name
        import inspect

        names = [p for p in inspect.signature(type(node.layer).call).parameters][1:]
        for name, value in zip(names[1:], positional[1:]):
            keywords[name] = value

    def encode(x):
        return place(x) if isinstance(x, KerasTensor) else x

    encoded = {k: tree.map_structure(encode, v) for k, v in keywords.items() if v is not None and (k != "training" or v in (True, False))}
    first = positional[0] if positional else None
    flat = [t for t in tree.flatten(first) if isinstance(t, KerasTensor)]
    if isinstance(first, dict):
        return {k: [*place(v), {}] for k, v in first.items()}
    return [[*place(t), encoded if i == 0 else {}] for i, t in enumerate(flat)]


def graph_from_config(config, custom_objects=None):
    """(inputs, outputs, remaining keywords) from a functional config of any dialect."""
    layers, produced, waiting = {}, {}, []
    for entry in layer_entries(config):
        layer = layer_from_config(entry, custom_objects)
        layers[entry["name"]] = layer
        layer_nodes = entry.get("inbound_nodes") or []
        produced[entry["name"]] = [layer._inbound_nodes[0].outputs] if _is_source(layer) and layer._inbound_nodes else []
        waiting.extend((layer, entry["name"], i, node) for i, node in enumerate(layer_nodes))

    def tensor(history):
        name, node, at = history[0], int(history[1]), int(history[2])
        if name not in produced:
            raise ValueError(f"Model config: a node refers to layer {name!r}, which is not among the layers {sorted(produced)}.")
        outputs = produced[name]
        return outputs[node][at] if node < len(outputs) and outputs[node] is not None else None

    while waiting:
        later = []
        for item in waiting:
            layer, name, i, node = item
            call = tensor_history(node, tensor)
            if call is None or i > len(produced[name]):
                later.append(item)
                continue
            args, kwargs = call
            out = layer(*args, **kwargs)
            produced[name].append([t for t in tree.flatten(out) if isinstance(t, KerasTensor)])
        if len(later) == len(waiting):
            names = sorted({item[1] for item in later})
            raise ValueError(f"Model config: the layers {names} wait for inputs that no layer gives; the config is damaged or cyclic.")
        waiting = later

    def ends(spec):
        if isinstance(spec, dict):
            return {k: tensor(v) for k, v in spec.items()}
        if spec and isinstance(spec[0], str):
            return tensor(spec)
        found = [tensor(s) for s in spec]
        return found[0] if len(found) == 1 else found

    rest = {k: config[k] for k in ("name", "trainable") if k in config}
    return ends(config["input_layers"]), ends(config["output_layers"]), rest


def _is_source(layer):
    from ..layers.input_layer import is_input

    return is_input(layer)


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
    name = None
    build_shape = None
    if isinstance(config, dict):
        name, build_shape = config.get("name"), config.get("build_input_shape")
        entries = config["layers"]
    else:
        entries = config
    model = cls(name=name)
    for entry in entries:
        model.add(layer_from_config(entry, custom_objects))
    if not model.built and build_shape:
        model.build(tuple(build_shape))
    return model


_ = is_tensor_config
