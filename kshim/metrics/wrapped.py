"""Means of loss functions."""

import inspect

from .. import losses, ops
from ..losses.reduction import cast, divide_no_nan, squeeze_labels
from ..losses.regression import l2_normalize
from .base import reg
from .reduce import Mean, MeanMetricWrapper


def _mean_of(class_name, fn, name=None):
    """A metric class: the mean of a loss function without parameters."""
    default = name or fn.__name__

    def __init__(self, name=default, dtype=None):
        MeanMetricWrapper.__init__(self, fn, name, dtype=dtype)

    doc = f"Mean of `losses.{fn.__name__}`: {inspect.getdoc(fn)}"
    return reg.register(
        type(class_name, (MeanMetricWrapper,), {"__init__": __init__, "__doc__": doc, "__module__": __name__})
    )


MeanSquaredError = _mean_of("MeanSquaredError", losses.mean_squared_error)
MeanAbsoluteError = _mean_of("MeanAbsoluteError", losses.mean_absolute_error)
MeanAbsolutePercentageError = _mean_of("MeanAbsolutePercentageError", losses.mean_absolute_percentage_error)
MeanSquaredLogarithmicError = _mean_of("MeanSquaredLogarithmicError", losses.mean_squared_logarithmic_error)
LogCoshError = _mean_of("LogCoshError", losses.log_cosh, "logcosh")
Poisson = _mean_of("Poisson", losses.poisson)
KLDivergence = _mean_of("KLDivergence", losses.kl_divergence, "kullback_leibler_divergence")
Hinge = _mean_of("Hinge", losses.hinge)
SquaredHinge = _mean_of("SquaredHinge", losses.squared_hinge)
CategoricalHinge = _mean_of("CategoricalHinge", losses.categorical_hinge)


@reg()
class BinaryCrossentropy(MeanMetricWrapper):
    """Mean binary crossentropy."""

    def __init__(self, name="binary_crossentropy", dtype=None, from_logits=False, label_smoothing=0):
        super().__init__(
            losses.binary_crossentropy, name, dtype=dtype, from_logits=from_logits, label_smoothing=label_smoothing
        )


@reg()
class CategoricalCrossentropy(MeanMetricWrapper):
    """Mean categorical crossentropy of one-hot labels."""

    def __init__(self, name="categorical_crossentropy", dtype=None, from_logits=False, label_smoothing=0, axis=-1):
        super().__init__(
            losses.categorical_crossentropy,
            name,
            dtype=dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )


@reg()
class SparseCategoricalCrossentropy(MeanMetricWrapper):
    """Mean categorical crossentropy of integer labels."""

    def __init__(
        self, name="sparse_categorical_crossentropy", dtype=None, from_logits=False, ignore_class=None, axis=-1
    ):
        super().__init__(
            losses.sparse_categorical_crossentropy,
            name,
            dtype=dtype,
            from_logits=from_logits,
            ignore_class=ignore_class,
            axis=axis,
        )


@reg("cosine_proximity", "cosine")
def cosine_similarity(y_true, y_pred, axis=-1):
    """The cosine of the angle between the two along `axis`: 1 for equal directions (the loss has the other sign)."""
    y_true, y_pred = l2_normalize(y_true, axis), l2_normalize(y_pred, axis)
    return ops.sum(cast(y_true, y_pred.dtype) * y_pred, axis=axis)


@reg()
class CosineSimilarity(MeanMetricWrapper):
    """Mean cosine of the angle between labels and predictions."""

    def __init__(self, name="cosine_similarity", dtype=None, axis=-1):
        super().__init__(cosine_similarity, name, dtype=dtype, axis=axis)


@reg()
class RootMeanSquaredError(Mean):
    """Square root of the mean squared error of all elements."""

    def __init__(self, name="root_mean_squared_error", dtype=None):
        super().__init__(name=name, dtype=dtype)

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_true, y_pred = squeeze_labels(cast(y_true, self._dtype), cast(y_pred, self._dtype))
        super().update_state(ops.square(y_pred - y_true), sample_weight=sample_weight)

    def result(self):
        return ops.sqrt(divide_no_nan(self.total, self.count))


@reg()
class MeanRelativeError(Mean):
    """Mean of |y_true - y_pred| / normalizer, 0 where the normalizer is 0."""

    def __init__(self, normalizer, name=None, dtype=None):
        super().__init__(name=name or "mean_relative_error", dtype=dtype)
        self.normalizer = normalizer

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_true, y_pred = squeeze_labels(cast(y_true, self._dtype), cast(y_pred, self._dtype))
        normalizer = cast(self.normalizer, self._dtype)
        super().update_state(divide_no_nan(ops.abs(y_true - y_pred), normalizer), sample_weight=sample_weight)

    def get_config(self):
        n = self.normalizer
        return {
            **super().get_config(),
            "normalizer": n.numpy().tolist() if hasattr(n, "numpy") else getattr(n, "tolist", lambda: n)(),
        }
