"""`compile` arguments to a config and back, for every version's way of writing them."""

from .. import losses, metrics, optimizers, tree
from ..engine.objects import CustomObjectScope


def _loss(item):
    if item is None:
        return None
    return losses.serialize(losses.as_loss(item)) if not _custom(item) else getattr(item, "__name__", None) or losses.serialize(item)


def _custom(item):
    return callable(item) and not type(item).__module__.startswith("kshim.") and not getattr(item, "__module__", "").startswith("kshim.")


def _metric(item):
    if item is None or isinstance(item, str):
        return item
    if callable(item) and hasattr(item, "__name__"):
        return item.__name__
    return metrics.serialize(item)


def _map(fn, x):
    return tree.map_structure(fn, x) if x is not None else None


#: Keys of optimizer configs that Keras 3 refuses.
_TF_ONLY = ("jit_compile", "is_legacy_optimizer")


def training_config(model):
    """What `training_config` of a file holds."""
    given = model._compile_arguments
    config = optimizers.serialize(model.optimizer)
    config = {"class_name": config["class_name"], "config": {k: v for k, v in config["config"].items() if k not in _TF_ONLY}}
    return {
        "loss": _map(_loss, given["loss"]),
        "metrics": _map(_metric, given["metrics"]),
        "weighted_metrics": _map(_metric, given["weighted_metrics"]),
        "loss_weights": given["loss_weights"],
        "optimizer_config": config,
    }


def _is_config(x):
    return isinstance(x, dict) and "class_name" in x


def _nested(fn, x):
    """Apply `fn` to the names and configs in lists and dicts."""
    if x is None or isinstance(x, str) or _is_config(x):
        return fn(x) if x is not None else None
    if isinstance(x, dict):
        return {k: _nested(fn, v) for k, v in x.items()}
    if isinstance(x, (list, tuple)):
        return [_nested(fn, v) for v in x]
    return x


def _read_metric(x):
    if isinstance(x, str):
        return x
    inner = x.get("config", {})
    if x["class_name"] in ("MeanMetricWrapper", "Metric") and isinstance(inner, dict) and "fn" in inner:
        return metrics.MeanMetricWrapper.from_config(inner)
    return metrics.deserialize(x)


def compile_arguments(config, custom_objects=None):
    """Keyword arguments of `compile` from a file's training_config."""
    with CustomObjectScope(custom_objects or {}):
        optimizer = config["optimizer_config"]
        name = optimizer["class_name"].split(">")[-1]
        out = {
            "optimizer": optimizers.deserialize({**optimizer, "class_name": name}),
            "loss": _nested(lambda x: x if isinstance(x, str) else losses.deserialize(x), config.get("loss")),
            "metrics": _nested(_read_metric, config.get("metrics")),
            "weighted_metrics": _nested(_read_metric, config.get("weighted_metrics")),
            "loss_weights": config.get("loss_weights"),
        }
    if out["metrics"] and isinstance(out["metrics"], list) and len(out["metrics"]) == 1 and isinstance(out["metrics"][0], list):
        out["metrics"] = out["metrics"][0]
    return out
