"""The numpy backend's overrides of derived ops against their definitions: values and gradients in float64."""

import kshim_backends.numpy as numpy_backend
import numpy as np
import pytest
from kshim_backends.numpy.control import Control
from kshim_backends.numpy.elementwise import Elementwise
from kshim_backends.numpy.indexing import Indexing
from kshim_backends.numpy.linear import Linear
from kshim_backends.numpy.reduce import Reductions
from kshim_backends.numpy.shaping import Shaping
from kshim_backends.numpy.windows import Windows

from kshim.spec.backend import Backend
from kshim.spec.derived import Derived

FAST = numpy_backend.backend_class()
NAMES = [n for n in vars(Derived) if not n.startswith("_") and getattr(type(FAST), n) is not getattr(Derived, n)]


class _Plain(Control, Elementwise, Reductions, Shaping, Linear, Windows, Indexing, Backend):
    """The primitives only: every derived op is its definition."""

    dense = Derived.dense
    split = Derived.split
    stack = Derived.stack


PLAIN = _Plain()


def normal(*shape, seed=0):
    return np.random.default_rng((seed, *shape)).standard_normal(shape)


ACTIVATIONS = [
    ("tanh", "sigmoid"),
    ("relu", "hard_sigmoid"),
    ("softsign", "sigmoid"),
    ("linear", "tanh"),
    ("softplus", "sigmoid"),
]


def _recurrent(gates, extra):
    """Cases (arrays, rest): x, h, further states, kernel, recurrent kernel and biases."""
    b, t, k, u = 3, 5, 2, 4
    weights = [normal(b, t, k), normal(b, u), *extra(b, u), normal(k, gates * u, seed=2), normal(u, gates * u, seed=3)]
    return weights, normal(gates * u, seed=4), normal(gates * u, seed=5)


def _lstm_cases():
    weights, bias, _ = _recurrent(4, lambda b, u: [normal(b, u, seed=1)])
    for act, gate in ACTIVATIONS:
        yield [*weights, bias], (act, gate, False)
        yield [*weights], (None, act, gate, True)


def _gru_cases():
    weights, bias, inner = _recurrent(3, lambda b, u: [])
    for act, gate in ACTIVATIONS:
        yield [*weights, bias, inner], (act, gate, True, False)
        yield [*weights], (None, None, act, gate, True, True)
        yield [*weights, bias], (None, act, gate, False, True)
        yield [*weights], (None, None, act, gate, False, False)


def _rnn_cases():
    weights, bias, _ = _recurrent(1, lambda b, u: [])
    for act, _ in ACTIVATIONS:
        yield [*weights, bias], (act, False)
        yield [*weights], (None, act, True)


def _one_hot():
    return np.eye(5)[[1, 0, 4]] * 0.9 + 0.02


