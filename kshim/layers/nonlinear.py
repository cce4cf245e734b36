"""Activations that are layers: `LeakyReLU`, `PReLU`, `ELU`, `ReLU`, `Softmax`, `ThresholdedReLU`."""

from .. import activations, ops
from ..compat import keras1
from ..engine.input_spec import InputSpec
from ..engine.layer import Layer
from .shared import new_weight, operand, options_config, set_options


class _Activation(Layer):
    """Base: same shape out as in, masks pass."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def _number(self, name, value, least=None):
        if isinstance(value, bool) or not hasattr(value, "__float__") or least is not None and float(value) < least:
            wanted = "a number" if least is None else f"a number >= {least:g}"
            raise ValueError(f"{type(self).__name__}: {name} must be {wanted}. Received: {name}={value!r}.")
        return float(value)


class LeakyReLU(_Activation):
    """x above 0, alpha * x below (Maas et al. 2013). `negative_slope` is Keras 3's name of alpha."""

    def __init__(self, alpha=0.3, negative_slope=None, **kwargs):
        super().__init__(**kwargs)
        self.alpha = self._number("alpha", alpha if negative_slope is None else negative_slope)

    @property
    def negative_slope(self):
        return self.alpha

    def call(self, inputs):
        return ops.leaky_relu(inputs, self.alpha)

    def get_config(self):
        return {**super().get_config(), "alpha": self.alpha}


@keras1.layer
class PReLU(_Activation):
    """x above 0, alpha * x below, alpha being learned for each feature (He et al. 2015); one for all of `shared_axes`."""

    def __init__(
        self, alpha_initializer="zeros", alpha_regularizer=None, alpha_constraint=None, shared_axes=None, **kwargs
    ):
        super().__init__(**kwargs)
        set_options(self, locals(), "alpha")
        self.shared_axes = (
            None
            if shared_axes is None
            else list(shared_axes)
            if isinstance(shared_axes, (list, tuple))
            else [shared_axes]
        )

    def build(self, input_shape):
        shared = self.shared_axes or ()
        self.alpha = new_weight(self, "alpha", tuple(1 if i in shared else d for i, d in enumerate(input_shape) if i))
        axes = {i: d for i, d in enumerate(input_shape) if i and i not in shared} if shared else {}
        self.input_spec = InputSpec(ndim=len(input_shape), axes=axes)
        self.built = True

    def call(self, inputs):
        x = operand(self, inputs)
        return ops.relu(x) - self.alpha * ops.relu(-x)

    def get_config(self):
        return {**super().get_config(), **options_config(self, "alpha"), "shared_axes": self.shared_axes}


class ELU(_Activation):
    """x above 0, alpha * (e**x - 1) below (Clevert et al. 2016)."""

    def __init__(self, alpha=1.0, **kwargs):
        super().__init__(**kwargs)
        self.alpha = self._number("alpha", alpha)

    def call(self, inputs):
        return ops.elu(inputs, self.alpha)

    def get_config(self):
        return {**super().get_config(), "alpha": self.alpha}


class ReLU(_Activation):
    """x above `threshold`, up to `max_value`, negative_slope * (x - threshold) below."""

    def __init__(self, max_value=None, negative_slope=0.0, threshold=0.0, **kwargs):
        super().__init__(**kwargs)
        self.max_value = None if max_value is None else self._number("max_value", max_value, 0.0)
        self.negative_slope = self._number("negative_slope", negative_slope, 0.0)
        self.threshold = self._number("threshold", threshold, 0.0)

    def call(self, inputs):
        return activations.relu(inputs, alpha=self.negative_slope, max_value=self.max_value, threshold=self.threshold)

    def get_config(self):
        return {
            **super().get_config(),
            "max_value": self.max_value,
            "negative_slope": self.negative_slope,
            "threshold": self.threshold,
        }


class ThresholdedReLU(_Activation):
    """x above theta, 0 below (Konda et al. 2015)."""

    def __init__(self, theta=1.0, **kwargs):
        super().__init__(**kwargs)
        self.theta = self._number("theta", theta, 0.0)

    def call(self, inputs):
        x = operand(self, inputs)
        return x * ops.cast(x > self.theta, x.dtype)

    def get_config(self):
        return {**super().get_config(), "theta": self.theta}


def closed(mask, dtype):
    """What to add to scores so that places where `mask` does not hold get (almost) no weight."""
    low = -32752.0 if dtype == "float16" else -1e9
    return (1.0 - ops.cast(mask, dtype)) * low


class Softmax(_Activation):
    """Softmax over `axis` (one or several); places where `mask` does not hold get (almost) nothing."""

    def __init__(self, axis=-1, robust_masking=False, **kwargs):
        super().__init__(**kwargs)
        self.axis = list(axis) if isinstance(axis, (list, tuple)) else axis
        self.robust_masking = bool(robust_masking)

    def call(self, inputs, mask=None):
        x = operand(self, inputs)
        if mask is not None and self.robust_masking:
            low = -32752.0 if x.dtype == "float16" else -1e9
            x = ops.where(mask if mask.dtype == "bool" else mask > 0.5, x, low)
        elif mask is not None:
            x = x + closed(mask, x.dtype)
        axis = self.axis[0] if isinstance(self.axis, list) and len(self.axis) == 1 else self.axis
        return ops.softmax(x, axis) if isinstance(axis, list) else activations.softmax(x, axis)

    def get_config(self):
        config = {**super().get_config(), "axis": self.axis}
        if self.robust_masking:
            config["robust_masking"] = True
        return config
