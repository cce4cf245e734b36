"""What scripts of every era do with an optimizer: names, learning rates, state, own subclasses."""

import numpy as np
import pytest

from kshim import ops, optimizers
from kshim.engine.variable import Variable


def test_names_of_every_era():
    for name, cls in (
        ("sgd", "SGD"),
        ("rmsprop", "RMSprop"),
        ("RMSProp", "RMSprop"),
        ("Adam", "Adam"),
        ("adamw", "AdamW"),
        ("nadam", "Nadam"),
    ):
        assert type(optimizers.get(name)).__name__ == cls
    assert optimizers.rmsprop is optimizers.RMSprop and optimizers.adam is optimizers.Adam
    one = optimizers.SGD()
    assert optimizers.get(one) is one
    with pytest.raises(ValueError, match="Unknown optimizer: 'admm'. Did you mean 'adam"):
        optimizers.get("admm")
    with pytest.raises(ValueError, match="Could not interpret optimizer identifier"):
        optimizers.get(3)


def test_configs_of_every_era():
    keras1 = optimizers.get(
        {"class_name": "RMSprop", "config": {"lr": 0.002, "rho": 0.8, "epsilon": 1e-8, "decay": 0.1}}
    )
    assert float(keras1.lr) == 0.002 and keras1.decay == 0.1 and keras1.epsilon == 1e-8
    keras0 = optimizers.get({"name": "sgd", "lr": 0.5, "momentum": 0.9, "decay": 0.0, "nesterov": True})
    assert isinstance(keras0, optimizers.SGD) and keras0.nesterov
    custom = {
        "class_name": "Custom>Adam",
        "config": {"learning_rate": 0.25, "is_legacy_optimizer": False, "jit_compile": True, "epsilon": None},
    }
    assert type(optimizers.deserialize(custom)) is optimizers.Adam and optimizers.deserialize(custom).epsilon == 1e-7
    legacy = {
        "class_name": "Adam",
        "config": {"name": "Adam", "learning_rate": 0.25, "decay": 0.0, "is_legacy_optimizer": True},
    }
    assert type(optimizers.deserialize(legacy)) is optimizers.legacy.Adam
    # Keras 2 leaves the class name in lower case behind
    config = optimizers.serialize(optimizers.SGD(), use_legacy_format=True)
    optimizers.deserialize(config)
    assert config["class_name"] == "sgd"


def test_keywords():
    adam = optimizers.Adam(lr=0.02, decay=0.5)
    assert float(adam.learning_rate) == 0.02 and adam.get_config()["decay"] == 0.5
    assert "decay" not in optimizers.Adam().get_config()
    with pytest.raises(TypeError, match="unexpected keyword argument 'learningrate'. Did you mean 'learning_rate'"):
        optimizers.Adam(learningrate=1)
    with pytest.raises(TypeError, match="'momentm'. Did you mean 'momentum'"):
        optimizers.SGD(momentm=1)
    with pytest.raises(ValueError, match="not both"):
        optimizers.SGD(clipnorm=1.0, global_clipnorm=1.0)
    with pytest.raises(ValueError, match="ema_momentum"):
        optimizers.SGD(use_ema=True, ema_momentum=2.0)
    with pytest.raises(ValueError, match="momentum"):
        optimizers.SGD(momentum=-1.0)
    with pytest.raises(ValueError, match="weight_decay"):
        optimizers.AdamW(weight_decay=None)
    with pytest.raises(TypeError, match="must be a number"):
        optimizers.SGD(learning_rate="fast")


def test_learning_rate_can_be_read_and_set(backend):
    sgd = optimizers.SGD(0.5)
    assert float(sgd.lr) == 0.5 and sgd.lr.numpy() == np.float32(0.5) and sgd.lr.numpy().dtype == np.float32
    sgd.learning_rate = 0.25
    assert sgd.hyper()["lr"] == 0.25
    sgd.lr.assign(sgd.lr * 0.5)
    assert float(sgd.lr) == 0.125 and float(sgd.learning_rate + 1) == 1.125 and sgd.lr < 1
    sgd.lr = np.float32(0.1)
    assert f"{sgd.lr:.3f}" == "0.100" and float(ops.convert_to_tensor(sgd.lr)) == pytest.approx(0.1)
    assert float(sgd.lr.value) == float(sgd.lr.value()) == pytest.approx(0.1)
    sgd.iterations.assign_add(3)
    assert int(sgd.iterations) == 3 and sgd.iterations.numpy().dtype == np.int64
    rate = optimizers.SGD(lambda: 0.75)
    assert float(rate.learning_rate) == 0.75 and rate.hyper()["lr"] == 0.75


