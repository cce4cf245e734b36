"""Names of things: custom objects, and the registry every family of named objects (losses, layers ...) shares."""

import contextlib
import inspect
import re

from ..errors import unknown_name

_CUSTOM = {}
_SCOPES = []
_REGISTERED = {}
_REGISTERED_NAMES = {}


def get_custom_objects():
    """The global dictionary of custom names, which may be changed in place."""
    return _CUSTOM


class CustomObjectScope(contextlib.ContextDecorator):
    """`with CustomObjectScope({'name': obj}, ...)`: names known inside the block (Keras 2, 3)."""

    def __init__(self, *dicts, **names):
        self.names = {k: v for d in (*dicts, names) if d for k, v in d.items()}

    def __enter__(self):
        _SCOPES.append(self.names)
        return self

    def __exit__(self, *_):
        _SCOPES.remove(self.names)


custom_object_scope = CustomObjectScope


def register_keras_serializable(package="Custom", name=None):
    """Class or function decorator that lets a saved model find the object as `package>name`."""

    def decorate(obj):
        full = f"{package}>{name or obj.__name__}"
        if inspect.isclass(obj) and not hasattr(obj, "get_config"):
            raise ValueError(f"Cannot register class {obj.__name__}: it has no get_config() method.")
        _REGISTERED[full] = obj
        _REGISTERED_NAMES[obj] = full
        return obj

    return decorate


def get_registered_name(obj):
    """`package>name` of a registered object, else its `__name__`."""
    return _REGISTERED_NAMES.get(obj, getattr(obj, "__name__", None))


def get_registered_object(name, custom_objects=None, module_objects=None):
    """What a name stands for: open scopes first, then global and registered objects; None if unknown."""
    for scope in (custom_objects, *reversed(_SCOPES), _CUSTOM, _REGISTERED, module_objects):
        if scope and name in scope:
            return scope[name]
    return None


def find_custom(name, registered_name=None):
    """A custom object by either name, or None. Registered objects are found by their short name too."""
    for key in (registered_name, name):
        if key:
            found = get_registered_object(key)
            if found is not None:
                return found
    return next((obj for full, obj in _REGISTERED.items() if full.split(">")[-1] == name), None)


def snake_case(name):
    """'BatchNormalization' -> 'batch_normalization', 'Conv2D' -> 'conv2d', as Keras names layers."""
    name = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def _squash(name):
    return name.replace("_", "").lower()


class Registry:
    """The known names of one family (`kind`), with lookup, serialisation and error texts in one place.

    `module` is the module path written into files, such as 'keras.losses'.
    """

    def __init__(self, kind, module):
        self.kind, self.module = kind, module
        self._names, self._aliases = {}, {}

    def register(self, obj, *aliases, name=None):
        name = name or obj.__name__
        self._names[name] = obj
        for alias in aliases:
            self._aliases[alias] = name
        return obj

    def __call__(self, *aliases, name=None):
        return lambda obj: self.register(obj, *aliases, name=name)

    def names(self):
        return sorted(self._names)

    def lookup(self, name, registered_name=None):
        """The class or function called `name`, custom objects first; None if there is none."""
        found = find_custom(name, registered_name)
        if found is not None:
            return found
        if name in self._names:
            return self._names[name]
        if name in self._aliases:
            return self._names[self._aliases[name]]
        wanted = _squash(name)
        # functions before classes: 'mean_squared_error' is the function, 'MeanSquaredError' was found above
        matches = [o for n, o in self._names.items() if _squash(n) == wanted]
        matches += [self._names[n] for a, n in self._aliases.items() if _squash(a) == wanted]
        return next((m for m in matches if not inspect.isclass(m)), matches[0] if matches else None)

    def get(self, identifier):
        """Resolve None, a name, a config, a class or a ready object. `ValueError` names near misses."""
        if identifier is None:
            return None
        if isinstance(identifier, str):
            obj = self.lookup(str(identifier))
            if obj is None:
                raise unknown_name(self.kind, identifier, [*self._names, *self._aliases, *_CUSTOM])
            return obj() if inspect.isclass(obj) else obj
        if isinstance(identifier, dict):
            return self.deserialize(identifier)
        if inspect.isclass(identifier):
            return identifier()
        if callable(identifier) or hasattr(identifier, "get_config"):
            return identifier
        raise ValueError(
            f"Could not interpret {self.kind} identifier: {identifier!r}. Expected a name, a config or an object."
        )

    def serialize(self, obj):
        """Keras 2.13+/3 form of an instance, the name of a function, None of None."""
        if obj is None or isinstance(obj, (str, dict)):
            return obj
        if hasattr(obj, "get_config") and not inspect.isclass(obj):
            cls = type(obj)
            builtin = cls.__module__.split(".")[0] == "kshim"
            return {
                "module": self.module if builtin else None,
                "class_name": cls.__name__,
                "config": obj.get_config(),
                "registered_name": None if builtin else get_registered_name(cls),
            }
        if hasattr(obj, "__name__"):
            return _REGISTERED_NAMES.get(obj, obj.__name__)
        raise ValueError(f"Cannot serialize the {self.kind} {obj!r}: it has neither get_config() nor a name.")

    def deserialize(self, config, custom_objects=None):
        """An object from its name or config; with `custom_objects` known for the time being."""
        if custom_objects:
            with CustomObjectScope(custom_objects):
                return self.deserialize(config)
        if config is None or isinstance(config, str):
            return self.get(config)
        if "class_name" not in config:
            raise ValueError(
                f"Improper {self.kind} config: {config!r}. Expected a dict with 'class_name' and 'config'."
            )
        name = config["class_name"]
        if name == "function":  # Keras 3 form of a plain function
            return self.get(config["config"])
        cls = self.lookup(name.split(">")[-1], config.get("registered_name") or name)
        if cls is None:
            raise unknown_name(self.kind, name, [*self._names, *_CUSTOM])
        inner = config.get("config") or {}
        if not inspect.isclass(cls):
            return cls
        inner = (
            dict(inner) if isinstance(inner, dict) else inner
        )  # a Sequential was a list of layers before Keras 2.2.3
        return cls.from_config(inner) if hasattr(cls, "from_config") else cls(**inner)
