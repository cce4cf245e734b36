"""Layers that rearrange: `Flatten`, `Reshape`, `Permute`, `RepeatVector`."""

import math

from .. import ops
from ..compat import keras1
from ..engine.context import context
from ..engine.input_spec import InputSpec
from ..engine.layer import Layer
from ..engine.symbolic import hidden_sizes
from ..utils.conv_utils import normalize_data_format
from .shared import positive


class Flatten(Layer):
    """(batch, ...) to (batch, n). `channels_first` puts the channels last before that, for weights that expect it."""

    def __init__(self, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.data_format = normalize_data_format(data_format)
        self.input_spec = InputSpec(min_ndim=1)

    def call(self, inputs):
        shape = inputs.shape
        rank = len(shape)
        if self.data_format == "channels_first" and rank > 2:
            inputs = ops.transpose(inputs, (0, *range(2, rank), 1))
        return ops.fused("reshape", inputs, (shape[0], math.prod(shape[1:])))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], None if None in input_shape[1:] else math.prod(input_shape[1:]))

    def get_config(self):
        return {**super().get_config(), "data_format": self.data_format}


@keras1.layer
class Reshape(Layer):
    """(batch, ...) to (batch, *target_shape); one size may be -1. `ValueError` if the numbers of elements differ."""

    def __init__(self, target_shape, **kwargs):
        super().__init__(**kwargs)
        target_shape = (target_shape,) if isinstance(target_shape, int) else target_shape
        self.target_shape = tuple(-1 if d is None else int(d) for d in target_shape)
        if self.target_shape.count(-1) > 1:
            raise ValueError(f"Reshape: at most one size may be -1; received target_shape={self.target_shape}.")

    def call(self, inputs):
        shape = inputs.shape
        if context.symbolic and -1 not in self.target_shape and any(d in hidden_sizes() for d in shape[1:]):
            return ops.zeros((shape[0], *self.target_shape), inputs.dtype)  # whether it fits, the data will show
        return ops.reshape(inputs, (shape[0], *self._sizes(shape[1:])))

    def _sizes(self, shape):
        total, known = math.prod(shape), math.prod(d for d in self.target_shape if d != -1)
        rest = -1 in self.target_shape
        if known != total if not rest else not known or total % known:
            raise ValueError(
                f"Layer {self.name!r}: the total size must be unchanged: an input of shape {tuple(shape)} ({total} elements per sample) "
                f"does not fit target_shape={self.target_shape}."
            )
        return tuple(total // known if d == -1 else d for d in self.target_shape)

    def compute_output_shape(self, input_shape):
        if None in input_shape[1:]:
            return (input_shape[0], *(None if d == -1 else d for d in self.target_shape))
        return (input_shape[0], *self._sizes(input_shape[1:]))

    def get_config(self):
        return {**super().get_config(), "target_shape": self.target_shape}


@keras1.layer
class Permute(Layer):
    """The axes after the batch in the order `dims`, counted from 1."""

    def __init__(self, dims, **kwargs):
        super().__init__(**kwargs)
        self.dims = tuple(dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ValueError(
                f"Permute: dims must hold each of 1..{len(self.dims)} once (0, the batch, stays in place); received dims={self.dims}."
            )
        self.input_spec = InputSpec(ndim=len(self.dims) + 1)

    def call(self, inputs):
        return ops.fused("transpose", inputs, (0, *self.dims))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *(input_shape[d] for d in self.dims))

    def get_config(self):
        return {**super().get_config(), "dims": self.dims}


@keras1.layer
class RepeatVector(Layer):
    """(batch, features) to (batch, n, features)."""

    def __init__(self, n, **kwargs):
        super().__init__(**kwargs)
        if not hasattr(n, "__index__") or isinstance(n, bool):
            raise TypeError(
                f"RepeatVector: expected an integer value for `n`, received {n!r} of type {type(n).__name__}."
            )
        self.n = positive(self, "n", n)
        self.input_spec = InputSpec(ndim=2)

    def call(self, inputs):
        batch, features = inputs.shape
        return ops.broadcast_to(ops.reshape(inputs, (batch, 1, features)), (batch, self.n, features))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.n, input_shape[1])

    def get_config(self):
        return {**super().get_config(), "n": self.n}
