"""Common part of the house price data sets: shuffle, then split."""

import numpy as np


def split(x, y, test_split, seed):
    """`(x_train, y_train), (x_test, y_test)` in Keras's order for `seed`."""
    if not 0 <= test_split < 1:
        raise ValueError(f"test_split must be at least 0 and less than 1, received {test_split!r}.")
    order = np.arange(len(x))
    np.random.RandomState(seed).shuffle(order)
    x, y = x[order], y[order]
    n = int(len(x) * (1 - test_split))
    return (x[:n], y[:n]), (x[n:], y[n:])
