"""Where random keys come from: a global seed, numbered streams, and a counter for each draw.

Inside a training step the key is the step's own (an input of the compiled step) mixed with the stream's constant and
the number of the draw within the step, so the masks of a run depend on the seed, the step and the layer alone.
"""

import numpy as np

from ..spec import registry
from ..spec.rng import fold
from .context import context


class _Global:
    seed = None
    #: whether the user set the seed (it was not drawn)
    chosen = False
    #: numbers handed out since the seed was set: one each for host draws and for streams
    host = 0
    stream = 0


_global = _Global()


def global_seed():
    """The global seed; drawn from NumPy's legacy generator at first need, so `np.random.seed(n)` fixes it."""
    if _global.seed is None:
        _global.seed = int(np.random.randint(0, 2**31 - 1))
    return _global.seed


def set_random_seed(seed):
    """Seed Python's `random`, NumPy and kshim: from here on a run repeats on every backend.

    `seed` is an integer in [0, 2**32).
    """
    import random

    if not isinstance(seed, (int, np.integer)) or not 0 <= int(seed) < 2**32:
        raise ValueError(f"set_random_seed expects an integer in [0, 2**32); received {seed!r}.")
    random.seed(int(seed))
    np.random.seed(int(seed))
    set_global_seed(int(seed))


def set_global_seed(seed):
    """Seed kshim alone (TensorFlow's `tf.random.set_seed`)."""
    _global.seed = None if seed is None else int(seed)
    _global.chosen = seed is not None
    _global.host = _global.stream = 0


class fresh_seed:
    """While it is open, kshim (nothing else) is seeded with `seed`; afterwards its draws go on as if there had been none."""

    def __init__(self, seed):
        self.seed = seed

    def __enter__(self):
        self._saved = _global.seed, _global.chosen, _global.host, _global.stream
        set_global_seed(self.seed)

    def __exit__(self, *_):
        _global.seed, _global.chosen, _global.host, _global.stream = self._saved


def seed_of(owner):
    """The seed of a model's training: the one the user set, else the one its file brought, else the global one."""
    saved = getattr(owner, "_saved_seed", None)
    return global_seed() if _global.chosen or saved is None else saved


def reset_streams():
    """Start numbering again, keeping the seed (part of `clear_session`)."""
    _global.host = _global.stream = 0


def host_key(seed=None):
    """Key of a host draw: fixed for an int `seed`, otherwise the next of the global sequence."""
    if seed is not None:
        return fold("host", int(seed))
    _global.host += 1
    return fold(global_seed(), "host", _global.host)


class SeedGenerator:
    """A stream of keys for one layer. `seed=None` derives it from the global seed and the order of creation."""

    def __init__(self, seed=None, name=None, **kwargs):
        _global.stream += 1
        self._initial_seed = seed
        self._words = None
        self._stream = _global.stream
        self.seed = seed
        self.name = name
        self._counter = 0
        self._saved_seed = None

    @property
    def words(self):
        if self._words is None:
            seeded = ("seeded", int(self.seed)) if self.seed is not None else (seed_of(self),)
            self._words = fold("stream", self._stream, *seeded)
        return self._words

    @property
    def stream(self):
        """The number of the stream."""
        return self._stream

    @property
    def draws(self):
        """How many keys it has given outside training steps."""
        return self._counter

    def restore(self, stream, draws, seed):
        """Become the stream that a file describes (`seed`: the global seed it was under); later streams get higher numbers."""
        self._stream, self._counter, self._saved_seed, self._words = stream, draws, seed, None
        _global.stream = max(_global.stream, stream)

    def next_key(self):
        """The key of the next draw: of the running step if there is one, else counted on the host."""
        if context.step_key is None:
            if not context.symbolic:
                self._counter += 1
            return fold(*self.words, "eager", self._counter)
        words, n = self.words, context.draws.get(self._stream, 0)
        context.draws[self._stream] = n + 1
        if n:
            words = fold(*words, n)
        return (registry.state.backend or registry.resolve()).mix_key(context.step_key, words)

    def next(self):
        return self.next_key()

    def get_config(self):
        return {"seed": self._initial_seed}

    @classmethod
    def from_config(cls, config):
        return cls(**config)
