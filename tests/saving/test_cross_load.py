"""Files of kshim in tf_keras and Keras 3, and theirs here."""

import json

import h5py
import numpy as np
import pytest

import kshim
from kshim.saving import load_model

#: The oracles warn of their own deprecations and file formats.
pytestmark = pytest.mark.filterwarnings("ignore")

OPTIMIZERS = ("sgd", "rmsprop", "adam", "adagrad", "adadelta", "adamax", "nadam", "ftrl")


@pytest.mark.parametrize("oracle", ["tf_keras", "keras3"])
def test_others_read_our_files(oracle, builder, randomise, same, tmp_path, request):
    other = request.getfixturevalue(oracle)
    model = randomise(builder(kshim))
    path = str(tmp_path / "m.h5")
    model.save(path)
    same(model, other.models.load_model(path, compile=False))
    same(model, load_model(path, compile=False))


@pytest.mark.parametrize("oracle", ["tf_keras", "keras3"])
def test_we_read_their_files(oracle, builder, randomise, same, tmp_path, request):
    other = request.getfixturevalue(oracle)
    if oracle == "keras3" and builder.__name__ == "_functional":
        pytest.skip(
            "Keras 3 writes the mask of an Embedding as a NotEqual layer that depends on its own layers' internals"
        )
    model = randomise(builder(other))
    path = str(tmp_path / "m.h5")
    model.save(path)
    same(model, load_model(path, compile=False))


def test_they_read_our_weights(tf_keras, builder, randomise, same, tmp_path):
    model, other = randomise(builder(kshim)), builder(tf_keras)
    path = str(tmp_path / "w.h5")
    model.save_weights(path)
    other.load_weights(path)
    same(model, other)
    again = builder(kshim)
    other.save_weights(path)
    again.load_weights(path)
    same(model, again)


def _small(K, optimizer="adam"):
    L = K.layers
    model = K.Sequential([L.Dense(6, input_shape=(4,), activation="tanh"), L.Dense(3, activation="softmax")])
    model.compile(optimizer, "categorical_crossentropy", metrics=["accuracy", "mae"], run_eagerly=K is not kshim)
    return model


def _loaded(K, path):
    """A compiled model that the other Keras reads, running step by step: making its functions would take seconds."""
    model = K.models.load_model(path)
    model.run_eagerly = True
    return model


def _data():
    rng = np.random.default_rng(0)
    return rng.normal(size=(32, 4)).astype("float32"), np.eye(3, dtype="float32")[rng.integers(0, 3, 32)]


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_tf_keras_goes_on_training_ours(tf_keras, optimizer, tmp_path):
    x, y = _data()
    model = _small(kshim, optimizer)
    model.fit(x, y, epochs=2, shuffle=False, verbose=0)
    path = str(tmp_path / "m.h5")
    model.save(path)
    other = _loaded(tf_keras, path)
    assert int(other.optimizer.iterations) == int(model.optimizer.iterations) == 2
    assert other.evaluate(x, y, verbose=0, return_dict=True) == pytest.approx(
        model.evaluate(x, y, verbose=0, return_dict=True), rel=1e-5
    )
    for m in (model, other):
        m.fit(x, y, epochs=2, shuffle=False, verbose=0)
    for a, b in zip(model.get_weights(), other.get_weights()):
        np.testing.assert_allclose(a, b, **_close(optimizer))


