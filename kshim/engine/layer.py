"""`Layer`: weights, building, calling, masks, losses and configuration of every layer and model."""

import inspect

import numpy as np

from .. import tree
from ..errors import did_you_mean, mark_place
from ..spec import dtypes
from . import input_spec as _specs
from .added_losses import AddedLosses
from .arguments import any_keras, batch_size, declared_shape, holds_tensors, masks_of, no_batch, shapes_to_specs, unlist
from .context import context
from .names import unique_name
from .objects import snake_case
from .symbolic import output_spec, symbolic_call
from .tensor import Tensor
from .tracking import Tracked, TrackedList
from .variable import Variable

#: Keywords every layer takes beside its own.
BASE_KEYWORDS = (
    "name", "trainable", "dtype", "input_shape", "batch_input_shape", "batch_size", "input_dim", "input_length", "input_dtype",
    "weights", "activity_regularizer", "autocast", "dynamic", "batch_shape", "build_config",
)  # fmt: skip

_signatures = {}


def _call_flags(cls):
    """(takes training, takes mask, positional names) of a class's `call`."""
    found = _signatures.get(cls)
    if found is None:
        parameters = list(inspect.signature(cls.call).parameters.values())[1:]
        names = {p.name for p in parameters}
        anything = any(p.kind is p.VAR_KEYWORD for p in parameters)
        # a catch-all does not ask for them: Keras passes them by name only
        positional = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        found = _signatures[cls] = ("training" in names, "mask" in names, positional, anything)
    return found


def dtype_name(dtype):
    """The (variable dtype, compute dtype) that a layer's `dtype` argument means: a name, a policy or its config."""
    if dtype is None:
        from .. import dtype_policies

        policy = dtype_policies.dtype_policy()  # floatx unless set_dtype_policy() chose another
        return policy.variable_dtype, policy.compute_dtype
    if isinstance(dtype, dict):
        dtype = dtype.get("config", dtype).get("name", dtype)
    name = getattr(dtype, "name", dtype)
    if isinstance(name, str) and name.startswith("mixed_"):
        return "float32", name[len("mixed_") :]
    name = dtypes.standardize(name)
    return name, name


