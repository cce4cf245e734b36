"""Initializers of weights: `keras.initializers` of Keras 1, 2 and 3."""

from .base import Initializer, draw, reg
from .constant import Constant, Identity, Ones, Zeros
from .random import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    Orthogonal,
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
    VarianceScaling,
    compute_fans,
)

zero = zeros = Zeros
one = ones = Ones
constant = Constant
uniform = random_uniform = RandomUniform
normal = random_normal = RandomNormal
truncated_normal = TruncatedNormal
identity = IdentityInitializer = Identity
orthogonal = OrthogonalInitializer = Orthogonal
variance_scaling = VarianceScaling
glorot_normal, glorot_uniform = GlorotNormal, GlorotUniform
he_normal, he_uniform = HeNormal, HeUniform
lecun_normal, lecun_uniform = LecunNormal, LecunUniform
_compute_fans = compute_fans

for _alias in (
    "zeros", "ones", "constant", "identity", "orthogonal", "random_uniform", "random_normal", "truncated_normal",
    "variance_scaling", "glorot_normal", "glorot_uniform", "he_normal", "he_uniform", "lecun_normal", "lecun_uniform",
):  # fmt: skip
    reg.register(globals()[_alias], _alias)  # known in this spelling, so that a misspelt name is answered in it

__all__ = [
    "Constant", "GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "Identity", "IdentityInitializer",
    "Initializer", "LecunNormal", "LecunUniform", "Ones", "Orthogonal", "OrthogonalInitializer", "RandomNormal",
    "RandomUniform", "TruncatedNormal", "VarianceScaling", "Zeros", "compute_fans", "constant", "deserialize", "draw",
    "get", "glorot_normal", "glorot_uniform", "he_normal", "he_uniform", "identity", "lecun_normal", "lecun_uniform",
    "normal", "one", "ones", "orthogonal", "random_normal", "random_uniform", "serialize", "truncated_normal",
    "uniform", "variance_scaling", "zero", "zeros",
]  # fmt: skip


def get(identifier):
    """An initializer from its name, config, class or itself; None stays None. `ValueError` names near misses."""
    return reg.get(identifier)


def serialize(initializer, use_legacy_format=False):
    """Config of an initializer; `use_legacy_format` gives the two keys of Keras 1 and 2."""
    config = reg.serialize(initializer)
    if use_legacy_format and isinstance(config, dict):
        return {"class_name": config["class_name"], "config": config["config"]}
    return config


def deserialize(config, custom_objects=None, use_legacy_format=False):
    """An initializer from what `serialize` or any Keras wrote."""
    return reg.deserialize(config, custom_objects)
