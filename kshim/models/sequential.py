"""`Sequential`: a stack of layers."""

from .. import tree
from ..engine.layer import Layer
from ..engine.tensor import KerasTensor
from .graph import Graph
from .model import Model


class Sequential(Model):
    """Layers one after the other.

    The model is built as soon as its input shape is known: from an `InputLayer`/`Input`, a first layer with `input_shape` (or
    `batch_input_shape`, `input_dim`), `build(input_shape)`, or the first data.
    """

    def __new__(cls, *args, **kwargs):
        return Layer.__new__(cls)

    def __init__(self, layers=None, trainable=True, name=None):
        from ..engine.names import unique_name

        if isinstance(layers, str) and name is None:
            layers, name = None, layers
        super().__init__(name=name or (unique_name("sequential") if type(self) is Sequential else None))
        self._autocast = False
        self._stack = []
        for layer in [] if layers is None else layers if isinstance(layers, (list, tuple)) else [layers]:
            self._push(layer)
        self._rebuild()
        if not trainable:
            self.trainable = False

    def add(self, layer, rebuild=True):
        """Append a layer; `TypeError` for anything else."""
        self._push(layer)
        self._rebuild()

    def _push(self, layer):
        from ..layers.input_layer import is_input

        if isinstance(layer, KerasTensor) and layer._keras_history is not None:
            layer = layer._keras_history[0]
        if not isinstance(layer, Layer):
            raise TypeError(
                f"The added layer must be an instance of class Layer. Received: layer={layer!r:.100} of type {type(layer).__name__}."
            )
        if any(layer is s for s in self._stack):
            raise ValueError(
                f"Layer {layer.name!r} is already in this Sequential model; the names must be unique. Build a functional model to share a layer."
            )
        if any(layer.name == s.name for s in self._stack):
            raise ValueError(
                f"All layers added to a Sequential model should have unique names. Name {layer.name!r} is already the name of a layer in this model."
            )
        if is_input(layer) and self._stack:
            raise ValueError(
                f"Sequential model {self.name!r} has already been started; an input layer ({layer.name!r}) must come first."
            )
        self._stack.append(layer)
        self._graph = None
        self._changed()

    def pop(self, rebuild=True):
        """Remove and return the last layer."""
        if not self.layers:
            raise TypeError("There are no layers in the model.")
        layer = self._stack.pop()
        layer._outbound_nodes = []
        self._graph, self.built = None, False
        self.inputs = self.outputs = None
        self._rebuild()
        self._changed()
        return layer

    def _input_tensor(self):
        """The symbolic input, if the stack says what it is."""
        from ..layers.input_layer import Input, is_input

        first = self._stack[0]
        if is_input(first):
            return first._inbound_nodes[0].outputs[0]
        if isinstance(first, Model) and first._graph is not None and len(first.inputs) == 1:
            return Input(batch_shape=first.inputs[0].shape, dtype=first.inputs[0].dtype, name=f"{first.name}_input")
        if hasattr(first, "branch_inputs"):  # Keras 1's Merge: one input for each branch
            branches = first.branch_inputs()
            return (
                None
                if branches is None
                else [
                    Input(batch_shape=s, dtype=d, name=f"{first.name}_input_{i + 1}")
                    for i, (s, d) in enumerate(branches)
                ]
            )
        shape = first._batch_input_shape
        if shape is None and hasattr(first, "layer"):
            shape = getattr(first.layer, "_batch_input_shape", None)
        if shape is None:
            return None
        dtype = getattr(first, "_input_dtype", None) or first.compute_dtype
        return Input(batch_shape=shape, dtype=dtype, name=f"{first.name}_input")

    def _rebuild(self, source=None):
        from ..layers.input_layer import is_input

        if not self._stack:
            return
        if source is None:
            ends = self.__dict__.get("_ends")
            source = ends[0] if ends else self._cached_source()
        if source is None:
            return
        chain = self.__dict__.get("_chain") or []
        if chain and chain[0][1] is not source:
            chain = []
        layers = self._stack[1:] if is_input(self._stack[0]) else self._stack
        # a layer is called once: adding another one after it changes nothing for it
        while chain and (len(chain) > len(layers) or chain[-1][0] is not layers[len(chain) - 1]):
            chain.pop()
        x = chain[-1][2] if chain else source
        for layer in layers[len(chain) :]:
            chain.append((layer, x, x := layer(x)))
        object.__setattr__(self, "_chain", chain)
        self._graph = None
        object.__setattr__(self, "_ends", (source, x))
        self.inputs, self.outputs = tree.flatten(source), tree.flatten(x)
        if not all(isinstance(t, KerasTensor) for t in self.outputs):
            Graph(source, x)  # says what is wrong with them
        self.built = True

    @property
    def _graph(self):
        """The graph of the stack, made when it is first asked for: not once for each layer that `add` appends."""
        state = self.__dict__
        if state.get("_made") is None and state.get("_ends") is not None:
            object.__setattr__(self, "_made", Graph(*state["_ends"]))
        return state.get("_made")

    @_graph.setter
    def _graph(self, graph):
        object.__setattr__(self, "_made", graph)
        object.__setattr__(self, "_ends", None)

    def _cached_source(self):
        first = self._stack[0]
        held = self.__dict__.get("_source")
        if held is None or held[0] is not first:
            source = self._input_tensor()
            if source is None:
                return None
            object.__setattr__(self, "_source", (first, source))
            held = self._source
        return held[1]

    def build(self, input_shape=None):
        if self._graph is not None:
            return
        if input_shape is None:
            raise ValueError(
                f"You must provide an input_shape to build Sequential model {self.name!r}, or give its first layer input_shape=."
            )
        if not self._stack:
            raise ValueError(
                f"Sequential model {self.name!r} cannot be built because it has no layers. Call model.add(layer)."
            )
        from ..layers.input_layer import Input

        if isinstance(input_shape, list) and len(input_shape) == 1:
            input_shape = input_shape[0]
        first = self._stack[0]
        dtype = getattr(first, "_input_dtype", None) or first.compute_dtype
        source = Input(batch_shape=(None, *tuple(input_shape)[1:]), dtype=dtype, name=f"{first.name}_input")
        object.__setattr__(self, "_source", (first, source))
        self._rebuild(source)

    def call(self, inputs, training=None, mask=None):
        if self._graph is None:
            from .. import ops

            x = ops.convert_to_tensor(inputs) if not hasattr(inputs, "_keras_mask") else inputs
            for layer in self._stack:
                x = layer(x)
            return x
        return super().call(inputs, training, mask)

    def _sublayers(self):
        return [*self.__dict__.get("_stack", ()), *self.__dict__.get("_extra_layers", ())]

    @property
    def layers(self):
        """The layers of the stack, without the input layer."""
        from ..layers.input_layer import is_input

        return [s for s in self._stack if not is_input(s)]

    def get_config(self):
        from ..saving.graph_config import sequential_to_config

        return sequential_to_config(self)

    @classmethod
    def from_config(cls, config, custom_objects=None):
        from ..saving.graph_config import sequential_from_config

        return sequential_from_config(cls, config, custom_objects)

    # Keras 1 and 2.0-2.5 had these on Sequential only
    def predict_proba(self, x, batch_size=32, verbose=0):
        """Class probabilities: the predictions."""
        return self.predict(x, batch_size=batch_size, verbose=verbose)

    def predict_classes(self, x, batch_size=32, verbose=0):
        """Class indices: the largest of several outputs, or output > 0.5 of one."""
        p = self.predict(x, batch_size=batch_size, verbose=verbose)
        return p.argmax(axis=-1) if p.shape[-1] > 1 else (p > 0.5).astype("int32")
