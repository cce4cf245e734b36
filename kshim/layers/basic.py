"""Small layers without weights: `Activation`, `Masking`, `ActivityRegularization`, `Identity`, `Rescaling`."""

import numpy as np

from .. import activations, ops
from ..compat import keras1
from ..engine.layer import Layer
from .shared import operand


@keras1.layer
class Activation(Layer):
    """An activation function (a name or a callable) as a layer; same shape out as in, unless the function changes it (`glu`)."""

    def __init__(self, activation, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True
        self.activation = activations.get(activation)

    def call(self, inputs):
        return self.activation(inputs)

    def get_config(self):
        return {**super().get_config(), "activation": activations.serialize(self.activation)}


class Masking(Layer):
    """Mask the time steps of (batch, time, features) in which every feature equals `mask_value`; they become 0."""

    def __init__(self, mask_value=0.0, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True
        self.mask_value = mask_value

    def compute_mask(self, inputs, mask=None):
        return ops.any(ops.not_equal(inputs, self.mask_value), axis=-1)

    def call(self, inputs):
        kept = ops.any(ops.not_equal(inputs, self.mask_value), axis=-1, keepdims=True)
        outputs = inputs * ops.cast(kept, inputs.dtype)
        outputs._keras_mask = ops.squeeze(kept, -1)  # found already: compute_mask need not look again
        return outputs

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def get_config(self):
        return {**super().get_config(), "mask_value": self.mask_value}


class ActivityRegularization(Layer):
    """Adds l1 * sum|x| + l2 * sum x**2 of its input, per sample, to the loss; passes the input on."""

    def __init__(self, l1=0.0, l2=0.0, **kwargs):
        from ..regularizers import L1L2

        super().__init__(**{**kwargs, "activity_regularizer": L1L2(l1=l1, l2=l2)})
        self.supports_masking = True
        self.l1, self.l2 = l1, l2

    def call(self, inputs):
        return inputs

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def get_config(self):
        return {**super().get_config(), "l1": self.l1, "l2": self.l2}


class Identity(Layer):
    """The inputs as they are."""

    def call(self, inputs):
        return inputs

    def compute_output_shape(self, input_shape):
        return input_shape


class Rescaling(Layer):
    """inputs * scale + offset, in the compute dtype."""

    def __init__(self, scale, offset=0.0, **kwargs):
        super().__init__(**kwargs)
        self.scale, self.offset = scale, offset

    def call(self, inputs):
        return operand(self, inputs) * _constant(self.scale) + _constant(self.offset)

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def get_config(self):
        return {**super().get_config(), "scale": self.scale, "offset": self.offset}


def _constant(value):
    return np.asarray(value, "float32") if isinstance(value, (list, tuple)) else value
