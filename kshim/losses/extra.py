"""Losses that Keras 3 added: overlap losses for segmentation, noise-robust crossentropy, circle loss, CTC."""

from .. import config, ops
from .base import reg
from .ctc import ctc_loss
from .reduction import as_tensor, cast, match


@reg()
def dice(y_true, y_pred, axis=None):
    """1 - 2 |A and B| / (|A| + |B|) over `axis` (all axes for None) (Milletari et al. 2016)."""
    y_true, y_pred = match(y_true, y_pred)
    both = ops.sum(y_true * y_pred, axis=axis)
    total = ops.sum(y_true, axis=axis) + ops.sum(y_pred, axis=axis) + config.epsilon()
    return 1.0 - both * 2.0 / total


@reg()
def tversky(y_true, y_pred, alpha=0.5, beta=0.5, axis=None):
    """1 - the Tversky index: like Dice with weights alpha and beta for what only one side has (Salehi et al. 2017)."""
    y_true, y_pred = match(y_true, y_pred)
    both = ops.sum(y_true * y_pred, axis=axis)
    only_true = ops.sum((1.0 - y_pred) * y_true, axis=axis)
    only_pred = ops.sum(y_pred * (1.0 - y_true), axis=axis)
    return 1.0 - both / (both + only_true * alpha + only_pred * beta + config.epsilon())


@reg()
def categorical_generalized_cross_entropy(y_true, y_pred, q):
    """(1 - p**q) / q of the right class's probability, for noisy integer labels (Zhang and Sabuncu 2018)."""
    if not 0 < q < 1:
        raise ValueError(f"`q` of categorical_generalized_cross_entropy must be in (0, 1); received q={q}.")
    y_pred, labels = as_tensor(y_pred), cast(y_true, "int32")
    if labels.ndim == y_pred.ndim and labels.shape[-1] == 1:
        labels = ops.squeeze(labels, -1)
    p = ops.sum(y_pred * ops.one_hot(labels, y_pred.shape[-1], dtype=y_pred.dtype), axis=-1)
    return (1.0 - ops.power(p, q)) / q


def _log_sum(x, mask):
    """log(sum(e**x)) of each row over the elements where mask holds; minus infinity where there are none."""
    top = ops.stop_gradient(ops.max(ops.where(mask, x, ops.full_like(x, -1e30)), axis=1, keepdims=True))
    total = ops.sum(ops.where(mask, ops.exp(ops.where(mask, x - top, ops.zeros_like(x))), ops.zeros_like(x)), axis=1)
    some = ops.any(mask, axis=1)
    safe = ops.log(ops.where(some, total, ops.ones_like(total))) + ops.squeeze(top, 1)
    return ops.where(some, safe, ops.full_like(safe, float("-inf")))


@reg()
def circle(y_true, y_pred, ref_labels=None, ref_embeddings=None, remove_diagonal=True, gamma=80, margin=0.4):
    """Circle loss of embeddings `y_pred` (n, d), normalised, with integer labels (n,) (Sun et al. 2020)."""
    y_pred = as_tensor(y_pred)
    labels = ops.reshape(cast(y_true, "int32"), (-1,))
    others = y_pred if ref_embeddings is None else cast(ref_embeddings, y_pred.dtype)
    other_labels = labels if ref_labels is None else ops.reshape(cast(ref_labels, "int32"), (-1,))
    distance = ops.maximum(1.0 - ops.matmul(y_pred, ops.transpose(others)), 0.0)
    positive = ops.equal(ops.expand_dims(labels, 1), ops.expand_dims(other_labels, 0))
    negative = ops.logical_not(positive)
    if remove_diagonal and ref_labels is None:
        n = labels.shape[0]
        positive = ops.logical_and(positive, ops.logical_not(ops.cast(ops.eye(n), "bool")))
    weight_p = ops.maximum(distance + margin, 0.0)
    weight_n = ops.maximum((1 + margin) - distance, 0.0)
    positive_loss = _log_sum(weight_p * (margin - distance) * -float(gamma), positive)
    negative_loss = _log_sum(weight_n * ((1.0 - margin) - distance) * float(gamma), negative)
    both = ops.logical_and(ops.any(positive, axis=1), ops.any(negative, axis=1))
    total = ops.where(both, positive_loss, ops.zeros_like(positive_loss)) + ops.where(
        both, negative_loss, ops.zeros_like(negative_loss)
    )
    loss = ops.where(both, ops.softplus(total), ops.zeros_like(total))
    loss._keras_mask = ops.greater(loss, 0.0)
    return loss


@reg()
def ctc(y_true, y_pred):
    """Connectionist temporal classification of logits (batch, time, classes) against labels (batch, length).

    Class 0 is the blank and pads the labels (Keras 3; Graves et al. 2006).
    """
    y_pred, labels = as_tensor(y_pred), cast(y_true, "int32")
    if labels.ndim != 2 or y_pred.ndim != 3:
        raise ValueError(
            "ctc needs y_true of shape (batch, length) and y_pred of shape (batch, time, classes); "
            f"received {tuple(labels.shape)} and {tuple(y_pred.shape)}."
        )
    label_length = ops.sum(ops.cast(ops.not_equal(labels, 0), "int32"), axis=-1)
    input_length = ops.full((y_pred.shape[0],), y_pred.shape[1], dtype="int32")
    return ctc_loss(labels, ops.log_softmax(y_pred), label_length, input_length, blank=0)
