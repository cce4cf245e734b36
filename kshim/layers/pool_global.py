"""Pooling over all of the spatial axes: `GlobalMaxPooling` and `GlobalAveragePooling`."""

from .. import ops
from ..compat import keras1
from ..engine.input_spec import InputSpec
from ..engine.layer import Layer
from ..utils.conv_utils import normalize_data_format
from .shared import operand


class _GlobalPool(Layer):
    """Base: reduces the `rank` spatial axes; `keepdims` leaves them with size 1."""

    rank, kind = 1, None

    def __init__(self, data_format=None, keepdims=False, **kwargs):
        super().__init__(**kwargs)
        self.data_format = normalize_data_format(data_format)
        self.keepdims = bool(keepdims)
        self.input_spec = InputSpec(ndim=self.rank + 2)
        first = 2 if self.data_format == "channels_first" else 1
        self._axes = tuple(range(first, first + self.rank))

    def build(self, input_shape):
        if any(input_shape[a] == 0 for a in self._axes):
            raise ValueError(f"Layer {self.name!r}: an input of shape {tuple(input_shape)} has nothing to pool.")
        self.built = True

    def call(self, inputs):
        x = operand(self, inputs) if self.kind == "mean" else inputs
        return ops.fused(self.kind, x, self._axes, self.keepdims)

    def compute_output_shape(self, input_shape):
        return tuple(
            1 if i in self._axes else d for i, d in enumerate(input_shape) if self.keepdims or i not in self._axes
        )

    def get_config(self):
        return {**super().get_config(), "data_format": self.data_format, "keepdims": self.keepdims}


class GlobalMaxPooling1D(_GlobalPool):
    """Largest of all steps of (batch, steps, channels)."""

    kind = "max"

    def __init__(self, data_format="channels_last", keepdims=False, **kwargs):
        super().__init__(data_format, keepdims, **kwargs)


@keras1.layer
class GlobalMaxPooling2D(_GlobalPool):
    """Largest of all rows and columns."""

    rank, kind = 2, "max"


@keras1.layer
class GlobalMaxPooling3D(_GlobalPool):
    """Largest of all places of a volume."""

    rank, kind = 3, "max"


class GlobalAveragePooling1D(_GlobalPool):
    """Mean of all steps of (batch, steps, channels), of those that a mask leaves if there is one."""

    kind = "mean"

    def __init__(self, data_format="channels_last", keepdims=False, **kwargs):
        super().__init__(data_format, keepdims, **kwargs)
        self.supports_masking = True

    def call(self, inputs, mask=None):
        if mask is None:
            return super().call(inputs)
        x = operand(self, inputs)
        weights = ops.expand_dims(ops.cast(mask, x.dtype), 1 if self.data_format == "channels_first" else 2)
        return ops.sum(x * weights, self._axes, self.keepdims) / ops.sum(weights, self._axes, self.keepdims)

    def compute_mask(self, inputs, mask=None):
        return None


@keras1.layer
class GlobalAveragePooling2D(_GlobalPool):
    """Mean of all rows and columns."""

    rank, kind = 2, "mean"


@keras1.layer
class GlobalAveragePooling3D(_GlobalPool):
    """Mean of all places of a volume."""

    rank, kind = 3, "mean"
