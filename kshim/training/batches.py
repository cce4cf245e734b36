"""From the user's batches to what a step takes: targets and weights as flat lists in the order of the outputs."""

from .. import config, tree


def flat_targets(y, names, what="y", keys=None):
    """Targets (or sample weights) as a list, dict entries taken by output name (or key); None gives an empty list."""
    if y is None:
        return []
    if isinstance(y, dict):
        if keys and all(k in keys for k in y):
            names = keys
        if names and all(k in names for k in y):
            return [None if y.get(n) is None else y[n] for n in names]
        unknown = [k for k in y if names and k not in names]
        if unknown and names and len(names) > 1:
            from ..errors import did_you_mean

            raise ValueError(f"{what} has the key {unknown[0]!r}, which is no output of the model.{did_you_mean(unknown[0], keys or names)} The outputs are {keys or names}.")
        return [y[k] for k in sorted(y, key=str)]
    return [None if v is None else v for v in tree.flatten(y)]


def prepare(model, x, y, sample_weight):
    """(x, y list, weight list or None) of host arrays ready for a step."""
    names, keys = model.output_names if model.outputs else None, model._output_keys
    targets = flat_targets(y, names, keys=keys)
    weights = None
    if sample_weight is not None:
        weights = flat_targets(sample_weight, names, "sample_weight", keys)
        if len(weights) == 1 and len(targets) > 1:
            weights = weights * len(targets)
        weights = [None if w is None else w.astype(_weight_dtype(), copy=False) for w in weights]
    return x, targets, weights


def _weight_dtype():
    return "float64" if config.floatx() == "float64" else "float32"


def samples(x):
    """Number of samples of a host batch."""
    first = tree.flatten(x)[0]
    return int(first.shape[0]) if first.ndim else 1
