"""The LSTM of TensorFlow's kernel beside its definition."""

import numpy as np
import pytest

pytest.importorskip("tensorflow")

import kshim_backends.tensorflow as package  # noqa: E402
import tensorflow as tf  # noqa: E402

from kshim.spec.derived import Derived  # noqa: E402

B = package.backend_class("cpu")
NAMES = ("tanh", "sigmoid")


def tensors(units=5, width=3, steps=4, bias=True, dtype="float32"):
    """x, h, c, kernel, recurrent kernel, bias."""
    rng = np.random.default_rng(units)
    shapes = [(2, steps, width), (2, units), (2, units), (width, 4 * units), (units, 4 * units), (4 * units,)]
    made = [tf.constant(rng.standard_normal(shape), dtype) for shape in shapes]
    return made if bias else [*made[:-1], None]


def outcome(lstm, given, reverse=False, names=NAMES):
    """Values, and gradients of each by a loss to which all outputs count."""
    with tf.GradientTape() as tape:
        there = [t for t in given if t is not None]
        tape.watch(there)
        ys, h, c = lstm(*given, *names, reverse)
        weight = tf.reshape(tf.range(1.0, 1.0 + ys.shape[1], dtype=ys.dtype), (-1, 1))
        loss = tf.reduce_sum(ys * weight) + tf.reduce_sum(tf.square(h)) + 3 * tf.reduce_sum(c)
    return [ys, h, c, *tape.gradient(loss, there)]


def defined(*args):
    return Derived.lstm(B, *args)


def operations(given, names=NAMES):
    function = tf.function(lambda: B.lstm(*given, *names, False)).get_concrete_function()
    return {op.type for op in function.graph.get_operations()}


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("steps", [1, 4])
def test_values_and_gradients(reverse, bias, steps):
    given = tensors(bias=bias, steps=steps)
    assert "BlockLSTMV2" in operations(given)
    for a, b in zip(outcome(B.lstm, given, reverse), outcome(defined, given, reverse), strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-6)


def test_nan_gets_through():
    given = tensors()
    given[0] = tf.where(tf.reshape(tf.range(4), (1, 4, 1)) == 2, np.float32("nan"), given[0])
    ys, _, _ = B.lstm(*given, *NAMES, False)
    np.testing.assert_array_equal(np.isnan(ys).any((0, 2)), [False, False, True, True])


@pytest.mark.parametrize(
    ("given", "names"),
    [
        (tensors(dtype="float64"), NAMES),
        (tensors(), ("relu", "sigmoid")),
        (tensors(units=126), NAMES),
        (tensors(steps=0), NAMES),
    ],
)
def test_what_the_loop_does(given, names):
    assert "BlockLSTMV2" not in operations(given, names)
    for a, b in zip(outcome(B.lstm, given, names=names), outcome(defined, given, names=names), strict=True):
        np.testing.assert_array_equal(a, b)


def test_xla_has_the_loop():
    fast = package.backend_class("cpu")
    fast.jit_compile = True
    given = tensors()
    step = fast.compile_step(lambda s, h, b: (s, fast.lstm(*given, *NAMES, False)), False)
    for a, b in zip(step([], {}, [])[1], defined(*given, *NAMES, False), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_second_derivatives():
    def of(lstm):
        given = tensors()

        def inner(params):
            return tf.reduce_sum(tf.square(lstm(params[0], *given[1:], *NAMES, False)[0])), None

        def penalty(params):
            _, (g,) = B.value_and_grad(inner)(params)
            return tf.reduce_sum(g * g), None

        return B.value_and_grad(penalty)(given[:1])[1][0]

    got, expected = of(B.lstm), of(defined)
    assert np.abs(expected).max() > 0
    np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)
