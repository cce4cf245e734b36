"""What dropout is measured on, for kshim and the frameworks alike."""

import time

import numpy as np

#: Rows of a tensor, how many of them are dropped in one step, share that is dropped, steps of one measurement.
ROWS, COUNT, RATE, STEPS = 128, 8, 0.5, 10


def arrays(width):
    """What is dropped, and the cotangents of the results: COUNT arrays of float32 (ROWS, width) each."""
    rng = np.random.RandomState(0)
    return [[rng.standard_normal((ROWS, width)).astype("float32") for _ in range(COUNT)] for _ in range(2)]


def seconds(step):
    """Of one dropout, for `step(n)` that waits until it is done."""
    for n in range(2):
        step(n)
    start = time.perf_counter()
    for n in range(2, STEPS + 2):
        step(n)
    return (time.perf_counter() - start) / (STEPS * COUNT)
