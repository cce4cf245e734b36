"""Probes of the interface's form: signatures, and the dtype of every operation for every dtype it may be given."""

import inspect
from functools import partial

import numpy as np

from kshim.spec.backend import required
from kshim.spec.derived import Derived
from kshim.spec.dtypes import ALL, FLOATS, INTS

from .oracles import ORACLES
from .probes import Known, probe, yes

#: The dtypes NumPy has.
HOST = tuple(name for name in ALL if name != "bfloat16")


def cheaply(b, function, inputs):
    """`function(*inputs)`: inside one step where every operation is compiled on its own otherwise."""
    if not b.compiles_each_op:
        return function(*inputs)
    return b.compile_step(lambda state, hyper, batch: (state, function(*state)), False)(list(inputs), {}, None)[1]


@probe("", "exact", fixed=True, level="spec")
def signatures(b, dtype):
    """Every method of the table and of the derived operations is there and takes the arguments it should, by position."""
    names = dict(required())
    for name, method in vars(Derived).items():
        if inspect.isfunction(method) and not name.startswith("_"):
            names[name] = tuple(inspect.signature(method).parameters)[1:]
    out = {}
    for name, wanted in names.items():
        method = getattr(b, name, None)
        taken = inspect.signature(method).parameters.values() if callable(method) else None
        plain = taken is not None and all(
            p.kind is p.POSITIONAL_OR_KEYWORD and p.default is inspect.Parameter.empty for p in taken
        )
        out[f"{name}({', '.join(wanted)})"] = yes(plain and tuple(p.name for p in taken) == wanted)
    return out


# dtypes of results -------------------------------------------------------------------------------------------------
_X, _Y, _NUMBER = [8, 4, 1, 6], [2, 4, 1, 2], 2
_ARITHMETIC = "add subtract multiply maximum minimum floor_divide mod power"
_COMPARED = "equal not_equal less less_equal greater greater_equal"
#: Binary operation -> the dtypes that two tensors, or a tensor and a number, may have in it.
BINARY = {
    **dict.fromkeys(_ARITHMETIC.split(), (*INTS, *FLOATS)),
    "divide": FLOATS,
    "arctan2": tuple(name for name in FLOATS if name in HOST),  # there is no exact answer for others
    **dict.fromkeys(_COMPARED.split(), (*INTS, *FLOATS)),
    **dict.fromkeys("bitwise_and bitwise_or bitwise_xor".split(), INTS),
    "equal": ALL,
    "not_equal": ALL,
    "logical_and": ("bool",),
    "logical_or": ("bool",),
}


def _made(b, values, dtype):
    """A tensor of the dtype named."""
    if dtype == "bfloat16":
        return b.cast(b.from_numpy(np.array(values, "float32")), dtype)
    return b.from_numpy(np.array(values, dtype))


def _found(b, ys, expected, dtype):
    """Results of known values in a dtype. NumPy has no bfloat16, so there the name is asked for."""
    out = {}
    for (name, e), y in zip(expected.items(), ys):
        e = np.asarray(e)
        e = e.astype(dtype if dtype != "bfloat16" else "float32") if e.dtype != bool else e
        if dtype == "bfloat16" and e.dtype != bool:
            out[f"{name} dtype"] = yes(b.dtype_of(y) == dtype)
            y = b.to_numpy(y)
        out[f"{name} {dtype}"] = Known(y, e)
    return out


def _operands(dtype):
    x, y = np.array(_X, "float64"), np.array(_Y, "float64")
    if dtype in FLOATS:
        return x, y, float(_NUMBER)
    return (x > 4, y > 2, True) if dtype == "bool" else (x.astype(dtype), y.astype(dtype), _NUMBER)


def _all_binary(b, dtypes):
    """One step for each operation, with all dtypes it takes among these."""
    out = {}
    for op, some in BINARY.items():
        some = [d for d in some if d in dtypes]
        operands = [_operands(d) for d in some]

        def run(*xs, op=op, operands=operands):
            method = getattr(b, op)
            pairs = zip(xs[::2], xs[1::2], operands)
            return [[method(x, y), method(x, n), method(n, y)] for x, y, (_, _, n) in pairs]

        inputs = [_made(b, a, d) for d, (x, y, _) in zip(some, operands) for a in (x, y)]
        for d, (x, y, n), ys in zip(some, operands, cheaply(b, run, inputs) if some else []):
            names = (f"{op} of tensors", f"{op} with a number", f"{op} of a number")
            answers = (ORACLES[op](*pair) for pair in ((x, y), (x, n), (n, y)))
            out |= _found(b, ys, dict(zip(names, answers)), d)
    return out


@probe("", "function", fixed=True, level="spec")
def binary_dtypes(b, dtype):
    """Two tensors of one dtype, or a tensor and a Python number of its kind, in every dtype that each operation takes."""
    return _all_binary(b, HOST)


