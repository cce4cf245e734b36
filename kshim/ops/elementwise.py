"""Element-wise functions of one, two and three operands."""

import math

from ..spec import dtypes
from .core import binary_operands, float_operand, number_operand, op, unary_operand, wrap

__all__ = []


def _export(fn, *aliases):
    for name in (fn.__name__, *aliases):
        globals()[name] = fn
        __all__.append(name)
    return fn


def _unary(name, method=None, floats=True, doc=""):
    operand, method = float_operand if floats else number_operand, method or name

    def fn(x):
        backend, value = operand(x)
        return wrap(getattr(backend, method)(value))

    fn.__name__ = fn.__qualname__ = name
    fn.__doc__ = doc or f"Element-wise {name}."
    return op(fn)


for _name in (
    "exp expm1 log log1p sqrt rsqrt sin cos tan arcsin arccos arctan sinh cosh tanh erf digamma "
    "isnan isinf isfinite".split()
):
    _export(_unary(_name))
_export(_unary("lgamma"))
for _name in ("sign", "floor", "ceil", "square", "negative", "abs"):
    _export(_unary(_name, floats=False))
absolute, neg = globals()["abs"], globals()["negative"]
__all__ += ["absolute", "neg", "acos", "asin", "atan"]
acos, asin, atan = globals()["arccos"], globals()["arcsin"], globals()["arctan"]


@_export
@op
def logical_not(x):
    """not x; numbers count as their truth."""
    backend, value = unary_operand(_boolean(x))
    return wrap(backend.logical_not(value))


def _boolean(x):
    backend, value = unary_operand(x)
    if backend.dtype_of(value) == "bool":
        return wrap(value)
    return wrap(backend.not_equal(value, 0.0 if dtypes.is_float(backend.dtype_of(value)) else 0))


def _binary(name, floats=False, booleans="numbers"):
    def fn(x1, x2):
        backend, a, b = binary_operands(x1, x2, floats, booleans)
        return wrap(getattr(backend, name)(a, b))

    fn.__name__ = fn.__qualname__ = name
    fn.__doc__ = f"Element-wise {name}, with broadcasting and dtype promotion."
    return op(fn)


for _name in "subtract floor_divide mod less less_equal greater greater_equal".split():
    _export(_binary(_name))
for _name in "add multiply maximum minimum bitwise_and bitwise_or bitwise_xor".split():
    _export(_binary(_name, booleans="logic"))
for _name in ("equal", "not_equal"):
    _export(_binary(_name, booleans=None))
_export(_binary("squared_difference"))
_export(_binary("divide", floats=True), "true_divide")
_export(_binary("arctan2", floats=True), "atan2")


@_export
@op
def power(x1, x2):
    """x1 ** x2; small integer exponents are products."""
    if isinstance(x2, (int, float)) and not isinstance(x2, bool):
        if x2 == 2:
            backend, value = number_operand(x1)
            return wrap(backend.square(value))
        if x2 == 1:
            return wrap(number_operand(x1)[1])
        if x2 == 0.5:
            backend, value = float_operand(x1)
            return wrap(backend.sqrt(value))
    backend, a, b = binary_operands(x1, x2, booleans="numbers")
    return wrap(backend.power(a, b))


def _logical(name):
    def fn(x1, x2):
        backend, a, b = binary_operands(_boolean(x1), _boolean(x2))
        return wrap(getattr(backend, name)(a, b))

    fn.__name__ = fn.__qualname__ = name
    fn.__doc__ = f"Element-wise {name}; numbers count as their truth."
    return op(fn)


_export(_logical("logical_and"))
_export(_logical("logical_or"))


@_export
@op
def logical_xor(x1, x2):
    """Element-wise exclusive or; numbers count as their truth."""
    backend, a, b = binary_operands(_boolean(x1), _boolean(x2))
    return wrap(backend.not_equal(a, b))


and_, or_, xor_ = (globals()[f"bitwise_{_name}"] for _name in ("and", "or", "xor"))
__all__ += ["and_", "or_", "xor_"]


@_export
@op
def where(condition, x1=None, x2=None):
    """x1 where the condition holds, else x2. With the condition alone: the indices where it holds (values needed)."""
    if x1 is None or x2 is None:
        from .shaping import nonzero

        return nonzero(condition)
    backend, a, b = binary_operands(x1, x2)
    if isinstance(a, (bool, int, float)) and isinstance(b, (bool, int, float)):
        a = backend.constant(a, "int32")
    other, test = unary_operand(_boolean(condition))
    backend = other if other is not backend and type(test).__name__ == "ShapeDtype" else backend
    return wrap(backend.where(test, a, b))


