"""The numpy backend: every gradient against central differences in float64, values against SciPy and definitions."""

import itertools
import math
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import kshim_backends.numpy as numpy_backend
import numpy as np
import pytest

from kshim.spec import shape_rules
from kshim.spec.table import TABLE

B = numpy_backend.backend_class()


def normal(*shape, seed=0):
    return np.random.default_rng((seed, *shape)).standard_normal(shape)


def uniform(low, high, *shape, seed=0):
    return np.random.default_rng((seed, *shape)).uniform(low, high, shape)


def check_gradient(function, xs, rtol=1e-6, atol=1e-8):
    """Gradients of a random projection of `function(*xs)` (tensor or list of tensors) along random directions."""
    rng = np.random.default_rng(7)
    weights = {}

    def loss(params):
        ys = function(*params)
        total = None
        for i, y in enumerate(ys if isinstance(ys, (list, tuple)) else [ys]):
            shape = B.shape_of(y)
            weights.setdefault(i, rng.standard_normal(shape))
            part = B.sum(B.multiply(y, weights[i]), tuple(range(len(shape))), False)
            total = part if total is None else B.add(total, part)
        return total, None

    (value, _), grads = B.value_and_grad(loss)(xs)
    assert type(value) is np.ndarray and value.dtype == np.float64
    for i, (x, g) in enumerate(zip(xs, grads)):
        assert g.shape == x.shape and g.dtype == x.dtype
        direction = rng.standard_normal(x.shape)
        step = 1e-5

        def at(t):
            moved = list(xs)
            moved[i] = x + t * direction  # noqa: B023
            return float(loss(moved)[0])

        numeric = (at(-2 * step) - 8 * at(-step) + 8 * at(step) - at(2 * step)) / (12 * step)
        exact = float(np.sum(g * direction))
        scale = max(1.0, float(np.abs(g * direction).sum()))
        assert abs(numeric - exact) <= rtol * abs(numeric) + atol * scale, (i, numeric, exact)


POSITIVE = ("log", "sqrt", "rsqrt", "lgamma", "digamma")
INSIDE = ("arcsin", "arccos")
FLAT = ("sign", "floor", "ceil", "round")
UNARY = [n for n, op in TABLE.items() if op.args == ("x",) and op.diff and n not in FLAT]
BINARY = [n for n, op in TABLE.items() if op.args == ("x", "y") and op.diff == ("x", "y") and n != "matmul"]


def _domain(name, *shape, seed=0):
    if name in POSITIVE or name == "power":
        return uniform(0.3, 4.0, *shape, seed=seed)
    if name in INSIDE:
        return uniform(-0.9, 0.9, *shape, seed=seed)
    if name == "log1p":
        return uniform(-0.8, 3.0, *shape, seed=seed)
    return normal(*shape, seed=seed)


@pytest.mark.parametrize("name", UNARY)
def test_unary_gradient(name):
    check_gradient(getattr(B, name), [_domain(name, 3, 4)])
    check_gradient(getattr(B, name), [_domain(name)])


@pytest.mark.parametrize("name", FLAT)
def test_flat_functions_have_gradient_zero(name):
    x = normal(5)
    _, (g,) = B.value_and_grad(lambda p: (B.sum(B.add(getattr(B, name)(p[0]), p[0]), (0,), False), None))([x])
    np.testing.assert_array_equal(g, np.ones(5))


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize(
    "shapes", [((3, 4), (3, 4)), ((3, 4), (4,)), ((1, 4), (3, 1)), ((2, 1, 4), (3, 4)), ((3,), ()), ((), ())]
)
def test_binary_gradient_with_broadcasting(name, shapes):
    x, y = _domain(name, *shapes[0]), _domain(name, *shapes[1], seed=1)
    check_gradient(getattr(B, name), [x, y])
    check_gradient(lambda a: getattr(B, name)(a, y), [x])
    check_gradient(lambda a: getattr(B, name)(x, a), [y])
    check_gradient(lambda a: getattr(B, name)(a, 1.7), [x])
    check_gradient(lambda a: getattr(B, name)(1.7, a), [y])


