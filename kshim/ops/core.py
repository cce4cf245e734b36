"""Dispatch: from whatever the user passed to native tensors of the right backend, and back."""

from functools import wraps

import numpy as np

from .. import config
from ..engine import tensor as _t
from ..engine.context import context
from ..spec import dtypes, registry
from ..spec.shapes import SHAPES, ShapeDtype

_NUMBERS = (bool, int, float)


def active():
    """The backend new tensors are made on: shapes only while building symbolically."""
    if context.symbolic:
        return SHAPES
    return registry.state.backend or registry.resolve()


def _has_keras(values):
    KerasTensor = _t.KerasTensor
    for a in values:
        kind = type(a)
        if kind is KerasTensor or (kind is list or kind is tuple) and _has_keras(a):
            return True
    return False


def op(fn):
    """Mark a public op: called with a `KerasTensor`, it becomes a layer of the functional graph."""

    @wraps(fn)
    def call(*args, **kwargs):
        if _has_keras(args) or kwargs and _has_keras(kwargs.values()):
            from ..engine.op_layer import record

            return record(call, args, kwargs)
        return fn(*args, **kwargs)

    call.op_function = fn
    return call


def is_variable(x):
    return hasattr(x, "native")


def native(x, backend=None):
    """The native value of a Tensor, Variable, array, nested list; Python numbers stay as they are."""
    if isinstance(x, _t.Tensor):
        return x._value
    if is_variable(x):
        return x.lent
    if isinstance(x, _NUMBERS):
        return x
    if isinstance(x, np.generic):
        return x.item()
    backend = backend or active()
    if backend.is_tensor(x):
        return x
    return backend.from_numpy(to_array(x))


def to_array(x):
    """A NumPy array of a dtype Keras would choose: floats of floatx, Python ints int32."""
    if isinstance(x, np.ndarray):
        if x.dtype == object:
            raise TypeError(
                f"Cannot convert an object array to a tensor: {x!r:.200}. Give every row the same length and dtype."
            )
        return x
    if hasattr(x, "__array__") and not isinstance(x, (list, tuple)):
        return np.asarray(x)
    items = _leaves(x)
    if any(isinstance(i, _t.Tensor) or is_variable(i) for i in items):
        x = _hosted(x)
    try:
        array = np.asarray(x)
    except ValueError as error:
        raise ValueError(f"Cannot convert {x!r:.200} to a tensor: {error}") from error
    if array.dtype == object or array.dtype.kind not in "biuf":
        raise TypeError(
            f"Cannot convert {type(x).__name__} {x!r:.200} to a tensor; expected numbers, arrays or tensors."
        )
    if array.dtype == np.float64:
        return array.astype(config.floatx() if config.floatx() != "bfloat16" else "float32")
    return array.astype(np.int32) if array.dtype == np.int64 else array


def _leaves(x):
    if isinstance(x, (list, tuple)):
        for item in x:
            yield from _leaves(item)
    else:
        yield x


def _hosted(x):
    if isinstance(x, (list, tuple)):
        return [_hosted(i) for i in x]
    return x.numpy() if isinstance(x, _t.Tensor) or is_variable(x) else x


def _mixed(x):
    """Whether a list holds tensors that have no host value (so that it must be stacked by ops)."""
    return isinstance(x, (list, tuple)) and any(isinstance(i, _t.Tensor) or is_variable(i) for i in _leaves(x))


def backend_of(*values):
    """The backend that computes on these natives: shapes only if any of them is only a shape."""
    for v in values:
        if type(v) is ShapeDtype:
            return SHAPES
        if type(v) is list:
            for i in v:
                if type(i) is ShapeDtype:
                    return SHAPES
    return active()


def unary_operand(x):
    """(backend, native tensor) of one operand; Python numbers become tensors."""
    if type(x) is _t.Tensor:
        value = x._value
        if type(value) is ShapeDtype:
            return SHAPES, value
        return registry.state.backend or registry.resolve(), value
    if _mixed(x):
        x = convert_to_tensor(x)
    value = native(x)
    if isinstance(value, _NUMBERS):
        value = active().constant(value, number_dtype(value))
    return backend_of(value), value


