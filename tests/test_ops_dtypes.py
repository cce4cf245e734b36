"""`kshim.ops` on booleans and on the ends of the integer types, the same on every backend."""

import numpy as np
import pytest

from kshim import ops

X, Y = np.array([True, True, False, False]), np.array([True, False, True, False])
N, M = X.astype("int32"), Y.astype("int32")


def _is(got, expected):
    got = got.numpy()
    assert got.dtype == np.asarray(expected).dtype
    np.testing.assert_array_equal(got, expected)


def test_sums_and_products_of_booleans_are_or_and_and(backend):
    x, y = ops.convert_to_tensor(X), ops.convert_to_tensor(Y)
    for got, expected in (
        (x + y, X | Y), (x * y, X & Y), (ops.maximum(x, y), X | Y), (ops.minimum(x, y), X & Y), (x + True, X | True), (True * x, X),
        (x & y, X & Y), (x | y, X | Y), (x ^ y, X ^ Y), (ops.bitwise_xor(x, y), X ^ Y), (ops.max(x), np.bool_(True)), (ops.min(x), np.bool_(False)),
    ):  # fmt: skip
        _is(got, expected)


def test_other_arithmetic_counts_booleans_in_int32(backend):
    x, y = ops.convert_to_tensor(X), ops.convert_to_tensor(Y)
    for got, expected in (
        (x - y, N - M), (x**y, N**M), (x**2, N), (x - True, N - 1), (-x, -N), (ops.abs(x), N), (ops.sign(x), N), (ops.square(x), N), (ops.relu(x), N),
        (ops.clip(x, 0, 5), N), (ops.round(x), N), (ops.matmul(x, y), np.int32(1)), (ops.top_k(x, 2)[0], np.ones(2, "int32")),
        (x < y, X < Y), (x <= True, X <= True), (ops.add(x, 1), N + 1),
    ):  # fmt: skip
        _is(got, expected)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"])
def test_orders_and_bounds_of_integers(backend, dtype):
    low, high = int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)
    array = np.array([3, 0, high, low, 7], dtype)
    x = ops.convert_to_tensor(array)
    _is(ops.argmin(x), np.int32(np.argmin(array)))
    _is(ops.argmax(x), np.int32(2))
    values, order = ops.top_k(x, 3)
    _is(values, np.array([high, 7, 3], dtype))
    _is(order, np.array([2, 4, 0], "int32"))
    _is(ops.clip(x, None, 5), np.minimum(array, 5).astype(dtype))
    _is(ops.clip(x, 1, None), np.maximum(array, 1).astype(dtype))
    _is(ops.clip(x, -1e30, 1e30), array)
    _is(ops.relu(x), np.maximum(array, 0).astype(dtype))
    _is(ops.bitwise_xor(x, high), array ^ np.array(high, dtype))


def test_rounding_integers_to_digits_gives_floats(backend):
    _is(ops.round(ops.convert_to_tensor(np.array([7, -4], "int32")), 1), np.array([7.0, -4.0], "float32"))
