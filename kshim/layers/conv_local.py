"""Convolutions whose kernel differs from place to place: `LocallyConnected1D` and `LocallyConnected2D`."""

import itertools
import math

import numpy as np

from .. import activations, ops
from ..compat import keras1
from ..engine.input_spec import InputSpec
from .shared import known_size, new_weight, operand, options_config, positive, set_options
from .windowed import Windowed


class _LocallyConnected(Windowed):
    """Base: activation(local product + bias), for inputs of known spatial sizes.

    `implementation` 1 keeps one kernel (window * channels, filters) for each place and takes padding='valid' only;
    2 keeps the whole matrix from inputs to outputs, of which the local part is used, and takes 'same' as well.
    """

    def __init__(
        self, filters, kernel_size, strides=1, padding="valid", data_format=None, activation=None, use_bias=True,
        kernel_initializer="glorot_uniform", bias_initializer="zeros", kernel_regularizer=None, bias_regularizer=None,
        activity_regularizer=None, kernel_constraint=None, bias_constraint=None, implementation=1, **kwargs,
    ):  # fmt: skip
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self._set_window(kernel_size, strides, padding, data_format, 1)
        self.kernel_size = self._window
        if implementation not in (1, 2):
            raise ValueError(
                f"{type(self).__name__}: implementation={implementation!r} is not available; expected 1 or 2."
            )
        if implementation == 1 and self.padding != "valid":
            raise ValueError(
                f"{type(self).__name__}: padding={padding!r} needs implementation=2; implementation=1 takes 'valid' only."
            )
        self.implementation = implementation
        self.filters = positive(self, "filters", filters)
        self.activation = activations.get(activation)
        self.use_bias = bool(use_bias)
        set_options(self, locals(), "kernel", "bias")
        self.input_spec = InputSpec(ndim=self.rank + 2)
        self.kernel = self.bias = None

    def build(self, input_shape):
        channels = known_size(self, input_shape, self._channel_axis)
        first = 2 if self._channels_first else 1
        spatial = tuple(known_size(self, input_shape, first + i) for i in range(self.rank))
        shape = self.compute_output_shape((None, *input_shape[1:]))
        out = shape[2:] if self._channels_first else shape[1:-1]
        self._out = out
        if self.implementation == 1:
            kernel = (math.prod(out), math.prod(self.kernel_size) * channels, self.filters)
            self._places = self._window_places(spatial, out)
        else:
            kernel = (
                (channels, *spatial, self.filters, *out)
                if self._channels_first
                else (*spatial, channels, *out, self.filters)
            )
            self._connected = self._connections(spatial, out)
        self.kernel = new_weight(self, "kernel", kernel)
        if self.use_bias:
            self.bias = new_weight(self, "bias", (*out, self.filters))
        self.input_spec = InputSpec(ndim=self.rank + 2, axes={self._channel_axis: channels})
        self.built = True

    def _window_places(self, spatial, out):
        """For each output place the places of its window, as positions in the flattened spatial axes."""
        starts = itertools.product(*(range(0, n * s, s) for n, s in zip(out, self.strides)))
        window = list(itertools.product(*map(range, self.kernel_size)))
        return np.array(
            [np.ravel_multi_index([a + b for a, b in zip(start, w)], spatial) for start in starts for w in window],
            "int32",
        )

    def _connections(self, spatial, out):
        """1 where an input place reaches an output place, with axes of size 1 for the channels."""
        reach = np.ones(())
        for d, n, k, s in zip(spatial, out, self.kernel_size, self.strides):
            low = 0 if self.padding == "valid" else k // 2
            start = np.arange(n) * s - low
            place = np.arange(d)[:, None]
            reach = np.multiply.outer(reach, (place >= start) & (place < start + k))
        reach = reach.transpose(*range(0, 2 * self.rank, 2), *range(1, 2 * self.rank, 2))  # inputs first, then outputs
        at = (0, self.rank + 1) if self._channels_first else (self.rank, 2 * self.rank + 1)
        return np.expand_dims(reach, at).astype("float32")

    def call(self, inputs):
        x = operand(self, inputs)
        kernel = self.kernel
        y = self._by_place(x, kernel) if self.implementation == 1 else self._by_matrix(x, kernel)
        if self.bias is not None:
            bias = self.bias
            # channels first, the elements of the bias are taken in their order, as in Keras
            y = y + (ops.reshape(bias, (self.filters, *self._out)) if self._channels_first else bias)
        return self.activation(y)

    def _by_place(self, x, kernel):
        shape, places = x.shape, math.prod(self._out)
        size = math.prod(self.kernel_size)
        if self._channels_first:
            channels = shape[1]
            patches = ops.take(ops.reshape(x, (shape[0], channels, math.prod(shape[2:]))), self._places, 2)
            patches = ops.transpose(ops.reshape(patches, (shape[0], channels, places, size)), (2, 0, 1, 3))
        else:
            channels = shape[-1]
            patches = ops.take(ops.reshape(x, (shape[0], math.prod(shape[1:-1]), channels)), self._places, 1)
            patches = ops.transpose(ops.reshape(patches, (shape[0], places, size, channels)), (1, 0, 2, 3))
        y = ops.matmul(ops.reshape(patches, (places, shape[0], size * channels)), kernel)
        if self._channels_first:
            return ops.reshape(ops.transpose(y, (1, 2, 0)), (shape[0], self.filters, *self._out))
        return ops.reshape(ops.transpose(y, (1, 0, 2)), (shape[0], *self._out, self.filters))

    def _by_matrix(self, x, kernel):
        rows = math.prod(x.shape[1:])
        out = (self.filters, *self._out) if self._channels_first else (*self._out, self.filters)
        matrix = ops.reshape(kernel * ops.cast(self._connected, x.dtype), (rows, math.prod(out)))
        return ops.reshape(ops.matmul(ops.reshape(x, (x.shape[0], rows)), matrix), (x.shape[0], *out))

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
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            **options_config(self, "kernel", "bias", activity=True),
            "implementation": self.implementation,
        }


@keras1.layer
class LocallyConnected1D(_LocallyConnected):
    """Convolution over steps with a kernel of its own for each step."""

    rank = 1


@keras1.layer
class LocallyConnected2D(_LocallyConnected):
    """Convolution over images with a kernel of its own for each place."""

    rank = 2