def test_same_tensor_on_both_sides_and_reuse():
    check_gradient(lambda x: B.add(B.multiply(x, x), B.add(x, B.subtract(x, B.divide(x, B.exp(x))))), [normal(3, 4)])
    check_gradient(lambda x: [B.add(x, x), x, B.reshape(x, (12,)), B.slice(x, (0, 0), (2, 2), (1, 1))], [normal(3, 4)])


CONDITION = normal(3, 4, seed=9) > 0
INDICES = np.array([[0, 2, 2], [1, 0, 2]], np.int32)

#: Function of the arrays it is differentiated by, and those arrays.
STRUCTURED = {
    "mod": [(lambda x: B.mod(x, np.full(4, 0.7)), [normal(3, 4)])],
    "where": [
        (lambda x, y: B.where(CONDITION, x, y), [normal(3, 4), normal(4, seed=1)]),
        (lambda x: B.where(CONDITION, x, 0.0), [normal(1, 4)]),
        (lambda x: B.where(CONDITION, 0.0, x), [normal(3, 1)]),
    ],
    "clip": [(lambda x: B.clip(x, -0.5, 0.7), [normal(3, 4)])],
    "sum": [
        (lambda x, a=a, k=k: B.sum(x, a, k), [normal(2, 3, 4)])
        for a in ((0,), (1,), (0, 1), (0, 2), (0, 1, 2), ())
        for k in (False, True)
    ],
    "prod": [
        (lambda x, a=a, k=k: B.prod(x, a, k), [normal(2, 3, 4)])
        for a in ((1,), (0, 2), (0, 1, 2))
        for k in (False, True)
    ]
    + [(lambda x: B.prod(x, (0, 2), False), [normal(2, 3, 4) * (normal(2, 3, 4, seed=3) > -0.5)])],
    "max": [
        (lambda x, a=a, k=k: B.max(x, a, k), [normal(2, 3, 4)])
        for a in ((1,), (0, 2), (0, 1, 2))
        for k in (False, True)
    ],
    "min": [
        (lambda x, a=a, k=k: B.min(x, a, k), [normal(2, 3, 4)])
        for a in ((1,), (0, 2), (0, 1, 2))
        for k in (False, True)
    ],
    "cumsum": [(lambda x, a=a: B.cumsum(x, a), [normal(2, 3, 4)]) for a in (0, 1, 2)],
    "cumprod": [(lambda x, a=a: B.cumprod(x, a), [normal(2, 3, 4)]) for a in (0, 1, 2)]
    + [(lambda x: B.cumprod(x, 1), [normal(2, 5) * np.array([1.0, 0.0, 1.0, 0.0, 1.0])])],
    "cast": [(lambda x: B.cast(x, "float64"), [normal(3)])],
    "reshape": [(lambda x: B.reshape(x, (4, -1)), [normal(2, 3, 4)])],
    "transpose": [(lambda x: B.transpose(x, (2, 0, 1)), [normal(2, 3, 4)])],
    "broadcast_to": [(lambda x: B.broadcast_to(x, (5, 3, 4)), [normal(3, 1)])],
    "concat": [(lambda x, y: B.concat([x, y, x], 1), [normal(2, 3), normal(2, 1)])],
    "pad": [(lambda x: B.pad(x, ((1, 0), (0, 2)), 3.0), [normal(2, 3)])],
    "slice": [(lambda x: B.slice(x, (0, 1), (3, 6), (1, 2)), [normal(4, 6)])],
    "flip": [(lambda x: B.flip(x, (0, 2)), [normal(2, 3, 4)])],
    "matmul": [
        (B.matmul, [normal(3, 4), normal(4, 2)]),
        (B.matmul, [normal(2, 3, 4), normal(4, 2)]),
        (B.matmul, [normal(3, 4), normal(5, 4, 2)]),
        (B.matmul, [normal(1, 5, 3, 4), normal(2, 1, 4, 2)]),
    ],
    "take": [(lambda x, a=a: B.take(x, INDICES, a), [normal(3, 3, 3)]) for a in (0, 1, 2)]
    + [(lambda x: B.take(x, INDICES, 0), [normal(3)])],
    "take_along_axis": [(lambda x: B.take_along_axis(x, INDICES, 1), [normal(2, 3)])],
    "scatter_add": [(lambda x, u: B.scatter_add(x, np.array([0, 2, 0, 2], np.int32), u), [normal(3, 2), normal(4, 2)])],
}

