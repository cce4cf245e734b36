"""Metrics against tf_keras: two updates, with and without weights; configs; names."""

import numpy as np
import pytest

from kshim import metrics, ops

R = np.random.RandomState(5)
T, P = R.rand(8, 3).astype("float32"), R.rand(8, 3).astype("float32")
BITS = (R.rand(8, 3) > 0.5).astype("float32")
SIGNS = BITS * 2 - 1
ONE_HOT = np.eye(3, dtype="float32")[R.randint(0, 3, 8)]
LABELS = R.randint(0, 3, 8)
W = np.array([1.0, 0.0, 2.0, 0.5, 3.0, 1.0, 0.25, 1.0], "float32")
TIES = np.round(P * 4) / 4

CASES = [
    ("Accuracy", {}, LABELS, R.randint(0, 3, 8)), ("BinaryAccuracy", {}, BITS, P),
    ("BinaryAccuracy", {"threshold": 0.3}, BITS, P), ("CategoricalAccuracy", {}, ONE_HOT, P),
    ("SparseCategoricalAccuracy", {}, LABELS, P), ("SparseCategoricalAccuracy", {}, LABELS[:, None], P),
    ("TopKCategoricalAccuracy", {"k": 2}, ONE_HOT, TIES), ("SparseTopKCategoricalAccuracy", {"k": 2}, LABELS, TIES),
    ("MeanSquaredError", {}, T, P), ("MeanAbsoluteError", {}, T, P), ("MeanAbsolutePercentageError", {}, T, P),
    ("MeanSquaredLogarithmicError", {}, T, P), ("RootMeanSquaredError", {}, T, P), ("LogCoshError", {}, T, P),
    ("CosineSimilarity", {}, T, P), ("Poisson", {}, T, P), ("KLDivergence", {}, T, P), ("Hinge", {}, SIGNS, P),
    ("Hinge", {}, BITS, P), ("SquaredHinge", {}, SIGNS, P), ("CategoricalHinge", {}, ONE_HOT, P),
    ("BinaryCrossentropy", {}, BITS, P), ("BinaryCrossentropy", {"from_logits": True}, BITS, P * 4),
    ("CategoricalCrossentropy", {"label_smoothing": 0.1}, ONE_HOT, P),
    ("SparseCategoricalCrossentropy", {}, LABELS, P),
    ("SparseCategoricalCrossentropy", {"ignore_class": 1}, LABELS, P),
    ("MeanRelativeError", {"normalizer": [1.0, 0.0, 2.0]}, T, P), ("TruePositives", {}, BITS, P),
    ("FalsePositives", {"thresholds": [0.2, 0.8]}, BITS, P),
    ("TrueNegatives", {"thresholds": [0.0, 0.5, 1.0]}, BITS, TIES), ("FalseNegatives", {}, BITS, P),
    ("Precision", {}, BITS, P), ("Precision", {"thresholds": [0.25, 0.5]}, BITS, TIES),
    ("Precision", {"top_k": 2}, BITS, P), ("Precision", {"class_id": 1}, BITS, P),
    ("Precision", {"top_k": 2, "class_id": 0}, BITS, P), ("Recall", {}, BITS, P), ("Recall", {"top_k": 1}, BITS, P),
    ("Recall", {"class_id": 2, "thresholds": 0.4}, BITS, P),
    ("SensitivityAtSpecificity", {"specificity": 0.6}, BITS, P),
    ("SpecificityAtSensitivity", {"sensitivity": 0.6, "num_thresholds": 11}, BITS, TIES),
    ("PrecisionAtRecall", {"recall": 0.7}, BITS, P),
    ("RecallAtPrecision", {"precision": 0.6, "num_thresholds": 1}, BITS, P),
    ("RecallAtPrecision", {"precision": 0.6, "class_id": 1}, BITS, P), ("AUC", {}, BITS, P),
    ("AUC", {"num_thresholds": 5}, BITS, TIES), ("AUC", {"curve": "PR"}, BITS, P),
    ("AUC", {"curve": "PR", "summation_method": "minoring"}, BITS, P),
    ("AUC", {"summation_method": "majoring", "num_thresholds": 7}, BITS, P), ("AUC", {"curve": "PR_GAIN"}, BITS, P),
    ("AUC", {"thresholds": [0.1, 0.6, 0.7]}, BITS, P), ("AUC", {"multi_label": True}, BITS, P),
    ("AUC", {"multi_label": True, "curve": "PR", "num_thresholds": 9, "label_weights": [1.0, 2.0, 0.5]}, BITS, P),
    ("AUC", {"multi_label": True, "thresholds": [0.3, 0.4]}, BITS, P),
    ("AUC", {"label_weights": [1.0, 2.0, 0.5]}, BITS, P), ("AUC", {"from_logits": True}, BITS, P * 6 - 3),
    ("FBetaScore", {"beta": 2.0}, ONE_HOT, P), ("FBetaScore", {"threshold": 0.4, "average": "micro"}, BITS, P),
    ("F1Score", {"average": "macro"}, ONE_HOT, P), ("F1Score", {"average": "weighted", "threshold": 0.5}, BITS, P),
    ("R2Score", {}, T, P), ("R2Score", {"class_aggregation": None}, T, P),
    ("R2Score", {"class_aggregation": "variance_weighted_average", "num_regressors": 2}, T, P),
    ("IoU", {"num_classes": 3, "target_class_ids": [0, 2]}, LABELS, R.randint(0, 3, 8)),
    ("MeanIoU", {"num_classes": 3}, LABELS, R.randint(0, 3, 8)),
    ("MeanIoU", {"num_classes": 4, "ignore_class": 1}, LABELS, R.randint(0, 3, 8)),
    ("BinaryIoU", {"threshold": 0.4}, BITS[:, 0], P[:, 0]),
    ("OneHotIoU", {"num_classes": 3, "target_class_ids": [1]}, ONE_HOT, P),
    ("OneHotMeanIoU", {"num_classes": 3}, ONE_HOT, P),
]  # fmt: skip
IDS = [f"{i}-{c[0]}" for i, c in enumerate(CASES)]


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize(("name", "kwargs", "y_true", "y_pred"), CASES, ids=IDS)
def test_values_of_keras(backend, tf_keras, name, kwargs, y_true, y_pred, weighted):
    import tensorflow as tf

    own, real = getattr(metrics, name)(**kwargs), getattr(tf_keras.metrics, name)(**kwargs)
    half = len(y_true) // 2
    for part in (slice(0, half), slice(half, None)):
        weight = W[part] if weighted else None
        real.update_state(tf.constant(y_true[part]), tf.constant(y_pred[part]), sample_weight=weight)
        own.update_state(ops.convert_to_tensor(y_true[part]), ops.convert_to_tensor(y_pred[part]), sample_weight=weight)
    expected = np.asarray(real.result())
    np.testing.assert_allclose(own.result().numpy(), expected, rtol=2e-5, atol=1e-6)
    assert [tuple(v.shape) for v in own.variables] == [tuple(v.shape) for v in real.variables]
    for mine, theirs in zip(own.variables, real.variables):
        np.testing.assert_allclose(mine.numpy(), theirs.numpy(), rtol=2e-5, atol=1e-6)
    own.reset_state()
    assert not any(v.numpy().any() for v in own.variables)


