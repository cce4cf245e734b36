"""Cases of the unary, binary and selecting primitives."""

import math

from .case import bools, ints, normal, uniform, values

NAN, INF = math.nan, math.inf

#: Unary op -> (low, high) of the inputs whose value and gradient are compared.
DOMAIN = {
    "log": (0.05, 9.0), "log1p": (-0.9, 9.0), "sqrt": (0.05, 9.0), "rsqrt": (0.05, 9.0),
    "arcsin": (-0.95, 0.95), "arccos": (-0.95, 0.95), "tan": (-1.4, 1.4),
    "lgamma": (0.1, 9.0), "digamma": (0.1, 9.0),
}  # fmt: skip

_WIDE = [1e-20, -1e-20, 3e4, -3e4, 1e30, -1e30]
_ANGLES = [1e-20, -1e-20, 3.0, 50.0, -50.0, 100.0]
#: Unary op -> large and tiny inputs. A result beyond the dtype is inf or 0.
EXTREME = {
    **dict.fromkeys(("sin", "cos", "tan"), _ANGLES),
    **dict.fromkeys(("arcsin", "arccos"), [1e-20, 1.0, -1.0, 1.5, -3e4]),
    "lgamma": [1e-20, 3e4, 1e30, -0.5, -2.25, -10.75],
    "digamma": [1e-10, 3e4, 1e30, -0.5, -2.25, -10.75],
}
_SPECIAL = [NAN, INF, -INF, 0.0, -0.0]
#: The maths leaves digamma open at its pole 0 and at -inf.
SPECIAL = {"digamma": [NAN, INF]}

UNARY = (
    "negative abs sign exp expm1 log log1p sqrt rsqrt sin cos tan arcsin arccos arctan sinh cosh tanh erf lgamma "
    "digamma floor ceil round"
).split()

_TINY = {"expm1", "log1p", "sin", "sinh", "tanh", "arcsin", "arctan", "erf"}
_HALVES = [-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5, -0.25, 0.75]
_INT_UNARY = ("negative", "abs", "sign", "floor", "ceil", "round")

CASES = {}
for _op in UNARY:
    _low, _high = DOMAIN.get(_op, (-3.0, 3.0))
    CASES[_op] = [(uniform(_low, _high, *s),) for s in ((3, 4), (), (0,), (2, 0, 3), (1, 5, 1), (50, 60))]
    CASES[_op] += [
        (values(EXTREME.get(_op, _WIDE)), {"grad": False}),
        (values(SPECIAL.get(_op, _SPECIAL)), {"grad": False}),
    ]
    if _op in _TINY:
        CASES[_op].append((values([1e-12, -1e-12, 1e-5, -1e-5, 1e-3]), {"smooth": False}))
for _op in _INT_UNARY:
    CASES[_op] += [(values([-5, 0, 7, 2147483647], "int32"),), (values([-100, 0, 100], "int8"),)]
_ROUNDED = {
    "floor": [-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0, -1.0, 0.0],
    "ceil": [-2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0, 0.0, 1.0],
    "round": [-2.0, -2.0, 0.0, 0.0, 2.0, 2.0, 4.0, 0.0, 1.0],
}
for _op, _answer in _ROUNDED.items():
    CASES[_op].append((values(_HALVES), {"smooth": False, "value": _answer, "gradient": {"x": [0.0] * len(_HALVES)}}))
CASES["negative"] += [(values([0, 1, 200], "uint8"), {"value": [0, 255, 56]}), (values([-(2**31), 5], "int32"),)]
CASES["abs"] += [
    (values([-2.0, 0.0, -0.0, 3.0]), {"smooth": False, "gradient": {"x": [-1.0, 0.0, 0.0, 1.0]}}),
    (values([-(2**40), 2**40 + 1], "int64"),),
    (values([0, 200], "uint8"),),
]
CASES["sign"] += [(values([-2.0, 0.0, 3.0, NAN]), {"grad": False, "value": [-1.0, 0.0, 1.0, NAN]})]
CASES["sqrt"].append((values([0.0, 4.0]), {"smooth": False, "gradient": {"x": [INF, 0.25]}}))
_TAILS = [3.2, -3.4, 3.8, 4.5, -5.3, 5.9, 6.5]
CASES["erf"].append((values(_TAILS), {"smooth": False, "value": [math.erf(x) for x in _TAILS]}))
for _op in ("isnan", "isinf", "isfinite"):
    CASES[_op] = [
        (normal(3, 4),),
        (values([NAN, INF, -INF, 0.0, 1e30]),),
        (values(NAN),),
        (normal(0),),
        (normal(2, 0, 3),),
        (normal(1, 5, 1),),
        (normal(50, 60),),
    ]
