"""The torch backend's primitives: values against NumPy, SciPy or definitions, gradients against central differences."""

import itertools
import math

import numpy as np
import pytest

from kshim.spec import shape_rules
from kshim.spec.dtypes import standardize
from kshim.spec.table import TABLE

torch = pytest.importorskip("torch")

from kshim_backends.torch import TorchBackend  # noqa: E402

B = TorchBackend("cpu")
NAN, INF = math.nan, math.inf


def tensor(x, dtype=None):
    return B.from_numpy(np.asarray(x, dtype))


def array(x):
    return B.to_numpy(x)


def normal(*shape, seed=0):
    return np.random.default_rng((seed, *shape)).standard_normal(shape)


def _facts(x):
    """(shape, dtype) of a tensor, or a list of each of a list of tensors; a scalar has dtype None."""
    if isinstance(x, torch.Tensor):
        return tuple(x.shape), B.dtype_of(x)
    if isinstance(x, (list, tuple)):
        pairs = [_facts(i) for i in x]
        return [p[0] for p in pairs], [p[1] for p in pairs]
    return (), None


def run(name, *args):
    """The primitive `name`, arrays made tensors, with shape and dtype checked against the op table; an array."""
    op = TABLE[name]
    args = [
        (tensor(a) if isinstance(a, (np.ndarray, np.generic)) else [tensor(i) for i in a] if n == "xs" else a)
        if n in op.tensors
        else a
        for n, a in zip(op.args, args)
    ]
    facts = [_facts(a) if n in op.tensors else (a, a) for n, a in zip(op.args, args)]
    y = getattr(B, name)(*args)
    assert tuple(y.shape) == tuple(op.shape(*(f[0] for f in facts))), name
    assert B.dtype_of(y) == op.dtype(*(f[1] for f in facts)), name
    return array(y)


def check_gradient(function, xs, rtol=1e-7):
    """The gradient of a random projection of `function(*tensors)` along random directions."""
    rng = np.random.default_rng(7)
    weights = None

    def loss(params):
        nonlocal weights
        y = function(*params)
        if weights is None:
            weights = torch.from_numpy(rng.standard_normal(tuple(y.shape)))
        return (y * weights).sum(), None

    (value, _), grads = B.value_and_grad(loss)([tensor(x) for x in xs])
    assert not value.requires_grad
    for i, (x, g) in enumerate(zip(xs, grads)):
        assert tuple(g.shape) == x.shape and g.dtype == torch.float64 and not g.requires_grad
        direction = rng.standard_normal(x.shape)

        def at(t, i=i, moved=direction):
            shifted = [tensor(v + t * moved if j == i else v) for j, v in enumerate(xs)]
            return float(loss(shifted)[0])

        h = 1e-4
        numeric = (at(-2 * h) - 8 * at(-h) + 8 * at(h) - at(2 * h)) / (12 * h)
        exact = float(np.sum(array(g) * direction))
        scale = max(1.0, float(np.abs(array(g) * direction).sum()))
        assert abs(numeric - exact) <= rtol * scale, (i, numeric, exact)


def gradient(function, *xs):
    """Gradients of the sum of `function(*tensors)`, as arrays."""
    _, grads = B.value_and_grad(lambda p: (function(*p).sum(), None))([tensor(x) for x in xs])
    return [array(g) for g in grads]


# element-wise ----------------------------------------------------------------------------------------------------
_SAME_NAME = "negative abs sign exp expm1 log log1p sqrt sin cos tan arcsin arccos arctan sinh cosh tanh floor ceil"
NUMPY_UNARY = {n: getattr(np, n) for n in _SAME_NAME.split()}
NUMPY_UNARY.update(rsqrt=lambda x: 1 / np.sqrt(x), round=np.round)
SMOOTH = [n for n, op in TABLE.items() if op.args == ("x",) and op.diff and n not in "sign floor ceil round".split()]


def domain(name, *shape, seed=0):
    x = normal(*shape, seed=seed)
    if name in ("log", "sqrt", "rsqrt", "lgamma", "digamma", "power"):
        return 0.3 + np.abs(x)
    if name in ("arcsin", "arccos"):
        return np.tanh(x) * 0.9
    return np.exp(x) - 0.8 if name == "log1p" else x


