"""Names, order and values of logs for many compile() arguments, against tf_keras."""

import functools

import numpy as np
import pytest

rng = np.random.default_rng(0)
X = rng.normal(size=(12, 4)).astype("float32")
CLASSES = rng.integers(0, 3, size=12)
ONE_HOT = np.eye(3, dtype="float32")[CLASSES]
BINARY = rng.integers(0, 2, size=(12, 1)).astype("float32")
REAL = rng.normal(size=(12, 2)).astype("float32")
WEIGHT = rng.uniform(size=12).astype("float32")
BOTH = [ONE_HOT, REAL]


def _one(units, activation):
    def make(k):
        inputs = k.Input((4,), name="inp")
        return k.Model(inputs, k.layers.Dense(units, activation=activation, name="out")(inputs))

    return make


def _two(k):
    inputs = k.Input((4,), name="inp")
    return k.Model(
        inputs, [k.layers.Dense(3, activation="softmax", name="a")(inputs), k.layers.Dense(2, name="b")(inputs)]
    )


def _two_dict(k):
    inputs = k.Input((4,), name="inp")
    return k.Model(
        inputs,
        {"q": k.layers.Dense(3, activation="softmax", name="a")(inputs), "p": k.layers.Dense(2, name="b")(inputs)},
    )


SOFTMAX, SIGMOID, LINEAR = _one(3, "softmax"), _one(1, "sigmoid"), _one(2, None)


def _metric(k):
    def my_metric(y_true, y_pred):
        return k.losses.mean_absolute_error(y_true, y_pred)

    return my_metric


def _loss(k):
    def my_loss(y_true, y_pred):
        return k.losses.mean_squared_error(y_true, y_pred)

    return my_loss


def _const(**arguments):
    return lambda k: dict(arguments)


CCE = "categorical_crossentropy"
SPARSE = "sparse_categorical_crossentropy"
CASES = {
    f"string-{m}": (SOFTMAX, ONE_HOT, _const(loss=CCE, metrics=[m]), {})
    for m in ("accuracy", "acc", "Accuracy", "MAE", "mean_squared_error", "ce", "AUC", "cosine_similarity")
}
CASES |= {
    "sparse": (SOFTMAX, CLASSES, _const(loss=SPARSE, metrics=["accuracy"]), {}),
    "sparse-column": (SOFTMAX, CLASSES[:, None], _const(loss=SPARSE, metrics=["acc", SPARSE, "ce"]), {}),
    "binary": (
        SIGMOID,
        BINARY,
        _const(loss="binary_crossentropy", metrics=["accuracy", "AUC", "Precision", "Recall"]),
        {},
    ),
    "binary-1d": (SIGMOID, BINARY[:, 0], _const(loss="binary_crossentropy", metrics=["acc", "binary_accuracy"]), {}),
    "bare-string": (LINEAR, REAL, _const(loss="mse", metrics="mae"), {}),
    "objects": (
        LINEAR,
        REAL,
        lambda k: {
            "loss": k.losses.MeanSquaredError(),
            "metrics": [k.metrics.MeanAbsoluteError(), k.metrics.RootMeanSquaredError(name="rmse")],
        },
        {},
    ),
    "functions": (
        LINEAR,
        REAL,
        lambda k: {
            "loss": _loss(k),
            "metrics": [_metric(k), k.losses.mean_squared_error, k.metrics.mean_absolute_error],
        },
        {},
    ),
    "nested-single": (LINEAR, REAL, _const(loss="mse", metrics=[["mae", "mse"]]), {}),
    "lists-of-one": (LINEAR, REAL, _const(loss=["mse"], metrics=["mae"], loss_weights=[2.0]), {}),
    "dicts-of-one": (LINEAR, REAL, _const(loss={"out": "mse"}, metrics={"out": ["mae", "mse"]}), {}),
    "weighted": (
        LINEAR,
        REAL,
        _const(loss="mse", metrics=["mae"], weighted_metrics=["mae", "mse"]),
        {"sample_weight": WEIGHT},
    ),
    "weighted-none": (
        LINEAR,
        REAL,
        _const(loss="mse", metrics=["mae"], weighted_metrics=[]),
        {"sample_weight": WEIGHT},
    ),
    "class-weight": (
        SOFTMAX,
        CLASSES,
        _const(loss=SPARSE, metrics=["accuracy"], weighted_metrics=["accuracy"]),
        {"class_weight": {0: 1.0, 1: 2.0, 2: 0.5}},
    ),
    "sum": (LINEAR, REAL, lambda k: {"loss": k.losses.MeanSquaredError(reduction="sum"), "metrics": ["mae"]}, {}),
    "two-one-loss": (_two, BOTH, _const(loss="mse", metrics=["mae"]), {}),
    "two-flat": (_two, BOTH, _const(loss=[CCE, "mse"], metrics=["accuracy", "mae"]), {}),
    "two-flat-none": (_two, BOTH, _const(loss=[CCE, "mse"], metrics=[None, "mae"]), {}),
    "two-nested": (_two, BOTH, _const(loss=[CCE, "mse"], metrics=[["accuracy"], ["mae", "mse"]]), {}),
    "two-nested-empty": (_two, BOTH, _const(loss=[CCE, "mse"], metrics=[["accuracy", "mse"], []]), {}),
    "two-mixed": (_two, BOTH, _const(loss=[CCE, "mse"], metrics=["accuracy", ["mae", "mse"]]), {}),
    "two-dicts": (
        _two,
        BOTH,
        lambda k: {
            "loss": {"a": CCE, "b": "mse"},
            "metrics": {"a": "accuracy", "b": ["mae", k.metrics.MeanSquaredError(name="m2")]},
            "loss_weights": {"a": 0.3, "b": 2.0},
        },
        {},
    ),
    "two-dict-targets": (
        _two,
        {"b": REAL, "a": ONE_HOT},
        _const(loss={"b": "mse", "a": CCE}, metrics={"b": "mae"}, loss_weights=[0.5, 1]),
        {},
    ),
    "two-one-trained": (_two, {"b": REAL}, _const(loss={"b": "mse"}, metrics={"b": "mae"}), {}),
    "two-loss-none": (_two, BOTH, _const(loss=[CCE, None], metrics={"a": "acc"}), {}),
    "two-weighted": (
        _two,
        BOTH,
        _const(loss=[CCE, "mse"], loss_weights=[0.5, 2.0], metrics=["mae"], weighted_metrics=["mse", "mae"]),
        {"sample_weight": WEIGHT},
    ),
    "two-weight-list": (
        _two,
        BOTH,
        _const(loss=[CCE, "mse"], metrics=["mae"], weighted_metrics={"a": "acc"}),
        {"sample_weight": [WEIGHT, WEIGHT * 2]},
    ),
    "two-weight-dict": (
        _two,
        {"a": ONE_HOT, "b": REAL},
        _const(loss=[CCE, "mse"], weighted_metrics=["mae"]),
        {"sample_weight": {"a": WEIGHT}},
    ),
    "dict-outputs": (
        _two_dict,
        {"q": ONE_HOT, "p": REAL},
        _const(loss={"q": CCE, "p": "mse"}, metrics={"q": "accuracy"}, loss_weights={"q": 2.0, "p": 0.1}),
        {},
    ),
}


