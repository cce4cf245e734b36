"""Crossentropies. Probabilities are limited to [epsilon, 1 - epsilon] as in Keras.

Predictions that come straight out of a softmax or sigmoid activation are taken back to what went into it, as Keras does
on TensorFlow: the value is exact and the gradient does not vanish where the probability is saturated.
"""

import warnings

from .. import config, ops
from .base import reg, warn_one_class
from .reduction import as_tensor, cast, match


def check_axis(axis):
    if isinstance(axis, bool):
        raise ValueError(f"`axis` must be an int; received axis={axis}. (Did you mean from_logits={axis}?)")


def take_logits(y_pred, from_logits, kind):
    """(y_pred, from_logits) after going back through the `kind` of activation ('softmax', 'sigmoid') that made y_pred.

    The other kind's output is taken as the probabilities it is (tf_keras takes its logits as if of this kind, which
    makes another loss; Keras 1, 2 and 3 do not).
    """
    if getattr(y_pred, "_keras_logits_of", None) != kind:
        return y_pred, from_logits
    if from_logits:
        warnings.warn(
            f"A crossentropy received from_logits=True, but its predictions come out of a {kind} activation. "
            f"What went into the {kind} is taken; leave out from_logits=True or the activation.",
            stacklevel=4,
        )
    return y_pred._keras_logits, True


def smooth(y_true, label_smoothing, classes):
    """Labels moved by `label_smoothing` (a number) towards 1 / classes."""
    return y_true * (1.0 - label_smoothing) + label_smoothing / classes if label_smoothing else y_true


def probabilities(y_pred, axis):
    """y_pred over its sum along `axis`, limited to [epsilon, 1 - epsilon]."""
    epsilon = config.epsilon()
    return ops.clip(y_pred / ops.sum(y_pred, axis=axis, keepdims=True), epsilon, 1.0 - epsilon)


def same_shape(name, y_true, y_pred):
    if tuple(y_true.shape) != tuple(y_pred.shape):
        hint = (
            " Integer labels need 'sparse_categorical_crossentropy', or to_categorical(labels)."
            if "categorical" in name
            else ""
        )
        raise ValueError(
            f"{name} needs y_true and y_pred of one shape; received y_true {tuple(y_true.shape)}, "
            f"y_pred {tuple(y_pred.shape)}.{hint}"
        )


@reg("cce", "CCE")
def categorical_crossentropy(y_true, y_pred, from_logits=False, label_smoothing=0.0, axis=-1):
    """-sum(y_true * log(p)) over `axis` for one-hot (or any) class probabilities y_true of the shape of y_pred."""
    check_axis(axis)
    y_true, y_pred = match(y_true, y_pred)
    warn_one_class("categorical_crossentropy", y_pred)
    same_shape("categorical_crossentropy", y_true, y_pred)
    y_true = smooth(y_true, label_smoothing, y_true.shape[axis])
    y_pred, from_logits = take_logits(y_pred, from_logits, "softmax")
    if from_logits:
        if axis in (-1, y_pred.ndim - 1):
            return ops.fused("softmax_cross_entropy", y_true, y_pred)
        return ops.negative(ops.sum(y_true * ops.log_softmax(y_pred, axis=axis), axis=axis))
    return ops.negative(ops.sum(y_true * ops.log(probabilities(y_pred, axis)), axis=axis))


@reg("scce", "SCCE")
def sparse_categorical_crossentropy(y_true, y_pred, from_logits=False, axis=-1, ignore_class=None):
    """-log of the probability of class y_true, integer labels of y_pred's shape without `axis` (or with size 1 there).

    Labels equal to `ignore_class` have loss 0 and are masked.
    """
    check_axis(axis)
    y_pred = as_tensor(y_pred)
    labels = cast(y_true, "int32")
    y_pred, from_logits = take_logits(y_pred, from_logits, "softmax")
    if not from_logits:
        y_pred = ops.log(ops.clip(y_pred, config.epsilon(), 1.0 - config.epsilon()))
    if axis not in (-1, y_pred.ndim - 1):
        y_pred = ops.moveaxis(y_pred, axis, -1)
    if tuple(labels.shape) != tuple(y_pred.shape[:-1]):
        labels = _fit_labels(labels, y_pred)
    valid = None
    if ignore_class is not None:
        valid = ops.not_equal(labels, int(ignore_class))
        labels = ops.where(valid, labels, ops.zeros_like(labels))
    loss = ops.fused("sparse_softmax_cross_entropy", labels, y_pred)
    if valid is not None:
        loss = ops.where(valid, loss, ops.zeros_like(loss))
        loss._keras_mask = valid
    return loss


