"""Fashion-MNIST: 70,000 pictures of clothes in ten classes (Xiao, Rasul & Vollgraf 2017)."""

import gzip
import os

import numpy as np

from .cache import STORAGE, fetch

_FILES = (
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
)


def read_idx(path):
    """The uint8 array of a gzipped file in MNIST's IDX format; `ValueError` if it is none."""
    with gzip.open(path, "rb") as f:
        data = f.read()
    rank = data[3] if len(data) >= 4 and data[:3] == b"\0\0\x08" else None
    if rank is None or len(data) < 4 + 4 * rank:
        raise ValueError(f"{path} is not an IDX file of bytes. Remove it to have it fetched again.")
    shape = tuple(np.frombuffer(data, ">u4", count=rank, offset=4).tolist())
    values = np.frombuffer(data, "uint8", offset=4 + 4 * rank)
    if values.size != int(np.prod(shape, dtype=object)):
        raise ValueError(f"{path} holds {values.size} bytes for shape {shape}. Remove it to have it fetched again.")
    return values.reshape(shape)


def load_data(cache_dir=None):
    """`(x_train, y_train), (x_test, y_test)`: uint8 images `(60000, 28, 28)` and `(10000, 28, 28)`, labels 0 to 9."""
    subdir = os.path.join("datasets", "fashion-mnist")
    paths = [fetch(name, STORAGE + name, cache_dir=cache_dir, cache_subdir=subdir) for name in _FILES]
    x_train, y_train, x_test, y_test = map(read_idx, paths)
    return (x_train, y_train), (x_test, y_test)
