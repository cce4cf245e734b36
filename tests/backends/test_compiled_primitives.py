"""Each primitive of jax and tensorflow, eagerly and inside `compile_step`.

Values and gradients against the numpy backend (itself held to SciPy and definitions by its own tests), gradients
also against finite differences, element-wise values also against NumPy and SciPy.
"""

import numpy as np
import pytest
from kshim_backends.numpy import backend_class as NumpyBackend

from kshim.spec.table import TABLE

N = NumpyBackend()
NAN, INF = float("nan"), float("inf")


def normal(*shape, seed=0):
    return np.random.default_rng((seed, *shape)).standard_normal(shape)


def whole(low, high, *shape, dtype="int32"):
    return np.random.default_rng(shape).integers(low, high, shape).astype(dtype)


def truth(*shape, seed=0):
    return normal(*shape, seed=seed) > 0


X, Y = normal(3, 4), normal(3, 4, seed=1)
POSITIVE = np.abs(X) + 0.3
TIES = np.array([[1.0, 3.0, 3.0, 2.0], [0.0, 0.0, -0.0, 0.0], [5.0, 1.0, 5.0, 5.0]])
LABELS = np.array([[0, 2], [3, 1], [2, 2]], "int32")

CASES = {}
for _name in (n for n, op in TABLE.items() if op.args == ("x",)):
    CASES[_name] = [(X,), (normal(),), (normal(0, 3),)]
for _name in ("log", "sqrt", "rsqrt", "lgamma", "digamma"):
    CASES[_name] = [(POSITIVE,)]
CASES["log1p"] = [(POSITIVE - 0.9,)]
CASES["arcsin"] = CASES["arccos"] = [(np.tanh(X) * 0.99,)]
CASES["lgamma"] += [(X * 3,)]
CASES["logical_not"] = [(truth(3, 4),)]
CASES["negative"] += [(whole(0, 9, 5, dtype=d),) for d in ("int32", "int8", "uint8", "uint32")]
CASES["abs"] += [(whole(-9, 9, 5),), (whole(0, 9, 5, dtype="uint8"),)]
CASES["sign"] += [(whole(-9, 9, 5),), (whole(0, 3, 5, dtype="uint16"),)]
for _name in (n for n, op in TABLE.items() if op.args == ("x", "y") and n != "matmul"):
    CASES[_name] = [(X, Y), (X, normal(4)), (normal(3, 1), normal(2, 1, 4)), (X, 0.7), (0.7, Y), (normal(), Y)]
for _name in ("add", "subtract", "multiply", "maximum", "minimum", "equal", "less", "floor_divide", "mod"):
    CASES[_name] += [(whole(-9, 9, 3, 4), whole(1, 5, 4)), (whole(-9, 9, 3, 4), 3)]
    CASES[_name] += [
        (whole(0, 9, 3, dtype="uint8"), 3),
        (whole(-9, 9, 3, dtype="int64"), whole(1, 5, 3, dtype="int64")),
    ]
CASES["power"] = [(POSITIVE, Y), (POSITIVE, 2.5), (1.7, Y), (X, 2.0), (X, 3.0), (X, 0.0)]
CASES["power"] += [(whole(-3, 4, 6), whole(0, 4, 6)), (whole(0, 4, 6, dtype="uint8"), 3)]
for _name in ("logical_and", "logical_or"):
    CASES[_name] = [(truth(3, 4), truth(4, seed=1))]
for _name in ("bitwise_and", "bitwise_or", "bitwise_xor"):
    CASES[_name] = [(whole(0, 99, 5, dtype=d), whole(0, 99, 1, dtype=d)) for d in ("int32", "uint8", "uint32", "int64")]
    CASES[_name] += [(whole(0, 99, 5), 12)]
