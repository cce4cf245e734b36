"""`keras.random`: draws from keyed streams, the same on every backend.

`seed`: an int always gives the same draw, a `SeedGenerator` the next of its stream, None the next of the global one
(`kshim.utils.set_random_seed`). Inside a training step every draw also depends on the step.
"""

import math

import numpy as np

from . import config, ops
from .engine import seeds
from .engine.context import context
from .engine.seeds import SeedGenerator
from .errors import UnsupportedError
from .ops.core import size_list
from .spec import dtypes, registry, rng

__all__ = [
    "SeedGenerator", "beta", "binomial", "categorical", "dropout", "gamma", "key", "normal", "randint", "shuffle",
    "truncated_normal", "uniform",
]  # fmt: skip


def key(seed=None):
    """The (k0, k1) pair of the next draw for a `seed` as described above."""
    if isinstance(seed, SeedGenerator):
        return seed.next_key()
    if context.symbolic:
        return 0, 0  # only shapes are computed: nothing is drawn
    if context.step_key is not None:
        stream = ("ops", seed)
        n = context.draws.get(stream, 0)
        context.draws[stream] = n + 1
        words = rng.fold("ops", seeds.global_seed() if seed is None else int(seed), n)
        return (registry.state.backend or registry.resolve()).mix_key(context.step_key, words)
    return seeds.host_key(seed)


def _float(dtype):
    dtype = dtypes.standardize(dtype) if dtype is not None else config.floatx()
    if not dtypes.is_float(dtype):
        raise ValueError(
            f"A random draw of dtype={dtype!r} was asked for; expected a floating dtype. Use randint for integers."
        )
    return dtype


def _scaled(x, scale, offset):
    return x if (scale, offset) == (1.0, 0.0) else x * scale + offset


def uniform(shape, minval=0.0, maxval=1.0, dtype=None, seed=None):
    """Uniforms in [minval, maxval); an integer dtype gives integers below `maxval`."""
    if dtype is not None and dtypes.is_int(dtypes.standardize(dtype)):
        return randint(shape, int(minval), int(maxval), dtype, seed)
    return _scaled(ops.random_uniform(shape, key(seed), _float(dtype)), maxval - minval, minval)


def normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    """Normals."""
    return _scaled(ops.random_normal(shape, key(seed), _float(dtype)), stddev, mean)


def truncated_normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    """Normals within two standard deviations, by the inverse of the distribution function."""
    dtype = _float(dtype)
    wide = "float64" if dtype == "float64" else "float32"
    edge = math.erf(math.sqrt(2.0))
    u = ops.random_uniform(shape, key(seed), wide)
    z = ops.clip(ops.erfinv((u * 2.0 - 1.0) * edge) * math.sqrt(2.0), -2.0, 2.0)
    return ops.cast(_scaled(z, stddev, mean), dtype)


def randint(shape, minval, maxval, dtype="int32", seed=None):
    """Integers in [minval, maxval), from 24 random bits each; `ValueError` if the range is empty or wider."""
    dtype = dtypes.standardize(dtype)
    minval, maxval = int(minval), int(maxval)
    if not 0 < maxval - minval <= 2**24:
        raise ValueError(
            f"randint: expected minval < maxval <= minval + 2**24; received minval={minval}, maxval={maxval}."
        )
    u = ops.random_uniform(shape, key(seed), "float32")
    return ops.cast(ops.cast(ops.floor(u * float(maxval - minval)), "int32") + minval, dtype)


def categorical(logits, num_samples, dtype="int32", seed=None):
    """(batch, num_samples) class numbers drawn with probabilities softmax(logits), logits (batch, classes)."""
    logits = ops.convert_to_tensor(logits)
    if len(logits.shape) != 2:
        raise ValueError(
            f"categorical: expected logits of shape (batch, classes); received shape {tuple(logits.shape)}."
        )
    u = ops.random_uniform((logits.shape[0], num_samples, logits.shape[1]), key(seed), "float32")
    gumbel = -ops.log(-ops.log(u + 2.0**-25))
    return ops.cast(ops.argmax(ops.expand_dims(ops.cast(logits, "float32"), 1) + gumbel, -1), dtype)


def dropout(inputs, rate, noise_shape=None, seed=None):
    """`inputs` with elements zeroed with probability `rate` and the others divided by 1 - rate."""
    if not 0 <= rate < 1:
        raise ValueError(f"dropout: rate={rate} is outside [0, 1).")
    x = ops.convert_to_tensor(inputs)
    if not rate:
        return x
    shape = tuple(x.shape)
    if noise_shape is not None:
        shape = tuple(d if n in (None, -1) else n for n, d in zip(size_list(noise_shape), shape))
    return ops.fused("dropout", x, float(rate), key(seed), shape)


def shuffle(x, axis=0, seed=None):
    """`x` with the slices of `axis` in random order."""
    x = ops.convert_to_tensor(x)
    n = x.shape[axis]
    if context.step_key is None and not context.symbolic:
        return ops.take(x, rng.permutation(n, key(seed)), axis)
    return ops.take(x, ops.argsort(ops.random_uniform((n,), key(seed), "float32")), axis)


def _on_host(name, draw, shape, dtype, seed):
    if context.step_key is not None:
        raise UnsupportedError(
            f"random.{name} draws on the host and cannot be part of a training step; draw before and feed the values."
        )
    if context.symbolic:
        return ops.zeros(shape, dtype)
    generator = np.random.RandomState(list(key(seed)))
    return ops.convert_to_tensor(np.asarray(draw(generator, size_list(shape))).astype(dtype))


def gamma(shape, alpha, dtype=None, seed=None):
    """Gamma draws of shape `alpha` and scale 1; outside training steps only."""
    return _on_host("gamma", lambda g, s: g.gamma(np.asarray(alpha), size=s), shape, _float(dtype), seed)


def beta(shape, alpha, beta, dtype=None, seed=None):
    """Beta draws; outside training steps only."""
    return _on_host(
        "beta", lambda g, s: g.beta(np.asarray(alpha), np.asarray(beta), size=s), shape, _float(dtype), seed
    )


def binomial(shape, counts, probabilities, dtype=None, seed=None):
    """Numbers of successes in `counts` trials; outside training steps only."""
    counts, probabilities = np.asarray(counts).astype("int64"), np.asarray(probabilities)
    return _on_host("binomial", lambda g, s: g.binomial(counts, probabilities, size=s), shape, _float(dtype), seed)
