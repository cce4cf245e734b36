"""Layers around a layer: `TimeDistributed` and `Bidirectional`."""

from .. import ops, tree
from ..engine.arguments import any_keras
from ..engine.layer import Layer
from ..engine.objects import CustomObjectScope
from ..engine.op_layer import record
from ..engine.tensor import KerasTensor
from .recurrent.base import as_list


def _registry():
    from . import registry

    return registry


class Wrapper(Layer):
    """Base of layers that hold another `layer`."""

    def __init__(self, layer, **kwargs):
        if not isinstance(layer, Layer):
            raise TypeError(
                f"{type(self).__name__} needs a Layer as its first argument; received {layer!r} of type {type(layer).__name__}."
            )
        super().__init__(**kwargs)
        self.layer = layer

    def build(self, input_shape=None):
        if not self.layer.built:
            self.layer._build_with(input_shape)
        self.built = True

    def get_config(self):
        return {**super().get_config(), "layer": _registry().serialize(self.layer)}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        with CustomObjectScope(custom_objects or {}):
            layer = _registry().deserialize(config.pop("layer"))
        return cls(layer, **config)


class TimeDistributed(Wrapper):
    """The layer applied to every time step: input (batch, time, ...) as batch * time independent samples."""

    def __init__(self, layer, **kwargs):
        super().__init__(layer, **kwargs)
        self.supports_masking = True

    def build(self, input_shape=None):
        nested = isinstance(input_shape, list)
        shapes = input_shape if nested else [input_shape]
        for s in shapes:
            if s is not None and len(s) < 3 and not nested:
                raise ValueError(
                    f"TimeDistributed layer {self.name!r} should be passed an input_shape of rank at least 3 (batch, time, ...), received: {tuple(s)}."
                )
        inner = [(None, *s[2:]) for s in shapes]
        if not self.layer.built:
            self.layer._build_with(inner if nested else inner[0])
        self.built = True

    def call(self, inputs, training=None, mask=None):
        first = tree.flatten(inputs)[0]
        batch, time = first.shape[:2]

        def flat(t):
            return ops.reshape(t, (batch * time, *t.shape[2:]))

        keywords = {}
        from ..engine.layer import _call_flags

        flags = _call_flags(type(self.layer))
        if flags[0]:
            keywords["training"] = training
        if flags[1] and mask is not None and not isinstance(mask, (list, tuple)) and len(mask.shape) > 2:
            keywords["mask"] = flat(mask)
        out = self.layer(tree.map_structure(flat, inputs), **keywords)
        return tree.map_structure(lambda t: ops.reshape(t, (batch, time, *t.shape[1:])), out)

    def compute_mask(self, inputs, mask=None):
        """What the layer inside makes of its steps' masks, for all steps; where it ends a mask, whether anything was valid."""
        mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        first = tree.flatten(inputs)[0]
        if not isinstance(first, KerasTensor):
            return self._mask_of_steps(inputs, mask)
        inner = None if mask is None else KerasTensor((None, *mask.shape[2:]), mask.dtype)
        if mask is None and self.layer.compute_mask(KerasTensor((None, *first.shape[2:]), first.dtype), inner) is None:
            return None
        return record(self._mask_of_steps, (inputs, mask), {})

    def _mask_of_steps(self, inputs, mask):
        def flat(t):
            return ops.reshape(t, (t.shape[0] * t.shape[1], *t.shape[2:]))

        batch, time = tree.flatten(inputs)[0].shape[:2]
        inner = self.layer.compute_mask(tree.map_structure(flat, inputs), None if mask is None else flat(mask))
        if isinstance(inner, (list, tuple)):
            inner = inner[0]
        if inner is not None:
            return ops.reshape(inner, (batch, time, *inner.shape[1:]))
        if mask is None or len(mask.shape) <= 2:
            return mask
        return ops.any(ops.cast(mask, "bool"), axis=tuple(range(2, len(mask.shape))))