CASES["where"] = [(truth(3, 4), X, Y), (truth(3, 1), X, 0.5), (truth(4), 0.5, Y), (truth(3, 4), whole(0, 9, 3, 4), 1)]
CASES["clip"] = [(X, -0.5, 0.5), (whole(-9, 9, 5), -2, 3), (X, 2.0, -2.0)]
for _name in ("sum", "prod", "max", "min"):
    CASES[_name] = [(normal(2, 3, 4), axes, keep) for axes in ((0,), (1, 2), (0, 1, 2), ()) for keep in (False, True)]
    CASES[_name] += [(TIES, (1,), False), (whole(-9, 9, 3, 4, dtype="int8"), (0, 1), False), (normal(), (), False)]
CASES["sum"] += [(normal(0, 3), (0,), False)]
CASES["prod"] += [(normal(0, 3), (0,), True)]
for _name in ("any", "all"):
    CASES[_name] = [(truth(2, 3), (1,), False), (truth(2, 3), (0, 1), True), (truth(2, 3), (), False)]
CASES["argmax"] = [(X, 0), (TIES, 1), (whole(0, 3, 4, 5), 1), (truth(3, 4), 1)]
CASES["cumsum"] = [(X, 0), (X, 1), (whole(-9, 9, 5), 0)]
CASES["cumprod"] = [(X, 0), (X, 1), (TIES, 1), (normal(7), 0), (whole(1, 4, 5), 0)]
CASES["full"] = [((2, 3), 1.5, "float64"), ((), 2, "int32"), ((2,), True, "bool"), ((0, 2), 0, "uint8")]
CASES["arange"] = [(5, d) for d in ("int32", "int64", "float32", "float64", "uint8", "uint32", "int8")] + [(0, "int32")]
CASES["cast"] = [(X * 9, d) for d in ("float32", "float64", "int32", "int64", "float16")]
CASES["cast"] += [
    (truth(3), "float64"),
    (whole(-2, 3, 5), "bool"),
    (whole(0, 9, 5), "uint8"),
    (whole(0, 9, 5), "float32"),
]
CASES["reshape"] = [(X, (2, 6)), (X, (-1,)), (normal(), (1, 1)), (normal(1), ()), (normal(0, 2), (2, 0))]
CASES["transpose"] = [(normal(2, 3, 4), (2, 0, 1)), (normal(), ())]
CASES["broadcast_to"] = [(normal(3, 1), (2, 3, 4)), (normal(), (2,))]
CASES["concat"] = [([X, Y, normal(3, 2)], 1), ([X], 0), ([whole(0, 9, 2), whole(0, 9, 3)], 0)]
CASES["pad"] = [(X, ((1, 2), (0, 3)), 0.5), (whole(0, 9, 3), ((1, 0),), 7), (truth(3), ((1, 1),), True)]
CASES["slice"] = [
    (X, (0, 1), (3, 4), (1, 1)),
    (X, (0, 0), (3, 4), (2, 3)),
    (X, (1, 2), (1, 4), (1, 1)),
    (normal(), (), (), ()),
]
CASES["flip"] = [(X, (0,)), (X, (0, 1)), (X, ())]
CASES["matmul"] = [(X, normal(4, 2)), (normal(2, 3, 4), normal(4, 5)), (normal(2, 1, 3, 4), normal(5, 4, 2))]
CASES["matmul"] += [
    (whole(-9, 9, 2, 3), whole(-9, 9, 3, 2)),
    (whole(0, 9, 2, 3, dtype="uint8"), whole(0, 9, 3, 2, dtype="uint8")),
]
CASES["conv"] = [
    (normal(2, 9, 4), normal(3, 4, 6), (1,), ((0, 0),), (1,), 1),
    (normal(2, 9, 4), normal(3, 4, 6), (2,), ((2, 1),), (1,), 1),
    (normal(2, 9, 4), normal(3, 4, 6), (1,), ((4, 0),), (2,), 1),
    (normal(2, 9, 4), normal(3, 4, 6), (2,), ((1, 2),), (3,), 1),
    (normal(2, 9, 4), normal(3, 1, 8), (2,), ((1, 1),), (1,), 4),
    (normal(2, 9, 4), normal(3, 2, 6), (1,), ((1, 1),), (2,), 2),
    (normal(2, 7, 6, 4), normal(3, 2, 4, 5), (1, 1), ((0, 0), (0, 0)), (1, 1), 1),
    (normal(2, 7, 6, 4), normal(3, 2, 4, 5), (2, 1), ((1, 2), (0, 1)), (1, 1), 1),
    (normal(2, 7, 6, 4), normal(3, 2, 4, 5), (1, 1), ((2, 2), (1, 0)), (2, 1), 1),
    (normal(2, 7, 6, 4), normal(3, 2, 4, 5), (2, 2), ((2, 1), (1, 1)), (2, 3), 1),
    (normal(2, 7, 6, 4), normal(3, 3, 2, 6), (2, 2), ((1, 1), (1, 1)), (1, 1), 2),
    (normal(2, 7, 6, 4), normal(3, 3, 1, 4), (1, 1), ((1, 1), (1, 1)), (1, 1), 4),
    (normal(2, 7, 6, 4), normal(3, 3, 1, 8), (2, 2), ((0, 1), (1, 1)), (1, 1), 4),
    (normal(2, 7, 6, 4), normal(3, 3, 1, 8), (2, 1), ((0, 1), (1, 1)), (1, 1), 4),
    (normal(2, 7, 6, 4), normal(3, 3, 1, 8), (1, 1), ((2, 2), (2, 2)), (2, 2), 4),
    (normal(2, 7, 6, 4), normal(3, 3, 1, 8), (2, 2), ((2, 2), (2, 2)), (2, 2), 4),
    (normal(1, 9, 9, 2), normal(9, 8, 1, 4), (1, 1), ((1, 1), (0, 1)), (1, 1), 2),
    (normal(1, 5, 4, 6, 2), normal(2, 3, 2, 2, 3), (1, 1, 1), ((0, 0), (1, 1), (0, 1)), (1, 1, 1), 1),
    (normal(1, 5, 4, 6, 2), normal(2, 3, 2, 2, 3), (2, 1, 2), ((0, 1), (1, 1), (0, 0)), (1, 1, 1), 1),
    (normal(1, 5, 4, 6, 2), normal(2, 3, 2, 2, 3), (1, 1, 1), ((2, 0), (1, 1), (0, 0)), (2, 1, 2), 1),
    (normal(1, 5, 4, 6, 2), normal(2, 3, 2, 1, 4), (1, 1, 1), ((0, 0), (1, 1), (0, 0)), (1, 1, 1), 2),
]  # fmt: skip
CASES["conv_transpose"] = [
    (normal(2, 4, 3), normal(3, 5, 3), (2,), ((0, 0),), (1,), (9,)),
    (normal(2, 4, 3), normal(3, 5, 3), (2,), ((0, 1),), (1,), (8,)),
    (normal(2, 4, 3), normal(3, 5, 3), (2,), ((0, 0),), (1,), (10,)),
    (normal(2, 4, 3), normal(3, 5, 3), (1,), ((2, 2),), (2,), (4,)),
    (normal(2, 4, 3), normal(3, 5, 3), (2,), ((3, 3),), (1,), (3,)),
    (normal(2, 4, 3, 3), normal(3, 2, 5, 3), (2, 3), ((1, 1), (0, 0)), (1, 1), (7, 8)),
    (normal(2, 4, 3, 3), normal(3, 3, 5, 3), (2, 2), ((0, 1), (0, 1)), (1, 1), (8, 6)),
    (normal(2, 4, 3, 3), normal(3, 3, 5, 3), (1, 1), ((2, 2), (1, 3)), (2, 2), (4, 3)),
    (normal(2, 4, 3, 3), normal(3, 3, 5, 3), (2, 1), ((2, 1), (5, 0)), (2, 2), (8, 2)),  # cropped
    (normal(1, 3, 2, 4, 2), normal(2, 3, 2, 4, 2), (2, 1, 2), ((0, 0), (1, 1), (0, 0)), (1, 1, 1), (6, 2, 8)),
    (normal(1, 3, 2, 4, 2), normal(2, 3, 2, 4, 2), (1, 1, 1), ((0, 0), (1, 1), (1, 1)), (2, 1, 2), (5, 2, 4)),
]  # fmt: skip
_POOL = [
    (normal(2, 9, 3), (2,), (2,), ((0, 0),)),
    (normal(2, 9, 3), (3,), (2,), ((1, 1),)),
    (normal(2, 6, 7, 3), (2, 2), (2, 2), ((0, 0), (0, 0))),
    (normal(2, 6, 7, 3), (3, 2), (1, 3), ((1, 1), (0, 1))),
    (normal(2, 6, 7, 3), (3, 3), (2, 2), ((0, 1), (1, 1))),
    (normal(2, 6, 7, 3), (3, 3), (2, 2), ((2, 1), (1, 2))),
    (np.round(normal(2, 6, 7, 3)), (3, 3), (2, 2), ((1, 1), (1, 1))),
    (normal(2, 9, 8, 2), (8, 7), (1, 1), ((1, 0), (0, 0))),
    (normal(0, 4, 4, 2), (2, 2), (2, 2), ((0, 0), (0, 0))),
    (normal(1, 4, 5, 4, 2), (2, 3, 2), (2, 1, 2), ((0, 0), (1, 1), (0, 1))),
    (np.round(normal(1, 4, 5, 4, 2)), (2, 3, 2), (1, 1, 2), ((1, 0), (1, 1), (0, 1))),
]
CASES["max_pool"] = CASES["avg_pool"] = _POOL
CASES["take"] = [
    (X, LABELS.clip(0, 2), 0),
    (X, LABELS, 1),
    (normal(2, 3, 4), np.array(1), 1),
    (whole(0, 9, 4, 2), LABELS, 0),
]
CASES["take"] += [(X, np.array([7, 0, -1, 2, 3]), 0), (whole(0, 9, 3, 2), np.array([3, -1, 0, 2**32], "int64"), 0)]
CASES["take"] += [(X, np.array([[0, 9], [1, 1]], "uint8"), 1), (X, np.zeros((0,), "int32"), 0)]
CASES["take_along_axis"] = [(X, LABELS, 1), (X, np.array([[0, 1, 2, 0], [2, 2, 1, 0]], "int64"), 0)]
CASES["take_along_axis"] += [(normal(2, 3, 4), whole(0, 3, 2, 5, 4), 1)]
CASES["scatter_add"] = [
    (X, np.array([2, 0, 2, 2], "int32"), normal(4, 4)),
    (normal(5), np.array([1, 1], "int64"), normal(2)),
]
CASES["argsort"] = [(X, 0), (X, 1), (TIES, 1), (whole(-3, 3, 12), 0), (truth(9), 0), (whole(0, 5, 9, dtype="uint8"), 0)]
CASES["argsort"] += [
    (np.array([NAN, 0.0, -0.0, INF, -NAN, -INF, 1.0, -1.0, 0.0]).astype(d), 0) for d in ("float32", "float64")
]
CASES["random_uniform"] = [
    ((3, 5), (7, 2**32 - 1), "float32"),
    ((), (0, 1), "float32"),
    ((64,), (3, 4), "float64"),
    ((0, 2), (3, 4), "float32"),
]

