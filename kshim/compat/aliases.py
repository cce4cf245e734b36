"""The modules that redirected imports hand out: kshim's own, `keras` itself, and old paths made of several."""

import importlib
import os
import sys
from types import ModuleType

from . import paths

_ROOT = __name__.split(".")[0]
_FILE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "__init__.py")

#: The Keras whose interface a program finds: `keras.__version__`. The last of Keras 2, because programs that look at it
#: decide between the spellings of version 1 and 2; what is new in version 3 is there as well.
KERAS_VERSION = "2.15.0"

#: kshim module name -> the name under which programs know it.
HANDED_OUT = {}


class KerasModule(ModuleType):
    """`keras` (`tf_keras`, `tensorflow.keras`): kshim's public names under Keras's version number."""

    def __init__(self):
        super().__init__("keras", "The Keras interface, provided by kshim.")
        self.__version__ = KERAS_VERSION
        self.__file__ = _FILE
        self.__path__ = []

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(f"module 'keras' has no attribute {name!r}")
        kshim = sys.modules[_ROOT]
        if name in paths.OLD:
            value = importlib.import_module(f"keras.{name}")
        elif name in kshim.PUBLIC_NAMES:
            value = getattr(kshim, name)
            if isinstance(value, ModuleType):
                befriend(value, f"keras.{name}")
        else:
            raise paths.attribute_error("keras", name, dir(self))
        self.__dict__[name] = value
        return value

    def __dir__(self):
        return sorted({*self.__dict__, *sys.modules[_ROOT].PUBLIC_NAMES})


class OldModule(ModuleType):
    """A module path of an earlier Keras (`keras.layers.core`): looks each name up in the places the table gives."""

    def __init__(self, path, places):
        super().__init__(f"keras.{path}", f"Old path of kshim.{places[0]}.")
        self.__file__ = _FILE
        self.__path__ = []
        self._path = path
        self._modules = [importlib.import_module(f"{_ROOT}.{place}") for place in places]
        # kshim's own module of that path, if any, now: importing it later would take this one's place in the parent
        own = optional(path) if paths.is_public(path) else None
        if own is not None and own not in self._modules:
            self._modules.append(own)

    def __getattr__(self, name):
        if name == "__all__":
            return [n for n in dir(self) if not n.startswith("_")]
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        for module in self._modules:
            try:
                value = getattr(module, name)
            except AttributeError:
                continue  # the next place may have it; explained below if none has
            if not _is_internal(value):
                self.__dict__[name] = value
                return value
        if f"{self._path}.{name}" in paths.OLD:
            return importlib.import_module(f"{self.__name__}.{name}")
        raise paths.attribute_error(self.__name__, name, dir(self))

    def __dir__(self):
        return sorted({n for module in self._modules for n in dir(module) if not n.startswith("__")})


def _is_internal(value):
    """Whether a value found in a place is a kshim module that is not part of the interface."""
    if not isinstance(value, ModuleType) or not value.__name__.startswith(f"{_ROOT}."):
        return False
    return not paths.is_public(value.__name__.partition(".")[2])


def optional(path):
    """The module `kshim.<path>`, or None if there is no such module."""
    name = f"{_ROOT}.{path}"
    try:
        return importlib.import_module(name)
    except ImportError as error:
        nothing = isinstance(error, ModuleNotFoundError) or getattr(error, "nothing_there", False)
        if nothing and error.name and (name == error.name or name.startswith(error.name + ".")):
            return None
        raise


def resolve(path):
    """The module for a path below `keras` ('' for `keras` itself); None if kshim has none."""
    path = paths.normalize(path)
    if not path:
        return KERAS
    if path in paths.OLD:
        name = f"keras.{path}"
        module = sys.modules.get(name)
        return module if isinstance(module, OldModule) else OldModule(path, paths.OLD[path])
    module = optional(path) if paths.is_public(path) else None
    if module is not None:
        befriend(module, f"keras.{path}")
    return module


def befriend(module, public):
    """Let a missing name of a kshim module be explained under the name programs know it by."""
    if module.__name__ in HANDED_OUT:
        return
    HANDED_OUT[module.__name__] = public
    own = module.__dict__.get("__getattr__")
    path = public.partition(".")[2]

    def __getattr__(name):
        if own is not None:
            try:
                return own(name)
            except AttributeError as error:
                if name.startswith("__"):
                    raise
                cause = error
        else:
            cause = None
        if name.startswith("__"):
            raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")
        if f"{path}.{name}" in paths.OLD:
            return importlib.import_module(f"{public}.{name}")
        raise paths.attribute_error(public, name, dir(module)) from cause

    module.__getattr__ = __getattr__
    for name, value in list(module.__dict__.items()):
        if isinstance(value, ModuleType) and value.__name__ == f"{module.__name__}.{name}":
            befriend(value, f"{public}.{name}")


KERAS = KerasModule()
