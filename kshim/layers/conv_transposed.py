"""Transposed convolutions: `Conv1DTranspose`, `Conv2DTranspose`, `Conv3DTranspose`."""

from .. import ops
from ..compat import keras1
from ..engine.input_spec import InputSpec
from ..ops.nn import deconv_length
from .conv import Conv
from .shared import known_size, new_weight
from .windowed import tuple_of


class _ConvTranspose(Conv):
    """Base: the gradient of a convolution as a layer. Kernel shape: (*kernel_size, filters, channels).

    `output_padding` adds to the spatial sizes of the output and must be below the strides (Dumoulin & Visin 2016);
    `output_shape` is Keras 1's way of choosing them.
    """

    def __init__(
        self, filters, kernel_size, strides=1, padding="valid", output_padding=None, data_format=None, dilation_rate=1,
        activation=None, use_bias=True, *args, output_shape=None, **kwargs,
    ):  # fmt: skip
        names = (
            "kernel_initializer",
            "bias_initializer",
            "kernel_regularizer",
            "bias_regularizer",
            "activity_regularizer",
            "kernel_constraint",
            "bias_constraint",
        )
        kwargs.update(zip(names, args))
        if kwargs.get("groups", 1) not in (None, 1):
            raise ValueError(f"{type(self).__name__} has no groups; received groups={kwargs['groups']}.")
        super().__init__(
            filters, kernel_size, strides, padding, data_format, dilation_rate, activation=activation, use_bias=use_bias, **kwargs,
        )  # fmt: skip
        self.output_padding = (
            None if output_padding is None else tuple_of(output_padding, self.rank, "output_padding", allow_zero=True)
        )
        if self.output_padding is not None and any(p >= s for p, s in zip(self.output_padding, self.strides)):
            raise ValueError(
                f"{type(self).__name__}: strides must be greater than output_padding; received strides={self.strides}, output_padding={self.output_padding}."
            )
        self._wanted = None if output_shape is None else tuple(output_shape)
        self.input_spec = InputSpec(ndim=self.rank + 2)
        self._known_sizes = {}

    def build(self, input_shape):
        channels = known_size(self, input_shape, self._channel_axis)
        self.kernel = new_weight(self, "kernel", (*self.kernel_size, self.filters, channels))
        self._build_bias(self.filters)
        self.input_spec = InputSpec(ndim=self.rank + 2, axes={self._channel_axis: channels})
        self.built = True

    def _length(self, i, size):
        if self._wanted is not None:
            wanted = self._wanted[-self.rank :] if self._channels_first else self._wanted[-self.rank - 1 : -1]
            if wanted[i] is not None:
                return int(wanted[i])
        extra = None if self.output_padding is None else self.output_padding[i]
        return deconv_length(size, self.kernel_size[i], self.strides[i], self.padding, extra, self.dilation_rate[i])

    def _sizes_and_pads(self, spatial):
        found = self._known_sizes.get(spatial)
        if found is None:
            sizes = tuple(self._length(i, d) for i, d in enumerate(spatial))
            pads = []
            for n, k, s, r, out in zip(spatial, self.kernel_size, self.strides, self.dilation_rate, sizes):
                total = max((n - 1) * s + (k - 1) * r + 1 - out, 0) if self.padding == "same" else 0
                pads.append((total // 2, total - total // 2))
            found = self._known_sizes[spatial] = (sizes, tuple(pads))
        return found

    def convolution_op(self, inputs, kernel):
        x = self._channels_last(inputs)
        sizes, pads = self._sizes_and_pads(x.shape[1:-1])
        return self._restored(ops.fused("conv_transpose", x, kernel, self.strides, pads, self.dilation_rate, sizes))

    def compute_output_shape(self, input_shape):
        return self._output_shape(input_shape, self.filters, self._length)

    def get_config(self):
        config = {**super().get_config(), "output_padding": self.output_padding}
        if self._wanted is not None:
            config["output_shape"] = self._wanted
        return config


class Conv1DTranspose(_ConvTranspose):
    """Transposed convolution over steps."""

    rank = 1


@keras1.layer
class Conv2DTranspose(_ConvTranspose):
    """Transposed convolution over images ("deconvolution", Zeiler et al. 2010)."""

    rank = 2


@keras1.layer
class Conv3DTranspose(_ConvTranspose):
    """Transposed convolution over volumes."""

    rank = 3

    def get_config(self):
        config = super().get_config()
        if self.dilation_rate == (1, 1, 1):
            del config["dilation_rate"]
        return config
