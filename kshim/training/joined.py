"""Several training steps in one call of the backend: of a small model the call itself takes longer than what it computes.

Whether steps are joined depends on sizes and numbers of steps alone, so that the same script gives the same bits again.
"""

import math

import numpy as np

from .. import tree
from ..spec.memory import Private

#: Steps in one call, at most: the progress bar is told of them at once.
MOST = 64
#: Bytes that the batches of one call may take.
ROOM = 2**22
#: A step with up to so many products (of a parameter and a value) is quick enough for the call to count.
QUICK = 2**24
#: So many steps must be known of, since it takes a compilation.
WORTH = 300


class Joined:
    """How many steps of a session may go into one call."""

    def __init__(self):
        self.impossible = False  # found out by trying
        self.seen = 0  # steps so far

    def most(self, session, source, ahead):
        """For the batches of a source that joins them, with `ahead` steps known to come; 1: none are joined."""
        if self.impossible or not session.joins() or self.seen + ahead < WORTH:
            return 1
        x, size = tree.flatten(source.arrays[0]), source.batch_size
        parameters = sum(math.prod(v.shape) for v in (*session.trainable, *session.others))
        if parameters * size * max(map(_places, x)) > QUICK:
            return 1
        row = sum(math.prod(a.shape[1:]) * a.dtype.itemsize for a in tree.flatten(list(source.arrays)) if a is not None)
        limit = max(1, min(MOST, ROOM // max(1, row * size)))
        steps = max(1, source.num_samples // size)
        return math.ceil(steps / math.ceil(steps / limit))  # calls of one size, as far as that goes


def _places(x):
    """How often a parameter meets a value of a sample, as far as an input tells: once for each time step or pixel."""
    return math.prod(x.shape[1:-1] if x.dtype.kind == "f" else x.shape[1:])


def stacked(batch, count, most):
    """The rows of `count` batches as arrays (most, batch size, ...) that nobody else holds; only the first `count` are filled."""

    def stack(a):
        if a is None:
            return None
        shape = (a.shape[0] // count, *a.shape[1:])
        if count == most and (a.flags.owndata or isinstance(a, Private)):
            return np.asarray(a).reshape(most, *shape)
        out = np.zeros((most, *shape), a.dtype)
        out[:count] = a.reshape(count, *shape)
        return out

    return tree.map_structure(stack, batch)