@pytest.mark.parametrize("name", [*NUMPY_UNARY, "erf", "lgamma", "digamma"])
def test_unary_values(name):
    if name in NUMPY_UNARY:
        reference = NUMPY_UNARY[name]
    else:
        special = pytest.importorskip("scipy.special")
        reference = {"erf": special.erf, "lgamma": special.gammaln, "digamma": special.digamma}[name]
    for shape in ((), (3, 4), (0, 2)):
        x = domain(name, *shape)
        np.testing.assert_allclose(run(name, x), reference(x), rtol=4e-15, atol=1e-15)
    assert np.isnan(run(name, np.array([NAN]))).all()


@pytest.mark.parametrize("name", SMOOTH)
def test_unary_gradient(name):
    check_gradient(getattr(B, name), [domain(name, 3, 4)])


def test_unary_edges():
    for name in ("sign", "floor", "ceil", "round"):
        assert not gradient(getattr(B, name), normal(5))[0].any()
    assert gradient(B.abs, np.array([0.0, -2.0, 2.0]))[0].tolist() == [0, -1, 1]
    assert gradient(B.sqrt, np.array([0.0, 4.0]))[0].tolist() == [INF, 0.25]
    assert run("round", np.array([0.5, 1.5, 2.5, -0.5])).tolist() == [0, 2, 2, 0]
    x = np.array([NAN, INF, -INF, 1.0], "float32")
    for name in ("isnan", "isinf", "isfinite"):
        assert run(name, x).tolist() == getattr(np, name)(x).tolist()
    assert run("logical_not", np.array([True, False])).tolist() == [False, True]
    assert run("abs", np.array([-128, 3], "int8")).tolist() == [-128, 3]


ARITHMETIC = "add subtract multiply divide power maximum minimum floor_divide mod".split()
NUMPY_BINARY = {n: getattr(np, n) for n in ARITHMETIC} | {"arctan2": np.arctan2}


@pytest.mark.parametrize("name", NUMPY_BINARY)
def test_binary_values_and_scalars(name):
    x, y = domain(name, 3, 4), domain(name, 4, seed=1)
    reference = NUMPY_BINARY[name]
    np.testing.assert_allclose(run(name, x, y), reference(x, y), rtol=1e-14)
    np.testing.assert_allclose(run(name, x, 1.7), reference(x, 1.7), rtol=1e-14)
    np.testing.assert_allclose(run(name, 1.7, x), reference(1.7, x), rtol=1e-14)
    single = x.astype("float32")
    np.testing.assert_allclose(run(name, single, 1.7), reference(single, np.float32(1.7)), rtol=1e-5)
    np.testing.assert_allclose(run(name, 2, single), reference(np.float32(2), single), rtol=1e-5)
    if name not in ("floor_divide", "mod"):
        assert np.isnan(run(name, np.array([NAN, 2.0]), np.array([3.0, NAN]))).all()
        check_gradient(getattr(B, name), [x, y])
        check_gradient(lambda v: getattr(B, name)(v, 1.7), [x])
        check_gradient(lambda v: getattr(B, name)(1.7, v), [x])


@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "maximum", "minimum", "floor_divide", "mod", "power"])
@pytest.mark.parametrize("dtype", ["int8", "int32", "int64", "uint8", "uint16", "uint32", "uint64"])
def test_binary_integers(name, dtype):
    rng, info = np.random.default_rng(0), np.iinfo(dtype)
    x = rng.integers(info.min, info.max, (4, 5), dtype, endpoint=True)
    y = rng.integers(1, 7, (5,), dtype)
    reference = NUMPY_BINARY[name]
    with np.errstate(over="ignore"):
        assert (run(name, x, y) == reference(x, y)).all()
        assert (run(name, x, 3) == reference(x, x.dtype.type(3))).all()
        assert (run(name, 3, y) == reference(y.dtype.type(3), y)).all()


