"""Small helpers of Keras 2."""

import numpy as np
import pytest

from kshim.utils import generic_utils as g


def test_lists():
    assert g.to_list(1) == [1] and g.to_list([1]) == [1]
    assert g.to_list((1, 2)) == [(1, 2)] and g.to_list((1, 2), allow_tuple=True) == [1, 2]
    assert g.unpack_singleton([5]) == 5 and g.unpack_singleton([5, 6]) == [5, 6]
    assert g.is_all_none([None, None]) and not g.is_all_none([None, 0]) and g.is_all_none(None)
    assert g.make_batches(7, 3) == [(0, 3), (3, 6), (6, 7)]


def test_slice_arrays():
    a, b = np.arange(5), np.arange(10).reshape(5, 2)
    for rows, expected in (((1, 3), slice(1, 3)), (([3, 1],), [3, 1]), ((np.array([4]),), [4])):
        out = g.slice_arrays([a, None, b], *rows)
        np.testing.assert_array_equal(out[0], a[expected])
        np.testing.assert_array_equal(out[2], b[expected])
        assert out[1] is None
        np.testing.assert_array_equal(g.slice_arrays(a, *rows), a[expected])
    assert g.slice_arrays(None) == [None]


def test_has_arg():
    def f(a, *, b, **kwargs):
        return a, b, kwargs

    assert g.has_arg(f, "a") and g.has_arg(f, "b") and not g.has_arg(f, "c")
    assert g.has_arg(f, "c", accept_all=True) and not g.has_arg(len, "c", accept_all=True)


def test_names_and_shapes(tf_keras):
    from tf_keras.src.utils.generic_utils import to_snake_case

    for name in ("Dense", "Conv2D", "BatchNormalization", "MyLayer2D", "_Private", "LSTMCell"):
        assert g.to_snake_case(name) == to_snake_case(name)
    assert g.transpose_shape((1, 2, 3, 4), "channels_first", (1, 2)) == (1, 4, 2, 3)
    assert g.transpose_shape([1, 2, 3, 4], "channels_last", (1, 2)) == [1, 2, 3, 4]
    with pytest.raises(ValueError, match="'th'"):
        g.transpose_shape((1,), "th", (0,))
    with pytest.raises(ValueError, match=r"\['c'\]"):
        g.check_for_unexpected_keys("thing", {"a": 1, "c": 2}, ["a", "b"])