def test_decay_of_keras_2():
    sgd = optimizers.SGD(1.0, decay=0.5)
    assert sgd.hyper()["lr"] == 1.0
    sgd.iterations.assign(2)
    assert sgd.hyper()["lr"] == 0.5


def test_schedule_as_learning_rate():
    schedule = optimizers.schedules.ExponentialDecay(1.0, 1, 0.5)
    sgd = optimizers.SGD(schedule)
    v = Variable(np.zeros((1,)), name="v")
    for expected in (-1.0, -1.5, -1.75):
        assert float(sgd.learning_rate) == sgd.hyper()["lr"]
        sgd.apply_gradients([(ops.ones((1,)), v)])
        assert v.numpy()[0] == expected
    assert float(sgd.lr(0)) == 1.0 and sgd._learning_rate is schedule
    with pytest.raises(TypeError, match="follows a schedule"):
        sgd.learning_rate = 0.1
    again = optimizers.deserialize(optimizers.serialize(sgd))
    assert again._learning_rate.get_config() == schedule.get_config()
    sgd.learning_rate = optimizers.schedules.PiecewiseConstantDecay([5], [0.2, 0.1])
    assert sgd.hyper()["lr"] == 0.2


def test_state_goes_and_comes_back(backend):
    def trained(steps):
        adam, v = optimizers.Adam(0.1), Variable(np.ones((2, 2)), name="v")
        for _ in range(steps):
            adam.apply_gradients([(ops.ones((2, 2)) * v, v)])
        return adam, v

    adam, v = trained(3)
    weights = adam.get_weights()
    assert [w.shape for w in weights] == [(), (2, 2), (2, 2)] and weights[0] == 3
    other = optimizers.Adam(0.1)
    with pytest.raises(ValueError, match="build"):
        other.set_weights(weights)
    other.build([v])
    other.set_weights(weights)
    for a, b in zip(other.get_weights(), weights):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(ValueError, match="shape"):
        other.set_weights([weights[0], weights[1], weights[2][:1]])
    with pytest.raises(ValueError, match="3 variables"):
        other.set_weights(weights[:1])
    store = {}
    adam.save_own_variables(store)
    third = optimizers.Adam(0.1)
    third.build([v])
    third.load_own_variables(
        {"0": store["0"], "1": np.float32(0.75), "2": store["1"], "3": store["2"]}
    )  # Keras 3: the rate is second
    assert int(third.iterations) == 3 and float(third.lr) == 0.75
    np.testing.assert_array_equal(third.get_weights()[2], weights[2])


def test_another_list_of_variables_keeps_what_is_known():
    adam = optimizers.Adam(0.1)
    a, b, c = (Variable(np.ones((n,)), name=f"v{n}") for n in (1, 2, 3))
    adam.build([a, b])
    adam.apply_gradients([(ops.ones((1,)), a), (ops.ones((2,)), b)])
    kept = adam.slots["m"][1]
    adam.build([a, b])
    assert adam.slots["m"][1] is kept
    adam.build([b, c])
    assert adam.slots["m"][0] is kept and adam.slots["m"][1].shape == (3,) and int(adam.iterations) == 1
    adam.apply_gradients([(ops.ones((2,)), b), (ops.ones((3,)), c)])
    np.testing.assert_allclose(c.numpy(), 0.9, atol=0.05)