CONVOLUTIONS = [
    # x, kernel, strides, pads, dilation, groups
    ((2, 7, 3), (3, 3, 4), (1,), ((0, 0),), (1,), 1),
    ((2, 8, 3), (3, 3, 4), (2,), ((1, 2),), (2,), 1),
    ((2, 5, 6, 3), (3, 2, 3, 4), (1, 1), ((1, 1), (0, 1)), (1, 1), 1),
    ((2, 5, 6, 3), (1, 1, 3, 4), (1, 1), ((0, 0), (0, 0)), (1, 1), 1),
    ((2, 5, 6, 3), (1, 1, 3, 4), (2, 2), ((0, 0), (0, 0)), (1, 1), 1),
    ((2, 7, 6, 3), (3, 2, 3, 4), (2, 3), ((1, 1), (0, 1)), (1, 2), 1),
    ((2, 5, 6, 3), (2, 2, 3, 4), (1, 1), ((3, 2), (0, 4)), (1, 1), 1),
    ((2, 5, 6, 1), (3, 3, 1, 4), (1, 1), ((1, 1), (1, 1)), (1, 1), 1),
    ((2, 5, 6, 20), (3, 3, 20, 2), (1, 1), ((1, 1), (1, 1)), (2, 1), 1),
    ((2, 5, 6, 4), (3, 2, 2, 6), (2, 1), ((1, 1), (0, 1)), (1, 1), 2),
    ((2, 5, 6, 4), (3, 2, 1, 4), (1, 1), ((1, 1), (0, 1)), (2, 1), 4),
    ((2, 5, 6, 4), (3, 2, 1, 8), (2, 2), ((1, 1), (0, 1)), (1, 1), 4),
    ((1, 4, 5, 4, 2), (2, 2, 3, 2, 3), (1, 2, 1), ((0, 1), (0, 0), (1, 1)), (1, 1, 1), 1),
]  # fmt: skip

POOLS = [
    ((2, 6, 3), (2,), (2,), ((0, 0),)),
    ((2, 7, 3), (3,), (2,), ((1, 1),)),
    ((2, 6, 6, 3), (2, 2), (2, 2), ((0, 0), (0, 0))),
    ((2, 7, 5, 3), (2, 2), (2, 2), ((0, 0), (0, 0))),
    ((2, 7, 5, 3), (2, 2), (2, 2), ((0, 1), (0, 1))),
    ((2, 7, 5, 3), (3, 2), (1, 2), ((1, 1), (0, 1))),
    ((2, 7, 5, 3), (2, 2), (3, 3), ((0, 0), (0, 0))),
    ((1, 4, 5, 4, 2), (2, 3, 2), (2, 1, 2), ((0, 0), (1, 1), (0, 0))),
]


def test_every_differentiable_primitive_has_a_gradient_test():
    windows = {"conv", "conv_transpose", "max_pool", "avg_pool"}
    assert {n for n, op in TABLE.items() if op.diff} == set(UNARY) | set(FLAT) | set(BINARY) | set(STRUCTURED) | windows


@pytest.mark.parametrize("name", STRUCTURED)
def test_structured_gradient(name):
    for function, xs in STRUCTURED[name]:
        check_gradient(function, xs)


def conv_by_definition(x, kernel, strides, pads, dilation, groups):
    """The sum written out, one output element at a time."""
    out = shape_rules.conv(x.shape, kernel.shape, strides, pads, dilation, groups)
    x = np.pad(x, ((0, 0), *pads, (0, 0)))
    y = np.zeros(out)
    c, f = kernel.shape[-2], kernel.shape[-1] // groups
    for n, *position, k in itertools.product(*map(range, out)):
        group = k // f
        for offset in itertools.product(*map(range, kernel.shape[:-2])):
            at = tuple(p * s + o * d for p, s, o, d in zip(position, strides, offset, dilation))
            y[(n, *position, k)] += x[(n, *at)][group * c : group * c + c] @ kernel[(*offset, slice(None), k)]
    return y


