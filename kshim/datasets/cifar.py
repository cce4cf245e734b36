"""Common part of CIFAR-10 and CIFAR-100 (Krizhevsky 2009)."""

import numpy as np

from ..config import image_data_format
from .safe_arrays import load_pickle


def load_batch(fpath, label_key="labels"):
    """`(images, labels)` of one file: uint8 `(n, 3, 32, 32)`, and a list of ints."""
    with open(fpath, "rb") as f:
        content = load_pickle(f, encoding="bytes")
    content = {key.decode() if isinstance(key, bytes) else key: value for key, value in content.items()}
    for key in ("data", label_key):
        if key not in content:
            raise ValueError(f"{fpath} is not a CIFAR file: it has no {key!r}, only {', '.join(map(str, content))}.")
    return content["data"].reshape(-1, 3, 32, 32), content[label_key]


def load_files(paths, label_key):
    """Images of several files together, in the global data format, and labels `(n, 1)`, both uint8."""
    parts = [load_batch(path, label_key) for path in paths]
    images = np.concatenate([x for x, _ in parts]).astype("uint8", copy=False)
    labels = np.concatenate([np.asarray(y) for _, y in parts])
    if image_data_format() == "channels_last":
        images = images.transpose(0, 2, 3, 1)
    return images, labels.reshape(-1, 1)
