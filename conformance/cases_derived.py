"""Cases of every operation that `kshim.spec.derived` computes from primitives, overridden or not."""

import inspect
import math

from kshim.spec.derived import Derived

from .case import FLOATX, bools, ints, normal, uniform, values
from .cases_ops import build

NAN, INF = math.nan, math.inf

ROWS = {}
_SHAPES = ((3, 4), (), (0,), (2, 0, 3), (1, 5, 1), (50, 60))
_SPECIAL = (values([NAN, INF, -INF, 0.0, -0.0]), {"grad": False})
_LARGE = (values([1e-20, -1e-20, 50.0, -50.0, 3e4, -3e4]), {"grad": False})
for _op in (
    "square",
    "sigmoid",
    "relu",
    "softplus",
    "softsign",
    "linear",
    "hard_sigmoid",
    "zeros_like",
    "ones_like",
    "copy",
):
    ROWS[_op] = [(normal(*s),) for s in _SHAPES] + [_SPECIAL, _LARGE]
ROWS["softsign"] = [row for row in ROWS["softsign"] if row is not _SPECIAL] + [
    (values([NAN, 0.0, INF, -INF]), {"grad": False})
]
for _op in ("zeros_like", "ones_like", "square", "relu", "linear", "copy"):
    ROWS[_op] += [(ints(-9, 9, 3, 4),), (ints(-9, 9, 5, dtype="int64"),)]
for _op in ("zeros_like", "ones_like", "copy"):
    ROWS[_op] += [(bools(3),), (ints(0, 9, 3, dtype="uint8"),)]
ROWS["squared_difference"] = [(normal(*s), normal(*s)) for s in _SHAPES] + [
    (normal(3, 4), 0.5), (0.5, normal(3, 4)), (normal(3, 1), normal(1, 4)), (normal(4), normal(3, 4)), (ints(-9, 9, 3, 4), ints(-9, 9, 3, 4)),
    (values([NAN, INF, -INF, INF, 1e-20]), values([1.0, 1.0, 1.0, INF, -1e-20]), {"grad": False}), (values([1.0, 2.0]), values([1.0, -2.0]), {"gradient": {"x": [0.0, 8.0], "y": [0.0, -8.0]}}),
]  # fmt: skip
ROWS["reciprocal"] = [(uniform(0.3, 3.0, *s),) for s in _SHAPES] + [_SPECIAL]
ROWS["sigmoid"].append((uniform(-30.0, 30.0, 20), {"smooth": False}))
ROWS["relu"].append((values([-1.0, 0.0, 2.0]), {"smooth": False, "gradient": {"x": [0.0, 0.0, 1.0]}}))
ROWS["softplus"].append((values([-100.0, -20.0, 20.0, 100.0]), {"smooth": False}))
ROWS["hard_sigmoid"].append(
    (values([-2.4, -3.0, 2.4, 3.0, 0.0]), {"smooth": False})
)  # at +-2.5 a fused product decides
ROWS["leaky_relu"] = [(normal(*s), 0.3) for s in _SHAPES] + [(normal(3, 4), 0.0), (*_SPECIAL[:1], 0.3, {"grad": False})]
ROWS["elu"] = [(normal(*s), a) for s in _SHAPES for a in (1.0, 0.5)] + [
    (*_SPECIAL[:1], 1.0, {"grad": False}),
    (*_LARGE[:1], 1.0, {"grad": False}),
]
ROWS["gelu"] = [(normal(*s), a) for s in _SHAPES for a in (True, False)]
ROWS["gelu"] += [(values([50.0, -50.0, NAN, INF, 0.0]), a, {"grad": False}) for a in (True, False)]
ROWS["is_float"] = [
    (normal(2),),
    (normal(0),),
    (normal(1, 3),),
    (ints(0, 3, 2),),
    (bools(2),),
    (ints(0, 9, 2, dtype="uint8"),),
    (normal(),),
]

