"""Optimizers against tf_keras 2.21: several steps on the same gradients, order of variables, configs."""

import numpy as np
import pytest

from kshim import constraints, ops, optimizers
from kshim.engine.variable import Variable

CASES = [
    ("SGD", {"learning_rate": 0.1}), ("SGD", {"learning_rate": 0.1, "momentum": 0.9}),
    ("SGD", {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True}), ("RMSprop", {"learning_rate": 0.01}),
    ("RMSprop", {"learning_rate": 0.01, "momentum": 0.5}), ("RMSprop", {"learning_rate": 0.01, "centered": True}),
    ("RMSprop", {"learning_rate": 0.01, "centered": True, "momentum": 0.5, "epsilon": 0.1}),
    ("Adam", {"learning_rate": 0.05}), ("Adam", {"learning_rate": 0.05, "amsgrad": True, "beta_1": 0.8}),
    ("Adam", {"learning_rate": 0.05, "epsilon": 0.3}),
    ("Adam", {"learning_rate": 0.05, "epsilon": 0.3, "adaptive_epsilon": True}),
    ("AdamW", {"learning_rate": 0.05, "weight_decay": 0.1}), ("Adamax", {"learning_rate": 0.05}),
    ("Nadam", {"learning_rate": 0.05}), ("Adagrad", {"learning_rate": 0.5}),
    ("Adagrad", {"learning_rate": 0.5, "epsilon": 0.2, "initial_accumulator_value": 0.0}),
    ("Adadelta", {"learning_rate": 1.0}), ("Ftrl", {"learning_rate": 0.3}), ("Lion", {"learning_rate": 0.01}),
    ("Ftrl", {"learning_rate": 0.3, "learning_rate_power": -0.7, "beta": 0.1, "l1_regularization_strength": 0.01,
              "l2_regularization_strength": 0.02, "l2_shrinkage_regularization_strength": 0.03}),
    ("Adafactor", {"learning_rate": 0.1}),
    ("Adafactor", {"learning_rate": 0.1, "relative_step": False, "clip_threshold": 0.5}),
    ("SGD", {"learning_rate": 0.1, "clipnorm": 0.5}), ("SGD", {"learning_rate": 0.1, "clipvalue": 0.3}),
    ("Adam", {"learning_rate": 0.1, "global_clipnorm": 0.7}), ("SGD", {"learning_rate": 0.1, "weight_decay": 0.2}),
    ("SGD", {"learning_rate": 0.1, "momentum": 0.9, "use_ema": True, "ema_momentum": 0.5}),
    ("Adam", {"learning_rate": 0.1, "use_ema": True, "ema_momentum": 0.8, "ema_overwrite_frequency": 2}),
]  # fmt: skip
IDS = [f"{i}-{c[0]}" for i, c in enumerate(CASES)]
SHAPES = [(3, 4), (4,), (2, 3, 2)]


def start(dtype, shapes=SHAPES):
    r = np.random.RandomState(11)
    return [r.randn(*s).astype(dtype) for s in shapes]


def gradients(step, dtype, shapes=SHAPES):
    r = np.random.RandomState(100 + step)
    return [r.randn(*s).astype(dtype) for s in shapes]


def run_own(optimizer, dtype, steps, shapes=SHAPES):
    variables = [Variable(v, dtype, name=f"v{i}") for i, v in enumerate(start(dtype, shapes))]
    optimizer.build(variables)
    for step in range(steps):
        grads = [ops.convert_to_tensor(g) for g in gradients(step, dtype, shapes)]
        optimizer.apply_gradients(zip(grads, variables))
    return variables


def run_real(tf_keras, optimizer, dtype, steps, shapes=SHAPES):
    import tensorflow as tf

    floatx = tf_keras.backend.floatx()
    tf_keras.backend.set_floatx(dtype)
    try:
        variables = [tf.Variable(v, name=f"v{i}") for i, v in enumerate(start(dtype, shapes))]
        for step in range(steps):
            optimizer.apply_gradients(zip([tf.constant(g) for g in gradients(step, dtype, shapes)], variables))
    finally:
        tf_keras.backend.set_floatx(floatx)
    return variables


def make_real(tf_keras, module, name, kwargs, dtype):
    """The rate is a variable of floatx, so float64 has to be on while the optimizer is made."""
    floatx = tf_keras.backend.floatx()
    tf_keras.backend.set_floatx(dtype)
    try:
        return getattr(module, name)(**kwargs)
    finally:
        tf_keras.backend.set_floatx(floatx)