def _run(k, name, weights=None):
    make, y, arguments, fit = CASES[name]
    model = make(k)
    if weights is not None:
        model.set_weights(weights)
    start = model.get_weights()
    model.compile(optimizer=k.optimizers.SGD(0.1), **arguments(k))
    history = model.fit(X, y, epochs=2, batch_size=5, shuffle=False, verbose=0, validation_data=(X, y), **fit).history
    weighting = {k: v for k, v in fit.items() if k == "sample_weight"}
    return start, {
        "history": {k: [float(i) for i in v] for k, v in history.items()},
        "metrics_names": list(model.metrics_names),
        "evaluate": np.ravel(model.evaluate(X, y, verbose=0, batch_size=5, **weighting)).tolist(),
        "evaluate_dict": {
            k: float(v) for k, v in model.evaluate(X, y, verbose=0, batch_size=5, return_dict=True).items()
        },
        "train_on_batch": np.ravel(model.train_on_batch(X, y)).tolist(),
        "test_on_batch": {k: float(v) for k, v in model.test_on_batch(X, y, return_dict=True).items()},
    }


@functools.lru_cache(None)
def _expected(k, name):
    return _run(k, name)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", CASES)
def test_logs_have_the_names_order_and_values_of_keras(name, backend, tf_keras):
    import kshim

    weights, expected = _expected(tf_keras, name)
    _, found = _run(kshim, name, weights)
    for what, want in expected.items():
        got = found[what]
        assert (
            list(got) == list(want) if isinstance(want, dict) or what == "metrics_names" else len(got) == len(want)
        ), what
        if what != "metrics_names":
            pairs = [(got[i], want[i]) for i in want] if isinstance(want, dict) else [(got, want)]
            for g, w in pairs:
                np.testing.assert_allclose(g, w, rtol=2e-5, atol=1e-5, err_msg=what)


def test_names_are_known_before_training(backend):
    import kshim

    model = _two(kshim)
    model.compile("sgd", [CCE, "mse"], metrics=["accuracy", ["mae", "mse"]])
    assert model.metrics_names == ["loss", "a_loss", "b_loss", "a_accuracy", "b_mae", "b_mse"]


def test_a_repeated_metric_is_numbered(backend):
    import kshim

    model = LINEAR(kshim)
    model.compile("sgd", "mse", metrics=["mae", "mae"])
    model.fit(X, REAL, verbose=0)
    assert model.metrics_names == ["loss", "mae", "mae_1"]
