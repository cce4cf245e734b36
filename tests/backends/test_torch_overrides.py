"""The torch backend's overrides against the definitions of `kshim.spec.derived`: values and gradients in float64."""

import math

import numpy as np
import pytest

from kshim.spec.derived import Derived

torch = pytest.importorskip("torch")

from kshim_backends.torch import TorchBackend  # noqa: E402

B = TorchBackend("cpu")
NAMES = [n for n in dir(Derived) if not n.startswith("_") and callable(getattr(Derived, n))]
OVERRIDES = [n for n in NAMES if getattr(TorchBackend, n) is not getattr(Derived, n)]
#: The same primitives with every definition as it stands in `Derived`.
D = type("DefinitionsOnTorch", (TorchBackend,), {n: getattr(Derived, n) for n in NAMES})("cpu")


def normal(*shape, seed=0):
    return np.random.default_rng((seed, *shape)).standard_normal(shape)


def tensors(*arrays):
    return [torch.from_numpy(a) for a in arrays]


def flat(y):
    if isinstance(y, (list, tuple)):
        return [t for item in y for t in flat(item)]
    return [y]


def outcome(backend, name, xs, call):
    """(outputs, gradients of a fixed random projection of all of them)."""

    def loss(params):
        ys = flat(call(getattr(backend, name), *params))
        weights = np.random.default_rng(5)
        total = sum((y * torch.from_numpy(weights.standard_normal(tuple(y.shape)))).sum() for y in ys)
        return total, ys

    (_, ys), grads = backend.value_and_grad(loss)(tensors(*xs))
    return ys, grads


def compare(name, xs, call, tol=1e-12):
    """Overridden and defined `name` agree, called by `call(method, *tensors)`."""
    assert name in OVERRIDES
    got, expected = outcome(B, name, xs, call), outcome(D, name, xs, call)
    for g, e in zip(flat(list(got)), flat(list(expected)), strict=True):
        assert g.dtype == e.dtype and g.shape == e.shape
        np.testing.assert_allclose(g.numpy(), e.numpy(), rtol=tol, atol=tol)


SPECIAL = np.array([0.0, -0.0, 1e-8, -1e-8, 0.5, -3.0, 25.0, -25.0, 45.0, -45.0, 700.0, -700.0])
ELEMENTWISE = {
    "square": [()],
    "sigmoid": [()],
    "relu": [()],
    "leaky_relu": [(0.3,), (0.0,)],
    "softplus": [()],
    "gelu": [(True,), (False,)],
    "zeros_like": [()],
    "ones_like": [()],
    "copy": [()],
}


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_elementwise(name):
    for args in ELEMENTWISE[name]:
        for x in (normal(3, 5), SPECIAL):
            compare(name, [x], lambda f, v: f(v, *args))  # noqa: B023


def test_reciprocal_and_elu():
    compare("reciprocal", [1.5 + normal(4) * 0.1], lambda f, v: f(v))
    for alpha in (1.0, 0.7):
        compare("elu", [normal(3, 5)], lambda f, v: f(v, alpha))  # noqa: B023
    for alpha in (1.0, 0.7):  # at 0 the branch of x <= 0 counts, whose slope is alpha
        _, (g,) = B.value_and_grad(lambda p: (B.elu(p[0], alpha).sum(), None))(tensors(np.zeros(1)))  # noqa: B023
        assert g.item() == alpha


def test_activations_let_nan_through():
    x = torch.tensor([math.nan])
    for name, args in (
        ("relu", ()),
        ("leaky_relu", (0.1,)),
        ("elu", (1.0,)),
        ("softplus", ()),
        ("sigmoid", ()),
        ("gelu", (True,)),
    ):
        assert getattr(B, name)(x, *args).isnan().all(), name


def test_softplus_is_exact():
    x = np.array([-800.0, -40.0, -1e-3, 0.0, 1.0, 19.9, 20.1, 39.9, 40.1, 800.0])
    np.testing.assert_allclose(B.softplus(torch.from_numpy(x)).numpy(), np.logaddexp(x, 0), rtol=4e-16)
    y = x.astype("float32")
    np.testing.assert_allclose(B.softplus(torch.from_numpy(y)).numpy(), np.logaddexp(y.astype("float64"), 0), rtol=2e-7)


