"""Batches from arrays: in memory, memory-mapped, or on disk (HDF5)."""

import math

import numpy as np

from ..spec import rng
from ..spec.memory import WORTH, Private, aligned
from ..tree import flatten, pack_like
from .data_batch import cast_array, check_lengths, convert, float_dtype, is_scalar_list, leaf, shapes_text, weight_leaf
from .data_source import DataSource


class Rows:
    """An array that is read a batch at a time: h5py, zarr, `HDF5Matrix`, `np.memmap`, a SciPy sparse matrix.

    start, stop: the range of rows seen, so that validation data can be split off without reading.
    """

    def __init__(self, data, name, start=0, stop=None):
        self.data, self.name, self.start = data, name, start
        self.stop = data.shape[0] if stop is None else stop
        self.shape = (self.stop - start, *data.shape[1:])
        self.dtype = np.dtype(data.dtype)

    def __getitem__(self, index):
        """A slice with int bounds, or an array of row numbers in any order, as a NumPy array."""
        if isinstance(index, slice):
            rows = self.data[index.start + self.start : min(index.stop + self.start, self.stop)]
        elif isinstance(self.data, np.memmap):
            rows = self.data[index + self.start]
        else:  # HDF5 wants increasing numbers, each once
            unique, back = np.unique(index + self.start, return_inverse=True)
            rows = self.data[unique]
            rows = rows[back]
        if hasattr(rows, "toarray"):
            rows = rows.toarray()
        return cast_array(np.asarray(rows), self.name)

    def __len__(self):
        return self.shape[0]

    def part(self, start, stop):
        return Rows(self.data, self.name, self.start + start, self.start + stop)


def _is_lazy(x):
    if isinstance(x, np.memmap) or (hasattr(x, "tocsr") and hasattr(x, "toarray")):
        return True
    if isinstance(x, np.ndarray) or not all(hasattr(x, a) for a in ("shape", "dtype", "__getitem__", "__len__")):
        return False
    # tensors of frameworks convert as a whole by __array__; so would h5py's, but those are chunked
    return hasattr(x, "chunks") or hasattr(x, "chunkshape") or not hasattr(x, "__array__")


def _array(x, name):
    if isinstance(x, Rows):
        return x
    if not _is_lazy(x):
        return leaf(x, name)
    return Rows(x.tocsr() if hasattr(x, "tocsr") else x, name)


def is_array_data(x):
    """Whether `x` is an array, or a list, tuple or dict of arrays (not a generator or data set)."""
    if isinstance(x, dict):
        return all(is_array_data(v) for v in x.values())
    if isinstance(x, (list, tuple)):
        return is_scalar_list(x) or all(v is None or is_array_data(v) for v in x)
    return (
        isinstance(x, (np.ndarray, np.generic, range, Rows))
        or hasattr(x, "__array__")
        or hasattr(x, "toarray")
        or _is_lazy(x)
    )


def prepare(x, y, sample_weight):
    """The three trees with arrays (or `Rows`) for leaves, of one length, not empty: `ValueError` otherwise."""
    x = convert(x, "x", _array)
    y = convert(y, "y", _array)
    sample_weight = convert(sample_weight, "sample_weight", weight_leaf)
    n = check_lengths(x, y, sample_weight, "Data")
    if not n:
        raise ValueError(f"Expected input data to be non-empty; received x with shape {shapes_text(x)}.")
    return x, y, sample_weight


def split_rows(tree, start, stop):
    """Rows `start` to `stop` of every leaf, as views."""

    def part(a):
        return a.part(start, stop) if isinstance(a, Rows) else a[start:stop]

    return convert(tree, "", lambda a, _: part(a))


def take(array, index):
    """Rows of an array: a slice gives a view, an array of row numbers a copy, of some size a `Private` one."""
    if isinstance(index, slice) or isinstance(array, Rows):
        return array[index]
    shape = (len(index), *array.shape[1:])
    if array.dtype.hasobject or math.prod(shape) * array.dtype.itemsize < WORTH:
        return array.take(index, axis=0)
    # With "raise" NumPy would go by way of another copy; the numbers are those of rows there are.
    return array.take(index, axis=0, out=aligned(shape, array.dtype), mode="clip").view(Private)


def _identity(array):
    """Equal for arrays that are the same part of the same memory, such as `x[:n]` given twice."""
    if isinstance(array, np.ndarray) and array.dtype.kind != "O":
        return array.__array_interface__["data"][0], array.shape, array.strides, array.dtype
    return id(array)


