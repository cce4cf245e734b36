"""Element-wise operations: one table row for each function of one argument, then those of two and three.

A row is `name: (value, slope)`: `value(xp, x)` computes it, `slope(xp, x, y)` is its derivative at x where the value
is y, or None for a gradient of 0. Python scalars stand for themselves: NumPy gives them the dtype of the array beside.
"""

import math

import numpy as np

from .special import digamma, erf, lgamma, trigamma
from .tape import Tensor

quiet = np.errstate(all="ignore")  # 1/0 is inf and 0/0 is NaN, without a word


def raw(x):
    """The array of a tensor; a Python scalar as it is."""
    return x.array if isinstance(x, Tensor) else x


def whole(name):
    """A rounding function; integers are as they should be already."""
    return lambda xp, x: x if x.dtype.kind != "f" else getattr(xp, name)(x)


UNARY = {
    "negative": (lambda xp, x: -x, lambda xp, x, y: -1.0),
    "abs": (lambda xp, x: abs(x), lambda xp, x, y: xp.sign(x)),
    "sign": (lambda xp, x: xp.sign(x), None),
    "exp": (lambda xp, x: xp.exp(x), lambda xp, x, y: y),
    "expm1": (lambda xp, x: xp.expm1(x), lambda xp, x, y: y + 1.0),
    "log": (lambda xp, x: xp.log(x), lambda xp, x, y: 1.0 / x),
    "log1p": (lambda xp, x: xp.log1p(x), lambda xp, x, y: 1.0 / (x + 1.0)),
    "sqrt": (lambda xp, x: xp.sqrt(x), lambda xp, x, y: 0.5 / y),
    "rsqrt": (lambda xp, x: 1.0 / xp.sqrt(x), lambda xp, x, y: -0.5 * y / x),
    "sin": (lambda xp, x: xp.sin(x), lambda xp, x, y: xp.cos(x)),
    "cos": (lambda xp, x: xp.cos(x), lambda xp, x, y: -xp.sin(x)),
    "tan": (lambda xp, x: xp.tan(x), lambda xp, x, y: 1.0 + y * y),
    "arcsin": (lambda xp, x: xp.arcsin(x), lambda xp, x, y: 1.0 / xp.sqrt(1.0 - x * x)),
    "arccos": (lambda xp, x: xp.arccos(x), lambda xp, x, y: -1.0 / xp.sqrt(1.0 - x * x)),
    "arctan": (lambda xp, x: xp.arctan(x), lambda xp, x, y: 1.0 / (1.0 + x * x)),
    "sinh": (lambda xp, x: xp.sinh(x), lambda xp, x, y: xp.cosh(x)),
    "cosh": (lambda xp, x: xp.cosh(x), lambda xp, x, y: xp.sinh(x)),
    "tanh": (lambda xp, x: xp.tanh(x), lambda xp, x, y: 1.0 - y * y),
    "erf": (erf, lambda xp, x, y: 2.0 / math.sqrt(math.pi) * xp.exp(-x * x)),
    "lgamma": (lgamma, lambda xp, x, y: digamma(xp, x)),
    "digamma": (digamma, lambda xp, x, y: trigamma(xp, x)),
    "floor": (whole("floor"), None),
    "ceil": (whole("ceil"), None),
    "round": (whole("rint"), None),
    "isnan": (lambda xp, x: xp.isnan(x), None),
    "isinf": (lambda xp, x: xp.isinf(x), None),
    "isfinite": (lambda xp, x: xp.isfinite(x), None),
    "logical_not": (lambda xp, x: ~x, None),
}

#: Operations on two operands without a gradient: the name is NumPy's too.
PLAIN = (
    "equal not_equal less less_equal greater greater_equal logical_and logical_or bitwise_and bitwise_or bitwise_xor"
).split()


def unary(value, slope):
    @quiet
    def call(self, x):
        a = x.array
        y = value(self.xp, a)
        return self.record(y, *([] if slope is None else [(x, lambda g: g * slope(self.xp, a, y))]))

    return call


def plain(name):
    def call(self, x, y):
        return self.record(getattr(self.xp, name)(raw(x), raw(y)))

    return call


class Elementwise:
    """The operations of the two tables are added below the class."""

    @quiet
    def add(self, x, y):
        return self.record(raw(x) + raw(y), (x, lambda g: g), (y, lambda g: g))

    @quiet
    def subtract(self, x, y):
        return self.record(raw(x) - raw(y), (x, lambda g: g), (y, lambda g: -g))

    @quiet
    def multiply(self, x, y):
        a, b = raw(x), raw(y)
        return self.record(a * b, (x, lambda g: g * b), (y, lambda g: g * a))

    @quiet
    def divide(self, x, y):
        a, b = raw(x), raw(y)
        return self.record(a / b, (x, lambda g: g / b), (y, lambda g: -g * a / b / b))

    @quiet
    def power(self, x, y):
        xp, a, b = self.xp, raw(x), raw(y)
        z = xp.power(a, b)

        def by_base(g):  # 0 * a**-1 would be NaN at a = 0
            return g * xp.where(xp.equal(b, 0), 0.0, b * xp.power(a, b - 1))

        def by_exponent(g):
            return g * xp.where(xp.equal(a, 0), 0.0, z * xp.log(a))

        return self.record(z, (x, by_base), (y, by_exponent))

    def maximum(self, x, y):
        a, b = raw(x), raw(y)
        return self._extreme(self.xp.maximum(a, b), a > b, a == b, x, y)

    def minimum(self, x, y):
        a, b = raw(x), raw(y)
        return self._extreme(self.xp.minimum(a, b), a < b, a == b, x, y)

    def _extreme(self, z, first, tie, x, y):
        share = first + 0.5 * tie
        return self.record(z, (x, lambda g: g * share), (y, lambda g: g * (1.0 - share)))

    @quiet
    def arctan2(self, x, y):
        a, b = raw(x), raw(y)
        square = a * a + b * b
        return self.record(self.xp.arctan2(a, b), (x, lambda g: g * b / square), (y, lambda g: -g * a / square))

    @quiet
    def floor_divide(self, x, y):
        return self.record(self.xp.floor_divide(raw(x), raw(y)))

    @quiet
    def mod(self, x, y):
        return self.record(self.xp.mod(raw(x), raw(y)), (x, lambda g: g))

    def where(self, condition, x, y):
        xp, c = self.xp, condition.array
        dtype = (x if isinstance(x, Tensor) else y).array.dtype
        z = xp.where(c, raw(x), raw(y)).astype(dtype, copy=False)
        return self.record(z, (x, lambda g: xp.where(c, g, 0.0)), (y, lambda g: xp.where(c, 0.0, g)))

    def clip(self, x, low, high):
        a = x.array
        return self.record(self.xp.clip(a, low, high), (x, lambda g: g * ((a >= low) & (a <= high))))


for _name, _row in UNARY.items():
    setattr(Elementwise, _name, unary(*_row))
for _name in PLAIN:
    setattr(Elementwise, _name, plain(_name))
