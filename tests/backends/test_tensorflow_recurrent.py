"""LSTM and GRU of the tensorflow backend, by its kernel and by loops with written gradients, beside their definitions."""

import numpy as np
import pytest

pytest.importorskip("tensorflow")

import kshim_backends.tensorflow as package  # noqa: E402
import tensorflow as tf  # noqa: E402

from kshim.spec.derived import Derived  # noqa: E402

B = package.backend_class("cpu")
NAMES = ("tanh", "sigmoid")
GATES = {"lstm": 4, "gru": 3}


def tensors(name, units=5, width=3, steps=4, bias=True, dtype="float32"):
    """x, the states, kernel, recurrent kernel, biases."""
    rng, wide = np.random.default_rng(units), GATES[name] * units
    biases = [(wide,)] * (1 if name == "lstm" else 2)
    states = [(2, units)] * (2 if name == "lstm" else 1)
    shapes = [(2, steps, width), *states, (width, wide), (units, wide), *biases]
    made = [tf.constant(rng.standard_normal(shape) * 0.5, dtype) for shape in shapes]
    return made if bias else made[: -len(biases)] + [None] * len(biases)


def call(name, backend, given, reverse=False, names=NAMES, reset_after=True):
    """By the backend, or by the definition (`backend` is None)."""
    function = getattr(backend, name) if backend else lambda *args: getattr(Derived, name)(B, *args)
    return function(*given, *names, reverse) if name == "lstm" else function(*given, *names, reset_after, reverse)


def outcome(name, backend, given, **options):
    """Values, and gradients of a loss to which all outputs count, in a graph."""

    @tf.function(autograph=False)
    def run():
        there = [t for t in given if t is not None]
        with tf.GradientTape() as tape:
            tape.watch(there)
            ys, *states = call(name, backend, given, **options)
            weight = tf.reshape(tf.range(1.0, 1.0 + ys.shape[1], dtype=ys.dtype), (-1, 1))
            loss = tf.reduce_sum(ys * weight) + tf.reduce_sum(tf.square(states[0])) + 3 * tf.reduce_sum(states[-1])
        return [ys, *states, *tape.gradient(loss, there, unconnected_gradients="zero")]

    run.types = {op.type for op in run.get_concrete_function().graph.get_operations()}
    return run(), run.types


def same(name, given, rtol, atol, **options):
    """Compare with the definition; the operations that were used."""
    found, types = outcome(name, B, given, **options)
    for a, b in zip(found, outcome(name, None, given, **options)[0], strict=True):
        np.testing.assert_allclose(a, b, rtol=rtol, atol=atol)
    return types


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("steps", [1, 4])
def test_the_kernel(reverse, bias, steps):
    given = tensors("lstm", bias=bias, steps=steps)
    assert "BlockLSTMV2" in same("lstm", given, 2e-5, 2e-6, reverse=reverse)
    for a, b in zip(call("lstm", B, given, reverse), call("lstm", None, given, reverse), strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-6)  # eager


@pytest.mark.parametrize("name", GATES)
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("bias", [True, False])
def test_the_loops(name, reverse, bias):
    types = same(name, tensors(name, bias=bias, dtype="float64"), 1e-12, 1e-13, reverse=reverse)
    assert "BlockLSTMV2" not in types and "IdentityN" in types


def test_a_wide_lstm_has_the_loop():
    assert "BlockLSTMV2" not in same("lstm", tensors("lstm", units=126), 1e-4, 1e-4)


@pytest.mark.parametrize("name", GATES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_nan_gets_through(name, dtype):
    given = tensors(name, dtype=dtype)
    given[0] = tf.where(tf.reshape(tf.range(4), (1, 4, 1)) == 2, tf.constant(np.nan, dtype), given[0])
    (ys, *_), _ = outcome(name, B, given)
    np.testing.assert_array_equal(np.isnan(ys).any((0, 2)), [False, False, True, True])


@pytest.mark.parametrize("name", GATES)
def test_the_rest_is_left_to_the_definition(name):
    for given, options in (
        (tensors(name), {"names": ("relu", "sigmoid")}),
        (tensors(name, steps=0), {}),
        (tensors("gru"), {"reset_after": False}) if name == "gru" else (tensors(name, dtype="float64", steps=1), {}),
    ):
        assert not {"BlockLSTMV2", "IdentityN"} & same(name, given, 0, 0, **options)


@pytest.mark.parametrize("name", GATES)
def test_xla(name):
    fast = package.backend_class("cpu")
    fast.jit_compile = True
    given = tensors(name)
    step = fast.compile_step(lambda s, h, b: (s, call(name, fast, given)), False)
    for a, b in zip(step([], {}, [])[1], call(name, None, given), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", GATES)
def test_second_derivatives(name):
    def of(backend):
        given = tensors(name)

        def inner(params):
            return tf.reduce_sum(tf.square(call(name, backend, [params[0], *given[1:]])[0])), None

        def penalty(params):
            _, (g,) = B.value_and_grad(inner)(params)
            return tf.reduce_sum(g * g), None

        return tf.function(lambda: B.value_and_grad(penalty)(given[:1])[1][0], autograph=False)()

    got, expected = of(B), of(None)
    assert np.abs(expected).max() > 0
    np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)
