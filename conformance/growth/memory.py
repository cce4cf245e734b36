"""Memory after much of the same."""

import gc

import numpy as np

import kshim
from kshim import layers

from ..speed.process import memory

_BATCH = 32


def anonymous():
    """Bytes of memory that no file backs: what this process has allocated. `OSError` where the system does not tell."""
    found = memory("RssAnon")
    if found is None:
        raise OSError("this system does not tell how much memory of a process is anonymous (/proc/self/status)")
    return found


def classifier(features=64):
    """A small model with something of each kind of state, compiled."""
    stack = [layers.Dense(64, activation="relu"), layers.BatchNormalization(), layers.Dropout(0.2)]
    model = kshim.Sequential([layers.Input((features,)), *stack, layers.Dense(10, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


class Memory:
    """`N`: does it N times more, and answers with the bytes of anonymous memory afterwards."""

    def __init__(self, name):
        rng = np.random.RandomState(0)
        self.x = rng.random_sample((_BATCH, 64)).astype("float32")
        self.y = rng.randint(0, 10, _BATCH).astype("int32")
        self.model, self.do = classifier(), getattr(self, f"_{name}")

    def __call__(self, line):
        self.do(int(line))
        gc.collect()
        return anonymous()

    def _steps(self, count):
        """In epochs of up to 100 steps, so that the data takes the same memory each time."""
        steps = min(count, 100)
        self.model.fit(np.tile(self.x, (steps, 1)), np.tile(self.y, steps), epochs=count // steps, verbose=0)

    def _epochs(self, count):
        self.model.fit(np.tile(self.x, (4, 1)), np.tile(self.y, 4), epochs=count, verbose=0)

    def _predict(self, count):
        for _ in range(count):
            self.model.predict(self.x, verbose=0)

    def _train_on_batch(self, count):
        for _ in range(count):
            self.model.train_on_batch(self.x, self.y)

    def _call(self, count):
        for _ in range(count):
            self.model(self.x)

    def _models(self, count):
        for _ in range(count):
            kshim.backend.clear_session()
            classifier().fit(self.x, self.y, verbose=0)