# reshape -------------------------------------------------------------------------------------------------------
ROWS["expand_dims"] = [
    (normal(3, 4), 0),
    (normal(3, 4), 1),
    (normal(3, 4), 2),
    (normal(), 0),
    (normal(0), 0),
    (normal(1, 3), 1),
    (ints(0, 9, 3), 1),
    (bools(3), 0),
]
ROWS["squeeze"] = [
    (normal(1, 3, 1, 4), (0, 2)), (normal(1, 3, 1, 4), (2,)), (normal(1), (0,)), (normal(1, 1), (0, 1)), (normal(3, 4), ()),
    (normal(1, 0), (0,)), (ints(0, 9, 1, 3), (0,)),
]  # fmt: skip
ROWS["stack"] = [
    ([normal(3, 4), normal(3, 4)], 0), ([normal(3, 4), normal(3, 4)], 1), ([normal(3, 4)] * 3, 2), ([normal(3)], 0), ([normal(1, 3), normal(1, 3)], 0), ([normal(), normal()], 0),
    ([normal(0), normal(0)], 1), ([ints(0, 9, 3), ints(0, 9, 3)], 0), ([bools(3), bools(3)], 1),
]  # fmt: skip
ROWS["split"] = [
    (normal(3, 6), [2, 3, 1], 1), (normal(6), [3, 3], 0), (normal(2, 4, 3), [1, 1, 2], 1), (normal(6), [6], 0), (normal(6), [0, 6], 0), (normal(0, 4), [2, 2], 1), (normal(1, 4), [1, 3], 1),
    (ints(0, 9, 6), [2, 4], 0),
]  # fmt: skip
ROWS["repeat"] = [
    (normal(3, 4), 2, 0),
    (normal(3, 4), 3, 1),
    (normal(2, 1, 3), 4, 1),
    (normal(5), 1, 0),
    (normal(0, 3), 2, 0),
    (normal(3), 0, 0),
    (ints(0, 9, 3), 2, 0),
]
ROWS["one_hot"] = [
    (ints(0, 4, 3), 4, FLOATX), (ints(0, 4, 2, 3), 4, FLOATX), (ints(0, 4), 4, "int32"), (ints(0, 4, 0), 4, FLOATX), (ints(0, 4, 1, 3), 4, FLOATX), (values([-1, 0, 4, 3], "int32"), 4, FLOATX),
    (ints(0, 4, 3, dtype="uint8"), 4, FLOATX), (ints(0, 4, 3, dtype="int64"), 1, "bool"), (ints(0, 4, 3), 4, "float16"),
]  # fmt: skip

# reduce --------------------------------------------------------------------------------------------------------
_AXES = [((0,), False), ((1,), True), ((0, 1), False), ((0, 2), True, {"views": True}), ((0, 1, 2), False), ((), False)]
for _op in ("mean", "moments", "logsumexp"):
    ROWS[_op] = [(normal(2, 3, 4), *how) for how in _AXES]
    ROWS[_op] += [
        (normal(5), (0,), False),
        (normal(1, 5, 1), (0, 2), False),
        (normal(0, 3), (1,), False),
        (normal(40, 60), (0,), False),
    ]
for _op in ("mean", "moments"):
    ROWS[_op] += [
        (values([[NAN, 1.0], [2.0, 3.0], [INF, 3.0]]), (1,), False, {"grad": False}),
        (normal(), (), False),
        (uniform(0.0, 1.0, 200_000), (0,), False),
    ]
ROWS["mean"] += [
    (normal(0), (0,), False, {"grad": False, "value": NAN}),
    (normal(2, 0, 3), (1,), True, {"grad": False}),
]
ROWS["moments"].append((values([[1e4, 1e4 + 1, 1e4 + 2]]), (1,), False))
ROWS["logsumexp"] += [
    (values([[1000.0, 1000.0], [-1000.0, -1001.0], [0.0, -1000.0]]), (1,), False, {"grad": False}),
    (values([[100.0, 100.0], [-100.0, -101.0], [0.0, -100.0]]), (1,), False, {"smooth": False}),
    (normal(2, 40_000), (1,), False), (values([[-INF, -INF], [-INF, 1.0], [INF, 1.0]]), (1,), False, {"grad": False}), (values([[NAN, 1.0]]), (1,), True, {"grad": False}),
]  # fmt: skip
for _op in ("softmax", "log_softmax"):
    ROWS[_op] = [(normal(2, 3, 4), axis) for axis in (0, 1, 2)] + [
        (normal(5), 0),
        (normal(3, 1), 1),
        (normal(0, 3), 1),
        (normal(60, 50), 1),
        (normal(2, 40_000), 1),
    ]
    ROWS[_op] += [
        (values([[1000.0, 1000.0, 0.0], [-1000.0, -1000.0, -1001.0]]), 1, {"smooth": False}), (values([[-INF, 1.0, 2.0]]), 1, {"grad": False}),
        (values([[NAN, 1.0]]), 1, {"grad": False}),
    ]  # fmt: skip