CASES["logical_not"] = [(bools(*s),) for s in ((3, 4), (), (0,), (1, 5, 1), (50, 60))]

# binary --------------------------------------------------------------------------------------------------------
_PAIRS = [
    ((3, 4), (3, 4)), ((3, 4), (4,)), ((4,), (3, 4)), ((1, 4), (3, 1)), ((2, 1, 4), (3, 4)), ((3,), ()), ((), (3,)), ((), ()),
    ((1,), (1,)), ((1, 1), ()), ((0,), (1,)), ((0, 3), (3,)), ((2, 0, 3), (1, 3)), ((40, 60), (40, 60)), ((5, 7, 3), (7, 1)),
]  # fmt: skip
_A = [NAN, 1.0, NAN, INF, -INF, INF, 0.0, 1.0, -1.0]
_B = [1.0, NAN, NAN, INF, INF, 2.0, 0.0, 0.0, 0.0]
_INT_PAIRS = [
    (ints(-9, 9, 3, 4), ints(-9, 9, 4)),
    (ints(-9, 9, 3, 4, dtype="int64"), ints(-9, 9, dtype="int64")),
    (ints(-50, 50, 5, dtype="int8"), ints(-50, 50, 5, dtype="int8")),
    (ints(0, 99, 5, dtype="uint8"), ints(0, 99, 5, dtype="uint8")),
    (ints(-9, 9, 3, 4), 3),
    (-3, ints(-9, 9, 3, 4)),
    (ints(-9, 9, 0), 3),
    (values([2**40 + 1, -(2**40)], "int64"), 7),
]

for _op in ("add", "subtract", "multiply", "divide", "maximum", "minimum", "arctan2"):
    CASES[_op] = [(normal(*a), normal(*b)) for a, b in _PAIRS]
    if _op == "divide":  # far enough from 0 for central differences
        CASES[_op] = [(normal(*a), uniform(0.5, 3.0, *b)) for a, b in _PAIRS] + [(normal(3, 4), uniform(-3.0, -0.5, 4))]
    CASES[_op] += [
        (normal(3, 4), 2.5), (2.5, normal(3, 4)), (normal(3, 4), -0.75), (-0.75, normal(3, 4)), (normal(), 1.5),
        (1.5, normal()), (normal(0), 1.5), (normal(2, 3), 1e-3),
        (values(_A), values(_B), {"grad": False}),
        (values([1e30, -1e30, 1e-20, 3e4]), values([1e5, 1e5, 1e-10, -1e30]), {"grad": False}),
        (values([1e30, -1e30, 1e-20]), 1e9, {"grad": False}),
    ]  # fmt: skip
    if _op not in ("divide", "arctan2"):
        CASES[_op] += _INT_PAIRS