@pytest.mark.parametrize("case", CONVOLUTIONS, ids=str)
def test_conv(case, monkeypatch):
    x, kernel, how = normal(*case[0]), normal(*case[1], seed=1), case[2:]
    expected = conv_by_definition(x, kernel, *how)
    np.testing.assert_allclose(B.conv(x, kernel, *how), expected, rtol=1e-12, atol=1e-12)
    check_gradient(lambda a, k: B.conv(a, k, *how), [x, kernel])
    single = B.conv(x.astype(np.float32), kernel.astype(np.float32), *how)
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, expected, rtol=1e-4, atol=1e-5)
    for block in (1, 2000):  # many blocks of samples and rows
        for module in ("conv", "depthwise"):
            monkeypatch.setattr(f"kshim_backends.numpy.{module}.BLOCK", block)
        np.testing.assert_allclose(B.conv(x, kernel, *how), expected, rtol=1e-12, atol=1e-12)
        check_gradient(lambda a, k: B.conv(a, k, *how), [x, kernel])


@pytest.mark.parametrize("case", [c for c in CONVOLUTIONS if c[-1] == 1], ids=str)
def test_conv_transpose_is_the_adjoint(case):
    x, kernel, how = normal(*case[0]), normal(*case[1], seed=1), case[2:-1]
    g = normal(*shape_rules.conv(x.shape, kernel.shape, *how, 1), seed=2)
    y = B.conv_transpose(g, kernel, *how, x.shape[1:-1])
    assert y.shape == x.shape
    np.testing.assert_allclose(np.vdot(y, x), np.vdot(g, conv_by_definition(x, kernel, *how, 1)), rtol=1e-11)
    check_gradient(lambda a, k: B.conv_transpose(a, k, *how, x.shape[1:-1]), [g, kernel])


def pool_by_definition(x, size, strides, pads, reduce):
    out = shape_rules.pool(x.shape, size, strides, pads)
    x = np.pad(x, ((0, 0), *pads, (0, 0)), constant_values=np.nan)
    y = np.zeros(out)
    for n, *position, c in itertools.product(*map(range, out)):
        window = tuple(slice(p * s, p * s + k) for p, s, k in zip(position, strides, size))
        y[(n, *position, c)] = reduce(x[(n, *window, c)])
    return y


@pytest.mark.parametrize("case", POOLS, ids=str)
def test_pooling(case):
    x, how = normal(*case[0]), case[1:]
    np.testing.assert_array_equal(B.max_pool(x, *how), pool_by_definition(x, *how, np.nanmax))
    np.testing.assert_allclose(B.avg_pool(x, *how), pool_by_definition(x, *how, np.nanmean), rtol=1e-13)
    check_gradient(lambda a: B.max_pool(a, *how), [x])
    check_gradient(lambda a: B.avg_pool(a, *how), [x])


def gradient(function, *xs):
    """Gradient of the sum of function(*xs)."""

    def loss(params):
        y = function(*params)
        return B.sum(y, tuple(range(len(B.shape_of(y)))), False), None

    return B.value_and_grad(loss)(list(xs))[1]


def test_tie_rules():
    x, y = np.array([1.0, 2.0, 3.0]), np.array([1.0, 3.0, 2.0])
    for op, gx in ((B.maximum, [0.5, 0, 1]), (B.minimum, [0.5, 1, 0])):
        found = gradient(op, x, y)
        np.testing.assert_array_equal(found[0], gx)
        np.testing.assert_array_equal(found[1], 1 - np.array(gx))
    np.testing.assert_array_equal(
        gradient(lambda a: B.max(a, (0,), False), np.array([3.0, 1, 3, 3, 0]))[0], [1 / 3, 0, 1 / 3, 1 / 3, 0]
    )
    np.testing.assert_array_equal(gradient(lambda a: B.min(a, (0,), True), np.array([0.0, 1, 0]))[0], [0.5, 0, 0.5])
    for op in (B.abs, B.sign, B.relu):
        np.testing.assert_array_equal(gradient(op, np.zeros(2))[0], np.zeros(2))
    np.testing.assert_array_equal(
        gradient(lambda a: B.clip(a, -1.0, 1.0), np.array([-2.0, -1, 0, 1, 2]))[0], [0, 1, 1, 1, 0]
    )
    assert gradient(B.sqrt, np.zeros(1))[0][0] == np.inf
    square = np.array([[5.0, 5], [5, 5]]).reshape(1, 2, 2, 1)
    np.testing.assert_array_equal(
        gradient(lambda a: B.max_pool(a, (2, 2), (2, 2), ((0, 0), (0, 0))), square)[0].ravel(), [1, 0, 0, 0]
    )
    low = np.full((1, 2, 1), -np.inf)  # the padding is no element
    np.testing.assert_array_equal(gradient(lambda a: B.max_pool(a, (3,), (2,), ((1, 1),)), low)[0].ravel(), [1, 0])
    line = np.array([1.0, 4, 4, 4]).reshape(1, 4, 1)
    np.testing.assert_array_equal(
        gradient(lambda a: B.max_pool(a, (3,), (1,), ((0, 0),)), line)[0].ravel(), [0, 2, 0, 0]
    )