TIES_TOO = {("max", 8), ("min", 8), ("cumprod", 2), ("max_pool", 6), ("max_pool", 10)}  # no finite difference at a tie


def test_every_primitive_has_a_case():
    assert set(CASES) == set(TABLE)


def _tensors(name, args):
    """Positions of the tensor arguments among `args`, which hold arrays there."""
    return [i for i, a in enumerate(args) if TABLE[name].args[i] in TABLE[name].tensors and not np.isscalar(a)]


def _evaluate(backend, name, args, weights=None):
    """(value, gradients of its projection on `weights` for each differentiable float tensor)."""
    places = [i for i, a in enumerate(args) if TABLE[name].args[i] in TABLE[name].diff and backend_float(backend, a)]

    def call(moved):
        filled = list(args)
        for i, value in zip(places, moved):
            filled[i] = value
        return getattr(backend, name)(*filled)

    if weights is None or not places:
        return getattr(backend, name)(*args), []
    flat = [args[i] for i in places]
    if name == "concat":
        flat = list(args[0])

    def loss(params):
        y = call([list(params)] if name == "concat" else params)
        axes = tuple(range(len(backend.shape_of(y))))
        return backend.sum(backend.multiply(y, weights), axes, False), y

    (_, y), grads = backend.value_and_grad(loss)(flat)
    return y, grads


