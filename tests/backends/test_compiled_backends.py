"""The backends that compile, jax and tensorflow: each primitive eagerly and inside `compile_step`.

Values and gradients against the numpy backend (itself held to SciPy and definitions by its own tests), gradients
also against finite differences, element-wise values also against NumPy and SciPy.
"""

import importlib

import numpy as np
import pytest
from kshim_backends.numpy import backend_class as NumpyBackend

from kshim.spec import rng
from kshim.spec.derived import Derived
from kshim.spec.table import CONTROL, TABLE

N = NumpyBackend()
NAN, INF = float("nan"), float("inf")


@pytest.fixture(scope="module", params=["jax", "tensorflow"])
def B(request):
    pytest.importorskip(request.param)
    return importlib.import_module(f"kshim_backends.{request.param}").backend_class("cpu")


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


def _both_modes(backend, function, arrays, eager_function=None):
    """Results of `function(tensors)`, a list, from eager execution and from a compiled step, as arrays."""
    eager = (eager_function or function)(_move(backend, arrays))
    step = backend.compile_step(lambda state, hyper, batch: (state, function(batch)), False)
    _, compiled = step([], {}, arrays)
    return [[backend.to_numpy(t) for t in ts] for ts in (eager, compiled)]


def _move(backend, arrays):
    return [_move(backend, a) if isinstance(a, list) else backend.from_numpy(np.asarray(a)) for a in arrays]


def _weights(y):
    return normal(*y.shape, seed=9).astype(y.dtype) if y.dtype.kind == "f" else None


@pytest.mark.parametrize("name", list(CASES))
def test_primitive(B, name):
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
    for mode, results in zip(("eager", "compiled"), _both_modes(B, function, arrays, eager)):
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


def _gradient(B, function, *xs):
    """Gradients of the sum of `function(*tensors)`, from a compiled step; alike when eager (slow to try on JAX)."""

    def loss(params):
        y = function(*params)
        return B.sum(y, tuple(range(len(B.shape_of(y)))), False), None

    def run(tensors):
        return B.value_and_grad(loss)(tensors)[1]

    step = B.compile_step(lambda state, hyper, batch: (state, run(batch)), False)
    found = [B.to_numpy(g) for g in step([], {}, list(xs))[1]]
    if B.name != "jax":
        for a, b in zip(found, run(_move(B, xs))):
            np.testing.assert_array_equal(a, B.to_numpy(b))
    return found


def test_slopes_where_the_maths_leaves_a_choice(B):
    zero, three = np.zeros(3), np.arange(-1.0, 2.0)
    (g,) = _gradient(B, B.abs, three)
    np.testing.assert_array_equal(g, [-1, 0, 1])
    (g,) = _gradient(B, B.relu, three)
    np.testing.assert_array_equal(g, [0, 0, 1])
    (g,) = _gradient(B, B.sign, three)
    np.testing.assert_array_equal(g, [0, 0, 0])
    (g,) = _gradient(B, B.sqrt, np.array([0.0, 4.0]))
    np.testing.assert_array_equal(g, [INF, 0.25])
    (g,) = _gradient(B, lambda x: B.clip(x, -1.0, 0.0), np.array([-2.0, -1.0, -0.5, 0.0, 1.0]))
    np.testing.assert_array_equal(g, [0, 1, 1, 1, 0])
    for op in (B.maximum, B.minimum):
        for g in _gradient(B, op, zero, zero.copy()):
            np.testing.assert_array_equal(g, [0.5] * 3)
        for g in _gradient(B, lambda x, op=op: op(x, 0.0), zero) + _gradient(B, lambda x, op=op: op(0.0, x), zero):
            np.testing.assert_array_equal(g, [0.5] * 3)
        (g,) = _gradient(B, lambda x, op=op: op(x, 0.0), three)
        np.testing.assert_array_equal(g, [0, 0.5, 1] if op == B.maximum else [1, 0.5, 0])
    (g,) = _gradient(B, lambda x: B.max(x, (0, 1), False), np.array([[2.0, 1.0], [2.0, 0.0]]))
    np.testing.assert_array_equal(g, [[0.5, 0], [0.5, 0]])
    (g,) = _gradient(B, lambda x: B.power(x, 0.0), three)
    np.testing.assert_array_equal(g, zero)
    x, y = _gradient(B, B.power, np.array([0.0, 0.0, 2.0]), np.array([2.0, 0.0, 0.0]))
    np.testing.assert_allclose(x, [0, 0, 0])
    np.testing.assert_allclose(y, [0, 0, np.log(2)])
    (g,) = _gradient(B, lambda x: B.cumprod(x, 0), np.array([2.0, 0.0, 3.0]))
    np.testing.assert_array_equal(g, [1, 8, 0])
    (g,) = _gradient(B, lambda x: B.prod(x, (0,), False), np.array([2.0, 0.0, 3.0]))
    np.testing.assert_array_equal(g, [0, 6, 0])


