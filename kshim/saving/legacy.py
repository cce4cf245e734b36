"""Configs of other versions, translated into the words of kshim's layers."""

from .common_dialect import NO_GROUPS
from .writers import set_defaults

#: Keys other versions write that have no meaning here, whatever their value.
_DROPPED = frozenset(
    ("build_config", "compile_config", "shared_object_id", "quantization_config", "experimental_autocast", "autocast")
)
_POLICIES = frozenset(("Policy", "DTypePolicy", "FloatDTypePolicy"))
_RNN = frozenset(("SimpleRNN", "LSTM", "GRU", "RNN"))
#: Keywords that ask for nothing while they are None or False, and that only Keras 3 knows.
_KERAS3_ONLY = frozenset(("use_gate", "flash_attention", "sliding_window", "rms_scaling"))
_LITERALS = frozenset(
    ("__keras_tensor__", "__tuple__", "__slice__", "__ellipsis__", "__lambda__", "__numpy__", "__tensor__", "function")
)


def translated(x, version=None):
    """A config with everything inside it in kshim's terms; the given one is not changed.

    `version`: the keras_version of the file, whose defaults stand for missing keys ('1' if a file has none).
    """
    if isinstance(x, (list, tuple)):
        return [translated(i, version) for i in x]
    if not isinstance(x, dict):
        return x
    name, config = x.get("class_name"), x.get("config")
    if name in _LITERALS and name != "function":
        return x
    if name in _POLICIES and isinstance(config, dict):
        return config.get("name", "float32")
    x = {k: translated(v, version) for k, v in x.items() if k not in _DROPPED}
    config = x.get("config")
    if name is not None and isinstance(config, dict):
        x["config"] = _keywords(name, config, version)
    return x


def _keywords(name, config, version):
    config = {k: v for k, v in config.items() if k not in _DROPPED and (v or k not in _KERAS3_ONLY)}
    if "dtype" in config and config["dtype"] is None:
        del config["dtype"]
    if name == "InputLayer":
        if "batch_shape" in config:
            config["batch_input_shape"] = config.pop("batch_shape")
        config.pop("optional", None)
    if name in _RNN and not config.get("time_major", True):
        del config["time_major"]
    if name in NO_GROUPS and config.get("groups") == 1:
        del config["groups"]
    if name in _initializers():
        config = {
            k: v for k, v in config.items() if k not in ("dtype", "input_axes", "output_axes")
        }  # TF 2.0-2.2, Keras 3
    if version is not None:
        set_defaults(name, config, version)
    return config


def _initializers():
    from ..initializers.base import reg

    return reg.names()