# products ------------------------------------------------------------------------------------------------------
ROWS["dense"] = [
    (normal(3, 4), normal(4, 5), normal(5)), (normal(3, 4), normal(4, 5), None), (normal(2, 3, 4), normal(4, 5), normal(5)), (normal(2, 3, 4), normal(4, 5), None),
    (normal(4), normal(4, 5), normal(5)), (normal(1, 1), normal(1, 1), normal(1)), (normal(0, 4), normal(4, 5), normal(5)), (normal(2, 0, 4), normal(4, 5), normal(5)),
    (normal(40, 60), normal(60, 30), normal(30)), (normal(2, 1, 3, 4), normal(4, 2), normal(2)),
    (normal(64, 1000), normal(1000, 8), normal(8)), (values([[NAN, 1.0], [2.0, INF], [3.0, 4.0]]), normal(2, 3), normal(3), {"grad": False}),
]  # fmt: skip
ROWS["einsum"] = [
    ("ab,bc->ac", [normal(3, 4), normal(4, 5)]), ("ab,cb->ca", [normal(3, 4), normal(5, 4)]), ("bij,bjk->bik", [normal(2, 3, 4), normal(2, 4, 5)]),
    ("abc->ca", [normal(2, 3, 4)]), ("ab->ba", [normal(3, 4)]), ("ab->", [normal(3, 4)]), ("a,b->ab", [normal(3), normal(4)]), ("a,a->", [normal(3), normal(3)]),
    ("a,a->a", [normal(3), normal(3)]), ("btd,dnh->btnh", [normal(2, 3, 4), normal(4, 2, 5)]), ("btnh,bsnh->bnts", [normal(2, 3, 2, 4), normal(2, 5, 2, 4)]),
    ("bnts,bsnh->btnh", [normal(2, 2, 3, 5), normal(2, 5, 2, 4)]), ("ab,bc,cd->ad", [normal(2, 3), normal(3, 4), normal(4, 2)]),
    ("abc,cd->abd", [normal(2, 3, 4), normal(4, 5)]), ("ab,ac->bc", [normal(3, 4), normal(3, 2)]), ("ab,c->a", [normal(3, 4), normal(5)]),
    ("ab,bc->ac", [normal(0, 4), normal(4, 5)]), ("ab,bc->ac", [normal(3, 0), normal(0, 5)]), ("ab,bc->ac", [normal(1, 4), normal(4, 1)]),
    ("abc,cd->abd", [normal(5, 50, 250), normal(250, 4)]), ("ab,bc->ac", [values([[NAN, 1.0], [2.0, INF], [3.0, 4.0]]), normal(2, 3)], {"grad": False}),
]  # fmt: skip

ROWS["attention"] = [
    (normal(2, 4, 2, 3), normal(2, 5, 2, 3), normal(2, 5, 2, 4), None, 0.5), (normal(2, 4, 2, 3), normal(2, 5, 2, 3), normal(2, 5, 2, 3), normal(2, 1, 4, 5), 0.5),
    (normal(2, 4, 2, 3), normal(2, 4, 2, 3), normal(2, 4, 2, 3), values([[[[-1e9, 0.0, 0.0, -1e9], [0.0] * 4, [-90.0, -91.0, -90.0, -92.0], [-1e9, -1e9, -1e9, 0.0]]]]), 1.0, {"smooth": False}),
    (normal(1, 1, 1, 1), normal(1, 3, 1, 1), normal(1, 3, 1, 1), None, 1.0), (normal(0, 4, 2, 3), normal(0, 5, 2, 3), normal(0, 5, 2, 3), None, 0.5),
    (normal(2, 0, 2, 3), normal(2, 5, 2, 3), normal(2, 5, 2, 3), None, 0.5), (normal(3, 70, 2, 16), normal(3, 90, 2, 16), normal(3, 90, 2, 16), None, 0.25),
    (normal(1, 3, 2, 32), normal(1, 1000, 2, 32), normal(1, 1000, 2, 32), None, 0.2), (values([[[[100.0, 2.0]], [[-300.0, 1.0]]]]), normal(1, 4, 1, 2), normal(1, 4, 1, 3), None, 1.0, {"smooth": False}),
    (values([[[[NAN, 1.0]], [[2.0, 0.5]]]]), values([[[[1.0, 1.0]], [[INF, 1.0]]]]), normal(1, 2, 1, 2), None, 1.0, {"grad": False}),
    (values([[[[NAN, 1.0]], [[2.0, 0.5]]]]), values([[[[1.0, 1.0]], [[-INF, 1.0]]]]), values([[[[1.0, 1.0]], [[2.0, INF]]]]), None, 1.0, {"grad": False}),
]  # fmt: skip