CASES["add"] += [
    (values([200, 100], "uint8"), values([100, 100], "uint8"), {"value": [44, 200]}),
    (values([2**31 - 1], "int32"), 1, {"value": [-(2**31)]}),
    (values([2**32 - 1], "uint32"), values([2], "uint32"), {"value": [1]}),
    (values([2**64 - 1, 5], "uint64"), 2**63 + 1, {"value": [2**63, 2**63 + 6]}),
]
CASES["subtract"] += [
    (values([0, 5], "uint8"), 1, {"value": [255, 4]}),
    (values([0], "uint32"), 1, {"value": [2**32 - 1]}),
]
CASES["multiply"] += [
    (values([1, 3, 2**31], "uint32"), 0x9E3779B1, {"value": [0x9E3779B1, (3 * 0x9E3779B1) % 2**32, 2**31]}),
    (values([65536, 3], "int32"), values([65536, 5], "int32"), {"value": [0, 15]}),
    (values([20, 3], "uint8"), values([20, 5], "uint8"), {"value": [144, 15]}),
]
CASES["divide"] += [(values([1.0, -1.0, 0.0]), 0.0, {"grad": False}), (1.0, values([0.0, -0.0, INF]), {"grad": False})]
CASES["arctan2"] += [(values([0.0, 1.0, -1.0, 1.0]), values([-1.0, -1.0, -1.0, 0.0]), {"smooth": False})]
for _op, _sides in (("maximum", (0.0, 1.0)), ("minimum", (1.0, 0.0))):
    CASES[_op] += [
        (
            values([1.0, 2.0, 3.0]), values([1.0, 3.0, 2.0]),
            {"smooth": False, "gradient": {"x": [0.5, *_sides], "y": [0.5, *_sides[::-1]]}},
        ),
        (values([2.0, 0.0, 1.0]), 1.0, {"smooth": False, "gradient": {"x": [_sides[1], _sides[0], 0.5]}}),
        (1.0, values([2.0, 0.0, 1.0]), {"smooth": False, "gradient": {"y": [_sides[1], _sides[0], 0.5]}}),
        (values([NAN, 1.0]), 0.0, {"grad": False, "value": [NAN, 1.0 if _op == "maximum" else 0.0]}),
        (NAN, values([0.0, 1.0]), {"grad": False, "value": [NAN, NAN]}),
    ]  # fmt: skip

CASES["power"] = [(uniform(0.3, 3.0, *a), uniform(-2.0, 2.0, *b)) for a, b in _PAIRS]
CASES["power"] += [(uniform(0.3, 3.0, 3, 4), y) for y in (2.0, 3.0, 0.5, -1.0, -0.5, 0.0, 1.0, 2.5)]
CASES["power"] += [(x, uniform(-2.0, 2.0, 3, 4)) for x in (2.0, 0.5, 10.0, 1.0)]
CASES["power"] += [
    (normal(3, 4), 2.0), (normal(3, 4), 3.0), (normal(3, 4), -1.0), (normal(3, 4), 0.0), (uniform(0.3, 3.0), 1.5),
    (values([-2.0, -0.5, 3.0]), values([2.0, -1.0, 3.0]), {"grad": False}),
    (values([0.0, 0.0, 0.0, -2.0, 1.0, NAN, 4.0]), values([0.0, -1.0, 2.0, 0.5, NAN, 0.0, -INF]), {"grad": False}),
    (values([0.0, 0.0, 2.0]), 2.0, {"smooth": False, "gradient": {"x": [0.0, 0.0, 4.0]}}),
    (values([0.0, 3.0]), 0.0, {"smooth": False, "gradient": {"x": [0.0, 0.0]}}),
    (values([0.0, 0.0]), values([2.0, 3.0]), {"smooth": False, "gradient": {"x": [0.0, 0.0], "y": [0.0, 0.0]}}),
    (values([0.0, 3.0]), values([0.0, 0.0]), {"smooth": False, "gradient": {"x": [0.0, 0.0], "y": [0.0, math.log(3.0)]}}),
    (values([-2.0, -3.0]), values([2.0, 3.0]), {"grad": False}),
    (ints(-5, 5, 3, 4), ints(0, 5, 4)), (ints(-5, 5, 3, 4), 3), (2, ints(0, 9, 5)), (values([10, 3], "int64"), 12),
]  # fmt: skip

