"""Random tensors and variables; see `kshim.random` for what `seed` does."""

from .. import config, ops, random
from ..engine.variable import Variable

__all__ = [
    "random_bernoulli", "random_binomial", "random_normal", "random_normal_variable", "random_uniform",
    "random_uniform_variable", "truncated_normal",
]  # fmt: skip


def random_normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None, std=None):
    """Normals (`std` is Keras 1's name of `stddev`)."""
    return random.normal(shape, mean, stddev if std is None else std, dtype, seed)


def random_uniform(shape, minval=0.0, maxval=1.0, dtype=None, seed=None, low=None, high=None):
    """Uniforms in [minval, maxval) (Keras 1: `low`, `high`)."""
    return random.uniform(shape, minval if low is None else low, maxval if high is None else high, dtype, seed)


def random_binomial(shape, p=0.0, dtype=None, seed=None):
    """1 with probability p, else 0."""
    return ops.cast(ops.less(random.uniform(shape, seed=seed, dtype="float32"), p), dtype or config.floatx())


random_bernoulli = random_binomial


def truncated_normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    """Normals within two standard deviations."""
    return random.truncated_normal(shape, mean, stddev, dtype, seed)


def random_uniform_variable(shape, low, high, dtype=None, name=None, seed=None):
    """A variable of uniforms in [low, high)."""
    return Variable(random.uniform(shape, low, high, dtype, seed), dtype or config.floatx(), name=name)


def random_normal_variable(shape, mean, scale, dtype=None, name=None, seed=None):
    """A variable of normals."""
    return Variable(random.normal(shape, mean, scale, dtype, seed), dtype or config.floatx(), name=name)
