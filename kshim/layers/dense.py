"""`Dense`: the fully connected layer."""

from .. import activations, ops
from ..compat import keras1
from ..engine.input_spec import InputSpec
from ..engine.layer import Layer
from .shared import known_size, new_weight, operand, options_config, positive, set_options


@keras1.layer
class Dense(Layer):
    """activation(inputs @ kernel + bias).

    Input shape: (batch, ..., features). Output shape: (batch, ..., units).
    """

    def __init__(
        self, units, activation=None, use_bias=True, kernel_initializer="glorot_uniform", bias_initializer="zeros",
        kernel_regularizer=None, bias_regularizer=None, activity_regularizer=None, kernel_constraint=None, bias_constraint=None, **kwargs,
    ):  # fmt: skip
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.units = positive(self, "units", units)
        self.activation = activations.get(activation)
        self.use_bias = bool(use_bias)
        set_options(self, locals(), "kernel", "bias")
        self.input_spec = InputSpec(min_ndim=2)
        self.supports_masking = True
        self.kernel = self.bias = None

    def build(self, input_shape):
        size = known_size(self, input_shape, -1)
        self.kernel = new_weight(self, "kernel", (size, self.units))
        if self.use_bias:
            self.bias = new_weight(self, "bias", (self.units,))
        self.input_spec = InputSpec(min_ndim=2, axes={-1: size})
        self.built = True

    def call(self, inputs):
        y = ops.fused("dense", operand(self, inputs), self.kernel, self.bias)
        return self.activation(y)

    def compute_output_shape(self, input_shape):
        known_size(self, input_shape, -1)
        return (*input_shape[:-1], self.units)

    def get_config(self):
        return {
            **super().get_config(),
            "units": self.units,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            **options_config(self, "kernel", "bias", activity=True),
        }
