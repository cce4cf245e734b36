"""Pooling over windows: `MaxPooling` and `AveragePooling` in one, two and three dimensions."""

from .. import ops
from ..compat import keras1
from ..engine.input_spec import InputSpec
from .shared import operand
from .windowed import Windowed


class _Pool(Windowed):
    """Base: `kind` is the op; strides default to the window."""

    kind = None

    def __init__(self, pool_size=2, strides=None, padding="valid", data_format=None, **kwargs):
        super().__init__(**kwargs)
        self._set_window(
            pool_size, pool_size if strides is None else strides, padding, data_format, 1, name="pool_size"
        )
        self.pool_size = self._window
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def call(self, inputs):
        x = self._channels_last(operand(self, inputs) if self.kind == "avg_pool" else inputs)
        return self._restored(ops.fused(self.kind, x, self.pool_size, self.strides, self._pads(x.shape[1:-1])))

    def compute_output_shape(self, input_shape):
        return self._output_shape(input_shape, input_shape[self._channel_axis])

    def get_config(self):
        return {
            **super().get_config(),
            "pool_size": self.pool_size,
            "padding": self.padding,
            "strides": self.strides,
            "data_format": self.data_format,
        }


@keras1.layer
class MaxPooling1D(_Pool):
    """Largest of each window of steps."""

    rank, kind = 1, "max_pool"

    def __init__(self, pool_size=2, strides=None, padding="valid", data_format="channels_last", **kwargs):
        super().__init__(pool_size, strides, padding, data_format, **kwargs)


@keras1.layer
class MaxPooling2D(_Pool):
    """Largest of each window of an image."""

    rank, kind = 2, "max_pool"


@keras1.layer
class MaxPooling3D(_Pool):
    """Largest of each window of a volume."""

    rank, kind = 3, "max_pool"


@keras1.layer
class AveragePooling1D(_Pool):
    """Mean of each window of steps; padding does not count."""

    rank, kind = 1, "avg_pool"

    def __init__(self, pool_size=2, strides=None, padding="valid", data_format="channels_last", **kwargs):
        super().__init__(pool_size, strides, padding, data_format, **kwargs)


@keras1.layer
class AveragePooling2D(_Pool):
    """Mean of each window of an image; padding does not count."""

    rank, kind = 2, "avg_pool"


@keras1.layer
class AveragePooling3D(_Pool):
    """Mean of each window of a volume; padding does not count."""

    rank, kind = 3, "avg_pool"
