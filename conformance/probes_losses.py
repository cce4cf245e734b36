"""Probes of losses and metrics against their formulas, written out in NumPy: reductions, weights, masks, thresholds, ties."""

import numpy as np

from .layers_run import settings
from .probes import Known, data, probe

_EPSILON = 1e-7
_WEIGHTS = np.array([0.5, 2.0, 0.0, 1.25])
_X, _Y = data(4, 3), data(4, 3, seed=1)
_LOGITS = data(4, 3, seed=2) * 2.0
_CLASSES = np.array([2, 0, 1, 1])
_ONE_HOT = np.eye(3)[_CLASSES]
_BINARY = np.array([[1.0, 0.0, 1.0], [0.0, 0.0, 1.0], [1.0, 1.0, 1.0], [0.0, 1.0, 0.0]])


def _softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


#: Probabilities whose rows do not quite add up to 1, as those of other sources do not.
_CHANCES = _softmax(_LOGITS) * np.array([[1.0], [0.9], [1.05], [1.0]])
_SHARES = _CHANCES / _CHANCES.sum(-1, keepdims=True)
_SIGMOIDS = 1.0 / (1.0 + np.exp(-_LOGITS))
_SIGNS = 2.0 * _BINARY - 1.0


def _norm(x):
    return x / np.sqrt((x * x).sum(-1, keepdims=True))


def _binary_terms(p, y, fuzz=0.0):
    return -(y * np.log(p + fuzz) + (1.0 - y) * np.log(1.0 - p + fuzz))


def _smooth(y, by, classes):
    return y * (1.0 - by) + by / classes


def _at_most(x, limit):
    return np.where(np.abs(x) <= limit, 0.5 * x * x, limit * np.abs(x) - 0.5 * limit**2)


def _rows(x):
    return x.mean(-1)


