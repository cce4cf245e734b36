"""Loss scaling against tf_keras: finite and overflowing gradients, own loops, configs."""

import numpy as np
import pytest

from kshim import ops, optimizers
from kshim.engine.variable import Variable
from kshim.spec import registry

GRADS = [1.0, 2.0, np.inf, 0.5, np.nan, 1.0, 1.0]


def test_steps_of_keras(backend, tf_keras):
    import tensorflow as tf

    Real = tf_keras.mixed_precision.LossScaleOptimizer
    real = Real(tf_keras.optimizers.Adam(0.1), initial_scale=8.0, dynamic_growth_steps=2)
    own = optimizers.LossScaleOptimizer(optimizers.Adam(0.1), initial_scale=8.0, dynamic_growth_steps=2)
    theirs, mine = tf.Variable([1.0, 2.0]), Variable([1.0, 2.0], name="v")
    for g in GRADS:
        scaled = np.array([g, 1.0], "float32") * np.float32(real.loss_scale)
        real.apply_gradients(zip(real.get_unscaled_gradients([tf.constant(scaled)]), [theirs]))
        own.apply_gradients(zip(own.get_unscaled_gradients([ops.convert_to_tensor(scaled)]), [mine]))
        np.testing.assert_allclose(mine.numpy(), theirs.numpy(), rtol=1e-5)
        assert float(own.loss_scale) == float(real.loss_scale)
        assert float(own.dynamic_counter) == float(real.dynamic_counter)
    assert int(own.iterations) == int(real.iterations) == len(GRADS)
    assert len(own.variables) == len(real.variables)


def test_compiled_steps_equal_eager_ones(backend):
    b = registry.resolve()

    def make():
        optimizer = optimizers.LossScaleOptimizer(optimizers.SGD(0.1, momentum=0.9), dynamic_growth_steps=2)
        return optimizer, Variable([1.0, 2.0], name="v")

    eager, outside = make()
    for g in GRADS:
        eager.apply_gradients([(ops.convert_to_tensor(np.array([g, 1.0], "float32")), outside)])
    optimizer, inside = make()
    optimizer.build([inside])

    def train(state, hyper, batch):
        grads = [b.multiply(batch[0], optimizer.step_loss(b, b.full((), 1.0, "float32"), state["slots"]))]
        grads = optimizer.step_grads(b, grads, state["slots"])
        params, slots = optimizer.apply([inside], state["params"], grads, state["slots"], hyper)
        return {"params": params, "slots": slots}, None

    step = b.compile_step(train, True)
    state = {"params": [inside.native], "slots": [[v.native for v in row] for row in optimizer.slots.values()]}
    for g in GRADS:
        state, _ = step(state, optimizer.hyper(), [np.array([g, 1.0], "float32")])
        optimizer.iterations.assign_add(1)
    np.testing.assert_allclose(b.to_numpy(state["params"][0]), outside.numpy(), rtol=1e-6)
    assert float(b.to_numpy(state["slots"][0][0])) == float(eager.loss_scale)


def test_own_loops_of_keras_3(backend):
    optimizer, v = optimizers.LossScaleOptimizer(optimizers.SGD(0.5)), Variable([1.0], name="v")
    loss = optimizer.scale_loss(ops.sum(v * 3.0))
    assert float(loss) == 3.0 * 2**15
    optimizer.apply([ops.convert_to_tensor([3.0 * 2**15])], [v])
    np.testing.assert_allclose(v.numpy(), [-0.5])
    assert float(optimizers.SGD().scale_loss(loss)) == float(loss)


def test_minimize(backend):
    optimizer, v = (
        optimizers.LossScaleOptimizer(optimizers.SGD(0.5), dynamic=False, initial_scale=4.0),
        Variable([1.0], name="v"),
    )
    optimizer.minimize(lambda: ops.sum(v * 3.0), [v])
    np.testing.assert_allclose(v.numpy(), [-0.5])
    assert optimizer.slots is optimizer.inner_optimizer.slots and float(optimizer.loss_scale) == 4.0


def test_inner_optimizer_shows_through():
    optimizer = optimizers.LossScaleOptimizer(optimizers.SGD(0.5, momentum=0.9))
    optimizer.learning_rate = 0.25
    assert float(optimizer.lr) == 0.25 and float(optimizer.inner_optimizer.lr) == 0.25
    assert optimizer.momentum == 0.9 and optimizer.hyper()["lr"] == 0.25
    with pytest.raises(AttributeError):
        optimizer.nothing_of_the_kind()


def test_configs(tf_keras, keras3):
    own = optimizers.LossScaleOptimizer(optimizers.Adam(0.5), initial_scale=4.0, dynamic_growth_steps=7)
    again = optimizers.deserialize(optimizers.serialize(own))
    assert again.get_config() == own.get_config() and type(again.inner_optimizer) is optimizers.Adam
    real = tf_keras.mixed_precision.LossScaleOptimizer(
        tf_keras.optimizers.Adam(0.5), initial_scale=4.0, dynamic_growth_steps=7
    )
    read = optimizers.deserialize(tf_keras.optimizers.serialize(real))
    assert read.initial_scale == 4.0 and read.dynamic_growth_steps == 7 and float(read.lr) == 0.5
    three = keras3.optimizers.LossScaleOptimizer(keras3.optimizers.Adam(0.5), initial_scale=4.0, dynamic_growth_steps=7)
    read = optimizers.deserialize(keras3.optimizers.serialize(three))
    assert read.initial_scale == 4.0 and read.dynamic_growth_steps == 7 and float(read.lr) == 0.5
    with pytest.raises(TypeError, match="wraps a plain optimizer"):
        optimizers.LossScaleOptimizer(own)
    with pytest.raises(ValueError, match="initial_scale"):
        optimizers.LossScaleOptimizer(optimizers.SGD(), dynamic=False)


def test_fit_scales_the_loss_and_divides_the_gradients(backend):
    """A gradient of 2**-28, which float16 does not have, survives with a scale of 2**10."""
    from kshim import layers, models

    dense = layers.Dense(1, use_bias=False, kernel_initializer="ones", dtype="mixed_float16", input_shape=(1,))
    model = models.Sequential([dense])
    optimizer = optimizers.LossScaleOptimizer(optimizers.SGD(2.0**20), dynamic=False, initial_scale=2.0**10)
    model.compile(optimizer, lambda y_true, y_pred: y_pred * 2.0**-20)
    history = model.fit(np.full((1, 1), 2.0**-8, "float32"), np.zeros((1, 1), "float32"), verbose=0).history
    assert dense.kernel.numpy().tolist() == [[1.0 - 2.0**-8]]
    assert np.isfinite(history["loss"]).all()