def test_integer_arithmetic_wraps():
    top = np.array([2**31 - 1], "int32")
    assert run("add", top, 1).tolist() == [-(2**31)]
    assert run("multiply", top, top).tolist() == [1]
    assert run("negative", np.array([-(2**31)], "int32")).tolist() == [-(2**31)]
    assert run("floor_divide", np.array([-(2**31)], "int32"), np.array([-1], "int32")).tolist() == [-(2**31)]
    for dtype in ("uint8", "uint16", "uint64"):
        last = np.array(np.iinfo(dtype).max, dtype)
        assert run("add", last, 2) == 1 and run("multiply", last, last) == 1 and run("negative", last) == 1
    assert run("sum", np.full(3, 2**31 - 1, "int32"), (0,), False) == 3 * (2**31 - 1) - 2**32


def test_division_rounds_down_and_takes_the_sign_of_the_divisor():
    x, y = np.array([7.0, -7.0, 7.0, -7.0, -1.0]), np.array([3.0, 3.0, -3.0, -3.0, INF])
    assert run("floor_divide", x, y)[:4].tolist() == [2, -3, -3, 2]
    assert run("mod", x, y).tolist() == [1, 2, -2, -1, INF]
    assert run("divide", np.array([1.0, -1.0, 0.0]), 0.0).tolist()[:2] == [INF, -INF]
    # A scalar over a tensor is one division: the reciprocal of a denormal would overflow.
    assert run("divide", 1e-3, np.array([1e-39], "float32"))[0] == np.float32(1e-3) / np.float32(1e-39)
    dx, dy = gradient(B.mod, x[:4], y[:4])
    assert dx.tolist() == [1] * 4 and dy.tolist() == [0] * 4
    dx, dy = gradient(B.floor_divide, x[:4], y[:4])
    assert not dx.any() and not dy.any()


def test_ties():
    one = np.array([1.0, 2.0])
    for function in (B.maximum, B.minimum):
        assert [g[0] for g in gradient(function, one, np.array([1.0, 5.0]))] == [0.5, 0.5]
        assert gradient(lambda v: function(v, 1.0), one)[0][0] == 0.5  # noqa: B023
        assert gradient(lambda v: function(1.0, v), one)[0][0] == 0.5  # noqa: B023
    for function in (B.max, B.min):
        assert gradient(lambda v: function(v, (0, 1), False), np.ones((2, 3)))[0].tolist() == [[1 / 6] * 3] * 2  # noqa: B023
    assert gradient(lambda v: B.clip(v, -1.0, 1.0), np.array([-2.0, -1.0, 0.0, 1.0, 2.0]))[0].tolist() == [
        0,
        1,
        1,
        1,
        0,
    ]


@pytest.mark.parametrize("name", "equal not_equal less less_equal greater greater_equal".split())
@pytest.mark.parametrize("dtype", ["float64", "bfloat16", "int32", "uint16", "uint64"])
def test_comparisons(name, dtype):
    x, y = np.array([1.0, 2.0, 3.0, 200.0]), np.array([2.0, 2.0, 2.0, 100.0])
    a, b = B.cast(tensor(x), dtype), B.cast(tensor(y), dtype)
    for args in ((a, b), (a, 2), (2, b)):
        arrays = [x if v is a else y if v is b else v for v in args]
        got = getattr(B, name)(*args)
        assert B.dtype_of(got) == "bool" and array(got).tolist() == getattr(np, name)(*arrays).tolist()


def test_logic_and_bits():
    p, q = np.array([True, True, False, False]), np.array([True, False, True, False])
    for name in ("logical_and", "logical_or"):
        assert run(name, p, q).tolist() == getattr(np, name)(p, q).tolist()
        for scalar in (True, False):
            assert (
                run(name, p, scalar).tolist() == run(name, scalar, p).tolist() == getattr(np, name)(p, scalar).tolist()
            )
    for dtype in ("int32", "uint8", "uint32", "uint64"):
        x, y = np.array([1, 6, 12, 255], dtype), np.array([3, 5, 10, 170], dtype)
        for name in ("bitwise_and", "bitwise_or", "bitwise_xor"):
            assert run(name, x, y).tolist() == getattr(np, name)(x, y).tolist()
            assert run(name, x, 6).tolist() == run(name, 6, x).tolist() == getattr(np, name)(x, 6).tolist()


