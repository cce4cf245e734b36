"""Probes of what weights begin with and what they are held to: initializers and constraints against their formulas."""

import math

import numpy as np

from .probes import Known, data, probe

#: Enough numbers for a variance within 2 %.
_SHAPE = (3, 3, 60, 96)
_FAN_IN, _FAN_OUT = 9 * 60, 9 * 96
#: Standard deviation of a standard normal cut at two.
_CUT = 0.87962566103423978


def _yes(value):
    return Known(np.array(bool(value)), np.array(True))


def _drawn(x, mean, variance, lowest, highest):
    """Checks of a large draw: its moments (to 3 %) and how far it goes (to 1 %, no further)."""
    spread = math.sqrt(variance)
    return {
        "mean": _yes(abs(x.mean() - mean) < 0.03 * spread),
        "variance": _yes(abs(x.var() / variance - 1.0) < 0.03),
        "lowest": _yes(lowest <= x.min() < lowest + 0.01 * (highest - lowest)),
        "highest": _yes(highest - 0.01 * (highest - lowest) < x.max() <= highest),
    }


@probe("", "exact", fixed=True, level="rng")
def initializers_by_fans(b, dtype):
    """Variances and bounds of Glorot and Bengio 2010, He et al. 2015 and LeCun et al. 1998 for a kernel of a convolution."""
    from kshim import initializers

    variances = {
        "GlorotUniform": 2.0 / (_FAN_IN + _FAN_OUT),
        "GlorotNormal": 2.0 / (_FAN_IN + _FAN_OUT),
        "HeUniform": 2.0 / _FAN_IN,
        "HeNormal": 2.0 / _FAN_IN,
        "LecunUniform": 1.0 / _FAN_IN,
        "LecunNormal": 1.0 / _FAN_IN,
    }
    out = {}
    for name, variance in variances.items():
        x = np.asarray(getattr(initializers, name)(seed=5)(_SHAPE, dtype="float64"))
        bound = math.sqrt(3.0 * variance) if name.endswith("Uniform") else 2.0 * math.sqrt(variance) / _CUT
        out |= {f"{name} {key}": yes for key, yes in _drawn(x, 0.0, variance, -bound, bound).items()}
    for mode, fan in (("fan_in", _FAN_IN), ("fan_out", _FAN_OUT), ("fan_avg", (_FAN_IN + _FAN_OUT) / 2.0)):
        scaled = initializers.VarianceScaling(0.7, mode, "untruncated_normal", seed=6)
        x = np.asarray(scaled(_SHAPE, dtype="float64"))
        out[f"variance by {mode}"] = _yes(abs(x.var() * fan / 0.7 - 1.0) < 0.03)
        out[f"tails by {mode}"] = _yes(4.0 < np.abs(x).max() / math.sqrt(0.7 / fan) < 6.0)
    return out


@probe("", "exact", fixed=True, level="rng")
def initializers_by_numbers(b, dtype):
    """Moments and bounds of the initializers that are given them; the same seed gives the same numbers."""
    from kshim import initializers

    made = {
        "RandomUniform": (initializers.RandomUniform(-1.0, 3.0, seed=1), 1.0, 16.0 / 12.0, -1.0, 3.0),
        "TruncatedNormal": (initializers.TruncatedNormal(0.5, 0.2, seed=2), 0.5, (0.2 * _CUT) ** 2, 0.1, 0.9),
    }
    out = {}
    for name, (initializer, *wanted) in made.items():
        x, again = (np.asarray(initializer(_SHAPE, dtype="float64")) for _ in range(2))
        out |= {f"{name} {key}": yes for key, yes in _drawn(x, *wanted).items()}
        out[f"{name} again"] = Known(again, x)
    x = np.asarray(initializers.RandomNormal(0.5, 2.0, seed=3)(_SHAPE, dtype="float64"))
    out["RandomNormal mean"] = _yes(abs(x.mean() - 0.5) < 0.06)
    out["RandomNormal variance"] = _yes(abs(x.var() / 4.0 - 1.0) < 0.03)
    out["RandomNormal kurtosis"] = _yes(abs(np.mean(((x - 0.5) / 2.0) ** 4) - 3.0) < 0.1)
    out["others differ"] = _yes(
        not np.array_equal(*(np.asarray(initializers.RandomNormal(seed=s)((9,), dtype="float64")) for s in (3, 4)))
    )
    return out


