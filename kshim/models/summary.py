"""The table that `model.summary()` prints, line by line as tf_keras 2.21 prints it."""

import re

import numpy as np

from .. import tree

_SIZES = {
    "float64": 8,
    "int64": 8,
    "uint64": 8,
    "float32": 4,
    "int32": 4,
    "uint32": 4,
    "float16": 2,
    "bfloat16": 2,
    "int16": 2,
    "uint16": 2,
}
_BREAKS = ("),", "},", "],", "',")


def print_summary(
    model, line_length=None, positions=None, print_fn=None, expand_nested=False, show_trainable=False, layer_range=None
):
    """Print layers, output shapes and parameter counts; with branches or shared layers, also what each layer is connected to.

    line_length, positions: width of the table and ends of its columns (fractions or characters). print_fn takes each line.
    layer_range: (first, last) names or patterns of the layers to show. `ValueError` if the model is not built, or no layer
    matches layer_range.
    """
    if not model.built:
        raise ValueError(
            "This model has not yet been built. Build the model first by calling `build()` or by calling the model on a batch of data."
        )
    Table(model, line_length, positions, print_fn or print, expand_nested, show_trainable).run(
        _range(model, layer_range)
    )


def _range(model, names):
    layers = model.layers
    if names is None:
        return layers
    if len(names) != 2:
        raise ValueError(
            f"layer_range must be a list or tuple of length 2. Received: layer_range = {names} of length {len(names)}"
        )
    if not all(isinstance(n, str) for n in names):
        raise ValueError(f"layer_range should contain string type only. Received: {names}")
    lower = [i for i, layer in enumerate(layers) if re.match(names[0], layer.name)]
    upper = [i for i, layer in enumerate(layers) if re.match(names[1], layer.name)]
    if not lower or not upper:
        raise ValueError(f"Passed layer_names do not match the layer names in the model. Received: {names}")
    if min(lower) > max(upper):
        return layers[min(upper) : max(lower) + 1]
    return layers[min(lower) : max(upper) + 1]


def is_chain(model):
    """Whether a model is a row of layers without branches, merges or sharing."""
    graph = model._graph
    if type(model).__name__ == "Sequential" or graph is None:
        return True
    depths = [graph.depth[id(n)] for n in graph.nodes]
    if len(set(depths)) < len(depths) or any(len(n.inputs) > 1 for n in graph.nodes):
        return False
    return len({id(n.layer) for n in graph.nodes}) == len(graph.nodes)


class Table:
    """One summary: the columns, and the rows printed so far."""

    def __init__(self, model, line_length, positions, print_fn, expand_nested, show_trainable):
        self.model, self.print, self.expand, self.trainable = model, print_fn, expand_nested, show_trainable
        self.chain = is_chain(model)
        self.width = line_length or (65 if self.chain else 98)
        ends = list(positions or ([0.45, 0.85, 1.0] if self.chain else [0.3, 0.6, 0.70, 1.0]))
        self.ends = [int(self.width * p) for p in ends] if ends[-1] <= 1 else ends
        self.titles = ["Layer (type)", "Output Shape", "Param #"] + ([] if self.chain else ["Connected to"])
        if show_trainable:
            self.width += 11
            self.ends.append(self.width)
            self.titles.append("Trainable")
        self.nodes = set() if self.chain else {id(n) for n in model._graph.nodes}

    def run(self, layers):
        self.print(f'Model: "{self.model.name}"')
        self.print("_" * self.width)
        self.row(self.titles)
        self.print("=" * self.width)
        for layer in layers:
            self.layer(layer)
        self.print("=" * self.width)
        parts = [self.model.trainable_weights, self.model.non_trainable_weights]
        counts, sizes = [count(p) for p in parts], [memory(p) for p in parts]
        self.print(f"Total params: {sum(counts)} ({readable(sum(sizes))})")
        self.print(f"Trainable params: {counts[0]} ({readable(sizes[0])})")
        self.print(f"Non-trainable params: {counts[1]} ({readable(sizes[1])})")
        self.print("_" * self.width)

    def row(self, fields, level=0):
        """One row, over as many lines as its longest field needs; `level` is the depth of nesting."""
        rest, last = [str(f) for f in fields], len(self.ends) - 1
        while any(rest):
            line = ""
            for col, text in enumerate(rest):
                room = self.ends[col] - (self.ends[col - 1] if col else 0)
                if col != last:
                    room -= 3
                if col == 0:
                    room -= level
                piece = text[:room]
                breaks = [piece.find(b) + len(b) for b in _BREAKS if b in piece]
                if breaks:
                    room = min(breaks)
                    piece = piece[:room]
                rest[col] = text[room:]
                line += ("|" * level + " " if col == 0 else "") + piece + ("  " if col != last else "")
                line += " " * (self.ends[col] - len(line) - (level if level and col == last else 0))
            self.print(line + "|" * level)

    def layer(self, layer, level=0, is_last=False):
        fields = [f"{layer.name} ({type(layer).__name__})", output_shape(layer), self.parameters(layer)]
        if not self.chain:
            fields.append(self.connections(layer))
        if self.trainable:
            fields.append("Y" if layer.trainable else "N")
        self.row(fields, level)
        inner = getattr(layer, "layers", None) if self.expand else None
        if inner:
            self.print("|" * (level + 1) + "¯" * (self.width - 2 * level - 2) + "|" * (level + 1))
            for i, sub in enumerate(inner):
                self.layer(sub, level + 1, i == len(inner) - 1)
            is_last = True  # as in tf_keras, no empty line follows a nested model
            self.print("|" * level + "¯" * (self.width - 2 * level) + "|" * level)
        if not is_last:
            self.print("|" * level + " " * (self.width - 2 * level) + "|" * level)

    def parameters(self, layer):
        if self.chain and not layer.built and getattr(layer, "_graph", None) is None:
            return "0 (unused)"
        return count(layer.weights)

    def connections(self, layer):
        """The tensors a layer is called on in this model, as "name[node][tensor]"."""
        out = []
        for node in layer._inbound_nodes:
            if id(node) in self.nodes:
                for t in node.inputs:
                    source, index, at = t._keras_history
                    out.append(f"{source.name}[{index}][{at}]")
        return out


def output_shape(layer):
    """A layer's output shape as the table shows it: a tuple, a list of tuples, a dict, 'multiple' or '?'."""
    graph = getattr(layer, "_graph", None)
    if graph is not None:
        shapes = tree.map_structure(lambda t: tuple(t.shape), graph.outputs)
        return shapes[0] if isinstance(shapes, list) and len(shapes) == 1 else shapes
    found = {}
    for node in layer._inbound_nodes:
        shapes = [tuple(t.shape) for t in node.outputs]
        found[str(shapes)] = shapes
    if len(found) != 1:
        return "multiple"
    shapes = next(iter(found.values()))
    return shapes if len(shapes) != 1 or getattr(layer, "is_placeholder", False) else shapes[0]


def count(weights):
    """Number of scalars in distinct variables."""
    return sum(int(np.prod(v.shape, dtype=np.int64)) for v in {id(v): v for v in weights}.values())


def memory(weights):
    """Bytes of distinct variables."""
    return sum(
        int(np.prod(v.shape, dtype=np.int64)) * _SIZES.get(str(v.dtype), 1)
        for v in {id(v): v for v in weights}.values()
    )


def readable(size):
    """Bytes with a unit, two decimals above bytes."""
    for unit in ("Byte", "KB", "MB", "GB", "TB", "PB"):
        if size / 1024 < 1:
            return f"{size:.2f} {unit}"
        size /= 1024
    return f"{size:.2f} PB"
