"""From the user's batches to what a step takes: targets and weights as flat lists in the order of the outputs."""

from .. import config, tree
from .compiled import per_output


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

            raise ValueError(
                f"{what} has the key {unknown[0]!r}, which is no output of the model.{did_you_mean(unknown[0], keys or names)} The outputs are {keys or names}."
            )
        return [y[k] for k in sorted(y, key=str)]
    return [None if v is None else v for v in tree.flatten(y)]


def _placed(model, targets, names, keys):
    """Targets given for the outputs that have a loss only (Keras 2), each at its output's place."""
    if not names or not 0 < len(targets) < len(names) or model._compiled is None:
        return targets
    losses = per_output(model._compiled._alone(model.loss, names), names, "loss", keys=keys)
    wanted = [i for i, loss in enumerate(losses) if loss is not None]
    if len(wanted) != len(targets):
        return targets
    found = dict(zip(wanted, targets))
    return [found.get(i) for i in range(len(names))]


def prepare(model, x, y, sample_weight):
    """(x, y list, weight list or None) of host arrays ready for a step."""
    names, keys = model.output_names if model.outputs else None, model._output_keys
    targets = _placed(model, flat_targets(y, names, keys=keys), names, keys)
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
    leaves = tree.flatten(x)
    if any(leaf is None for leaf in leaves):
        raise ValueError(
            f"x has None at position {[i for i, leaf in enumerate(leaves) if leaf is None][0]}; expected an array for each input of the model."
        )
    first = leaves[0]
    return int(first.shape[0]) if first.ndim else 1
