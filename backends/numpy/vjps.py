"""Element-wise operations: the NumPy function of each and its vector-Jacobian products.

A vjp gets the cotangent g, the result and the operands; None stands for a gradient that is 0 everywhere. The vjps of
binary operations may have the broadcast shape: the tape sums them down.
"""

import numpy as np

from . import special


def _rsqrt(x):
    return np.reciprocal(np.sqrt(x))


def _tanh_vjp(g, y, x):
    slope = np.multiply(y, y)
    slope = np.subtract(1.0, slope)
    slope *= g
    return slope


def _float_only(function):
    """floor, ceil and round leave integers as they are."""

    def call(x):
        return x if x.dtype.kind in "iub" else function(x)

    return call


UNARY = {
    "negative": (np.negative, lambda g, y, x: -g),
    "abs": (np.abs, lambda g, y, x: g * np.sign(x)),
    "sign": (np.sign, None),
    "exp": (np.exp, lambda g, y, x: g * y),
    "expm1": (np.expm1, lambda g, y, x: g * (y + 1.0)),
    "log": (np.log, lambda g, y, x: g / x),
    "log1p": (np.log1p, lambda g, y, x: g / (x + 1.0)),
    "sqrt": (np.sqrt, lambda g, y, x: g * 0.5 / y),
    "rsqrt": (_rsqrt, lambda g, y, x: g * (y * y * y) * -0.5),
    "sin": (np.sin, lambda g, y, x: g * np.cos(x)),
    "cos": (np.cos, lambda g, y, x: g * -np.sin(x)),
    "tan": (np.tan, lambda g, y, x: g * (y * y + 1.0)),
    "arcsin": (np.arcsin, lambda g, y, x: g / np.sqrt((1.0 - x) * (1.0 + x))),
    "arccos": (np.arccos, lambda g, y, x: -g / np.sqrt((1.0 - x) * (1.0 + x))),
    "arctan": (np.arctan, lambda g, y, x: g / (x * x + 1.0)),
    "sinh": (np.sinh, lambda g, y, x: g * np.cosh(x)),
    "cosh": (np.cosh, lambda g, y, x: g * np.sinh(x)),
    "tanh": (np.tanh, _tanh_vjp),
    "erf": (special.erf, lambda g, y, x: g * (np.exp(-x * x) * (2.0 / np.pi**0.5))),
    "lgamma": (special.lgamma, lambda g, y, x: g * special.digamma(x)),
    "digamma": (special.digamma, lambda g, y, x: g * special.trigamma(x)),
    "floor": (_float_only(np.floor), None),
    "ceil": (_float_only(np.ceil), None),
    "round": (_float_only(np.rint), None),
}

#: Those whose function is Python code, which may not run in the quiet context as a whole.
PYTHON = ("rsqrt", "erf", "lgamma", "digamma", "floor", "ceil", "round")


def _power_x(g, z, x, y):
    """g y x**(y-1), and 0 for y = 0 whatever x is."""
    if not isinstance(y, np.ndarray):
        if y == 2:
            return g * (x * 2.0)
        return np.zeros_like(x) if y == 0 else g * (np.power(x, y - 1) * y)
    return g * np.where(y == 0, 0.0, y * np.power(x, np.where(y == 0, 1.0, y - 1.0)))


def _power_y(g, z, x, y):
    """g z log(x), and 0 for x = 0."""
    if not isinstance(x, np.ndarray):
        return g * z * (float(np.log(x)) if x else 0.0)
    return g * z * np.log(np.where(x == 0, 1.0, x))


def _wins(better):
    """vjp of maximum/minimum towards the operand for which `better` holds; half at a tie."""

    def vjp(g, z, x, y):
        share = np.equal(x, y).astype(g.dtype)
        share *= 0.5
        share += better(x, y)
        share *= g
        return share

    return vjp


BINARY = {
    "add": (np.add, lambda g, z, x, y: g, lambda g, z, x, y: g),
    "subtract": (np.subtract, lambda g, z, x, y: g, lambda g, z, x, y: -g),
    "multiply": (np.multiply, lambda g, z, x, y: g * y, lambda g, z, x, y: g * x),
    "divide": (np.divide, lambda g, z, x, y: g / y, lambda g, z, x, y: -g * z / y),
    "power": (np.power, _power_x, _power_y),
    "maximum": (np.maximum, _wins(np.greater), _wins(np.less)),
    "minimum": (np.minimum, _wins(np.less), _wins(np.greater)),
    "arctan2": (
        np.arctan2,
        lambda g, z, x, y: g * y / (x * x + y * y),
        lambda g, z, x, y: -g * x / (x * x + y * y),
    ),
    "mod": (np.mod, lambda g, z, x, y: g, None),
}

#: Binary operations without gradient.
PLAIN = {
    name: getattr(np, name)
    for name in (
        "floor_divide equal not_equal less less_equal greater greater_equal logical_and logical_or bitwise_and "
        "bitwise_or bitwise_xor"
    ).split()
}
TESTS = {name: getattr(np, name) for name in ("isnan", "isinf", "isfinite", "logical_not")}
