"""Optimizers: `keras.optimizers` of Keras 1, 2 and 3."""

import inspect

from . import legacy, schedules
from .adaptive import Adadelta, Adagrad, RMSprop
from .base import Optimizer, reg
from .gradient_descent import SGD
from .host import HostVariable
from .loss_scale import LossScaleOptimizer
from .moments import Adam, Adamax, AdamW, Lamb, Lion, Nadam
from .schedules import LearningRateSchedule
from .special import Adafactor, Ftrl

# lower-case names of Keras 1 and 2
sgd, rmsprop, adagrad, adadelta = SGD, RMSprop, Adagrad, Adadelta
adam, adamax, nadam = Adam, Adamax, Nadam
RMSProp = RMSprop

__all__ = [
    "Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "Ftrl", "HostVariable", "Lamb",
    "LearningRateSchedule", "Lion", "LossScaleOptimizer", "Nadam", "Optimizer", "RMSProp", "RMSprop", "SGD", "adadelta",
    "adagrad", "adam",
    "adamax", "deserialize", "get", "legacy", "nadam", "rmsprop", "schedules", "serialize", "sgd",
]  # fmt: skip


def get(identifier, **kwargs):
    """An optimizer from its name, config, class or itself. `ValueError` names near misses.

    `kwargs` go to the constructor of an optimizer given by name (Keras 0.x and 1).
    """
    kwargs.pop("use_legacy_optimizer", None)
    if isinstance(identifier, str):
        return type(reg.get(identifier))(**kwargs) if kwargs else reg.get(identifier)
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if inspect.isclass(identifier) and issubclass(identifier, Optimizer):
        return identifier(**kwargs)
    if isinstance(identifier, Optimizer) or hasattr(identifier, "apply") and hasattr(identifier, "hyper"):
        return identifier
    raise ValueError(
        f"Could not interpret optimizer identifier: {identifier!r}. Expected a name such as 'adam', a config, "
        "or an instance of a class of keras.optimizers."
    )


def serialize(optimizer, use_legacy_format=False):
    """Config of an optimizer, without its state; `use_legacy_format` gives the two keys of Keras 1 and 2."""
    config = reg.serialize(optimizer)
    if isinstance(config, dict):
        if isinstance(optimizer, legacy.Optimizer) and config["module"]:
            config["module"] = "keras.optimizers.legacy"
        if use_legacy_format:
            return {"class_name": config["class_name"], "config": config["config"]}
    return config


def deserialize(config, custom_objects=None, use_legacy_format=False, **kwargs):
    """An optimizer from what `serialize` or any Keras wrote.

    Names are taken in any case ('Custom>Adam' of Keras 2.11 to 2.14 is Adam); configs marked as legacy give the classes
    of `keras.optimizers.legacy`. As in Keras 2, the class name in `config` is put in lower case.
    """
    if isinstance(config, dict) and "class_name" not in config and "name" in config:  # Keras 0.x
        inner = {k: v for k, v in config.items() if k != "name"}
        config = {"class_name": config["name"], "config": inner}
    if not isinstance(config, dict):
        return reg.deserialize(config, custom_objects)
    name = str(config.get("class_name", "")).split(">")[-1]
    builtin = next((n for n in reg.names() if n.lower() == name.lower()), None)
    if builtin is None or reg.lookup(name) is not reg.lookup(builtin):  # a custom optimizer, or one of the same name
        return reg.deserialize(config, custom_objects)
    inner = dict(config.get("config") or {})
    if str(config.get("module", "")).endswith("legacy") or inner.get("is_legacy_optimizer"):
        cls = legacy.CLASSES.get(builtin, reg.lookup(builtin))
    else:
        cls = reg.lookup(builtin)
    if ">" not in str(config["class_name"]):
        config["class_name"] = builtin.lower()
    return cls.from_config(inner, custom_objects)
