"""Symbolic calls: output shapes by running `call` on shapes, and the nodes of functional graphs."""

from .. import tree
from ..spec.shapes import ShapeDtype
from .arguments import shapes_to_specs
from .context import context, symbolic_scope
from .tensor import KerasTensor, Tensor

#: Stand-ins for unknown sizes: two runs with different ones show which output sizes depend on them. Multiples of 64 and 3, so
#: that code which divides an unknown size (strides, heads, reshapes) finds it divisible; with a large prime factor, so that
#: no size of a real model is likely to be one of them.
_FILLS = (64 * 3 * 31, 64 * 3 * 37)


def hidden_sizes():
    """The stand-ins in use right now."""
    return context.hidden_sizes


class Node:
    """One call of a layer in a graph: `layer(*args, **kwargs)` with symbolic `inputs` gave `outputs`."""

    def __init__(self, layer, args, kwargs, inputs, outputs):
        self.layer, self.args, self.kwargs = layer, args, kwargs
        self.inputs, self.outputs = inputs, outputs
        self.index = len(layer._inbound_nodes)
        layer._inbound_nodes.append(self)
        for t in inputs:
            if t._keras_history is not None:
                t._keras_history[0]._outbound_nodes.append(self)
        for i, t in enumerate(outputs):
            t._keras_history = (layer, self.index, i)

    @property
    def operation(self):
        return self.layer

    outbound_layer = operation

    # Keras 2's names
    @property
    def input_tensors(self):
        return list(self.inputs or self.outputs)  # the node of an Input holds the Input itself

    @property
    def output_tensors(self):
        return list(self.outputs)

    @property
    def input_shapes(self):
        return [tuple(t.shape) for t in self.inputs]

    @property
    def output_shapes(self):
        return [tuple(t.shape) for t in self.outputs]

    @property
    def input_masks(self):
        return [t._keras_mask for t in self.inputs]

    @property
    def output_masks(self):
        return [t._keras_mask for t in self.outputs]

    @property
    def arguments(self):
        return self.kwargs

    @property
    def node_indices(self):
        return [t._keras_history[1] for t in self.inputs]

    @property
    def tensor_indices(self):
        return [t._keras_history[2] for t in self.inputs]

    @property
    def inbound_layers(self):
        layers = [t._keras_history[0] for t in self.inputs]
        return layers[0] if len(layers) == 1 else layers

    @property
    def parents(self):
        return [t._keras_history[0]._inbound_nodes[t._keras_history[1]] for t in self.inputs]


def _collect(x, out):
    for leaf in tree.flatten(x):
        if isinstance(leaf, KerasTensor):
            out.append(leaf)


def _stand_in(tensor, fill, batch=None):
    sizes = [fill if d is None else d for d in tensor.shape]
    if batch is not None and sizes and tensor.shape[0] is None:
        sizes[0] = batch
    twin = Tensor(ShapeDtype(tuple(sizes), str(tensor.dtype)))
    if tensor._keras_mask is not None:
        mask = tensor._keras_mask
        twin._keras_mask = _stand_in(mask, fill, batch) if isinstance(mask, KerasTensor) else mask
    return twin


def _run(layer, args, kwargs, fill, batch=None):
    def twin(x):
        return _stand_in(x, fill, batch) if isinstance(x, KerasTensor) else x

    context.hidden_sizes.append(fill)
    try:
        with symbolic_scope():
            return layer(*tree.map_structure(twin, tuple(args)), **tree.map_structure(twin, dict(kwargs)))
    finally:
        context.hidden_sizes.remove(fill)


def _dims(first, second):
    return tuple(a if a == b else None for a, b in zip(first, second))


def _merged(first, second):
    if not isinstance(first, Tensor):
        return first
    out = KerasTensor(_dims(first.shape, second.shape), first.dtype)
    mask, other = first._keras_mask, second._keras_mask
    if mask is not None:
        out._keras_mask = KerasTensor(_dims(mask.shape, other.shape), mask.dtype)
    return out


def output_spec(layer, args, kwargs):
    """`KerasTensor`s of the outputs of `layer(*args, **kwargs)` for symbolic arguments.

    A user's `compute_output_shape` is the authority where it is defined; otherwise `call` runs on shapes, twice if any
    size is unknown, and sizes that differ between the runs are unknown.
    """
    from .layer import Layer

    tensors = []
    _collect((args, kwargs), tensors)
    own = type(layer).compute_output_shape
    if (
        own is not Layer.compute_output_shape
        and not getattr(own, "_derived", False)
        and not own.__module__.startswith("kshim.")
    ):
        if not layer.built:
            layer._ensure_built(args[0])
        shapes = layer.compute_output_shape(
            tree.map_structure(lambda t: tuple(t.shape) if isinstance(t, KerasTensor) else t, args[0])
        )
        dtype = getattr(layer, "_compute_dtype", None) or tensors[0].dtype
        specs = shapes_to_specs(shapes, dtype)
        masks = (
            layer.compute_mask(args[0], tree.map_structure(lambda t: t._keras_mask, args[0]))
            if layer.supports_masking
            else None
        )
        if isinstance(masks, KerasTensor) and isinstance(specs, KerasTensor):
            specs._keras_mask = masks
        return specs
    unknown = any(None in t.shape for t in tensors)
    try:
        first = _run(layer, args, kwargs, _FILLS[0])
        second = _run(layer, args, kwargs, _FILLS[1]) if unknown else first
    except ValueError:
        # values of a fixed batch size among the arguments (a variable as initial state): the unknown batch must be as large
        batch = _only_batch_size(layer, args, kwargs) if unknown else None
        if batch is None:
            raise
        first, second = (_run(layer, args, kwargs, fill, batch) for fill in _FILLS)
    return tree.map_structure(_merged, first, second)


