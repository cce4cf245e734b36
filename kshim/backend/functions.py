"""`K.function` and `K.gradients`: values and gradients of functional graphs."""

import numpy as np

from .. import ops, tree
from ..engine.context import context
from ..engine.layer import Layer
from ..engine.tensor import KerasTensor, Tensor
from ..engine.variable import Variable, swapped
from ..models.graph import Graph
from ..ops.core import backend_of
from .phase import LearningPhase

__all__ = ["Function", "function", "gradients"]


class Function:
    """What `K.function` makes: called with a list of input values it returns NumPy arrays."""

    def __init__(self, inputs, outputs, updates=None, name=None):
        self.inputs = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
        self.outputs, self.name = outputs, name
        self.updates = [u for u in updates or () if isinstance(u, (list, tuple))]  # others are done already
        for x in self.inputs:
            if not isinstance(x, (KerasTensor, LearningPhase, Variable)):
                raise TypeError(
                    f"K.function(inputs=...) expects symbolic tensors; received {x!r:.100} of type {type(x).__name__}."
                )
        targets = [t for t in tree.flatten([outputs, *(new for _, new in self.updates)]) if isinstance(t, KerasTensor)]
        self._targets = list({id(t): t for t in targets}.values())
        sources = [x for x in self.inputs if isinstance(x, KerasTensor)]
        self._graph = Graph(sources, self._targets) if self._targets else None

    def __call__(self, inputs):
        values = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
        if len(values) != len(self.inputs):
            raise ValueError(f"This K.function takes {len(self.inputs)} inputs; received {len(values)}.")
        fed, training = [], False
        for x, value in zip(self.inputs, values):
            if isinstance(x, LearningPhase):
                training = bool(np.asarray(value))
            elif isinstance(x, Variable):
                x.assign(value)
            else:
                fed.append(ops.convert_to_tensor(value, x.dtype))
        saved = context.training
        context.training = training or bool(saved)
        try:
            found = dict(zip(map(id, self._targets), self._graph.run(fed))) if self._graph else {}
        finally:
            context.training = saved
        results = tree.map_structure(lambda t: _value(found.get(id(t), t)), self.outputs)
        for variable, new in self.updates:
            variable.assign(found.get(id(new), new))
        return results


def _value(x):
    return x.numpy() if hasattr(x, "numpy") else x


def function(inputs, outputs, updates=None, name=None, **kwargs):
    """A function from values of `inputs` to values of `outputs` (tensors of a functional graph).

    `K.learning_phase()` among the inputs takes 0 (testing, the default) or 1 (training). `updates`: pairs
    (variable, new value), as `K.update` gives them, assigned after each call.
    """
    return Function(inputs, outputs, updates, name)


class GradientLayer(Layer):
    """Gradients of the sum of a graph's output with respect to its first inputs and to variables."""

    def __init__(self, graph, count, variables, **kwargs):
        super().__init__(**kwargs)
        self._graph_ = {"graph": graph}  # in a dict, so that its layers do not become parts of this one
        self._count, self._wrt = count, tuple(variables)
        self._autocast, self.built = False, True

    def call(self, inputs):
        tensors = inputs if isinstance(inputs, (list, tuple)) else [inputs]
        graph, n = self._graph_["graph"], self._count
        natives = [t._value for t in tensors]
        backend = backend_of(natives)

        def loss(params, *_):
            with swapped(self._wrt, params[n:]):
                out = graph.run([Tensor(v) for v in [*params[:n], *natives[n:]]])
            return ops.sum(out)._value, ()

        wanted = [*natives[:n], *(v.native for v in self._wrt)]
        _, grads = backend.value_and_grad(loss)(wanted)
        return [Tensor(g) for g in grads]


def _sources(outputs, cut):
    """The inputs that outputs depend on beside the tensors in `cut`."""
    found, seen, stack = {}, set(), list(outputs)
    stop = {id(t) for t in cut}
    while stack:
        t = stack.pop()
        if id(t) in stop or id(t) in seen:
            continue
        seen.add(id(t))
        layer, index, _ = t._keras_history
        node = layer._inbound_nodes[index]
        if node.inputs:
            stack.extend(node.inputs)
        else:
            found[id(t)] = t
    return list(found.values())


def gradients(loss, variables):
    """Gradients of a symbolic `loss` (summed if it is not a scalar) with respect to tensors of its graph or variables.

    Returns a list of symbolic tensors like `variables` (one for a single one, in a list too), for `K.function`.
    `ValueError` for a loss that is not symbolic: a value that is computed already does not know where it came from.
    """
    wanted = list(variables) if isinstance(variables, (list, tuple)) else [variables]
    if not isinstance(loss, KerasTensor):
        raise ValueError(
            f"K.gradients expects a symbolic loss, computed from keras.Input or a model's tensors; received "
            f"{loss!r:.100}. To train, use model.fit or model.train_on_batch."
        )
    tensors = [v for v in wanted if isinstance(v, KerasTensor)]
    weights = [v for v in wanted if isinstance(v, Variable)]
    if len(tensors) + len(weights) != len(wanted):
        raise TypeError(f"K.gradients(variables=...) expects symbolic tensors or variables; received {wanted!r:.200}.")
    others = _sources([loss], tensors)
    feeds = [*tensors, *others]
    layer = GradientLayer(Graph(feeds, loss), len(tensors), weights)
    grads = layer(feeds if len(feeds) > 1 else feeds[0])
    grads = list(grads) if isinstance(grads, (list, tuple)) else [grads]
    by_id = {id(v): g for v, g in zip([*tensors, *weights], grads)}
    return [by_id[id(v)] for v in wanted]
