"""`compile` arguments to a config and back, for every version's way of writing them."""

import inspect

from .. import losses, metrics, optimizers
from ..engine.objects import CustomObjectScope, find_custom, get_registered_name
from .writers import version_of

#: Keys of optimizer configs that came with tf.keras 2.11, and those that earlier versions have only with a value.
_LATER = ("jit_compile", "is_legacy_optimizer", "weight_decay", "use_ema", "ema_momentum", "ema_overwrite_frequency")
_CLIPS = ("clipnorm", "clipvalue", "global_clipnorm")


def _mapped(fn, x):
    """Apply `fn` to the names, objects and configs in lists and dicts."""
    if isinstance(x, dict) and "class_name" not in x:
        return {k: _mapped(fn, v) for k, v in x.items()}
    if isinstance(x, (list, tuple)):
        return [_mapped(fn, v) for v in x]
    return None if x is None else fn(x)


def _builtin(item):
    module = (
        type(item).__module__ if not hasattr(item, "__module__") or hasattr(item, "get_config") else item.__module__
    )
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
        if (
            inspect.isclass(cls)
            and name != "MeanMetricWrapper"
            and name.replace("Error", "").lower() == fn.__name__.replace("_error", "").replace("_", "")
        ):
            return cls
    return None


def training_config(model):
    """What `training_config` of a file holds."""
    given = model._compile_arguments
    return {
        "loss": _mapped(_loss, given["loss"]),
        "metrics": _mapped(_metric, given["metrics"]),
        "weighted_metrics": _mapped(_metric, given["weighted_metrics"]),
        "loss_weights": given["loss_weights"],
        "optimizer_config": _optimizer(model.optimizer),
    }


#: Optimizers whose legacy form has the same formula, with the slots stored one after the other.
_SAME_AS_LEGACY = (optimizers.Adam, optimizers.SGD, optimizers.Adamax, optimizers.Adadelta)


def is_plain(optimizer):
    """Whether an optimizer is stored in the form of Keras 2.0 to tf.keras 2.10.

    Every Keras reads that one. tf_keras takes it for one of its legacy optimizers, so it is used where these have the same
    formula. The form of later versions ("Custom>RMSprop") is exact in tf_keras; Keras 3 then starts with a fresh optimizer.
    """
    if isinstance(optimizer, optimizers.legacy.Optimizer):
        return True
    return type(optimizer) in _SAME_AS_LEGACY and not optimizer.weight_decay and not optimizer.use_ema


def optimizer_state(optimizer):
    """(dataset name, variable) pairs in the order in which files hold them."""
    if not is_plain(optimizer):
        return [(f"{v.path}:0", v) for v in optimizer.variables]
    pairs = [(f"{optimizer.name}/iter:0", optimizer.iterations)]
    momentum = type(optimizer).__name__ != "SGD" or bool(float(optimizer.momentum))
    for slot, column in optimizer.slots.items() if momentum else ():
        for target, v in zip(optimizer._trained, column):
            if optimizer.stored(slot, v):
                pairs.append((f"{optimizer.name}/{target.path}/{slot}:0", v))
    return pairs


def _optimizer(optimizer):
    config = optimizers.serialize(optimizer)
    name, inner = config["class_name"], dict(config["config"])
    if config.get("module") is None:
        return {"class_name": config.get("registered_name") or name, "config": inner}
    legacy = config["module"] == "keras.optimizers.legacy"
    decay, rate = inner.get("decay", 0), inner.get("learning_rate")
    if decay and not legacy and isinstance(rate, (int, float)):  # Keras 2.3's decay is this schedule, which all know
        schedule = {
            "initial_learning_rate": rate,
            "decay_steps": 1,
            "decay_rate": inner.pop("decay"),
            "staircase": False,
            "name": None,
        }
        inner["learning_rate"] = {
            "module": "keras.optimizers.schedules", "class_name": "InverseTimeDecay", "config": schedule, "registered_name": None,
        }  # fmt: skip
    if is_plain(optimizer):
        inner = {k: v for k, v in inner.items() if k not in _LATER and (v is not None or k not in _CLIPS)}
        return {"class_name": name, "config": inner}
    return {"class_name": f"Custom>{name}", "config": inner}


def _read_optimizer(config, version):
    """An optimizer; a plain name means a legacy one in files of tf.keras up to 2.10, as it does to tf_keras."""
    current = version_of(version)[0] >= 3 or ">" in config["class_name"]
    inner = dict(config.get("config") or {})
    inner.setdefault("is_legacy_optimizer", bool(inner) and not current)
    return optimizers.deserialize({"class_name": config["class_name"], "config": inner, "module": None})


def _read_loss(x):
    return losses.get(x) if isinstance(x, str) else losses.deserialize(x)


def _read_metric(x):
    if isinstance(x, str):
        custom = find_custom(x)
        return x if custom is None else custom
    inner = x.get("config")
    if x["class_name"] in ("MeanMetricWrapper", "Metric") and isinstance(inner, dict) and "fn" in inner:
        return metrics.MeanMetricWrapper.from_config(inner)
    if x["class_name"] == "function":  # Keras 3
        return inner if isinstance(inner, str) else x.get("registered_name")
    return metrics.deserialize(x)


def compile_arguments(config, custom_objects=None, version="1", optimizer=None):
    """Keyword arguments of `compile` from a file's training_config.

    `version` is its keras_version, `optimizer` the exact config of the optimizer if the file has it beside.
    """
    with CustomObjectScope(custom_objects or {}):
        out = {
            "optimizer": optimizers.deserialize(optimizer)
            if optimizer
            else _read_optimizer(config["optimizer_config"], version),
            "loss": _mapped(_read_loss, config.get("loss")),
            "metrics": _unwrapped(_mapped(_read_metric, config.get("metrics"))),
            "weighted_metrics": _unwrapped(_mapped(_read_metric, config.get("weighted_metrics"))),
            "loss_weights": config.get("loss_weights"),
        }
    return out


def _unwrapped(x):
    """tf.keras writes the list of a single output's metrics inside a list."""
    return x[0] if isinstance(x, list) and len(x) == 1 and isinstance(x[0], list) else x
