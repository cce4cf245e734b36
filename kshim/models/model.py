"""`Model`: subclassed and functional models."""

from .. import tree
from ..engine.arguments import unlist
from ..engine.layer import Layer
from ..engine.tensor import KerasTensor, Tensor
from ..errors import did_you_mean
from ..training.trainer import Trainer
from .graph import Graph


def _functional_arguments(args, kwargs):
    return (
        len(args) >= 2
        or (len(args) == 1 and "outputs" in kwargs)
        or ("inputs" in kwargs and "outputs" in kwargs)
        or ("input" in kwargs and "output" in kwargs)
    )


class Model(Trainer, Layer):
    """A network with training, evaluation, prediction and saving.

    `Model(inputs, outputs, name=None)` makes a functional model of the graph between symbolic tensors (Keras 1's
    `input=`/`output=` too). A subclass defines layers in `__init__` and `call(inputs, training=None, mask=None)`.
    """

    def __new__(cls, *args, **kwargs):
        if cls is Model and _functional_arguments(args, kwargs):
            return Layer.__new__(Functional)
        return Layer.__new__(cls)

    def __init__(self, *args, **kwargs):
        graph = None
        if _functional_arguments(args, kwargs):
            args = list(args)
            inputs = args.pop(0) if args else kwargs.pop("inputs", None) if "inputs" in kwargs else kwargs.pop("input")
            outputs = (
                args.pop(0) if args else kwargs.pop("outputs", None) if "outputs" in kwargs else kwargs.pop("output")
            )
            if args:
                kwargs["name"] = args.pop(0)
            graph = Graph(unlist(inputs), unlist(outputs))  # Keras 1 and 2: a list of one is that one
            if type(self) in (Functional, Model) and kwargs.get("name") is None:
                from ..engine.names import unique_name

                kwargs["name"] = unique_name("model")
        known = ("name", "trainable", "dtype", "dynamic", "autocast")
        for key in kwargs:
            if key not in known:
                raise TypeError(
                    f"{type(self).__name__} got an unexpected keyword argument: {key!r}.{did_you_mean(key, (*known, 'inputs', 'outputs'))}"
                )
        super().__init__(*args, **kwargs)
        self._graph = graph
        self.supports_masking = True
        if graph is not None:
            self._autocast = False
            self.built = True
            self.inputs, self.outputs = list(graph.flat_inputs), list(graph.flat_outputs)
            if not self._trainable:
                self.trainable = False
        self._init_trainer()

    # structure -----------------------------------------------------------------------------------------------
    def _sublayers(self):
        if self.__dict__.get("_graph") is None:
            return super()._sublayers()
        found = [*self._graph.layers, *self.__dict__.get("_extra_layers", ())]
        known = {id(s) for s in found}
        return found + [s for s in super()._sublayers() if id(s) not in known]

    @property
    def layers(self):
        """Direct layers: by depth for a functional model, in order of assignment for a subclass."""
        return [s for s in self._sublayers() if isinstance(s, Layer)]

    def get_layer(self, name=None, index=None):
        """A layer by name or position; `ValueError` with the nearest name if there is none."""
        layers = self.layers
        if index is not None:
            if not -len(layers) <= index < len(layers):
                raise ValueError(
                    f"Was asked to retrieve layer at index {index} but model only has {len(layers)} layers."
                )
            return layers[index]
        if name is None:
            raise ValueError("Provide either a layer name or layer index at get_layer.")
        for layer in layers:
            if layer.name == name:
                return layer
        names = [layer.name for layer in layers]
        raise ValueError(f"No such layer: {name!r}.{did_you_mean(name, names)} Existing layers are: {names}.")

    @property
    def input_names(self):
        return [t._keras_history[0].name for t in self.inputs or []]

    @property
    def output_names(self):
        """Names of the output layers, repeated ones numbered."""
        names, out = [t._keras_history[0].name for t in self.outputs or []], []
        for n in names:
            out.append(n if n not in out else f"{n}_{out.count(n)}")
        return out

    @property
    def _output_keys(self):
        """The keys of outputs given as a dict, in the order of `outputs`; else None."""
        outputs = self._graph.outputs if self._graph is not None else None
        return sorted(outputs, key=str) if isinstance(outputs, dict) else None

    inputs = None
    outputs = None

    @property
    def input(self):
        return self._symbolic("inputs")

    @property
    def output(self):
        return self._symbolic("outputs")

    def _symbolic(self, what):
        if self._graph is None:
            return Layer.input.fget(self) if what == "inputs" else Layer.output.fget(self)
        flat = getattr(self._graph, what)
        return flat[0] if isinstance(flat, (list, tuple)) and len(flat) == 1 else flat

    # calling -------------------------------------------------------------------------------------------------
    def call(self, inputs, training=None, mask=None):
        if self._graph is None:
            raise NotImplementedError(
                f"Model {type(self).__name__} has no call(): define `call(self, inputs)` or make it from inputs and outputs."
            )
        inputs = self._flat_inputs(inputs)
        if "_extra_graph" not in self.__dict__:
            return self._graph.run(inputs)
        values = self._extra_graph.run(inputs)
        n = len(self._graph.flat_outputs)
        for (name, _), value in zip(self._extras, values[n:]):
            if name is None:
                self.add_loss(value)
            else:
                self.add_metric(value, name=name)
        return values[0] if not tree.is_nested(self._graph.outputs) else tree.pack_like(self._graph.outputs, values[:n])

    def compute_mask(self, inputs, mask=None):
        return None  # the layers inside have marked the outputs

    def _flat_inputs(self, inputs):
        """The model's inputs as a flat list in the graph's order, with the graph's ranks and dtypes."""
        graph = self._graph
        expected = graph.flat_inputs
        if isinstance(inputs, dict):
            if isinstance(graph.inputs, dict) and set(graph.inputs) <= set(inputs):
                values = [inputs[k] for k in sorted(graph.inputs, key=str)]
            else:
                names = self.input_names
                missing = [n for n in names if n not in inputs]
                if missing:
                    raise ValueError(
                        f"Model {self.name!r}: the inputs {missing} are missing from the dict; received keys {sorted(map(str, inputs))}, expected {names}."
                    )
                values = [inputs[n] for n in names]
        else:
            values = tree.flatten(inputs)
        if len(values) != len(expected):
            raise ValueError(
                f"Model {self.name!r} expects {len(expected)} input(s), but it received {len(values)} input tensors."
            )
        return [self._adapt(v, e) for v, e in zip(values, expected)]

    def _adapt(self, value, expected):
        if type(value) is not Tensor and not isinstance(value, Tensor):
            from .. import ops

            value = ops.convert_to_tensor(value)
        shape, wanted = value.shape, expected.shape
        if value.dtype != expected.dtype and not isinstance(value, KerasTensor):
            mask = value._keras_mask
            value = value.astype(expected.dtype)
            value._keras_mask = mask
        if len(shape) != len(wanted):
            from .. import ops

            if len(shape) == len(wanted) - 1 and wanted[-1] == 1:
                return ops.expand_dims(value, -1)
            if len(shape) == len(wanted) + 1 and shape[-1] == 1:
                return ops.squeeze(value, -1)
        if len(shape) != len(wanted) or any(
            w is not None and s is not None and s != w for s, w in zip(shape[1:], wanted[1:])
        ):
            raise ValueError(
                f"Input {expected.name!r} of model {self.name!r} is incompatible: expected shape {tuple(wanted)}, found shape {tuple(shape)}."
            )
        return value

    def _ensure_built_by_call(self):
        """A subclass without `build`: its layers are built by the first (symbolic) call."""
        self.built = True

    def build(self, input_shape=None):
        """Create the weights for an input shape (with the batch axis), by running `call` on shapes."""
        if self.built or self._graph is not None:
            return
        if input_shape is None:
            raise ValueError(
                f"Model {self.name!r} cannot be built without an input shape: call it on data, or build(input_shape)."
            )
        if type(self).call is not Model.call and not _inside_call():
            self.built = True
            try:
                self.compute_output_shape(input_shape)
            except BaseException:
                self.built = False
                raise

    # configuration -------------------------------------------------------------------------------------------
    def get_config(self):
        if self._graph is None:
            from ..engine.layer import UnserializableLayer

            if type(self).__init__ is Model.__init__:
                return {"name": self.name}
            raise UnserializableLayer(
                f"Model {type(self).__name__} is defined by its Python code, which a file cannot hold: it needs get_config() to be saved whole. "
                "Save its weights with save_weights(), or write get_config()."
            )
        from ..saving.graph_config import graph_to_config

        return graph_to_config(self)

    @classmethod
    def from_config(cls, config, custom_objects=None):
        from ..saving.graph_config import graph_from_config

        config = dict(config)
        if "layers" in config and ("input_layers" in config or "output_layers" in config):
            inputs, outputs, rest = graph_from_config(config, custom_objects)
            return cls(inputs, outputs, **rest)
        return super().from_config(config)

    def summary(
        self,
        line_length=None,
        positions=None,
        print_fn=None,
        expand_nested=False,
        show_trainable=False,
        layer_range=None,
    ):
        """Print the table of layers, output shapes and parameter counts (`print_fn` takes each line)."""
        from .summary import print_summary

        print_summary(self, line_length, positions, print_fn, expand_nested, show_trainable, layer_range)

    # files ---------------------------------------------------------------------------------------------------
    def save(self, filepath, overwrite=True, include_optimizer=True, save_format=None, **kwargs):
        """Save the whole model (see `kshim.saving.save_model`)."""
        from ..saving import save_model

        save_model(
            self, filepath, overwrite=overwrite, include_optimizer=include_optimizer, save_format=save_format, **kwargs
        )

    def save_weights(self, filepath, overwrite=True, save_format=None, **kwargs):
        """Save the weights alone."""
        from ..saving import save_weights

        save_weights(self, filepath, overwrite=overwrite, save_format=save_format, **kwargs)

    def load_weights(self, filepath, by_name=False, skip_mismatch=False, **kwargs):
        """Load weights by position, or by layer name."""
        from ..saving import load_weights

        return load_weights(self, filepath, by_name=by_name, skip_mismatch=skip_mismatch, **kwargs)

    def to_json(self, **kwargs):
        """The architecture as a JSON string (no weights)."""
        from ..saving import model_to_json

        return model_to_json(self, **kwargs)

    def to_yaml(self, **kwargs):
        raise RuntimeError(
            "Method model.to_yaml() was removed because loading YAML can run code. Use model.to_json() instead."
        )

    def get_weights(self):
        """NumPy copies of all weights, layer by layer as Keras 2 lists them."""
        return [v.numpy() for v in self.weights]

    @property
    def weights(self):
        """Layer by layer: each layer's trainable weights, then its others."""
        out, seen = [], set()
        own = [v for v in self._variables]
        for v in (*(w for layer in self._sublayers() for w in layer.weights), *own):
            if id(v) not in seen:
                seen.add(id(v))
                out.append(v)
        return out

    variables = weights

    @property
    def state_updates(self):
        return []

    @property
    def stateful(self):
        return any(getattr(layer, "stateful", False) for layer in self._sublayers())

    @stateful.setter
    def stateful(self, value):
        """Set by `Layer.__init__`; a model is stateful when a layer is."""

    def reset_states(self):
        """Clear the states of stateful layers."""
        for layer in self._sublayers():
            if hasattr(layer, "reset_states") and getattr(layer, "stateful", False):
                layer.reset_states()

    reset_state = reset_states

    def _own_nodes(self):
        """The nodes of the graph and of the graphs inside it; None for a subclass, whose calls leave none."""
        if self._graph is None:
            return None
        nodes = {id(n) for n in self._graph.nodes}
        for layer in self._sublayers():
            inner = layer._own_nodes() if isinstance(layer, Model) else None
            nodes |= inner or set()
        return nodes

    def _symbolic_losses(self, nodes):
        added = [([], t) for name, t in self.__dict__.get("_extras", ()) if name is None]
        return super()._symbolic_losses(nodes) + added

    def __reduce_ex__(self, protocol):
        """Pickle and deepcopy: the model as a file, with weights and training state (its classes are looked up by name)."""
        from .sequential import Sequential

        if self._graph is None or type(self) not in (Model, Functional, Sequential):
            return super().__reduce_ex__(protocol)
        from ..saving.files import model_to_bytes

        return model_from_bytes, (model_to_bytes(self),)

    def _add_symbolic_loss(self, loss):
        """A loss tensor of the graph itself (as variational autoencoders add): computed in the same run as the outputs."""
        if self._graph is None:
            super()._add_symbolic_loss(loss)
        self._add_extra(None, loss)

    def _add_symbolic_metric(self, name, value):
        if self._graph is None:
            super()._add_symbolic_metric(name, value)
        self._add_extra(name, value)

    def _add_extra(self, name, tensor):
        """One more tensor to compute with the outputs: a loss (name None) or the value of a metric."""
        extras = [*self.__dict__.get("_extras", ()), (name, tensor)]
        graph = Graph(self._graph.flat_inputs, [*self._graph.flat_outputs, *(t for _, t in extras)])
        known = {id(layer) for layer in self._graph.layers}
        object.__setattr__(self, "_extras", extras)
        object.__setattr__(self, "_extra_graph", graph)
        # layers that only these tensors need are the model's too
        object.__setattr__(self, "_extra_layers", [g for g in graph.layers if id(g) not in known and g.weights])
        self._changed()


class Functional(Model):
    """What `Model(inputs, outputs)` makes."""


def _inside_call():
    from ..engine.context import context

    return context.depth > 0


def model_from_bytes(data):
    """What unpickling a model calls. A pickle is code anyway, so functions inside Lambda layers are loaded too."""
    from ..saving import files

    return files.model_from_bytes(data)
