"""`HDF5Matrix`: a view of rows that reads only what is asked for."""

import h5py
import numpy as np
import pytest

from kshim.utils import HDF5Matrix


@pytest.fixture
def path(tmp_path):
    with h5py.File(tmp_path / "data.h5", "w") as f:
        f["x"] = np.arange(60).reshape(20, 3)
    return str(tmp_path / "data.h5")


def test_rows(path):
    whole = np.arange(60).reshape(20, 3)[5:15]
    view = HDF5Matrix(path, "x", 5, 15)
    assert view.shape == (10, 3) and len(view) == 10 and view.ndim == 2 and view.size == 30
    assert view.dtype == whole.dtype
    np.testing.assert_array_equal(view[2:4], whole[2:4])
    np.testing.assert_array_equal(view[:], whole)
    np.testing.assert_array_equal(view[3], whole[3])
    np.testing.assert_array_equal(view[-1], whole[-1])
    np.testing.assert_array_equal(view[[7, 0, 7, 3]], whole[[7, 0, 7, 3]])
    np.testing.assert_array_equal(view[np.array([9, 1])], whole[[9, 1]])


def test_normalizer(path):
    view = HDF5Matrix(path, "x", normalizer=lambda a: a / 2.0)
    assert view.dtype == np.float64
    np.testing.assert_array_equal(view[1], [1.5, 2.0, 2.5])


@pytest.mark.parametrize("key", [10, slice(0, 11), [0, 10], np.array([-1])])
def test_outside(path, key):
    with pytest.raises(IndexError, match="out of range for 10 rows"):
        HDF5Matrix(path, "x", 5, 15)[key]


def test_bounds(path):
    with pytest.raises(ValueError, match="20 rows"):
        HDF5Matrix(path, "x", 5, 25)
