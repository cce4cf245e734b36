"""`compile` arguments to a config and back, for every version's way of writing them."""

import inspect

from .. import losses, metrics, optimizers
from ..engine.objects import CustomObjectScope, get_registered_name

#: Keys of optimizer configs that Keras 3 refuses.
_TF_ONLY = ("jit_compile", "is_legacy_optimizer")


def _mapped(fn, x):
    """Apply `fn` to the names, objects and configs in lists and dicts."""
    if isinstance(x, dict) and "class_name" not in x:
        return {k: _mapped(fn, v) for k, v in x.items()}
    if isinstance(x, (list, tuple)):
        return [_mapped(fn, v) for v in x]
    return None if x is None else fn(x)


def _builtin(item):
    module = type(item).__module__ if not hasattr(item, "__module__") or hasattr(item, "get_config") else item.__module__
    return (module or "").split(".")[0] == "kshim"


def _loss(item):
    """The full name of a built-in function ('mse' is unknown to Keras 3), a config, or the name of a user's function."""
    found = losses.get(item) if isinstance(item, str) else item
    if inspect.isfunction(found):
        return found.__name__ if _builtin(found) else get_registered_name(found)
    return losses.serialize(found() if inspect.isclass(found) else found)


def _metric(item):
    """Names that go by the shapes stay; other built-in functions become the class of that mean, under the user's name."""
    if isinstance(item, str) and item in metrics.SHAPED_NAMES:
        return item
    found = metrics.get(item)
    if isinstance(found, metrics.Metric):
        return metrics.serialize(found)
    if callable(found) and not inspect.isfunction(found) and hasattr(found, "get_config"):  # a loss object
        return losses.serialize(found)
    if not _builtin(found):
        return get_registered_name(found)
    name = item if isinstance(item, str) else found.__name__
    cls = _class_of(found)
    return found.__name__ if cls is None else metrics.serialize(cls(name=name))


def _class_of(fn):
    """The metric class that averages a built-in function."""
    for name in metrics.reg.names():
        cls = metrics.reg.lookup(name)
        if inspect.isclass(cls) and name != "MeanMetricWrapper" and name.replace("Error", "").lower() == fn.__name__.replace("_error", "").replace("_", ""):
            return cls
    return None


def training_config(model):
    """What `training_config` of a file holds."""
    given = model._compile_arguments
    config = optimizers.serialize(model.optimizer)
    name, inner = config["class_name"], config["config"]
    if config.get("module") != "keras.optimizers.legacy":
        inner = {k: v for k, v in inner.items() if k not in _TF_ONLY}
    if config.get("module") is None:
        name = config.get("registered_name") or name
    return {
        "loss": _mapped(_loss, given["loss"]),
        "metrics": _mapped(_metric, given["metrics"]),
        "weighted_metrics": _mapped(_metric, given["weighted_metrics"]),
        "loss_weights": given["loss_weights"],
        "optimizer_config": {"class_name": name, "config": inner},
    }


def _read_loss(x):
    return losses.get(x) if isinstance(x, str) else losses.deserialize(x)


def _read_metric(x):
    if isinstance(x, str):
        return x
    inner = x.get("config")
    if x["class_name"] in ("MeanMetricWrapper", "Metric") and isinstance(inner, dict) and "fn" in inner:
        return metrics.MeanMetricWrapper.from_config(inner)
    if x["class_name"] == "function":  # Keras 3
        return inner if isinstance(inner, str) else x.get("registered_name")
    return metrics.deserialize(x)


def compile_arguments(config, custom_objects=None):
    """Keyword arguments of `compile` from a file's training_config."""
    with CustomObjectScope(custom_objects or {}):
        out = {
            "optimizer": optimizers.deserialize(config["optimizer_config"]),
            "loss": _mapped(_read_loss, config.get("loss")),
            "metrics": _unwrapped(_mapped(_read_metric, config.get("metrics"))),
            "weighted_metrics": _unwrapped(_mapped(_read_metric, config.get("weighted_metrics"))),
            "loss_weights": config.get("loss_weights"),
        }
    return out


def _unwrapped(x):
    """tf.keras writes the list of a single output's metrics inside a list."""
    return x[0] if isinstance(x, list) and len(x) == 1 and isinstance(x[0], list) else x
