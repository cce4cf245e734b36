"""Cases of the primitives that create, convert, rearrange and index."""

import math

from .case import FLOATX, bools, ints, normal, values

NAN, INF = math.nan, math.inf

CASES = {}
CASES["full"] = [
    ((2, 3), 1.5, FLOATX), ((), -2.0, FLOATX), ((0,), 1.0, FLOATX), ((2, 0, 3), 1.0, FLOATX), ((1, 5, 1), 0.0, FLOATX),
    ((3,), NAN, FLOATX), ((3,), -INF, FLOATX), ((2,), 3, FLOATX), ((2,), 0, FLOATX), ((2,), True, "bool"), ((2,), False, "bool"),
    ((2,), 0, "bool"), ((2,), 1, "bool"), ((3,), -7, "int32"), ((3,), 2**40 + 1, "int64"), ((3,), 200, "uint8"), ((3,), -100, "int8"),
    ((3,), 2**32 - 1, "uint32"), ((3,), 2**64 - 1, "uint64"), ((3,), 1.5, "float16"), ((), 5, "int32"),
]  # fmt: skip
CASES["arange"] = [(n, d) for n in (0, 1, 5, 300) for d in (FLOATX, "int32", "int64", "float16")]
CASES["arange"] += [(5, "uint8"), (5, "int8"), (300, "uint32")]

