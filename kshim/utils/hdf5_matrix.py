"""Rows of an HDF5 dataset as an array that is read only where it is used (Keras 1, 2)."""

import numpy as np


class HDF5Matrix:
    """A view of `dataset` (a name) in the file `datapath`, rows `start` to `end`.

    `normalizer`, a function of an array, is applied to everything read. Indexing takes ints, slices, and lists or
    arrays of ints; out of range raises `IndexError`. `fit` reads it batch by batch (use `shuffle='batch'` for speed).
    """

    refs = {}

    def __init__(self, datapath, dataset, start=0, end=None, normalizer=None):
        import h5py

        if not self.refs.get(datapath):  # a closed file is false
            self.refs[datapath] = h5py.File(datapath, "r")
        self.data = self.refs[datapath][dataset]
        self.start = start
        self.end = self.data.shape[0] if end is None else end
        if not 0 <= self.start <= self.end <= self.data.shape[0]:
            raise ValueError(
                f"HDF5Matrix rows start={start}, end={end} are outside dataset {dataset!r}, "
                f"which has {self.data.shape[0]} rows."
            )
        self.normalizer = normalizer
        first = self._normalized(self.data[0:1])
        self._base_shape, self._base_dtype = tuple(first.shape[1:]), first.dtype

    def _normalized(self, values):
        return values if self.normalizer is None else self.normalizer(values)

    def __len__(self):
        return self.end - self.start

    def _outside(self, key):
        return IndexError(f"HDF5Matrix index {key!r} is out of range for {len(self)} rows.")

    def __getitem__(self, key):
        n = len(self)
        if isinstance(key, slice):
            start, stop, step = key.indices(n)
            if key.stop is not None and key.stop > n:
                raise self._outside(key)
            return self._normalized(self.data[start + self.start : stop + self.start : step])
        if isinstance(key, (int, np.integer)):
            if not -n <= key < n:
                raise self._outside(key)
            return self._normalized(self.data[int(key) % n + self.start])
        rows = np.asarray(key)
        if rows.size and not (0 <= rows.min() and rows.max() < n):
            raise self._outside(key)
        # h5py wants increasing indices without repeats
        unique, back = np.unique(rows, return_inverse=True)
        return self._normalized(self.data[unique + self.start][back])

    @property
    def shape(self):
        return (len(self),) + self._base_shape

    @property
    def dtype(self):
        return self._base_dtype

    @property
    def ndim(self):
        return self.data.ndim

    @property
    def size(self):
        return int(np.prod(self.shape))
