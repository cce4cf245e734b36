"""Keras 2's queues of prepared batches. Threads do the work, whatever `use_multiprocessing` says."""

import random

from .prefetch import Background, ordered


class SequenceEnqueuer:
    """Base: `start(workers, max_queue_size)`, `get()` (a generator of batches), `stop()`, `is_running()`."""

    def __init__(self, sequence, use_multiprocessing=False):
        self.sequence = sequence
        self.use_multiprocessing = use_multiprocessing
        self.workers, self.max_queue_size = 1, 10
        self._running = False
        self._batches = None

    def is_running(self):
        return self._running

    def start(self, workers=1, max_queue_size=10):
        """Begin to hand out batches; `workers=0` prepares each one only when asked for."""
        self.workers, self.max_queue_size = workers, max_queue_size
        self._running = True
        self._batches = None

    def stop(self, timeout=None):
        """End; a later `get()` needs another `start()`."""
        self._running = False
        if self._batches is not None:
            self._batches.close()
            self._batches = None

    def _open(self):
        raise TypeError("SequenceEnqueuer is a base class; use OrderedEnqueuer or GeneratorEnqueuer.")

    def get(self):
        """Generator of batches, in order, until the data ends or `stop()` is called."""
        if self._running and self._batches is None:
            self._batches = self._open()
        batches = self._batches
        while self._running:
            try:
                batch = next(batches)
            except StopIteration:
                return
            except Exception:
                self.stop()
                raise
            if batch is not None:
                yield batch


class OrderedEnqueuer(SequenceEnqueuer):
    """Batches of a `Sequence`, epoch after epoch; `shuffle` draws each epoch's order from Python's `random`."""

    def __init__(self, sequence, use_multiprocessing=False, shuffle=False):
        super().__init__(sequence, use_multiprocessing)
        self.shuffle = shuffle

    def _open(self):
        while True:
            order = list(range(len(self.sequence)))
            if self.shuffle:
                random.shuffle(order)
            if self.workers > 0:
                yield from ordered(self.sequence.__getitem__, order, self.workers, self.max_queue_size)
            else:
                yield from map(self.sequence.__getitem__, order)
            self.sequence.on_epoch_end()


class GeneratorEnqueuer(SequenceEnqueuer):
    """Items of a generator, read ahead by one thread (a generator cannot be entered by two)."""

    def __init__(self, generator, use_multiprocessing=False, wait_time=None, random_seed=None):
        super().__init__(generator, use_multiprocessing)
        self.random_seed = random_seed

    def _open(self):
        if self.workers > 0:
            return Background(self.sequence, self.max_queue_size)
        return (item for item in self.sequence)