def test_nan_of_the_side_not_taken_stays_there(B):
    def safe(x):
        return B.where(B.greater(x, 0.0), x, B.multiply(B.from_numpy(np.zeros(2)), 1.0))

    (g,) = _gradient(B, safe, np.array([NAN, 2.0]))
    np.testing.assert_array_equal(g, [0, 1])
    c, x = np.array([True, False]), np.array([1.0, 0.0])
    (g,) = _gradient(B, lambda y: B.where(B.from_numpy(c), 1.0, B.divide(y, 1.0)), x)
    np.testing.assert_array_equal(g, [0, 1])


def test_max_pool_sends_ties_to_the_first(B):
    ones = np.ones((1, 4, 4, 1))
    for x in (ones, ones.astype("float32")):
        (g,) = _gradient(B, lambda x: B.max_pool(x, (2, 2), (2, 2), ((0, 0), (0, 0))), x)
        np.testing.assert_array_equal(g[0, :, :, 0], [[1, 0, 1, 0], [0] * 4, [1, 0, 1, 0], [0] * 4])
        (g,) = _gradient(B, lambda x: B.max_pool(x, (3, 3), (2, 2), ((1, 1), (1, 1))), x)
        np.testing.assert_array_equal(g[0, :, :, 0], [[1, 1, 0, 0], [1, 1, 0, 0], [0] * 4, [0] * 4])


def test_nan_and_infinity_go_through(B):
    x = np.array([[1.0, NAN, 3.0], [INF, 1.0, NAN], [-INF, -INF, -INF]])

    def run(ts):
        (x,) = ts
        pooled = B.reshape(x, (1, 3, 3, 1))
        return [
            B.max(x, (1,), False),
            B.min(x, (1,), False),
            B.maximum(x, 0.0),
            B.minimum(0.0, x),
            B.clip(x, 0.0, 2.0),
            B.argmax(x, 1),
            B.sign(x),
            B.max_pool(pooled, (1, 2), (1, 1), ((0, 0), (0, 0))),
            B.sigmoid(x),
        ]

    for got in _both_modes(B, run, [x]):
        np.testing.assert_array_equal(got[0], [NAN, NAN, -INF])
        np.testing.assert_array_equal(got[1], [NAN, NAN, -INF])
        np.testing.assert_array_equal(got[2], np.maximum(x, 0))
        np.testing.assert_array_equal(got[3], np.minimum(x, 0))
        np.testing.assert_array_equal(got[4], np.clip(x, 0, 2))
        np.testing.assert_array_equal(got[5], [1, 2, 0])
        np.testing.assert_array_equal(got[6], np.sign(x))
        np.testing.assert_array_equal(got[7][0, :, :, 0], [[NAN, NAN], [INF, NAN], [-INF, -INF]])
        np.testing.assert_allclose(got[8][0], [1 / (1 + np.exp(-1)), NAN, 1 / (1 + np.exp(-3))], rtol=1e-15)


