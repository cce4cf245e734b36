"""1,797 real handwritten digits that come with kshim: no download.

Alpaydin, E. & Kaynak, C. (1998). Optical Recognition of Handwritten Digits. UCI Machine Learning Repository.
https://doi.org/10.24432/C50P49 (CC BY 4.0).
"""

import importlib.resources

import numpy as np

#: Rows of the training part; the test part has 36 of each digit.
TRAIN = 1437


def resize(images, size):
    """uint8 images `(n, height, width)` as `(n, size, size)`, bilinear between pixel centres, edges continued."""

    def weights(length):
        # matrix (size, length) of how much of each pixel goes into each new one
        centre = np.clip((np.arange(size) + 0.5) * length / size - 0.5, 0, length - 1)
        left = np.minimum(centre.astype("int64"), length - 1)
        part = centre - left
        matrix = np.zeros((size, length))
        np.add.at(matrix, (np.arange(size), left), 1 - part)
        np.add.at(matrix, (np.arange(size), np.minimum(left + 1, length - 1)), part)
        return matrix

    down, across = weights(images.shape[1]), weights(images.shape[2])
    return np.rint(down @ images.astype("float64") @ across.T).astype("uint8")


def load_data(image_size=None):
    """`(x_train, y_train), (x_test, y_test)`: 1,437 and 360 grey images, uint8 from 0 to 255, and labels 0 to 9.

    Images are `(n, 8, 8)`, or `(n, image_size, image_size)` by bilinear interpolation: 28 fits programs written for
    MNIST. The split is fixed; the test part has 36 of each digit.
    """
    file = importlib.resources.files(__package__).joinpath("data/digits.npz")
    with file.open("rb") as f, np.load(f, allow_pickle=False) as stored:
        x, y = stored["x"], stored["y"]
    x = np.rint(x * (255 / 16)).astype("uint8")
    if image_size is not None:
        if isinstance(image_size, bool) or int(image_size) != image_size or image_size < 1:
            raise ValueError(f"image_size must be a positive integer or None, received {image_size!r}.")
        if image_size != 8:
            x = resize(x, int(image_size))
    return (x[:TRAIN], y[:TRAIN]), (x[TRAIN:], y[TRAIN:])
