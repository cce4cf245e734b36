"""`Sequence` of Keras 2, called `PyDataset` in Keras 3: batches by index."""


class PyDataset:
    """Base of data that hands out whole batches: `self[i]` is batch i, `len(self)` their number.

    A batch is `(x, y)`, `(x, y, sample_weight)` or `x` alone. `on_epoch_begin` and `on_epoch_end` may be overridden.
    With `workers > 1`, that many threads prepare batches ahead, in order. Subclasses of Keras 2's time need not call
    `__init__`.
    """

    workers = 1
    use_multiprocessing = False
    max_queue_size = 10

    def __init__(self, workers=1, use_multiprocessing=False, max_queue_size=10):
        self.workers = workers
        self.use_multiprocessing = use_multiprocessing
        self.max_queue_size = max_queue_size

    def __getitem__(self, index):
        raise TypeError(f"{type(self).__name__} must define __getitem__(self, index), which returns batch `index`.")

    @property
    def num_batches(self):
        """Number of batches; None for endless data."""
        if not hasattr(self, "__len__"):
            raise TypeError(f"{type(self).__name__} must define __len__(self), the number of batches in an epoch.")
        return len(self)

    def on_epoch_begin(self):
        """Called before each epoch."""

    def on_epoch_end(self):
        """Called after each epoch, for example to shuffle."""

    def __iter__(self):
        count, index = self.num_batches, 0
        while count is None or index < count:
            yield self[index]
            index += 1


Sequence = PyDataset
