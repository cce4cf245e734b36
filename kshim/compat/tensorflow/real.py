"""TensorFlow itself, with `tf.keras` replaced: when it is wanted, and how it is loaded."""

import importlib.util
import os
import sys

from ...spec import registry

_BACKEND = "kshim_backends.tensorflow"


def wanted():
    """Whether `import tensorflow` means TensorFlow itself: its backend is chosen (or loading), and it is there."""
    if _BACKEND in sys.modules:
        return True
    backend = registry.state.backend
    name = backend.name if backend is not None else os.environ.get("KSHIM_BACKEND", "")
    return registry._ALIASES.get(name, name) == "tensorflow" and find(None) is not None


def loaded():
    """Whether the module called `tensorflow` is TensorFlow itself."""
    module = sys.modules.get("tensorflow")
    return module is not None and not getattr(module, "_kshim_stand_in", False)


def importing():
    """Whether the import under way was asked for by TensorFlow's own code."""
    if not wanted():
        return False
    frame = sys._getframe(1)
    while frame is not None:
        name = frame.f_globals.get("__name__", "")
        if not name.startswith(("importlib", __name__.rpartition(".tensorflow")[0])):
            return name.split(".")[0] == "tensorflow"
        frame = frame.f_back
    return False


def find(skip):
    """The import spec of the installed TensorFlow, or None. `skip` is a finder to leave out."""
    for finder in sys.meta_path:
        if finder is skip or type(finder).__module__.startswith(__package__.rpartition(".")[0]):
            continue
        spec = finder.find_spec("tensorflow", None) if hasattr(finder, "find_spec") else None
        if spec is not None:
            return spec
    return None


def spec(finder):
    """The spec of the installed TensorFlow whose loader replaces `tf.keras` at the end."""
    found = find(finder)
    if found is not None and found.loader is not None:
        execute = found.loader.exec_module

        def exec_module(module):
            del found.loader.exec_module  # the loader's own method again
            with registry.generators_kept():
                execute(module)
            adopt(module)

        found.loader.exec_module = exec_module
    return found


def adopt(module):
    """Put kshim in the places where TensorFlow keeps Keras, and let its functions take kshim's tensors."""
    if getattr(module, "_kshim_stand_in", False):
        return
    keras = importlib.import_module("keras")
    for home in (module, module.compat.v1, module.compat.v2):
        home.keras = keras
    for name in ("losses", "metrics", "optimizers", "initializers"):
        setattr(module, name, importlib.import_module(f"keras.{name}"))
    from . import dispatch, real_tape

    dispatch.register(module)
    tape = real_tape.make(module)
    for home in (module, module.compat.v1, module.compat.v2):
        home.GradientTape = tape


def make_way():
    """Take the stand-in out of `sys.modules`: its backend asks for TensorFlow itself under that name."""
    if "tensorflow" in sys.modules and not loaded():
        for name in [
            n for n in sys.modules if n.split(".")[0] == "tensorflow" and not n.startswith("tensorflow.keras")
        ]:
            del sys.modules[name]