#: Loss, its arguments, labels, predictions, the loss of each sample.
LOSSES = (
    ("MeanSquaredError", {}, _Y, _X, _rows((_X - _Y) ** 2)),
    ("MeanAbsoluteError", {}, _Y, _X, _rows(np.abs(_X - _Y))),
    ("MeanAbsolutePercentageError", {}, _Y, _X, 100.0 * _rows(np.abs((_X - _Y) / np.maximum(np.abs(_Y), _EPSILON)))),
    ("MeanSquaredLogarithmicError", {}, np.abs(_Y), np.abs(_X), _rows((np.log1p(np.abs(_X)) - np.log1p(np.abs(_Y))) ** 2)),
    ("LogCosh", {}, _Y, _X, _rows(np.log(np.cosh(_X - _Y)))),
    ("Huber", {}, _Y, _X, _rows(_at_most(_X - _Y, 1.0))),
    ("Huber", {"delta": 0.4}, _Y, _X, _rows(_at_most(_X - _Y, 0.4))),
    ("Poisson", {}, np.abs(_Y), np.abs(_X) + 0.5, _rows(np.abs(_X) + 0.5 - np.abs(_Y) * np.log(np.abs(_X) + 0.5 + _EPSILON))),
    ("KLDivergence", {}, _softmax(_Y), _SHARES, (_softmax(_Y) * np.log(_softmax(_Y) / _SHARES)).sum(-1)),
    ("CosineSimilarity", {}, _Y, _X, -(_norm(_Y) * _norm(_X)).sum(-1)),
    ("Hinge", {}, _SIGNS, _X, _rows(np.maximum(1.0 - _SIGNS * _X, 0.0))),
    ("Hinge", {}, _BINARY, _X, _rows(np.maximum(1.0 - _SIGNS * _X, 0.0))),
    ("SquaredHinge", {}, _SIGNS, _X, _rows(np.maximum(1.0 - _SIGNS * _X, 0.0) ** 2)),
    ("CategoricalHinge", {}, _ONE_HOT, _X, np.maximum(((1.0 - _ONE_HOT) * _X).max(-1) - (_ONE_HOT * _X).sum(-1) + 1.0, 0.0)),
    ("BinaryCrossentropy", {}, _BINARY, _SIGMOIDS, _rows(_binary_terms(_SIGMOIDS, _BINARY, _EPSILON))),
    ("BinaryCrossentropy", {"from_logits": True}, _BINARY, _LOGITS, _rows(_binary_terms(_SIGMOIDS, _BINARY))),
    ("BinaryCrossentropy", {"from_logits": True, "label_smoothing": 0.2}, _BINARY, _LOGITS, _rows(_binary_terms(_SIGMOIDS, _smooth(_BINARY, 0.2, 2)))),
    ("CategoricalCrossentropy", {}, _ONE_HOT, _CHANCES, -(_ONE_HOT * np.log(_SHARES)).sum(-1)),
    ("CategoricalCrossentropy", {"from_logits": True}, _ONE_HOT, _LOGITS, -(_ONE_HOT * np.log(_softmax(_LOGITS))).sum(-1)),
    ("CategoricalCrossentropy", {"label_smoothing": 0.3}, _ONE_HOT, _CHANCES, -(_smooth(_ONE_HOT, 0.3, 3) * np.log(_SHARES)).sum(-1)),
    ("CategoricalCrossentropy", {}, np.eye(3)[[0]], np.array([[0.0, 1.0, 0.0]]), np.array([-np.log(_EPSILON)])),
    ("SparseCategoricalCrossentropy", {}, _CLASSES, _SHARES, -np.log(_SHARES[np.arange(4), _CLASSES])),
    ("SparseCategoricalCrossentropy", {"from_logits": True}, _CLASSES, _LOGITS, -np.log(_softmax(_LOGITS)[np.arange(4), _CLASSES])),
    ("BinaryFocalCrossentropy", {"gamma": 1.5}, _BINARY, _SIGMOIDS, _rows(
        (1.0 - _BINARY * _SIGMOIDS - (1.0 - _BINARY) * (1.0 - _SIGMOIDS)) ** 1.5 * _binary_terms(_SIGMOIDS, _BINARY, _EPSILON))),
    ("CategoricalFocalCrossentropy", {"alpha": 0.4}, _ONE_HOT, _CHANCES, -(0.4 * (1.0 - _SHARES) ** 2 * _ONE_HOT * np.log(_SHARES)).sum(-1)),
    ("CategoricalGeneralizedCrossEntropy", {"q": 0.6}, _CLASSES, _SHARES, (1.0 - _SHARES[np.arange(4), _CLASSES] ** 0.6) / 0.6),
    ("Dice", {"axis": 1}, _BINARY, _SIGMOIDS, 1.0 - 2.0 * (_BINARY * _SIGMOIDS).sum(1) / (_BINARY.sum(1) + _SIGMOIDS.sum(1) + _EPSILON)),
    ("Tversky", {"axis": 1, "alpha": 0.3, "beta": 0.6}, _BINARY, _SIGMOIDS, 1.0 - (_BINARY * _SIGMOIDS).sum(1) / (
        (_BINARY * _SIGMOIDS).sum(1) + 0.3 * (_BINARY * (1.0 - _SIGMOIDS)).sum(1) + 0.6 * ((1.0 - _BINARY) * _SIGMOIDS).sum(1) + _EPSILON)),
)  # fmt: skip


def _tensor(array, dtype, mask=None):
    from kshim import ops

    x = ops.convert_to_tensor(array.astype(dtype) if array.dtype.kind == "f" else array.astype("int32"))
    if mask is not None:
        x._keras_mask = ops.convert_to_tensor(mask)
    return x


@probe("", "formula", level="layers")
def losses(b, dtype):
    """The loss of each sample, their mean and sum, the mean weighted: divided by how many there are, not by the weights."""
    from kshim import losses

    out = {}
    with settings(dtype):
        for i, (name, arguments, y, x, each) in enumerate(LOSSES):
            y, x, label = _tensor(y, dtype), _tensor(x, dtype), f"{i} {name}"
            weights = _tensor(_WEIGHTS[: len(each)], dtype)
            made = {r: getattr(losses, name)(reduction=r, **arguments) for r in ("none", "sum", "sum_over_batch_size")}
            got = {
                "each": (made["none"](y, x), each),
                "sum": (made["sum"](y, x), each.sum()),
                "mean": (made["sum_over_batch_size"](y, x), each.mean()),
                "weighted sum": (made["sum"](y, x, weights), (each * _WEIGHTS[: len(each)]).sum()),
                "weighted": (made["sum_over_batch_size"](y, x, weights), (each * _WEIGHTS[: len(each)]).mean()),
            }
            out |= {f"{label} {k}": Known(t.numpy(), np.asarray(e, dtype)) for k, (t, e) in got.items()}
        out |= _saturated(dtype)
    return out


