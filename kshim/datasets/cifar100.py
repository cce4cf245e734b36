"""CIFAR-100: 60,000 small colour pictures in a hundred classes, grouped into twenty (Krizhevsky 2009)."""

import os

from .cache import fetch
from .cifar import load_files

ORIGIN = "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz"
SHA256 = "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7"


def load_data(label_mode="fine", cache_dir=None):
    """`(x_train, y_train), (x_test, y_test)`: uint8 images `(50000, 32, 32, 3)` and `(10000, 32, 32, 3)`.

    Labels are `(n, 1)`: of 100 classes for label_mode 'fine', of 20 for 'coarse'. See `cifar10`.
    """
    if label_mode not in ("fine", "coarse"):
        raise ValueError(f"label_mode must be 'fine' or 'coarse', received {label_mode!r}.")
    folder = fetch("cifar-100-python", ORIGIN, SHA256, cache_dir, untar=True)
    train, test = (load_files([os.path.join(folder, name)], label_mode + "_labels") for name in ("train", "test"))
    return train, test