# random --------------------------------------------------------------------------------------------------------
ROWS["random_normal"] = [(s, (11, 22), FLOATX) for s in ((4,), (3, 5), (), (0,), (7,), (200, 200))] + [
    ((8,), (0, 0), FLOATX),
    ((9,), (2**32 - 1, 5), FLOATX),
]
# Box-Muller written out on the first four words of the key (1, 2) in `rng.KNOWN_ANSWERS`.
_U, _V = ([w / 2**24 for w in words] for words in ((0x6D8888, 0xF06A2A), (0x5D53EC, 0x7B502A)))
_RADII = [math.sqrt(-2.0 * math.log(1.0 - u)) for u in _U]
_NORMALS = [r * turn(2.0 * math.pi * v) for turn in (math.cos, math.sin) for r, v in zip(_RADII, _V)]
ROWS["random_normal"].append(((4,), (1, 2), FLOATX, {"value": _NORMALS}))
ROWS["dropout"] = [
    (normal(3, 4), 0.5, (1, 2), (3, 4)), (normal(3, 4), 0.3, (1, 2), (3, 1)), (normal(3, 4), 0.0, (1, 2), (3, 4)), (normal(3, 4), 0.9, (1, 2), (1, 4)),
    (normal(0), 0.5, (1, 2), (0,)), (normal(1, 4), 0.5, (1, 2), (1, 4)), (normal(2, 3, 4), 0.25, (7, 2**32 - 1), (2, 1, 4)), (normal(200, 200), 0.4, (5, 6), (200, 200)), (normal(), 0.1, (1, 2), ()),
    (values([NAN, INF, 1.0, 2.0, 3.0]), 0.0, (1, 2), (5,), {"grad": False}),
]  # fmt: skip
ROWS["mix_counter"] = [
    ((1, 2), values(5, "uint32")),
    ((2**32 - 1, 2**31), values(2**32 - 1, "uint32")),
    ((0, 0), values(0, "uint32")),
]

# losses --------------------------------------------------------------------------------------------------------
ROWS["softmax_cross_entropy"] = [
    (uniform(0.0, 1.0, 3, 4), normal(3, 4)), (uniform(0.0, 1.0, 2, 3, 4), normal(2, 3, 4)), (uniform(0.0, 1.0, 0, 4), normal(0, 4)), (uniform(0.0, 1.0, 3, 1), normal(3, 1)),
    (values([[0.0, 1.0, 0.0]]), values([[100.0, -100.0, 0.0]]), {"smooth": False}), (uniform(0.0, 1.0, 50, 60), normal(50, 60)),
    (values([[0.0, 1.0]]), values([[NAN, 1.0]]), {"grad": False}), (values([[0.25, 0.75]]), values([[-INF, 1.0]]), {"grad": False}),
]  # fmt: skip
ROWS["sparse_softmax_cross_entropy"] = [
    (ints(0, 4, 3), normal(3, 4)), (ints(0, 4, 2, 3), normal(2, 3, 4)), (ints(0, 4, 0), normal(0, 4)), (ints(0, 4, 3, dtype="int64"), normal(3, 4)),
    (ints(0, 4, 3, dtype="uint8"), normal(3, 4)), (ints(0, 1, 3), normal(3, 1)), (ints(0, 60, 50), normal(50, 60)),
    (values([1], "int32"), values([[100.0, -100.0, 0.0]]), {"smooth": False}),
    (values([1, 1, 0], "int32"), values([[NAN, 1.0], [-INF, 1.0], [-INF, 1.0]]), {"grad": False}),
]  # fmt: skip
ROWS["sigmoid_cross_entropy"] = [
    (uniform(0.0, 1.0, 3, 4), normal(3, 4)), (uniform(0.0, 1.0), normal()), (uniform(0.0, 1.0, 0), normal(0)), (uniform(0.0, 1.0, 50, 60), normal(50, 60)),
    (values([0.0, 1.0, 0.0, 1.0]), values([100.0, 100.0, -100.0, -100.0]), {"smooth": False}), (uniform(0.0, 1.0, 3, 1), normal(3, 1)),
    (values([0.25, 1.0, 0.5]), values([-INF, -INF, NAN]), {"grad": False}),
]  # fmt: skip

