"""True and false positives and negatives at thresholds: the arithmetic under precision, recall, AUC and the like."""

from enum import Enum

import numpy as np

from .. import config, ops
from ..losses.reduction import as_tensor, broadcast_weight, cast, fit_weight, squeeze_labels

#: Score given to what is not among the top k.
NEG_INF = -1e10


class ConfusionMatrix(Enum):
    """What can be counted."""

    TRUE_POSITIVES = "tp"
    FALSE_POSITIVES = "fp"
    TRUE_NEGATIVES = "tn"
    FALSE_NEGATIVES = "fn"


def parse_thresholds(thresholds, default=0.5):
    """Thresholds as a list of floats. `ValueError` for one outside [0, 1]."""
    if thresholds is None:
        return [default]
    found = list(thresholds) if isinstance(thresholds, (list, tuple, np.ndarray)) else [thresholds]
    wrong = [t for t in found if t is None or not 0 <= t <= 1]
    if wrong:
        raise ValueError(f"Thresholds must be in [0, 1]; received {wrong}.")
    return [float(t) for t in found]


def evenly_spaced(thresholds):
    """Whether the thresholds are 0, 1/n, ... 1, so that predictions can be put into buckets."""
    n = len(thresholds)
    return n >= 3 and np.allclose(thresholds, np.arange(n, dtype=np.float32) / (n - 1), atol=config.epsilon())


def only_top_k(scores, k):
    """Scores with all but the k largest of the last axis at minus infinity."""
    _, index = ops.top_k(scores, k)
    kept = ops.sum(ops.one_hot(index, scores.shape[-1], dtype=scores.dtype), axis=-2)
    return scores * kept + (1.0 - kept) * NEG_INF


def _prepare(y_true, y_pred, sample_weight, dtype, top_k, class_id):
    y_true, y_pred = squeeze_labels(cast(y_true, dtype), cast(y_pred, dtype))
    if tuple(y_true.shape) != tuple(y_pred.shape):
        raise ValueError(
            f"y_true and y_pred must have one shape; received {tuple(y_true.shape)} and {tuple(y_pred.shape)}."
        )
    weight = None if sample_weight is None else fit_weight(y_pred, cast(sample_weight, dtype))
    if top_k is not None:
        y_pred = only_top_k(y_pred, top_k)
    if class_id is not None:
        y_true, y_pred = y_true[..., class_id : class_id + 1], y_pred[..., class_id : class_id + 1]
    if weight is not None:
        wide = broadcast_weight(y_pred, weight)
        if wide is None:
            raise ValueError(
                f"sample_weight of shape {tuple(weight.shape)} does not broadcast to predictions "
                f"of shape {tuple(y_pred.shape)}."
            )
        weight = wide
    return ops.cast(ops.not_equal(y_true, 0), dtype), y_pred, weight


def update_counts(
    variables, y_true, y_pred, thresholds, evenly=False, sample_weight=None, top_k=None, class_id=None,
    multi_label=False, label_weights=None,
):  # fmt: skip
    """Add the counts of a batch to `variables`: a dict from `ConfusionMatrix` to variables of shape (thresholds,).

    With `multi_label` they are (thresholds, labels) and y_true, y_pred (n, labels). `evenly`: the thresholds are evenly
    spaced, which takes time in proportion to n instead of n * thresholds.
    """
    variables = {ConfusionMatrix(k): v for k, v in variables.items()}
    dtype = next(iter(variables.values())).dtype
    labels, scores, weight = _prepare(y_true, y_pred, sample_weight, dtype, top_k, class_id)
    if label_weights is not None and not multi_label:
        per_label = ops.broadcast_to(ops.expand_dims(as_tensor(label_weights), 0), tuple(scores.shape))
        weight = per_label if weight is None else weight * per_label
    width = scores.shape[1] if multi_label else 1
    labels, scores = ops.reshape(labels, (-1, width)), ops.reshape(scores, (-1, width))
    yes, no = labels, 1.0 - labels
    if weight is not None:
        weight = ops.reshape(weight, (-1, width))
        yes, no = yes * weight, no * weight
    counts = (_in_buckets if evenly else _compared)(yes, no, scores, thresholds)
    for kind, variable in variables.items():
        value = counts[kind]
        variable.assign_add(value if multi_label else ops.squeeze(value, 1))


def _compared(yes, no, scores, thresholds):
    """Counts (thresholds, labels) by comparing every score with every threshold."""
    limits = ops.reshape(ops.convert_to_tensor(np.asarray(thresholds, "float64"), dtype=scores.dtype), (-1, 1, 1))
    positive = ops.cast(ops.greater(ops.expand_dims(scores, 0), limits), scores.dtype)
    negative = 1.0 - positive
    yes, no = ops.expand_dims(yes, 0), ops.expand_dims(no, 0)
    return {
        ConfusionMatrix.TRUE_POSITIVES: ops.sum(positive * yes, axis=1),
        ConfusionMatrix.FALSE_POSITIVES: ops.sum(positive * no, axis=1),
        ConfusionMatrix.TRUE_NEGATIVES: ops.sum(negative * no, axis=1),
        ConfusionMatrix.FALSE_NEGATIVES: ops.sum(negative * yes, axis=1),
    }


def _in_buckets(yes, no, scores, thresholds):
    """Counts (thresholds, labels) by sorting scores into the intervals between evenly spaced thresholds.

    A score belongs to the interval (t_i, t_i+1]; one of 0 to none, unless the first threshold is below 0.
    """
    n, width = len(thresholds), scores.shape[1]
    place = ops.ceil(ops.clip(scores, 0.0, 1.0) * float(n - 1)) - 1.0
    outside = ops.less(place, 0.0)
    index = ops.cast(ops.maximum(place, 0.0), "int32")
    if not (thresholds[0] < 0.0 or thresholds[-1] > 1.0):
        kept = ops.where(outside, ops.zeros_like(yes), ops.ones_like(yes))
        counted_yes, counted_no = yes * kept, no * kept
    else:
        counted_yes, counted_no = yes, no
    index = index * width + ops.arange(width, dtype="int32")
    data = ops.stack([ops.reshape(counted_yes, (-1,)), ops.reshape(counted_no, (-1,))], axis=1)
    sums = ops.segment_sum(data, ops.reshape(index, (-1,)), num_segments=n * width)
    sums = ops.flip(ops.cumsum(ops.flip(ops.reshape(sums, (n, width, 2)), axis=0), axis=0), axis=0)
    tp, fp = sums[:, :, 0], sums[:, :, 1]
    return {
        ConfusionMatrix.TRUE_POSITIVES: tp,
        ConfusionMatrix.FALSE_POSITIVES: fp,
        ConfusionMatrix.TRUE_NEGATIVES: ops.sum(no, axis=0) - fp,
        ConfusionMatrix.FALSE_NEGATIVES: ops.sum(yes, axis=0) - tp,
    }