def test_where_keeps_nan_of_the_other_side_out():
    x = np.array([0.0, 4.0])
    y = gradient(lambda v: B.where(B.greater(v, 1.0), B.sqrt(v), B.multiply(v, 3.0)), x)[0]
    assert y.tolist()[1] == 0.25
    dx, dy = gradient(lambda a, b: B.where(tensor([True, False]), a, b), np.array([1.0, NAN]), np.array([NAN, 2.0]))
    assert dx.tolist() == [1, 0] and dy.tolist() == [0, 1]
    condition = np.array([[True], [False]])
    assert run("where", condition, normal(3), 0.5).shape == (2, 3)
    assert run("where", condition, 2, np.zeros(3, "int16")).tolist() == [[2] * 3, [0] * 3]


def test_clip_keeps_the_dtype():
    assert run("clip", np.array([-5, 0, 5], "int32"), -1.5, 2).tolist() == [-1, 0, 2]
    assert run("clip", np.array([0, 5, 9], "uint32"), 2, 6).tolist() == [2, 5, 6]
    assert np.isnan(run("clip", np.array([NAN]), 0.0, 1.0)).all()


# reduce ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["sum", "prod", "max", "min"])
@pytest.mark.parametrize("axes", [(), (0,), (1,), (0, 2), (1, 2), (0, 1, 2)])
@pytest.mark.parametrize("keepdims", [False, True])
def test_reduce(name, axes, keepdims):
    x = normal(2, 3, 4)
    np.testing.assert_allclose(run(name, x, axes, keepdims), getattr(np, name)(x, axes, keepdims=keepdims), rtol=1e-13)
    check_gradient(lambda v: getattr(B, name)(v, axes, keepdims), [x])
    for dtype in ("int16", "uint8", "uint16", "uint64"):
        i = np.random.default_rng(1).integers(0, 99, (2, 3, 4)).astype(dtype)
        got = run(name, i, axes, keepdims)
        expected = i if not axes else getattr(np, name)(i, axes, keepdims=keepdims).astype(dtype)
        assert got.dtype == dtype and (got == expected).all()


def test_reduce_edges():
    assert run("sum", np.zeros((0, 2)), (0,), False).tolist() == [0, 0]
    assert run("prod", np.zeros((0, 2)), (0,), True).tolist() == [[1, 1]]
    assert np.isnan(run("max", np.array([1.0, NAN]), (0,), False)) and np.isnan(
        run("min", np.array([NAN, 1.0]), (0,), False)
    )
    check_gradient(lambda v: B.prod(v, (0, 1), False), [np.array([[0.0, 2.0], [3.0, 4.0]])])
    b = np.array([[True, False], [True, True]])
    for name, axes, keep in itertools.product(("any", "all"), ((), (0,), (1,), (0, 1)), (False, True)):
        assert run(name, b, axes, keep).tolist() == getattr(np, name)(b, axes, keepdims=keep).tolist()
    assert run("argmax", np.array([[1, 3, 3], [2, 2, 1]]), 1).tolist() == [1, 0]
    assert run("argmax", np.array([False, True, True]), 0) == 1
    assert run("argmax", np.array([2, 65000, 65000], "uint16"), 0) == 1


@pytest.mark.parametrize("name", ["cumsum", "cumprod"])
def test_running(name):
    x = normal(3, 4)
    x[1, 2] = 0.0
    for axis in (0, 1):
        np.testing.assert_allclose(run(name, x, axis), getattr(np, name)(x, axis), rtol=1e-14)
        check_gradient(lambda v: getattr(B, name)(v, axis), [x])  # noqa: B023
    for dtype in ("int8", "uint32"):
        i = np.arange(1, 7).astype(dtype)
        assert run(name, i, 0).tolist() == getattr(np, name)(i, 0, dtype).tolist()


# create, convert, shape ------------------------------------------------------------------------------------------
DTYPES = "bool uint8 uint16 uint32 uint64 int8 int16 int32 int64 float16 float32 float64".split()