def plain(config):
    return {
        k: np.asarray(v).tolist() if isinstance(v, (np.ndarray, np.generic, list)) else v for k, v in config.items()
    }


@pytest.mark.parametrize(("name", "kwargs", "y_true", "y_pred"), CASES, ids=IDS)
def test_configs(tf_keras, name, kwargs, y_true, y_pred):
    own, real = getattr(metrics, name)(**kwargs, name="m"), getattr(tf_keras.metrics, name)(**kwargs, name="m")
    assert plain(own.get_config()) == plain(real.get_config())
    assert metrics.deserialize(metrics.serialize(own)).get_config() == own.get_config()
    assert type(tf_keras.metrics.deserialize(metrics.serialize(own))) is type(real)
    assert getattr(metrics, name)(**kwargs).name.split("_1")[0] == getattr(tf_keras.metrics, name)(
        **kwargs
    ).name.rstrip("_0123456789")


@pytest.mark.parametrize("name", ["Mean", "Sum"])
@pytest.mark.parametrize(
    ("values", "weight"),
    [
        (100.0, None), (100.0, 0.5), ([1.0, 5.0], [1.0, 0.2]), ([1.0, 2.0], 0.5), ([1.0, 5.0], [[1.0], [0.2]]),
        ([[1.0], [5.0]], [1.0, 0.2]),
        ([[[1.0, 2.0], [3.0, 2.0], [0.5, 4.0]]], [0.5]), (T, W[:, None]), (T, W),
    ],
)  # fmt: skip
def test_mean_and_sum(backend, tf_keras, name, values, weight):
    own, real = getattr(metrics, name)(), getattr(tf_keras.metrics, name)()
    for _ in range(2):
        expected = real(values, sample_weight=weight)
        np.testing.assert_allclose(own(values, sample_weight=weight).numpy(), np.asarray(expected), rtol=1e-6)


