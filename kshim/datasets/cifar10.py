"""CIFAR-10: 60,000 small colour pictures in ten classes (Krizhevsky 2009)."""

import os

from .cache import fetch
from .cifar import load_files

ORIGIN = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
SHA256 = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"


def load_data(cache_dir=None):
    """`(x_train, y_train), (x_test, y_test)`: uint8 images `(50000, 32, 32, 3)` and `(10000, 32, 32, 3)`.

    Labels are uint8 `(n, 1)`. With channels first the images are `(n, 3, 32, 32)`.
    """
    folder = fetch("cifar-10-batches-py", ORIGIN, SHA256, cache_dir, untar=True)
    x_train, y_train = load_files([os.path.join(folder, f"data_batch_{i}") for i in range(1, 6)], "labels")
    x_test, y_test = load_files([os.path.join(folder, "test_batch")], "labels")
    return (x_train, y_train.astype("uint8")), (x_test, y_test.astype("uint8"))