#: Override -> list of (arrays to differentiate by, remaining arguments), or (arrays, rest, leading arguments).
CASES = {
    "square": [([normal(3, 4)], ()), ([normal()], ())],
    "sigmoid": [([normal(3, 4) * 3], ()), ([normal()], ())],
    "relu": [([normal(3, 4)], ()), ([normal()], ())],
    "leaky_relu": [([normal(3, 4)], (0.1,)), ([normal(3, 4)], (2.0,)), ([normal(3, 4)], (0.0,))],
    "elu": [([normal(3, 4)], (1.0,)), ([normal(3, 4)], (0.7,)), ([normal()], (0.7,))],
    "softplus": [([normal(3, 4) * 4], ()), ([normal()], ())],
    "gelu": [([normal(3, 4) * 2], (True,)), ([normal(3, 4) * 2], (False,)), ([normal()], (False,))],
    "is_float": [],
    "stack": [([normal(3, 4), normal(3, 4, seed=1)], 0), ([normal(3, 4), normal(3, 4, seed=1)], 2)],
    "split": [([normal(3, 6)], ([1, 3, 2], 1)), ([normal(3, 6)], ([1, 2], 0))],
    "softmax": [([normal(2, 3, 4)], (1,)), ([normal(2, 3, 4) * 20], (2,))],
    "log_softmax": [([normal(2, 3, 4)], (1,)), ([normal(2, 3, 4) * 20], (2,))],
    "dense": [
        ([normal(3, 4), normal(4, 2), normal(2)], ()),
        ([normal(2, 3, 4), normal(4, 2), normal(2)], ()),
        ([normal(2, 3, 4), normal(4, 2)], (None,)),
    ],
    "dropout": [([normal(3, 4)], (0.4, (5, 6), (3, 4))), ([normal(3, 4)], (0.4, (5, 6), (3, 1)))],
    "softmax_cross_entropy": [([_one_hot(), normal(3, 5) * 3], ()), ([_one_hot()[0], normal(3, 5)], ())],
    "sparse_softmax_cross_entropy": [
        ([normal(3, 5) * 3], (), (np.array([1, 0, 4]),)),
        ([normal(2, 3, 5)], (), (np.array([[1, 0, 4], [2, 2, 3]], np.uint8),)),
        ([normal(5)], (), (np.array(3),)),
    ],
    "sigmoid_cross_entropy": [([np.abs(normal(3, 4)), normal(3, 4) * 4], ()), ([np.abs(normal(4)), normal(3, 4)], ())],
    "batch_norm_train": [
        ([normal(6, 3), normal(3), normal(3, seed=1)], (1e-3,)),
        ([normal(2, 3, 4, 3), normal(3), normal(3, seed=1)], (1e-3,)),
        ([normal(6, 3)], (None, None, 1e-3)),
        ([normal(6, 3), normal(3)], (None, 1e-3)),
    ],
    "layer_norm": [
        ([normal(6, 5), normal(5), normal(5, seed=1)], (1e-3,)),
        ([normal(2, 3, 5), normal(5), normal(5, seed=1)], (1e-3,)),
        ([normal(6, 5)], (None, None, 1e-3)),
        ([normal(6, 5), normal(1)], (None, 1e-3)),
    ],
    "lstm": list(_lstm_cases()),
    "gru": list(_gru_cases()),
    "simple_rnn": list(_rnn_cases()),
    "fused_update": [],  # has its own test
}


def _call(backend, name, case, params):
    method = getattr(backend, name)
    if name == "stack":
        return [method(list(params), case[1])]
    rest, lead = case[1], case[2] if len(case) > 2 else ()
    out = method(*lead, *params, *rest)
    return list(out) if isinstance(out, (list, tuple)) else [out]


def _run(backend, name, case, used=None):
    """(results, gradients of a random projection of the results at the indices `used`)."""
    rng = np.random.default_rng(3)

    def loss(params):
        ys = _call(backend, name, case, params)
        total = backend.full((), 0.0, "float64")
        for i, y in enumerate(ys):
            shape = backend.shape_of(y)
            weight = rng.standard_normal(shape)
            if used is None or i in used:
                total = backend.add(total, backend.sum(backend.multiply(y, weight), tuple(range(len(shape))), False))
        return total, ys

    (_, ys), grads = backend.value_and_grad(loss)(case[0])
    return ys, grads


def test_every_override_is_compared():
    assert set(NAMES) == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_override_is_its_definition(name):
    for case in CASES[name]:
        expected, expected_grads = _run(PLAIN, name, case)
        for used in (None, *({i} for i in range(len(expected)) if len(expected) > 1)):
            found, grads = _run(FAST, name, case, used)
            if used is not None:
                _, expected_grads = _run(PLAIN, name, case, used)
            for a, b in zip(found, expected, strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13)
            for a, b in zip(grads, expected_grads, strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)
        for a, b in zip(_call(FAST, name, case, case[0]), expected, strict=True):  # without a tape
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13)
            assert type(a) is np.ndarray
        single = [(a.astype(np.float32)) for a in case[0]]
        for a, b in zip(_call(FAST, name, case, single), expected, strict=True):
            assert a.dtype == np.float32
            np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("name", ["lstm", "gru", "simple_rnn", "dense", "batch_norm_train", "layer_norm"])
