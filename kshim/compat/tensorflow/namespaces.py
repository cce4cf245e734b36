"""The modules a program sees: `tf`, `tf.math`, `tf.nn` and the others, and what is said of those that are missing."""

import importlib
import sys
from types import ModuleType, SimpleNamespace

from ...errors import did_you_mean
from .. import aliases

_ROOT = ("dtypes", "arrays", "maths", "reductions", "system", "tape")

#: Path below `tensorflow` -> modules here whose names it has.
NAMESPACES = {
    "": (*_ROOT, "v1"),
    "math": ("maths", "reductions", "nn"),
    "nn": ("nn",),
    "random": ("random",),
    "random.experimental": ("random",),
    "dtypes": ("dtypes", "arrays"),
    "linalg": ("linalg",),
    "image": ("image",),
    "config": ("config",),
    "config.experimental": ("config",),
    "config.optimizer": (),
    "config.threading": (),
    "distribute": (),
    "distribute.experimental": (),
    "test": (),
    "train": (),
    "version": (),
    "io": (),
    "io.gfile": ("files",),
    "gfile": ("files",),
    "compat": (),
    "compat.v1": (*_ROOT, "v1"),
    "compat.v1.logging": (),
    "compat.v1.math": ("maths", "reductions", "nn"),
    "compat.v1.nn": ("nn",),
    "compat.v1.random": ("random",),
    "compat.v1.train": (),
    "compat.v1.config": ("config",),
    "compat.v1.config.experimental": ("config",),
    "compat.v1.gfile": ("files",),
    "compat.v2": _ROOT,
    "experimental": (),
    "experimental.numpy": (),
    "python": (),
    "python.client": (),
    "python.client.device_lib": (),
    "python.framework": (),
    "python.framework.ops": ("v1",),
    "python.framework.random_seed": ("v1",),
    "python.util": (),
    "python.ops": (),
    "python.ops.math_ops": ("maths", "reductions"),
    "python.ops.array_ops": ("arrays",),
    "python.ops.nn": ("nn",),
    "python.ops.nn_ops": ("nn",),
    "python.platform": (),
    "python.platform.gfile": ("files",),
    "core": (),
    "core.protobuf": (),
    "core.protobuf.config_pb2": ("v1",),
    "contrib": (),
}

_OPTIMIZERS = ("Adadelta", "Adagrad", "Adam", "GradientDescent", "Momentum", "RMSProp")
_INITIALIZERS = {
    "constant_initializer": "Constant",
    "glorot_normal_initializer": "GlorotNormal",
    "glorot_uniform_initializer": "GlorotUniform",
    "ones_initializer": "Ones",
    "orthogonal_initializer": "Orthogonal",
    "random_normal_initializer": "RandomNormal",
    "random_uniform_initializer": "RandomUniform",
    "truncated_normal_initializer": "TruncatedNormal",
    "variance_scaling_initializer": "VarianceScaling",
    "zeros_initializer": "Zeros",
}
_STRATEGIES = ("MirroredStrategy", "MultiWorkerMirroredStrategy", "OneDeviceStrategy", "Strategy")

_USE_TF = "Run this program with KSHIM_BACKEND=tensorflow and TensorFlow installed"
#: Path below `tensorflow` -> what to do without it.
ABSENT = {
    "data": "Give model.fit NumPy arrays, a generator or a keras.utils.Sequence.",
    "summary": "Record values with a keras.callbacks.Callback or CSVLogger.",
    "estimator": "TensorFlow removed estimators; train the Keras model with model.fit.",
    "placeholder": "Make the input with keras.Input, or keras.backend.placeholder.",
    "saved_model": "Save with model.save('model.keras') or model.save('model.h5').",
    "lite": f"{_USE_TF} to convert a model.",
    "io.read_file": "Read images with keras.utils.load_img.",
    "io.decode_image": "Read images with keras.utils.load_img.",
    "image.decode_jpeg": "Read images with keras.utils.load_img.",
    "image.decode_png": "Read images with keras.utils.load_img.",
    "strings": "Use Python's str methods before the data reaches the model.",
    "layers": "Use keras.layers.",
    "feature_column": "Use keras.layers and NumPy to encode columns.",
    "examples": "TensorFlow removed its example data; use keras.datasets.",
    "gradients": "Use tf.GradientTape, or keras.backend.gradients on a functional graph.",
    "train.Checkpoint": "Save with model.save_weights and load with model.load_weights.",
}  # fmt: skip


def _here(module):
    return importlib.import_module(f"{__package__}.{module}")


