"""Matrix products. Half precision is multiplied in float32, for NumPy has no fast product of its own."""

import math

import numpy as np

from .quiet import quiet
from .tape import Box, fit, leading_sum, record, record_joint, unbox


def product(x, y):
    """x @ y, of ranks >= 2; a matrix on the right takes all rows of x in one BLAS call."""
    if x.dtype.itemsize == 2 and x.dtype.kind not in "iu":
        return product(x.astype(np.float32), y.astype(np.float32)).astype(x.dtype)
    if x.ndim > 2 and y.ndim == 2:
        return quiet.run(np.matmul, _rows(x), y).reshape(x.shape[:-1] + y.shape[-1:])
    return quiet.run(np.matmul, x, y)


def _rows(x):
    """As a matrix of its last axes; -1 would not say how many rows an empty one has."""
    return x if x.ndim == 2 else x.reshape(math.prod(x.shape[:-1]), x.shape[-1])


def _swap(x):
    return x.swapaxes(-1, -2)


def _matmul_x(g, x, y):
    return fit(product(g, _swap(y)), x.shape)


def _matmul_y(g, x, y):
    if y.ndim == 2:
        return product(_rows(x).T, _rows(g))
    return fit(product(_swap(x), g), y.shape)


class Linear:
    """matmul, and dense with its bias added in place."""

    def matmul(self, x, y):
        if type(x) is not Box and type(y) is not Box:
            return product(x, y)
        a, b = unbox(x), unbox(y)
        return record((x, y), product(a, b), (_matmul_x, _matmul_y), a, b)

    def dense(self, x, kernel, bias):
        value, k, b = unbox(x), unbox(kernel), unbox(bias)
        y = product(value, k)
        if b is not None:
            y += b
        if type(x) is not Box and type(kernel) is not Box and type(bias) is not Box:
            return y
        needs_x, needs_k, needs_b = (type(t) is Box for t in (x, kernel, bias))

        def pull(g):
            return (
                product(g, k.T) if needs_x else None,
                _matmul_y(g, value, k) if needs_k else None,
                leading_sum(g, g.ndim - 1) if needs_b else None,
            )

        return record_joint((x, kernel, bias), [y], pull)[0]
