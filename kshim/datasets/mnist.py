"""MNIST: 70,000 handwritten digits (LeCun, Cortes & Burges)."""

from .cache import STORAGE, fetch
from .safe_arrays import load_npz

ORIGIN = STORAGE + "mnist.npz"
SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"


def load_data(path="mnist.npz", cache_dir=None):
    """`(x_train, y_train), (x_test, y_test)`: uint8 images `(60000, 28, 28)` and `(10000, 28, 28)`, labels 0 to 9.

    `path` is the file's name below `~/.keras/datasets` (or `cache_dir/datasets`).
    """
    path = fetch(path, ORIGIN, SHA256, cache_dir)
    x_train, y_train, x_test, y_test = load_npz(path, ("x_train", "y_train", "x_test", "y_test"))
    return (x_train, y_train), (x_test, y_test)
