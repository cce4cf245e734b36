"""Keras models as scikit-learn estimators, against what Keras 2.3 documents of them."""

import numpy as np
import pytest

import kshim
from kshim.wrappers.scikit_learn import KerasClassifier, KerasRegressor


def build(hidden=8, classes=2, loss="categorical_crossentropy"):
    layers = [
        kshim.layers.Dense(hidden, activation="relu", input_shape=(3,)),
        kshim.layers.Dense(classes, activation="softmax"),
    ]
    model = kshim.Sequential(layers)
    model.compile("adam", loss, metrics=["accuracy"])
    return model


@pytest.fixture
def data():
    x = np.random.RandomState(0).randn(80, 3).astype("float32")
    return x, np.where(x[:, 0] > 0, "yes", "no")


@pytest.mark.parametrize("loss", ["categorical_crossentropy", "sparse_categorical_crossentropy"])
def test_classifier(data, loss):
    x, y = data
    estimator = KerasClassifier(build_fn=build, hidden=16, loss=loss, epochs=30, batch_size=16, verbose=0)
    history = estimator.fit(x, y)
    assert len(history.history["loss"]) == 30 and list(estimator.classes_) == ["no", "yes"]
    assert estimator.model.layers[0].units == 16
    assert set(estimator.predict(x)) <= {"no", "yes"}
    assert (
        estimator.score(x, y) == pytest.approx((estimator.predict(x) == y).mean(), abs=1e-6)
        and estimator.score(x, y) > 0.8
    )
    p = estimator.predict_proba(x, batch_size=7)
    assert p.shape == (80, 2)
    np.testing.assert_allclose(p.sum(-1), 1, rtol=1e-5)


def test_parameters():
    estimator = KerasClassifier(build, hidden=4, epochs=2)
    assert estimator.get_params() == {"hidden": 4, "epochs": 2, "build_fn": build}
    assert estimator.set_params(hidden=5) is estimator and estimator.get_params()["hidden"] == 5
    assert KerasClassifier(**estimator.get_params()).get_params() == estimator.get_params()
    with pytest.raises(ValueError, match="hiden is not a legal parameter. Did you mean 'hidden'"):
        KerasClassifier(build, hiden=4)


def test_class_as_builder_and_one_output(data):
    class Mine(KerasClassifier):
        def __call__(self, units=2):
            model = kshim.Sequential(
                [kshim.layers.Dense(units, input_shape=(3,)), kshim.layers.Dense(1, activation="sigmoid")]
            )
            model.compile("sgd", "binary_crossentropy")
            return model

    x, y = data
    estimator = Mine(units=4, epochs=1, verbose=0)
    estimator.fit(x, y)
    assert estimator.predict_proba(x).shape == (80, 2)
    with pytest.raises(ValueError, match="metrics="):
        estimator.score(x, y)


def test_regressor(data):
    def make():
        model = kshim.Sequential([kshim.layers.Dense(1, input_shape=(3,))])
        model.compile("sgd", "mse")
        return model

    x, _ = data
    y = x @ np.array([1.0, 2.0, 3.0])
    estimator = KerasRegressor(make, epochs=20, verbose=0)
    estimator.fit(x, y)
    assert estimator.predict(x).shape == (80,)
    assert estimator.score(x, y, verbose=0) == pytest.approx(-np.mean((estimator.predict(x) - y) ** 2), rel=1e-3)
