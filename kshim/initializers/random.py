"""Random initializers. Draws are host draws: see `kshim.spec.rng`."""

import math
from functools import partial

import numpy as np

from ..spec import rng
from .base import Initializer, check_kwargs, check_shape, draw_key, finish, reg, result_dtype, seed_config


class Random(Initializer):
    """Base of those that draw: a subclass defines `_drawn(shape, dtype, key)`."""

    floats_only = True

    def __call__(self, shape, dtype=None, **kwargs):
        return self.later(shape, dtype, **kwargs)()

    def later(self, shape, dtype=None, **kwargs):
        """What a call gives, as a function that draws it: what is asked for is checked, and the key is taken, now."""
        check_kwargs(self, kwargs)
        dtype = result_dtype(self, dtype, self.floats_only)
        return partial(self._drawn, check_shape(self, shape), dtype, draw_key(self.seed))


@reg("normal")
class RandomNormal(Random):
    """Normal with `mean` and `stddev`."""

    def __init__(self, mean=0.0, stddev=0.05, seed=None):
        self.mean, self.stddev, self.seed = mean, stddev, seed

    def _drawn(self, shape, dtype, key):
        return finish(rng.normal(shape, key, self.mean, self.stddev), dtype)

    def get_config(self):
        return {"mean": self.mean, "stddev": self.stddev, "seed": seed_config(self.seed)}


@reg()
class TruncatedNormal(RandomNormal):
    """Normal with values beyond two standard deviations drawn again."""

    def _drawn(self, shape, dtype, key):
        return finish(rng.truncated_normal(shape, key, self.mean, self.stddev), dtype)


@reg("uniform")
class RandomUniform(Random):
    """Uniform in [minval, maxval); whole numbers for an integer dtype."""

    floats_only = False

    def __init__(self, minval=-0.05, maxval=0.05, seed=None):
        self.minval, self.maxval, self.seed = minval, maxval, seed

    def _drawn(self, shape, dtype, key):
        values = rng.uniform(shape, key, self.minval, self.maxval)
        return finish(np.floor(values) if "int" in dtype else values, dtype)

    def get_config(self):
        return {"minval": self.minval, "maxval": self.maxval, "seed": seed_config(self.seed)}


def compute_fans(shape, data_format="channels_last"):
    """(fan_in, fan_out) of a kernel: `(*window, in, out)`, or `(out, in, *window)` for 'channels_first' (Keras 1)."""
    shape = tuple(int(d) for d in shape)
    if len(shape) < 2:
        n = shape[0] if shape else 1
        return n, n
    if data_format == "channels_first" and len(shape) > 2:
        window = math.prod(shape[2:])
        return shape[1] * window, shape[0] * window
    window = math.prod(shape[:-2])
    return shape[-2] * window, shape[-1] * window


_MODES = ("fan_in", "fan_out", "fan_avg")
_DISTRIBUTIONS = ("truncated_normal", "untruncated_normal", "uniform")
#: Standard deviation of a standard normal cut at two: what is lost is made up for.
_TRUNCATION = 0.87962566103423978


@reg()
class VarianceScaling(Random):
    """Zero mean and variance `scale / n`, n being the inputs, the outputs or their mean (`mode`).

    `distribution` is 'truncated_normal' ('normal' means the same), 'untruncated_normal' or 'uniform'. `ValueError` for
    anything else and for scale <= 0.
    """

    def __init__(self, scale=1.0, mode="fan_in", distribution="truncated_normal", seed=None):
        if scale <= 0.0:
            raise ValueError(f"`scale` of VarianceScaling must be positive; received scale={scale}.")
        if mode not in _MODES:
            raise ValueError(f"Unknown mode of VarianceScaling: {mode!r}. Expected one of {', '.join(_MODES)}.")
        distribution = distribution.lower()
        distribution = "truncated_normal" if distribution == "normal" else distribution
        if distribution not in _DISTRIBUTIONS:
            raise ValueError(
                f"Unknown distribution of VarianceScaling: {distribution!r}. "
                f"Expected one of {', '.join(_DISTRIBUTIONS)}."
            )
        self.scale, self.mode, self.distribution, self.seed = scale, mode, distribution, seed

    def _drawn(self, shape, dtype, key):
        fan_in, fan_out = compute_fans(shape)
        n = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2.0}[self.mode]
        variance = self.scale / max(1.0, n)
        if self.distribution == "uniform":
            limit = math.sqrt(3.0 * variance)
            return finish(rng.uniform(shape, key, -limit, limit), dtype)
        if self.distribution == "untruncated_normal":
            return finish(rng.normal(shape, key, 0.0, math.sqrt(variance)), dtype)
        return finish(rng.truncated_normal(shape, key, 0.0, math.sqrt(variance) / _TRUNCATION), dtype)

    def get_config(self):
        return {
            "scale": self.scale,
            "mode": self.mode,
            "distribution": self.distribution,
            "seed": seed_config(self.seed),
        }


class _Scaled(VarianceScaling):
    """A named choice of VarianceScaling; its config is the seed alone."""

    choice = ()

    def __init__(self, seed=None):
        super().__init__(*self.choice, seed=seed)

    def get_config(self):
        return {"seed": seed_config(self.seed)}


@reg()
class GlorotUniform(_Scaled):
    """Uniform within sqrt(6 / (fan_in + fan_out)) (Glorot and Bengio 2010, "Xavier")."""

    choice = (1.0, "fan_avg", "uniform")


@reg()
class GlorotNormal(_Scaled):
    """Truncated normal of variance 2 / (fan_in + fan_out) (Glorot and Bengio 2010)."""

    choice = (1.0, "fan_avg", "truncated_normal")


@reg()
class HeUniform(_Scaled):
    """Uniform within sqrt(6 / fan_in) (He et al. 2015)."""

    choice = (2.0, "fan_in", "uniform")


@reg()
class HeNormal(_Scaled):
    """Truncated normal of variance 2 / fan_in (He et al. 2015)."""

    choice = (2.0, "fan_in", "truncated_normal")


@reg()
class LecunUniform(_Scaled):
    """Uniform within sqrt(3 / fan_in) (LeCun et al. 1998)."""

    choice = (1.0, "fan_in", "uniform")


@reg()
class LecunNormal(_Scaled):
    """Truncated normal of variance 1 / fan_in (LeCun et al. 1998)."""

    choice = (1.0, "fan_in", "truncated_normal")


@reg("OrthogonalInitializer")
class Orthogonal(Random):
    """`gain` times a random orthogonal matrix, from the QR decomposition of normals (Saxe et al. 2013).

    All axes but the last are flattened into rows; `ValueError` for fewer than two dimensions.
    """

    def __init__(self, gain=1.0, seed=None):
        self.gain, self.seed = gain, seed

    def later(self, shape, dtype=None, **kwargs):
        if len(check_shape(self, shape)) < 2:
            raise ValueError(f"Orthogonal needs at least two dimensions; received shape={check_shape(self, shape)}.")
        return super().later(shape, dtype, **kwargs)

    def _drawn(self, shape, dtype, key):
        rows, columns = math.prod(shape[:-1]), shape[-1]
        q, r = np.linalg.qr(rng.normal((max(rows, columns), min(rows, columns)), key))
        q = q * np.sign(np.diag(r))  # makes the distribution uniform over orthogonal matrices
        return finish(self.gain * (q.T if rows < columns else q).reshape(shape), dtype)

    def get_config(self):
        return {"gain": self.gain, "seed": seed_config(self.seed)}
