"""The op interface on shapes only: a backend whose tensors are a shape and a dtype. Made from the op table.

Used for symbolic building and `summary()`. Sizes are always ints: an unknown size is stood for by a number, and the
engine compares two runs with different numbers to see which sizes depend on it.
"""

import numpy as np

from . import registry
from .backend import Backend
from .dtypes import standardize
from .table import TABLE


class ShapeDtype:
    """A tensor without values."""

    __slots__ = ("shape", "dtype")

    def __init__(self, shape, dtype):
        self.shape, self.dtype = tuple(shape), dtype

    def __repr__(self):
        return f"ShapeDtype({self.shape}, {self.dtype})"


def _of(x):
    if isinstance(x, ShapeDtype):
        return x.shape, x.dtype
    if isinstance(x, (list, tuple)):
        pairs = [_of(i) for i in x]
        return [p[0] for p in pairs], [p[1] for p in pairs]
    backend = registry.state.backend
    if backend is not None and backend.is_tensor(x):  # such as the value of a weight; what it looks like is its affair
        return tuple(backend.shape_of(x)), backend.dtype_of(x)
    if hasattr(x, "shape") and hasattr(x, "dtype"):
        return tuple(x.shape), standardize(x.dtype)
    return (), None


def _op(op):
    def call(self, *args):
        if len(args) != len(op.args):
            raise TypeError(f"{op.name} takes ({', '.join(op.args)}), received {len(args)} arguments.")
        shapes, dtypes = [], []
        for name, value in zip(op.args, args):
            shape, dtype = _of(value) if name in op.tensors else (value, value)
            shapes.append(shape)
            dtypes.append(dtype)
        return ShapeDtype(op.shape(*shapes), op.dtype(*dtypes))

    call.__name__, call.__doc__ = op.name, op.doc
    call.__signature__ = _signature(op.args)
    return call


def _signature(args):
    from inspect import Parameter, Signature

    kind = Parameter.POSITIONAL_OR_KEYWORD
    return Signature([Parameter("self", kind)] + [Parameter(a, kind) for a in args])


class _Ops(Backend):
    abstract = True


for _row in TABLE.values():
    setattr(_Ops, _row.name, _op(_row))


class ShapesBackend(_Ops):
    """Shapes and dtypes through every op of the interface; no values exist, and asking for one says so."""

    name = "shapes"

    def from_numpy(self, array):
        return ShapeDtype(*_of(array))

    def to_numpy(self, x):
        raise TypeError("A symbolic tensor has no value: it stands for the data that will flow through the model.")

    def shape_of(self, x):
        return _of(x)[0]

    def dtype_of(self, x):
        return _of(x)[1]

    def is_tensor(self, x):
        return isinstance(x, ShapeDtype)

    def scan(self, step, init, xs, length, reverse):
        carry, ys = step(list(init), [ShapeDtype(x.shape[1:], x.dtype) for x in xs])
        return carry, [ShapeDtype((length,) + tuple(y.shape), self.dtype_of(y)) for y in ys]

    def while_loop(self, condition, body, state):
        return body(list(state))

    def cond(self, predicate, if_true, if_false):
        return if_true()

    def value_and_grad(self, function):
        def run(params, *rest):
            return function(params, *rest), list(params)

        return run

    def custom_gradient(self, forward, backward):
        return lambda *xs: forward(*xs)[0]

    def compile_step(self, function, donate):
        return function

    def host_scalar(self, value, dtype):
        return value

    def mix_key(self, key, words):
        return key[0] ^ words[0], key[1] ^ words[1]

    def synchronize(self, x):
        return None

    def devices(self):
        return ["shapes"]

    def info(self):
        return {"name": self.name, "version": np.__version__, "device": "none"}


SHAPES = ShapesBackend()