_SIGNS = (values([7.0, -7.0, 7.0, -7.0, 0.0]), values([3.0, 3.0, -3.0, -3.0, 5.0]))
_INT_SIGNS = ([7, -7, 7, -7, 0, 6, -6], [3, 3, -3, -3, 5, 3, 3])
CASES["floor_divide"] = [
    (normal(3, 4), uniform(0.3, 2.0, 4)), (uniform(-9.0, 9.0, 3, 1), uniform(-2.0, -0.3, 1, 4)), (normal(0, 3), normal(3)),
    (normal(), 0.5), (9.25, uniform(0.5, 2.0, 3, 4)), (uniform(-9.0, 9.0, 3, 4), 0.75), (uniform(-9.0, 9.0, 3, 4), -0.75),
    (*_SIGNS, {"value": [2.0, -3.0, -3.0, 2.0, 0.0]}),
    (values([1.0, 0.3, 2.0]), values([0.1, 0.1, 0.2])),
    (values([NAN, 1.0]), values([1.0, NAN])),
    (values([INF, -INF, INF]), values([2.0, 2.0, INF])),
    (uniform(-9.0, 9.0, 50, 60), uniform(0.3, 2.0, 60)),
    (values(_INT_SIGNS[0], "int32"), values(_INT_SIGNS[1], "int32"), {"value": [2, -3, -3, 2, 0, 2, -2]}),
    (values(_INT_SIGNS[0], "int64"), 3), (values(_INT_SIGNS[0], "int8"), -3), (17, ints(1, 9, 5)), (ints(0, 99, 5, dtype="uint8"), 7),
    (values([2**40 + 5, -(2**40) - 5], "int64"), 7),
    (values([-(2**31), 2**31 - 1, 2**24 + 1], "int32"), 2),
]  # fmt: skip
CASES["mod"] = [
    (normal(3, 4), uniform(0.3, 2.0, 4)), (uniform(-9.0, 9.0, 3, 1), uniform(-2.0, -0.3, 1, 4)), (normal(0, 3), normal(3)),
    (normal(), 0.5), (9.25, uniform(0.5, 2.0, 3, 4)), (uniform(-9.0, 9.0, 3, 4), 0.75), (uniform(-9.0, 9.0, 3, 4), -0.75),
    (*_SIGNS, {"value": [1.0, 2.0, -2.0, -1.0, 0.0], "smooth": False, "gradient": {"x": [1.0] * 5}}),
    (values([1.0, 0.3]), values([0.1, 0.1]), {"grad": False}),
    (values([NAN, 1.0, 1.0]), values([1.0, NAN, 0.0]), {"grad": False}),
    (values([INF, -INF, INF]), values([2.0, 2.0, INF]), {"grad": False}),
    (uniform(-9.0, 9.0, 50, 60), uniform(0.3, 2.0, 60), {"smooth": False}),
    (values(_INT_SIGNS[0], "int32"), values(_INT_SIGNS[1], "int32"), {"value": [1, 2, -2, -1, 0, 0, 0]}),
    (values(_INT_SIGNS[0], "int64"), 3), (values(_INT_SIGNS[0], "int8"), -3), (17, ints(1, 9, 5)), (ints(0, 99, 5, dtype="uint8"), 7),
    (values([2**40 + 5, -(2**40) - 5], "int64"), 7),
]  # fmt: skip

for _op in ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal"):
    CASES[_op] = [(normal(*a), normal(*b)) for a, b in _PAIRS]
    CASES[_op] += [
        (values([1.0, 2.0, 3.0, NAN, INF, -INF, 0.0]), values([1.0, 3.0, 2.0, NAN, INF, INF, -0.0])),
        (values([1.0, 2.0, NAN]), 2.0),
        (2.0, values([1.0, 2.0, NAN])),
        (normal(0), 1.0),
        (ints(0, 3, 3, 4), ints(0, 3, 4)),
        (ints(0, 3, 3, 4), 1),
        (1, ints(0, 3, 5, dtype="uint8")),
        (values([2**40, 2**40 + 1], "int64"), 2**40),
        (values([2**32 - 1, 5], "uint32"), values([5, 2**32 - 1], "uint32")),
        (values([2**63, 2**63 + 1], "uint64"), 2**63),
    ]
for _op in ("equal", "not_equal"):
    CASES[_op].append((bools(3, 4), bools(4)))
for _op in ("logical_and", "logical_or"):
    CASES[_op] = [(bools(*a), bools(*b)) for a, b in _PAIRS]
