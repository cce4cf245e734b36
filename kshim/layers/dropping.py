"""Layers that are random while training and pass their input on otherwise."""

from .. import ops
from ..compat import keras1
from ..engine.input_spec import InputSpec
from ..engine.layer import Layer
from ..engine.seeds import SeedGenerator
from ..utils.conv_utils import normalize_data_format
from .shared import operand


class _Random(Layer):
    """Base: a stream of random keys, and the same shape out as in."""

    def __init__(self, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True
        self.seed = seed
        self.seed_generator = SeedGenerator(seed)

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def _set_rate(self, rate):
        if not isinstance(rate, bool) and hasattr(rate, "__float__") and 0 <= float(rate) <= 1:
            self.rate = rate
            return
        raise ValueError(
            f"Invalid value {rate!r} received for `rate` of {type(self).__name__}, expected a number between 0 and 1: the fraction to drop."
        )


@keras1.layer
class Dropout(_Random):
    """Zeroes a fraction `rate` of the inputs and divides the others by 1 - rate (Srivastava et al. 2014).

    `noise_shape`: the shape of the mask, 1 where an axis shares it, None for the input's size.
    """

    def __init__(self, rate, noise_shape=None, seed=None, **kwargs):
        super().__init__(seed=seed, **kwargs)
        self._set_rate(rate)
        self.noise_shape = None if noise_shape is None else tuple(noise_shape)

    def _get_noise_shape(self, inputs):
        """The mask's shape (a user's subclass may override it)."""
        return self.noise_shape

    def call(self, inputs, training=None):
        if not training or self.rate == 0:
            return inputs
        x = operand(self, inputs)
        if self.rate == 1:
            return ops.zeros_like(x)
        shape, wanted = tuple(x.shape), self._get_noise_shape(x)
        if wanted is not None:
            if len(wanted) != len(shape):
                raise ValueError(
                    f"Layer {self.name!r}: noise_shape={tuple(wanted)} has another rank than the input of shape {shape}."
                )
            shape = tuple(d if w is None else int(w) for w, d in zip(wanted, shape))
        return ops.fused("dropout", x, float(self.rate), self.seed_generator.next_key(), shape)

    def get_config(self):
        return {**super().get_config(), "rate": self.rate, "noise_shape": self.noise_shape, "seed": self.seed}


class _SpatialDropout(Dropout):
    """Base: drops whole feature maps."""

    rank = 1

    def __init__(self, rate, data_format=None, seed=None, noise_shape=None, **kwargs):
        super().__init__(rate, seed=seed, **kwargs)
        self.data_format = normalize_data_format(data_format) if self.rank > 1 else "channels_last"
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def _get_noise_shape(self, inputs):
        shape = tuple(inputs.shape)
        ones = (1,) * self.rank
        return (*shape[:2], *ones) if self.data_format == "channels_first" else (shape[0], *ones, shape[-1])

    def get_config(self):
        config = super().get_config()
        if self.data_format == "channels_first":  # tf.keras leaves it out
            config["data_format"] = self.data_format
        return config


@keras1.layer
class SpatialDropout1D(_SpatialDropout):
    """`Dropout` of whole channels of (batch, time, channels) (Tompson et al. 2014)."""

    def __init__(self, rate, seed=None, **kwargs):
        super().__init__(rate, seed=seed, **kwargs)


@keras1.layer
class SpatialDropout2D(_SpatialDropout):
    """`Dropout` of whole channels of images."""

    rank = 2


@keras1.layer
class SpatialDropout3D(_SpatialDropout):
    """`Dropout` of whole channels of volumes."""

    rank = 3


@keras1.layer
class GaussianNoise(_Random):
    """Adds normal noise of standard deviation `stddev`."""

    def __init__(self, stddev, seed=None, **kwargs):
        super().__init__(seed=seed, **kwargs)
        if not hasattr(stddev, "__float__") or float(stddev) < 0:
            raise ValueError(f"GaussianNoise: stddev must be a number >= 0; received stddev={stddev!r}.")
        self.stddev = stddev

    def call(self, inputs, training=None):
        if not training or self.stddev == 0:
            return inputs
        x = operand(self, inputs)
        return x + ops.random_normal(x.shape, self.seed_generator.next_key(), x.dtype, stddev=float(self.stddev))

    def get_config(self):
        return {**super().get_config(), "stddev": self.stddev, "seed": self.seed}


@keras1.layer
class GaussianDropout(_Random):
    """Multiplies by normal noise of mean 1 and variance rate / (1 - rate) (Srivastava et al. 2014)."""

    def __init__(self, rate, seed=None, **kwargs):
        super().__init__(seed=seed, **kwargs)
        self._set_rate(rate)

    def call(self, inputs, training=None):
        if not training or not 0 < self.rate < 1:
            return inputs
        x = operand(self, inputs)
        stddev = (float(self.rate) / (1.0 - float(self.rate))) ** 0.5
        return x * ops.random_normal(x.shape, self.seed_generator.next_key(), x.dtype, mean=1.0, stddev=stddev)

    def get_config(self):
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}


#: What SELU gives for very negative inputs: -scale * alpha.
_SELU_FLOOR = -1.0507009873554805 * 1.6732632423543772


@keras1.layer
class AlphaDropout(_Random):
    """Dropout that keeps mean and variance of SELU activations (Klambauer et al. 2017)."""

    def __init__(self, rate, noise_shape=None, seed=None, **kwargs):
        super().__init__(seed=seed, **kwargs)
        self._set_rate(rate)
        self.noise_shape = None if noise_shape is None else tuple(noise_shape)

    def call(self, inputs, training=None):
        rate = float(self.rate)
        if not training or not 0 < rate < 1:
            return inputs
        x = operand(self, inputs)
        shape = (
            x.shape
            if self.noise_shape is None
            else tuple(d if w is None else w for w, d in zip(self.noise_shape, x.shape))
        )
        kept = ops.random_uniform(shape, self.seed_generator.next_key(), "float32") >= rate
        a = ((1.0 - rate) * (1.0 + rate * _SELU_FLOOR**2)) ** -0.5
        b = -a * _SELU_FLOOR * rate
        return ops.where(kept, x, _SELU_FLOOR) * a + b

    def get_config(self):
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}
