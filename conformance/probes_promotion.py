"""Probes of the frontend's dtypes: what two operands of any dtypes, or an operand and a number, come out as.

All backends share these rules, so what they say is written down here as answers.
"""

import numpy as np

from kshim.spec.dtypes import ALL, FLOATS, is_float, is_int, promote

from .probes import Known, probe, yes
from .probes_spec import HOST, cheaply

_SHORT = {"b": "bool", "e": "bfloat16"}
#: Dtype of `row op column`: b bool, u unsigned, i signed, f float, e bfloat16, with the number of bytes.
_GRID = """
    b   u1  u2  u4  u8  i1  i2  i4  i8  f2  e   f4  f8
b   b   u1  u2  u4  u8  i1  i2  i4  i8  f2  e   f4  f8
u1  u1  u1  u2  u4  u8  i2  i2  i4  i8  f2  e   f4  f8
u2  u2  u2  u2  u4  u8  i4  i4  i4  i8  f2  e   f4  f8
u4  u4  u4  u4  u4  u8  i8  i8  i8  i8  f2  e   f4  f8
u8  u8  u8  u8  u8  u8  i8  i8  i8  i8  f2  e   f4  f8
i1  i1  i2  i4  i8  i8  i1  i2  i4  i8  f2  e   f4  f8
i2  i2  i2  i4  i8  i8  i2  i2  i4  i8  f2  e   f4  f8
i4  i4  i4  i4  i8  i8  i4  i4  i4  i8  f2  e   f4  f8
i8  i8  i8  i8  i8  i8  i8  i8  i8  i8  f2  e   f4  f8
f2  f2  f2  f2  f2  f2  f2  f2  f2  f2  f2  f4  f4  f8
e   e   e   e   e   e   e   e   e   e   f4  e   f4  f8
f4  f4  f4  f4  f4  f4  f4  f4  f4  f4  f4  f4  f4  f8
f8  f8  f8  f8  f8  f8  f8  f8  f8  f8  f8  f8  f8  f8
"""


def _name(short):
    kind = {"u": "uint", "i": "int", "f": "float"}
    return _SHORT[short] if short in _SHORT else f"{kind[short[0]]}{8 * int(short[1])}"


def _grid():
    head, *rows = (line.split() for line in _GRID.strip().splitlines())
    return {(_name(row[0]), _name(a)): _name(b) for row in rows for a, b in zip(head, row[1:])}


#: (dtype, dtype) -> dtype.
PROMOTED = _grid()


def beside(dtype, number, floatx):
    """Dtype of a tensor of `dtype` together with a Python number."""
    if is_float(dtype):
        return dtype
    if isinstance(number, float):
        return floatx
    return "int32" if dtype == "bool" and not isinstance(number, bool) else dtype


def divided(a, b, floatx):
    """Dtype of a true quotient."""
    found = PROMOTED[a, b]
    return found if is_float(found) else floatx


@probe("", "exact", fixed=True, level="spec")
def promotion(b, dtype):
    """`kshim.spec.dtypes.promote` for every pair."""
    return {f"{x} {y}": yes(promote(x, y) == PROMOTED[x, y]) for x in ALL for y in ALL}


def _tensors(b, dtypes):
    return [b.cast(b.from_numpy(np.array([1.0, 2.0], "float32")), d) for d in dtypes]


def _dtypes_of(b, cases):
    """`yes` for each (name, function of tensors, dtypes of these, dtype of the result), all in one step where that is faster."""
    from kshim.engine.tensor import Tensor

    inputs, found = sorted({d for _, _, dtypes, _ in cases for d in dtypes}), []

    def run(*natives):
        by_dtype = {d: Tensor(x) for d, x in zip(inputs, natives)}
        found[:] = [b.dtype_of(function(*[by_dtype[d] for d in dtypes])._value) for _, function, dtypes, _ in cases]

    cheaply(b, run, _tensors(b, inputs))  # the values are not wanted, so there is nothing to compile
    return {f"{name} {' '.join(dtypes)}": yes(got == wanted) for (name, _, dtypes, wanted), got in zip(cases, found)}


def _pairs(dtypes, others):
    """Cases of two tensors, the first of one of `dtypes`."""
    from kshim import config, ops

    floatx, out = config.floatx(), []
    for x in dtypes:
        for y in others:
            out.append(("maximum", ops.maximum, (x, y), PROMOTED[x, y]))
            out.append(("subtract", ops.subtract, (x, y), "int32" if x == y == "bool" else PROMOTED[x, y]))
            out.append(("divide", ops.divide, (x, y), divided(x, y, floatx)))
            out.append(("less", ops.less, (x, y), "bool"))
    return out