for _op in ("bitwise_and", "bitwise_or", "bitwise_xor"):
    CASES[_op] = [
        (ints(-99, 99, 3, 4), ints(-99, 99, 4)), (ints(0, 255, 5, dtype="uint8"), ints(0, 255, 5, dtype="uint8")),
        (ints(0, 2**32, 7, dtype="uint32"), ints(0, 2**32, 7, dtype="uint32")), (ints(0, 2**32, 7, dtype="uint32"), 0xDEADBEEF),
        (0x9E3779B1, ints(0, 2**32, 7, dtype="uint32")), (ints(0, 2**32, dtype="uint32"), 0xFFFFFFFF), (ints(-99, 99, 5), -7),
        (ints(-99, 99, 0), 3), (values([2**40 + 3, -5], "int64"), values([2**40 + 6, 9], "int64")), (ints(-99, 99, 1, 5, 1), 6),
        (values([5, 2**64 - 1], "uint64"), 2**64 - 1), (2**63, values([5, 2**64 - 1], "uint64")),
        (ints(0, 2**32, 50, 60, dtype="uint32"), ints(0, 2**32, 60, dtype="uint32")),
    ]  # fmt: skip

_COND = [True, False, True, False]
CASES["where"] = [
    (bools(3, 4), normal(3, 4), normal(3, 4)), (bools(3, 4), normal(4), normal(3, 1)), (bools(4), normal(3, 4), normal(3, 4)),
    (bools(3, 1), normal(1, 4), normal(1, 4)), (bools(), normal(3), normal(3)), (bools(), normal(), normal()),
    (bools(3, 4), normal(3, 4), 0.5), (bools(3, 4), -2.0, normal(3, 4)), (bools(3, 4), normal(), 0.5), (bools(0), normal(0), 1.0),
    (bools(2, 0, 3), normal(2, 0, 3), normal(3)), (bools(60, 50), normal(60, 50), normal(60, 50)), (bools(60, 50), normal(60, 50), 0.0),
    (bools(60, 50), normal(50), -INF, {"grad": False}),
    (values(_COND, "bool"), values([NAN, INF, -INF, 0.0]), values([1.0, NAN, INF, NAN]), {"grad": False}),
    (values(_COND, "bool"), values([NAN, 1.0, 2.0, INF]), values([3.0, NAN, 4.0, 5.0]),
     {"smooth": False, "gradient": {"x": [1.0, 0.0, 1.0, 0.0], "y": [0.0, 1.0, 0.0, 1.0]}}),
    (values(_COND, "bool"), values([1.0, NAN, 2.0, INF]), 0.0, {"smooth": False, "gradient": {"x": [1.0, 0.0, 1.0, 0.0]}}),
    (bools(3, 4), ints(-9, 9, 3, 4), ints(-9, 9, 4)), (bools(3, 4), ints(-9, 9, 3, 4), 7), (bools(5), bools(5), bools(5)),
    (bools(5), ints(0, 9, 5, dtype="uint8"), 255), (bools(5), values([2**40, 1, 2, 3, 4], "int64"), 0),
    (bools(5), values([2**64 - 1, 1, 2, 3, 4], "uint64"), 2**63),
]  # fmt: skip
CASES["clip"] = [
    (normal(3, 4), -0.5, 0.75), (normal(), -0.5, 0.75), (normal(0), 0.0, 1.0), (normal(2, 3), 0.0, INF), (normal(2, 3), -INF, 0.25),
    (normal(60, 50), -1.0, 1.0), (normal(1, 5, 1), -1.0, 1.0),
    (values([NAN, INF, -INF]), -1.0, 1.0, {"grad": False, "value": [NAN, 1.0, -1.0]}),
    (values([-1.0, 0.5, 2.0, -2.0, 3.0]), -1.0, 2.0, {"smooth": False, "gradient": {"x": [1.0, 1.0, 1.0, 0.0, 0.0]}}),
    (ints(-9, 9, 3, 4), -3, 5), (ints(0, 255, 5, dtype="uint8"), 10, 200), (values([2**40, -(2**40), 3], "int64"), -5, 2**39),
    (values([2**64 - 1, 2**63 + 5, 3], "uint64"), 4, 2**63 + 7), (values([2**63 - 1, -(2**63), 3], "int64"), -(2**63), 2**63 - 1),
]  # fmt: skip
