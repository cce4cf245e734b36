"""Python functions in configs: the code of a lambda as Keras stores it, or a name; and back, where that is allowed."""

import base64
import binascii
import builtins
import codecs
import importlib
import marshal
import sys
from types import CodeType, FunctionType

from ..engine.objects import find_custom, get_registered_name
from ..errors import SafetyError


def dump(function):
    """(code in base64, defaults, closure values) of a Python function."""
    code = codecs.encode(marshal.dumps(function.__code__), "base64").decode("ascii")
    closure = tuple(c.cell_contents for c in function.__closure__) if function.__closure__ else None
    return code, function.__defaults__, closure


def load(stored, names, layer):
    """The function of a `dump`, with `names` as its globals. The caller has made sure that this is allowed."""
    code, defaults, closure = (*stored, None, None)[:3] if isinstance(stored, (list, tuple)) else (stored, None, None)
    try:
        code = marshal.loads(base64.b64decode(code.encode("ascii")))
    except (EOFError, ValueError, TypeError, binascii.Error) as error:
        raise ValueError(
            f"The code of the function in Lambda layer {layer!r} cannot be read by Python {sys.version_info[0]}.{sys.version_info[1]}: it was "
            "stored by another version. Load the model with that version, or rebuild it and load its weights."
        ) from error
    if not isinstance(code, CodeType):
        raise ValueError(f"Lambda layer {layer!r}: the stored function is not code but {type(code).__name__}.")
    cells = None if closure is None else tuple(_cell(c) for c in closure)
    return FunctionType(code, names, code.co_name, None if defaults is None else tuple(defaults), cells)


def _cell(value):
    return (lambda: value).__closure__[0]


def encode(value, raw=False):
    """(stored form, type, module) as tf.keras writes it: code for Python functions, names for what can be found by name.

    `raw` lets values that are not functions through as they are.
    """
    if isinstance(value, FunctionType):
        own = value.__module__.split(".")[0] == "kshim" and hasattr(sys.modules.get(value.__module__), value.__name__)
        if own or get_registered_name(value) != value.__name__:
            return get_registered_name(value), "function", value.__module__
        return dump(value), "lambda", value.__module__
    if callable(value):
        return getattr(value, "__name__", type(value).__name__), "function", getattr(value, "__module__", None)
    if raw:
        return value, "raw", None
    raise ValueError(f"A function was expected; received {value!r:.200} of type {type(value).__name__}.")


def decode(config, key, layer, custom_objects=None):
    """Take the function stored under `key` (with `<key>_type`, `<key>_module`) out of a config. None if there is none."""
    value = config.pop(key, None)
    kind = config.pop("function_type" if key == "function" else f"{key}_type", None)
    module = config.pop("module" if key == "function" else f"{key}_module", None)
    if isinstance(value, dict) and value.get("class_name") == "__lambda__":  # Keras 3
        inner = value["config"]
        kind, value = "lambda", (inner["code"], inner.get("defaults"), inner.get("closure"))
    elif isinstance(value, dict) and value.get("class_name") == "function":
        kind, module = "function", value.get("module")
        registered = find_custom(value.get("registered_name") or "")
        if registered is not None:
            return registered
        value = value["config"]
    if kind == "function":
        return _by_name(value, module, layer, custom_objects)
    if kind == "lambda":
        replacement = (custom_objects or {}).get(layer) or find_custom(layer) if key == "function" and layer else None
        if isinstance(replacement, FunctionType):
            return replacement
        refuse(layer)
        names = dict(vars(sys.modules[module])) if module in sys.modules else dict(vars(builtins))
        names.update(custom_objects or {})
        return load(value, names, layer)
    if kind not in (None, "raw"):
        raise TypeError(
            f"Lambda layer {layer!r}: unsupported {key} type {kind!r}; expected 'function', 'lambda' or 'raw'."
        )
    return value


def refuse(layer):
    """`SafetyError` unless code from files is allowed."""
    from ..saving.safety import lambda_allowed

    if not lambda_allowed():
        raise SafetyError(
            f"Lambda layer {layer!r} holds Python code, which loading it would run. That is refused by default. If you trust the source of "
            f"the model, pass safe_mode=False to the loading function; or give the function yourself: custom_objects={{{layer!r}: function}}."
        )


#: Modules whose functions a file may name: they compute on tensors and do nothing else.
_HARMLESS = ("ops", "backend", "activations")


def _by_name(name, module, layer, custom_objects):
    found = (custom_objects or {}).get(name) or find_custom(name)
    if found is not None:
        return found
    root, _, rest = (module or "").partition(".")
    home = rest.split(".")[0]
    if root in ("kshim", "keras") and home in _HARMLESS:
        function = getattr(importlib.import_module(f"{__name__.split('.')[0]}.{home}"), name, None)
        if (
            callable(function)
            and not isinstance(function, type)
            and (getattr(function, "__module__", None) or "").startswith("kshim.")
        ):
            return function
    if root == "builtins" and name in ("abs", "round"):
        return getattr(builtins, name)
    from ..saving.safety import lambda_allowed

    if lambda_allowed() and callable(getattr(sys.modules.get(module), name, None)):
        return getattr(sys.modules[module], name)
    raise ValueError(
        f"Lambda layer {layer!r} uses the function {name!r}, which is unknown here. Pass custom_objects={{{name!r}: the_function}} "
        "to the loading function."
    )
