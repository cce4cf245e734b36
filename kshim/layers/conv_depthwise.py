"""Convolutions that treat channels apart: `DepthwiseConv1D/2D` and `SeparableConv1D/2D`."""

from .. import ops
from ..compat import keras1
from ..engine.input_spec import InputSpec
from .conv import Conv
from .shared import known_size, new_weight, options_config, positive, set_options


class _Apart(Conv):
    """Base: the depthwise kernel (*kernel_size, channels, depth_multiplier)."""

    def _depthwise_op(self, inputs, kernel):
        x = self._channels_last(inputs)
        *window, channels, multiplier = kernel.shape
        kernel = ops.fused("reshape", kernel, (*window, 1, channels * multiplier))
        return ops.fused("conv", x, kernel, self.strides, self._pads(x.shape[1:-1]), self.dilation_rate, channels)


class _DepthwiseConv(_Apart):
    def __init__(
        self, kernel_size, strides=1, padding="valid", depth_multiplier=1, data_format=None, dilation_rate=1, activation=None,
        use_bias=True, depthwise_initializer="glorot_uniform", bias_initializer="zeros", depthwise_regularizer=None,
        bias_regularizer=None, activity_regularizer=None, depthwise_constraint=None, bias_constraint=None, **kwargs,
    ):  # fmt: skip
        super().__init__(
            None, kernel_size, strides, padding, data_format, dilation_rate, activation=activation, use_bias=use_bias,
            bias_initializer=bias_initializer, bias_regularizer=bias_regularizer, activity_regularizer=activity_regularizer,
            bias_constraint=bias_constraint, **kwargs,
        )  # fmt: skip
        self.depth_multiplier = positive(self, "depth_multiplier", depth_multiplier)
        set_options(self, locals(), "depthwise")

    def build(self, input_shape):
        channels = known_size(self, input_shape, self._channel_axis)
        self.compute_output_shape(input_shape)
        self.depthwise_kernel = new_weight(
            self, "depthwise_kernel", (*self.kernel_size, channels, self.depth_multiplier), options="depthwise"
        )
        self._build_bias(channels * self.depth_multiplier)
        self.input_spec = InputSpec(min_ndim=self.rank + 2, axes={self._channel_axis: channels})
        self.kernel = self.depthwise_kernel
        self.built = True

    def convolution_op(self, inputs, kernel):
        return self._restored(self._depthwise_op(inputs, kernel))

    def compute_output_shape(self, input_shape):
        return self._output_shape(
            input_shape, known_size(self, input_shape, self._channel_axis) * self.depth_multiplier
        )

    def get_config(self):
        config = super().get_config()
        for key in ("filters", "kernel_initializer", "kernel_regularizer", "kernel_constraint"):
            del config[key]
        return {**config, "depth_multiplier": self.depth_multiplier, **options_config(self, "depthwise")}


class DepthwiseConv1D(_DepthwiseConv):
    """Each channel of (batch, steps, channels) convolved with `depth_multiplier` kernels of its own."""

    rank = 1


class DepthwiseConv2D(_DepthwiseConv):
    """Each channel of an image convolved with `depth_multiplier` kernels of its own."""

    rank = 2


class _SeparableConv(_Apart):
    """Base: a depthwise convolution, then a 1x1 convolution that mixes the channels."""

    def __init__(
        self, filters, kernel_size, strides=1, padding="valid", data_format=None, dilation_rate=1, depth_multiplier=1,
        activation=None, use_bias=True, depthwise_initializer="glorot_uniform", pointwise_initializer="glorot_uniform",
        bias_initializer="zeros", depthwise_regularizer=None, pointwise_regularizer=None, bias_regularizer=None,
        activity_regularizer=None, depthwise_constraint=None, pointwise_constraint=None, bias_constraint=None, **kwargs,
    ):  # fmt: skip
        super().__init__(
            filters, kernel_size, strides, padding, data_format, dilation_rate, activation=activation, use_bias=use_bias,
            bias_initializer=bias_initializer, bias_regularizer=bias_regularizer, activity_regularizer=activity_regularizer,
            bias_constraint=bias_constraint, **kwargs,
        )  # fmt: skip
        self.depth_multiplier = positive(self, "depth_multiplier", depth_multiplier)
        set_options(self, locals(), "depthwise", "pointwise")

    def build(self, input_shape):
        channels = known_size(self, input_shape, self._channel_axis)
        self.compute_output_shape(input_shape)
        wide = channels * self.depth_multiplier
        self.depthwise_kernel = new_weight(
            self, "depthwise_kernel", (*self.kernel_size, channels, self.depth_multiplier), options="depthwise"
        )
        self.pointwise_kernel = new_weight(
            self, "pointwise_kernel", (*(1,) * self.rank, wide, self.filters), options="pointwise"
        )
        self._build_bias(self.filters)
        self.input_spec = InputSpec(ndim=self.rank + 2, axes={self._channel_axis: channels})
        self.kernel = self.depthwise_kernel
        self.built = True

    def convolution_op(self, inputs, kernel):
        y = self._depthwise_op(inputs, kernel)
        pointwise = self.pointwise_kernel
        return self._restored(ops.fused("dense", y, ops.reshape(pointwise, pointwise.shape[-2:]), None))

    def get_config(self):
        return {
            **super().get_config(),
            "depth_multiplier": self.depth_multiplier,
            **options_config(self, "depthwise", "pointwise"),
        }


@keras1.layer
class SeparableConv1D(_SeparableConv):
    """Depthwise separable convolution over steps (Chollet 2016)."""

    rank = 1
    _causal = True


@keras1.layer
class SeparableConv2D(_SeparableConv):
    """Depthwise separable convolution over images (Chollet 2016)."""

    rank = 2