def _numbers(dtypes):
    """Cases of a tensor and a Python number on either side."""
    from kshim import config, ops

    floatx, out = config.floatx(), []
    for x in dtypes:
        for number in (2, 0.5, *((True,) if x == "bool" else ())):
            wanted = beside(x, number, floatx)
            out.append((f"maximum with {number}", lambda t, n=number: ops.maximum(t, n), (x,), wanted))
            out.append((f"maximum of {number} and", lambda t, n=number: ops.maximum(n, t), (x,), wanted))
            float_wanted = wanted if is_float(wanted) else floatx
            out.append((f"divide by {number}", lambda t, n=number: ops.divide(t, n), (x,), float_wanted))
    return out


def _reduced(dtypes):
    """Cases of reductions: booleans and narrow integers are counted in int32, what has no mean gets floatx."""
    from kshim import config, ops

    floatx, out = config.floatx(), []
    for x in dtypes:
        narrow = x == "bool" or is_int(x) and x[-1] in "86"
        out.append(("sum", ops.sum, (x,), "int32" if narrow else x))
        out.append(("prod", ops.prod, (x,), "int32" if narrow else x))
        out.append(("mean", ops.mean, (x,), x if is_float(x) else floatx))
        out.append(("exp", ops.exp, (x,), x if is_float(x) else floatx))
        out.append(("argmax", ops.argmax, (x,), "int32"))
        out.append(("any", ops.any, (x,), "bool"))
    return out


@probe("", "exact", fixed=True, level="spec")
def frontend_dtypes(b, dtype):
    """Operations of `kshim.ops` on every pair of dtypes, every dtype with numbers, and reductions."""
    return _dtypes_of(b, [*_pairs(HOST, HOST), *_numbers(HOST), *_reduced(HOST)])


@probe("", "exact", dtypes=("bfloat16",), level="spec")
def frontend_bfloat16(b, dtype):
    """The same for bfloat16."""
    cases = [*_pairs((dtype,), ALL), *_pairs(FLOATS, (dtype,)), *_numbers((dtype,)), *_reduced((dtype,))]
    return _dtypes_of(b, list({(name, dtypes): c for c in cases for name, _, dtypes, _ in [c]}.values()))


@probe("", "exact", fixed=True)
def frontend_booleans(b, dtype):
    """Booleans in arithmetic: `or` for sums, `and` for products, otherwise 0 and 1 in int32."""
    from kshim import ops

    x, y = np.array([True, True, False, False]), np.array([True, False, True, False])
    s, t, n = ops.convert_to_tensor(x), ops.convert_to_tensor(y), x.astype("int32")
    expected = {
        "add": (s + t, x | y),
        "multiply": (s * t, x & y),
        "maximum": (ops.maximum(s, t), x | y),
        "minimum": (ops.minimum(s, t), x & y),
        "add True": (s + True, x | True),
        "multiply True": (True * s, x),
        "and": (s & t, x & y),
        "or": (s | t, x | y),
        "xor": (s ^ t, x ^ y),
        "subtract": (s - t, n - y),
        "power": (s**t, n**y),
        "less": (s < t, x < y),
        "less True": (s < True, ~x),
        "negative": (-s, -n),
        "abs": (ops.abs(s), n),
        "square": (ops.square(s), n),
        "relu": (ops.relu(s), n),
        "clip": (ops.clip(s, 0, 5), n),
        "max": (ops.max(s), np.array(True)),
        "min": (ops.min(s), np.array(False)),
        "matmul": (ops.matmul(s, t), np.array(1, "int32")),
    }
    return {name: Known(got.numpy(), answer) for name, (got, answer) in expected.items()}


@probe("", "exact", fixed=True)
def frontend_integers(b, dtype):
    """Orders and bounds at both ends of every integer dtype."""
    from kshim import ops

    out = {}
    for name in (n for n in HOST if is_int(n)):
        low, high = int(np.iinfo(name).min), int(np.iinfo(name).max)
        x = np.array([3, 0, high, low, 7], name)
        t = ops.convert_to_tensor(x)
        values, order = ops.top_k(t, 3)
        found = {
            "argmax": (ops.argmax(t), np.array(2, "int32")),
            "argmin": (ops.argmin(t), np.array(int(np.argmin(x)), "int32")),
            "top_k": (values, np.array([high, 7, 3], name)),
            "top_k indices": (order, np.array([2, 4, 0], "int32")),
            "sort": (ops.sort(t), np.sort(x)),
            "clip below": (ops.clip(t, 1, None), np.maximum(x, 1).astype(name)),
            "clip above": (ops.clip(t, None, 5), np.minimum(x, 5).astype(name)),
            "clip nothing": (ops.clip(t, -1e30, 1e30), x),
        }
        out |= {f"{what} of {name}": Known(got.numpy(), answer) for what, (got, answer) in found.items()}
    return out