def _only_batch_size(layer, args, kwargs):
    """The first size of all tensors with values that a call gets, if it is the same for all; else None."""
    leaves = tree.flatten((tuple(args), dict(kwargs), getattr(layer, "_args", ()), getattr(layer, "_kwargs", {})))
    values = [x for x in leaves if hasattr(x, "shape") and not isinstance(x, KerasTensor) and len(x.shape)]
    sizes = {int(x.shape[0]) for x in values}
    return sizes.pop() if len(sizes) == 1 else None


class StepValues:
    """The values that symbolic tensors have in a running step, for losses and metrics that close over such tensors.

    `runs` are dicts of values by id, as the model's graph filled them. What they lack is computed from what they hold,
    with the step's `training` flag (Keras 2's graphs did so for `kl` in `def loss(y, p): return xent(y, p) + kl`).
    """

    def __init__(self, runs, training):
        self.values, self.training = {}, training
        for run in runs:
            self.values.update(run)

    def __enter__(self):
        self._saved, context.step_values = context.step_values, self

    def __exit__(self, *_):
        context.step_values = self._saved

    def of(self, structure):
        """The structure with values for symbolic tensors; `ValueError` for one that the model's inputs do not determine."""
        return tree.map_structure(lambda x: self._value(x) if isinstance(x, KerasTensor) else x, structure)

    def _value(self, tensor):
        stack = [tensor]
        while stack:
            t = stack[-1]
            if id(t) in self.values:
                stack.pop()
                continue
            node = None if t._keras_history is None else t._keras_history[0]._inbound_nodes[t._keras_history[1]]
            if node is None or not node.inputs:
                raise ValueError(
                    f"A loss or metric uses the symbolic tensor {tensor!r}, whose value depends on {t!r}: that is not an input of the model "
                    "being trained. Use tensors of this model, or give the values to the model as another input."
                )
            missing = [i for i in node.inputs if id(i) not in self.values]
            if missing:
                stack.extend(missing)
            else:
                self._run(node)
        return self.values[id(tensor)]

    def _run(self, node):
        args, kwargs = tree.map_structure(
            lambda x: self.values[id(x)] if isinstance(x, KerasTensor) else x, (tuple(node.args), dict(node.kwargs))
        )
        saved, context.training = context.training, self.training
        try:
            out = node.layer(*args, **kwargs)
        finally:
            context.training = saved
        self.values.update(zip(map(id, node.outputs), [t for t in tree.flatten(out) if t is not None]))


def symbolic_call(layer, args, kwargs):
    """Call a layer on `KerasTensor`s: a new node of the graph, returning its outputs."""
    from . import input_spec

    if context.step_values is not None:
        args, kwargs = context.step_values.of((tuple(args), dict(kwargs)))
        return layer(*args, **kwargs)
    inputs = []
    _collect((args, kwargs), inputs)
    input_spec.check(layer.input_spec, args[0] if args else inputs, layer.name)
    if not layer.built and args:
        from .layer import Layer

        if type(layer).build is not Layer.build:
            layer._ensure_built(args[0])
    if context.training is not None and kwargs.get("training") is None and "training" in kwargs:
        kwargs = dict(kwargs, training=context.training)
    outputs = layer.compute_output_spec(*args, **kwargs)
    outputs = tree.map_structure(lambda t: t if not any(t is i for i in inputs) else _copy(t), outputs)
    flat = [t for t in tree.flatten(outputs) if isinstance(t, KerasTensor)]
    if not flat:
        raise ValueError(
            f"Layer {layer.name!r} ({type(layer).__name__}) returned {outputs!r} instead of a tensor. Does its call() return its result?"
        )
    for i, t in enumerate(flat):
        t.name = f"{layer.name}/output_{i}" if i else layer.name
    # copies of lists: code that builds DenseNets appends to the list it has just concatenated
    args, kwargs = tree.map_structure(lambda x: x, (tuple(args), dict(kwargs)))
    Node(layer, args, kwargs, inputs, flat)
    return outputs


def _copy(t):
    out = KerasTensor(t.shape, t.dtype)
    out._keras_mask = t._keras_mask
    return out
