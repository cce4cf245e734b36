"""Drawings of models in Graphviz's DOT language, written here; pydot is not needed."""

import os
import shutil
import subprocess
import sys

from .io_utils import path_to_string

__all__ = ["DotGraph", "model_to_dot", "plot", "plot_model"]

_GRAPHVIZ = "https://graphviz.org/download/"


def _quote(text):
    return '"' + str(text).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _field(text):
    """Text of a record label, in which some characters are syntax."""
    return "".join("\\" + c if c in "{}|<>\\" else c for c in str(text))


class DotGraph:
    """A graph in DOT: `to_string()`, `write(path, format)`, `create(format)`."""

    def __init__(self, attributes):
        self.lines = [f"{name}={value};" for name, value in attributes.items()]
        self._edges = set()

    def add_node(self, name, label):
        escaped = label.replace('"', '\\"')
        self.lines.append(f'{_quote(name)} [shape=record, label="{escaped}"];')

    def add_edge(self, start, end):
        if (start, end) not in self._edges:
            self._edges.add((start, end))
            self.lines.append(f"{_quote(start)} -> {_quote(end)};")

    def to_string(self):
        return "digraph G {\n" + "\n".join(self.lines) + "\n}\n"

    def create(self, format="png", prog="dot"):
        """Bytes of the picture, drawn by Graphviz's program; `ImportError` if that is not installed."""
        if shutil.which(prog) is None:
            raise ImportError(
                f"Drawing a model as {format!r} needs Graphviz, whose program {prog!r} is missing ({_GRAPHVIZ}). "
                "Or write the graph as text: plot_model(model, to_file='model.dot')."
            )
        done = subprocess.run([prog, f"-T{format}"], input=self.to_string().encode(), capture_output=True, check=False)
        if done.returncode:
            raise RuntimeError(f"Graphviz could not draw the model: {done.stderr.decode(errors='replace').strip()}")
        return done.stdout

    def write(self, path, format="raw", prog="dot"):
        """Write the picture, or with format 'raw', 'dot' or 'gv' the text."""
        data = self.to_string().encode() if format in ("raw", "dot", "gv") else self.create(format, prog)
        from ..saving.atomic import replacing

        with replacing(path) as temporary, open(temporary, "wb") as f:
            f.write(data)


def _shape(tensors):
    shapes = [str(tuple(t.shape)) for t in tensors]
    return shapes[0] if len(shapes) == 1 else "[" + ", ".join(shapes) + "]" if shapes else "?"


def _label(layer, nodes, options):
    inner = getattr(layer, "layer", None)
    kind, name = type(layer).__name__, layer.name
    if inner is not None:
        kind, name = f"{kind}({type(inner).__name__})", f"{name}({getattr(inner, 'name', '')})"
    label = _field(kind)
    activation = getattr(layer, "activation", None)
    if options["show_layer_activations"] and activation is not None:
        activation = getattr(activation, "name", None) or getattr(activation, "__name__", None) or str(activation)
        label = f"{{{label}|{_field(activation)}}}"
    if options["show_layer_names"]:
        label = f"{_field(name)}|{label}"
    if options["show_dtype"]:
        label += f"|{_field(layer.dtype)}"
    if options["show_shapes"]:
        inputs = _shape(nodes[0].inputs or nodes[0].outputs) if nodes else "?"
        outputs = _shape(nodes[0].outputs) if nodes else "?"
        label = f"{{{label}}}|{{input:|output:}}|{{{{{_field(inputs)}}}|{{{_field(outputs)}}}}}"
    if options["show_trainable"]:
        label = f"{'T' if layer.trainable else 'NT'}|{label}"
    return label


def _select(layers, layer_range):
    if layer_range is None:
        return layers
    names = [layer.name for layer in layers]
    if len(layer_range) != 2 or any(name not in names for name in layer_range):
        raise ValueError(
            f"layer_range must be the names of two layers of the model, received {layer_range!r} of {names}."
        )
    first, last = sorted(names.index(name) for name in layer_range)
    return layers[first : last + 1]


def _add(dot, model, prefix, options, layer_range=None):
    """Nodes and edges of a model's graph; names of nested layers carry their model's as `prefix`."""
    graph = model._graph
    layers = _select(graph.layers, layer_range)
    chosen = {id(layer) for layer in layers}
    nested = {}
    for layer in layers:
        nodes = [n for n in graph.nodes if n.layer is layer]
        if options["expand_nested"] and getattr(layer, "_graph", None) is not None:
            inner = f"{prefix}{layer.name}/"
            dot.lines.append(f"subgraph {_quote('cluster_' + inner)} {{ label={_quote(layer.name)}; style=dashed;")
            _add(dot, layer, inner, options)
            dot.lines.append("}")
            nested[id(layer)] = inner
        else:
            dot.add_node(prefix + layer.name, _label(layer, nodes, options))

    def ends(layer, which, index=None):
        """Drawn nodes that stand for a layer: itself, or the input or output layers of an expanded model."""
        if id(layer) not in nested:
            return [prefix + layer.name]
        tensors = getattr(layer._graph, which)
        tensors = tensors if index is None or index >= len(tensors) else [tensors[index]]
        return [nested[id(layer)] + t._keras_history[0].name for t in tensors]

    for node in graph.nodes:
        for i, tensor in enumerate(node.inputs):
            source, _, output = tensor._keras_history
            if id(source) not in chosen or id(node.layer) not in chosen:
                continue
            for start in ends(source, "flat_outputs", output):
                for end in ends(node.layer, "flat_inputs", i):
                    dot.add_edge(start, end)


def model_to_dot(
    model,
    show_shapes=False,
    show_dtype=False,
    show_layer_names=True,
    rankdir="TB",
    expand_nested=False,
    dpi=96,
    subgraph=False,
    layer_range=None,
    show_layer_activations=False,
    show_trainable=False,
):
    """The `DotGraph` of a model: a box for each layer, an arrow for each connection.

    A subclassed model is one box. layer_range: names of the first and last layer to draw. Raises `ValueError` for a
    model that is not built.
    """
    if not model.built:
        raise ValueError(
            "This model has not yet been built, so there is nothing to draw. Call build(), call it on a batch of data, "
            "or give its first layer an input_shape."
        )
    options = dict(
        show_shapes=show_shapes,
        show_dtype=show_dtype,
        show_layer_names=show_layer_names,
        expand_nested=expand_nested,
        show_layer_activations=show_layer_activations,
        show_trainable=show_trainable,
    )
    dot = DotGraph({"rankdir": rankdir, "concentrate": "true", "dpi": dpi})
    if model._graph is None:
        dot.add_node(model.name, _field(model.name))
    else:
        _add(dot, model, "", options, layer_range)
    return dot


def plot_model(model, to_file="model.png", *args, **kwargs):
    """Draw a model into a file; the ending of `to_file` is the format (.dot and .gv are text, others need Graphviz).

    The other arguments are those of `model_to_dot`. In a notebook the picture is returned for display.
    """
    dot = model_to_dot(model, *args, **kwargs)
    to_file = path_to_string(to_file)
    extension = os.path.splitext(to_file)[1][1:] or "png"
    dot.write(to_file, format=extension)
    if "IPython" in sys.modules and extension in ("png", "jpg", "jpeg"):
        from IPython import display

        return display.Image(filename=to_file)
    return None


plot = plot_model  # Keras 1