def test_squared_difference():
    compare("squared_difference", [normal(3, 5), normal(3, 5, seed=1)], lambda f, a, b: f(a, b))
    compare("squared_difference", [normal(3, 1), normal(1, 4)], lambda f, a, b: f(a, b))
    compare("squared_difference", [normal(3, 5)], lambda f, a: f(0.5, a))


def test_means_over_axes_of_one():
    for axes in ((1,), (1, 2), (0, 1)):
        for keepdims in (False, True):
            compare("mean", [normal(3, 1, 1)], lambda f, a: f(a, axes, keepdims))  # noqa: B023


def test_attention():
    q, k, v = normal(2, 4, 2, 3), normal(2, 5, 2, 3, seed=1), normal(2, 5, 2, 3, seed=2)
    compare("attention", [q, k, v], lambda f, *xs: f(*xs, None, 0.5))
    compare("attention", [q, k, v[..., :2].copy()], lambda f, *xs: f(*xs, None, 0.5))
    compare("attention", [q * 1e200, k * 1e200, v], lambda f, *xs: f(*xs, None, 0.5))


def test_attention_is_fused_where_it_may_be(monkeypatch):
    seen, fused = [], torch.nn.functional.scaled_dot_product_attention
    monkeypatch.setattr(
        torch.nn.functional, "scaled_dot_product_attention", lambda *a, **k: seen.append(1) or fused(*a, **k)
    )
    x = torch.from_numpy(normal(2, 4, 2, 3))
    B.attention(x, x, x, None, 0.5)
    assert len(seen) == 1
    B.attention(x.half(), x.half(), x.half(), None, 0.5)
    B.attention(x, x, x, torch.zeros(4, 4, dtype=torch.float64), 0.5)
    assert len(seen) == 1


def test_attention_of_rows_with_nothing_open():
    xs = [x.float() for x in tensors(normal(1, 4, 2, 3), normal(1, 5, 2, 3, seed=1), normal(1, 5, 2, 3, seed=2))]
    bias = torch.full((4, 5), -1e9)

    def grads(backend):
        return backend.value_and_grad(lambda p: ((backend.attention(*p, bias, 1.0) ** 2).sum(), None))(xs)[1]

    for got, expected in zip(grads(B), grads(D), strict=True):
        torch.testing.assert_close(got, expected)


def test_attention_lets_nan_through():
    x = torch.from_numpy(normal(1, 3, 1, 2))
    x[0, 1, 0, 0] = math.nan
    assert B.attention(x, torch.ones_like(x), torch.ones_like(x), None, 1.0)[0, 1].isnan().all()
    large = torch.full_like(x, 1e200)
    assert B.attention(-large, large, torch.ones_like(x), None, 1.0).isnan().all()


def test_shapes():
    x = normal(2, 3, 1, 4)
    compare("expand_dims", [x], lambda f, v: f(v, 2))
    compare("expand_dims", [x], lambda f, v: f(v, 4))
    compare("squeeze", [x], lambda f, v: f(v, (2,)))
    compare("squeeze", [normal(1, 2, 1)], lambda f, v: f(v, (0, 2)))
    compare("stack", [x, normal(2, 3, 1, 4, seed=1)], lambda f, a, b: f([a, b], 1))
    compare("split", [x], lambda f, v: f(v, [1, 3], 3))
    compare("split", [x], lambda f, v: f(v, [1, 1], 3))
    for axis in range(4):
        compare("repeat", [x], lambda f, v: f(v, 3, axis))  # noqa: B023


@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64", "uint32"])
def test_one_hot(dtype):
    indices = torch.from_numpy(np.array([[0, 2], [4, 200]]).astype(dtype))
    got, expected = B.one_hot(indices, 300, "float32"), D.one_hot(indices, 300, "float32")
    assert got.dtype == expected.dtype and torch.equal(got, expected) and got.sum() == 4
    assert B.one_hot(torch.tensor([-1, 5, 2**40]), 5, "int32").sum() == 0


@pytest.mark.parametrize("name", ["mean", "moments", "logsumexp"])
@pytest.mark.parametrize("axes", [(0,), (1, 2), (0, 1, 2), ()])
@pytest.mark.parametrize("keepdims", [False, True])
def test_reductions(name, axes, keepdims):
    compare(name, [normal(2, 3, 4)], lambda f, v: f(v, axes, keepdims))