def _special(path):
    """Names that come from elsewhere: (found, value) for a path below `tensorflow`."""
    home, _, name = path.rpartition(".")
    if home.startswith("compat."):
        home = home.partition(".")[2].partition(".")[2]
    if name == "keras" and home in ("", "python", "contrib"):
        return True, aliases.KERAS
    if home == "" and name in ("losses", "metrics", "optimizers", "initializers"):
        return True, aliases.resolve(name)
    if (home, name) in (("", "__version__"), ("", "VERSION"), ("version", "VERSION")):
        return True, aliases.KERAS_VERSION
    if home in ("", "initializers") and name in _INITIALIZERS:
        return True, getattr(aliases.resolve("initializers"), _INITIALIZERS[name])
    if home == "train" and name.removesuffix("Optimizer") in _OPTIMIZERS:
        return True, _here("v1").optimizer(name.removesuffix("Optimizer"))
    if home in ("", "app") and name == "logging" or path.endswith("compat.v1.logging"):
        return True, _here("v1").logging
    config = _here("config")
    if home.startswith("distribute") and name in _STRATEGIES:
        return True, config.Strategy
    table = {
        ("test", "is_gpu_available"): config.is_gpu_available,
        ("test", "is_built_with_cuda"): config.is_built_with_cuda,
        ("test", "is_built_with_gpu_support"): config.is_built_with_cuda,
        ("test", "gpu_device_name"): config.gpu_device_name,
        ("distribute", "get_strategy"): config.get_strategy,
        ("config.threading", "set_inter_op_parallelism_threads"): config.set_threads,
        ("config.threading", "set_intra_op_parallelism_threads"): config.set_threads,
        ("config.optimizer", "set_jit"): config.set_threads,
        ("python.client.device_lib", "list_local_devices"): config.list_local_devices,
        ("errors", "ResourceExhaustedError"): MemoryError,
        ("errors", "InvalidArgumentError"): ValueError,
    }
    if (home, name) in table:
        return True, table[home, name]
    if path == "errors":
        return True, SimpleNamespace(ResourceExhaustedError=MemoryError, InvalidArgumentError=ValueError)
    return False, None


class Namespace(ModuleType):
    """`tensorflow` or a module of it: finds its names in the places of the table, and explains the others."""

    _kshim_stand_in = True

    def __init__(self, path):
        super().__init__(f"tensorflow.{path}" if path else "tensorflow", "kshim's stand-in for TensorFlow.")
        self.__file__ = _here("namespaces").__file__
        self.__path__ = []
        self._path = path

    def __getattr__(self, name):
        path = f"{self._path}.{name}" if self._path else name
        if name.startswith("__") and name != "__version__":
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        found, value = _special(path)
        if not found and path in NAMESPACES:
            found, value = True, importlib.import_module(f"tensorflow.{path}") if _installed() else resolve(path)
        if not found:
            for place in NAMESPACES[self._path]:
                module = _here(place)
                if name in module.__all__:
                    found, value = True, getattr(module, name)
                    break
        if not found:
            raise AttributeError(explain(path), name=name, obj=None)
        self.__dict__[name] = value
        return value

    def __dir__(self):
        inside = {p.rpartition(".")[2] for p in NAMESPACES if p and p.rpartition(".")[0] == self._path}
        return sorted(
            inside.union(
                *(_here(place).__all__ for place in NAMESPACES[self._path]), {"keras"} if not self._path else ()
            )
        )


def _installed():
    """Whether `import tensorflow` gives the stand-in (it may be used on its own as well)."""
    return isinstance(sys.modules.get("tensorflow"), Namespace)


_made = {}


def resolve(path):
    """The module for a path below `tensorflow` ('' for itself); None if the stand-in has none."""
    if path in NAMESPACES:
        if path not in _made:
            _made[path] = Namespace(path)
        return _made[path]
    found, value = _special(path)
    return value if found and isinstance(value, ModuleType) else None


def explain(path):
    """The sentence for something below `tensorflow` that the stand-in does not have."""
    short = path.removeprefix("compat.v1.").removeprefix("compat.v2.")
    for known, advice in ABSENT.items():
        if short == known or short.startswith(known + "."):
            return f"kshim's stand-in for TensorFlow has no tf.{path}. {advice}"
    home, _, name = path.rpartition(".")
    known = dir(resolve(home)) if home in NAMESPACES else list(NAMESPACES)
    hint = did_you_mean(name, known)
    other = _USE_TF[0].lower() + _USE_TF[1:]
    return f"kshim's stand-in for TensorFlow has no tf.{path}.{hint} Use keras.ops or keras.layers, or: {other}."