def test_override_with_constant_operands(name):
    """Gradients are right when only one operand is on the tape."""
    for case in CASES[name][:2]:
        _, expected = _run(PLAIN, name, case)
        for i in range(len(case[0])):
            arrays = case[0]

            def call(params, i=i, arrays=arrays):
                full = [*arrays[:i], params[0], *arrays[i + 1 :]]
                rng = np.random.default_rng(3)
                total = FAST.full((), 0.0, "float64")
                for y in _call(FAST, name, case, full):  # noqa: B023
                    shape = FAST.shape_of(y)
                    weight = rng.standard_normal(shape)
                    total = FAST.add(total, FAST.sum(FAST.multiply(y, weight), tuple(range(len(shape))), False))
                return total, None

            _, (g,) = FAST.value_and_grad(call)([arrays[i]])
            np.testing.assert_allclose(g, expected[i], rtol=1e-9, atol=1e-12)


def test_dropout_keeps_the_bits_of_the_definition():
    x = np.ones((1000, 10), np.float32)
    for rate in (0.0, 0.1, 0.25, 0.5, 1 / 3, 0.999):
        np.testing.assert_array_equal(FAST.dropout(x, rate, (7, 8), x.shape), PLAIN.dropout(x, rate, (7, 8), x.shape))


def test_softmax_of_extremes():
    x = np.array([[1e4, 0.0, -1e4], [0.0, -np.inf, 0.0]])
    np.testing.assert_allclose(FAST.softmax(x, 1), [[1, 0, 0], [0.5, 0, 0.5]])
    np.testing.assert_allclose(FAST.log_softmax(x, 1)[1], [np.log(0.5), -np.inf, np.log(0.5)])


def _reference(kind, p, g, slots, s):
    if kind == "sgd":
        return p - g * s["lr"], []
    if kind in ("momentum", "nesterov"):
        m = slots[0] * s["momentum"] - g * s["lr"]
        return p + m if kind == "momentum" else p + (m * s["momentum"] - g * s["lr"]), [m]
    if kind == "rmsprop":
        v = slots[0] * s["rho"] + g * g * s["one_minus_rho"]
        return p - g * s["lr"] / np.sqrt(v + s["epsilon"]), [v]
    m = slots[0] * s["beta_1"] + g * s["one_minus_beta_1"]
    v = slots[1] * s["beta_2"] + g * g * s["one_minus_beta_2"]
    return p - m * s["lr_t"] / (np.sqrt(v) + s["epsilon"]), [m, v]


@pytest.mark.parametrize(("kind", "count"), [("sgd", 0), ("momentum", 1), ("nesterov", 1), ("rmsprop", 1), ("adam", 2)])
def test_fused_update_is_bit_equal_and_leaves_its_operands(kind, count):
    scalars = {"lr": 0.1, "lr_t": 0.05, "momentum": 0.9, "rho": 0.95, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}
    scalars.update({f"one_minus_{k}": 1.0 - scalars[k] for k in ("rho", "beta_1", "beta_2")})
    shapes = [(3, 4), (), (200, 300)]
    params = [normal(*s).astype(np.float32) for s in shapes]
    grads = [np.asfortranarray(normal(*s, seed=1).astype(np.float32)) for s in shapes]
    slots = [[np.asarray(np.abs(normal(*s, seed=2 + i)), np.float32) for s in shapes] for i in range(count)]
    before = [p.copy() for p in params]
    new, new_slots = FAST.fused_update(kind, params, grads, slots, scalars)
    for i, (p, g) in enumerate(zip(params, grads)):
        expected, expected_slots = _reference(kind, p, g, [s[i] for s in slots], scalars)
        np.testing.assert_array_equal(new[i], expected)
        assert new[i].dtype == np.float32 and new[i].shape == p.shape
        np.testing.assert_array_equal(p, before[i])
        for some, e in zip(new_slots, expected_slots):
            np.testing.assert_array_equal(some[i], e)
    assert FAST.fused_update("adagrad", params, grads, slots, scalars) is NotImplemented
