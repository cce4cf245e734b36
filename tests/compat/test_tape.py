"""`tf.GradientTape` of the stand-in, on every backend."""

import numpy as np
import pytest

import kshim
from kshim.compat.tensorflow import resolve
from kshim.errors import UnsupportedError

tf = resolve("")
X = np.random.RandomState(0).randn(4, 3).astype("float32")


def _formula(tf, x, w):
    y = tf.tanh(tf.matmul(x, w)) + tf.reduce_max(x, axis=1, keepdims=True)
    y = tf.concat([y, tf.stop_gradient(y) * tf.nn.relu(y)], axis=1)
    return tf.reduce_mean(tf.square(tf.gather(y, [0, 2, 2]))) + tf.reduce_sum(tf.reshape(x, [-1])[2:5] ** 3)


def test_matches_tensorflow(backend):
    real = pytest.importorskip("tensorflow", reason="TensorFlow, the oracle, is not installed")
    values = X, np.random.RandomState(1).randn(3, 2).astype("float32")
    ours, theirs = [tf.Variable(v) for v in values], [real.Variable(v) for v in values]
    with tf.GradientTape() as tape:
        y = _formula(tf, *ours)
    with real.GradientTape() as oracle:
        expected = _formula(real, *theirs)
    np.testing.assert_allclose(float(y), float(expected), rtol=1e-5)
    for got, want in zip(tape.gradient(y, ours), oracle.gradient(expected, theirs), strict=True):
        np.testing.assert_allclose(got.numpy(), np.asarray(want), rtol=1e-4, atol=1e-6)


def test_training_loop_equals_fit(backend):
    def make():
        kshim.set_random_seed(3)
        return kshim.Sequential([kshim.layers.Dense(5, activation="tanh", input_shape=(3,)), kshim.layers.Dense(2)])

    y = np.random.RandomState(2).randn(4, 2).astype("float32")
    by_hand, by_fit = make(), make()
    optimizer, loss = kshim.optimizers.Adam(0.05), kshim.losses.MeanSquaredError()
    for _ in range(3):
        with tf.GradientTape() as tape:
            value = loss(y, by_hand(X, training=True))
        gradients = tape.gradient(value, by_hand.trainable_variables)
        optimizer.apply_gradients(zip(gradients, by_hand.trainable_variables, strict=True))
    by_fit.compile(kshim.optimizers.Adam(0.05), "mse")
    by_fit.fit(X, y, batch_size=4, epochs=3, shuffle=False, verbose=0)
    for got, expected in zip(by_hand.get_weights(), by_fit.get_weights(), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", ["numpy", "torch"])
def test_recurrent_layers_and_loops(name):
    """Loops are noted step by step: checked against a difference quotient along a random direction."""
    if name == "torch":
        pytest.importorskip("torch", reason="torch is not installed")
    with kshim.use(name):
        _check_loops()


def _check_loops():
    kshim.set_random_seed(1)
    model = kshim.Sequential(
        [kshim.layers.Embedding(7, 3), kshim.layers.LSTM(4, return_sequences=True), kshim.layers.SimpleRNN(2)]
    )
    tokens = np.array([[1, 2, 0, 4], [3, 3, 6, 5]])
    model(tokens)
    variables = model.trainable_variables

    def value():
        carry = kshim.ops.scan(
            lambda c, x: (c * 0.5 + kshim.ops.sum(kshim.ops.tanh(x)), None), kshim.ops.zeros(()), model(tokens)
        )[0]
        return carry

    with tf.GradientTape() as tape:
        y = value()
    gradients = [g.numpy() for g in tape.gradient(y, variables)]
    start, step = [v.numpy() for v in variables], 1e-2
    direction = [np.random.RandomState(i).randn(*s.shape).astype("float32") for i, s in enumerate(start)]
    ends = []
    for sign in (1, -1):
        for v, s, d in zip(variables, start, direction, strict=True):
            v.assign(s + sign * step * d)
        ends.append(float(value()))
    slope = sum(float((g * d).sum()) for g, d in zip(gradients, direction, strict=True))
    assert slope == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=2e-2, abs=1e-4)


def test_structure_unconnected_and_persistence():
    x, z = tf.Variable(2.0), tf.Variable(1.0)
    with tf.GradientTape(persistent=True) as tape:
        y = x * x
        with tape.stop_recording():
            hidden = x * 3.0
    found = tape.gradient(y, {"x": x, "z": z})
    assert float(found["x"]) == 4.0 and found["z"] is None
    assert float(tape.gradient(y, z, unconnected_gradients="zero")) == 0.0
    assert tape.gradient(hidden, x) is None
    assert float(tape.gradient(y, x, output_gradients=tf.constant(10.0))) == 40.0


def test_methods_of_the_backend_are_left_as_they_were(backend):
    instance = kshim.spec.registry.state.backend
    before = dict(vars(instance))
    with pytest.raises(ZeroDivisionError), tf.GradientTape():
        1 / 0  # noqa: B018
    assert vars(instance) == before


def test_misuse_is_explained():
    x = tf.Variable(1.0)
    with tf.GradientTape() as tape:
        y = x * x
    tape.gradient(y, x)
    with pytest.raises(RuntimeError, match="persistent=True"):
        tape.gradient(y, x)
    with (
        pytest.raises(UnsupportedError, match="KSHIM_BACKEND=tensorflow"),
        tf.GradientTape(),
        tf.GradientTape() as inner,
    ):
        inner.gradient(x * x, x)
    with pytest.raises(TypeError, match="expects tensors and variables"), tf.GradientTape(persistent=True) as tape:
        tape.gradient(x * 2.0, [3.0])