def test_nan_goes_through():
    x = np.array([1.0, np.nan, 3.0])
    for name in ("maximum", "minimum"):
        assert np.isnan(getattr(B, name)(x, np.zeros(3))[1])
        assert np.isnan(getattr(B, name)(x, 0.0)[1])
    for name in ("max", "min", "sum", "prod"):
        assert np.isnan(getattr(B, name)(x, (0,), False))
    assert np.isnan(B.clip(x, 0.0, 1.0)[1]) and np.isnan(B.relu(x)[1])
    assert np.isnan(B.max_pool(x.reshape(1, 3, 1), (3,), (3,), ((0, 0),))).all()
    assert np.isfinite(gradient(lambda a: B.max_pool(a, (3,), (3,), ((0, 0),)), x.reshape(1, 3, 1))[0]).all()
    good = gradient(lambda a: B.where(B.greater(a, 0.0), B.log(a), a), np.array([-1.0, 2.0]))[0]
    np.testing.assert_array_equal(good, [1.0, 0.5])


def test_take_outside_gives_nan_or_zero_and_no_gradient():
    x, indices = normal(3, 2), np.array([-1, 0, 3, 2], np.int64)
    y = B.take(x, indices, 0)
    assert np.isnan(y[[0, 2]]).all()
    np.testing.assert_array_equal(y[[1, 3]], x[[0, 2]])
    np.testing.assert_array_equal(B.take(np.arange(1, 4, dtype=np.int32), indices, 0), [0, 1, 0, 3])
    np.testing.assert_array_equal(gradient(lambda a: B.take(a, indices, 0), x)[0], [[1, 1], [0, 0], [1, 1]])
    assert np.isnan(B.take(np.zeros((0, 2)), indices, 0)).all()


def test_order_and_integers():
    x = np.array([2.0, np.nan, 1.0, 2.0, -np.inf])
    order = B.argsort(x, 0)
    assert order.dtype == np.int32
    np.testing.assert_array_equal(order, [4, 2, 0, 3, 1])
    assert B.argmax(np.array([[1, 3, 3]]), 1).dtype == np.int32 and B.argmax(np.array([[1, 3, 3]]), 1)[0] == 1
    np.testing.assert_array_equal(B.round(np.array([0.5, 1.5, -0.5, 2.5])), [0, 2, 0, 2])
    np.testing.assert_array_equal(B.mod(np.array([-3, 3], np.int32), np.array([2, -2], np.int32)), [1, -1])
    assert B.sum(np.array([100, 100], np.int8), (0,), False).dtype == np.int8
    np.testing.assert_array_equal(B.add(np.array([127], np.int8), np.array([1], np.int8)), [-128])
    for name in FLAT:
        assert getattr(B, name)(np.array([3], np.int32)).dtype == np.int32


@pytest.mark.parametrize(
    ("name", "reference", "points"),
    [
        ("erf", "erf", np.r_[np.linspace(-7, 7, 2001), 10.0 ** np.arange(-300, 0, 7.0), np.inf, -np.inf, 0.0]),
        ("lgamma", "gammaln", np.r_[np.linspace(0.01, 60, 997), -0.5, -3.25, 1e10, 1e300, 0.0, -2.0, np.inf]),
        ("digamma", "digamma", np.r_[np.linspace(0.01, 60, 997), -0.5, -3.25, -100.7, 1e10, 1e-8]),
    ],
)
def test_special_functions_against_scipy(name, reference, points):
    special = pytest.importorskip("scipy.special")
    expected = getattr(special, reference)(points)
    np.testing.assert_allclose(
        getattr(B, name)(points),
        expected,
        rtol=2e-15 if name == "erf" else 5e-15,
        atol=1e-323 if name == "erf" else 2e-15,
    )
    assert np.isnan(getattr(B, name)(np.array([np.nan])))[0]
    with np.errstate(over="ignore"):
        single = points.astype(np.float32)
    found = getattr(B, name)(single)
    assert found.dtype == np.float32
    np.testing.assert_allclose(
        found, getattr(special, reference)(single.astype(np.float64)).astype(np.float32), rtol=1e-6, atol=1e-6
    )


