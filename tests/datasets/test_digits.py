"""The bundled digits."""

import hashlib

import numpy as np
import pytest

from kshim.datasets import digits


def test_shapes_and_split():
    (x_train, y_train), (x_test, y_test) = digits.load_data()
    assert x_train.shape == (1437, 8, 8) and x_test.shape == (360, 8, 8)
    assert x_train.dtype == x_test.dtype == y_train.dtype == np.uint8
    assert y_train.shape == (1437,)
    np.testing.assert_array_equal(np.bincount(y_test), [36] * 10)
    # the class sizes of the UCI file
    np.testing.assert_array_equal(
        np.bincount(np.concatenate([y_train, y_test])), [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    )
    assert set(np.unique(x_train)) == {round(i * 255 / 16) for i in range(17)}


def test_is_always_the_same():
    (x_train, y_train), (x_test, y_test) = digits.load_data()
    data = b"".join(a.tobytes() for a in (x_train, y_train, x_test, y_test))
    assert hashlib.sha256(data).hexdigest() == "4f3446f428e417b115f05406a9cf2fa1bafffef369fc7fc7804ff139da5f9134"


def test_resized_like_pillow():
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    (small, _), _ = digits.load_data()
    for size in (28, 11, 8):
        (large, labels), _ = digits.load_data(image_size=size)
        assert large.shape == (1437, size, size) and large.dtype == np.uint8
        for i in range(0, 1437, 150):
            expected = np.asarray(image.fromarray(small[i]).resize((size, size), image.Resampling.BILINEAR))
            assert np.abs(expected.astype(int) - large[i]).max() <= 1
    for bad in (0, -3, 2.5, True):
        with pytest.raises(ValueError, match="image_size"):
            digits.load_data(bad)


@pytest.mark.parametrize("size", [None, 28])
def test_can_be_learnt(size):
    """A linear least-squares classifier: far above chance on the part it has not seen."""
    (x, y), (x_test, y_test) = digits.load_data(size)

    def features(images):
        images = images if size is None else images[:, 1::3, 1::3]
        return np.c_[images.reshape(len(images), -1) / 255.0, np.ones(len(images))]

    weights = np.linalg.lstsq(features(x), np.eye(10)[y], rcond=None)[0]
    assert np.mean(np.argmax(features(x_test) @ weights, axis=1) == y_test) > 0.9
