"""Counts of right and wrong decisions, precision and recall, and one at a given level of the other."""

from .. import ops
from ..losses.reduction import divide_no_nan
from .base import Metric, reg
from .counts import NEG_INF, ConfusionMatrix, evenly_spaced, parse_thresholds, update_counts

TP, FP = ConfusionMatrix.TRUE_POSITIVES, ConfusionMatrix.FALSE_POSITIVES
TN, FN = ConfusionMatrix.TRUE_NEGATIVES, ConfusionMatrix.FALSE_NEGATIVES


def _plain(thresholds):
    return list(thresholds) if isinstance(thresholds, (list, tuple)) else thresholds


class _Count(Metric):
    """Weighted number of one kind of decision at each threshold (one of 0.5 by default)."""

    kind = None

    def __init__(self, thresholds=None, name=None, dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.init_thresholds = thresholds
        self.thresholds = parse_thresholds(thresholds)
        self._evenly = evenly_spaced(self.thresholds)
        self.accumulator = self.add_weight("accumulator", shape=(len(self.thresholds),))

    def update_state(self, y_true, y_pred, sample_weight=None):
        update_counts({self.kind: self.accumulator}, y_true, y_pred, self.thresholds, self._evenly, sample_weight)

    def result(self):
        value = ops.convert_to_tensor(self.accumulator)
        return value[0] if len(self.thresholds) == 1 else value

    def get_config(self):
        return {**super().get_config(), "thresholds": _plain(self.init_thresholds)}


@reg()
class TruePositives(_Count):
    """Weighted number of true positives at each threshold."""

    kind = TP


@reg()
class FalsePositives(_Count):
    """Weighted number of false positives at each threshold."""

    kind = FP


@reg()
class TrueNegatives(_Count):
    """Weighted number of true negatives at each threshold."""

    kind = TN


@reg()
class FalseNegatives(_Count):
    """Weighted number of false negatives at each threshold."""

    kind = FN


class _Ratio(Metric):
    """true positives / (true positives + `other`)."""

    other = None

    def __init__(self, thresholds=None, top_k=None, class_id=None, name=None, dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.init_thresholds, self.top_k, self.class_id = thresholds, top_k, class_id
        self.thresholds = parse_thresholds(thresholds, 0.5 if top_k is None else NEG_INF)
        self._evenly = evenly_spaced(self.thresholds)
        shape = (len(self.thresholds),)
        self.true_positives = self.add_weight("true_positives", shape=shape)
        setattr(self, self.other[0], self.add_weight(self.other[0], shape=shape))

    def update_state(self, y_true, y_pred, sample_weight=None):
        variables = {TP: self.true_positives, self.other[1]: getattr(self, self.other[0])}
        update_counts(
            variables, y_true, y_pred, self.thresholds, self._evenly, sample_weight, self.top_k, self.class_id
        )

    def result(self):
        value = divide_no_nan(self.true_positives, self.true_positives + getattr(self, self.other[0]))
        return value[0] if len(self.thresholds) == 1 else value

    def get_config(self):
        return {
            **super().get_config(),
            "thresholds": _plain(self.init_thresholds),
            "top_k": self.top_k,
            "class_id": self.class_id,
        }


@reg()
class Precision(_Ratio):
    """Share of positive decisions that are right; of the `top_k` predictions, or of class `class_id` only, if given."""

    other = ("false_positives", FP)


@reg()
class Recall(_Ratio):
    """Share of positive labels that are found; among the `top_k` predictions, or of class `class_id` only, if given."""

    other = ("false_negatives", FN)


class _AtLevel(Metric):
    """The best of one rate over the thresholds at which another is at least `value`."""

    #: argument name, then (numerator, what is added in the denominator) of the rate held and of the rate sought
    parts = None

    def __init__(self, value, num_thresholds=200, class_id=None, name=None, dtype=None):
        argument = self.parts[0]
        if not 0 <= value <= 1:
            raise ValueError(f"`{argument}` of {type(self).__name__} must be in [0, 1]; received {argument}={value}.")
        if num_thresholds <= 0:
            raise ValueError(f"`num_thresholds` must be greater than 0; received num_thresholds={num_thresholds}.")
        super().__init__(name=name, dtype=dtype)
        self.value, self.num_thresholds, self.class_id = value, num_thresholds, class_id
        setattr(self, argument, value)
        for kind in ("true_positives", "true_negatives", "false_positives", "false_negatives"):
            setattr(self, kind, self.add_weight(kind, shape=(num_thresholds,)))
        n = num_thresholds
        self.thresholds = [0.5] if n == 1 else [0.0, *((i + 1) / (n - 1) for i in range(n - 2)), 1.0]
        self._evenly = n > 2

    def update_state(self, y_true, y_pred, sample_weight=None):
        variables = {
            TP: self.true_positives,
            TN: self.true_negatives,
            FP: self.false_positives,
            FN: self.false_negatives,
        }
        update_counts(variables, y_true, y_pred, self.thresholds, self._evenly, sample_weight, class_id=self.class_id)

    def _rate(self, good, bad):
        good = getattr(self, good)
        return divide_no_nan(good, good + getattr(self, bad))

    def result(self):
        held, sought = self._rate(*self.parts[1]), self._rate(*self.parts[2])
        enough = ops.greater_equal(held, self.value)
        best = ops.max(ops.where(enough, sought, ops.full_like(sought, -1.0)))
        return ops.where(ops.any(enough), best, ops.zeros_like(best))

    def get_config(self):
        own = {"num_thresholds": self.num_thresholds, self.parts[0]: self.value, "class_id": self.class_id}
        return {**super().get_config(), **own}


_SENSITIVITY = ("true_positives", "false_negatives")
_SPECIFICITY = ("true_negatives", "false_positives")
_PRECISION = ("true_positives", "false_positives")


@reg()
class SensitivityAtSpecificity(_AtLevel):
    """The best sensitivity (recall) where the specificity is at least the given one."""

    parts = ("specificity", _SPECIFICITY, _SENSITIVITY)

    def __init__(self, specificity, num_thresholds=200, class_id=None, name=None, dtype=None):
        super().__init__(specificity, num_thresholds, class_id, name, dtype)


@reg()
class SpecificityAtSensitivity(_AtLevel):
    """The best specificity where the sensitivity (recall) is at least the given one."""

    parts = ("sensitivity", _SENSITIVITY, _SPECIFICITY)

    def __init__(self, sensitivity, num_thresholds=200, class_id=None, name=None, dtype=None):
        super().__init__(sensitivity, num_thresholds, class_id, name, dtype)


@reg()
class PrecisionAtRecall(_AtLevel):
    """The best precision where the recall is at least the given one."""

    parts = ("recall", _SENSITIVITY, _PRECISION)

    def __init__(self, recall, num_thresholds=200, class_id=None, name=None, dtype=None):
        super().__init__(recall, num_thresholds, class_id, name, dtype)


@reg()
class RecallAtPrecision(_AtLevel):
    """The best recall where the precision is at least the given one."""

    parts = ("precision", _PRECISION, _SENSITIVITY)

    def __init__(self, precision, num_thresholds=200, class_id=None, name=None, dtype=None):
        super().__init__(precision, num_thresholds, class_id, name, dtype)