def test_trigamma_is_the_gradient_of_digamma():
    special = pytest.importorskip("scipy.special")
    x = np.r_[np.linspace(0.05, 30, 97), -0.5, -3.25]
    np.testing.assert_allclose(gradient(B.digamma, x)[0], special.polygamma(1, x), rtol=1e-14)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_dtype_is_kept_everywhere(dtype):
    x = normal(2, 3).astype(dtype)
    for name in UNARY:
        assert getattr(B, name)(np.abs(x) * 0.5 + x.dtype.type(0.1)).dtype == dtype, name
    for name in BINARY:
        for y in (B.add, getattr(B, name)):
            assert y(x, 2.0).dtype == dtype and y(2.0, x).dtype == dtype and y(x, x).dtype == dtype, name
            assert (
                y(x[0, 0:1].reshape(()), 2.0).dtype == dtype
                and type(y(x.sum(keepdims=True).reshape(()), 2.0)) is np.ndarray
            )

    def loss(params):
        (p,) = params
        h = B.dense(p, normal(3, 2).astype(dtype), normal(2).astype(dtype))
        h = B.mean(B.gelu(B.softmax(B.add(h, 1.0), 1), False), (0, 1), False)
        return B.sqrt(B.add(h, B.mean(B.clip(B.where(B.greater(p, 0.0), p, 0.0), -1.0, 1.0), (0, 1), False))), p

    (value, aux), (g,) = B.value_and_grad(loss)([x])
    assert value.dtype == dtype and g.dtype == dtype and type(value) is np.ndarray
    assert aux is x


def _assert_single(monkeypatch):
    """From now on every cotangent on a tape must be float32."""
    from kshim_backends.numpy import tape

    original = tape._accumulate

    def accumulate(found, owned, i, ct):
        assert ct.dtype == np.float32
        original(found, owned, i, ct)

    monkeypatch.setattr(tape, "_accumulate", accumulate)


def test_no_cotangent_is_widened(monkeypatch):
    _assert_single(monkeypatch)
    for name in UNARY:
        assert gradient(getattr(B, name), _domain(name, 3, 4).astype(np.float32))[0].dtype == np.float32
    for name in BINARY:
        x, y = _domain(name, 3, 4).astype(np.float32), _domain(name, 4, seed=1).astype(np.float32)
        gradient(getattr(B, name), x, y)
        gradient(lambda a: getattr(B, name)(a, 1.5), x)  # noqa: B023
        gradient(lambda a: getattr(B, name)(1.5, a), x)  # noqa: B023
    for cases in STRUCTURED.values():
        for function, xs in cases:
            if function not in (STRUCTURED["mod"][0][0], STRUCTURED["cast"][0][0]):  # these bring float64 in themselves
                gradient(function, *(a.astype(np.float32) for a in xs))
    for x, kernel, *how in CONVOLUTIONS:
        gradient(lambda a, k: B.conv(a, k, *how), normal(*x).astype(np.float32), normal(*kernel).astype(np.float32))  # noqa: B023
    for x, *how in POOLS:
        gradient(lambda a: B.max_pool(a, *how), normal(*x).astype(np.float32))  # noqa: B023
        gradient(lambda a: B.avg_pool(a, *how), normal(*x).astype(np.float32))  # noqa: B023


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_where_on_large_arrays_chooses_exactly(dtype):
    """The bitwise way, taken for large arrays, keeps NaN, inf and -0 on both sides and leaks none."""
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((2, 50, 100)).astype(dtype)
    for special in (np.nan, np.inf, -np.inf, -0.0):
        x[rng.integers(0, 50, 20), rng.integers(0, 100, 20)] = special
        y[rng.integers(0, 50, 20), rng.integers(0, 100, 20)] = special
    condition = rng.random((50, 100)) < 0.5
    zero = np.zeros((), dtype)
    for a, b in ((x, y), (x, 0.0), (2.5, y), (zero, y), (x, x[:1])):
        found, expected = B.where(condition, a, b), np.where(condition, a, b)
        assert found.dtype == dtype
        np.testing.assert_array_equal(found, expected)
        np.testing.assert_array_equal(np.signbit(found), np.signbit(expected))
    gx, gy = gradient(lambda a, b: B.multiply(B.where(condition, a, b), y), x, x)
    np.testing.assert_array_equal(gx, np.where(condition, y, 0))
    np.testing.assert_array_equal(gy, np.where(condition, 0, y))