def number_dtype(value):
    return "bool" if isinstance(value, bool) else "int32" if isinstance(value, int) else config.floatx()


def float_operand(x):
    """`unary_operand`, integers and booleans cast to floatx."""
    backend, value = unary_operand(x)
    if not dtypes.is_float(backend.dtype_of(value)):
        value = backend.cast(value, config.floatx())
    return backend, value


def number_operand(x):
    """`unary_operand`, booleans as 0 and 1 in int32."""
    backend, value = unary_operand(x)
    if backend.dtype_of(value) == "bool":
        value = backend.cast(value, "int32")
    return backend, value


class _Logic:
    """Arithmetic on booleans as NumPy has it: `or` for sums, `and` for products."""

    def __init__(self, backend):
        self.add = self.maximum = self.bitwise_or = backend.logical_or
        self.multiply = self.minimum = self.bitwise_and = backend.logical_and
        self.bitwise_xor = backend.not_equal


def _of_booleans(backend, a, b, booleans):
    if booleans == "logic":
        return _Logic(backend), a, b
    if booleans == "numbers":
        a, b = (int(v) if isinstance(v, bool) else backend.cast(v, "int32") for v in (a, b))
    return backend, a, b


def descending(backend, value):
    """Numbers in the opposite order: the largest comes out smallest. No integer is left out, as it would be by negation."""
    dtype = backend.dtype_of(value)
    if not dtypes.is_int(dtype):
        return backend.negative(value)
    return backend.bitwise_xor(value, dtypes.limits(dtype)[1] if dtype in dtypes.UNSIGNED else -1)


def _weak(x):
    """Whether an operand takes the other's float dtype: NumPy floats and lists do, tensors do not."""
    return not isinstance(x, _t.Tensor) and not is_variable(x)


def binary_operands(x, y, floats=False, booleans=None):
    """(backend, native x, native y) with one dtype; at most one stays a Python scalar.

    `floats` asks for floating operands (true division and the like). Two booleans stay what they are, or become int32
    where `booleans` is "numbers"; where it is "logic" the first result has `or` and `and` for the arithmetic on them.
    """
    a, b = native(_stacked(x)), native(_stacked(y))
    backend = backend_of(a, b)
    scalar_a, scalar_b = isinstance(a, _NUMBERS), isinstance(b, _NUMBERS)
    if scalar_a and scalar_b:
        a = backend.constant(a, number_dtype(a))
        scalar_a = False
    if scalar_a or scalar_b:
        tensor, scalar = (b, a) if scalar_a else (a, b)
        dtype = backend.dtype_of(tensor)
        if dtypes.is_float(dtype):
            scalar = float(scalar)
        elif isinstance(scalar, float) or floats:
            tensor, scalar = backend.cast(tensor, config.floatx()), float(scalar)
        elif dtype == "bool" and not isinstance(scalar, bool):
            tensor = backend.cast(tensor, "int32")
        elif dtype != "bool":
            scalar = int(scalar)
        else:
            return _of_booleans(backend, *((scalar, tensor) if scalar_a else (tensor, scalar)), booleans)
        return (backend, scalar, tensor) if scalar_a else (backend, tensor, scalar)
    da, db = backend.dtype_of(a), backend.dtype_of(b)
    if da == db and not floats:
        return _of_booleans(backend, a, b, booleans) if da == "bool" else (backend, a, b)
    if da != db:
        weak_a, weak_b = _weak(x), _weak(y)
        if weak_a and not weak_b and dtypes.is_float(da) and dtypes.is_float(db):
            target = db
        elif weak_b and not weak_a and dtypes.is_float(da) and dtypes.is_float(db):
            target = da
        else:
            target = dtypes.promote(da, db)
    else:
        target = da
    if floats and not dtypes.is_float(target):
        target = config.floatx()
    a = a if da == target else backend.cast(a, target)
    b = b if db == target else backend.cast(b, target)
    return backend, a, b