def test_rounding_and_wrapping(B):
    def run(ts):
        halves, small, unsigned = ts
        return [
            B.round(halves),
            B.floor_divide(halves, 0.1),
            B.mod(halves, -0.4),
            B.multiply(small, small),
            B.sum(small, (0,), False),
            B.subtract(unsigned, 1),
            B.multiply(unsigned, 0x9E3779B1),
            B.cast(B.multiply(halves, 1.9), "int32"),
        ]

    halves, small = np.array([0.5, 1.5, 2.5, -0.5, -1.5, 1.0]), np.array([100, -100, 100, 100], "int8")
    unsigned = np.array([0, 5, 2**32 - 1], "uint32")
    for got in _both_modes(B, run, [halves, small, unsigned]):
        np.testing.assert_array_equal(got[0], [0, 2, 2, -0.0, -2, 1])
        np.testing.assert_array_equal(got[1], np.floor_divide(halves, 0.1))
        np.testing.assert_allclose(got[2], np.mod(halves, -0.4), rtol=1e-15)
        np.testing.assert_array_equal(got[3], small * small)
        np.testing.assert_array_equal(got[4], np.int8(200 - 256))
        np.testing.assert_array_equal(got[5], unsigned - np.uint32(1))
        np.testing.assert_array_equal(got[6], unsigned * np.uint32(0x9E3779B1))
        np.testing.assert_array_equal(got[7], np.trunc(halves * 1.9))


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16"])
def test_take_outside_and_its_gradient(B, dtype):
    table = np.arange(6.0).reshape(3, 2)
    where = np.array([[0, 3], [-1, 2]], "int32")

    def run(ts):
        x, i = ts

        def loss(p):
            y = B.take(B.cast(p[0], dtype), i, 0)
            return B.sum(
                B.cast(B.where(B.isnan(y), B.zeros_like(y), B.multiply(y, 2.0)), "float64"), (0, 1, 2), False
            ), y

        (_, y), grads = B.value_and_grad(loss)([x])
        return [y, grads[0]]

    for y, g in _both_modes(B, run, [table, where]):
        np.testing.assert_array_equal(y, [[[0, 1], [NAN, NAN]], [[NAN, NAN], [4, 5]]])
        np.testing.assert_array_equal(g, [[2, 2], [0, 0], [2, 2]])


def test_random_bits_are_the_specification(B):
    for shape, key in (((1000,), (123, 456)), ((7, 11), (2**32 - 1, 0)), ((70000,), (2**31, 2**31 + 1))):
        n = int(np.prod(shape))
        want = (rng.bits(n, key) >> np.uint32(8)).astype("float64") * 2.0**-24
        np.testing.assert_array_equal(
            B.to_numpy(B.random_uniform(shape, key, "float32")).ravel(), want.astype("float32")
        )

        def draw(state, hyper, batch, shape=shape):
            a, b = B.mix_key((hyper["k0"], hyper["k1"]), (3, 2**32 - 1))
            u = B.random_uniform(shape, (hyper["k0"], hyper["k1"]), "float64")
            return state, [u, B.random_uniform(shape, (a, b), "float32")]

        step = B.compile_step(draw, False)
        u, v = (B.to_numpy(t).ravel() for t in step([], {"k0": key[0], "k1": key[1]}, None)[1])
        np.testing.assert_array_equal(u, want)
        mixed = (key[0] ^ 3, key[1] ^ (2**32 - 1))
        assert B.mix_key(key, (3, 2**32 - 1)) == mixed
        np.testing.assert_array_equal(v, (rng.bits(n, mixed) >> np.uint32(8)).astype("float32") * np.float32(2.0**-24))


LOGITS = normal(5, 7, seed=3) * 3
SOFT = np.exp(LOGITS) / np.exp(LOGITS).sum(1, keepdims=True)
OVERRIDES = {
    "square": [([LOGITS], ())],
    "sigmoid": [([LOGITS], ())],
    "relu": [([LOGITS], ())],
    "leaky_relu": [([LOGITS], (0.3,)), ([LOGITS], (1.5,)), ([LOGITS], (-0.2,))],
    "elu": [([LOGITS * (LOGITS > -2)], (1.0,)), ([LOGITS * (LOGITS > -2)], (0.4,))],
    "softplus": [([np.append(LOGITS * 12, 0.0)], ())],
    "softmax": [([LOGITS], (1,)), ([LOGITS], (0,))],
    "log_softmax": [([LOGITS], (1,)), ([LOGITS], (0,))],
    "sigmoid_cross_entropy": [([SOFT, LOGITS * 9], ()), ([SOFT, SOFT * 0], ())],
    "dense": [([normal(3, 4), normal(4, 2), normal(2)], ()), ([normal(2, 3, 4), normal(4, 2)], (None,))],
    "einsum": [],
    "split": [([normal(3, 9)], ([2, 3, 4], 1))],
    "stack": [],
    "one_hot": [],
    "batch_norm_train": [
        ([normal(4, 3, 2, 5), normal(5), normal(5, seed=1)], (1e-3,)),
        ([normal(6, 5)], (None, None, 1e-3)),
    ],
}


def test_every_override_is_checked(B):
    own = {n for n in vars(Derived) if not n.startswith("_") and getattr(type(B), n) is not getattr(Derived, n)}
    assert own <= set(OVERRIDES)


