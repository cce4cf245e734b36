"""Losses against tf_keras: values, reductions, weights, masks, configs."""

import warnings

import numpy as np
import pytest

from kshim import losses, ops
from kshim.engine.tensor import Tensor

R = np.random.RandomState(3)
T, P = R.rand(5, 4).astype("float32"), R.rand(5, 4).astype("float32")
BITS = (R.rand(5, 4) > 0.5).astype("float32")
ONE_HOT = np.eye(4, dtype="float32")[[0, 3, 1, 1, 2]]
SIGNS = (BITS * 2 - 1).astype("float32")
LOGITS = (R.randn(5, 4) * 4).astype("float32")
PROBS = (np.exp(LOGITS) / np.exp(LOGITS).sum(1, keepdims=True)).astype("float32")
EDGE = np.array([[0, 1, 0, 0], [0.5, 0.5, 0, 0], [1, 0, 0, 0], [0.2, 0.2, 0.2, 0.2], [0, 0, 0, 1]], "float32")
LABELS = np.array([0, 3, 1, 1, 2])

FUNCTIONS = [
    ("mean_squared_error", T, P, {}), ("mean_absolute_error", T, P, {}), ("mean_absolute_percentage_error", T, P, {}),
    ("mean_absolute_percentage_error", BITS, P, {}), ("mean_squared_logarithmic_error", T - 0.5, P - 0.3, {}),
    ("huber", T * 5, P, {}), ("huber", T, P, {"delta": 0.2}), ("log_cosh", T * 40, P, {}), ("poisson", T, P, {}),
    ("kl_divergence", T, P, {}), ("cosine_similarity", T, P, {}), ("cosine_similarity", T, P, {"axis": 0}),
    ("hinge", BITS, LOGITS, {}), ("hinge", SIGNS, LOGITS, {}), ("squared_hinge", BITS, LOGITS, {}),
    ("categorical_hinge", ONE_HOT, P, {}), ("binary_crossentropy", BITS, P, {}),
    ("binary_crossentropy", BITS, EDGE, {}), ("binary_crossentropy", BITS, LOGITS, {"from_logits": True}),
    ("binary_crossentropy", BITS, P, {"label_smoothing": 0.2}), ("binary_crossentropy", BITS, P, {"axis": 0}),
    ("binary_focal_crossentropy", BITS, P, {}),
    ("binary_focal_crossentropy", BITS, P, {"apply_class_balancing": True, "gamma": 1.5}),
    ("binary_focal_crossentropy", BITS, LOGITS, {"from_logits": True, "label_smoothing": 0.1}),
    ("categorical_crossentropy", ONE_HOT, P, {}), ("categorical_crossentropy", ONE_HOT, EDGE, {}),
    ("categorical_crossentropy", ONE_HOT, LOGITS, {"from_logits": True}),
    ("categorical_crossentropy", T, P, {"label_smoothing": 0.1}),
    ("categorical_crossentropy", ONE_HOT, P, {"axis": 0}),
    ("categorical_crossentropy", ONE_HOT, LOGITS, {"axis": 0, "from_logits": True}),
    ("categorical_focal_crossentropy", ONE_HOT, P, {}),
    ("categorical_focal_crossentropy", ONE_HOT, LOGITS, {"from_logits": True}),
    ("sparse_categorical_crossentropy", LABELS, PROBS, {}), ("sparse_categorical_crossentropy", LABELS, EDGE, {}),
    ("sparse_categorical_crossentropy", LABELS[:, None], PROBS, {}),
    ("sparse_categorical_crossentropy", LABELS.astype("float32"), PROBS, {}),
    ("sparse_categorical_crossentropy", LABELS, LOGITS, {"from_logits": True}),
    ("sparse_categorical_crossentropy", LABELS, PROBS, {"ignore_class": 1}),
    ("sparse_categorical_crossentropy", LABELS - 1, LOGITS, {"from_logits": True, "ignore_class": -1}),
    ("sparse_categorical_crossentropy", LABELS[:4], LOGITS, {"from_logits": True, "axis": 0}),
]  # fmt: skip


