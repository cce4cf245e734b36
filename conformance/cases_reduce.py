"""Cases of the reductions and running sums."""

import math

from .case import bools, ints, normal, uniform, values

NAN, INF = math.nan, math.inf

_AXES = [((), False), ((), True), ((0,), False), ((1,), True), ((2,), False), ((0, 1), False), ((1, 2), True), ((0, 2), False, {"views": True}), ((0, 1, 2), False), ((0, 1, 2), True)]  # fmt: skip

CASES = {}
for _op in ("sum", "prod", "max", "min"):
    CASES[_op] = [(normal(2, 3, 4), *how) for how in _AXES]
    CASES[_op] += [
        (normal(), (), False), (normal(5), (0,), False), (normal(1, 5, 1), (0, 2), False), (normal(1, 1), (0, 1), True),
        (normal(0, 3), (1,), False), (normal(2, 0, 3), (2,), True), (normal(40, 60), (0,), False), (normal(6, 60), (1,), False),
        (values([[NAN, 1.0, 2.0], [3.0, NAN, 1.0], [1.0, 2.0, 3.0], [2.0, 3.0, NAN]]), (1,), False, {"grad": False}),
        (values([[INF, 1.0], [-INF, 2.0], [INF, -INF]]), (1,), False, {"grad": False}),
        (values([[1e30, 1e-20], [-1e30, 2.0]]), (1,), False, {"smooth": False}),
        (ints(-9, 9, 3, 4), (0,), False), (ints(-9, 9, 3, 4, dtype="int64"), (0, 1), True), (ints(0, 9, 3, 4, dtype="uint8"), (1,), False),
        (ints(-9, 9, 3, 4, dtype="int8"), (1,), False), (ints(-9, 9, 0, 4), (1,), False),
    ]  # fmt: skip
for _op in ("sum", "max", "min"):
    CASES[_op] += [(uniform(0.0, 1.0, 200_000), (0,), False), (uniform(-1.0, 1.0, 3, 70_000), (1,), True)]
for _op, _empty in (("sum", 0.0), ("prod", 1.0)):
    CASES[_op] += [
        (normal(0), (0,), False, {"value": _empty}),
        (normal(0, 3), (0,), False, {"value": [_empty] * 3}),
        (normal(2, 0, 3), (1,), True),
        (normal(2, 0, 3), (0, 1, 2), False),
        (ints(0, 9, 0, 2), (0,), False, {"value": [int(_empty)] * 2}),
    ]
CASES["sum"] += [
    (values([200, 100], "uint8"), (0,), False, {"value": 44}),
    (values([2**31 - 1, 1], "int32"), (0,), False, {"value": -(2**31)}),
    (values([2**40, 1], "int64"), (0,), False, {"value": 2**40 + 1}),
]
CASES["prod"] += [
    (values([[2.0, 0.0, 3.0], [0.0, 0.0, 5.0], [1.0, 2.0, 3.0]]), (1,), False,
     {"smooth": False, "gradient": {"x": [[0.0, 6.0, 0.0], [0.0, 0.0, 0.0], [6.0, 3.0, 2.0]]}}),
    (values([[2.0, 0.0, 3.0], [0.0, 4.0, 5.0]]), (0, 1), True),
    (values([16, 17], "uint8"), (0,), False, {"value": 16}),
]  # fmt: skip
for _op in ("max", "min"):
    CASES[_op] += [
        (values([[2.0, 2.0, 2.0], [1.0, 1.0, 1.0]]), (1,), False, {"smooth": False, "gradient": {"x": [[1 / 3] * 3] * 2}}),
        (values([[1.0, 3.0], [3.0, 1.0]]), (0, 1), False, {"smooth": False, "gradient": {"x": [[0.0, 0.5], [0.5, 0.0]] if _op == "max" else [[0.5, 0.0], [0.0, 0.5]]}}),
        (values([[-INF, -INF]]), (1,), False, {"grad": False}),
        (values([[2**40, 2**40 + 1]], "int64"), (1,), False),
    ]  # fmt: skip
for _op in ("any", "all"):
    CASES[_op] = [(bools(2, 3, 4), *how) for how in _AXES]
    CASES[_op] += [
        (bools(0), (0,), False, {"value": _op == "all"}), (bools(0, 3), (0,), False), (bools(0, 3), (1,), False), (bools(), (), False),
        (bools(1, 5, 1), (0, 2), False), (bools(3, 2000), (1,), False),
        (values([[True, True], [False, False], [True, False]], "bool"), (1,), False),
    ]  # fmt: skip
CASES["argmax"] = [
    (normal(2, 3, 4), 0), (normal(2, 3, 4), 1), (normal(2, 3, 4), 2), (normal(5), 0), (normal(0, 3), 1), (normal(3, 1), 1),
    (values([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]]), 1, {"value": [1, 0]}), (values([[1.0, 3.0], [1.0, 3.0]]), 0, {"value": [0, 0]}),
    (values([[1.0, NAN, 3.0, NAN], [INF, 2.0, 1.0, NAN]]), 1, {"value": [1, 3]}),
    (values([[-INF, -INF], [INF, INF], [0.0, -0.0]]), 1, {"value": [0, 0, 0]}), (ints(-3, 3, 4, 5), 1), (ints(0, 3, 4, 5, dtype="uint8"), 1),
    (values([[2**40, 2**40 + 1]], "int64"), 1, {"value": [1]}), (normal(3, 2000), 1), (normal(200_000), 0),
]  # fmt: skip
for _op in ("cumsum", "cumprod"):
    CASES[_op] = [(normal(2, 3, 4), axis) for axis in (0, 1, 2)]
    CASES[_op] += [
        (normal(5), 0), (normal(1), 0), (normal(0), 0), (normal(0, 3), 1), (normal(2, 0), 1), (uniform(0.9, 1.1, 50), 0),
        (values([1.0, NAN, 2.0, 3.0]), 0, {"grad": False}), (values([1.0, INF, 2.0, -INF]), 0, {"grad": False}),
        (ints(-3, 4, 3, 4), 1), (ints(-3, 4, 3, 4, dtype="int64"), 0),
    ]  # fmt: skip
CASES["cumsum"].append((uniform(0.0, 1.0, 2, 40_000), 1, {"smooth": False}))
CASES["cumsum"].append((values([2**31 - 1, 1, 5], "int32"), 0, {"value": [2**31 - 1, -(2**31), -(2**31) + 5]}))
CASES["cumprod"].append(
    (values([2.0, 0.0, 3.0, 0.0, 4.0]), 0, {"smooth": False, "gradient": {"x": [1.0, 8.0, 0.0, 0.0, 0.0]}})
)
