"""Functions that NumPy lacks. Each takes the array module and an array, and returns an array of the same dtype.

erf and lgamma are in Python's `math` for one number at a time and in CuPy for arrays. digamma and its derivative,
trigamma, go by the recurrence f(x) = f(x + 1) + ... up to x + 10, where a few terms of the series for large arguments
give all digits, and by the reflection formula below 0.
"""

import importlib
import math

import numpy as np

_STEPS = 10
#: Coefficients of z**-2, z**-4, ... in ln z - 1/(2z) - digamma(z): the Bernoulli numbers B_2k over 2k.
_DIGAMMA = (1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12)
#: Coefficients of z**-3, z**-5, ... in trigamma(z) - 1/z - 1/(2z**2): the Bernoulli numbers themselves.
_TRIGAMMA = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6)


def erf(xp, x):
    return _each(math.erf, x) if xp is np else _cupy("erf")(x).astype(x.dtype)


def lgamma(xp, x):
    return _each(_log_gamma, x) if xp is np else _cupy("gammaln")(x).astype(x.dtype)


def _log_gamma(x):
    try:
        return math.lgamma(x)
    except (ValueError, OverflowError):  # at the poles 0, -1, -2 ..., and beyond the largest float
        return math.inf


def _each(function, x):
    return np.vectorize(function, otypes=[np.float64])(x).astype(x.dtype)


def _cupy(name):
    return getattr(importlib.import_module("cupyx.scipy.special"), name)


def _series(coefficients, z):
    """c0 / z**2 + c1 / z**4 + ..."""
    total = 0.0
    for c in reversed(coefficients):
        total = (total + c) / (z * z)
    return total


def digamma(xp, x):
    wide = x.astype("float64")
    a = xp.where(wide < 0.0, 1.0 - wide, wide)
    z = a + _STEPS
    y = xp.log(z) - 0.5 / z - _series(_DIGAMMA, z)
    for k in range(_STEPS):
        y = y - 1.0 / (a + k)
    off = math.pi * (wide - xp.rint(wide))
    return xp.where(wide < 0.0, y - math.pi / xp.tan(off), y).astype(x.dtype)


def trigamma(xp, x):
    wide = x.astype("float64")
    a = xp.where(wide < 0.0, 1.0 - wide, wide)
    z = a + _STEPS
    y = 1.0 / z + 0.5 / (z * z) + _series(_TRIGAMMA, z) / z
    for k in range(_STEPS):
        y = y + 1.0 / ((a + k) * (a + k))
    off = math.pi * (wide - xp.rint(wide))
    return xp.where(wide < 0.0, (math.pi / xp.sin(off)) ** 2 - y, y).astype(x.dtype)
