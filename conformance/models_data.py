"""Sizes and seeds that all models of the suite share."""

import numpy as np

EPOCHS, BATCH, SAMPLES = 20, 16, 152  # ten steps an epoch, the last one smaller


def generator(name):
    """NumPy's generator, seeded by a name."""
    return np.random.default_rng([ord(c) for c in name])
