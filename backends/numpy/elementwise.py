"""Element-wise methods, made from the tables of `vjps`."""

import numpy as np
from numpy import ndarray

from .quiet import quiet
from .select import masked, select
from .tape import Box, fit, record, unbox
from .vjps import BINARY, PLAIN, PYTHON, TESTS, UNARY


def _unary(name, function, vjp):
    def method(self, x):
        if type(x) is Box:
            value = x.value
            y = function(value)
            return record((x,), y, (vjp,), y, value) if vjp else y
        y = quiet.run(function, x)
        return y if type(y) is ndarray else np.asarray(y)

    def python_method(self, x):
        value = unbox(x)
        with np.errstate(all="ignore"):
            y = np.asarray(function(value))
        return record((x,), y, (vjp,), y, value) if vjp else y

    method = python_method if name in PYTHON else method
    method.__name__ = name
    return method


def _binary(name, function, vjp_x, vjp_y):
    def method(self, x, y):
        if type(x) is Box or type(y) is Box:
            return _taped(function, vjp_x, vjp_y, x, y)
        if type(x) is not ndarray or type(y) is not ndarray:
            x, y = _weak(x, y)
        z = quiet.run(function, x, y)
        return z if type(z) is ndarray else np.asarray(z)

    method.__name__ = name
    return method


def _weak(x, y):
    """x and y with a scalar beside bfloat16 made bfloat16: NumPy lets scalars keep its own dtypes only."""
    if isinstance(x, ndarray):
        if x.dtype.kind == "V" and not isinstance(y, ndarray):
            y = np.asarray(y, x.dtype)
    elif isinstance(y, ndarray) and y.dtype.kind == "V":
        x = np.asarray(x, y.dtype)
    return x, y


def _taped(function, vjp_x, vjp_y, x, y):
    """A binary operation on at least one box."""
    a, b = _weak(unbox(x), unbox(y))
    z = quiet.run(function, a, b)
    links, tape = [], None
    for operand, value, vjp in ((x, a, vjp_x), (y, b, vjp_y)):
        if type(operand) is not Box or vjp is None or operand.tape.nodes is None:
            continue
        if tape is not None and operand.tape is not tape:
            return record((x, y), z, ())  # two live tapes: raises
        tape = operand.tape
        links.append((operand.index, vjp, None if value.shape == z.shape else value.shape))
    if tape is None:
        return z if type(z) is ndarray else np.asarray(z)
    return tape.push(z, links, (z, a, b))


def _plain(name, function):
    def method(self, x, y):
        z = quiet.run(function, *_weak(x.value if type(x) is Box else x, y.value if type(y) is Box else y))
        return z if type(z) is ndarray else np.asarray(z)

    method.__name__ = name
    return method


def _test(name, function):
    def method(self, x):
        y = function(unbox(x))
        return y if type(y) is ndarray else np.asarray(y)

    method.__name__ = name
    return method


class Elementwise:
    """The unary and binary primitives, `where` and `clip`."""

    def where(self, condition, x, y):
        condition = unbox(condition)
        if type(x) is not Box and type(y) is not Box:
            return np.asarray(select(condition, *_weak(x, y)))
        a, b = _weak(unbox(x), unbox(y))
        z = select(condition, a, b)
        return record((x, y), z, (_where_x, _where_y), condition, getattr(a, "shape", ()), getattr(b, "shape", ()))

    def clip(self, x, low, high):
        value = unbox(x)
        y = np.asarray(np.clip(value, low, high), value.dtype)
        if type(x) is not Box:
            return y
        return record((x,), y, (_clip_vjp,), value, low, high)


def _where_x(g, condition, shape, _):
    return fit(masked(g, condition), shape)


def _where_y(g, condition, _, shape):
    return fit(masked(g, ~condition), shape)


def _clip_vjp(g, x, low, high):
    inside = np.greater_equal(x, low)
    inside &= np.less_equal(x, high)
    return g * inside


for _name, (_function, _vjp) in UNARY.items():
    setattr(Elementwise, _name, _unary(_name, _function, _vjp))
for _name, (_function, _x, _y) in BINARY.items():
    setattr(Elementwise, _name, _binary(_name, _function, _x, _y))
for _name, _function in PLAIN.items():
    setattr(Elementwise, _name, _plain(_name, _function))
for _name, _function in TESTS.items():
    setattr(Elementwise, _name, _test(_name, _function))