def constants(tf_keras, *arrays):
    return [tf_keras.backend.constant(a, dtype=a.dtype) for a in arrays]


@pytest.mark.parametrize("i", range(len(FUNCTIONS)))
def test_functions(backend, tf_keras, i):
    name, y_true, y_pred, kwargs = FUNCTIONS[i]
    real = np.asarray(getattr(tf_keras.losses, name)(*constants(tf_keras, y_true, y_pred), **kwargs))
    own = getattr(losses, name)(y_true, ops.convert_to_tensor(y_pred), **kwargs).numpy()
    assert own.shape == real.shape and own.dtype == real.dtype
    np.testing.assert_allclose(own, real, rtol=1e-5, atol=1e-6)


CLASSES = [
    ("MeanSquaredError", T, P), ("MeanAbsoluteError", T, P), ("MeanAbsolutePercentageError", T, P),
    ("MeanSquaredLogarithmicError", T, P), ("LogCosh", T, P), ("Poisson", T, P), ("KLDivergence", T, P),
    ("Huber", T, P), ("CosineSimilarity", T, P), ("Hinge", BITS, P), ("SquaredHinge", BITS, P),
    ("CategoricalHinge", ONE_HOT, P), ("BinaryCrossentropy", BITS, P), ("BinaryFocalCrossentropy", BITS, P),
    ("CategoricalCrossentropy", ONE_HOT, PROBS), ("CategoricalFocalCrossentropy", ONE_HOT, PROBS),
    ("SparseCategoricalCrossentropy", LABELS, PROBS),
]  # fmt: skip


