"""Convolutions: `Conv1D`, `Conv2D`, `Conv3D` and the base of all layers with a kernel that moves."""

import math

from .. import activations, ops
from ..compat import keras1
from ..engine.input_spec import InputSpec
from .shared import known_size, new_weight, operand, options_config, positive, set_options
from .windowed import Windowed


class Conv(Windowed):
    """Base of convolutions over `rank` spatial axes: activation(conv(inputs, kernel) + bias).

    Input shape: (batch, *spatial, channels), or (batch, channels, *spatial) for channels_first. Kernel shape:
    (*kernel_size, channels // groups, filters). `ValueError` for arguments that do not fit, naming them.
    """

    _causal = False

    def __init__(
        self, filters, kernel_size, strides=1, padding="valid", data_format=None, dilation_rate=1, groups=1, activation=None,
        use_bias=True, kernel_initializer="glorot_uniform", bias_initializer="zeros", kernel_regularizer=None, bias_regularizer=None,
        activity_regularizer=None, kernel_constraint=None, bias_constraint=None, **kwargs,
    ):  # fmt: skip
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self._set_window(kernel_size, strides, padding, data_format, dilation_rate, causal=self._causal)
        self.kernel_size, self.dilation_rate = self._window, self._dilation
        self.filters = None if filters is None else positive(self, "filters", filters)
        self.groups = positive(self, "groups", groups or 1)
        if self.filters is not None and self.filters % self.groups:
            raise ValueError(
                f"{type(self).__name__}: filters={self.filters} must be a multiple of groups={self.groups}."
            )
        self.activation = activations.get(activation)
        self.use_bias = bool(use_bias)
        set_options(self, locals(), "kernel", "bias")
        self.input_spec = InputSpec(min_ndim=self.rank + 2)
        self.kernel = self.bias = None

    def build(self, input_shape):
        channels = known_size(self, input_shape, self._channel_axis)
        if channels % self.groups:
            raise ValueError(
                f"Layer {self.name!r}: the {channels} input channels (shape {tuple(input_shape)}) must be a multiple of groups={self.groups}."
            )
        self.compute_output_shape(input_shape)
        self.kernel = new_weight(self, "kernel", (*self.kernel_size, channels // self.groups, self.filters))
        self._build_bias(self.filters)
        self.input_spec = InputSpec(min_ndim=self.rank + 2, axes={self._channel_axis: channels})
        self.built = True

    def _build_bias(self, size):
        if self.use_bias:
            self.bias = new_weight(self, "bias", (size,))

    def convolution_op(self, inputs, kernel):
        """The convolution alone, in the layer's data format (for subclasses that change the kernel)."""
        x = self._channels_last(inputs)
        return self._restored(
            ops.fused("conv", x, kernel, self.strides, self._pads(x.shape[1:-1]), self.dilation_rate, self.groups)
        )

    def call(self, inputs):
        x = operand(self, inputs)
        lead = x.shape[: -self.rank - 1]
        if len(lead) > 1:  # several batch axes
            x = ops.reshape(x, (math.prod(lead), *x.shape[len(lead) :]))
        y = self._finished(self.convolution_op(x, self.kernel))
        return y if len(lead) == 1 else ops.reshape(y, (*lead, *y.shape[1:]))

    def _finished(self, y):
        """Bias and activation."""
        if self.bias is not None:
            bias = self.bias
            y = ops.fused("add", y, ops.reshape(bias, (-1, *(1,) * self.rank)) if self._channels_first else bias)
        return self.activation(y)

    def compute_output_shape(self, input_shape):
        return self._output_shape(input_shape, self.filters)

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
            "dilation_rate": self.dilation_rate,
            "groups": self.groups,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            **options_config(self, "kernel", "bias", activity=True),
        }


@keras1.layer
class Conv1D(Conv):
    """Convolution over the steps of (batch, steps, channels); padding='causal' sees no later step than its own."""

    rank = 1
    _causal = True

    def __init__(self, filters, kernel_size, strides=1, padding="valid", data_format="channels_last", *args, **kwargs):
        super().__init__(filters, kernel_size, strides, padding, data_format, *args, **kwargs)


@keras1.layer
class Conv2D(Conv):
    """Convolution over images (batch, rows, columns, channels)."""

    rank = 2


@keras1.layer
class Conv3D(Conv):
    """Convolution over volumes (batch, depth, rows, columns, channels)."""

    rank = 3