def test_mean_tensor(backend, tf_keras):
    own, real = metrics.MeanTensor(), tf_keras.metrics.MeanTensor()
    with pytest.raises(ValueError, match="no value yet"):
        own.result()
    for part in (T[:4], T[4:]):
        own.update_state(part, sample_weight=W[:4, None])
        real.update_state(part, sample_weight=W[:4, None])
    np.testing.assert_allclose(own.result().numpy(), real.result().numpy(), rtol=1e-6)
    with pytest.raises(ValueError, match=r"shape \(4, 3\)"):
        own.update_state(T)


FUNCTIONS = [
    ("binary_accuracy", BITS, P), ("categorical_accuracy", ONE_HOT, P), ("sparse_categorical_accuracy", LABELS, P),
    ("sparse_categorical_accuracy", LABELS[:, None], P), ("top_k_categorical_accuracy", ONE_HOT, P),
    ("sparse_top_k_categorical_accuracy", LABELS, P),
    ("sparse_top_k_categorical_accuracy", np.array([[0, 5], [1, -1]]), R.rand(2, 2, 4).astype("float32")),
]  # fmt: skip


@pytest.mark.parametrize("i", range(len(FUNCTIONS)))
def test_functions(backend, tf_keras, i):
    name, y_true, y_pred = FUNCTIONS[i]
    kwargs = {"k": 2} if "top_k" in name else {}
    real = np.asarray(getattr(tf_keras.metrics, name)(y_true, y_pred, **kwargs))
    own = getattr(metrics, name)(y_true, y_pred, **kwargs).numpy()
    assert own.shape == real.shape and own.dtype == real.dtype
    np.testing.assert_allclose(own, real, rtol=1e-6)


@pytest.mark.parametrize("name", ["PearsonCorrelation", "ConcordanceCorrelation"])
def test_correlations_of_keras_3(backend, keras3, name):
    own, real = getattr(metrics, name)(), getattr(keras3.metrics, name)()
    np.testing.assert_allclose(own(T, P).numpy(), np.asarray(real(T, P)), rtol=1e-4)


def test_state_is_large_enough_on_many_samples(backend):
    """Bucketed and compared counts agree (evenly spaced thresholds take another way)."""
    y, p = (R.rand(5000) > 0.4).astype("float32"), R.rand(5000).astype("float32")
    even = metrics.AUC(thresholds=[0.25, 0.5, 0.75])
    compared = metrics.AUC(thresholds=[0.25, 0.5, 0.75])
    compared._evenly = False
    assert even._evenly
    np.testing.assert_allclose(even(y, p).numpy(), compared(y, p).numpy(), rtol=1e-6)


# names ---------------------------------------------------------------------------------------------------------
SHAPES = [
    ((8, 1), (8, 1), "binary"), ((8,), (8, 1), "binary"), ((8, 1), (8, 5), "sparse_categorical"),
    ((8,), (8, 5), "sparse_categorical"), ((8, 5), (8, 5), "categorical"), ((8, 4), (8, 4, 5), "sparse_categorical"),
    ((8, 4, 1), (8, 4, 5), "sparse_categorical"), ((8, 4, 5), (8, 4, 5), "categorical"),
    ((8, 4, 1), (8, 4, 1), "binary"),
]  # fmt: skip


@pytest.mark.parametrize("name", ["accuracy", "acc", "crossentropy", "ce"])
@pytest.mark.parametrize(("y_true", "y_pred", "kind"), SHAPES)
def test_accuracy_goes_by_shape(name, y_true, y_pred, kind):
    metric = metrics.resolve_by_shape(name, y_true, y_pred, None)
    assert metric.name == name
    assert metric._fn.__name__ == f"{kind}_{'accuracy' if name[0] == 'a' else 'crossentropy'}"
    assert name in metrics.SHAPED_NAMES and name.upper() in metrics.SHAPED_NAMES


