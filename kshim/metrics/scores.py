"""F-scores, R2 and correlations."""

from .. import config, ops
from ..losses.reduction import broadcast_weight, cast, divide_no_nan
from .base import Metric, reg
from .reduce import MeanMetricWrapper


class _PerColumn(Metric):
    """State of one entry per column of (n, d) labels and predictions, made at the first update."""

    def __init__(self, name=None, dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.built = False

    def columns(self, y_pred_shape):
        if len(y_pred_shape) != 2:
            raise ValueError(
                f"{type(self).__name__} needs labels and predictions of shape (n, outputs); "
                f"received predictions of shape {tuple(y_pred_shape)}."
            )
        return int(y_pred_shape[-1])

    def prepared(self, y_true, y_pred):
        """Both as tensors of the metric's dtype, the state being made if it is not yet."""
        y_true, y_pred = cast(y_true, self._dtype), cast(y_pred, self._dtype)
        if not self.built:
            self.build(y_true.shape, y_pred.shape)
        if tuple(y_true.shape) != tuple(y_pred.shape):
            raise ValueError(
                f"{type(self).__name__} needs labels and predictions of one shape; "
                f"received {tuple(y_true.shape)} and {tuple(y_pred.shape)}."
            )
        return y_true, y_pred


@reg()
class FBetaScore(_PerColumn):
    """(1 + beta**2) * precision * recall / (beta**2 * precision + recall) of one-hot or binary labels (n, classes).

    average: None gives one score per class; 'micro' counts all classes together; 'macro' is the mean of the scores,
    'weighted' their mean by the number of labels. threshold: scores above it are positive; None takes the largest.
    """

    def __init__(self, average=None, beta=1.0, threshold=None, name="fbeta_score", dtype=None):
        super().__init__(name=name, dtype=dtype)
        if average not in (None, "micro", "macro", "weighted"):
            raise ValueError(
                f"Unknown `average` of FBetaScore: {average!r}. Expected None, 'micro', 'macro' or 'weighted'."
            )
        if not isinstance(beta, float) or beta <= 0.0:
            raise ValueError(f"`beta` of FBetaScore must be a float greater than 0; received beta={beta!r}.")
        if threshold is not None and (not isinstance(threshold, float) or not 0.0 < threshold <= 1.0):
            raise ValueError(f"`threshold` of FBetaScore must be a float in (0, 1]; received threshold={threshold!r}.")
        self.average, self.beta, self.threshold = average, beta, threshold
        self.axis = None if average == "micro" else 0

    def build(self, y_true_shape, y_pred_shape):
        n = self.columns(y_pred_shape)
        shape = () if self.average == "micro" else (n,)
        for name in ("true_positives", "false_positives", "false_negatives", "intermediate_weights"):
            setattr(self, name, self.add_weight(name, shape=shape))
        self.built = True

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_true, y_pred = self.prepared(y_true, y_pred)
        if self.threshold is None:
            top = ops.max(y_pred, axis=-1, keepdims=True)
            positive = ops.logical_and(y_pred >= top, ops.abs(y_pred) > 1e-9)
        else:
            positive = y_pred > self.threshold
        positive = ops.cast(positive, self._dtype)
        weight = None if sample_weight is None else ops.reshape(cast(sample_weight, self._dtype), (-1, 1))

        def total(x):
            return ops.sum(x if weight is None else x * weight, axis=self.axis)

        self.true_positives.assign_add(total(positive * y_true))
        self.false_positives.assign_add(total(positive * (1.0 - y_true)))
        self.false_negatives.assign_add(total((1.0 - positive) * y_true))
        self.intermediate_weights.assign_add(total(y_true))

    def result(self):
        precision = divide_no_nan(self.true_positives, self.true_positives + self.false_positives)
        recall = divide_no_nan(self.true_positives, self.true_positives + self.false_negatives)
        square = self.beta**2
        score = divide_no_nan(precision * recall, precision * square + recall) * (1.0 + square)
        if self.average == "weighted":
            return ops.sum(score * divide_no_nan(self.intermediate_weights, ops.sum(self.intermediate_weights)))
        return score if self.average is None else ops.mean(score)

    def get_config(self):
        return {**super().get_config(), "average": self.average, "beta": self.beta, "threshold": self.threshold}


@reg()
class F1Score(FBetaScore):
    """FBetaScore with beta 1: the harmonic mean of precision and recall."""

    def __init__(self, average=None, threshold=None, name="f1_score", dtype=None):
        super().__init__(average=average, beta=1.0, threshold=threshold, name=name, dtype=dtype)

    def get_config(self):
        return {k: v for k, v in super().get_config().items() if k != "beta"}


@reg()
class R2Score(_PerColumn):
    """1 - residual variance / variance of the labels (n, outputs).

    class_aggregation: None gives one score per output, 'uniform_average' their mean, 'variance_weighted_average' their
    mean by variance. num_regressors: the score adjusted for that many predictors, where there are samples enough.
    """

    def __init__(self, class_aggregation="uniform_average", num_regressors=0, name="r2_score", dtype=None):
        super().__init__(name=name, dtype=dtype)
        if class_aggregation not in (None, "uniform_average", "variance_weighted_average"):
            raise ValueError(
                f"Unknown `class_aggregation` of R2Score: {class_aggregation!r}. "
                "Expected None, 'uniform_average' or 'variance_weighted_average'."
            )
        if num_regressors < 0:
            raise ValueError(
                f"`num_regressors` of R2Score must not be negative; received num_regressors={num_regressors}."
            )
        self.class_aggregation, self.num_regressors = class_aggregation, num_regressors
        self.num_samples = self.add_weight("num_samples", dtype="int32")

    def build(self, y_true_shape, y_pred_shape):
        shape = (self.columns(y_pred_shape),)
        self.squared_sum = self.add_weight("squared_sum", shape=shape)
        self.sum = self.add_weight("sum", shape=shape)
        self.total_mse = self.add_weight("residual", shape=shape)
        self.count = self.add_weight("count", shape=shape)
        self.built = True

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_true, y_pred = self.prepared(y_true, y_pred)
        weight = cast(1.0 if sample_weight is None else sample_weight, self._dtype)
        wide = broadcast_weight(y_true, ops.expand_dims(weight, 1) if weight.ndim == 1 else weight)
        if wide is None:
            raise ValueError(
                f"sample_weight of shape {tuple(weight.shape)} does not broadcast to labels "
                f"of shape {tuple(y_true.shape)}."
            )
        self.sum.assign_add(ops.sum(y_true * wide, axis=0))
        self.squared_sum.assign_add(ops.sum(y_true * y_true * wide, axis=0))
        self.total_mse.assign_add(ops.sum(ops.square(y_true - y_pred) * wide, axis=0))
        self.count.assign_add(ops.sum(wide, axis=0))
        self.num_samples.assign_add(y_true.shape[0] * y_true.shape[1])

    def result(self):
        variance = self.squared_sum - self.sum * (self.sum / self.count)
        score = 1.0 - self.total_mse / variance
        score = ops.where(ops.isinf(score), ops.zeros_like(score), score)
        if self.class_aggregation == "uniform_average":
            score = ops.mean(score)
        elif self.class_aggregation == "variance_weighted_average":
            score = ops.sum(variance * score) / ops.sum(variance)
        if self.num_regressors:
            n = ops.cast(self.num_samples, self._dtype)
            free = n - float(self.num_regressors) - 1.0
            enough = free > 0.0
            score = ops.where(
                enough, 1.0 - (1.0 - score) * (n - 1.0) / ops.where(enough, free, ops.ones_like(free)), score
            )
        return score

    def get_config(self):
        return {
            **super().get_config(),
            "class_aggregation": self.class_aggregation,
            "num_regressors": self.num_regressors,
        }


def _centred(y_true, y_pred, axis):
    y_true, y_pred = cast(y_true, config.floatx()), cast(y_pred, config.floatx())
    return y_true - ops.mean(y_true, axis=axis, keepdims=True), y_pred - ops.mean(y_pred, axis=axis, keepdims=True)


@reg()
def pearson_correlation(y_true, y_pred, axis=-1):
    """Pearson's correlation coefficient along `axis` (Keras 3)."""
    a, b = _centred(y_true, y_pred, axis)
    scale = ops.sqrt(ops.mean(ops.square(a), axis=axis)) * ops.sqrt(ops.mean(ops.square(b), axis=axis))
    return ops.mean(a * b, axis=axis) / scale


@reg()
def concordance_correlation(y_true, y_pred, axis=-1):
    """Lin's concordance correlation coefficient along `axis` (Lin 1989; Keras 3)."""
    y_true, y_pred = cast(y_true, config.floatx()), cast(y_pred, config.floatx())
    a, b = _centred(y_true, y_pred, axis)
    gap = ops.square(ops.mean(y_true, axis=axis) - ops.mean(y_pred, axis=axis))
    covariance = ops.mean(a * b, axis=axis)
    return (
        covariance
        * 2.0
        / (ops.mean(ops.square(a), axis=axis) + ops.mean(ops.square(b), axis=axis) + gap + config.epsilon())
    )


@reg()
class PearsonCorrelation(MeanMetricWrapper):
    """Mean of Pearson's correlation coefficient."""

    def __init__(self, name="pearson_correlation", dtype=None, axis=-1):
        super().__init__(pearson_correlation, name, dtype=dtype, axis=axis)


@reg()
class ConcordanceCorrelation(MeanMetricWrapper):
    """Mean of the concordance correlation coefficient."""

    def __init__(self, name="concordance_correlation", dtype=None, axis=-1):
        super().__init__(concordance_correlation, name, dtype=dtype, axis=axis)