class Bidirectional(Wrapper):
    """A recurrent layer read in both directions (Schuster & Paliwal 1997).

    merge_mode: 'concat', 'sum', 'mul', 'ave', or None for a list of both outputs. `backward_layer`: another layer for the
    backward direction; otherwise a copy of `layer` is made.
    """

    _num_constants = 0

    def __init__(self, layer, merge_mode="concat", weights=None, backward_layer=None, **kwargs):
        if merge_mode not in ("sum", "mul", "ave", "concat", None):
            raise ValueError(
                f"Invalid merge mode. Received: {merge_mode!r}. Merge mode should be one of 'sum', 'mul', 'ave', 'concat', None."
            )
        if not hasattr(layer, "go_backwards"):
            raise ValueError(
                f"Bidirectional needs a recurrent layer (with go_backwards and return_sequences); received {layer!r}."
            )
        if "batch_input_shape" not in kwargs and "input_shape" not in kwargs and layer._batch_input_shape is not None:
            kwargs["batch_input_shape"] = layer._batch_input_shape
        super().__init__(layer, **kwargs)
        config = layer.get_config()
        self.forward_layer = self._copy(
            layer,
            config,
            layer.name if layer.name.startswith("forward_") else "forward_" + layer.name,
            config["go_backwards"],
        )
        if backward_layer is None:
            self.backward_layer = self._copy(
                layer, config, "backward_" + layer.name.removeprefix("forward_"), not config["go_backwards"]
            )
            self._own_backward = False
        else:
            self.backward_layer = backward_layer
            self._own_backward = True
            if not backward_layer.go_backwards != layer.go_backwards:
                raise ValueError("Bidirectional: forward and backward layers must have different go_backwards values.")
        for direction in (self.forward_layer, self.backward_layer):
            direction.zero_output_for_mask = (
                True  # as in tf.keras: a repeated output would leak into the other direction
            )
        self.layer = self.forward_layer
        self._tracked.pop("layer", None)  # the same object as forward_layer
        self.merge_mode = merge_mode
        self.return_sequences, self.return_state = layer.return_sequences, layer.return_state
        self.stateful = layer.stateful
        self.supports_masking = True
        self._template = config
        if weights is not None:
            half = len(weights) // 2
            self.forward_layer._initial_weights, self.backward_layer._initial_weights = weights[:half], weights[half:]

    @staticmethod
    def _copy(layer, config, name, go_backwards):
        config = dict(config, name=name, go_backwards=go_backwards)
        config.pop("batch_input_shape", None)
        copy = type(layer).from_config(config)
        if layer._initial_weights is not None and not go_backwards:
            copy._initial_weights = layer._initial_weights
        return copy

    def build(self, input_shape=None):
        shape, n = input_shape, self._num_constants
        if isinstance(shape, list) and shape and isinstance(shape[0], (list, tuple)):  # sequence, states, constants
            shape = [shape[0], *shape[len(shape) - n :]] if n else shape[0]
        for layer in (self.forward_layer, self.backward_layer):
            if not layer.built:
                layer._build_with(shape)
        self.built = True

    def __call__(self, inputs, initial_state=None, constants=None, **kwargs):
        if isinstance(inputs, (list, tuple)) and len(inputs) > 1 and initial_state is None:
            n = self._num_constants
            inputs, initial_state, constants = (
                inputs[0],
                list(inputs[1 : len(inputs) - n]) or None,
                list(inputs[len(inputs) - n :]) if n else constants,
            )
        states, extra = as_list(initial_state), as_list(constants)
        if len(states) % 2:
            raise ValueError(
                f"Layer {self.name!r}: initial_state of a Bidirectional layer is a list of the forward layer's states followed by "
                f"the backward layer's; received {len(states)} state(s)."
            )
        if extra:
            self._constants_to_come(len(extra))
        if any_keras([*states, *extra]):
            return super().__call__([inputs, *states, *extra], **kwargs)
        if extra:
            kwargs["constants"] = extra
        return (
            super().__call__(inputs, initial_state=states, **kwargs) if states else super().__call__(inputs, **kwargs)
        )

    def _constants_to_come(self, count):
        for layer in (self, self.forward_layer, self.backward_layer):
            layer._num_constants = count

    def call(self, inputs, training=None, mask=None, initial_state=None, constants=None):
        if isinstance(inputs, (list, tuple)):
            n = self._num_constants
            inputs, initial_state, constants = (
                inputs[0],
                list(inputs[1 : len(inputs) - n]),
                list(inputs[len(inputs) - n :]) if n else constants,
            )
            mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        forward_state = backward_state = None
        if initial_state:
            half = len(initial_state) // 2
            forward_state, backward_state = initial_state[:half], initial_state[half:]
        keywords = {"training": training, "mask": mask}
        if constants:
            keywords["constants"] = constants
        y = self.forward_layer(inputs, initial_state=forward_state, **keywords)
        z = self.backward_layer(inputs, initial_state=backward_state, **keywords)
        states = []
        if self.return_state:
            states = [*y[1:], *z[1:]]
            y, z = y[0], z[0]
        if self.return_sequences:
            z = ops.flip(z, 1)
        if self.merge_mode == "concat":
            out = ops.concatenate([y, z], -1)
        elif self.merge_mode == "sum":
            out = y + z
        elif self.merge_mode == "ave":
            out = (y + z) / 2
        elif self.merge_mode == "mul":
            out = y * z
        else:
            return [y, z, *states]
        return [out, *states] if self.return_state else out

    def compute_mask(self, inputs, mask=None):
        mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        out = mask if self.return_sequences else None
        if self.merge_mode is None:
            out = [out, out]
        if self.return_state:
            n = 2 * len(
                self.forward_layer.state_size if isinstance(self.forward_layer.state_size, (list, tuple)) else [1]
            )
            return [*(out if isinstance(out, list) else [out]), *([None] * n)]
        return out

    def reset_states(self):
        self.forward_layer.reset_states()
        self.backward_layer.reset_states()

    reset_state = reset_states

    def get_config(self):
        config = super().get_config()
        inner = _registry().serialize(self.forward_layer)
        inner["config"] = dict(self._template)
        config.update(layer=inner, merge_mode=self.merge_mode)
        if self._num_constants:
            config["num_constants"] = self._num_constants
        if self._own_backward:
            config["backward_layer"] = _registry().serialize(self.backward_layer)
        return config

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        constants = config.pop("num_constants", 0)
        with CustomObjectScope(custom_objects or {}):
            layer = _registry().deserialize(config.pop("layer"))
            if config.get("backward_layer") is not None:
                config["backward_layer"] = _registry().deserialize(config["backward_layer"])
        made = cls(layer, **config)
        if constants:
            made._constants_to_come(constants)
        return made