@probe("", "summed", fixed=True, level="rng")
def initializers_of_matrices(b, dtype):
    """Orthogonal rows or columns of length `gain` (Saxe et al. 2013); the identity; constants."""
    from kshim import initializers

    tall, wide = (np.asarray(initializers.Orthogonal(1.5, seed=7)(s, dtype="float64")) for s in ((2, 4, 5), (3, 6)))
    tall = tall.reshape(8, 5)
    return {
        "orthogonal columns": Known(tall.T @ tall, 2.25 * np.eye(5)),
        "orthogonal rows": Known(wide @ wide.T, 2.25 * np.eye(3)),
        "identity": Known(np.asarray(initializers.Identity(2.0)((3, 4), dtype="float64")), 2.0 * np.eye(3, 4)),
        "zeros": Known(np.asarray(initializers.Zeros()((2,), dtype="float64")), np.zeros(2)),
        "ones": Known(np.asarray(initializers.Ones()((2,), dtype="float64")), np.ones(2)),
        "constant": Known(np.asarray(initializers.Constant(2.5)((2,), dtype="float64")), np.full(2, 2.5)),
    }


@probe("", "exact", fixed=True, level="layers")
def weights_at_the_start(b, dtype):
    """What layers start with where it is not drawn: biases, scales, statistics."""
    from kshim import layers

    def begun(layer, *shape):
        layer.build((2, *shape))
        return {w.name.rsplit("/", 1)[-1].split(":")[0]: np.asarray(w.numpy(), np.float64) for w in layer.weights}

    lstm, plain = begun(layers.LSTM(2), 5, 3), begun(layers.LSTM(2, unit_forget_bias=False), 5, 3)
    gru, norm = begun(layers.GRU(2), 5, 3), begun(layers.BatchNormalization(), 3)
    return {
        "bias of LSTM": Known(lstm["bias"], np.array([0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0])),
        "bias of LSTM without unit_forget_bias": Known(plain["bias"], np.zeros(8)),
        "bias of GRU": Known(gru["bias"], np.zeros((2, 6))),
        "bias of Dense": Known(begun(layers.Dense(3), 2)["bias"], np.zeros(3)),
        "bias of Conv2D": Known(begun(layers.Conv2D(3, 2), 4, 4, 1)["bias"], np.zeros(3)),
        "gamma": Known(norm["gamma"], np.ones(3)),
        "beta": Known(norm["beta"], np.zeros(3)),
        "moving_mean": Known(norm["moving_mean"], np.zeros(3)),
        "moving_variance": Known(norm["moving_variance"], np.ones(3)),
    }


@probe("", "summed", level="layers")
def constraints(b, dtype):
    """Norms are those along `axis`; epsilon, in the denominators, is 1e-7."""
    from kshim import constraints, ops

    w = data(5, 4).astype(dtype)
    wide = np.asarray(w, np.float64)

    def norms(axis):
        return np.sqrt((wide**2).sum(axis, keepdims=True))

    def unit(axis, size):
        return wide * size / (norms(axis) + 1e-7)

    expected = {
        "max_norm": (constraints.MaxNorm(1.5), unit(0, np.clip(norms(0), 0.0, 1.5))),
        "max_norm of rows": (constraints.MaxNorm(1.5, axis=1), unit(1, np.clip(norms(1), 0.0, 1.5))),
        "max_norm of both": (constraints.MaxNorm(1.5, axis=[0, 1]), unit((0, 1), np.clip(norms((0, 1)), 0.0, 1.5))),
        "unit_norm": (constraints.UnitNorm(), unit(0, 1.0)),
        "unit_norm of rows": (constraints.UnitNorm(axis=1), unit(1, 1.0)),
        "non_neg": (constraints.NonNeg(), np.maximum(wide, 0.0)),
        "min_max_norm": (
            constraints.MinMaxNorm(1.8, 2.2, rate=0.25, axis=1),
            unit(1, 0.25 * np.clip(norms(1), 1.8, 2.2) + 0.75 * norms(1)),
        ),
    }
    x = ops.convert_to_tensor(w)
    return {name: Known(made(x).numpy(), answer.astype(dtype)) for name, (made, answer) in expected.items()}
