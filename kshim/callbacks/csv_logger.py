"""`CSVLogger`."""

import csv
import os
from collections.abc import Iterable

import numpy as np

from ..utils.io_utils import path_to_string
from .base import Callback


def _cell(value):
    """A value as csv writes it; lists and arrays as text in brackets."""
    if isinstance(value, str) or not isinstance(value, Iterable) or (isinstance(value, np.ndarray) and value.ndim == 0):
        return value
    return f'"[{", ".join(map(str, value))}]"'


class CSVLogger(Callback):
    """Writes the logs of each epoch as a line of a CSV file, flushed at once.

    Columns: epoch, then the names of the first epoch's logs, sorted; if none is a validation result, places for them
    follow. append: go on in an existing file. A name that is missing later is written as 'NA'.
    """

    def __init__(self, filename, separator=",", append=False):
        super().__init__()
        self.filename = path_to_string(filename)
        self.sep = separator
        self.append = append
        self.writer = None
        self.keys = None
        self.append_header = True
        self.csv_file = None

    def on_train_begin(self, logs=None):
        self.append_header = not (self.append and os.path.exists(self.filename) and os.path.getsize(self.filename))
        self.csv_file = open(self.filename, "a" if self.append else "w", newline="", encoding="utf-8")

    def on_epoch_end(self, epoch, logs=None):
        logs = logs or {}
        if self.keys is None:
            self.keys = sorted(logs)
            if not any(key.startswith("val_") for key in self.keys):
                self.keys += ["val_" + key for key in self.keys]
        if self.writer is None:
            self.writer = csv.DictWriter(self.csv_file, ["epoch", *self.keys], delimiter=self.sep)
            if self.append_header:
                self.writer.writeheader()
        self.writer.writerow({"epoch": epoch, **{key: _cell(logs.get(key, "NA")) for key in self.keys}})
        self.csv_file.flush()

    def on_train_end(self, logs=None):
        self.csv_file.close()
        self.writer = None