class Layer(AddedLosses, Tracked):
    """Base of all layers (Keras 1, 2, tf.keras and 3).

    Subclasses define `build(input_shape)` (weights), `call(inputs, ...)` (computation on Tensors) and `get_config()`.
    Keyword arguments: name, trainable, dtype, and for a first layer input_shape / batch_input_shape / input_dim.
    Errors: unknown keywords raise `TypeError` naming the layer, inputs that do not fit raise `ValueError`.
    """

    def __init__(self, *args, **kwargs):
        cls = type(self)
        if args:
            raise TypeError(
                f"{cls.__name__}.__init__() got unexpected positional arguments {args!r}; Layer takes keywords such as name= and dtype=."
            )
        for key in kwargs:
            if key not in BASE_KEYWORDS:
                own = [
                    p for k in cls.__mro__ if "__init__" in k.__dict__ for p in inspect.signature(k.__init__).parameters
                ]
                raise TypeError(
                    f"{cls.__name__} got an unexpected keyword argument: {key!r}.{did_you_mean(key, [*own, *BASE_KEYWORDS])}"
                )
        self._init_tracking()
        self.built = False
        self._trainable = bool(kwargs.get("trainable", True))
        self.name = kwargs.get("name") or unique_name(snake_case(cls.__name__).lstrip("_"))
        if not isinstance(self.name, str):
            raise TypeError(f"Layer name must be a string; received name={self.name!r}.")
        self._dtype, self._compute_dtype = dtype_name(kwargs.get("dtype", kwargs.get("input_dtype")))
        self._has_own_dtype = kwargs.get("dtype") is not None
        self._autocast = kwargs.get("autocast", True)
        self.input_spec = None
        self.supports_masking = getattr(self, "supports_masking", False)
        self.activity_regularizer = None
        if kwargs.get("activity_regularizer") is not None:
            from ..regularizers import get

            self.activity_regularizer = get(kwargs["activity_regularizer"])
        self.stateful = False
        self._losses = []
        self._loss_functions = []
        self._call_metrics = []
        self._inbound_nodes = []
        self._outbound_nodes = []
        self._initial_weights = kwargs.get("weights")
        self._batch_input_shape = declared_shape(kwargs)

    # identity ------------------------------------------------------------------------------------------------
    @property
    def dtype(self):
        return self._dtype

    variable_dtype = dtype

    @property
    def compute_dtype(self):
        return self._compute_dtype

    @property
    def dtype_policy(self):
        return self._dtype if self._dtype == self._compute_dtype else f"mixed_{self._compute_dtype}"

    _dtype_policy = dtype_policy

    @property
    def batch_input_shape(self):
        return self._batch_input_shape

    def __repr__(self):
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"

    # weights -------------------------------------------------------------------------------------------------
    def add_weight(
        self, *args, name=None, shape=None, dtype=None, initializer=None, regularizer=None, trainable=None, constraint=None,
        autocast=True, experimental_autocast=None, **kwargs,
    ):  # fmt: skip
        """Create a weight, in any Keras's spelling: add_weight(shape, initializer, name=), add_weight(name, shape, ...).

        Returns the `Variable`. The initializer defaults to glorot_uniform for floats and zeros for others. With `autocast`
        (tf.keras: `experimental_autocast`) `call` sees a float weight in the compute dtype of the layer.
        """
        from .. import constraints, initializers, regularizers

        for key in kwargs:
            known = (
                "aggregation",
                "synchronization",
                "use_resource",
                "getter",
                "collections",
                "partitioner",
                "layout",
                "overwrite_with_gradient",
            )
            if key not in known:
                raise TypeError(
                    f"add_weight() of layer {self.name!r} got an unexpected keyword argument: {key!r}.{did_you_mean(key, ('name', 'shape', 'dtype', 'initializer', 'regularizer', 'trainable', 'constraint'))}"
                )
        rest = list(args)
        if rest and (isinstance(rest[0], str) or rest[0] is None):  # Keras 2: name, shape, dtype, initializer, ...
            order = ("name", "shape", "dtype", "initializer", "regularizer", "trainable", "constraint")
        elif len(rest) > 1 and isinstance(rest[1], str) and rest[1] in dtypes.ALL:
            order = ("shape", "dtype", "initializer")
        else:  # Keras 1 and 3: shape, initializer, ...
            order = ("shape", "initializer", "dtype", "trainable")
        given = dict(zip(order, rest))
        name, shape = given.get("name", name), given.get("shape", shape)
        dtype, initializer = given.get("dtype", dtype), given.get("initializer", initializer)
        regularizer, constraint = given.get("regularizer", regularizer), given.get("constraint", constraint)
        trainable = given.get("trainable", trainable)
        trainable = True if trainable is None else bool(trainable)
        shape = () if shape is None else (shape,) if isinstance(shape, (int, np.integer)) else tuple(shape)
        if any(d is None for d in shape):
            raise ValueError(
                f"Layer {self.name!r}: weight {name!r} has an unknown size in its shape {shape}. The sizes it depends on must be defined by the input."
            )
        shape = tuple(int(d) for d in shape)
        dtype = dtypes.standardize(dtype) if dtype is not None else self._dtype
        if initializer is None:
            initializer = "glorot_uniform" if dtypes.is_float(dtype) else "zeros"
        initializer = initializers.get(initializer)
        saved, context.symbolic = context.symbolic, 0  # weights are real even while shapes flow
        try:
            value = initializers.base.drawn_or_later(initializer, shape, dtype)
            name = name or unique_name("variable")
            if context.scopes[-1:] == (self.name,):
                variable = Variable(value, dtype, trainable, name)
            else:
                variable = Variable(value, dtype, trainable, name, path="/".join((*context.scopes, self.name, name)))
        finally:
            context.symbolic = saved
        if tuple(variable.shape) != shape:
            raise ValueError(
                f"Layer {self.name!r}: the initializer of weight {name!r} gave shape {tuple(variable.shape)}; expected {shape}."
            )
        variable.autocast = autocast if experimental_autocast is None else experimental_autocast
        variable.regularizer = regularizers.get(regularizer)
        variable.constraint = constraints.get(constraint)
        self._track_variable(variable)
        return variable

    add_variable = add_weight

    @property
    def trainable(self):
        return self._trainable

    @trainable.setter
    def trainable(self, value):
        self._trainable = bool(value)
        for layer in self._sublayers():
            layer.trainable = value

    def _collect(self, trainable):
        """Own variables, then those of sublayers, in order of attachment, without repeats."""
        seen, out = set(), []

        def visit(layer, active):
            active = active and layer._trainable
            for v in layer._variables:
                if id(v) not in seen and ((active and v.trainable) == trainable if trainable is not None else True):
                    seen.add(id(v))
                    out.append(v)
            for sub in layer._sublayers():
                visit(sub, active)

        visit(self, True)
        return out

    @property
    def trainable_weights(self):
        return self._collect(True)

    @trainable_weights.setter
    def trainable_weights(self, variables):  # layers written for Keras 1 list their weights in build()
        for v in variables:
            self._track_variable(v)

    @property
    def non_trainable_weights(self):
        return self._collect(False)

    @non_trainable_weights.setter
    def non_trainable_weights(self, variables):
        for v in variables:
            v.trainable = False
            self._track_variable(v)

    @property
    def _trainable_weights(self):
        """Weights that a layer appends here itself (Keras 2); those of `add_weight` are elsewhere."""
        return self._tracked.setdefault("_trainable_weights", TrackedList())

    @_trainable_weights.setter
    def _trainable_weights(self, variables):
        self._tracked["_trainable_weights"] = TrackedList(variables)

    @property
    def weights(self):
        """Trainable weights, then the others (the order of `get_weights` and of files)."""
        return self.trainable_weights + self.non_trainable_weights

    trainable_variables = trainable_weights
    non_trainable_variables = non_trainable_weights
    variables = weights

    def get_weights(self):
        """NumPy copies of `weights`."""
        return [v.numpy() for v in self.weights]

    def set_weights(self, weights):
        """Assign a list as `get_weights` gives it; `ValueError` naming counts or shapes that do not fit."""
        variables = self.weights
        weights = list(weights)
        if len(weights) != len(variables):
            raise ValueError(
                f"You called set_weights(weights) on layer {self.name!r} with a list of length {len(weights)}, "
                f"but the layer was expecting {len(variables)} weights."
            )
        for variable, value in zip(variables, weights):
            if tuple(np.shape(value)) != tuple(variable.shape):
                raise ValueError(
                    f"Layer {self.name!r} weight {variable.path!r} has shape {tuple(variable.shape)}; the given value has shape {tuple(np.shape(value))}."
                )
        for variable, value in zip(variables, weights):
            variable.assign(value)

    def count_params(self):
        """Number of scalars in the weights."""
        if not self.built and not self.weights:
            raise ValueError(
                f"count_params() of layer {self.name!r}: the layer is not built yet. Call it on data or build(input_shape) first."
            )
        return sum(int(np.prod(v.shape)) for v in self.weights)

    # building ------------------------------------------------------------------------------------------------
    def build(self, input_shape):
        self.built = True

    def _ensure_built(self, inputs):
        if self.built:
            return
        shape = tree.map_structure(lambda t: tuple(t.shape) if hasattr(t, "shape") else None, inputs)
        _specs.check(self.input_spec, inputs, self.name)
        declared = any_keras(tree.flatten(inputs))  # a batch size that the user fixed with batch_shape=
        self._build_with(no_batch(shape, declared))

    def _build_with(self, shape):
        saved = context.scopes
        context.scopes = (*saved, self.name)
        self._build_input_shape = shape
        try:
            self.build(shape)
        finally:
            context.scopes = saved
        self.built = True
        if self._initial_weights is not None:
            values, self._initial_weights = self._initial_weights, None
            self.set_weights(values)

    # calling -------------------------------------------------------------------------------------------------
    def call(self, inputs, *args, **kwargs):
        return inputs

    def __call__(self, *args, **kwargs):
        flags = _call_flags(type(self))
        if not args:
            first = flags[2][0] if flags[2] else None
            if first not in kwargs:
                first = (
                    "inputs" if "inputs" in kwargs else next((k for k in kwargs if k not in ("training", "mask")), None)
                )
            if first is None:
                raise TypeError(f"Layer {self.name!r} was called without inputs.")
            if len(flags[2]) and first == flags[2][0] or first == "inputs":
                args = (kwargs.pop(first),)
        if any_keras(args) or any_keras(kwargs.values()):
            return symbolic_call(self, args, kwargs)
        inputs = args[0] if args else None
        if type(inputs) is not Tensor or self._autocast:
            inputs = self._standardize(inputs)
        if not self.built:
            self._ensure_built(inputs)
        elif self.input_spec is not None and context.depth == 0:
            _specs.check(self.input_spec, inputs, self.name)
        c = context
        # training: explicit, else the caller's
        training = kwargs.get("training")
        outer = c.training
        if training is None:
            training = outer
            if flags[0] and len(args) > 1 and "training" in flags[2]:
                at = flags[2].index("training")
                if at < len(args):
                    training = args[at]
        elif not flags[0] and not flags[3]:
            kwargs = {k: v for k, v in kwargs.items() if k != "training"}
        if (
            flags[0]
            and "training" not in kwargs
            and not ("training" in flags[2] and flags[2].index("training") < len(args))
        ):
            kwargs["training"] = training
        mask = kwargs.get("mask")
        if mask is None:
            mask = masks_of(inputs)
        if flags[1]:
            if "mask" not in kwargs and not ("mask" in flags[2] and flags[2].index("mask") < len(args)):
                kwargs["mask"] = mask
        elif "mask" in kwargs and not flags[3]:
            kwargs = {k: v for k, v in kwargs.items() if k != "mask"}
        c.training = training
        cast_before, c.autocast = c.autocast, None if self._dtype == self._compute_dtype else self._compute_dtype
        c.depth += 1
        saved = c.scopes
        c.scopes = (*saved, self.name)
        if c.depth == 1 and self._losses:
            self._clear_losses()
        try:
            outputs = self.call(inputs, *args[1:], **kwargs)
        except Exception as error:
            mark_place(error, f"layer {self.name!r} ({type(self).__name__})")
            raise
        finally:
            c.training = outer
            c.autocast = cast_before
            c.depth -= 1
            c.scopes = saved
        if c.observe is not None:
            outputs = c.observe(self, inputs, outputs)
        if mask is not None or type(self).compute_mask is not Layer.compute_mask:
            self._attach_mask(inputs, outputs, mask)
        if self.activity_regularizer is not None and not c.symbolic:
            for out in tree.flatten(outputs):
                self.add_loss(self.activity_regularizer(out) / batch_size(out))
        return outputs

    def _attach_mask(self, inputs, outputs, mask):
        flat = tree.flatten(outputs)
        if all(getattr(t, "_keras_mask", None) is not None for t in flat):
            return
        out_mask = self.compute_mask(inputs, mask)
        if out_mask is None:
            return
        masks = out_mask if isinstance(out_mask, (list, tuple)) else [out_mask]
        for tensor, m in zip(flat, masks):
            if m is None:
                continue
            if any(tensor is t for t in tree.flatten(inputs)):  # never mark the caller's tensor
                continue
            if isinstance(tensor, Tensor):
                tensor._keras_mask = m
        return

    def _standardize(self, x):
        """Arrays to Tensors; floats to the compute dtype."""
        if isinstance(x, Tensor):
            if (
                self._autocast
                and x.dtype != self._compute_dtype
                and dtypes.is_float(x.dtype)
                and dtypes.is_float(self._compute_dtype)
            ):
                from .. import ops

                out = ops.cast(x, self._compute_dtype)
                out._keras_mask = x._keras_mask
                return out
            return x
        if isinstance(x, dict):
            return type(x)((k, self._standardize(v)) for k, v in x.items())
        if isinstance(x, (list, tuple)) and holds_tensors(x):
            items = [self._standardize(v) for v in x]
            return type(x)(*items) if hasattr(x, "_fields") else type(x)(items)
        if x is None or isinstance(x, (str, bytes)):
            return x
        from .. import ops

        try:
            return self._standardize(ops.convert_to_tensor(x))
        except TypeError:
            if isinstance(x, (list, tuple, int, float, np.ndarray)):
                raise
            return x  # an object of the user's own, for a layer that knows it

    def compute_mask(self, inputs, mask=None):
        """The mask of the outputs; passes the input's through if the layer supports masking, else raises `TypeError`."""
        if self.supports_masking:
            return mask if not isinstance(mask, (list, tuple)) or len(mask) != 1 else mask[0]
        return None

    def compute_output_shape(self, input_shape):
        """The output shape(s) for an input shape (None for unknown sizes), found by running `call` on shapes.

        Asked by a subclass that defines its own (`super().compute_output_shape(...)`): the input shape, as in Keras 2.
        """
        own = type(self).compute_output_shape
        if (
            own is not Layer.compute_output_shape
            and not own.__module__.startswith("kshim.")
            and not getattr(own, "_derived", False)
        ):
            return input_shape
        return tree.map_structure(
            lambda t: tuple(t.shape), self.compute_output_spec(shapes_to_specs(input_shape, self._compute_dtype))
        )

    def compute_output_spec(self, *args, **kwargs):
        """`KerasTensor`s for the outputs."""
        return output_spec(self, args, kwargs)

    def compute_output_signature(self, input_signature):
        return self.compute_output_spec(input_signature)

    # graph ---------------------------------------------------------------------------------------------------
    def _node(self, index, what):
        if not self._inbound_nodes:
            raise AttributeError(f"Layer {self.name!r} has no {what}: it has never been called on a symbolic input.")
        return self._inbound_nodes[index]

    def _single(self, what):
        nodes = {id(n): n for n in self._inbound_nodes}
        if len(nodes) > 1:
            values = [getattr(n, what) for n in self._inbound_nodes]
            if any(v is not values[0] for v in values):
                raise AttributeError(
                    f"Layer {self.name!r} has several {what}: it is called {len(nodes)} times. Use get_{what[:-1] if what.endswith('s') else what}_at(node_index)."
                )
        return unlist(getattr(self._node(0, what), what))

    @property
    def input(self):
        return self._single("inputs")

    @property
    def output(self):
        return self._single("outputs")

    def get_input_at(self, node_index):
        return unlist(self._node(node_index, "input").inputs)

    def get_output_at(self, node_index):
        return unlist(self._node(node_index, "output").outputs)

    def get_input_shape_at(self, node_index):
        return tree.map_structure(lambda t: tuple(t.shape), self.get_input_at(node_index))

    def get_output_shape_at(self, node_index):
        return tree.map_structure(lambda t: tuple(t.shape), self.get_output_at(node_index))

    @property
    def input_shape(self):
        return tree.map_structure(lambda t: tuple(t.shape), self.input)

    @property
    def output_shape(self):
        return tree.map_structure(lambda t: tuple(t.shape), self.output)

    @property
    def input_mask(self):
        return tree.map_structure(lambda t: t._keras_mask, self.input)

    @property
    def output_mask(self):
        return tree.map_structure(lambda t: t._keras_mask, self.output)

    @property
    def inbound_nodes(self):
        return self._inbound_nodes

    @property
    def outbound_nodes(self):
        return self._outbound_nodes

    # configuration -------------------------------------------------------------------------------------------
    def get_config(self):
        config = {"name": self.name, "trainable": self._trainable, "dtype": self.dtype_policy}
        if self._batch_input_shape is not None:
            config["batch_input_shape"] = tuple(self._batch_input_shape)
        if type(self).get_config is Layer.get_config:
            own = [p for p in inspect.signature(type(self).__init__).parameters.values() if p.name != "self"]
            missing = [
                p.name
                for p in own
                if p.kind is p.POSITIONAL_OR_KEYWORD and p.name not in config and p.default is p.empty
            ]
            if missing:
                raise UnserializableLayer(
                    f"Layer {type(self).__name__} was created by passing arguments {missing} to __init__(), so it must override get_config() to be saved."
                )
        return config

    @classmethod
    def from_config(cls, config):
        """A layer from `get_config()`'s dictionary."""
        config = dict(config)
        try:
            return cls(**config)
        except TypeError as error:
            accepted = set(inspect.signature(cls.__init__).parameters) | set(BASE_KEYWORDS)
            if cls.__module__.split(".")[0] == "kshim" or any(
                p.kind is p.VAR_KEYWORD for p in inspect.signature(cls.__init__).parameters.values()
            ):
                raise TypeError(f"Could not make a {cls.__name__} from its config: {error}") from error
            # a user's layer whose __init__ knows only its own arguments
            base = {k: config.pop(k) for k in list(config) if k not in inspect.signature(cls.__init__).parameters}
            if any(k not in accepted for k in base):
                raise
            layer = cls(**config)
            if "name" in base:
                layer.name = base["name"]
            if "trainable" in base:
                layer.trainable = base["trainable"]
            return layer

    def get_build_config(self):
        return {"input_shape": getattr(self, "_build_input_shape", None)}

    def build_from_config(self, config):
        if config.get("input_shape") is not None and not self.built:
            self._build_with(tree.map_structure(lambda s: s, config["input_shape"]))


class UnserializableLayer(NotImplementedError):
    """A user's layer with constructor arguments and no `get_config()`."""
