"""The binding rules of the op table on jax and tensorflow (edges, ties, NaN, random bits), and their overrides."""

import numpy as np
import pytest

from kshim.spec import rng
from kshim.spec.derived import Derived

NAN, INF = float("nan"), float("inf")


def normal(*shape, seed=0):
    return np.random.default_rng((seed, *shape)).standard_normal(shape)


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
        for a, b in zip(found, run([B.from_numpy(x) for x in xs])):
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
    x, y = np.array([1.0, 2.0, 3.0]), np.array([-1.0, 4.0, -9.0])
    taken = np.array([True, False, True])

    def pick(x, y):
        return B.where(B.from_numpy(taken), B.multiply(x, x), B.sqrt(y))

    dx, dy = _gradient(B, pick, x, y)
    np.testing.assert_array_equal(dx, [2, 0, 6])
    assert dy[1] == 0.25


def test_max_pool_sends_ties_to_the_first(B):
    ones = np.ones((1, 4, 4, 1))
    for x in (ones, ones.astype("float32")):
        (g,) = _gradient(B, lambda x: B.max_pool(x, (2, 2), (2, 2), ((0, 0), (0, 0))), x)
        np.testing.assert_array_equal(g[0, :, :, 0], [[1, 0, 1, 0], [0] * 4, [1, 0, 1, 0], [0] * 4])
        (g,) = _gradient(B, lambda x: B.max_pool(x, (3, 3), (2, 2), ((1, 1), (1, 1))), x)
        np.testing.assert_array_equal(g[0, :, :, 0], [[1, 1, 0, 0], [1, 1, 0, 0], [0] * 4, [0] * 4])


def test_nan_and_infinity_go_through(B, both_modes):
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

    for got in both_modes(B, run, [x]):
        np.testing.assert_array_equal(got[0], [NAN, NAN, -INF])
        np.testing.assert_array_equal(got[1], [NAN, NAN, -INF])
        np.testing.assert_array_equal(got[2], np.maximum(x, 0))
        np.testing.assert_array_equal(got[3], np.minimum(x, 0))
        np.testing.assert_array_equal(got[4], np.clip(x, 0, 2))
        np.testing.assert_array_equal(got[5], [1, 2, 0])
        np.testing.assert_array_equal(got[6], np.sign(x))
        np.testing.assert_array_equal(got[7][0, :, :, 0], [[NAN, NAN], [INF, NAN], [-INF, -INF]])
        np.testing.assert_allclose(got[8][0], [1 / (1 + np.exp(-1)), NAN, 1 / (1 + np.exp(-3))], rtol=1e-15)


def test_rounding_and_wrapping(B, both_modes):
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
    for got in both_modes(B, run, [halves, small, unsigned]):
        np.testing.assert_array_equal(got[0], [0, 2, 2, -0.0, -2, 1])
        np.testing.assert_array_equal(got[1], np.floor_divide(halves, 0.1))
        np.testing.assert_allclose(got[2], np.mod(halves, -0.4), rtol=1e-15)
        np.testing.assert_array_equal(got[3], small * small)
        np.testing.assert_array_equal(got[4], np.int8(200 - 256))
        np.testing.assert_array_equal(got[5], unsigned - np.uint32(1))
        np.testing.assert_array_equal(got[6], unsigned * np.uint32(0x9E3779B1))
        np.testing.assert_array_equal(got[7], np.trunc(halves * 1.9))


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16"])
def test_take_outside_and_its_gradient(B, both_modes, dtype):
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

    for y, g in both_modes(B, run, [table, where]):
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
STATES = normal(2, 5, seed=4), normal(2, 5, seed=5)
BIASES = normal(15, seed=6), normal(15, seed=7)
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
    "copy": [([normal(3, 4)], ())],
    "one_hot": [],
    "batch_norm_train": [
        ([normal(4, 3, 2, 5), normal(5), normal(5, seed=1)], (1e-3,)),
        ([normal(6, 5)], (None, None, 1e-3)),
    ],
    "gelu": [([LOGITS], (True,)), ([LOGITS], (False,))],
    "normalize": [([normal(3, 4), normal(4), normal(4, seed=1) ** 2, normal(4, seed=2)], (None, 1e-3))],
    "layer_norm": [([normal(3, 5)], (None, None, 1e-3)), ([normal(2, 3, 5), normal(5), normal(5, seed=1)], (1e-3,))],
    "attention": [
        ([normal(2, 3, 2, 4), normal(2, 5, 2, 4), normal(2, 5, 2, 6)], (None, 0.5)),
        ([normal(2, 3, 2, 4), normal(2, 5, 2, 4), normal(2, 5, 2, 6), normal(2, 1, 1, 5)], (0.5,)),
    ],
    "lstm": [
        ([normal(2, 4, 3), *STATES, normal(3, 20), normal(5, 20), normal(20)], ("tanh", "sigmoid", False)),
        ([normal(2, 4, 3), *STATES, normal(3, 20), normal(5, 20)], (None, "relu", "hard_sigmoid", True)),
    ],
    "gru": [
        ([normal(2, 4, 3), STATES[0], normal(3, 15), normal(5, 15), *BIASES], ("tanh", "sigmoid", True, True)),
        ([normal(2, 4, 3), STATES[0], normal(3, 15), normal(5, 15)], (None, None, "tanh", "sigmoid", False, False)),
    ],
    "simple_rnn": [([normal(2, 4, 3), STATES[0], normal(3, 5), normal(5, 5)], (None, "tanh", True))],
}


def test_every_override_is_checked(B):
    own = {n for n in vars(Derived) if not n.startswith("_") and getattr(type(B), n) is not getattr(Derived, n)}
    assert own <= set(OVERRIDES)


@pytest.mark.parametrize("name", [n for n, cases in OVERRIDES.items() if cases])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_overrides_equal_their_definitions(B, both_modes, name, dtype):
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
        for results in both_modes(B, both, arrays):
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
