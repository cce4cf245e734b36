"""Initial weights that are drawn when they are first read.

A model that comes from a file gets its weights' values from there: drawing others first would take most of the time. The
keys of the random numbers are taken all the same, so that whatever is drawn, then or later, is what it would have been.
"""

from .context import context


class Undrawn:
    """Stands for `draw()`, an array of `shape`."""

    __slots__ = ("shape", "draw")

    def __init__(self, shape, draw):
        self.shape, self.draw = shape, draw


class drawn_if_read:
    """While it is open, new weights are drawn only if they are read; those that have no values when it closes are drawn then.

    Compiled code may read them afterwards, which must find values.
    """

    def __enter__(self):
        self._saved = context.undrawn
        self._made = context.undrawn = []

    def __exit__(self, kind, *_):
        context.undrawn = self._saved
        for variable in self._made if kind is None else ():
            variable._drawn()
            variable._undrawn = None


def draw_at_once():
    """New weights are drawn as they are made: there is code of others, which may look at what its weights hold."""
    context.undrawn = None
