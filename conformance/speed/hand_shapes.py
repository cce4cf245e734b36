"""Initial parameters of the hand-written contenders, as NumPy arrays."""

import numpy as np


def _dense(rng, n, m):
    limit = np.sqrt(6.0 / (n + m))
    return [rng.uniform(-limit, limit, (n, m)).astype("float32"), np.zeros(m, "float32")]


def parameters(name):
    """Pairs (weight, bias) of each layer."""
    rng = np.random.RandomState(1)
    if name == "tabular":
        return [_dense(rng, 30, 64), _dense(rng, 64, 32), _dense(rng, 32, 1)]
    if name == "lstm":
        return [_dense(rng, 1, 256), _dense(rng, 64, 256), _dense(rng, 64, 10)]
    kernels = [rng.normal(0, 0.1, s).astype("float32") for s in ((3, 3, 1, 32), (3, 3, 32, 64))]
    return [
        [kernels[0], np.zeros(32, "float32")],
        [kernels[1], np.zeros(64, "float32")],
        _dense(rng, 1600, 128),
        _dense(rng, 128, 10),
    ]
