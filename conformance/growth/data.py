"""Training from more data than memory should hold."""

import os
import tempfile

import numpy as np

import kshim

from .memory import anonymous, classifier

#: Rows of 4 kB each, 2 GB in all, and of a batch.
ROWS, FEATURES, BATCH = 2**19, 1024, 64


class _Watch(kshim.callbacks.Callback):
    """The most anonymous memory seen after a batch."""

    def __init__(self):
        super().__init__()
        self.most = 0

    def on_train_batch_end(self, batch, logs=None):
        self.most = max(self.most, anonymous())


class Data:
    """`N`: trains for N steps; the bytes by which anonymous memory grew meanwhile, and those of one batch."""

    def __init__(self, name):
        self.model, self.name = classifier(FEATURES), name
        self.labels = np.zeros(ROWS, "int32")
        rows = np.random.RandomState(0).random_sample((2 * BATCH, FEATURES)).astype("float32")
        self.model.fit(rows, self.labels[: len(rows)], batch_size=BATCH, verbose=0, callbacks=[_Watch()])

    def __call__(self, line):
        steps, watch = int(line), _Watch()
        with tempfile.TemporaryDirectory(prefix="kshim-growth-") as folder:
            path = os.path.join(folder, "rows")
            with open(path, "wb") as f:
                f.truncate(ROWS * FEATURES * 4)  # sparse: zeros that take no place
            rows = np.memmap(path, np.float32, "r", shape=(ROWS, FEATURES))
            before = anonymous()
            getattr(self, f"_{self.name}")(rows, steps, watch)
            del rows
        return {"grown": max(0, watch.most - before), "batch": BATCH * FEATURES * 4}

    def _memmap(self, rows, steps, watch):
        """Shuffled, as by default."""
        self.model.fit(rows, self.labels, batch_size=BATCH, steps_per_epoch=steps, verbose=0, callbacks=[watch])

    def _generator(self, rows, steps, watch):
        at = np.random.RandomState(0)

        def batches():
            while True:
                index = at.randint(0, ROWS, BATCH)
                yield rows[index], self.labels[index]

        self.model.fit(batches(), steps_per_epoch=steps, verbose=0, callbacks=[watch])

    def _sequence(self, rows, steps, watch):
        labels = self.labels

        class Batches(kshim.utils.Sequence):
            def __len__(self):
                return steps

            def __getitem__(self, i):
                return rows[i * BATCH : (i + 1) * BATCH], labels[i * BATCH : (i + 1) * BATCH]

        self.model.fit(Batches(), verbose=0, callbacks=[watch])
