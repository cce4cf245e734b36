"""`tf.random`: kshim's keyed draws in TensorFlow's spelling."""

from ... import ops
from ... import random as _random
from ...engine.seeds import set_global_seed as set_seed
from ...spec import rng
from ...spec.dtypes import is_int, standardize

__all__ = [
    "categorical", "gamma", "normal", "set_seed", "shuffle", "stateless_normal", "stateless_truncated_normal",
    "stateless_uniform", "truncated_normal", "uniform",
]  # fmt: skip


def normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None, name=None):
    return _random.normal(shape, mean, stddev, dtype, seed)


def truncated_normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None, name=None):
    return _random.truncated_normal(shape, mean, stddev, dtype, seed)


def uniform(shape, minval=0, maxval=None, dtype=None, seed=None, name=None):
    """Uniforms in [minval, maxval); `maxval` defaults to 1 and must be given for an integer dtype."""
    if maxval is None:
        if dtype is not None and is_int(standardize(dtype)):
            raise ValueError(f"random.uniform: maxval must be given for dtype={standardize(dtype)!r}.")
        maxval = 1
    return _random.uniform(shape, minval, maxval, dtype, seed)


def shuffle(value, seed=None, name=None):
    return _random.shuffle(value, 0, seed)


def categorical(logits, num_samples, dtype=None, seed=None, name=None):
    return _random.categorical(logits, num_samples, dtype or "int64", seed)


def gamma(shape, alpha, beta=None, dtype=None, seed=None, name=None):
    x = _random.gamma(shape, ops.convert_to_numpy(alpha), dtype, seed)
    return x if beta is None else ops.divide(x, beta)


def _stateless(draw):
    def fn(shape, seed, *args, **kwargs):
        words = [int(s) for s in ops.convert_to_numpy(seed).ravel()]
        kwargs.pop("alg", None)
        k = rng.fold("stateless", *words)
        return draw(shape, *args, seed=k[0] << 32 | k[1], **kwargs)

    fn.__doc__ = f"`tf.random.{draw.__name__}` that depends on the pair `seed` alone."
    return fn


stateless_normal, stateless_uniform = _stateless(normal), _stateless(uniform)
stateless_truncated_normal = _stateless(truncated_normal)