def test_create_and_cast():
    for dtype in [*DTYPES, "bfloat16"]:
        y = B.full((2, 3), 1, dtype)
        assert B.dtype_of(y) == dtype and B.shape_of(y) == (2, 3) and type(B.shape_of(y)) is tuple
        assert array(y).tolist() == [[1] * 3] * 2
        if dtype != "bool":
            assert array(B.arange(4, dtype)).tolist() == [0, 1, 2, 3]
        assert B.dtype_of(B.arange(0, dtype)) == dtype
    assert run("cast", np.array([2.7, -2.7]), "int32").tolist() == [2, -2]
    assert run("cast", np.array([0.0, 0.3]), "bool").tolist() == [False, True]
    assert run("cast", np.array([300, -1]), "uint8").tolist() == [44, 255]
    assert gradient(lambda v: B.cast(B.cast(v, "float32"), "float64"), np.ones(2))[0].tolist() == [1, 1]
    assert gradient(lambda v: B.multiply(B.stop_gradient(v), v), np.full(2, 3.0))[0].tolist() == [3, 3]


def test_numpy_round_trip():
    for dtype in DTYPES:
        x = np.arange(6).reshape(2, 3).astype(dtype)
        y = B.from_numpy(x)
        assert B.is_tensor(y) and not B.is_tensor(x) and B.dtype_of(y) == standardize(x.dtype)
        assert array(y).dtype == x.dtype and (array(y) == x).all()
    source = np.zeros(3)
    copy = B.from_numpy(source)
    source[0] = 1.0
    assert array(copy).tolist() == [0, 0, 0]
    view = array(copy)
    copy += 1.0
    assert view.tolist() == [0, 0, 0]
    assert (array(B.from_numpy(np.arange(5)[::-2])) == [4, 2, 0]).all()
    assert array(B.from_numpy(np.arange(3, dtype=">i4"))).tolist() == [0, 1, 2]
    frozen = np.ones(2)
    frozen.flags.writeable = False
    assert array(B.from_numpy(frozen)).tolist() == [1, 1]
    assert array(B.from_numpy(np.float32(2.5))).shape == ()
    half = array(B.cast(tensor([1.5, -2.0]), "bfloat16"))
    assert half.dtype == np.float32 and half.tolist() == [1.5, -2.0]
    for bad in (np.array(["a"]), np.array([1j]), np.array([None])):
        with pytest.raises(TypeError, match="dtype"):
            B.from_numpy(bad)
    ml_dtypes = pytest.importorskip("ml_dtypes")
    y = B.from_numpy(np.array([1.5, 3.0], ml_dtypes.bfloat16))
    assert B.dtype_of(y) == "bfloat16" and array(y).tolist() == [1.5, 3.0]


MOVES = {
    "reshape": ((-1, 6), lambda x: x.reshape(-1, 6)),
    "transpose": ((2, 0, 1), lambda x: x.transpose(2, 0, 1)),
    "broadcast_to": ((5, 2, 3, 4), lambda x: np.broadcast_to(x, (5, 2, 3, 4))),
    "flip": ((0, 2), lambda x: np.flip(x, (0, 2))),
}


@pytest.mark.parametrize("name", MOVES)
def test_moves(name):
    arg, reference = MOVES[name]
    for x in (normal(2, 3, 4), np.arange(24, dtype="uint16").reshape(2, 3, 4)):
        assert (run(name, x, arg) == reference(x)).all()
    check_gradient(lambda v: getattr(B, name)(v, arg), [normal(2, 3, 4)])


def test_concat_pad_slice():
    x, y = normal(2, 3), normal(2, 5)
    assert (run("concat", [x, y], 1) == np.concatenate([x, y], 1)).all()
    check_gradient(lambda a, b: B.concat([a, b], 1), [x, y])
    pairs = ((1, 0), (2, 3))
    assert (run("pad", x, pairs, 7.0) == np.pad(x, pairs, constant_values=7.0)).all()
    assert run("pad", np.array([[1]], "int32"), pairs, 4)[0, 0] == 4
    check_gradient(lambda v: B.pad(v, pairs, 7.0), [x])
    u = np.array([[3, 65535]], "uint16")
    assert run("pad", u, ((0, 0), (1, 0)), 4).tolist() == [[4, 3, 65535]]
    assert run("concat", [u, u], 0).tolist() == [[3, 65535]] * 2
    assert run("where", np.array([True, False]), u, np.array([1, 2], "uint16")).tolist() == [[3, 2]]
    z = normal(5, 6)
    assert (run("slice", z, (1, 0), (5, 6), (2, 3)) == z[1:5:2, ::3]).all()
    assert run("slice", z, (2, 0), (2, 6), (1, 1)).shape == (0, 6)
    check_gradient(lambda v: B.slice(v, (1, 0), (5, 6), (2, 3)), [z])