def backend_float(backend, a):
    if isinstance(a, list):
        return backend_float(backend, a[0])
    return not isinstance(a, (int, float, str, tuple)) and backend.dtype_of(a).startswith("float")


def _weights(y):
    return normal(*y.shape, seed=9).astype(y.dtype) if y.dtype.kind == "f" else None


@pytest.mark.parametrize("name", list(CASES))
def test_primitive(B, both_modes, name):
    op, filled, arrays, wants, few = TABLE[name], [], [], [], 0
    for args in CASES[name]:
        with np.errstate(all="ignore"):
            expected = np.asarray(getattr(N, name)(*args))
            weights = _weights(expected)
            wants += [expected] + [np.asarray(g) for g in _evaluate(N, name, args, weights)[1]]
        places = _tensors(name, args)
        filled.append((args, places, len(arrays), weights is not None))
        arrays += [args[p] for p in places] + ([] if weights is None else [weights])
        if len(filled) <= 2:
            few = len(wants)

    # Every eager op is a compilation to JAX, of the same code as in the step: there two cases will do.
    brief = B.name == "jax"

    def function(tensors, cases=filled):
        results = []
        for args, places, at, weighted in cases:
            args, given = list(args), tensors[at : at + len(places) + weighted]
            for p, t in zip(places, given):
                args[p] = t
            y, grads = _evaluate(B, name, args, given[-1] if weighted else None)
            assert B.dtype_of(y) == op.dtype(*[_fact(B, op, n, a, 1) for n, a in zip(op.args, args)])
            assert B.shape_of(y) == tuple(op.shape(*[_fact(B, op, n, a, 0) for n, a in zip(op.args, args)]))
            results += [y, *grads]
        return results

    eager = (lambda tensors: function(tensors, filled[:2])) if brief else function
    for mode, results in zip(("eager", "compiled"), both_modes(B, function, arrays, eager)):
        assert len(results) == (few if mode == "eager" and brief else len(wants))
        for got, want in zip(results, wants):
            assert got.dtype == want.dtype and got.shape == want.shape
            tolerance = {"float16": 1e-3, "float32": 2e-6}.get(got.dtype.name, 1e-12)
            np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance, err_msg=mode)


