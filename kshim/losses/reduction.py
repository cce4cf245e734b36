"""How per-sample losses become one number: shape fix-ups, masks, weights and the four reductions of Keras."""

import math

from .. import ops
from ..engine.tensor import Tensor
from ..errors import did_you_mean


class Reduction:
    """Names of the reductions. 'auto' and 'mean' mean 'sum_over_batch_size': the sum over the number of elements."""

    AUTO = "auto"
    NONE = "none"
    SUM = "sum"
    SUM_OVER_BATCH_SIZE = "sum_over_batch_size"
    MEAN = "mean"
    MEAN_WITH_SAMPLE_WEIGHT = "mean_with_sample_weight"

    @classmethod
    def all(cls):
        return cls.AUTO, cls.NONE, cls.SUM, cls.SUM_OVER_BATCH_SIZE, cls.MEAN, cls.MEAN_WITH_SAMPLE_WEIGHT

    @classmethod
    def validate(cls, key):
        """`ValueError` unless `key` is one of `all()`."""
        if key not in cls.all():
            raise ValueError(
                f"Unknown reduction: {key!r}.{did_you_mean(key, cls.all())} Expected one of {', '.join(cls.all())}."
            )


def as_tensor(x):
    """A tensor or variable as it is, anything else converted (attributes such as the mask stay)."""
    return x if isinstance(x, Tensor) else ops.convert_to_tensor(x)


def cast(x, dtype):
    """`x` as a tensor of `dtype`; the same object if it is one already, so that its mask and logits stay with it."""
    x = as_tensor(x)
    return x if x.dtype == dtype else ops.cast(x, dtype)


def match(y_true, y_pred):
    """(y_true, y_pred) as tensors, y_true cast to y_pred's dtype."""
    y_pred = as_tensor(y_pred)
    return cast(y_true, y_pred.dtype), y_pred


def squeeze_labels(y_true, y_pred):
    """Drop a last axis of size 1 that only one of the two has (`(n, 1)` against `(n,)`)."""
    y_true, y_pred = as_tensor(y_true), as_tensor(y_pred)
    difference = y_pred.ndim - y_true.ndim
    if difference == 1 and y_pred.shape[-1] == 1:
        y_pred = ops.squeeze(y_pred, -1)
    elif difference == -1 and y_true.shape[-1] == 1:
        y_true = ops.squeeze(y_true, -1)
    return y_true, y_pred


def fit_weight(values, weight):
    """`weight` with a last axis added or dropped when its rank is one off that of `values`; scalars are left alone."""
    if weight.ndim == 0:
        return weight
    if weight.ndim - values.ndim == 1:
        return ops.squeeze(weight, -1)
    if values.ndim - weight.ndim == 1:
        return ops.expand_dims(weight, -1)
    return weight


def broadcast_weight(values, weight):
    """`weight` broadcast to `values`, or None when shapes do not allow it: ranks must be equal, sizes equal or 1."""
    if weight.ndim and (weight.ndim != values.ndim or any(w not in (1, v) for w, v in zip(weight.shape, values.shape))):
        return None
    return ops.broadcast_to(weight, tuple(values.shape))


def get_mask(x):
    return getattr(x, "_keras_mask", None)


def apply_mask(values, weight, mask):
    """Sample weight with masked elements (mask False) zeroed."""
    if mask is None:
        return weight
    mask = cast(mask, values.dtype)
    return mask if weight is None else fit_weight(mask, cast(weight, mask.dtype)) * mask


def apply_valid_mask(values, weight, mask, over_valid):
    """`apply_mask`, scaled up (if `over_valid`) so that a later division by all elements divides by the valid ones."""
    if mask is None:
        return weight
    mask = cast(mask, values.dtype)
    if over_valid:
        mask = mask * (math.prod(mask.shape) / ops.maximum(ops.sum(mask), 1.0))  # a batch that is all masked has loss 0
    return apply_mask(values, weight, mask)


def match_dtype_and_rank(y_true, y_pred, sample_weight=None):
    """What `fit` does before losses and metrics: `(n,)` targets and weights of `(n, k)` predictions become `(n, 1)`.

    Floats are cast to the prediction's float dtype, integers to its integer dtype.
    """
    y_true, y_pred = as_tensor(y_true), as_tensor(y_pred)
    if y_true.ndim == 1 and y_pred.ndim == 2:
        y_true = ops.expand_dims(y_true, -1)
    if y_true.dtype.is_floating == y_pred.dtype.is_floating and y_true.dtype != "bool":
        y_true = cast(y_true, y_pred.dtype)
    if sample_weight is not None:
        sample_weight = as_tensor(sample_weight)
        if sample_weight.ndim == 1 and y_pred.ndim == 2:
            sample_weight = ops.expand_dims(sample_weight, -1)
        sample_weight = cast(sample_weight, y_pred.dtype)
    return y_true, y_pred, sample_weight


def reduce_loss(values, reduction):
    """Apply a reduction to weighted losses. An empty batch has loss 0."""
    if reduction == Reduction.NONE:
        return values
    return ops.sum(values) if reduction == Reduction.SUM or 0 in values.shape else ops.mean(values)


def compute_weighted_loss(values, sample_weight=None, reduction=Reduction.SUM_OVER_BATCH_SIZE):
    """Weighted and reduced losses. Integer losses are computed in float32.

    'mean_with_sample_weight' divides by the sum of the weights (Keras 3), the others by the number of elements.
    """
    Reduction.validate(reduction)
    values = as_tensor(values)
    if not values.dtype.is_floating:
        values = ops.cast(values, "float32")
    if sample_weight is None:
        return reduce_loss(values, reduction)
    weight = fit_weight(values, cast(sample_weight, values.dtype))
    if reduction == Reduction.MEAN_WITH_SAMPLE_WEIGHT:
        weight = ops.broadcast_to(weight, tuple(values.shape))
        return divide_no_nan(ops.sum(values * weight), ops.sum(weight))
    return reduce_loss(values * weight, reduction)


def divide_no_nan(x, y):
    """x / y, and 0 where y is 0."""
    zero = ops.equal(y, 0)
    return ops.where(zero, ops.zeros_like(x * y), x / ops.where(zero, ops.ones_like(y), y))
