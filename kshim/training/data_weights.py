"""Class weights: a weight for each sample from the class of its target."""

import numpy as np

from .data_batch import float_dtype


def _table(class_weight, name):
    """(sorted classes, their weights) of one dict."""
    try:
        classes = np.array([int(c) for c in class_weight], dtype="int64")
        weights = np.array([float(w) for w in class_weight.values()], dtype=float_dtype())
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{name} must map class numbers to weights, as in {{0: 1.0, 1: 2.5}}; received {class_weight!r}."
        ) from error
    order = np.argsort(classes)
    return classes[order], weights[order]


def _classes(y):
    """Class numbers of targets: of one-hot rows the largest, of others the rounded value."""
    if y.ndim >= 2:
        if y.shape[-1] > 1:
            return np.argmax(y, axis=-1)
        y = y[..., 0]
    return np.rint(y).astype("int64")


def _weights(table, y):
    """Weight of every target; a class that is not in the table weighs 1 (as in Keras 3)."""
    classes, weights = table
    found = _classes(y)
    place = np.minimum(np.searchsorted(classes, found), len(classes) - 1)
    return np.where(classes[place] == found, weights[place], weights.dtype.type(1))


def _combine(sample_weight, weights):
    if sample_weight is None:
        return weights
    rank = max(weights.ndim, sample_weight.ndim)
    a, b = (w.reshape(w.shape + (1,) * (rank - w.ndim)) for w in (sample_weight, weights))
    return a * b


class ClassWeights:
    """`class_weight` of `fit`, made ready: call with targets and sample weights for the new sample weights.

    One dict `{class: weight}` for a model with one output; for several outputs a list of such dicts (or None), or a
    dict by output name when the targets are a dict (or `output_names` is given) (Keras 1, 2).
    """

    def __init__(self, class_weight, output_names=None):
        if isinstance(class_weight, str):
            raise ValueError(
                f"class_weight={class_weight!r} is not supported; compute the weights from the labels and pass a dict, "
                "for example {c: len(y) / (n_classes * (y == c).sum()) for c in range(n_classes)}."
            )
        self._names = output_names
        if isinstance(class_weight, dict) and not any(isinstance(w, dict) for w in class_weight.values()):
            self._single, self._many = _table(class_weight, "class_weight"), None
        elif isinstance(class_weight, dict):
            self._single = None
            self._many = {k: w and _table(w, f"class_weight[{k!r}]") for k, w in class_weight.items()}
        elif isinstance(class_weight, (list, tuple)):
            self._single = None
            self._many = [w and _table(w, f"class_weight[{i}]") for i, w in enumerate(class_weight)]
        else:
            raise ValueError(f"class_weight must be a dict {{class: weight}}; received {class_weight!r}.")

    def __call__(self, y, sample_weight):
        if y is None:
            raise ValueError("class_weight needs targets, but the data has none.")
        if self._single is not None:
            if isinstance(y, (list, tuple, dict)) and len(y) == 1:
                key = next(iter(y)) if isinstance(y, dict) else 0
                return self._each(y, sample_weight, {key: self._single})
            if isinstance(y, (list, tuple, dict)):
                raise ValueError(
                    f"class_weight is one dict, but there are {len(y)} targets. Pass a list with a dict (or None) for "
                    "each output, a dict by output name, or sample_weight."
                )
            return _combine(sample_weight, _weights(self._single, y))
        if isinstance(y, (list, tuple)):
            tables = self._many
            if isinstance(tables, dict):
                if self._names is None:
                    raise ValueError("class_weight by output name needs the targets as a dict by output name too.")
                unknown = [k for k in tables if k not in self._names]
                if unknown:
                    raise ValueError(f"class_weight names {unknown}, but the outputs are {list(self._names)}.")
                tables = [tables.get(name) for name in self._names]
            if len(tables) != len(y):
                raise ValueError(f"class_weight has {len(tables)} entries, but there are {len(y)} targets.")
            return self._each(y, sample_weight, dict(enumerate(tables)))
        if isinstance(y, dict) and isinstance(self._many, dict):
            unknown = [k for k in self._many if k not in y]
            if unknown:
                raise ValueError(f"class_weight names {unknown}, but the targets are {list(y)}.")
            return self._each(y, sample_weight, self._many)
        (table,) = self._many.values() if isinstance(self._many, dict) and len(self._many) == 1 else (None,)
        if table is None:
            raise ValueError("class_weight is for several outputs, but there is one target. Pass {class: weight}.")
        return _combine(sample_weight, _weights(table, y))

    def _each(self, y, sample_weight, tables):
        keys = list(y) if isinstance(y, dict) else range(len(y))
        weights = {}
        for key in keys:
            own = sample_weight
            if isinstance(sample_weight, dict):
                own = sample_weight.get(key)
            elif isinstance(sample_weight, (list, tuple)):
                own = sample_weight[key]
            table = tables.get(key)
            weights[key] = own if table is None else _combine(own, _weights(table, y[key]))
        return weights if isinstance(y, dict) else list(weights.values())
