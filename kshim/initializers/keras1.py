"""The functions of Keras 1's `keras.initializations`: each takes a shape and returns the values at once."""

from .constant import Identity, Ones, Zeros
from .random import Orthogonal, RandomNormal, RandomUniform, VarianceScaling, compute_fans


def get_fans(shape, dim_ordering="th"):
    """(fan_in, fan_out), for kernels ordered as Theano ('th') or TensorFlow ('tf')."""
    return compute_fans(shape, "channels_first" if dim_ordering == "th" else "channels_last")


def uniform(shape, scale=0.05, name=None):
    return RandomUniform(-scale, scale)(shape)


def normal(shape, scale=0.05, name=None):
    return RandomNormal(stddev=scale)(shape)


def _scaled(factor, mode, distribution, doc):
    def initialize(shape, name=None, dim_ordering="th"):
        shape = tuple(shape)
        if dim_ordering == "th" and len(shape) > 2:  # draw in the order of the fans, then put the axes back
            values = VarianceScaling(factor, mode, distribution)((*shape[2:], shape[1], shape[0]))
            axes = (len(shape) - 1, len(shape) - 2, *range(len(shape) - 2))
            return values.transpose(axes)
        return VarianceScaling(factor, mode, distribution)(shape)

    initialize.__doc__ = doc
    return initialize


lecun_uniform = _scaled(1.0, "fan_in", "uniform", "Uniform within sqrt(3 / fan_in).")
glorot_normal = _scaled(1.0, "fan_avg", "untruncated_normal", "Normal of variance 2 / (fan_in + fan_out).")
glorot_uniform = _scaled(1.0, "fan_avg", "uniform", "Uniform within sqrt(6 / (fan_in + fan_out)).")
he_normal = _scaled(2.0, "fan_in", "untruncated_normal", "Normal of variance 2 / fan_in.")
he_uniform = _scaled(2.0, "fan_in", "uniform", "Uniform within sqrt(6 / fan_in).")


def orthogonal(shape, scale=1.1, name=None):
    return Orthogonal(gain=scale)(shape)


def identity(shape, scale=1, name=None):
    """`scale` times the identity; square 2-D shapes only (`ValueError` otherwise)."""
    if len(shape) != 2 or shape[0] != shape[1]:
        raise ValueError(f"identity makes square matrices only; received shape={tuple(shape)}.")
    return Identity(gain=scale)(shape)


def zero(shape, name=None):
    return Zeros()(shape)


def one(shape, name=None):
    return Ones()(shape)


def get(identifier, **kwargs):
    """A function of this module by its name; callables are returned as they are."""
    from . import get as get_initializer

    found = globals().get(identifier) if isinstance(identifier, str) else None
    return found if callable(found) else get_initializer(identifier)