# layers --------------------------------------------------------------------------------------------------------
_PER = (normal(4), uniform(0.2, 2.0, 4))
ROWS["normalize"] = [
    (normal(3, 4), *_PER, normal(4), normal(4), 1e-3), (normal(3, 4), *_PER, None, None, 1e-5), (normal(3, 4), *_PER, normal(4), None, 1e-3), (normal(3, 4), *_PER, None, normal(4), 1e-3),
    (normal(2, 3, 4), normal(3, 1), uniform(0.2, 2.0, 3, 1), normal(3, 1), normal(3, 1), 1e-3), (normal(0, 4), *_PER, normal(4), normal(4), 1e-3),
    (normal(300, 200), normal(200), uniform(0.2, 2.0, 200), normal(200), normal(200), 1e-3),
    (values([[NAN, 1.0, INF, -INF]]), *_PER, normal(4), normal(4), 1e-3, {"grad": False}),
]  # fmt: skip
ROWS["batch_norm_train"] = [
    (normal(5, 4), normal(4), normal(4), 1e-3), (normal(2, 3, 4), normal(4), normal(4), 1e-5), (normal(2, 3, 3, 4), normal(4), normal(4), 1e-3),
    (normal(5, 4), None, normal(4), 1e-3), (normal(5, 4), normal(4), None, 1e-3), (normal(5, 4), None, None, 1e-3), (normal(5, 1), normal(1), normal(1), 1e-3),
    (normal(30, 10, 8), normal(8), normal(8), 1e-3), (normal(2, 2, 2, 2, 3), normal(3), normal(3), 1e-3),
]  # fmt: skip
ROWS["batch_norm_train"] = [(*row, {"project": 1}) for row in ROWS["batch_norm_train"]]
ROWS["batch_norm_train"] += [
    (normal(1, 4), normal(4), normal(4), 1e-3, {"grad": False}),
    (normal(0, 4), normal(4), normal(4), 1e-3, {"grad": False}),
    (normal(500, 128), normal(128), normal(128), 1e-3, {"project": 1}),
    (values([[NAN, 1.0, INF], [1.0, 2.0, 1.0]]), normal(3), normal(3), 1e-3, {"grad": False}),
]
ROWS["layer_norm"] = [
    (normal(3, 4), normal(4), normal(4), 1e-3), (normal(2, 3, 4), normal(4), normal(4), 1e-5), (normal(3, 4), None, normal(4), 1e-3), (normal(3, 4), normal(4), None, 1e-3),
    (normal(3, 4), None, None, 1e-3), (normal(0, 4), normal(4), normal(4), 1e-3), (normal(4), normal(4), normal(4), 1e-3), (normal(30, 40), normal(40), normal(40), 1e-3),
    (normal(1, 4), normal(4), normal(4), 1e-3), (normal(300, 200), normal(200), normal(200), 1e-3),
    (values([[NAN, 1.0, 2.0], [INF, 1.0, 2.0], [1.0, 2.0, 4.0]]), normal(3), normal(3), 1e-3, {"grad": False}),
]  # fmt: skip


def _rnn(gates, batch, time, k, units, states, bias=True):
    """x, states, kernel, recurrent, bias."""
    x = (normal(batch, time, k), *[normal(batch, units)] * states)
    return (*x, normal(k, gates * units), normal(units, gates * units), normal(gates * units) if bias else None)


