"""Oracles of the unary, binary and selecting primitives."""

import math
from fractions import Fraction

import numpy as np

#: Operations below that call SciPy.
BY_SCIPY = {"digamma": None}.keys()


def wide(x):
    """An exact copy in a wider type: long double for floats, Python integers for integers."""
    x = np.asarray(x)
    if x.dtype.kind == "f":
        return x.astype(np.longdouble)
    return x if x.dtype == bool else x.astype(object)


def wrapped(x, dtype):
    """Python integers as a fixed-width dtype that wraps around."""
    info = np.iinfo(dtype)
    size = int(info.max) - int(info.min) + 1
    flat = [(int(v) - int(info.min)) % size + int(info.min) for v in np.asarray(x, object).reshape(-1)]
    return np.array(flat, dtype).reshape(np.shape(x))


def each(function, *xs, dtype=np.float64):
    """A Python function of numbers over the elements of arrays that broadcast."""
    xs = np.broadcast_arrays(*xs)
    flat = [function(*values) for values in zip(*(x.reshape(-1).tolist() for x in xs))]
    return np.array(flat, dtype).reshape(xs[0].shape)


def paired(x, y):
    """Two operands as arrays of one dtype, that of the array where the other is a Python scalar."""
    if isinstance(x, np.ndarray) and isinstance(y, np.ndarray):
        return x, y
    return (x, np.asarray(y, x.dtype)) if isinstance(x, np.ndarray) else (np.asarray(x, y.dtype), y)


def _unary(function):
    """The function in long double; of integers in Python's."""

    def oracle(x):
        return wrapped(function(wide(x)), x.dtype) if x.dtype.kind in "iu" else function(wide(x))

    return oracle


def _binary(function):
    def oracle(x, y):
        x, y = paired(x, y)
        z = function(wide(x), wide(y))
        return wrapped(z, x.dtype) if x.dtype.kind in "iu" else z

    return oracle


def _compared(function):
    def oracle(x, y):
        x, y = paired(x, y)
        return each(function, x, y, dtype=bool)

    return oracle


def _of_integers(function):
    def oracle(x, y):
        x, y = paired(x, y)
        return each(lambda a, b: wrapped(function(a, b), x.dtype), x, y, dtype=x.dtype)

    return oracle


def _lgamma(x):
    def one(v):
        if v - v:
            return abs(v)
        return math.inf if v <= 0 and v == math.floor(v) else math.lgamma(v)

    return each(one, x)


def _digamma(x):
    from scipy.special import digamma

    return digamma(x)


def _whole(exact, special):
    """`exact` of fractions where that is defined, otherwise what NumPy says about NaN, infinity and zero."""

    def one(a, b):
        if math.isfinite(a) and math.isfinite(b) and b:
            return float(exact(Fraction(a), Fraction(b)))
        return float(special(np.float64(a), np.float64(b)))

    def oracle(x, y):
        x, y = paired(x, y)
        if x.dtype.kind == "f":
            return each(one, x, y)
        return each(lambda a, b: wrapped(exact(a, b), x.dtype), x, y, dtype=x.dtype)

    return oracle


def _where(condition, x, y):
    x, y = paired(x, y)
    return each(lambda c, a, b: a if c else b, condition, x, y, dtype=x.dtype)


def _clip(x, low, high):
    return each(lambda v: v if v != v else high if v > high else low if v < low else v, x, dtype=x.dtype)


def _larger(sign):
    """The element that is larger times `sign`; NaN if either is NaN."""

    def one(a, b):
        return a if a != a else b if b != b else a if sign * a >= sign * b else b

    def oracle(x, y):
        x, y = paired(x, y)
        return each(one, x, y, dtype=x.dtype)

    return oracle


ORACLES = {
    name: _unary(getattr(np, name))
    for name in ("negative exp expm1 log log1p sqrt sin cos tan arcsin arccos arctan sinh cosh tanh").split()
}
ORACLES |= {
    "abs": _unary(np.abs),
    "sign": lambda x: each(lambda v: v if v != v else (v > 0) - (v < 0), x, dtype=x.dtype),
    "rsqrt": _unary(lambda x: 1 / np.sqrt(x)),
    "erf": lambda x: each(math.erf, x),
    "lgamma": _lgamma,
    "digamma": _digamma,
    "isnan": lambda x: each(lambda v: v != v, x, dtype=bool),
    "isinf": lambda x: each(lambda v: v in (math.inf, -math.inf), x, dtype=bool),
    "isfinite": lambda x: each(lambda v: v - v == 0, x, dtype=bool),
    "logical_not": lambda x: each(lambda v: not v, x, dtype=bool),
    "add": _binary(np.add),
    "subtract": _binary(np.subtract),
    "multiply": _binary(np.multiply),
    "divide": _binary(np.true_divide),
    "power": _binary(np.power),
    "arctan2": _binary(np.arctan2),
    "maximum": _larger(1),
    "minimum": _larger(-1),
    "floor_divide": _whole(lambda a, b: math.floor(a / b) if isinstance(a, Fraction) else a // b, np.floor_divide),
    "mod": _whole(lambda a, b: a % b, np.mod),
    "equal": _compared(lambda a, b: a == b),
    "not_equal": _compared(lambda a, b: a != b),
    "less": _compared(lambda a, b: a < b),
    "less_equal": _compared(lambda a, b: a <= b),
    "greater": _compared(lambda a, b: a > b),
    "greater_equal": _compared(lambda a, b: a >= b),
    "logical_and": _compared(lambda a, b: a and b),
    "logical_or": _compared(lambda a, b: a or b),
    "bitwise_and": _of_integers(lambda a, b: a & b),
    "bitwise_or": _of_integers(lambda a, b: a | b),
    "bitwise_xor": _of_integers(lambda a, b: a ^ b),
    "where": _where,
    "clip": _clip,
}
for _name, _function in (("floor", math.floor), ("ceil", math.ceil), ("round", round)):
    ORACLES[_name] = lambda x, f=_function: each(lambda v: f(v) if v - v == 0 else v, x, dtype=x.dtype)