@probe("", "function", dtypes=("bfloat16",), level="spec")
def binary_bfloat16(b, dtype):
    return _all_binary(b, (dtype,))


#: (operation, arguments after x, dtypes it takes, dtype of the result or None for that of x).
_NUMBERS = (*INTS, *FLOATS)
REDUCED = [
    *[(op, ((1,), False), _NUMBERS, None) for op in ("sum", "prod", "max", "min")],
    *[(op, ((0,), True), ("bool",), "bool") for op in ("any", "all")],
    *[(op, (1,), _NUMBERS, None) for op in ("cumsum", "cumprod")],
    *[(op, (1,), _NUMBERS, "int32") for op in ("argmax", "argsort")],
    *[(op, (), (*INTS, *FLOATS), None) for op in ("abs", "sign", "floor", "ceil", "round", "square", "relu")],
    *[(op, (), (*(d for d in INTS if d[0] != "u"), *FLOATS), None) for op in ("negative",)],
    ("clip", (1, 4), _NUMBERS, None),
    ("where", (), ALL, None),
    ("reshape", ((4, 2),), ALL, None),
    ("transpose", ((1, 0),), ALL, None),
    ("broadcast_to", ((3, 2, 4),), ALL, None),
    ("concat", (0,), ALL, None),
    ("pad", (((0, 1), (1, 0)), 1), ALL, None),
    ("slice", ((0, 1), (2, 4), (1, 2)), ALL, None),
    ("flip", ((1,),), ALL, None),
    ("take", (np.array([2, 0], "int32"), 1), ALL, None),
    ("take_along_axis", (np.array([[1], [3]], "int32"), 1), ALL, None),
    ("zeros_like", (), ALL, None),
    ("ones_like", (), ALL, None),
    ("expand_dims", (1,), ALL, None),
    ("stop_gradient", (), ALL, None),
]


def _matrix(dtype):
    x = np.array([[3, 1, 2, 1], [2, 0, 1, 5]])
    return x > 1 if dtype == "bool" else x.astype(dtype if dtype in HOST else "float32")


def _first(b, op, x):
    """What goes before the arguments in `REDUCED`; `b` is a backend or NumPy."""
    return {"concat": lambda: ([x, x],), "where": lambda: (b.equal(x, x), x, x)}.get(op, lambda: (x,))()


def _index(b, a):
    return b.from_numpy(a) if isinstance(a, np.ndarray) else a


def _all_of_one(b, dtypes):
    """One step for each operation, with all dtypes it takes among these."""
    out = {}
    for op, rest, some, result in REDUCED:
        some = [d for d in some if d in dtypes]
        arrays = [_matrix(d) for d in some]
        args = [tuple(float(a) if op == "clip" and d in FLOATS else a for a in rest) for d in some]

        def run(*xs, op=op, args=args):
            return [getattr(b, op)(*_first(b, op, x), *map(partial(_index, b), a)) for x, a in zip(xs, args)]

        ys = cheaply(b, run, [_made(b, x, d) for x, d in zip(arrays, some)]) if some else []
        for d, x, a, y in zip(some, arrays, args, ys):
            name = op if result is None else f"{op} of {d}"
            out |= _found(b, [y], {name: ORACLES[op](*_first(np, op, x), *a)}, result or d)
    return out


@probe("", "exact", fixed=True, level="spec")
def kept_dtypes(b, dtype):
    """Reductions, moves and integer arithmetic keep every dtype, narrow and unsigned ones too; positions are int32."""
    return _all_of_one(b, HOST)


@probe("", "exact", dtypes=("bfloat16",), level="spec")
def kept_bfloat16(b, dtype):
    return _all_of_one(b, (dtype,))


@probe("", "exact", fixed=True, level="spec")
def casts(b, dtype):
    """From every dtype to every other."""
    out = {}
    for source in HOST:
        x = np.array([0, 1, 3, 100]).astype(source)
        ys = cheaply(b, lambda x: [b.cast(x, to) for to in HOST], [b.from_numpy(x)])
        out |= {f"{source} to {to}": Known(y, x.astype(to)) for to, y in zip(HOST, ys)}
    return out


@probe("", "exact", dtypes=("bfloat16",), level="spec")
def casts_of_bfloat16(b, dtype):
    out = {}
    for other in HOST:
        x = np.array([0, 1, 3, 100]).astype(other)
        there, back = cheaply(b, lambda x, d=other: [b.cast(x, dtype), b.cast(b.cast(x, dtype), d)], [b.from_numpy(x)])
        out[f"{other} to {dtype}"] = yes(b.dtype_of(there) == dtype)
        out[f"{other} and back"] = Known(back, x)
    return out