@_export
@op
def clip(x, x_min, x_max):
    """x limited to [x_min, x_max]; gradient 1 at the bounds when they are numbers. None leaves a side open."""
    backend, value = number_operand(x)
    x_min = -math.inf if x_min is None else x_min
    x_max = math.inf if x_max is None else x_max
    if not isinstance(x_min, (int, float)) or not isinstance(x_max, (int, float)):
        from .core import native

        if getattr(x_min, "shape", ()) or getattr(x_max, "shape", ()):
            return globals()["minimum"](globals()["maximum"](wrap(value), x_min), x_max)
        x_min, x_max = (b.numpy().item() if hasattr(b, "numpy") else native(b) for b in (x_min, x_max))
    dtype = backend.dtype_of(value)
    if not dtypes.is_float(dtype):
        low, high = dtypes.limits(dtype)
        return wrap(backend.clip(value, *(int(min(max(b, low), high)) for b in (x_min, x_max))))
    return wrap(backend.clip(value, float(x_min), float(x_max)))


@_export
@op
def round(x, decimals=0):
    """Nearest, halves to even, at `decimals` digits."""
    backend, value = number_operand(x)
    if not decimals:
        return wrap(backend.round(value))
    if not dtypes.is_float(backend.dtype_of(value)):
        backend, value = float_operand(wrap(value))
    scale = 10.0**decimals
    return wrap(backend.divide(backend.round(backend.multiply(value, scale)), scale))


@_export
@op
def reciprocal(x):
    """1 / x."""
    backend, value = float_operand(x)
    return wrap(backend.reciprocal(value))


@_export
@op
def log2(x):
    backend, value = float_operand(x)
    return wrap(backend.multiply(backend.log(value), 1.0 / math.log(2.0)))


@_export
@op
def log10(x):
    backend, value = float_operand(x)
    return wrap(backend.multiply(backend.log(value), 1.0 / math.log(10.0)))


@_export
@op
def logaddexp(x1, x2):
    """log(e**x1 + e**x2), stable."""
    backend, a, b = binary_operands(x1, x2, True)
    top = backend.maximum(a, b)
    gap = backend.negative(backend.abs(backend.subtract(a, b)))
    return wrap(backend.add(top, backend.log1p(backend.exp(gap))))


@_export
@op
def arcsinh(x):
    x = cast_float(x)
    g = globals()
    return g["multiply"](g["sign"](x), g["log"](g["add"](g["abs"](x), g["sqrt"](g["add"](g["square"](x), 1.0)))))


@_export
@op
def arccosh(x):
    x = cast_float(x)
    g = globals()
    return g["log"](g["add"](x, g["sqrt"](g["subtract"](g["square"](x), 1.0))))


@_export
@op
def arctanh(x):
    x = cast_float(x)
    g = globals()
    return g["multiply"](g["subtract"](g["log1p"](x), g["log1p"](g["negative"](x))), 0.5)


def cast_float(x):
    return wrap(float_operand(x)[1])


@_export
@op
def erfinv(x):
    """Inverse error function: Giles' rational start (2010) and two Newton steps."""
    x = cast_float(x)
    g = globals()
    w = g["negative"](g["log"](g["multiply"](g["subtract"](1.0, x), g["add"](1.0, x))))
    a = 0.147
    t = g["add"](2.0 / (math.pi * a), g["multiply"](w, -0.5))
    y = g["sqrt"](g["subtract"](g["sqrt"](g["add"](g["square"](t), g["multiply"](w, 1.0 / a))), t))
    y = g["multiply"](g["sign"](x), y)
    for _ in range(3):
        slope = g["multiply"](g["exp"](g["negative"](g["square"](y))), 2.0 / math.sqrt(math.pi))
        y = g["subtract"](y, g["divide"](g["subtract"](g["erf"](y), x), slope))
    return y


@_export
def nan_to_num(x, nan=0.0, posinf=None, neginf=None):
    """NaN and infinities replaced by numbers (the dtype's largest by default)."""
    from .core import convert_to_tensor

    x = convert_to_tensor(x)
    largest = {"float16": 65504.0, "bfloat16": 3.3895e38, "float32": 3.4028234663852886e38}.get(
        str(x.dtype), 1.7976931348623157e308
    )
    x = where(globals()["isnan"](x), nan, x)
    x = where(globals()["equal"](x, math.inf), largest if posinf is None else posinf, x)
    return where(globals()["equal"](x, -math.inf), -largest if neginf is None else neginf, x)


__all__.append("cast_float")
