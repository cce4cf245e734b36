"""How often predictions are right."""

from .. import config, ops
from ..losses.reduction import as_tensor, cast
from .base import reg
from .reduce import MeanMetricWrapper


def _floats(matches):
    return ops.cast(matches, config.floatx())


def matches(y_true, y_pred):
    """1 where the two are equal, of floatx."""
    y_pred = as_tensor(y_pred)
    return _floats(ops.equal(cast(y_true, y_pred.dtype), y_pred))


def binary_matches(y_true, y_pred, threshold=0.5):
    """1 where (y_pred > threshold) is y_true."""
    y_pred = as_tensor(y_pred)
    positive = ops.cast(ops.greater(y_pred, threshold), y_pred.dtype)
    return _floats(ops.equal(cast(y_true, y_pred.dtype), positive))


def sparse_categorical_matches(y_true, y_pred):
    """1 where the largest of the last axis of y_pred is at index y_true; of y_true's shape."""
    y_true, y_pred = as_tensor(y_true), as_tensor(y_pred)
    shape = tuple(y_true.shape)
    if y_true.ndim == y_pred.ndim:
        y_true = ops.squeeze(y_true, -1)
    best = ops.argmax(y_pred, axis=-1)
    out = _floats(ops.equal(y_true, cast(best, y_true.dtype)))
    return ops.reshape(out, shape) if tuple(out.shape) != shape else out


def sparse_top_k_matches(y_true, y_pred, k=5):
    """1 where fewer than k entries of y_pred's last axis are larger than the one at index y_true; of y_true's shape."""
    y_true, y_pred = as_tensor(y_true), as_tensor(y_pred)
    shape = tuple(y_true.shape)
    scores = ops.reshape(y_pred, (-1, y_pred.shape[-1]))
    labels = ops.reshape(cast(y_true, "int32"), (-1, 1))
    inside = ops.logical_and(labels >= 0, labels < y_pred.shape[-1])
    own = ops.take_along_axis(scores, ops.where(inside, labels, ops.zeros_like(labels)), axis=1)
    rank = ops.sum(ops.cast(ops.greater(scores, own), "int32"), axis=1)
    good = ops.logical_and(rank < k, ops.reshape(ops.logical_and(inside, ops.isfinite(own)), (-1,)))
    return ops.reshape(_floats(good), shape)


def _labels(y_true):
    return ops.argmax(y_true, axis=-1)


@reg()
def binary_accuracy(y_true, y_pred, threshold=0.5):
    """Share of the last axis where (y_pred > threshold) is y_true."""
    return ops.mean(binary_matches(y_true, y_pred, threshold), axis=-1)


@reg()
def categorical_accuracy(y_true, y_pred):
    """1 where the largest entries of one-hot labels and predictions are at one place."""
    return sparse_categorical_matches(_labels(y_true), y_pred)


@reg()
def sparse_categorical_accuracy(y_true, y_pred):
    """1 where the largest prediction is at the label's index, which may have a last axis of size 1."""
    out = sparse_categorical_matches(y_true, y_pred)
    return ops.squeeze(out, -1) if out.ndim > 1 and out.shape[-1] == 1 else out


@reg()
def top_k_categorical_accuracy(y_true, y_pred, k=5):
    """1 where the one-hot label is among the k largest predictions."""
    return sparse_top_k_matches(_labels(y_true), y_pred, k)


@reg()
def sparse_top_k_categorical_accuracy(y_true, y_pred, k=5):
    """1 where the integer label is among the k largest predictions."""
    return sparse_top_k_matches(y_true, y_pred, k)


def accuracy(y_true, y_pred):
    """Share of the last axis where the two are equal (Keras 1 and 2; `'accuracy'` in compile goes by the shapes)."""
    return matches(y_true, y_pred)


@reg("accuracy", "acc")
class Accuracy(MeanMetricWrapper):
    """How often predictions equal labels."""

    def __init__(self, name="accuracy", dtype=None):
        super().__init__(matches, name, dtype=dtype)


@reg()
class BinaryAccuracy(MeanMetricWrapper):
    """How often (prediction > threshold) is the label."""

    def __init__(self, name="binary_accuracy", dtype=None, threshold=0.5):
        super().__init__(binary_matches, name, dtype=dtype, threshold=threshold)


@reg()
class CategoricalAccuracy(MeanMetricWrapper):
    """How often the largest prediction is the one-hot label's."""

    def __init__(self, name="categorical_accuracy", dtype=None):
        super().__init__(lambda t, p: sparse_categorical_matches(_labels(t), p), name, dtype=dtype)


@reg()
class SparseCategoricalAccuracy(MeanMetricWrapper):
    """How often the largest prediction is at the integer label's index."""

    def __init__(self, name="sparse_categorical_accuracy", dtype=None):
        super().__init__(sparse_categorical_matches, name, dtype=dtype)


@reg()
class TopKCategoricalAccuracy(MeanMetricWrapper):
    """How often the one-hot label is among the k largest predictions."""

    def __init__(self, k=5, name="top_k_categorical_accuracy", dtype=None):
        super().__init__(lambda t, p, k: sparse_top_k_matches(_labels(t), p, k), name, dtype=dtype, k=k)


@reg()
class SparseTopKCategoricalAccuracy(MeanMetricWrapper):
    """How often the integer label is among the k largest predictions."""

    def __init__(self, k=5, name="sparse_top_k_categorical_accuracy", dtype=None):
        super().__init__(sparse_top_k_matches, name, dtype=dtype, k=k)
