"""Batches from generators, `Sequence` objects, and anything that can be iterated again (DataLoader, tf.data)."""

import itertools
import random

from ..utils.prefetch import Background, ordered
from .data_batch import convert_batch
from .data_source import DataSource


class _IterSource(DataSource):
    """Common part: each item is brought to `(x, y, sample_weight)` and weighted."""

    def __init__(self, class_weight):
        self._class_weight = class_weight

    def _standard(self, item):
        x, y, sample_weight = convert_batch(item)
        if self._class_weight is not None:
            sample_weight = self._class_weight(y, sample_weight)
        return x, y, sample_weight

    def _read(self, iterator, known):
        """Up to `num_steps` items of `iterator`; the number is learnt here unless `known`."""
        seen = 0
        while not known or seen < self.num_steps:
            try:
                item = next(iterator)
            except StopIteration:
                break
            yield self._standard(item)
            seen += 1
        if not known:
            if not seen:
                raise ValueError(f"The input yielded no batches: {type(self._data).__name__} ended at once.")
            self.num_steps = seen
        elif seen < self.num_steps:
            self._ran_out(seen)


class GeneratorSource(_IterSource):
    """A generator or other iterator. It goes on from epoch to epoch; without `steps`, its end ends the first one."""

    def __init__(self, generator, steps, class_weight, workers, use_multiprocessing, max_queue_size):
        super().__init__(class_weight)
        self._data = generator
        self.num_steps = steps
        threaded = workers > 1 or (workers > 0 and use_multiprocessing)
        self._iterator = Background(generator, max_queue_size) if threaded else iter(generator)

    def epoch(self, key):
        return self._read(self._iterator, self.num_steps is not None)

    def close(self):
        if isinstance(self._iterator, Background):
            self._iterator.close()


def _length(data):
    """Number of batches, None if it cannot be told; `inf` if the data says it never ends."""
    if hasattr(data, "cardinality"):  # tf.data: -1 means without end, -2 unknown
        size = int(data.cardinality())
        return float("inf") if size == -1 else None if size < 0 else size
    try:
        return len(data)
    except TypeError:  # no __len__, or one that says it does not know
        return None


class IterableSource(_IterSource):
    """Batches that can be iterated anew: a torch DataLoader, a tf.data.Dataset, any object with `__iter__`.

    Every epoch starts afresh, unless `steps` differs from the length while training: then epochs go on.
    """

    def __init__(self, data, steps, class_weight, training):
        super().__init__(class_weight)
        self._data = data
        length = _length(data)
        if length == float("inf") and steps is None:
            raise ValueError(
                f"The {type(data).__name__} repeats without end, so the number of steps is needed: pass "
                "steps_per_epoch (fit), validation_steps, or steps (evaluate, predict), or do not call repeat()."
            )
        if length == 0:
            raise ValueError(f"Expected input data to be non-empty; the {type(data).__name__} has no batches.")
        self._steps = steps
        self.num_steps = steps or length
        self._continues = training and steps is not None and steps != length
        self._iterator = None

    def epoch(self, key):
        if self._iterator is None or not self._continues:
            self._iterator = iter(self._data)
        if self._steps is None:
            self.num_steps = _length(self._data)  # may change between epochs
        return self._read(self._iterator, self.num_steps is not None)


class SequenceSource(_IterSource):
    """A `Sequence` (`PyDataset`): batches by index.

    Every epoch starts at the beginning, in an order drawn from Python's `random` if shuffled. More `steps` than
    batches go around again, as in Keras 1 and 2.
    """

    def __init__(self, sequence, steps, shuffle, class_weight, workers, use_multiprocessing, max_queue_size):
        super().__init__(class_weight)
        self._data = sequence
        self._shuffle = shuffle
        self._steps = steps
        self._workers = workers if workers > 1 or (workers > 0 and use_multiprocessing) else 0
        self._depth = max_queue_size
        self.num_steps = steps or self._count()
        if self.num_steps is None:
            raise ValueError(
                f"The {type(sequence).__name__} has no end (num_batches is None), so the number of steps is needed: "
                "pass steps_per_epoch (fit), validation_steps, or steps (evaluate, predict)."
            )

    def _count(self):
        count = getattr(self._data, "num_batches", None) if not hasattr(self._data, "__len__") else len(self._data)
        if count is not None and count <= 0:
            raise ValueError(
                f"Expected input data to be non-empty; {type(self._data).__name__} has length {count}. A common cause "
                "is `samples // batch_size` with fewer samples than one batch."
            )
        return count

    def _order(self):
        count = self._count()
        if count is None:
            yield from itertools.count()
        while True:
            order = list(range(count))
            if self._shuffle:
                random.shuffle(order)
            yield from order

    def epoch(self, key):
        if hasattr(self._data, "on_epoch_begin"):
            self._data.on_epoch_begin()
        if self._steps is None:
            self.num_steps = self._count()  # may change in on_epoch_end
        indices = itertools.islice(self._order(), self.num_steps)
        if self._workers:
            items = ordered(self._data.__getitem__, indices, self._workers, self._depth)
        else:
            items = map(self._data.__getitem__, indices)
        return self._read(items, True)

    def on_epoch_end(self):
        if hasattr(self._data, "on_epoch_end"):
            self._data.on_epoch_end()
