"""What convolution and pooling layers share: windows over the spatial axes, their paddings and the data format."""

from .. import ops
from ..engine.layer import Layer
from ..ops.nn import same_padding
from ..utils.conv_utils import normalize_data_format, normalize_padding, normalize_tuple


def tuple_of(value, n, name, layer=None, allow_zero=False):
    """`n` ints from an int or a sequence; NumPy's integers count."""
    return normalize_tuple(int(value) if hasattr(value, "__index__") else value, n, name, allow_zero)


class Windowed(Layer):
    """Base of layers with a window over `rank` spatial axes.

    Everything below runs channels-last; `channels_first` inputs are transposed on the way in and back on the way out.
    """

    rank = None

    def _set_window(self, window, strides, padding, data_format, dilation, name="kernel_size", causal=False):
        self._window = tuple_of(window, self.rank, name)
        self.strides = tuple_of(strides, self.rank, "strides")
        self._dilation = tuple_of(dilation, self.rank, "dilation_rate")
        self.padding = normalize_padding(padding)
        if self.padding == "causal" and not causal:
            raise ValueError(
                f"{type(self).__name__}: padding='causal' exists for Conv1D and SeparableConv1D only; expected 'valid' or 'same'."
            )
        if max(self.strides) > 1 and max(self._dilation) > 1:
            raise ValueError(
                f"{type(self).__name__}: strides > 1 and dilation_rate > 1 cannot be combined; received strides={self.strides} and "
                f"dilation_rate={self._dilation}."
            )
        self.data_format = normalize_data_format(data_format)
        self._channels_first = self.data_format == "channels_first"
        self._channel_axis = -1 - self.rank if self._channels_first else -1
        self._to_last = (0, *range(2, self.rank + 2), 1)
        self._to_first = (0, self.rank + 1, *range(1, self.rank + 1))
        self._known_pads = {}

    def _pads(self, spatial):
        """(low, high) for each spatial axis of an input of these sizes; worked out once for each size."""
        pads = self._known_pads.get(spatial)
        if pads is None:
            self._check_room(tuple(self._output_length(i, d) for i, d in enumerate(spatial)), spatial)
            if self.padding == "same":
                pads = same_padding(spatial, self._window, self.strides, self._dilation)
            elif self.padding == "causal":
                pads = tuple(((k - 1) * r, 0) for k, r in zip(self._window, self._dilation))
            else:
                pads = ((0, 0),) * self.rank
            self._known_pads[spatial] = pads
        return pads

    def _channels_last(self, x):
        return ops.fused("transpose", x, self._to_last) if self._channels_first else x

    def _restored(self, y):
        return ops.fused("transpose", y, self._to_first) if self._channels_first else y

    def _output_length(self, i, size):
        if size is None:
            return None
        reach = (self._window[i] - 1) * self._dilation[i]
        size = size - reach if self.padding == "valid" else size
        return -(-size // self.strides[i])

    def _output_shape(self, input_shape, channels, length=None):
        """The shape with new spatial sizes and channels; `ValueError` if a size would not be positive."""
        length = length or self._output_length
        shape = tuple(input_shape)
        if len(shape) < self.rank + 2:
            raise ValueError(
                f"Layer {self.name!r} expects an input of {self.rank + 2} dimensions (batch, channels and {self.rank} spatial); received shape {shape}."
            )
        lead = shape[: -self.rank - 1]
        spatial = shape[-self.rank :] if self._channels_first else shape[-self.rank - 1 : -1]
        sizes = tuple(length(i, d) for i, d in enumerate(spatial))
        self._check_room(sizes, spatial)
        return (*lead, channels, *sizes) if self._channels_first else (*lead, *sizes, channels)

    def _check_room(self, sizes, spatial):
        if any(d is not None and d <= 0 for d in sizes):
            raise ValueError(
                f"One of the dimensions in the output is <= 0 due to downsampling in layer {self.name!r}: an input of spatial shape "
                f"{tuple(spatial)} would give {sizes}. Use larger inputs, smaller windows and strides, or padding='same'."
            )