def _saturated(dtype):
    """Probabilities straight out of an activation: the loss is that of what went into it, however far out that is."""
    from kshim import activations, losses

    x = np.array([[100.0, -100.0, 0.0]])
    chances, shares = activations.softmax(_tensor(x, dtype)), activations.sigmoid(_tensor(x, dtype))
    got = {
        "CategoricalCrossentropy": (losses.CategoricalCrossentropy()(_tensor(np.eye(3)[[1]], dtype), chances), 200.0),
        "SparseCategoricalCrossentropy": (losses.SparseCategoricalCrossentropy()(_tensor(np.array([2]), dtype), chances), 100.0),
        "BinaryCrossentropy": (losses.BinaryCrossentropy()(_tensor(np.eye(3)[[1]], dtype), shares), (200.0 + np.log(2.0)) / 3.0),
    }  # fmt: skip
    return {f"{name} of a saturated activation": Known(t.numpy(), np.asarray(e, dtype)) for name, (t, e) in got.items()}


@probe("", "formula", level="layers")
def losses_of_masked(b, dtype):
    """A mask on the predictions leaves its places out of the sum and of what it is divided by."""
    from kshim import losses

    mask = np.array([[True, True, False, True], [False, True, False, False]])
    y, x = data(2, 4, 3, seed=5), data(2, 4, 3, seed=6)
    each, weights = ((x - y) ** 2).mean(-1), np.array([[0.5], [2.0]])
    missing = np.array([2, 0, 1, 0])
    known = -np.log(_SHARES[np.arange(4), missing])
    with settings(dtype):
        target, masked = _tensor(y, dtype), _tensor(x, dtype, mask)
        ignoring = losses.SparseCategoricalCrossentropy(ignore_class=0)
        got = {
            "mean": (losses.MeanSquaredError()(target, masked), each[mask].mean()),
            "sum": (losses.MeanSquaredError("sum")(target, masked), each[mask].sum()),
            "weighted": (
                losses.MeanSquaredError()(target, masked, _tensor(weights, dtype)),
                (each * weights)[mask].sum() / mask.sum(),
            ),
            "ignored class": (ignoring(_tensor(missing, dtype), _tensor(_SHARES, dtype)), known[[0, 2]].mean()),
        }
        return {name: Known(t.numpy(), np.asarray(e, dtype)) for name, (t, e) in got.items()}


def _area(y, p, weights, thresholds):
    """The area under the ROC curve by trapezoids between the points of the thresholds."""
    above = p[None] > np.asarray(thresholds)[:, None]
    true = (above * (y * weights)).sum(1) / (y * weights).sum()
    false = (above * ((1.0 - y) * weights)).sum(1) / ((1.0 - y) * weights).sum()
    return -np.trapezoid(true, false)