def test_without_labels_the_loss_decides():
    from kshim import losses

    for loss in (
        "sparse_categorical_crossentropy",
        losses.SparseCategoricalCrossentropy(),
        losses.as_loss("sparse_categorical_crossentropy"),
    ):
        assert metrics.resolve_by_shape("acc", None, (8, 5), loss)._fn.__name__ == "sparse_categorical_accuracy"


def test_names_of_every_era():
    assert metrics.as_metric("mse").name == "mse" and metrics.as_metric("mse")._fn is metrics.mean_squared_error
    assert isinstance(metrics.as_metric("AUC"), metrics.AUC) and isinstance(metrics.get("recall"), metrics.Recall)
    assert metrics.as_metric("cosine_proximity")._fn is metrics.cosine_similarity
    assert metrics.serialize(metrics.mae) == "mean_absolute_error"
    with pytest.raises(ValueError, match="Unknown metric: 'acuracy'. Did you mean 'accuracy'"):
        metrics.get("acuracy")


def test_functions_become_metrics():
    def share(y_true, y_pred):
        return ops.mean(y_pred, axis=-1)

    metric = metrics.as_metric(share)
    assert metric.name == "share"
    np.testing.assert_allclose(metric(T, P).numpy(), P.mean(), rtol=1e-6)
    saved = {
        "class_name": "MeanMetricWrapper",
        "config": {"name": "acc", "dtype": "float32", "fn": "categorical_accuracy"},
    }
    assert metrics.deserialize(saved)._fn is metrics.categorical_accuracy
    assert metrics.deserialize(metrics.serialize(metrics.as_metric("mse")))._fn is metrics.mean_squared_error


# metrics written by users --------------------------------------------------------------------------------------
class Keras2Style(metrics.Metric):
    def __init__(self, name="positives", **kwargs):
        super().__init__(name=name, **kwargs)
        self.found = self.add_weight(name="found", initializer="zeros")
        self.grid = self.add_weight("grid", shape=(2, 2), initializer="ones", dtype="int32")

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.found.assign_add(ops.sum(ops.cast(y_pred > 0.5, "float32")))

    def result(self):
        return self.found


class Keras3Style(metrics.Metric):
    def __init__(self):
        super().__init__(name="mine")
        self.count = self.add_variable((), initializer="zeros", name="count")
        self.inner = [metrics.Mean(), metrics.Sum()]

    def update_state(self, y_true, y_pred, sample_weight=None):
        self.count.assign(self.count + 1)
        for metric in self.inner:
            metric.update_state(y_pred)

    def result(self):
        return {"count": self.count, "mean": self.inner[0].result()}


def test_user_metrics(backend):
    metric = Keras2Style()
    assert len(metric.variables) == 2 and metric.grid.dtype == "int32" and metric.stateful and metric.dtype == "float32"
    assert float(metric(T, P)) == (P > 0.5).sum()
    assert Keras2Style.from_config(metric.get_config()).name == "positives"
    metric.reset_states()
    assert float(metric.result()) == 0
    nested = Keras3Style()
    assert len(nested.variables) == 4
    assert set(nested(T, P)) == {"count", "mean"}
    nested.reset_state()
    assert not any(v.numpy().any() for v in nested.variables)


def test_old_reset_states_is_called():
    class Old(metrics.Mean):
        def reset_states(self):
            self.was_reset = True
            super().reset_states()

    metric = Old()
    metric.update_state(3.0)
    metric.reset_state()
    assert metric.was_reset and float(metric.count) == 0


def test_copies_and_merges():
    import copy

    a, b = metrics.Mean(), metrics.Mean()
    a.update_state([1.0, 3.0])
    b.update_state(5.0)
    a.merge_state([b])
    assert float(a.result()) == 3.0
    assert float(copy.deepcopy(a).result()) == 3.0
    assert metrics.Precision().name == "precision" and metrics.Precision().name == "precision_1"


def test_errors_say_what_to_do():
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        metrics.Precision(thresholds=[1.5])
    with pytest.raises(ValueError, match="Did you mean 'interpolation'"):
        metrics.AUC(summation_method="interpolaton")
    with pytest.raises(ValueError, match="shape"):
        metrics.F1Score()(LABELS, LABELS)
    with pytest.raises(TypeError, match="nmae"):
        metrics.Metric(nmae="x")
