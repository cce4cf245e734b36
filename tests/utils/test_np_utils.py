"""`to_categorical`, `to_ordinal`, `normalize` against tf_keras."""

import numpy as np
import pytest

from kshim.utils import np_utils


@pytest.mark.parametrize("shape", [(), (1,), (6,), (6, 1), (2, 3), (2, 3, 1), (1, 1)])
@pytest.mark.parametrize("name", ["to_categorical", "to_ordinal"])
def test_labels(tf_keras, shape, name):
    labels = np.arange(int(np.prod(shape, dtype=int))).reshape(shape) % 4
    for args in ((), (5,), (5, "float64")):
        ours, theirs = getattr(np_utils, name)(labels, *args), getattr(tf_keras.utils, name)(labels, *args)
        np.testing.assert_array_equal(ours, theirs, strict=True)


def test_labels_as_lists_and_old_name():
    np.testing.assert_array_equal(np_utils.to_categorical([2, 0], nb_classes=3), [[0, 0, 1], [1, 0, 0]])
    with pytest.raises(IndexError, match="at least num_classes=6"):
        np_utils.to_categorical([5], 3)
    with pytest.raises(ValueError, match="empty"):
        np_utils.to_categorical([])


@pytest.mark.parametrize("axis", [-1, 0, 1])
@pytest.mark.parametrize("order", [1, 2, np.inf])
def test_normalize(tf_keras, axis, order):
    x = np.random.default_rng(0).normal(size=(3, 4))
    x[1] = 0
    np.testing.assert_array_equal(np_utils.normalize(x, axis, order), tf_keras.utils.normalize(x, axis, order))


def test_convert_kernel():
    kernel = np.arange(24).reshape(2, 3, 2, 2)
    np.testing.assert_array_equal(np_utils.convert_kernel(kernel), kernel[::-1, ::-1])
    np.testing.assert_array_equal(np_utils.convert_kernel(kernel, "th"), kernel[:, :, ::-1, ::-1])
    with pytest.raises(ValueError, match=r"\(2,\)"):
        np_utils.convert_kernel(np.zeros(2))