@pytest.mark.parametrize("name", [n for n, cases in OVERRIDES.items() if cases])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_overrides_equal_their_definitions(B, name, dtype):
    if getattr(type(B), name) is getattr(Derived, name):
        return  # nothing of its own to compare
    for arrays, rest in OVERRIDES[name]:
        arrays = [a.astype(dtype) for a in arrays]

        def both(ts, rest=rest):
            out = []
            for function in (getattr(type(B), name), getattr(Derived, name)):

                def loss(p, function=function):
                    ys = function(B, *p, *rest)
                    total, ys = None, list(ys) if isinstance(ys, (list, tuple)) else [ys]
                    for y in ys:
                        w = B.from_numpy(normal(*B.shape_of(y), seed=8).astype(dtype))
                        part = B.sum(B.multiply(y, w), tuple(range(len(B.shape_of(y)))), False)
                        total = part if total is None else B.add(total, part)
                    return total, ys

                (_, ys), grads = B.value_and_grad(loss)(ts)
                out += [*ys, *grads]
            return out

        tolerance = 1e-12 if dtype == "float64" else 3e-6
        for results in _both_modes(B, both, arrays):
            half = len(results) // 2
            for got, want in zip(results[:half], results[half:]):
                assert got.dtype == want.dtype
                np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance)


def test_overrides_of_lists_and_integers(B):
    indices = np.array([[0, 3], [-1, 2]])
    for kind in ("int32", "int64", "uint8", "int16"):
        i = B.from_numpy(indices.astype(kind))
        for dtype in ("float32", "int32", "bool"):
            got, want = B.one_hot(i, 3, dtype), Derived.one_hot(B, i, 3, dtype)
            assert B.dtype_of(got) == dtype
            np.testing.assert_array_equal(B.to_numpy(got), B.to_numpy(want))
    xs = [B.from_numpy(normal(2, 3, seed=s)) for s in range(3)]
    for axis in (0, 1, 2):
        np.testing.assert_array_equal(B.to_numpy(B.stack(xs, axis)), B.to_numpy(Derived.stack(B, xs, axis)))
    terms = [B.from_numpy(a) for a in (normal(2, 3, 4), normal(2, 5, 4), normal(5, 6))]
    got = B.einsum("bij,bkj,kl->bil", terms)
    np.testing.assert_allclose(B.to_numpy(got), B.to_numpy(Derived.einsum(B, "bij,bkj,kl->bil", terms)), rtol=1e-12)


def test_control(B):
    assert set(CONTROL) <= set(dir(B))
    xs = normal(6, 2, 3)

    def accumulate(reverse):
        def run(ts):
            def loss(params):
                def step(carry, inputs):
                    c = B.add(B.multiply(carry[0], params[0]), inputs[0])
                    return [c], [c, B.square(c)]

                carry, ys = B.scan(step, [params[1]], [params[2]], 6, reverse)
                return B.sum(B.add(carry[0], B.sum(ys[1], (0,), False)), (0, 1), False), [*carry, *ys]

            (_, aux), grads = B.value_and_grad(loss)(ts)
            return [*aux, *grads]

        return run

    arrays = [np.array(0.7), normal(2, 3, seed=4), xs]
    for reverse in (False, True):
        c, seen = arrays[1], []
        for x in xs[::-1] if reverse else xs:
            c = c * 0.7 + x
            seen.append(c)
        seen = np.stack(seen[::-1] if reverse else seen)
        run = accumulate(reverse)
        eager, compiled = _both_modes(B, run, arrays)
        for got in (eager, compiled):
            np.testing.assert_allclose(got[0], c, rtol=1e-14)
            np.testing.assert_allclose(got[1], seen, rtol=1e-14)
            np.testing.assert_allclose(got[2], seen**2, rtol=1e-14)
        for a, b in zip(eager, compiled):
            np.testing.assert_allclose(a, b, rtol=1e-12)
        step, h = B.compile_step(lambda state, hyper, ts, run=run: (state, run(ts)), False), 1e-6
        totals = []
        for moved in (-h, h):
            _, (last, _, squares, *_) = step([], {}, [arrays[0] + moved, *arrays[1:]])
            totals.append(B.to_numpy(last).sum() + B.to_numpy(squares).sum())
        numeric = (totals[1] - totals[0]) / (2 * h)
        assert abs(numeric - float(eager[3])) < 1e-5 * abs(numeric)

    def loops(ts):
        (n,) = ts
        state = B.while_loop(
            lambda s: B.less(s[0], n),
            lambda s: [B.add(s[0], 1), B.multiply(s[1], 2.0)],
            [B.full((), 0, "int32"), B.full((), 1.0, "float64")],
        )
        picked = B.cond(B.greater(n, 3), lambda: [B.add(state[1], 0.5)], lambda: [state[1]])
        return [*state, *picked]

    for got in _both_modes(B, loops, [np.array(5, "int32")]):
        assert [float(g) for g in got] == [5, 32, 32.5]
    for got in _both_modes(B, loops, [np.array(0, "int32")]):
        assert [float(g) for g in got] == [0, 1, 1]