CASES["cast"] = [
    (normal(3, 4), "float64"), (normal(3, 4), "float32", {"smooth": False}), (normal(3, 4), FLOATX), (normal(), "float32", {"smooth": False}),
    (normal(0), "float32"), (normal(2, 0, 3), "int32"), (normal(3, 4), "float16", {"smooth": False}),
    (values([1.9, -1.9, 0.5, -0.5, 3.0, 100.99]), "int32", {"value": [1, -1, 0, 0, 3, 100], "smooth": False}),
    (values([1.9, -1.9, 2.0**40]), "int64"), (values([1.9, 0.0, 200.5]), "uint8"), (values([1.9, -1.9]), "int8"),
    (values([0.0, 0.5, -2.0, NAN, -0.0]), "bool", {"grad": False, "value": [False, True, True, True, False]}),
    (values([NAN, INF, -INF]), "float32", {"grad": False}), (values([1e30, 1e-20]), "float32", {"smooth": False}),
    (bools(3, 4), FLOATX), (bools(5), "int32"), (ints(-3, 3, 5), "bool"), (ints(-99, 99, 5), FLOATX), (ints(-99, 99, 5), "int64"),
    (ints(-99, 99, 5), "int8"), (values([300, -1, 255], "int32"), "uint8", {"value": [44, 255, 255]}),
    (values([2**40 + 7, -3], "int64"), "int32", {"value": [7, -3]}), (values([200], "uint8"), "int8", {"value": [-56]}),
    (values([2**32 - 1], "uint32"), FLOATX), (values([-1], "int32"), "uint32", {"value": [2**32 - 1]}),
    (values([2**24 + 1, 2**31 - 1], "int32"), "float32"), (values([2**24 + 1, 2**31 - 1], "int32"), "float64"),
    (values([2**32 - 1, 7], "uint32"), "int64"), (ints(0, 255, 5, dtype="uint8"), FLOATX),
]  # fmt: skip
_ZERO = {"smooth": False, "gradient": {"x": [0.0, 0.0, 0.0]}}
CASES["stop_gradient"] = [
    (values([1.0, 2.0, 3.0]), _ZERO),
    (normal(), {"smooth": False}),
    (normal(0), {"grad": False}),
    (normal(1, 5, 1), {"smooth": False}),
    (normal(50, 60), {"smooth": False}),
    (values([NAN, INF, -INF]), {"grad": False}),
    (ints(-9, 9, 5),),
]
CASES["reshape"] = [
    (normal(3, 4), (4, 3)), (normal(3, 4), (12,)), (normal(3, 4), (-1,)), (normal(3, 4), (2, -1, 3)), (normal(3, 4), (3, 4)), (normal(), (1, 1)),
    (normal(), (-1,)), (normal(1, 1), ()), (normal(0), (0, 3)), (normal(2, 0, 3), (0,)), (normal(2, 0, 3), (-1, 3)), (normal(1, 5, 1), (5,)),
    (ints(-9, 9, 3, 4), (2, 6)), (bools(3, 4), (2, 6)), (ints(0, 9, 6, dtype="uint8"), (2, 3)),
]  # fmt: skip
CASES["transpose"] = [
    (normal(3, 4), (1, 0)), (normal(2, 3, 4), (0, 2, 1)), (normal(2, 3, 4), (2, 0, 1)), (normal(2, 3, 4), (1, 2, 0)), (normal(2, 3, 4), (0, 1, 2)),
    (normal(2, 1, 3, 2), (3, 1, 0, 2)), (normal(), ()), (normal(5), (0,)), (normal(0, 3), (1, 0)), (ints(-9, 9, 3, 4), (1, 0)), (bools(3, 4), (1, 0)),
    (normal(1, 2, 1, 2, 3), (4, 2, 3, 0, 1)),
]  # fmt: skip
CASES["broadcast_to"] = [
    (normal(4), (3, 4)), (normal(3, 1), (3, 4)), (normal(), (2, 3)), (normal(1, 1), (2, 3)), (normal(3, 4), (3, 4)), (normal(), ()),
    (normal(1), (0,)), (normal(1, 3), (2, 0, 3)), (normal(0, 1), (2, 0, 3)), (normal(2, 1, 3), (4, 2, 5, 3)),
    (ints(-9, 9, 4), (3, 4)), (bools(3, 1), (3, 4)),
]  # fmt: skip
CASES["concat"] = [
    ([normal(3, 4), normal(2, 4)], 0), ([normal(3, 4), normal(3, 1), normal(3, 2)], 1), ([normal(3, 4)], 0), ([normal(5), normal(0), normal(2)], 0),
    ([normal(0), normal(0)], 0), ([normal(2, 0, 3), normal(2, 4, 3)], 1), ([normal(2, 3, 1)] * 3, 2), ([ints(-9, 9, 3), ints(-9, 9, 2)], 0),
    ([bools(3), bools(2)], 0), ([ints(0, 9, 2, 2, dtype="uint8"), ints(0, 9, 2, 1, dtype="uint8")], 1),
]  # fmt: skip
CASES["pad"] = [
    (normal(3, 4), ((1, 2), (0, 3)), 0.0), (normal(3, 4), ((0, 0), (0, 0)), 0.0), (normal(3, 4), ((1, 0), (0, 1)), -1.5),
    (normal(3, 4), ((0, 1), (1, 0)), -INF, {"grad": False}), (normal(5), ((2, 0),), 3.0), (normal(), (), 0.0), (normal(0), ((1, 2),), 1.0),
    (normal(2, 0, 3), ((0, 0), (1, 1), (0, 0)), 0.0), (ints(-9, 9, 3), ((1, 1),), 7), (bools(3), ((1, 1),), True), (ints(0, 9, 3, dtype="uint8"), ((0, 1),), 200),
    (normal(1, 2, 3, 1), ((0, 0), (1, 1), (2, 0), (0, 0)), 0.0),
]  # fmt: skip
CASES["slice"] = [
    (normal(5, 6), (1, 2), (4, 6), (1, 1)), (normal(5, 6), (0, 0), (5, 6), (1, 1)), (normal(5, 6), (0, 1), (5, 6), (2, 3)), (normal(5, 6), (2, 0), (2, 6), (1, 1)),
    (normal(5, 6), (4, 5), (5, 6), (1, 1)), (normal(7), (1,), (6,), (2,)), (normal(7), (0,), (7,), (3,)), (normal(7), (0,), (1,), (5,)), (normal(), (), (), ()),
    (normal(0, 3), (0, 1), (0, 3), (1, 1)), (normal(5, 6), (4, 0), (2, 6), (1, 1)), (ints(-9, 9, 7), (1,), (6,), (2,)), (bools(7), (1,), (6,), (2,)),
    (normal(2, 3, 4), (1, 0, 1), (2, 3, 4), (1, 2, 2)), (normal(7), (7,), (7,), (1,)), (normal(1, 6), (0, 2), (1, 6), (1, 3)),
]  # fmt: skip
CASES["flip"] = [
    (normal(3, 4), (0,)), (normal(3, 4), (1,)), (normal(3, 4), (0, 1)), (normal(2, 3, 4), (0, 2)), (normal(3, 4), ()), (normal(0), (0,)), (normal(1, 5, 1), (1,)),
    (ints(-9, 9, 5), (0,)), (bools(5), (0,)), (normal(), ()),
]  # fmt: skip

