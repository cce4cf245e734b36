"""Area under a curve of decisions over thresholds."""

from enum import Enum

import numpy as np

from .. import config, ops
from ..errors import unknown_name
from ..losses.reduction import as_tensor, divide_no_nan
from .base import Metric, reg
from .counts import ConfusionMatrix, evenly_spaced, update_counts

_KINDS = ("true_positives", "true_negatives", "false_positives", "false_negatives")


def _from_str(cls, key):
    key = getattr(key, "value", key)
    found = next((m for m in cls if m.value.lower().replace("_", "") == str(key).lower().replace("_", "")), None)
    if found is None:
        raise unknown_name(f"{cls.label} of AUC", key, [m.value for m in cls])
    return found


class AUCCurve(Enum):
    """Which curve: receiver operating characteristic, precision-recall, or precision-recall gain."""

    ROC = "ROC"
    PR = "PR"
    PR_GAIN = "PR_GAIN"

    from_str = classmethod(_from_str)


class AUCSummationMethod(Enum):
    """How the area between two thresholds is taken: trapezoid (PR: Davis and Goadrich's interpolation), or a bound."""

    INTERPOLATION = "interpolation"
    MAJORING = "majoring"
    MINORING = "minoring"

    from_str = classmethod(_from_str)


AUCCurve.label, AUCSummationMethod.label = "curve", "summation method"