@probe("", "formula", level="layers")
def metrics(b, dtype):
    """Two batches of different sizes, weighted: every sample counts by its weight, not every batch."""
    from kshim import metrics

    y, p, w = _BINARY.reshape(-1), _SIGMOIDS.reshape(-1), np.tile(_WEIGHTS, 3) + 0.25
    tied = np.array([[0.25, 0.5, 0.5, 0.25], [0.75, 0.5, 0.125, 0.0], [0.5, 0.5, 0.5, 0.5]])
    labels, halves = np.array([2, 3, 3]), np.array([0.5, 0.25, 0.75, 0.5])
    yes = p > 0.5
    hits = y * yes
    score = 1.0 / (1.0 + np.exp(-data(60)))
    known = (data(60) + data(60, seed=1) > 0.0).astype("float64")
    thresholds = [-_EPSILON, *(np.arange(1, 6) / 6), 1.0 + _EPSILON]
    wrong = np.abs(_X - _Y)
    by_sample = np.repeat(_WEIGHTS[:, None], 3, 1)
    cases = {
        "Mean": (metrics.Mean(dtype=dtype), (p,), w, (p * w).sum() / w.sum()),
        "Sum": (metrics.Sum(dtype=dtype), (p,), w, (p * w).sum()),
        "MeanSquaredError": (metrics.MeanSquaredError(dtype=dtype), (_Y, _X), _WEIGHTS, (wrong**2 * by_sample).sum() / by_sample.sum()),
        "RootMeanSquaredError": (metrics.RootMeanSquaredError(dtype=dtype), (_Y, _X), None, np.sqrt((wrong**2).mean())),
        "BinaryAccuracy": (metrics.BinaryAccuracy(dtype=dtype), (y[:, None], p[:, None]), w, ((yes == y) * w).sum() / w.sum()),
        "BinaryAccuracy at its threshold": (metrics.BinaryAccuracy(dtype=dtype), (np.array([[1.0], [0.0], [1.0], [1.0]]), halves[:, None]), None, 0.5),
        "CategoricalAccuracy": (metrics.CategoricalAccuracy(dtype=dtype), (_ONE_HOT, _CHANCES), _WEIGHTS, ((_CHANCES.argmax(-1) == _CLASSES) * _WEIGHTS).sum() / _WEIGHTS.sum()),
        "SparseCategoricalAccuracy of ties": (metrics.SparseCategoricalAccuracy(dtype=dtype), (np.array([1, 0, 3]), tied), None, 2 / 3),
        "SparseTopK of ties": (metrics.SparseTopKCategoricalAccuracy(1, dtype=dtype), (labels, tied), None, 2 / 3),
        "Precision": (metrics.Precision(dtype=dtype), (y, p), w, (hits * w).sum() / (yes * w).sum()),
        "Recall": (metrics.Recall(dtype=dtype), (y, p), w, (hits * w).sum() / (y * w).sum()),
        "FalsePositives": (metrics.FalsePositives(dtype=dtype), (y, p), w, ((1.0 - y) * yes * w).sum()),
        "FalseNegatives": (metrics.FalseNegatives(dtype=dtype), (y, p), w, (y * ~yes * w).sum()),
        "TrueNegatives": (metrics.TrueNegatives(0.3, dtype=dtype), (y, p), w, ((1.0 - y) * (p <= 0.3) * w).sum()),
        "TruePositives by thresholds": (metrics.TruePositives([0.0, 0.25, 0.5, 0.75, 1.0], dtype=dtype), (y, p), w, [(y * (p > t) * w).sum() for t in (0.0, 0.25, 0.5, 0.75, 1.0)]),
        "F1Score": (metrics.F1Score("micro", 0.5, dtype=dtype), (_BINARY, _SIGMOIDS), None, 2.0 * hits.sum() / (yes.sum() + y.sum())),
        "AUC": (metrics.AUC(7, dtype=dtype), (known, score), None, _area(known, score, 1.0, thresholds)),
        "BinaryIoU": (metrics.BinaryIoU([1], dtype=dtype), (y, p), None, hits.sum() / (yes + y > 0).sum()),
        "R2Score": (metrics.R2Score(dtype=dtype), (_Y, _X), None, (1.0 - (wrong**2).sum(0) / ((_Y - _Y.mean(0)) ** 2).sum(0)).mean()),
    }  # fmt: skip
    out = {}
    with settings(dtype):
        for name, (metric, arrays, weights, expected) in cases.items():
            for part in (slice(0, 1), slice(1, None)):
                weight = None if weights is None else _tensor(weights[part], dtype)
                metric.update_state(*(_tensor(a[part], dtype) for a in arrays), sample_weight=weight)
            out[name] = Known(metric.result().numpy(), np.asarray(expected, dtype))
            metric.reset_state()
            metric.update_state(*(_tensor(a[1:], dtype) for a in arrays))
            out[f"{name} anew"] = metric.result().numpy()
    return out