@pytest.mark.parametrize("length", [0, 1, 300])
def test_scan_lengths(B, length):
    def run(ts):
        carry, ys = B.scan(lambda c, x: ([B.add(c[0], x[0])], [c[0]]), [ts[0]], [ts[1]], length, False)
        return [*carry, *ys]

    xs = normal(length, 2)
    for carry, ys in _both_modes(B, run, [np.zeros(2), xs]):
        np.testing.assert_allclose(carry, xs.sum(0), rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(ys, np.cumsum(xs, 0) - xs, atol=1e-12)


def test_custom_gradient(B):
    def run(ts):
        def forward(x, i):
            return B.multiply(x, B.cast(i, "float64")), (x, (2, 3), None, "plain")

        def backward(residuals, dy):
            x, shape, nothing, text = residuals
            assert nothing is None and text == "plain" and shape == (2, 3)
            return B.multiply(dy, B.reshape(B.full(shape, 10.0, "float64"), (2, 3))), None

        f = B.custom_gradient(forward, backward)
        (_, y), grads = B.value_and_grad(lambda p: (B.sum(f(p[0], ts[1]), (0, 1), False), f(p[0], ts[1])))(ts[:1])
        return [y, *grads]

    x, i = normal(2, 3), whole(0, 5, 2, 3)
    for y, g in _both_modes(B, run, [x, i]):
        np.testing.assert_array_equal(y, x * i)
        np.testing.assert_array_equal(g, np.full((2, 3), 10.0))


def test_a_parameter_without_influence_gets_zeros(B):
    def run(ts):
        return B.value_and_grad(lambda p: (B.sum(p[0], (0,), False), None))(ts)[1]

    for a, b in _both_modes(B, run, [np.ones(2), np.ones((3, 1), "float32")]):
        np.testing.assert_array_equal(a, [1, 1])
        assert b.dtype == np.float32 and (b == 0).all() and b.shape == (3, 1)


def test_recurrent_layers_agree_between_modes_and_with_numpy(B):
    x, h, c = normal(2, 5, 3), normal(2, 4), normal(2, 4, seed=1)
    kernel, recurrent, bias = normal(3, 16), normal(4, 16), normal(16)

    def run(backend):
        def inside(ts):
            def loss(p):
                ys, h, c = backend.lstm(*p[:3], *p[3:], "tanh", "sigmoid", True)
                return backend.sum(backend.multiply(ys, ys), (0, 1, 2), False), [ys, h, c]

            (_, out), grads = backend.value_and_grad(loss)(ts)
            return [*out, *grads]

        return inside

    arrays = [x, h, c, kernel, recurrent, bias]
    want = [np.asarray(t) for t in run(N)(arrays)]
    for got in _both_modes(B, run(B), arrays):
        for a, b in zip(got, want):
            np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-12)