def test_softmax_family():
    for x in (normal(3, 5), normal(2, 3, 4) * 300, np.array([[1.0, -np.inf, 2.0]])):
        for axis in range(x.ndim):
            if np.isfinite(x).all() or axis == 1:
                compare("softmax", [x], lambda f, v: f(v, axis))  # noqa: B023
                compare("logsumexp", [x], lambda f, v: f(v, (axis,), True))  # noqa: B023
                values = x[np.isfinite(x)].reshape(*x.shape[:axis], -1) if x.ndim == 2 and axis == 1 else x
                compare("log_softmax", [values], lambda f, v: f(v, axis))  # noqa: B023
    for rows in ([-np.inf, -np.inf], [np.inf, 1.0]):
        x = torch.tensor([rows])
        assert torch.equal(B.logsumexp(x, (1,), False), D.logsumexp(x, (1,), False))
        assert B.softmax(x, 1).isnan().any() and D.softmax(x, 1).isnan().any()


def test_products():
    for shape in ((5, 3), (2, 5, 3), (2, 4, 5, 3), (0, 3)):
        compare("dense", [normal(*shape), normal(3, 4), normal(4)], lambda f, x, k, b: f(x, k, b))
        compare("dense", [normal(*shape), normal(3, 4)], lambda f, x, k: f(x, k, None))
    i = torch.arange(6).reshape(2, 3)
    assert torch.equal(B.dense(i, i.t().contiguous(), torch.tensor([1, 2])), i @ i.t() + torch.tensor([1, 2]))
    for equation, shapes in (
        ("ab,bc->ac", ((2, 3), (3, 4))),
        ("abc,cd->abd", ((2, 3, 4), (4, 5))),
        ("abc,adc->abd", ((2, 3, 4), (2, 5, 4))),
        ("abc->ca", ((2, 3, 4),)),
        ("ab,cb,db->acd", ((2, 3), (4, 3), (5, 3))),
    ):
        compare("einsum", [normal(*s, seed=n) for n, s in enumerate(shapes)], lambda f, *xs: f(equation, list(xs)))  # noqa: B023


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16"])
@pytest.mark.parametrize("size", [1000, 40_000])
def test_dropout(dtype, size):
    x = torch.from_numpy(normal(size // 10, 10)).to(getattr(torch, dtype))
    for rate in (0.0, 0.1, 0.3, 0.5, 0.999999):
        for noise in ((size // 10, 10), (size // 10, 1), (1, 10)):
            got, expected = B.dropout(x, rate, (3, 2**32 - 1), noise), D.dropout(x, rate, (3, 2**32 - 1), noise)
            assert got.dtype == x.dtype and torch.equal(got, expected)
    u = B.random_uniform((size // 10, 10), (3, 4), dtype if dtype == "float64" else "float32")
    for rate in (u[0, 0].item(), u[1, 1].item()):  # exactly a number that is drawn: it stays
        assert torch.equal(B.dropout(x, rate, (3, 4), tuple(x.shape)) == 0, u < rate)
    between = u[u < 0.25][0].item() + 2.0**-25  # a float32 between two numbers that can be drawn
    assert torch.equal(B.dropout(x, between, (3, 4), tuple(x.shape)) == 0, u < between)
    compare("dropout", [normal(20, 5)], lambda f, v: f(v, 0.4, (1, 2), (20, 5)))


def test_cross_entropies():
    logits, target = np.concatenate([normal(3, 4), SPECIAL.reshape(3, 4)]), np.abs(normal(6, 4, seed=1))
    compare("softmax_cross_entropy", [target, logits], lambda f, t, x: f(t, x))
    compare("sigmoid_cross_entropy", [target, logits], lambda f, t, x: f(t, x))
    compare("sigmoid_cross_entropy", [normal(4), logits], lambda f, t, x: f(t, x))
    for dtype in ("int32", "int64", "uint8"):
        labels = torch.from_numpy(np.array([[0, 1, 2], [3, 3, 0]]).astype(dtype))
        compare("sparse_softmax_cross_entropy", [normal(2, 3, 4) * 50], lambda f, x: f(labels, x))  # noqa: B023
    tiny = B.sigmoid_cross_entropy(torch.tensor([0.0, 1.0]), torch.tensor([-60.0, 60.0]))
    np.testing.assert_allclose(tiny.numpy(), np.exp(-60.0), rtol=1e-6)


def test_labels_out_of_range_give_nan_and_no_gradient():
    labels = torch.tensor([1, -1, 4, -100])
    (_, (y,)), (g,) = B.value_and_grad(lambda p: (B.sparse_softmax_cross_entropy(labels, p[0])[:1].sum(), [p[0] * 1]))(
        tensors(normal(4, 4))
    )
    loss = B.sparse_softmax_cross_entropy(labels, y)
    assert loss.isnan().tolist() == [False, True, True, True]
    assert (g[1:] == 0).all() and (g[0] != 0).all()


def test_normalisation():
    for shape in ((6, 3), (2, 4, 3), (2, 3, 4, 5), (1, 3), (4, 2, 2, 2, 3)):
        x, scale, offset = normal(*shape), normal(shape[-1], seed=1), normal(shape[-1], seed=2)
        compare("batch_norm_train", [x, scale, offset], lambda f, x, s, o: f(x, s, o, 1e-3), 1e-10)
        compare("batch_norm_train", [x, scale], lambda f, x, s: f(x, s, None, 1e-3), 1e-10)
        compare("batch_norm_train", [x], lambda f, x: f(x, None, None, 1e-3), 1e-10)
        compare("layer_norm", [x, scale, offset], lambda f, x, s, o: f(x, s, o, 1e-3))
        compare("layer_norm", [x, offset], lambda f, x, o: f(x, None, o, 1e-3))
        compare("normalize", [x, scale, np.abs(offset), offset, scale], lambda f, *a: f(*a, 1e-3))
        compare("normalize", [x, scale, np.abs(offset)], lambda f, *a: f(*a, None, None, 1e-3))
    _, mean, variance = B.batch_norm_train(torch.full((4, 2), 1e3, dtype=torch.float32), None, None, 1e-3)
    assert mean.tolist() == [1e3] * 2 and variance.tolist() == [0.0] * 2


def _recurrent(gates, reset=False):
    x, h = normal(2, 5, 3), normal(2, 4)
    kernel, recurrent = normal(3, 4 * gates) * 0.5, normal(4, 4 * gates) * 0.5
    return [x, h, kernel, recurrent, normal(4 * gates), normal(4 * gates, seed=1)]


@pytest.mark.parametrize("activations", [("tanh", "sigmoid"), ("relu", "hard_sigmoid"), ("tanh", "hard_sigmoid")])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("bias", [False, True])
def test_recurrent(activations, reverse, bias):
    x, h, k, r, b, _ = _recurrent(4)
    rest = (b,) if bias else ()
    tail = lambda extra: (*extra, *([] if extra else [None]))  # noqa: E731
    compare(
        "lstm",
        [x, h, normal(2, 4, seed=3), k, r, *rest],
        lambda f, x, h, c, k, r, *b: f(x, h, c, k, r, *tail(b), *activations, reverse),
    )
    x, h, k, r, b, _ = _recurrent(1)
    rest = (b,) if bias else ()
    compare(
        "simple_rnn", [x, h, k, r, *rest], lambda f, x, h, k, r, *b: f(x, h, k, r, *tail(b), activations[0], reverse)
    )
    x, h, k, r, b, c = _recurrent(3)
    compare(
        "gru", [x, h, k, r, *((b, c) if bias else ())],
        lambda f, x, h, k, r, *b: f(x, h, k, r, *(b or (None, None)), *activations, True, reverse),
    )  # fmt: skip
    rest = (b,) if bias else ()
    compare(
        "gru",
        [x, h, k, r, *rest],
        lambda f, x, h, k, r, *b: f(x, h, k, r, *tail(b), None, *activations, False, reverse),
    )


def test_recurrent_one_bias_single_precision_and_second_derivatives():
    x, h, k, r, b, c = _recurrent(3)
    activations = "tanh", "sigmoid", True, False
    compare("gru", [x, h, k, r, b], lambda f, x, h, k, r, b: f(x, h, k, r, b, None, *activations))
    compare("gru", [x, h, k, r, c], lambda f, x, h, k, r, c: f(x, h, k, r, None, c, *activations))
    x, h, k, r, b, _ = (a.astype("float32") for a in _recurrent(4))
    got = B.lstm(*tensors(x, h, h, k, r, b), "tanh", "sigmoid", False)
    expected = D.lstm(*tensors(x, h, h, k, r, b), "tanh", "sigmoid", False)
    for g, e in zip(got, expected):
        np.testing.assert_allclose(g.numpy(), e.numpy(), rtol=1e-5, atol=1e-6)

    def penalty(backend, dtype):
        def inner(p, *rest):
            return (backend.lstm(p[0], *rest, "tanh", "sigmoid", False)[0] ** 2).sum(), None

        def outer(p):
            _, (g,) = backend.value_and_grad(inner)([p[0]], p[1], p[1], p[2], p[3], p[4])
            return (g**2).sum(), None

        return backend.value_and_grad(outer)(tensors(*(a.astype(dtype) for a in _recurrent(4)[:5])))

    for dtype, tol in (("float64", 1e-10), ("float32", 1e-3)):
        for g, e in zip(penalty(B, dtype)[1], penalty(D, dtype)[1]):
            np.testing.assert_allclose(g, e, rtol=tol, atol=tol)


WINDOWS = (2, 2), (2, 2), ((0, 1), (0, 0))
SECOND = {
    "conv": lambda b, x: b.conv(x, x[:1, :2, :2].permute(1, 2, 3, 0), (1, 1), ((0, 1), (0, 0)), (1, 1), 1),
    "pools": lambda b, x: b.max_pool(x, *WINDOWS) * b.avg_pool(x * x, *WINDOWS),
    "batch_norm": lambda b, x: b.batch_norm_train(x, x[0, 0, 0], x[0, 0, 1], 1e-3)[0],
    "layer_norm": lambda b, x: b.layer_norm(x, x[0, 0, 0], None, 1e-3),
    "gelu": lambda b, x: b.elu(x, 0.7) * b.gelu(x, False) + b.gelu(x, True),
    "softplus": lambda b, x: b.softplus(x) * b.leaky_relu(x, 0.2) + b.sigmoid(x) * b.relu(x),
    "softmax": lambda b, x: b.softmax(x, 3) * b.log_softmax(x, 3) * b.logsumexp(x, (3,), True),
    "losses": lambda b, x: b.sigmoid_cross_entropy(b.sigmoid(x), x).sum(-1) * b.softmax_cross_entropy(x * x, x),
    "attention": lambda b, x: b.attention(x, x * x, x, None, 0.5) * b.squared_difference(x, x * x),
    "labels": lambda b, x: b.sparse_softmax_cross_entropy(torch.ones(2, 5, 4, dtype=torch.int32), x) ** 2,
    "gather": lambda b, x: b.dropout(b.take(x, torch.tensor([3, 0, 0]), 1), 0.5, (1, 2), (2, 3, 4, 3)) ** 2,
    "simple_rnn": lambda b, x: b.simple_rnn(x[:, :, 0], x[:, 0, 1], x[0, 0, :3], x[0, 1, :3], None, "tanh", True)[0],
}


@pytest.mark.parametrize("name", SECOND)
def test_second_derivatives(name):
    """The gradient of the squared norm of a gradient, as in a gradient penalty."""

    def outcome(backend):
        def inner(params):
            return (SECOND[name](backend, params[0]) ** 2).sum(), None

        def penalty(params):
            _, (g,) = backend.value_and_grad(inner)(params)
            return (g * g).sum(), None

        return backend.value_and_grad(penalty)(tensors(normal(2, 5, 4, 3)))[1][0]

    got, expected = outcome(B), outcome(D)
    scale = expected.abs().max().item()
    assert scale > 0
    np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-10 * scale)


def test_global_norm_and_is_float():
    compare("global_norm", [normal(3, 4), normal(5)], lambda f, *xs: f(list(xs)))
    mixed = [torch.ones(2), torch.ones(3, dtype=torch.float64)]
    assert abs(B.global_norm(mixed).item() - math.sqrt(5)) < 1e-6
    for dtype, expected in (("float16", True), ("bfloat16", True), ("int32", False), ("bool", False)):
        assert B.is_float(B.full((1,), 1, dtype)) is expected


def test_every_override_is_compared():
    with open(__file__) as file:
        source = file.read()
    next_door = ["fused_update"]  # has no definition to compare with: test_torch_control.py
    assert [n for n in OVERRIDES if f'"{n}"' not in source and f"B.{n}(" not in source] == []
    assert [n for n in next_door if n not in OVERRIDES] == []