def _fact(backend, op, name, a, which):
    """What the rules of the table see of one argument: its shape (which=0) or dtype (1)."""
    if name not in op.tensors:
        return a
    if isinstance(a, list):
        return [_fact(backend, op, name, t, which) for t in a]
    if not backend.is_tensor(a):
        return ((), None)[which]
    return (backend.shape_of, backend.dtype_of)[which](a)


def _slopes(name, args):
    """Positions of the differentiable float arguments."""
    return [p for p, a in enumerate(args) if TABLE[name].args[p] in TABLE[name].diff and backend_float(N, a)]


SMOOTH = [
    (name, i)
    for name, cases in CASES.items()
    for i in {0, len(cases) - 1}
    if _slopes(name, cases[i]) and (name, i) not in TIES_TOO and name not in ("cast", "mod", "stop_gradient", "concat")
]


@pytest.mark.parametrize("name, i", SMOOTH)
def test_finite_differences(B, name, i):
    args = CASES[name][i]
    places = _slopes(name, args)
    with np.errstate(all="ignore"):
        weights = np.nan_to_num(_weights(np.asarray(getattr(N, name)(*args)))) * 1.0
    tensors = _tensors(name, args)

    def projected(state, hyper, batch):
        filled = list(args)
        for p, t in zip(tensors, batch):
            filled[p] = t

        def loss(params):
            for p, t in zip(places, params):
                filled[p] = t
            y = getattr(B, name)(*filled)
            # NaN is the right answer in some cases; it has no slope.
            y = B.where(B.isnan(y), B.zeros_like(y), y)
            return B.sum(B.multiply(y, batch[-1]), tuple(range(len(B.shape_of(y)))), False), None

        (value, _), grads = B.value_and_grad(loss)([filled[p] for p in places])
        return state, [value, *grads]

    step = B.compile_step(projected, False)

    def at(p=None, moved=0.0):
        values = [args[t] + (moved if t == p else 0.0) if t in places else args[t] for t in tensors]
        return [B.to_numpy(t) for t in step([], {}, [*values, weights])[1]]

    grads = at()[1:]
    for p, g in zip(places, grads):
        way, h = normal(*g.shape, seed=5), 1e-4
        numeric = (at(p, -2 * h * way)[0] - 8 * at(p, -h * way)[0] + 8 * at(p, h * way)[0] - at(p, 2 * h * way)[0]) / (
            12 * h
        )
        exact, scale = np.sum(g * way), max(1.0, np.abs(g * way).sum())
        assert abs(numeric - exact) < 1e-7 * scale