class ArraySource(DataSource):
    """Batches of arrays, in order or shuffled.

    shuffle: True draws a new order of samples from each epoch's key, 'batch' one of whole batches (reads on disk stay
    contiguous; a smaller last batch stays last). When training with `steps` other than the number of batches,
    epochs go on where the last one stopped, `epochs` times around at most (None: without end). `arrays` are the
    prepared `(x, y, sample_weight)`.
    """

    def __init__(self, x, y, sample_weight, batch_size, steps, shuffle, class_weight, training, epochs):
        self.arrays = x, y, sample_weight = prepare(x, y, sample_weight)
        self._leaves = [a for a in flatten(list(self.arrays)) if a is not None]
        self.num_samples = n = self._leaves[0].shape[0]
        self.batch_size = batch_size or (math.ceil(n / steps) if steps else 32)
        size = math.ceil(n / self.batch_size)
        self.num_steps = steps or size
        self._continues = training and self.num_steps != size
        self.joins = self.num_steps == size and shuffle != "batch"
        self._passes_left = math.inf if epochs is None else epochs
        self._pass = None
        self._shuffle = shuffle
        self._class_weight = class_weight

    def order(self, key):
        """Row numbers of an epoch as an int64 array, or None for the given order."""
        return rng.permutation(self.num_samples, key) if self._shuffle is True else None

    def _indices(self, key, together):
        n, size = self.num_samples, self.batch_size
        order = self.order(key)
        if self._shuffle == "batch":
            full = n // size
            starts = [*(rng.permutation(full, key) * size).tolist(), *range(full * size, n, size)]
            yield from (slice(start, min(start + size, n)) for start in starts)
            return
        start = 0
        while start < n:
            stop = start + size
            if together is not None:
                stop = max(stop, min(start + together() * size, n // size * size))
            yield slice(start, min(stop, n)) if order is None else order[start:stop]
            start = stop

    def _packer(self):
        """Function from the rows of `_leaves` to `(x, y, sample_weight)`."""
        x, y, sample_weight = self.arrays
        if isinstance(x, (np.ndarray, Rows)) and isinstance(y, (np.ndarray, Rows)) and sample_weight is None:
            return lambda rows: (rows[0], rows[1], None)
        present = [a is not None for a in flatten(list(self.arrays))]
        template = list(self.arrays)

        def pack(rows):
            rows = iter(rows)
            return tuple(pack_like(template, [next(rows) if there else None for there in present]))

        return pack

    def _one_pass(self, key, together=None):
        pack, class_weight = self._packer(), self._class_weight
        # An array that is given twice (the inputs of an autoencoder are its targets) is read once.
        identities = [_identity(a) for a in self._leaves]
        unique = dict(zip(identities, self._leaves))
        for index in self._indices(key, together):
            rows = {identity: take(a, index) for identity, a in unique.items()}
            batch = pack([rows[identity] for identity in identities])
            if class_weight is not None:
                batch = batch[0], batch[1], class_weight(batch[1], batch[2])
            yield batch

    def epoch(self, key, together=None):
        if together is not None:
            yield from self._one_pass(key, together)
            return
        if not self._continues:
            batches = self._one_pass(key)
            for step, batch in enumerate(batches, start=1):
                yield batch
                if step == self.num_steps:
                    return
            if step < self.num_steps:
                self._ran_out(step)
            return
        for step in range(self.num_steps):
            batch = next(self._pass, None) if self._pass is not None else None
            if batch is None:
                if self._passes_left <= 0:
                    return self._ran_out(step)
                self._passes_left -= 1
                # a second pass within an epoch must not repeat the order of the first
                self._pass = self._one_pass(rng.fold(*key, step) if step else key)
                batch = next(self._pass)
            yield batch


def validation_bounds(n, validation_split):
    """Number of training rows; `ValueError` if either part would be empty."""
    if not isinstance(validation_split, (int, float, np.number)) or not 0 < validation_split < 1:
        raise ValueError(f"validation_split must be a number between 0 and 1, received {validation_split!r}.")
    split = math.floor(n * (1.0 - float(validation_split)))
    if split in (0, n):
        raise ValueError(
            f"validation_split={validation_split} of {n} samples leaves {split} for training and {n - split} for "
            "validation. Both must have some; pass more data or another split."
        )
    return split


__all__ = ["ArraySource", "Rows", "float_dtype", "is_array_data", "prepare", "split_rows", "take", "validation_bounds"]
