"""Redirected imports: `keras`, `tf_keras`, `tensorflow.keras` and everything below them give kshim's own modules.

Two finders on `sys.meta_path`: one in front answers for the names above and for `tensorflow` itself, one behind all
others explains names that do not exist. The loader hands back modules that exist already (`keras.layers is
kshim.layers`), so it puts back the `__spec__` that the import system writes over.
"""

import sys
from importlib.machinery import ModuleSpec

from . import aliases, paths

_ROOTS = ("keras", "tf_keras")
#: Paths below `tensorflow` that are Keras.
_IN_TENSORFLOW = ("keras", "compat.v1.keras", "compat.v2.keras", "contrib.keras", "_api.v2.keras", "python.keras")


class _Loader:
    """Hands back one ready module."""

    def __init__(self, module):
        self.module = module
        self.spec = getattr(module, "__spec__", None)

    def create_module(self, spec):
        return self.module

    def exec_module(self, module):
        if self.spec is not None:
            module.__spec__ = self.spec


def spec_for(name, module):
    """An import spec under `name` for a module that exists."""
    spec = ModuleSpec(name, _Loader(module), origin=getattr(module, "__file__", None), is_package=True)
    spec.has_location = False
    return spec


class Finder:
    """In front of all other finders."""

    def find_spec(self, name, path=None, target=None):
        root, _, rest = name.partition(".")
        if root in _ROOTS:
            return self._keras(name, rest)
        if root == "tensorflow":
            return self._tensorflow(name, rest)
        if name == "kshim_backends.tensorflow":
            from .tensorflow import real

            real.make_way()  # the backend needs TensorFlow itself
        return None

    def _keras(self, name, rest):
        module = aliases.resolve(rest)
        if module is None:
            parent, _, child = paths.normalize(rest).rpartition(".")
            public = f"keras.{parent}" if parent else "keras"
            # without `name`, so that `from keras import x` shows this sentence instead of its own
            raise ModuleNotFoundError(paths.explain_name(public, child, dir(aliases.resolve(parent))))
        return spec_for(name, module)

    def _tensorflow(self, name, rest):
        from .tensorflow import real

        if rest:
            for prefix in _IN_TENSORFLOW:
                if rest == prefix or rest.startswith(prefix + "."):
                    if prefix in ("python.keras", "_api.v2.keras") and real.importing():
                        return None  # TensorFlow keeps a copy of Keras for itself
                    return self._keras(name, rest[len(prefix) + 1 :])
        if real.wanted():
            return real.spec(self) if not rest else None
        return self._stand_in(name, rest)

    def _stand_in(self, name, rest):
        from . import tensorflow

        module = tensorflow.resolve(rest)
        if module is None:
            raise ModuleNotFoundError(tensorflow.explain(rest))
        return spec_for(name, module)


class LastFinder:
    """Behind all other finders: `from keras.layers import Dens` ends here, asking for `kshim.layers.Dens`."""

    def find_spec(self, name, path=None, target=None):
        parent, _, child = name.rpartition(".")
        public = aliases.HANDED_OUT.get(parent)
        if public is None:
            return None
        error = ImportError(paths.explain_name(public, child, dir(sys.modules[parent])), name=name)
        error.nothing_there = True
        raise error


_finders = (Finder(), LastFinder())


def installed():
    return _finders[0] in sys.meta_path


def install():
    """Redirect from now on. Raises `ImportError` if the real Keras is already loaded; doing it twice is fine."""
    if installed():
        return
    for root in _ROOTS:
        module = sys.modules.get(root)
        if module is not None and module is not aliases.KERAS:
            raise ImportError(
                f"{root!r} is already imported from {getattr(module, '__file__', None)!r}; import kshim.auto before "
                "it, or start the program with: python -m kshim script.py"
            )
    sys.meta_path.insert(0, _finders[0])
    sys.meta_path.append(_finders[1])
    if "tensorflow" in sys.modules:
        from .tensorflow import real

        real.adopt(sys.modules["tensorflow"])


def uninstall():
    """Undo `install`: later imports of Keras and TensorFlow find what is installed."""
    for finder in _finders:
        if finder in sys.meta_path:
            sys.meta_path.remove(finder)
    from .tensorflow import real

    for name in list(sys.modules):
        root = name.split(".")[0]
        if root in _ROOTS or root == "tensorflow" and not real.loaded():
            del sys.modules[name]