def test_compiled_step_does_not_retrace(B):
    traces = []

    def run(state, hyper, batch):
        traces.append(1)
        rate = B.host_scalar(hyper["rate"], "float32")
        u = B.random_uniform((4,), (hyper["k0"], hyper["k1"]), "float32")
        w = B.subtract(state["w"], B.multiply(B.add(B.sum(batch[0], (0,), False), u), rate))
        return {"w": w, "deep": [state["deep"][0], (None, state["deep"][1][1])]}, {"loss": B.sum(w, (0,), False)}

    step = B.compile_step(run, True)
    w = np.zeros(4, "float32")
    state = {"w": B.from_numpy(w), "deep": [B.from_numpy(np.ones(2)), (None, B.from_numpy(np.ones(3, "int32")))]}
    for i in range(4):
        batch = (normal(3, 4, seed=i).astype("float32"), None)
        hyper = {"rate": 0.1 * (i + 1), "k0": i, "k1": 2**32 - 1 - i}
        if i % 2:
            hyper = dict(reversed(hyper.items()))
        state, out = step(state, hyper, batch)
        u = (rng.bits(4, (i, 2**32 - 1 - i)) >> np.uint32(8)).astype("float32") * np.float32(2.0**-24)
        w = w - (batch[0].sum(0) + u) * np.float32(0.1 * (i + 1))
        np.testing.assert_allclose(B.to_numpy(state["w"]), w, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(B.to_numpy(out["loss"]), w.sum(), rtol=1e-5, atol=1e-5)
        assert state["deep"][1][0] is None and isinstance(state["deep"][1], tuple)
    assert len(traces) == 1
    state, _ = step(state, {"rate": 0.1, "k0": 0, "k1": 0}, (np.ones((2, 4), "float32"), None))
    assert len(traces) == 2
    state, _ = step(state, {"rate": 0.1, "k0": 0, "k1": 0}, (normal(3, 4).astype("float32"), None))
    assert len(traces) == 2


def test_hyper_reaches_full_precision(B):
    def run(state, hyper, batch):
        return state, [
            B.multiply(B.full((), 1.0, "float64"), B.host_scalar(hyper["a"], "float64")),
            B.add(B.full((), 0, "int64"), B.host_scalar(hyper["k"], "int64")),
        ]

    step = B.compile_step(run, False)
    a, k = step([], {"a": 1 / 3, "k": 2**32 - 1}, None)[1]
    assert float(B.to_numpy(a)) == 1 / 3 and int(B.to_numpy(k)) == 2**32 - 1
    assert B.host_scalar(0.25, "float32") == 0.25 and isinstance(B.host_scalar(np.float64(2), "float32"), float)


def test_conversion_never_aliases(B):
    for size in (4, 100_000):
        x = np.ones(size, "float32")
        t = B.from_numpy(x)
        x[:] = 5
        y = B.to_numpy(t)
        assert y[0] == 1 and y.flags.writeable
        y[:] = 7
        assert B.to_numpy(t)[0] == 1
    for dtype in (
        "bool",
        "int8",
        "uint8",
        "int16",
        "uint16",
        "int32",
        "uint32",
        "int64",
        "uint64",
        "float16",
        "float32",
        "float64",
    ):
        t = B.from_numpy(np.array([0, 1, 1]).astype(dtype))
        assert B.dtype_of(t) == dtype and B.to_numpy(t).dtype == dtype and B.shape_of(t) == (3,)
    half = B.cast(B.from_numpy(np.array([1.0, 2.0])), "bfloat16")
    assert B.dtype_of(half) == "bfloat16" and B.to_numpy(half).dtype == np.float32
    assert B.is_tensor(half) and not B.is_tensor(np.ones(2)) and not B.is_tensor(1.0)
    assert B.dtype_of(B.from_numpy(np.asfortranarray(normal(3, 4)))) == "float64"


def test_a_batch_buffer_may_be_refilled_at_once(B):
    w = B.from_numpy(np.full((500, 500), 1e-3, "float32"))

    def slow(state, hyper, batch):
        y = state
        for _ in range(20):
            y = B.tanh(B.matmul(y, state))
        total = B.add(B.sum(batch, (0, 1), False), B.multiply(B.sum(y, (0, 1), False), 0.0))
        return state, (total, batch)

    step = B.compile_step(slow, False)
    whole_buffer = np.ones(256 * 1024 + 16, "float32")
    start = -whole_buffer.ctypes.data % 64 // 4
    buffer = whole_buffer[start : start + 256 * 1024].reshape(256, 1024)  # aligned as frameworks like it
    for _ in range(3):
        buffer[:] = 1
        _, (total, same) = step(w, {}, buffer)
        buffer[:] = 2
        assert float(B.to_numpy(total)) == buffer.size
        assert (B.to_numpy(same) == 1).all()


def test_unusable_device_is_refused(B):
    from kshim.errors import BackendError

    for device in ("gpu:7", "cuda:9", "nonsense"):
        with pytest.raises(BackendError, match=r"cannot use device .* Usable devices: .*cpu"):
            type(B)(device)
    assert type(B)("CPU").info()["device"] == "cpu"
    assert set(B.info()) == {"name", "version", "device"} and "cpu" in B.devices()


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