@pytest.mark.parametrize("reduction", ["auto", "none", "sum", "sum_over_batch_size"])
@pytest.mark.parametrize(("name", "y_true", "y_pred"), CLASSES, ids=[c[0] for c in CLASSES])
def test_classes_reduce_and_weight_as_keras(tf_keras, name, y_true, y_pred, reduction):
    own, real = getattr(losses, name)(reduction=reduction), getattr(tf_keras.losses, name)(reduction=reduction)
    weights = np.array([1.0, 0.0, 2.0, 0.5, 3.0], "float32")
    y_t, y_p = constants(tf_keras, y_true, y_pred)
    for weight in (None, 2.0, weights, weights[:, None]):
        expected = np.asarray(real(y_t, y_p, sample_weight=weight))
        np.testing.assert_allclose(own(y_true, y_pred, sample_weight=weight).numpy(), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", [c[0] for c in CLASSES])
def test_configs(tf_keras, name):
    own, real = getattr(losses, name)(), getattr(tf_keras.losses, name)()
    assert own.name == real.name
    expected = {k: v for k, v in real.get_config().items() if k != "fn"}  # the class says it
    assert {**own.get_config(), "reduction": "auto"} == expected
    assert losses.deserialize(losses.serialize(own)).get_config() == own.get_config()
    back = tf_keras.losses.deserialize(losses.serialize(own))
    assert type(back) is type(real)
    assert losses.deserialize(tf_keras.losses.serialize(real)).get_config() == own.get_config()


@pytest.mark.parametrize("name", [c[0] for c in CLASSES])
def test_keras_3_reads_the_configs(keras3, name):
    own = getattr(losses, name)(reduction="sum", name="mine")
    back = keras3.losses.deserialize(losses.serialize(own))
    assert type(back).__name__ == name and back.name == "mine" and back.reduction == "sum"
    again = losses.deserialize(keras3.losses.serialize(back))
    assert again.get_config() == own.get_config()


def masked(array, mask):
    x = ops.convert_to_tensor(array)
    x._keras_mask = ops.convert_to_tensor(mask)
    return x


def test_masks_leave_out_steps(backend, tf_keras):
    import tensorflow as tf

    y_t, y_p = R.rand(2, 3, 4).astype("float32"), R.rand(2, 3, 4).astype("float32")
    mask = np.array([[True, True, False], [True, False, False]])
    weight = np.array([1.0, 3.0], "float32")
    for reduction in ("sum_over_batch_size", "sum", "none"):
        real_pred = tf.constant(y_p)
        real_pred._keras_mask = tf.constant(mask)
        for w in (None, weight[:, None]):
            real = tf_keras.losses.MeanSquaredError(reduction=reduction)(y_t, real_pred, sample_weight=w)
            own = losses.MeanSquaredError(reduction=reduction)(y_t, masked(y_p, mask), sample_weight=w)
            np.testing.assert_allclose(own.numpy(), real.numpy(), rtol=1e-5)


def test_ignored_class_is_left_out_of_the_mean(backend, tf_keras):
    real = tf_keras.losses.SparseCategoricalCrossentropy(ignore_class=1)(*constants(tf_keras, LABELS, PROBS))
    own = losses.SparseCategoricalCrossentropy(ignore_class=1)(LABELS, PROBS)
    np.testing.assert_allclose(own.numpy(), real.numpy(), rtol=1e-5)


def test_saturated_softmax_keeps_value_and_gradient(backend, tf_keras):
    """Keras on TensorFlow goes back to the logits of a softmax or sigmoid; so do we."""
    import tensorflow as tf

    from kshim import activations
    from kshim.spec import registry

    x = np.array([[60.0, -60.0, 0.0]], "float32")
    for activation, name, y in (
        ("softmax", "categorical_crossentropy", [[0.0, 1, 0]]),
        ("sigmoid", "binary_crossentropy", [[0.0, 1, 1]]),
    ):
        y = np.array(y, "float32")
        tx = tf.Variable(x)
        with tf.GradientTape() as tape:
            real = tf.reduce_sum(getattr(tf_keras.losses, name)(y, getattr(tf_keras.activations, activation)(tx)))
        b = registry.resolve()

        def loss(params, name=name, activation=activation, y=y):
            out = ops.sum(getattr(losses, name)(y, getattr(activations, activation)(Tensor(params[0]))))
            return out._value, None

        (value, _), grads = b.value_and_grad(loss)([b.from_numpy(x)])
        np.testing.assert_allclose(b.to_numpy(value), real.numpy(), rtol=1e-5)
        np.testing.assert_allclose(b.to_numpy(grads[0]), tape.gradient(real, tx).numpy(), rtol=1e-5, atol=1e-6)


def test_probabilities_of_the_other_kind_are_probabilities(backend):
    """Binary crossentropy of a softmax is that of its values (tf_keras 2.21 takes the logits as those of a sigmoid)."""
    from kshim import activations

    p = activations.softmax(ops.convert_to_tensor(LOGITS))
    plain = losses.binary_crossentropy(BITS, p.numpy()).numpy()
    np.testing.assert_allclose(losses.binary_crossentropy(BITS, p).numpy(), plain, rtol=1e-5)
    p = activations.sigmoid(ops.convert_to_tensor(LOGITS))
    plain = losses.categorical_crossentropy(ONE_HOT, p.numpy()).numpy()
    np.testing.assert_allclose(losses.categorical_crossentropy(ONE_HOT, p).numpy(), plain, rtol=1e-5)


def test_from_logits_of_an_activation_warns():
    from kshim import activations

    p = activations.softmax(ops.convert_to_tensor(LOGITS))
    with pytest.warns(UserWarning, match="softmax activation"):
        value = losses.categorical_crossentropy(ONE_HOT, p, from_logits=True).numpy()
    expected = losses.categorical_crossentropy(ONE_HOT, LOGITS, from_logits=True).numpy()
    np.testing.assert_allclose(value, expected, rtol=1e-6)


def test_reductions_of_keras_3(keras3):
    weights = np.array([1.0, 0.0, 2.0, 0.5, 3.0], "float32")
    for reduction in ("mean", "mean_with_sample_weight", None):
        real = keras3.losses.MeanSquaredError(reduction=reduction)(T, P, sample_weight=weights)
        own = losses.MeanSquaredError(reduction=reduction)(T, P, sample_weight=weights)
        np.testing.assert_allclose(own.numpy(), np.asarray(real), rtol=1e-5)


UNIT = (P / np.linalg.norm(P, axis=1, keepdims=True)).astype("float32")
EXTRA = [
    ("Dice", BITS, P, {}), ("Dice", BITS, P, {"axis": 1}), ("Tversky", BITS, P, {"alpha": 0.3, "beta": 0.7}),
    ("CategoricalGeneralizedCrossEntropy", LABELS, PROBS, {"q": 0.4}),
    ("Circle", np.array([0, 1, 1, 0, 2]), UNIT, {"gamma": 8.0}),
    ("CTC", np.array([[1, 2, 0], [3, 3, 1], [0, 0, 0]]), R.randn(3, 7, 5).astype("float32"), {}),
]  # fmt: skip


@pytest.mark.parametrize("i", range(len(EXTRA)))
def test_losses_of_keras_3(backend, keras3, i):
    name, y_true, y_pred, kwargs = EXTRA[i]
    real, own = getattr(keras3.losses, name)(**kwargs), getattr(losses, name)(**kwargs)
    np.testing.assert_allclose(own(y_true, y_pred).numpy(), np.asarray(real(y_true, y_pred)), rtol=1e-5)
    assert own.get_config() == {k: v for k, v in real.get_config().items() if k != "dtype"}


def test_names_of_every_era():
    assert losses.get("mse") is losses.mean_squared_error is losses.MSE is losses.get("MSE")
    assert losses.get("kullback_leibler_divergence") is losses.kl_divergence
    assert losses.get("cosine_proximity") is losses.cosine_similarity and losses.get("logcosh") is losses.log_cosh
    assert isinstance(losses.get("MeanSquaredError"), losses.MeanSquaredError)
    assert losses.get(None) is None
    assert losses.serialize(losses.mean_squared_error) == "mean_squared_error"
    wrapped = losses.as_loss("mse")
    assert wrapped.name == "mean_squared_error"
    assert losses.deserialize(losses.serialize(wrapped)).fn is losses.mean_squared_error


def test_misspelt_names():
    with pytest.raises(
        ValueError, match="Unknown loss: 'categorial_crossentropy'. Did you mean 'categorical_crossentropy'"
    ):
        losses.get("categorial_crossentropy")
    with pytest.raises(ValueError, match="Unknown reduction: 'summ'. Did you mean 'sum'"):
        losses.MeanSquaredError(reduction="summ")


def test_shapes_that_do_not_fit():
    with pytest.raises(ValueError, match="sparse_categorical_crossentropy"):
        losses.categorical_crossentropy(LABELS, PROBS)
    with pytest.raises(ValueError, match="categorical_crossentropy"):
        losses.sparse_categorical_crossentropy(ONE_HOT, PROBS)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        losses.categorical_crossentropy(T[:, :1], P[:, :1])
    assert "binary_crossentropy" in str(caught[0].message)


def test_columns_are_squeezed():
    """Labels (n,) against predictions (n, 1) are no n x n table."""
    value = losses.MeanSquaredError()(T[:, 0], P[:, :1])
    np.testing.assert_allclose(value.numpy(), np.mean((T[:, 0] - P[:, 0]) ** 2), rtol=1e-6)


def test_user_defined_losses():
    class Doubled(losses.Loss):
        def call(self, y_true, y_pred):
            return 2.0 * losses.mean_squared_error(y_true, y_pred)

    expected = 2 * np.mean((T - P) ** 2)
    np.testing.assert_allclose(Doubled()(T, P).numpy(), expected, rtol=1e-6)
    assert Doubled(name="twice").get_config() == {"reduction": "sum_over_batch_size", "name": "twice"}
    mine = losses.as_loss(lambda y_true, y_pred: ops.mean(ops.square(y_true - y_pred)) * 2.0)
    np.testing.assert_allclose(mine(T, P).numpy(), expected, rtol=1e-6)


def test_integer_labels_of_regression():
    np.testing.assert_allclose(
        losses.MeanSquaredError()(LABELS[:, None], P[:, :1]).numpy(), np.mean((LABELS - P[:, 0]) ** 2), rtol=1e-5
    )
