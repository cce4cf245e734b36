"""Learning rate schedules against tf_keras."""

import numpy as np
import pytest

from kshim import ops
from kshim.optimizers import schedules

CASES = [
    ("ExponentialDecay", {"initial_learning_rate": 0.5, "decay_steps": 4, "decay_rate": 0.7}),
    ("ExponentialDecay", {"initial_learning_rate": 0.5, "decay_steps": 4, "decay_rate": 0.7, "staircase": True}),
    ("InverseTimeDecay", {"initial_learning_rate": 0.5, "decay_steps": 3, "decay_rate": 0.5}),
    ("InverseTimeDecay", {"initial_learning_rate": 0.5, "decay_steps": 3, "decay_rate": 0.5, "staircase": True}),
    ("PiecewiseConstantDecay", {"boundaries": [3, 7], "values": [1.0, 0.5, 0.1]}),
    ("PolynomialDecay", {"initial_learning_rate": 0.5, "decay_steps": 6, "power": 2.0}),
    ("PolynomialDecay", {"initial_learning_rate": 0.5, "decay_steps": 6, "end_learning_rate": 0.1, "cycle": True}),
    ("CosineDecay", {"initial_learning_rate": 0.5, "decay_steps": 8, "alpha": 0.1}),
    ("CosineDecay", {"initial_learning_rate": 0.0, "decay_steps": 8, "warmup_target": 0.5, "warmup_steps": 4}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.5, "first_decay_steps": 4}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.5, "first_decay_steps": 3, "t_mul": 1.0, "m_mul": 0.5,
                             "alpha": 0.1}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.5, "first_decay_steps": 5, "t_mul": 1.5, "m_mul": 0.9}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "kwargs"), CASES)
def test_values_and_configs(tf_keras, name, kwargs):
    own, real = getattr(schedules, name)(**kwargs), getattr(tf_keras.optimizers.schedules, name)(**kwargs)
    for step in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 20, 31):
        assert own.value_at(step) == pytest.approx(float(real(step)), rel=2e-5, abs=1e-7), step
        assert float(own(step)) == pytest.approx(own.value_at(step), rel=1e-6)
    assert own.get_config() == real.get_config()
    assert schedules.deserialize(schedules.serialize(own)).get_config() == own.get_config()
    assert type(tf_keras.optimizers.schedules.deserialize(schedules.serialize(own))) is type(real)
    assert type(schedules.deserialize(tf_keras.optimizers.schedules.serialize(real))) is type(own)


def test_steps_may_be_tensors(backend):
    own = schedules.ExponentialDecay(1.0, 1, 0.5)
    assert float(own(ops.convert_to_tensor(2))) == 0.25
    np.testing.assert_allclose(own(np.array([0, 1, 2])).numpy(), [1, 0.5, 0.25])
    assert own(1).numpy().dtype == np.float32


def test_schedules_written_by_users(backend):
    class Warmup(schedules.LearningRateSchedule):
        def __init__(self, d_model, warmup_steps=10):
            self.d_model, self.warmup_steps = d_model, warmup_steps

        def __call__(self, step):
            step = ops.cast(step, "float32")
            return ops.rsqrt(ops.cast(self.d_model, "float32")) * ops.minimum(
                ops.rsqrt(step), step * self.warmup_steps**-1.5
            )

    from kshim import optimizers

    adam = optimizers.Adam(Warmup(16))
    adam.iterations.assign(4)
    assert adam.hyper()["lr"] == pytest.approx(0.25 * 4 * 10**-1.5, rel=1e-6)


def test_errors_say_what_to_do():
    with pytest.raises(ValueError, match="decay_steps"):
        schedules.CosineDecay(0.1, 0)
    with pytest.raises(ValueError, match="one value more"):
        schedules.PiecewiseConstantDecay([1, 2], [0.1, 0.2])
    with pytest.raises(ValueError, match="Did you mean 'ExponentialDecay'"):
        schedules.deserialize({"class_name": "ExponentalDecay", "config": {}})