_SIZES = [(2, 4, 3, 2), (1, 1, 1, 1), (3, 7, 2, 5), (0, 3, 2, 2)]
ROWS["lstm"] = [(*_rnn(4, *size, 2), "tanh", "sigmoid", reverse) for size in _SIZES for reverse in (False, True)]
ROWS["lstm"] += [
    (*_rnn(4, 2, 4, 3, 2, 2, bias=False), "tanh", "sigmoid", False), (*_rnn(4, 2, 4, 3, 2, 2), "tanh", "hard_sigmoid", False, {"smooth": False}),
    (*_rnn(4, 2, 4, 3, 2, 2), "relu", "sigmoid", True, {"smooth": False}), (*_rnn(4, 2, 4, 3, 2, 2), "softsign", "linear", False), (*_rnn(4, 8, 12, 10, 16, 2), "tanh", "sigmoid", False),
]  # fmt: skip


def _gru(batch, time, k, units, bias=True, recurrent_bias=True):
    x, h, kernel, recurrent, b = _rnn(3, batch, time, k, units, 1, bias)
    return x, h, kernel, recurrent, b, normal(3 * units) if recurrent_bias else None


ROWS["gru"] = [
    (*_gru(*size, recurrent_bias=after), "tanh", "sigmoid", after, reverse)
    for size in _SIZES
    for after in (True, False)
    for reverse in (False, True)
]
ROWS["gru"] += [
    (*_gru(2, 4, 3, 2, False, False), "tanh", "sigmoid", True, False), (*_gru(2, 4, 3, 2, False, False), "tanh", "sigmoid", False, False),
    (*_gru(2, 4, 3, 2), "relu", "hard_sigmoid", True, False, {"smooth": False}), (*_gru(2, 4, 3, 2, True, False), "tanh", "hard_sigmoid", False, True, {"smooth": False}),
    (*_gru(8, 12, 10, 16), "tanh", "sigmoid", True, False), (*_gru(8, 12, 10, 16, True, False), "tanh", "sigmoid", False, True),
]  # fmt: skip
ROWS["simple_rnn"] = [(*_rnn(1, *size, 1), "tanh", reverse) for size in _SIZES for reverse in (False, True)]
ROWS["simple_rnn"] += [
    (*_rnn(1, 2, 4, 3, 2, 1, bias=False), "tanh", False),
    (*_rnn(1, 2, 4, 3, 2, 1), "relu", False, {"smooth": False}),
    (*_rnn(1, 2, 4, 3, 2, 1), "linear", True),
]

ROWS["global_norm"] = [
    ([normal(3, 4), normal(5), normal()],),
    ([normal(3)],),
    ([normal(0), normal(3)],),
    ([normal(40, 60), normal(30)],),
    ([normal(1, 3), normal(300, 200)],),
    ([values([NAN, 1.0]), normal(3)], {"grad": False}),
    ([values([-INF, 1.0]), normal(3)], {"grad": False}),
]
ROWS["constant"] = [
    ([1.0, 2.0], FLOATX),
    (3, "int32"),
    ([[True, False]], "bool"),
    (2.5, FLOATX),
    ([1, 2], "uint8"),
    ([], FLOATX),
    (2**40 + 1, "int64"),
    ([0.5, 1.5], "float16"),
]

#: Derived operations that also run in half precision, on their first case.
HALF = (
    "copy square squared_difference sigmoid relu leaky_relu elu softplus softsign gelu hard_sigmoid zeros_like ones_like expand_dims stack split repeat one_hot "
    "mean moments logsumexp softmax log_softmax dense einsum attention random_normal dropout softmax_cross_entropy sparse_softmax_cross_entropy "
    "sigmoid_cross_entropy normalize batch_norm_train layer_norm lstm gru simple_rnn global_norm is_float constant"
).split()

#: Derived operations that a probe in `probes` covers.
ELSEWHERE = ("fused_update",)


def names():
    """Public methods of `Derived`."""
    return [name for name, member in vars(Derived).items() if not name.startswith("_") and inspect.isfunction(member)]


def cases():
    """All cases. Raises `LookupError` naming the derived operations without a case, or the cases without an operation."""
    missing, unknown = sorted(set(names()) - set(ROWS) - set(ELSEWHERE)), sorted(set(ROWS) - set(names()))
    if missing or unknown:
        raise LookupError(
            f"Derived operations without a case: {', '.join(missing) or 'none'}; cases of no operation: "
            f"{', '.join(unknown) or 'none'}. Add or remove rows in kshim_conformance/cases_derived.py."
        )
    out = []
    for op, rows in ROWS.items():
        parameters = list(inspect.signature(getattr(Derived, op)).parameters)[1:]
        out += build("derived", op, rows, parameters, op in HALF)
    return out