def _stacked(x):
    return convert_to_tensor(x) if _mixed(x) else x


def normalize_axis(axis, rank, name="axis"):
    """A non-negative axis; `ValueError` naming the argument when it is out of range."""
    if axis < -rank or axis >= rank:
        raise ValueError(f"{name}={axis} is out of range for a tensor of {rank} dimension(s).")
    return int(axis) % rank if rank else 0


def normalize_axes(axis, rank):
    """A tuple of non-negative axes from None (all), an int or a sequence."""
    if axis is None:
        return tuple(range(rank))
    if isinstance(axis, (list, tuple)):
        return tuple(sorted({normalize_axis(int(a), rank) for a in axis}))
    return (normalize_axis(int(axis), rank),)


def size_list(shape):
    """A shape given as ints, Tensors or arrays, as a tuple of Python ints (-1 and None become -1)."""
    if isinstance(shape, _t.Tensor) or isinstance(shape, np.ndarray):
        shape = shape.tolist()
    if isinstance(shape, (int, np.integer)):
        shape = (shape,)
    return tuple(-1 if s is None else int(s) for s in shape)


def wrap(value):
    return _t.Tensor(value)


def convert_to_tensor(x, dtype=None, name=None, sparse=None, **kwargs):
    """Anything to a Tensor: numbers (float -> floatx, int -> int32), arrays, nested lists of tensors, variables."""
    if isinstance(x, _t.KerasTensor):
        return cast(x, dtype) if dtype is not None and x.dtype != dtype else x
    if isinstance(x, _t.Tensor):
        out = x
    elif is_variable(x):
        out = wrap(x.lent)
    elif _mixed(x):
        from .shaping import stack

        out = stack([convert_to_tensor(i) for i in x])
    else:
        value = native(x)
        if isinstance(value, _NUMBERS):
            return wrap(active().constant(value, dtypes.standardize(dtype) if dtype else number_dtype(value)))
        out = wrap(value)
    return cast(out, dtype) if dtype is not None and out.dtype != dtypes.standardize(dtype) else out


def convert_to_numpy(x):
    """A NumPy array of the values."""
    return x.numpy() if isinstance(x, _t.Tensor) or is_variable(x) else np.asarray(to_array(x))


def is_tensor(x):
    return isinstance(x, _t.Tensor)


@op
def cast(x, dtype):
    """Values in another dtype; float to integer truncates."""
    dtype = dtypes.standardize(dtype)
    backend, value = unary_operand(x)
    return wrap(value if backend.dtype_of(value) == dtype else backend.cast(value, dtype))


@op
def stop_gradient(variable):
    """The same values, seen as a constant by differentiation."""
    backend, value = unary_operand(variable)
    return wrap(backend.stop_gradient(value))


def shape(x):
    """Tuple of sizes (ints; None where a symbolic size is unknown)."""
    if isinstance(x, _t.Tensor) or is_variable(x):
        return x.shape
    return _t.TensorShape(np.shape(x))


def fused(name, *args):
    """Call a definition of `kshim.spec.derived` (or its override) on Tensors, Variables and plain arguments."""
    values, symbolic = [], False
    for a in args:
        if isinstance(a, _t.Tensor):
            a = a._value
        elif type(a) is list:
            a = [native(i) for i in a]
        elif is_variable(a):
            a = a.lent
        elif isinstance(a, np.ndarray):
            a = active().from_numpy(a)
        if type(a) is ShapeDtype or type(a) is list and a and type(a[0]) is ShapeDtype:
            symbolic = True
        values.append(a)
    backend = SHAPES if symbolic else active()
    out = getattr(backend, name)(*values)
    if type(out) in (tuple, list):
        return tuple([wrap(i) for i in j] if type(j) is list else wrap(j) for j in out)
    return wrap(out)
