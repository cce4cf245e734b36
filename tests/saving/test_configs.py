"""Architectures as JSON and dictionaries, clones, and custom objects."""

import json

import numpy as np
import pytest

import kshim
from kshim import layers as L
from kshim import models, ops
from kshim.engine.objects import get_custom_objects
from kshim.saving import load_model, register_keras_serializable
from kshim.saving.legacy import translated


def test_json_both_ways(tf_keras, builder, randomise, same):
    model = randomise(builder(kshim))
    for other in (
        models.model_from_json(model.to_json()),
        type(model).from_config(model.get_config()),
        models.clone_model(model),
    ):
        assert [layer.name for layer in other.layers] == [layer.name for layer in model.layers]
        other.set_weights(model.get_weights())
        same(model, other)
    config = json.loads(model.to_json(indent=2))
    assert config["class_name"] in ("Functional", "Sequential") and config["backend"] == "tensorflow"
    theirs = builder(tf_keras)
    again = models.model_from_json(json.dumps(theirs.to_json()))  # the string of the string
    again.set_weights(theirs.get_weights())
    same(again, theirs)


def test_own_oplayers(randomise, same, tmp_path):
    x = kshim.Input((6, 4))
    y = ops.mean(x[:, 1:4] * 2.0 - 1.0, axis=1)
    y = ops.concatenate([y, ops.relu(y) + 1], axis=-1)
    model = randomise(kshim.Model(x, L.Dense(2)(y)))
    model.save(tmp_path / "m.h5")
    same(model, load_model(tmp_path / "m.h5", compile=False))


def test_files_and_configs_are_not_changed():
    model = kshim.Sequential([L.LSTM(2, input_shape=(3, 2)), L.Dense(1)])
    config = model.get_config()
    before = json.dumps(config, default=str)
    kshim.Sequential.from_config(config)
    assert json.dumps(config, default=str) == before


class Scale(L.Layer):
    def __init__(self, factor=2.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def build(self, input_shape):
        self.scale = self.add_weight(name="scale", shape=(input_shape[-1],), initializer="ones")

    def call(self, inputs):
        return inputs * self.scale * self.factor

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


def my_loss(y_true, y_pred):
    return ops.mean(ops.abs(y_true - y_pred) ** 3, axis=-1)


def my_metric(y_true, y_pred):
    return ops.max(y_pred, axis=-1)


def my_activation(x):
    return x * 0.5


CUSTOM = {"Scale": Scale, "my_loss": my_loss, "my_metric": my_metric, "my_activation": my_activation}


def _custom_model():
    model = kshim.Sequential([L.Dense(3, activation=my_activation, input_shape=(4,)), Scale(3.0), L.Dense(1)])
    model.compile("adam", my_loss, metrics=[my_metric, "mae"])
    return model


def test_custom_objects(tf_keras, tmp_path):
    x, y = np.ones((6, 4), "float32"), np.zeros((6, 1), "float32")
    model = _custom_model()
    model.fit(x, y, verbose=0)
    path = str(tmp_path / "m.h5")
    model.save(path)
    with pytest.raises(ValueError, match="Unknown activation: 'my_activation'"):
        load_model(path)
    with pytest.raises(ValueError, match="Unknown layer: 'Scale'"):
        load_model(path, custom_objects={"my_activation": my_activation})
    expected = model.evaluate(x, y, verbose=0, return_dict=True)
    assert load_model(path, custom_objects=CUSTOM).evaluate(x, y, verbose=0, return_dict=True) == pytest.approx(
        expected
    )
    with kshim.utils.custom_object_scope(CUSTOM):
        assert load_model(path).evaluate(x, y, verbose=0, return_dict=True) == pytest.approx(expected)
    get_custom_objects().update(CUSTOM)
    try:
        assert load_model(path).layers[1].factor == 3.0
    finally:
        for name in CUSTOM:
            del get_custom_objects()[name]

    class TheirScale(tf_keras.layers.Layer):
        def __init__(self, factor=2.0, **kwargs):
            super().__init__(**kwargs)
            self.factor = factor

        def build(self, input_shape):
            self.scale = self.add_weight(name="scale", shape=(input_shape[-1],), initializer="ones")

        def call(self, inputs):
            return inputs * self.scale * self.factor

    theirs = tf_keras.models.load_model(
        path, custom_objects={"Scale": TheirScale, "my_activation": lambda x: x * 0.5}, compile=False
    )
    np.testing.assert_allclose(theirs.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-5)


def test_registered_classes(tmp_path):
    @register_keras_serializable(package="tests")
    class Shift(L.Layer):
        def call(self, inputs):
            return inputs + 1

    model = kshim.Sequential([L.Dense(2, input_shape=(3,)), Shift(name="shift")])
    assert json.loads(model.to_json())["config"]["layers"][2]["class_name"] == "tests>Shift"
    model.save(tmp_path / "m.h5")
    assert type(load_model(tmp_path / "m.h5", compile=False).layers[1]) is Shift


def test_clone_with_a_function():
    model = kshim.Sequential([L.Dense(3, input_shape=(4,)), L.Dense(2)])

    def wider(layer):
        return type(layer).from_config({**layer.get_config(), "units": layer.units + 1})

    clone = models.clone_model(model, clone_function=wider)
    assert [w.shape for w in clone.get_weights()] == [(4, 4), (4,), (4, 3), (3,)]
    x = kshim.Input((4,))
    functional = kshim.Model(x, model(x))
    other = kshim.Input((4,))
    again = models.clone_model(functional, input_tensors=[other])
    assert again.inputs[0] is other and again.output_shape == (None, 2)


def test_defaults_of_the_writer():
    """A missing key means what it meant to the version that wrote the file."""
    gru = {"class_name": "GRU", "config": {"units": 2, "name": "g"}}
    assert translated(gru, "2.1.3")["config"] == {
        "units": 2,
        "name": "g",
        "reset_after": False,
        "recurrent_activation": "hard_sigmoid",
    }
    assert "reset_after" not in translated(gru, "2.2.4-tf")["config"]
    act = {"class_name": "Activation", "config": {"activation": "hard_sigmoid"}}
    assert translated(act, "2.4.0")["config"]["activation"] == "hard_sigmoid"
    layer = L.registry.deserialize(translated(act, "3.1.0"))
    np.testing.assert_allclose(np.asarray(layer(np.array([1.5], "float32"))), [0.75])
    assert layer.get_config()["activation"] == "hard_sigmoid_3"
    policy = {"class_name": "DTypePolicy", "config": {"name": "float32"}, "module": "keras", "registered_name": None}
    assert translated({"class_name": "Dense", "config": {"units": 1, "dtype": policy}})["config"]["dtype"] == "float32"


def test_bad_configs():
    with pytest.raises(TypeError, match="list of a Sequential"):
        models.model_from_config([])
    with pytest.raises(ValueError, match="not a model's JSON"):
        models.model_from_json("{")
    with pytest.raises(ValueError, match="Unknown layer: 'Dens'. Did you mean 'Dense'"):
        models.model_from_config({"class_name": "Sequential", "config": [{"class_name": "Dens", "config": {}}]})
    with pytest.raises(RuntimeError, match="removed"):
        models.model_from_yaml("")