def _close(optimizer):
    # tf_keras counts the steps of Nadam's momentum schedule in a Python number, which stands still inside tf.function
    return {"rtol": 2e-5, "atol": 2e-6 if optimizer != "nadam" else 2e-3}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_we_go_on_training_theirs(tf_keras, optimizer, tmp_path):
    x, y = _data()
    other = _small(tf_keras, optimizer)
    other.fit(x, y, epochs=2, shuffle=False, verbose=0)
    path = str(tmp_path / "m.h5")
    other.save(path)
    model = load_model(path)
    assert model.evaluate(x, y, verbose=0, return_dict=True) == pytest.approx(
        other.evaluate(x, y, verbose=0, return_dict=True), rel=1e-5
    )
    for m in (model, other):
        m.fit(x, y, epochs=2, shuffle=False, verbose=0)
    for a, b in zip(model.get_weights(), other.get_weights()):
        np.testing.assert_allclose(a, b, **_close(optimizer))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_keras3_compiled_both_ways(keras3, optimizer, tmp_path):
    x, y = _data()
    model = _small(kshim, optimizer)
    model.optimizer.learning_rate = 0.03
    model.fit(x, y, epochs=1, verbose=0)
    path = str(tmp_path / "m.h5")
    model.save(path)
    other = _loaded(keras3, path)
    if optimizer in ("adam", "sgd", "adamax", "adadelta"):
        assert float(other.optimizer.learning_rate) == pytest.approx(0.03)
    assert other.evaluate(x, y, verbose=0, return_dict=True) == pytest.approx(
        model.evaluate(x, y, verbose=0, return_dict=True), rel=1e-5
    )
    theirs = _small(keras3, optimizer)
    theirs.fit(x, y, epochs=2, shuffle=False, verbose=0)
    theirs.save(path)
    ours = load_model(path)
    assert int(ours.optimizer.iterations) == 2
    assert ours.evaluate(x, y, verbose=0, return_dict=True) == pytest.approx(
        theirs.evaluate(x, y, verbose=0, return_dict=True), rel=1e-5
    )
    if optimizer in ("adam", "rmsprop", "adagrad"):
        for m in (ours, theirs):
            m.fit(x, y, epochs=2, shuffle=False, verbose=0)
        for a, b in zip(ours.get_weights(), theirs.get_weights()):
            np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("oracle", ["tf_keras", "keras3"])
def test_losses_and_metrics_of_every_form(oracle, tmp_path, request):
    other = request.getfixturevalue(oracle)
    x, y = _data()
    choices = [
        ("mse", ["mae", "mape"]),
        ("mean_absolute_error", ["msle", "cosine_similarity"]),
        (kshim.losses.Huber(delta=0.5), [kshim.metrics.RootMeanSquaredError()]),
        ("kld", ["acc", kshim.metrics.AUC(num_thresholds=50)]),
        (kshim.losses.CategoricalCrossentropy(label_smoothing=0.1), [kshim.metrics.TopKCategoricalAccuracy(2)]),
        ("hinge", ["categorical_accuracy", "logcosh"]),
        ("poisson", ["kullback_leibler_divergence", kshim.metrics.Precision(name="prec")]),
        (["categorical_hinge"], [["accuracy"]]),
        ("squared_hinge", None),
        (kshim.losses.mean_squared_error, [kshim.metrics.mean_absolute_error]),
    ]
    for i, (loss, metrics) in enumerate(choices):
        model = kshim.Sequential([kshim.layers.Dense(3, input_shape=(4,), activation="softmax")])
        model.compile("sgd", loss, metrics=metrics)
        path = str(tmp_path / f"m{i}.h5")
        model.save(path)
        expected = model.evaluate(x, y, verbose=0, return_dict=True)
        assert load_model(path).evaluate(x, y, verbose=0, return_dict=True) == pytest.approx(expected, rel=1e-6)
        found = _loaded(other, path).evaluate(x, y, verbose=0, return_dict=True)
        assert list(found.values()) == pytest.approx([expected[k] for k in _paired(found, expected)], rel=1e-4), (
            loss,
            metrics,
        )


def _paired(found, expected):
    """Keras 3 sorts its logs and names some metrics by their function; the same set of values is what counts."""
    if set(found) == set(expected):
        return list(found)
    rest = [k for k in expected if k not in found]
    return [k if k in expected else rest.pop(0) for k in found]