def test_no_warning_leaks():
    x = np.array([0.0, -1.0, np.inf, 1e300])
    (
        B.log(x),
        B.divide(x, 0.0),
        B.exp(x),
        B.multiply(x, x),
        B.cast(x, "int32"),
        B.rsqrt(x),
        B.sum(B.subtract(x, x), (0,), False),
    )
    B.lgamma(x), B.digamma(x)
    gradient(B.log, x)
    assert np.geterr()["divide"] == "warn"


def test_random_bits_known():
    u = B.random_uniform((3, 5), (123, 456), "float32")
    from kshim.spec import rng

    np.testing.assert_array_equal(u.ravel().astype(np.float64), (rng.bits(15, (123, 456)) >> 8) / 2.0**24)
    assert B.random_uniform((), (1, 2), "float64").shape == ()


def test_scan_while_cond_gradients():
    def cumulative(reverse):
        def run(x, h):
            def step(carry, inputs):
                h = B.tanh(B.add(carry[0], inputs[0]))
                return [h], [h, B.multiply(h, inputs[0])]

            (last,), ys = B.scan(step, [h], [x], 4, reverse)
            return [last, *ys]

        return run

    for reverse in (False, True):
        check_gradient(cumulative(reverse), [normal(4, 3), normal(3, seed=1)])
    ys = cumulative(True)(normal(4, 3), np.zeros(3))[1]
    np.testing.assert_allclose(ys[3], np.tanh(normal(4, 3)[3]))
    check_gradient(
        lambda x: B.while_loop(
            lambda s: B.less(s[0], 3), lambda s: [B.add(s[0], 1), B.sin(s[1])], [np.zeros((), np.int32), x]
        )[1],
        [normal(3)],
    )
    check_gradient(
        lambda x: B.cond(B.greater(B.sum(x, (0,), False), 1e9), lambda: [x], lambda: [B.exp(x)])[0], [normal(3)]
    )
    assert [y.shape for y in B.scan(lambda c, i: (c, [i[0]]), [np.zeros(2)], [np.zeros((0, 5))], 0, False)[1]] == [
        (0, 5)
    ]


def test_custom_gradient():
    f = B.custom_gradient(lambda x, y: (x * y, (x, y)), lambda r, g: (g * 10, None))
    gx, gy = gradient(lambda x, y: f(B.exp(x), y), normal(3), normal(3, seed=1))
    np.testing.assert_allclose(gx, 10 * np.exp(normal(3)))
    np.testing.assert_array_equal(gy, 0)
    assert type(f(normal(3), normal(3))) is np.ndarray


def test_value_and_grad_contract():
    x, unused, count = normal(3), normal(2), np.array(3, np.int32)

    def loss(params, scale):
        x, _, _ = params
        return B.multiply(B.sum(B.square(x), (0,), False), scale), {"a": [B.exp(x), (x, None)], "b": B.greater(x, 0.0)}

    run = B.value_and_grad(loss)
    for _ in range(2):
        (value, aux), grads = run([x, unused, count], 3.0)
        np.testing.assert_allclose(grads[0], 6 * x)
        np.testing.assert_array_equal(grads[1], np.zeros(2))
        assert grads[2].dtype == np.int32 and grads[2] == 0
        assert type(aux["a"][0]) is np.ndarray and type(aux["a"][1]) is tuple and aux["a"][1][1] is None
        assert type(value) is np.ndarray and value.shape == ()
    (value, _), (g,) = B.value_and_grad(lambda p: (np.array(1.0), None))([x])
    assert value == 1 and not g.any()