# products and windows --------------------------------------------------------------------------------------------
def test_matmul():
    for a, b in (((2, 3), (3, 4)), ((5, 2, 3), (3, 4)), ((2, 1, 2, 3), (5, 3, 4)), ((2, 0), (0, 3))):
        x, y = normal(*a), normal(*b, seed=1)
        np.testing.assert_allclose(run("matmul", x, y), x @ y, rtol=1e-13, atol=1e-14)
    check_gradient(B.matmul, [normal(2, 1, 2, 3), normal(5, 3, 4)])
    for dtype in ("int32", "uint8", "uint32"):
        x = np.arange(6, dtype=dtype).reshape(2, 3)
        assert (run("matmul", x, x.T.copy()) == x @ x.T).all()


def patches(x, size, strides, pads, dilation, value):
    """(n, *out, *size, c) windows by plain indexing."""
    rank = x.ndim - 2
    x = np.pad(x, ((0, 0), *pads, (0, 0)), constant_values=value)
    for axis in range(rank):
        count = (x.shape[1 + axis] - (size[axis] - 1) * dilation[axis] - 1) // strides[axis] + 1
        index = np.arange(count)[:, None] * strides[axis] + np.arange(size[axis]) * dilation[axis]
        x = np.moveaxis(np.take(x, index.ravel(), 1 + axis), 1 + axis, -1)
        x = x.reshape(*x.shape[:-1], count, size[axis])
        x = np.moveaxis(x, -2, 1 + axis)
    # The window axes went to the back one after the other, behind the channels.
    return np.moveaxis(x, 1 + rank, -1)


def conv_reference(x, kernel, strides, pads, dilation, groups):
    rank, size = x.ndim - 2, kernel.shape[:-2]
    p = patches(x, size, strides, pads, dilation, 0.0)
    outs, each = [], kernel.shape[-1] // groups
    for g in range(groups):
        channels = slice(g * kernel.shape[-2], (g + 1) * kernel.shape[-2])
        k = kernel[..., g * each : (g + 1) * each]
        outs.append(np.tensordot(p[..., channels], k, rank + 1))
    return np.concatenate(outs, -1)


CONVS = [  # spatial, window, strides, pads, dilation, channels, filters, groups
    ((7,), (3,), (2,), ((1, 2),), (1,), 2, 3, 1),
    ((9,), (3,), (1,), ((2, 0),), (2,), 4, 4, 2),
    ((6,), (3,), (2,), ((2, 1),), (1,), 2, 3, 1),
    ((5, 6), (3, 2), (1, 1), ((0, 0), (0, 0)), (1, 1), 1, 3, 1),
    ((5, 6), (3, 2), (2, 3), ((1, 1), (0, 0)), (1, 1), 2, 3, 1),
    ((6, 7), (3, 3), (2, 2), ((0, 1), (1, 1)), (1, 1), 2, 3, 1),
    ((8, 7), (3, 2), (1, 1), ((2, 2), (1, 1)), (2, 3), 4, 6, 2),
    ((5, 5), (3, 3), (1, 1), ((1, 1), (1, 1)), (1, 1), 3, 6, 3),
    ((4, 5, 3), (2, 3, 2), (1, 2, 1), ((0, 1), (1, 1), (0, 0)), (1, 1, 1), 2, 2, 1),
]