# index ---------------------------------------------------------------------------------------------------------
_OUT = [-1, 0, 3, 2, -4, 7]
CASES["take"] = [
    (normal(5, 3), ints(0, 5, 4), 0), (normal(3, 5), ints(0, 5, 4), 1), (normal(2, 5, 3), ints(0, 5, 2, 2), 1), (normal(5), ints(0, 5), 0),
    (normal(5, 3), ints(0, 5), 0), (normal(5), ints(0, 5, 0), 0), (normal(0, 3), ints(0, 3, 4), 1), (normal(5, 3), ints(0, 5, 2, 3, 2), 0),
    (normal(5, 3), ints(0, 5, 4, dtype="int64"), 0), (normal(5, 3), ints(0, 5, 4, dtype="uint8"), 0), (normal(5, 3), ints(0, 5, 4, dtype="int8"), 0),
    (normal(5, 3), ints(0, 5, 4, dtype="uint32"), 0), (normal(1, 3), ints(0, 1, 4), 0), (normal(50, 40), ints(0, 50, 100), 0),
    (normal(3, 0), ints(0, 3, 4), 0), (normal(0, 3), ints(0, 5, 0), 0),
    (values([1.0, 2.0, 3.0]), values(_OUT, "int32"), 0,
     {"value": [NAN, 1.0, NAN, 3.0, NAN, NAN], "grad": False}),
    (values([1.0, 2.0, 3.0]), values([0, 0, 2], "int32"), 0, {"gradient": {"x": [2.0, 0.0, 1.0]}}),
    (normal(2, 3, 2), values(_OUT, "int32"), 1, {"grad": False}),
    (values([1, 2, 3], "int32"), values(_OUT, "int32"), 0, {"value": [0, 1, 0, 3, 0, 0]}),
    (values([1, 2, 3], "uint8"), values(_OUT, "int32"), 0, {"value": [0, 1, 0, 3, 0, 0]}),
    (values([2**40, 2, 3], "int64"), values([-1, 0], "int32"), 0, {"value": [0, 2**40]}),
    (ints(-9, 9, 5, 3), ints(0, 5, 4), 0), (bools(5), ints(0, 5, 4), 0), (ints(0, 9, 5, dtype="uint32"), ints(0, 5, 4), 0),
    (values([NAN, 1.0, INF]), values([2, 0, 1], "int32"), 0, {"grad": False}),
]  # fmt: skip
CASES["take_along_axis"] = [
    (normal(3, 5), ints(0, 5, 3, 2), 1), (normal(3, 5), ints(0, 3, 4, 5), 0), (normal(2, 3, 4), ints(0, 3, 2, 1, 4), 1), (normal(5), ints(0, 5, 7), 0),
    (normal(3, 5), ints(0, 5, 3, 0), 1), (normal(0, 5), ints(0, 5, 0, 2), 1), (normal(3, 5), ints(0, 5, 3, 2, dtype="int64"), 1), (normal(3, 1), ints(0, 1, 3, 4), 1),
    (values([[1.0, 2.0]]), values([[0, 0, 1]], "int32"), 1, {"gradient": {"x": [[2.0, 1.0]]}}), (ints(-9, 9, 3, 5), ints(0, 5, 3, 2), 1),
    (bools(3, 5), ints(0, 5, 3, 2), 1), (ints(0, 9, 3, 5, dtype="uint8"), ints(0, 5, 3, 2), 1), (normal(2, 3, 4, 5), ints(0, 5, 2, 3, 4, 1), 3),
]  # fmt: skip
CASES["scatter_add"] = [
    (normal(5, 3), ints(0, 5, 4), normal(4, 3)), (normal(5), ints(0, 5, 9), normal(9)), (normal(5, 2, 3), ints(0, 5, 4), normal(4, 2, 3)),
    (normal(5, 3), ints(0, 5, 0), normal(0, 3)), (normal(1, 3), ints(0, 1, 6), normal(6, 3)), (normal(40, 30), ints(0, 40, 90), normal(90, 30)),
    (values([1.0, 2.0]), values([1, 1, 1], "int32"), values([1.0, 2.0, 4.0]), {"value": [1.0, 9.0], "gradient": {"x": [1.0, 1.0], "updates": [1.0] * 3}}),
    (ints(-9, 9, 5, 3), ints(0, 5, 4), ints(-9, 9, 4, 3)), (ints(-9, 9, 5, dtype="int64"), ints(0, 5, 4, dtype="int64"), ints(-9, 9, 4, dtype="int64")),
    (normal(5, 3), ints(0, 5, 4, dtype="int64"), normal(4, 3)), (normal(5, 0), ints(0, 5, 4), normal(4, 0)),
    (normal(300, 200), ints(0, 300, 500), normal(500, 200)),
    (values([NAN, 1.0, INF, 2.0]), values([0, 1, 2, 3, 3], "int32"), values([1.0, NAN, 1.0, -INF, 5.0]), {"grad": False}),
]  # fmt: skip
CASES["argsort"] = [
    (normal(2, 3, 4), 0), (normal(2, 3, 4), 1), (normal(2, 3, 4), 2), (normal(50), 0), (normal(0), 0), (normal(3, 0), 1), (normal(3, 1), 1),
    (values([2.0, 1.0, 2.0, 1.0, 2.0]), 0, {"value": [1, 3, 0, 2, 4]}),
    (values([NAN, 1.0, NAN, -INF, INF]), 0, {"value": [3, 1, 4, 0, 2]}),
    (values([2.0, -NAN, 1.0, NAN, -INF]), 0, {"value": [4, 2, 0, 1, 3]}),
    (values([0.0, -0.0, 0.0, -1.0]), 0, {"value": [3, 0, 1, 2]}),
    (ints(-3, 3, 4, 30), 1), (ints(0, 3, 40, dtype="uint8"), 0), (values([2**40 + 1, 2**40, -5], "int64"), 0, {"value": [2, 1, 0]}),
    (ints(-2, 3, 300), 0),
]  # fmt: skip

_KEYS = [(0, 0), (1, 2), (0xFFFFFFFF, 0x80000000), (0xC43BDDFC, 0xF2721398)]
CASES["random_uniform"] = [(shape, key, FLOATX) for key in _KEYS for shape in ((4,), (3, 5))]
CASES["random_uniform"] += [
    ((), (5, 6), FLOATX),
    ((0,), (5, 6), FLOATX),
    ((2, 0, 3), (5, 6), FLOATX),
    ((1, 5, 1), (7, 8), FLOATX),
    ((250, 300), (9, 10), FLOATX),
]
CASES["random_uniform"] += [((50,), (3, 4), "float16"), ((50,), (3, 4), "float32")]