@reg()
class AUC(Metric):
    """Area under the ROC, precision-recall or precision-recall-gain curve, by Riemann sums over thresholds.

    thresholds replace the `num_thresholds` evenly spaced ones (0 and 1 are added). multi_label: y_true and y_pred are
    (n, labels), an area is computed for each label and averaged, with `label_weights` if given; without multi_label the
    label weights weight the columns. from_logits: a sigmoid is applied first.
    """

    def __init__(
        self, num_thresholds=200, curve="ROC", summation_method="interpolation", name=None, dtype=None, thresholds=None,
        multi_label=False, num_labels=None, label_weights=None, from_logits=False,
    ):  # fmt: skip
        self.curve, self.summation_method = AUCCurve.from_str(curve), AUCSummationMethod.from_str(summation_method)
        self._init_from_thresholds = thresholds is not None
        if thresholds is not None:
            inner = sorted(float(t) for t in thresholds)
            self._evenly = bool(evenly_spaced([0.0, *inner, 1.0]))
        elif num_thresholds <= 1:
            raise ValueError(
                f"`num_thresholds` of AUC must be greater than 1; received num_thresholds={num_thresholds}."
            )
        else:
            inner = [(i + 1) / (num_thresholds - 1) for i in range(num_thresholds - 2)]
            self._evenly = True
        self.num_thresholds = len(inner) + 2
        self._thresholds = [-config.epsilon(), *inner, 1.0 + config.epsilon()]
        super().__init__(name=name, dtype=dtype)
        if num_labels and not multi_label:
            raise ValueError("`num_labels` of AUC needs multi_label=True.")
        if label_weights is not None and np.any(np.asarray(label_weights) < 0):
            raise ValueError("`label_weights` of AUC must not be negative.")
        self.multi_label, self.num_labels, self._from_logits = multi_label, num_labels, from_logits
        self.label_weights = None if label_weights is None else np.asarray(label_weights, self._dtype)
        self.built = False
        if not multi_label or num_labels:
            self.build(None, (None, num_labels))

    @property
    def thresholds(self):
        return list(self._thresholds)

    def build(self, y_true_shape, y_pred_shape):
        shape = (self.num_thresholds,)
        if self.multi_label:
            if len(y_pred_shape) != 2:
                raise ValueError(
                    f"AUC with multi_label=True needs predictions of shape (n, labels); received {tuple(y_pred_shape)}."
                )
            shape += (int(y_pred_shape[1]),)
        for kind in _KINDS:
            setattr(self, kind, self.add_weight(kind, shape=shape))
        self.built = True

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_pred = as_tensor(y_pred)
        if not self.built:
            self.build(None, y_pred.shape)
        if self.label_weights is not None and len(self.label_weights) != y_pred.shape[-1]:
            raise ValueError(
                f"AUC has {len(self.label_weights)} label_weights; received predictions of shape {tuple(y_pred.shape)}."
            )
        if self._from_logits:
            y_pred = ops.sigmoid(y_pred)
        update_counts(
            {kind: getattr(self, name) for kind, name in zip(_ORDER, _KINDS)}, y_true, y_pred, self._thresholds,
            self._evenly, sample_weight, multi_label=self.multi_label,
            label_weights=None if self.multi_label else self.label_weights,
        )  # fmt: skip

    def _curve_points(self):
        """(x, y) of the curve at each threshold, x falling."""
        tp, tn, fp, fn = (ops.convert_to_tensor(getattr(self, kind)) for kind in _KINDS)
        recall = divide_no_nan(tp, tp + fn)
        if self.curve is AUCCurve.ROC:
            return divide_no_nan(fp, fp + tn), recall
        if self.curve is AUCCurve.PR:
            return recall, divide_no_nan(tp, tp + fp)
        odds = divide_no_nan(tp + fn, fp + tn)
        none = ops.equal(tp, 0.0)
        recall_gain = ops.where(none, ops.zeros_like(tp), 1.0 - odds * divide_no_nan(fn, tp))
        precision_gain = ops.where(none, ops.ones_like(tp), 1.0 - odds * divide_no_nan(fp, tp))
        return ops.maximum(recall_gain, 0.0), precision_gain

    def _interpolated_pr(self):
        """Areas between thresholds where true positives grow linearly with positives (Davis and Goadrich 2006)."""
        tp, fp, fn = (
            ops.convert_to_tensor(getattr(self, kind))
            for kind in ("true_positives", "false_positives", "false_negatives")
        )
        positives = tp + fp
        gained, total = tp[:-1] - tp[1:], ops.maximum(positives[:-1] - positives[1:], 0.0)
        slope = divide_no_nan(gained, total)
        intercept = tp[1:] - slope * positives[1:]
        both = ops.logical_and(positives[:-1] > 0.0, positives[1:] > 0.0)
        ratio = ops.where(both, divide_no_nan(positives[:-1], ops.maximum(positives[1:], 0.0)), ops.ones_like(total))
        return divide_no_nan(slope * (gained + intercept * ops.log(ratio)), ops.maximum(tp[1:] + fn[1:], 0.0))

    def result(self):
        if self.curve is AUCCurve.PR and self.summation_method is AUCSummationMethod.INTERPOLATION:
            areas = self._interpolated_pr()
        else:
            x, y = self._curve_points()
            if self.summation_method is AUCSummationMethod.INTERPOLATION:
                height = (y[:-1] + y[1:]) / 2.0
            else:
                pick = ops.minimum if self.summation_method is AUCSummationMethod.MINORING else ops.maximum
                height = pick(y[:-1], y[1:])
            areas = (x[:-1] - x[1:]) * height
        if not self.multi_label:
            return ops.sum(areas)
        by_label = ops.sum(areas, axis=0)
        if self.label_weights is None:
            return ops.mean(by_label)
        weights = ops.convert_to_tensor(self.label_weights, dtype=self._dtype)
        return divide_no_nan(ops.sum(by_label * weights), ops.sum(weights))

    def get_config(self):
        config = {
            **super().get_config(),
            "num_thresholds": self.num_thresholds,
            "curve": self.curve.value,
            "summation_method": self.summation_method.value,
            "multi_label": self.multi_label,
            "num_labels": self.num_labels,
            "label_weights": None if self.label_weights is None else self.label_weights.tolist(),
            "from_logits": self._from_logits,
        }
        if self._init_from_thresholds:
            config["thresholds"] = self.thresholds[1:-1]
        return config


_ORDER = tuple(ConfusionMatrix[kind.upper()] for kind in _KINDS)