def _fit_labels(labels, y_pred):
    n = 1
    for size in y_pred.shape[:-1]:
        n *= size
    m = 1
    for size in labels.shape:
        m *= size
    if n != m:
        hint = " One-hot labels need 'categorical_crossentropy'." if tuple(labels.shape) == tuple(y_pred.shape) else ""
        raise ValueError(
            "sparse_categorical_crossentropy needs one integer label per prediction; "
            f"received y_true {tuple(labels.shape)} for y_pred {tuple(y_pred.shape)}.{hint}"
        )
    return ops.reshape(labels, tuple(y_pred.shape[:-1]))


def elementwise_binary(y_true, y_pred, from_logits):
    """Binary crossentropy of each element."""
    y_pred, from_logits = take_logits(y_pred, from_logits, "sigmoid")
    if from_logits:
        return ops.fused("sigmoid_cross_entropy", y_true, y_pred)
    epsilon = config.epsilon()
    p = ops.clip(y_pred, epsilon, 1.0 - epsilon)
    return ops.negative(y_true * ops.log(p + epsilon) + (1.0 - y_true) * ops.log(1.0 - p + epsilon))


def _broadcast(y_true, y_pred):
    """Fused losses want equal shapes; labels of shape (n, 1) are allowed for several outputs."""
    return y_true if tuple(y_true.shape) == tuple(y_pred.shape) else ops.broadcast_to(y_true, tuple(y_pred.shape))


@reg("bce", "BCE")
def binary_crossentropy(y_true, y_pred, from_logits=False, label_smoothing=0.0, axis=-1):
    """Mean over `axis` of -(y log p + (1 - y) log(1 - p))."""
    y_true, y_pred = match(y_true, y_pred)
    y_true = smooth(_broadcast(y_true, y_pred), label_smoothing, 2)
    return ops.mean(elementwise_binary(y_true, y_pred, from_logits), axis=axis)


@reg()
def binary_focal_crossentropy(
    y_true, y_pred, apply_class_balancing=False, alpha=0.25, gamma=2.0, from_logits=False, label_smoothing=0.0, axis=-1
):
    """Binary crossentropy weighted by (1 - p_t)**gamma (Lin et al. 2017), and by alpha if `apply_class_balancing`."""
    y_true, y_pred = match(y_true, y_pred)
    y_true = smooth(_broadcast(y_true, y_pred), label_smoothing, 2)
    p = ops.sigmoid(y_pred) if from_logits else y_pred
    p_t = y_true * p + (1.0 - y_true) * (1.0 - p)
    loss = ops.power(1.0 - p_t, gamma) * elementwise_binary(y_true, y_pred, from_logits)
    if apply_class_balancing:
        loss = (y_true * alpha + (1.0 - y_true) * (1.0 - alpha)) * loss
    return ops.mean(loss, axis=axis)


@reg()
def categorical_focal_crossentropy(
    y_true, y_pred, alpha=0.25, gamma=2.0, from_logits=False, label_smoothing=0.0, axis=-1
):
    """Categorical crossentropy with each class weighted by alpha * (1 - p)**gamma (Lin et al. 2017)."""
    check_axis(axis)
    y_true, y_pred = match(y_true, y_pred)
    warn_one_class("categorical_focal_crossentropy", y_pred)
    same_shape("categorical_focal_crossentropy", y_true, y_pred)
    y_true = smooth(y_true, label_smoothing, y_true.shape[-1])
    p = probabilities(ops.softmax(y_pred, axis=axis) if from_logits else y_pred, axis)
    return ops.sum(ops.power(1.0 - p, gamma) * alpha * (ops.negative(y_true) * ops.log(p)), axis=axis)