def test_schedule_and_weight_names(tf_keras, keras3, tmp_path):
    x, y = _data()
    model = kshim.Sequential(
        [kshim.layers.LSTM(3, input_shape=(2, 2), name="memory"), kshim.layers.Dense(3, name="head")]
    )
    rate = kshim.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)
    model.compile(kshim.optimizers.Adam(rate, clipnorm=1.0), "mse")
    x = x.reshape(32, 2, 2)
    model.fit(x, y, verbose=0)
    path = str(tmp_path / "m.h5")
    model.save(path)
    for load in (tf_keras.models.load_model, keras3.models.load_model, load_model):
        other = load(path)
        np.testing.assert_allclose(other.predict(x, verbose=0), model.predict(x, verbose=0), atol=1e-5)
    with h5py.File(path) as f:
        names = [n.decode() for n in f["model_weights/memory"].attrs["weight_names"]]
        assert names == ["memory/lstm_cell/kernel:0", "memory/lstm_cell/recurrent_kernel:0", "memory/lstm_cell/bias:0"]
        assert [n.decode() for n in f["model_weights/head"].attrs["weight_names"]] == ["head/kernel:0", "head/bias:0"]
        assert [n.decode() for n in f["optimizer_weights"].attrs["weight_names"]][:2] == [
            "Adam/iter:0",
            "Adam/memory/lstm_cell/kernel/m:0",
        ]
        config = json.loads(f.attrs["model_config"])
        assert config["config"]["layers"][0]["class_name"] == "InputLayer"


def test_tensors_as_keywords_go_to_tf_keras(tf_keras, randomise, same, tmp_path):
    L = kshim.layers
    x, h, c = kshim.Input((5, 2)), kshim.Input((3,)), kshim.Input((3,))
    out = L.LSTM(3, return_state=True)(x, initial_state=[h, c])
    model = randomise(kshim.Model([x, h, c], [out[0], L.Dense(2)(out[2])]))
    path = str(tmp_path / "m.h5")
    model.save(path)
    same(model, tf_keras.models.load_model(path, compile=False))
    same(model, load_model(path))


def test_inputs_and_outputs_by_name(tf_keras, keras3, randomise, tmp_path):
    x, y = kshim.Input((4,), name="x"), kshim.Input((4,), name="y")
    dense = kshim.layers.Dense(3)
    model = randomise(kshim.Model({"x": x, "y": y}, {"sum": kshim.layers.Add()([dense(x), dense(y)])}))
    path = str(tmp_path / "m.h5")
    model.save(path)
    data = {"x": np.ones((2, 4), "float32"), "y": np.full((2, 4), 2, "float32")}
    expected = model.predict(data, verbose=0)["sum"]
    for load in (tf_keras.models.load_model, keras3.models.load_model, load_model):
        np.testing.assert_allclose(load(path, compile=False).predict(data, verbose=0)["sum"], expected, rtol=1e-6)


def test_hyperparameters_of_other_eras(tf_keras, keras3, tmp_path):
    """Keras 2.3's decay becomes the same schedule for the others; legacy optimizers stay what they are for tf_keras."""
    x, y = _data()
    path = str(tmp_path / "m.h5")
    for optimizer in (
        kshim.optimizers.RMSprop(lr=0.02, decay=0.1),
        kshim.optimizers.legacy.RMSprop(0.02),
        kshim.optimizers.legacy.Adam(0.02),
    ):
        model = _small(kshim, optimizer)
        model.fit(x, y, epochs=2, shuffle=False, verbose=0)
        model.save(path)
        again, other = load_model(path), _loaded(tf_keras, path)
        assert type(again.optimizer) is type(optimizer)
        assert again.optimizer.get_config() == optimizer.get_config()
        assert isinstance(other.optimizer, tf_keras.optimizers.legacy.Optimizer) == isinstance(
            optimizer, kshim.optimizers.legacy.Optimizer
        )
        for m in (model, again, other):
            m.fit(x, y, epochs=2, shuffle=False, verbose=0)
        for a, b, c in zip(model.get_weights(), again.get_weights(), other.get_weights()):
            np.testing.assert_array_equal(a, b)
            np.testing.assert_allclose(a, c, rtol=2e-5, atol=2e-6)
        keras3.models.load_model(path)
