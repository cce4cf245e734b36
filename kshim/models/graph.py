"""The graph of a functional model: its nodes in order, and running them."""

from collections import Counter

from .. import tree
from ..engine.context import context
from ..engine.tensor import KerasTensor


class _Step:
    """One node, prepared for running: where its arguments come from and where its results go."""

    __slots__ = ("layer", "args", "kwargs", "source", "targets", "node")

    def __init__(self, node):
        self.node, self.layer = node, node.layer
        self.args, self.kwargs = node.args, node.kwargs
        single = len(node.args) == 1 and isinstance(node.args[0], KerasTensor) and not _holds(node.kwargs)
        self.source = id(node.args[0]) if single else None
        self.targets = [id(t) for t in node.outputs]

    def run(self, values):
        if self.source is not None:
            out = self.layer(values[self.source], **self.kwargs)
        else:

            def fill(x):
                return values[id(x)] if isinstance(x, KerasTensor) else x

            out = self.layer(*tree.map_structure(fill, tuple(self.args)), **tree.map_structure(fill, dict(self.kwargs)))
        if len(self.targets) == 1 and not tree.is_nested(out):
            values[self.targets[0]] = out
        else:
            flat = [t for t in tree.flatten(out) if t is not None]
            for target, value in zip(self.targets, flat):
                values[target] = value


def _holds(kwargs):
    return any(isinstance(x, KerasTensor) for x in tree.flatten(dict(kwargs)))


def order(inputs, outputs):
    """(layers, nodes, depth of each node by id) of the graph between symbolic inputs and outputs.

    Layers come by decreasing depth (the longest way to an output), equals in the order of a walk back from the outputs:
    the order in which Keras lists and saves them. Raises `ValueError` naming the layer when an output does not follow
    from the inputs.
    """
    input_ids = {id(t) for t in inputs}
    finished, begun, first_seen, post_order = set(), set(), {}, []
    for output in outputs:
        stack = [(_node_of(output), False)]
        while stack:
            node, done = stack.pop()
            if done:
                finished.add(id(node))
                begun.discard(id(node))
                post_order.append(node)
                continue
            if id(node) in finished:
                continue
            if id(node) in begun:
                raise ValueError(f"The graph of the model has a cycle through layer {node.layer.name!r}.")
            first_seen.setdefault(id(node.layer), len(first_seen))
            begun.add(id(node))
            stack.append((node, True))
            if all(id(t) in input_ids for t in node.outputs) and node.outputs:
                continue
            if not node.inputs:
                raise ValueError(
                    f"Graph disconnected: the model's outputs need the input {node.layer.name!r}, which is not among the model's inputs. "
                    f"Add it to inputs=, given now: {[getattr(t, 'name', None) for t in inputs]}."
                )
            for t in reversed(node.inputs):
                if id(_node_of(t)) not in finished:
                    stack.append((_node_of(t), False))
    node_depth, layer_depth = {}, {}
    for node in reversed(post_order):
        depth = max(node_depth.get(id(node), 0), layer_depth.get(id(node.layer), 0))
        node_depth[id(node)] = layer_depth[id(node.layer)] = depth
        if all(id(t) in input_ids for t in node.outputs):
            continue
        for t in node.inputs:
            parent = _node_of(t)
            node_depth[id(parent)] = max(depth + 1, node_depth.get(id(parent), 0))
    layers = {id(n.layer): n.layer for n in post_order}
    for t in inputs:  # an input that no output needs
        layer = t._keras_history[0]
        if id(layer) not in layers:
            layers[id(layer)] = layer
            layer_depth[id(layer)] = 0
            first_seen.setdefault(id(layer), -1)
    ordered = sorted(layers.values(), key=lambda layer: (-layer_depth[id(layer)], first_seen[id(layer)]))
    rank = {id(n): i for i, n in enumerate(post_order)}
    nodes = sorted(post_order, key=lambda n: (-node_depth[id(n)], rank[id(n)]))
    return ordered, nodes, node_depth


def _node_of(tensor):
    history = tensor._keras_history
    if history is None:
        raise ValueError(f"{tensor!r} does not come from a layer: make it with Input() or by calling a layer on one.")
    return history[0]._inbound_nodes[history[1]]


class Graph:
    """The part of the layer graph between `inputs` and `outputs` (trees of `KerasTensor`)."""

    def __init__(self, inputs, outputs):
        self.inputs, self.outputs = inputs, outputs
        self.flat_inputs, self.flat_outputs = tree.flatten(inputs), tree.flatten(outputs)
        for what, tensors in (("inputs", self.flat_inputs), ("outputs", self.flat_outputs)):
            for t in tensors:
                if not isinstance(t, KerasTensor):
                    raise ValueError(
                        f"Model({what}=...) expects symbolic tensors made by Input() and layers; received {t!r:.200} of type {type(t).__name__}."
                    )
        if len({id(t) for t in self.flat_inputs}) != len(self.flat_inputs):
            raise ValueError("The inputs of a model must be distinct; one is given twice.")
        self.layers, self.nodes, self.depth = order(self.flat_inputs, self.flat_outputs)
        twice = sorted(n for n, count in Counter(layer.name for layer in self.layers).items() if count > 1)
        if twice:
            raise ValueError(
                f"The layer names of a model must be unique; used more than once: {twice}. Give these layers other names."
            )
        given = {id(t) for t in self.flat_inputs}
        self.steps = [_Step(n) for n in self.nodes if n.inputs and not all(id(t) in given for t in n.outputs)]
        self.input_ids = [id(t) for t in self.flat_inputs]
        self.output_ids = [id(t) for t in self.flat_outputs]

    def run(self, values):
        """Outputs (in the structure of `outputs`) for a flat list of input tensors."""
        held = dict(zip(self.input_ids, values))
        runs = context.graph_runs
        if runs is not None and (not runs or context.depth <= runs[0][0]):
            runs.append((context.depth, held))
        for step in self.steps:
            step.run(held)
        if len(self.output_ids) == 1 and not tree.is_nested(self.outputs):
            return held[self.output_ids[0]]
        return tree.pack_like(self.outputs, [held[i] for i in self.output_ids])