NUMPY = {n: getattr(np, n) for n in "exp expm1 log log1p sqrt sin cos tan arcsin arccos arctan sinh cosh tanh".split()}


@pytest.mark.parametrize("name", [*NUMPY, "erf", "lgamma", "digamma"])
def test_special_functions_to_the_last_digits(B, name):
    special = pytest.importorskip("scipy.special")
    reference = NUMPY.get(name) or {"erf": special.erf, "lgamma": special.gammaln, "digamma": special.digamma}[name]
    inside = name in ("arcsin", "arccos")
    x = np.linspace(-0.999 if inside else 0.01, 0.999 if inside else 30.0, 4000)
    got = B.to_numpy(getattr(B, name)(B.from_numpy(x)))
    np.testing.assert_allclose(got, reference(x), rtol=2e-14, atol=1e-14)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_every_float_op_takes_narrow_floats(B, dtype):
    names = [n for n, op in TABLE.items() if op.diff and n not in ("cast", "sign", "floor", "ceil", "round", "mod")]

    def narrow(a):
        if isinstance(a, list) and isinstance(a[0], np.ndarray):
            return [narrow(t) for t in a]
        if not isinstance(a, np.ndarray):
            return a
        t = B.from_numpy(a)
        return B.cast(t, dtype) if a.dtype == "float64" else t

    def run(state, hyper, batch):
        ys = [getattr(B, n)(*map(narrow, CASES[n][0])) for n in names]
        assert all(B.dtype_of(y) == dtype for y in ys)
        return state, ys

    _, ys = B.compile_step(run, False)([], {}, None)
    tolerance = {"float16": 2e-2, "bfloat16": 2e-1, "float32": 1e-4}[dtype]
    for name, y in zip(names, ys):
        want = np.asarray(getattr(N, name)(*CASES[name][0]), "float64")
        np.testing.assert_allclose(B.to_numpy(y).astype("float64"), want, rtol=tolerance, atol=tolerance, err_msg=name)
