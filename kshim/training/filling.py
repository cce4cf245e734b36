"""Ragged batches filled up to a size that is compiled already, for backends that compile for every shape."""

import numpy as np

from .. import tree
from .batches import samples


class Filling:
    """Predicts a ragged batch as the first rows of a full one, if the model's rows do not depend on each other.

    Whether they do is found out once, by computing a ragged batch both ways: a mean over the batch, or normal numbers
    drawn for all of it at once, come out different.
    """

    def __init__(self):
        #: None: not known yet
        self.rows_are_independent = None

    def predict(self, run, x, size):
        """`run(x)`, host arrays for the n <= `size` rows of the host arrays `x`."""
        n = samples(x)
        if n >= size or self.rows_are_independent is False:
            return run(x)
        filled = tree.map_structure(lambda a: np.concatenate([a, np.repeat(a[-1:], size - n, axis=0)]), x)
        if self.rows_are_independent:
            return tree.map_structure(lambda a: a[:n], run(filled))
        exact = run(x)
        outputs = tree.flatten(exact)
        if any(len(np.atleast_1d(a)) > 1 and (a != a[:1]).any() for a in outputs):  # of equal rows nothing can be told
            pairs = zip(outputs, tree.flatten(run(filled)))
            self.rows_are_independent = all(np.ndim(b) and _alike(a, b[:n]) for a, b in pairs)
        return exact


def _alike(a, b):
    """Whether arrays are equal but for rounding."""
    if a.shape != b.shape:
        return False
    if a.dtype.kind not in "fV":  # bfloat16 is a kind of its own
        return bool((a == b).all())
    allowed = min(1000 * np.finfo(a.dtype).eps if a.dtype.kind == "f" else 1.0, 1e-2)
    a, b = a.astype("float64"), b.astype("float64")
    scale = np.max(np.abs(a), initial=0.0, where=np.isfinite(a))
    return bool(np.allclose(a, b, rtol=0.0, atol=allowed * scale, equal_nan=True))