def test_order_of_old_files():
    variables = [Variable(np.zeros(s), name=f"v{s[0]}") for s in ((1,), (2,))]
    adam = optimizers.Adam()
    adam.build(variables)
    m, v = [np.full(1, 1.0), np.full(2, 2.0)], [np.full(1, 3.0), np.full(2, 4.0)]
    assert adam.set_weights_by_slot([np.int64(7), *m, *v, np.zeros(1), np.zeros(1)])  # Keras 2.3 writes dummies
    assert [float(w.numpy().reshape(-1)[0]) for w in adam.variables] == [7, 1, 3, 2, 4]
    assert not adam.set_weights_by_slot([np.int64(7), *v[::-1], *m])
    rms = optimizers.RMSprop()
    rms.build(variables)
    assert rms.set_weights_by_slot(m)  # Keras 1: no counter
    assert rms.slots["velocity"][1].numpy()[0] == 2.0
    assert len(adam.variables()) == 5  # callable, as in Keras 2


class Keras2Style(optimizers.Optimizer):
    """tf.keras 2.11's way."""

    def __init__(self, learning_rate=0.1, name="Mine", **kwargs):
        super().__init__(name=name, **kwargs)
        self._learning_rate = self._build_learning_rate(learning_rate)

    def build(self, var_list):
        super().build(var_list)
        if getattr(self, "_built", False):
            return
        self._built = True
        self.sums = [self.add_variable_from_reference(model_variable=v, variable_name="s") for v in var_list]

    def update_step(self, gradient, variable):
        lr = ops.cast(self.learning_rate, variable.dtype)
        s = self.sums[self._index_dict[self._var_key(variable)]]
        s.assign_add(gradient * gradient)
        variable.assign_sub(lr * gradient / (1.0 + s) / ops.cast(self.iterations + 1, variable.dtype))

    def get_config(self):
        return {**super().get_config(), "learning_rate": self._serialize_hyperparameter(self._learning_rate)}


class Keras3Style(optimizers.Optimizer):
    """Keras 3's way."""

    def __init__(self, learning_rate=0.1, name="mine", **kwargs):
        super().__init__(learning_rate=learning_rate, name=name, **kwargs)

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self.sums = [self.add_variable_from_reference(reference_variable=v, name="s") for v in variables]

    def update_step(self, gradient, variable, learning_rate):
        s = self.sums[self._get_variable_index(variable)]
        self.assign_add(s, gradient * gradient)
        self.assign_sub(variable, learning_rate * gradient / (1.0 + s) / ops.cast(self.iterations + 1, variable.dtype))


@pytest.mark.parametrize("cls", [Keras2Style, Keras3Style])
def test_optimizers_written_by_users(backend, cls):
    mine, v = cls(0.5), Variable(np.ones((2,)), name="v")
    w, s = 1.0, 0.0
    for t in (1, 2, 3):
        mine.apply_gradients([(ops.convert_to_tensor(np.full(2, 0.1 * t, "float32")), v)])
        s += (0.1 * t) ** 2
        w -= 0.5 * 0.1 * t / (1 + s) / t
    np.testing.assert_allclose(v.numpy(), w, rtol=1e-5)
    np.testing.assert_allclose(mine.variables[1].numpy(), s, rtol=1e-5)
    assert list(mine.slots) == ["state"] and int(mine.iterations) == 3
    assert cls.from_config(mine.get_config()).get_config() == mine.get_config()


def test_own_step_may_call_the_built_in_one(backend):
    class Halved(optimizers.Adam):
        def update_step(self, gradient, variable, learning_rate=None):
            super().update_step(gradient * 0.5, variable)

    plain, halved = optimizers.Adam(0.1), Halved(0.1)
    a, b = Variable(np.ones((2,)), name="a"), Variable(np.ones((2,)), name="b")
    for _ in range(3):
        plain.apply_gradients([(ops.ones((2,)) * 0.5, a)])
        halved.apply_gradients([(ops.ones((2,)), b)])
    np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-6)


def test_without_a_rule():
    with pytest.raises(NotImplementedError, match="update_step"):
        optimizers.Optimizer(learning_rate=0.1).apply_gradients([(ops.ones((1,)), Variable(np.ones((1,)), name="v"))])
    with pytest.raises(ValueError, match="learning_rate"):
        float(optimizers.Optimizer().learning_rate)