def test_misuse_is_refused_with_a_reason():
    with pytest.raises(ValueError, match="scalar; received a tensor of shape"):
        B.value_and_grad(lambda p: (p[0], None))([normal(3)])
    with pytest.raises(TypeError, match="lose the gradient"):
        B.value_and_grad(lambda p: (np.sum(np.asarray(p[0])), None))([normal(3)])

    def nested(params):
        inner = B.value_and_grad(lambda q: (B.sum(B.multiply(q[0], params[0]), (0,), False), None))
        return inner([normal(3)])[0][0], None

    with pytest.raises(TypeError, match="first derivatives only"):
        B.value_and_grad(nested)([normal(3)])
    kept = []
    B.value_and_grad(lambda p: (kept.append(p[0]) or B.sum(p[0], (0,), False), None))([normal(3)])
    assert type(B.exp(kept[0])) is np.ndarray and type(B.add(kept[0], 1.0)) is np.ndarray  # a constant by now
    (_, _), (g,) = B.value_and_grad(
        lambda p: (
            B.sum(B.multiply(B.dense(kept[0].value[None], p[0], None), B.sum(kept[0], (0,), False)), (0, 1), False),
            None,
        )
    )([normal(3, 2)])
    assert g.shape == (3, 2)


def test_conversion_never_aliases():
    a = np.ones(3)
    t = B.from_numpy(a)
    a[0] = 5
    assert t[0] == 1
    B.to_numpy(t)[0] = 7
    assert t[0] == 1 and B.dtype_of(t) == "float64" and B.is_tensor(t) and not B.is_tensor([1])
    step = B.compile_step(lambda state, hyper, batch: ({"w": B.add(state["w"], hyper["lr"])}, batch), True)
    state, out = step({"w": np.zeros(2, np.float32)}, {"lr": 0.5}, (a, None))
    assert state["w"].dtype == np.float32 and out[1] is None and out[0] is not a


def test_bfloat16_storage():
    pytest.importorskip("ml_dtypes")
    x = B.cast(normal(3, 2).astype(np.float32), "bfloat16")
    assert B.dtype_of(x) == "bfloat16" and B.to_numpy(x).dtype == np.float32
    assert B.dtype_of(B.matmul(x, B.transpose(x, (1, 0)))) == "bfloat16"
    assert math.isfinite(float(B.sum(B.exp(x), (0, 1), False)))
    for name in ("tanh", "rsqrt", "erf", "relu", "sigmoid", "softplus"):
        assert B.dtype_of(getattr(B, name)(x)) == "bfloat16", name
        g = gradient(lambda a: B.cast(getattr(B, name)(a), "float32"), x)[0]  # noqa: B023
        assert B.dtype_of(g) == "bfloat16"
    scalars = B.clip(B.where(B.greater(x, 0.0), B.multiply(B.subtract(1.0, x), 0.5), 0.0), -1.0, 1.0)
    assert B.dtype_of(scalars) == "bfloat16"
    for y in (B.gelu(x, False), B.softmax(x, 1), B.layer_norm(x, x[0], x[0], 1e-3), B.mean(x, (0,), False)):
        assert B.dtype_of(y) == "bfloat16"


def test_threads_do_not_disturb_each_other():
    """The quiet context is one for each thread, and NumPy lets other threads run inside it."""
    x = np.linspace(0.0, 1.0, 100_000)

    def work(_):
        return [float(B.sum(B.log(B.multiply(x, 1.0)), (0,), False)) for _ in range(5)]

    with ThreadPoolExecutor(4) as pool:
        assert all(v == -np.inf for some in pool.map(work, range(4)) for v in some)


def test_import_loads_no_framework_and_keeps_error_state():
    code = (
        "import sys, numpy as np; before = np.geterr(); import kshim_backends.numpy as n; b = n.backend_class();"
        "b.log(np.zeros(3)); assert np.geterr() == before;"
        "bad = {'torch', 'jax', 'tensorflow', 'keras', 'scipy', 'ml_dtypes'} & set(sys.modules); assert not bad, bad"
    )
    subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        check=True,
        env=dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path)),
    )