@pytest.mark.parametrize(("dtype", "rtol", "atol"), [("float32", 2e-5, 2e-6), ("float64", 1e-6, 1e-7)])
@pytest.mark.parametrize(("name", "kwargs"), CASES, ids=IDS)
def test_steps_of_keras(backend, tf_keras, name, kwargs, dtype, rtol, atol):
    shapes = [(3, 4), (4,)] if name == "Adafactor" else SHAPES  # Keras's own fails beyond matrices
    if name in ("Adam", "AdamW"):
        atol = 1e-5  # Keras takes beta_2 through float32 on its way to float64, which puts 1 - beta_2**t off by 1e-5
    real = make_real(tf_keras, tf_keras.optimizers, name, kwargs, dtype)
    own = getattr(optimizers, name)(**kwargs)
    theirs, mine = run_real(tf_keras, real, dtype, 6, shapes), run_own(own, dtype, 6, shapes)
    for a, b in zip(mine, theirs):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=rtol, atol=atol)
    assert int(own.iterations) == 6
    assert [tuple(v.shape) for v in own.variables] == [tuple(v.shape) for v in real.variables]
    if name != "SGD" or kwargs.get("momentum"):  # without momentum its slots are kept for files only
        for a, b in zip(own.variables, real.variables):
            np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=5 * rtol, atol=5 * atol)
    if kwargs.get("use_ema"):
        real.finalize_variable_values(theirs)
        own.finalize_variable_values(mine)
        np.testing.assert_allclose(mine[0].numpy(), theirs[0].numpy(), rtol=rtol, atol=atol)


@pytest.mark.parametrize("name", ["SGD", "RMSprop", "Adam", "Adamax", "Nadam", "Adagrad", "Adadelta", "Ftrl"])
@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_steps_of_legacy_optimizers(backend, tf_keras, name, decay):
    kwargs = (
        {"learning_rate": 0.05, "epsilon": 0.01} if name in ("RMSprop", "Adagrad", "Adam") else {"learning_rate": 0.05}
    )
    if name == "SGD":
        kwargs["momentum"] = 0.9
    if decay and name != "Nadam":
        kwargs["decay"] = decay
    real, own = getattr(tf_keras.optimizers.legacy, name)(**kwargs), getattr(optimizers.legacy, name)(**kwargs)
    theirs, mine = run_real(tf_keras, real, "float32", 5), run_own(own, "float32", 5)
    for a, b in zip(mine, theirs):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=2e-5, atol=2e-6)
    for a, b in zip(own.variables, real.variables()):
        assert tuple(a.shape) == tuple(b.shape)
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-4, atol=1e-6)
    config = real.get_config()
    assert {k: own.get_config()[k] for k in config} == pytest.approx(config)
    again = optimizers.deserialize(optimizers.serialize(own))
    assert type(again) is type(own) and again.get_config() == own.get_config()


@pytest.mark.parametrize(
    "name", ["SGD", "RMSprop", "Adam", "AdamW", "Adamax", "Nadam", "Adagrad", "Adadelta", "Ftrl", "Lion", "Adafactor"]
)
def test_configs(tf_keras, name):
    own, real = getattr(optimizers, name)(), getattr(tf_keras.optimizers, name)()
    expected = real.get_config()
    expected["learning_rate"] = own.get_config()["learning_rate"]
    assert own.get_config() == expected
    assert float(real.learning_rate.numpy()) == pytest.approx(own.get_config()["learning_rate"])
    again = optimizers.deserialize(optimizers.serialize(own))
    assert type(again) is type(own) and again.get_config() == own.get_config()
    assert type(optimizers.deserialize(tf_keras.optimizers.serialize(real))) is type(own)
    if name not in ("Lion", "Adafactor"):  # tf_keras does not find these by name
        assert type(tf_keras.optimizers.deserialize(optimizers.serialize(own))).__name__ == name


@pytest.mark.parametrize(
    "name",
    ["SGD", "RMSprop", "Adam", "AdamW", "Adamax", "Nadam", "Adagrad", "Adadelta", "Ftrl", "Lion", "Adafactor", "Lamb"],
)
def test_configs_of_keras_3_are_read(keras3, name):
    real = getattr(keras3.optimizers, name)(learning_rate=0.25)
    own = optimizers.deserialize(keras3.optimizers.serialize(real))
    assert type(own).__name__ == name and float(own.learning_rate) == 0.25


def test_lamb(backend, keras3):
    import tensorflow as tf

    if keras3.backend.backend() != "tensorflow":
        pytest.skip("the oracle needs KERAS_BACKEND=tensorflow")
    own, real = optimizers.Lamb(learning_rate=0.1), keras3.optimizers.Lamb(learning_rate=0.1)
    variables = [keras3.Variable(v) for v in start("float32")]
    for step in range(4):
        real.apply([tf.constant(g) for g in gradients(step, "float32")], variables)
    for a, b in zip(run_own(own, "float32", 4), variables):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize(("name", "kwargs"), CASES, ids=IDS)
def test_derived_path_equals_fused(backend, name, kwargs, monkeypatch):
    from kshim.spec import registry

    fused = run_own(getattr(optimizers, name)(**kwargs), "float32", 4)
    monkeypatch.setattr(type(registry.resolve()), "fused_update", lambda *args: NotImplemented)
    derived = run_own(getattr(optimizers, name)(**kwargs), "float32", 4)
    for a, b in zip(fused, derived):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("kind", ["SGD", "RMSprop", "Adam"])