@pytest.mark.parametrize("case", CONVS, ids=str)
def test_conv(case):
    spatial, size, strides, pads, dilation, channels, filters, groups = case
    x, k = normal(2, *spatial, channels), normal(*size, channels // groups, filters, seed=1)
    rest = strides, pads, dilation, groups
    expected = conv_reference(x, k, *rest)
    np.testing.assert_allclose(run("conv", x, k, *rest), expected, rtol=1e-12, atol=1e-12)
    single = run("conv", x.astype("float32"), k.astype("float32"), *rest)
    np.testing.assert_allclose(single, expected, rtol=1e-4, atol=1e-5)
    check_gradient(lambda a, b: B.conv(a, b, *rest), [x, k])
    # The same from memory in another order.
    turned = B.transpose(tensor(np.moveaxis(x, -1, 0)), (*range(1, x.ndim), 0))
    np.testing.assert_allclose(array(B.conv(turned, tensor(k), *rest)), expected, rtol=1e-12, atol=1e-12)
    assert run("conv", x[:0], k, *rest).shape[0] == 0


@pytest.mark.parametrize("case", [c for c in CONVS if c[-1] == 1], ids=str)
def test_conv_transpose_is_the_gradient_of_conv(case):
    spatial, size, strides, pads, dilation, channels, filters, _ = case
    for extra in range(max(strides)):
        output = tuple(n + min(extra, s - 1) for n, s in zip(spatial, strides))
        x, k = normal(2, *output, channels), normal(*size, channels, filters, seed=1)
        y = normal(*shape_rules.conv(x.shape, k.shape, strides, pads, dilation, 1), seed=2)
        (expected,) = gradient(lambda v: B.multiply(B.conv(v, tensor(k), strides, pads, dilation, 1), tensor(y)), x)  # noqa: B023
        got = run("conv_transpose", y, k, strides, pads, dilation, output)
        np.testing.assert_allclose(got, expected, rtol=1e-12, atol=1e-12)
        # <conv(x), y> = <x, conv_transpose(y)>, with the reference convolution.
        forward = (conv_reference(x, k, strides, pads, dilation, 1) * y).sum()
        np.testing.assert_allclose((x * got).sum(), forward, rtol=1e-10)
        check_gradient(lambda a, b: B.conv_transpose(a, b, strides, pads, dilation, output), [y, k])  # noqa: B023


POOLS = [
    ((7,), (3,), (2,), ((1, 1),)),
    ((8,), (3,), (2,), ((0, 1),)),
    ((8,), (2,), (2,), ((2, 2),)),
    ((4,), (2,), (5,), ((1, 2),)),
    ((6, 7), (2, 2), (2, 2), ((0, 0), (0, 1))),
    ((5, 7), (3, 2), (1, 3), ((1, 1), (0, 0))),
    ((5, 7), (3, 3), (2, 2), ((2, 0), (1, 0))),
    ((28, 5), (3, 3), (2, 2), ((0, 1), (1, 1))),
    ((4, 5, 6), (2, 2, 3), (2, 2, 2), ((0, 0), (0, 1), (1, 1))),
]


@pytest.mark.parametrize("case", POOLS, ids=str)
def test_pools(case):
    spatial, *rest = case
    size, strides, pads = rest
    x, rank, ones = normal(2, *spatial, 3), len(spatial), (1,) * len(spatial)
    window_axes = tuple(range(1 + rank, 1 + 2 * rank))
    with np.errstate(invalid="ignore"):
        largest = patches(x, size, strides, pads, ones, -np.inf).max(window_axes)
        total = patches(x, size, strides, pads, ones, 0.0).sum(window_axes)
        mean = total / patches(np.ones_like(x), size, strides, pads, ones, 0.0).sum(window_axes)
    np.testing.assert_array_equal(run("max_pool", x, *rest), largest)
    np.testing.assert_allclose(run("avg_pool", x, *rest), mean, rtol=1e-13, atol=1e-15)
    if np.isfinite(mean).all():
        check_gradient(lambda v: B.max_pool(v, *rest), [x])
        check_gradient(lambda v: B.avg_pool(v, *rest), [x])


def test_max_pool_gradient_goes_to_the_first_of_equals():
    x = np.zeros((1, 4, 4, 2))
    for pads in (((0, 0), (0, 0)), ((0, 1), (0, 1)), ((2, 2), (2, 2))):
        (g,) = gradient(lambda v: B.max_pool(v, (2, 2), (2, 2), pads), x)  # noqa: B023
        first = np.zeros((4, 4))
        first[::2, ::2] = 1
        assert (g == first[None, :, :, None]).all()
    assert run("max_pool", np.arange(8, dtype="int32").reshape(1, 8, 1), (3,), (2,), ((1, 1),)).ravel().tolist() == [
        1,
        3,
        5,
        7,
    ]


# index -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("dtype", ["int32", "int64", "uint8", "uint16"])
def test_take(dtype):
    x = normal(4, 3, 2)
    for axis in range(3):
        indices = np.array([[0, 1, 1], [1, 0, 0]], dtype)
        assert (run("take", x, indices, axis) == np.take(x, indices, axis)).all()
        check_gradient(lambda v: B.take(v, tensor(indices), axis), [x])  # noqa: B023
    assert run("take", x, np.array(1, dtype), 0).shape == (3, 2)
    assert run("take", x, np.zeros((0, 2), dtype), 1).shape == (4, 0, 2, 2)


def test_take_out_of_range_is_nan_without_gradient():
    x, indices = normal(3, 2), np.array([-1, 0, 3, 2, 2**40])
    got = run("take", x, indices, 0)
    assert np.isnan(got[[0, 2, 4]]).all() and (got[[1, 3]] == x[[0, 2]]).all()
    assert np.isnan(run("take", x, np.array([-1]), 0)).all()
    (g,) = gradient(lambda v: B.take(v, tensor(indices), 0), x)
    assert (g == np.array([[1, 1], [0, 0], [1, 1]])).all()
    for dtype in ("int32", "uint16", "uint64"):
        assert run("take", np.arange(3).astype(dtype), np.array([5, 1]), 0).tolist() == [0, 1]
    assert np.isnan(run("take", np.zeros((0, 2)), np.array([0]), 0)).all()


def test_gather_scatter_sort():
    x = normal(3, 4)
    indices = np.random.default_rng(0).integers(0, 4, (3, 5)).astype("int32")
    assert (run("take_along_axis", x, indices, 1) == np.take_along_axis(x, indices, 1)).all()
    check_gradient(lambda v: B.take_along_axis(v, tensor(indices), 1), [x])
    rows, updates = np.array([0, 2, 0], "int32"), normal(3, 4, seed=1)
    expected = x.copy()
    np.add.at(expected, rows, updates)
    np.testing.assert_allclose(run("scatter_add", x, rows, updates), expected, rtol=1e-15)
    check_gradient(lambda a, b: B.scatter_add(a, tensor(rows), b), [x, updates])
    u = np.array([1, 2], "uint16")
    assert run("scatter_add", u, np.array([1, 1]), np.array([5, 6], "uint16")).tolist() == [1, 13]
    assert run("take_along_axis", u, np.array([1, 0, 1]), 0).tolist() == [2, 1, 2]
    z = np.array([2.0, NAN, 1.0, 2.0, -0.0, 0.0, INF, 1.0])
    assert run("argsort", z, 0).tolist() == [4, 5, 2, 7, 0, 3, 6, 1]
    many = np.random.default_rng(0).integers(0, 9, (3, 500))
    assert (run("argsort", many, 1) == np.argsort(many, 1, kind="stable")).all()
    assert run("argsort", np.array([3, 60000, 1], "uint16"), 0).tolist() == [2, 0, 1]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_convolution_to_a_single_filter_has_gradients(dtype):
    """torch's float64 kernels refuse the strided weight of one filter and several channels."""
    x, k = normal(2, 5, 5, 4).astype(dtype), normal(2, 2, 4, 1).astype(dtype)

    def loss(params):
        return B.sum(B.conv(*params, (1, 1), ((0, 0), (0, 0)), (1, 1), 1), (0, 1, 2, 3), False), None

    _, (_, got) = B.value_and_grad(loss)([tensor(x), tensor(k)])
    expected = [[x[:, i : i + 4, j : j + 4].sum((0, 1, 2)) for j in range(2)] for i in range(2)]
    np.testing.assert_allclose(array(got)[..., 0], expected, rtol=1e-5)
