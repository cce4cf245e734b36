"""From what a user writes in `compile(metrics=...)` to metric objects."""

from ..engine.objects import snake_case
from ..losses.classes import BinaryCrossentropy, SparseCategoricalCrossentropy
from . import matches
from .base import Metric, reg
from .reduce import MeanMetricWrapper

#: Names whose meaning depends on the shapes of labels and predictions.
SHAPED_NAMES = frozenset(
    f(n) for n in ("accuracy", "acc", "crossentropy", "ce") for f in (str, str.upper, str.capitalize)
)


def resolve_by_shape(name, y_true_shape, y_pred_shape, loss=None):
    """The metric that 'accuracy', 'acc', 'crossentropy' or 'ce' means, called `name`.

    One output is binary; labels of lower rank, or with a last size of 1, are integers; others are one-hot. Where the
    labels' shape is unknown (None) the loss decides.
    """
    return MeanMetricWrapper(_function(name, y_true_shape, y_pred_shape, loss), name=name)


def _function(name, y_true_shape, y_pred_shape, loss):
    from .. import losses

    functions = {
        "binary": (matches.binary_accuracy, losses.binary_crossentropy),
        "sparse": (matches.sparse_categorical_accuracy, losses.sparse_categorical_crossentropy),
        "categorical": (matches.categorical_accuracy, losses.categorical_crossentropy),
    }
    chosen = functions[_kind(y_true_shape, y_pred_shape, loss)]
    return chosen[0 if name.lower() in ("accuracy", "acc") else 1]


def _kind(y_true_shape, y_pred_shape, loss):
    if len(y_pred_shape) < 2 or y_pred_shape[-1] == 1:
        return "binary"
    if y_true_shape is None:
        fn = getattr(loss, "fn", loss)
        if (
            isinstance(loss, SparseCategoricalCrossentropy)
            or getattr(fn, "__name__", fn) == "sparse_categorical_crossentropy"
        ):
            return "sparse"
        if isinstance(loss, BinaryCrossentropy) or getattr(fn, "__name__", fn) == "binary_crossentropy":
            return "binary"
        return "categorical"
    sparse = len(y_true_shape) < len(y_pred_shape) or y_true_shape[-1] == 1
    return "sparse" if sparse else "categorical"


def get(identifier):
    """A metric from its name, config, class, function or itself; None stays None. `ValueError` names near misses.

    'accuracy' is the class that compares labels with predictions here; in `compile` it goes by the shapes.
    """
    return reg.get(identifier)


def as_metric(identifier):
    """A `Metric` from anything `get` takes; a function is averaged under the name the user gave it."""
    found = get(identifier)
    if found is None or isinstance(found, Metric):
        return found
    if isinstance(identifier, str):
        name = identifier
    else:
        name = getattr(found, "name", None) or getattr(found, "__name__", None) or snake_case(type(found).__name__)
    return MeanMetricWrapper(found, name=name)