def test_loss_of_twenty_steps(backend, tf_keras, kind):
    """A small regression, both sides computing their own gradients: the losses stay together within 1e-4."""
    import tensorflow as tf

    r = np.random.RandomState(0)
    x, y = r.randn(32, 5).astype("float32"), r.randn(32, 2).astype("float32")
    w = (r.randn(5, 2) * 0.5).astype("float32")
    kwargs = {"learning_rate": 0.05, "momentum": 0.9} if kind == "SGD" else {"learning_rate": 0.05}
    real, theirs = getattr(tf_keras.optimizers, kind)(**kwargs), tf.Variable(w)
    own, mine = getattr(optimizers, kind)(**kwargs), Variable(w, name="w")

    def error():
        return ops.mean(ops.square(ops.tanh(ops.matmul(x, mine)) - y))

    for _ in range(20):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(tf.tanh(tf.matmul(x, theirs)) - y))
        real.apply_gradients([(tape.gradient(loss, theirs), theirs)])
        assert float(error()) == pytest.approx(float(loss), abs=1e-4)
        own.minimize(error, [mine])
    np.testing.assert_allclose(mine.numpy(), theirs.numpy(), rtol=1e-4, atol=1e-5)


def test_constraints_are_applied(backend):
    v = Variable(np.ones((2, 2)), name="v", constraint=constraints.MaxNorm(0.5))
    w = Variable(np.ones((2,)), name="w", constraint=lambda x: 0.0 * x + 2.0)
    optimizers.SGD(0.1).apply_gradients([(ops.ones((2, 2)), v), (ops.ones((2,)), w)])
    np.testing.assert_allclose(np.linalg.norm(v.numpy(), axis=0), 0.5, rtol=1e-5)
    np.testing.assert_allclose(w.numpy(), 2.0)
    bad = Variable(np.ones((2,)), name="bad", constraint=lambda x: ops.sum(x))
    with pytest.raises(ValueError, match=r"returned shape \(\)"):
        optimizers.SGD(0.1).apply_gradients([(ops.ones((2,)), bad)])


def test_apply_is_pure(backend):
    """The native update leaves what it was given alone, and takes scalars from `hyper`."""
    from kshim.spec import registry

    b = registry.resolve()
    optimizer = optimizers.Adam(0.1)
    v = Variable(np.ones((3,)), name="v")
    optimizer.build([v])
    slots = [[s.native for s in row] for row in optimizer.slots.values()]
    grad = b.from_numpy(np.full((3,), 2.0, "float32"))
    params, new = optimizer.apply([v], [v.native], [grad], slots, {**optimizer.hyper(), "key0": 2**31, "key1": 5})
    np.testing.assert_allclose(b.to_numpy(params[0]), 0.9, rtol=1e-5)
    np.testing.assert_array_equal(v.numpy(), 1.0)
    assert not optimizer.slots["m"][0].numpy().any() and b.to_numpy(new[0][0])[0] == pytest.approx(0.2)
    assert int(optimizer.iterations) == 0


def test_in_step_takes_the_given_scalars(backend):
    optimizer, v = optimizers.SGD(0.1), Variable(np.ones((2,)), name="v")
    with optimizer.in_step({**optimizer.hyper(), "lr": 0.5}):
        optimizer.apply_gradients([(ops.ones((2,)), v)])
    np.testing.assert_allclose(v.numpy(), 0.5)
    assert int(optimizer.iterations) == 0


def test_some_variables_only():
    optimizer = optimizers.SGD(0.1, momentum=0.9)
    a, b, c = (Variable(np.ones((n,)), name=f"v{n}") for n in (1, 2, 3))
    optimizer.apply_gradients([(ops.ones((1,)), a), (None, b)])
    optimizer.apply_gradients([(ops.ones((2,)), b)])
    np.testing.assert_allclose(a.numpy(), 0.9, rtol=1e-6)
    np.testing.assert_allclose(b.numpy(), 0.9, rtol=1e-6)
    with pytest.raises(KeyError, match="was not built for variable 'v3'"):
        optimizer.apply_gradients([(ops.ones((3,)), c)])
    with pytest.raises(ValueError, match="No gradients provided"):
        optimizer.apply_gradients([(None, a)])
    assert optimizer.apply_gradients([]) is optimizer.iterations
    optimizer.apply([ops.ones((1,)), ops.ones((2,))], [a, b])  # Keras 3's name
    assert int(optimizer.iterations) == 3


def test_weight_decay_can_leave_variables_out(tf_keras):
    import tensorflow as tf

    real, own = tf_keras.optimizers.AdamW(0.1, weight_decay=0.5), optimizers.AdamW(0.1, weight_decay=0.5)
    for optimizer in (real, own):
        optimizer.exclude_from_weight_decay(var_names=["bias"])
    theirs, mine = (
        [tf.Variable([1.0, 2.0], name=n) for n in ("kernel", "bias")],
        [Variable([1.0, 2.0], name=n) for n in ("kernel", "bias")],
    )
    real.apply_gradients([(tf.ones(2), v) for v in theirs])
    own.apply_gradients([(ops.ones((2,)), v) for v in mine])
    for a, b in zip(mine, theirs):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-5)
    with pytest.raises(ValueError, match="before"):
        own.exclude_from_weight_decay(var_names=["x"])
