"""What TensorFlow 1 programs around Keras use: sessions that hold nothing, settings, old names."""

import logging as _logging

from ... import ops
from ...engine.seeds import set_global_seed as set_random_seed
from ...errors import UnsupportedError
from . import random as _random
from .dtypes import as_dtype
from .maths import divide

__all__ = [
    "ConfigProto", "GPUOptions", "Graph", "InteractiveSession", "OptimizerOptions", "RunOptions", "Session", "assign",
    "assign_add", "assign_sub", "disable_eager_execution", "disable_v2_behavior", "disable_v2_tensorshape", "div",
    "enable_eager_execution", "enable_v2_behavior", "get_default_graph", "get_default_session",
    "global_variables_initializer", "initialize_all_variables", "local_variables_initializer", "logging",
    "random_normal", "random_shuffle", "random_uniform", "reset_default_graph", "set_random_seed",
    "tables_initializer", "to_double", "to_float", "to_int32", "to_int64", "truncated_normal",
]  # fmt: skip


class _Bag:
    """Settings that are accepted and not used; nested ones come into being when they are set."""

    def __init__(self, *args, **settings):
        self.__dict__.update(settings)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        value = self.__dict__[name] = _Bag()
        return value


class ConfigProto(_Bag):
    """`tf.ConfigProto(...)`: the backend manages devices, threads and memory itself."""


class GPUOptions(_Bag):
    """`tf.GPUOptions(...)`, see `ConfigProto`."""


class OptimizerOptions(_Bag):
    """`tf.OptimizerOptions(...)`, see `ConfigProto`."""


class RunOptions(_Bag):
    """`tf.RunOptions(...)`, see `ConfigProto`."""


class Graph:
    """A graph without nodes: kshim computes at once."""

    def as_default(self):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def finalize(self):
        return None

    def get_operations(self):
        return []


class Session:
    """A session without a graph, for `K.set_session(tf.Session(config=config))` and initialisers."""

    def __init__(self, target="", graph=None, config=None):
        self.graph = graph or Graph()

    def run(self, fetches, feed_dict=None, options=None, run_metadata=None):
        """NumPy values of tensors that have one. `UnsupportedError` for a graph's placeholders."""
        if feed_dict:
            raise UnsupportedError(
                "Session.run with a feed_dict runs a TensorFlow graph, which kshim does not have. Call the model on "
                "the data (model.predict, K.function), or run this program with TensorFlow 1."
            )
        if isinstance(fetches, (list, tuple)):
            return type(fetches)(self.run(f) for f in fetches)
        return None if fetches is None else ops.convert_to_numpy(fetches)

    def as_default(self):
        return self

    def close(self):
        return None

    def list_devices(self):
        from .config import list_local_devices

        return list_local_devices()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None


InteractiveSession = Session
_default = {}


def get_default_session():
    """The session of this process."""
    return _default.setdefault("session", Session())


def get_default_graph():
    return get_default_session().graph


def _nothing(name, doc="Nothing to do: variables exist and have values as soon as they are made."):
    def fn(*args, **kwargs):
        return None

    fn.__name__ = fn.__qualname__ = name
    fn.__doc__ = doc
    return fn


global_variables_initializer = _nothing("global_variables_initializer")
local_variables_initializer = _nothing("local_variables_initializer")
initialize_all_variables = _nothing("initialize_all_variables")
tables_initializer = _nothing("tables_initializer")
_MODE = "Nothing to do: kshim computes at once and compiles training steps, in either mode."
disable_eager_execution = _nothing("disable_eager_execution", _MODE)
enable_eager_execution = _nothing("enable_eager_execution", _MODE)
disable_v2_behavior = _nothing("disable_v2_behavior", _MODE)
enable_v2_behavior = _nothing("enable_v2_behavior", _MODE)
disable_v2_tensorshape = _nothing("disable_v2_tensorshape", _MODE)
reset_default_graph = _nothing("reset_default_graph", "Nothing to do: there is no graph.")

random_normal, random_uniform = _random.normal, _random.uniform
truncated_normal, random_shuffle = _random.truncated_normal, _random.shuffle


def _to(dtype):
    def fn(x, name=None):
        return ops.cast(x, dtype)

    fn.__doc__ = f"Cast to {as_dtype(dtype)}."
    return fn


to_float, to_double, to_int32, to_int64 = _to("float32"), _to("float64"), _to("int32"), _to("int64")
div = divide


def assign(ref, value, validate_shape=None, use_locking=None, name=None):
    return ref.assign(value)


def assign_add(ref, value, use_locking=None, name=None):
    return ref.assign_add(value)


def assign_sub(ref, value, use_locking=None, name=None):
    return ref.assign_sub(value)


class logging:
    """`tf.logging`: levels and messages of Python's logger 'tensorflow'."""

    DEBUG, INFO, WARN, WARNING, ERROR, FATAL = 10, 20, 30, 30, 40, 50

    @staticmethod
    def set_verbosity(v):
        _logging.getLogger("tensorflow").setLevel(v)

    @staticmethod
    def get_verbosity():
        return _logging.getLogger("tensorflow").level

    debug = staticmethod(lambda *a: _logging.getLogger("tensorflow").debug(*a))
    info = staticmethod(lambda *a: _logging.getLogger("tensorflow").info(*a))
    warn = warning = staticmethod(lambda *a: _logging.getLogger("tensorflow").warning(*a))
    error = staticmethod(lambda *a: _logging.getLogger("tensorflow").error(*a))


def optimizer(name):
    """The class of `kshim.optimizers` behind a `tf.train` optimizer, with TensorFlow 1's keyword names translated."""

    def make(learning_rate=0.001, **settings):
        from ... import optimizers

        renamed = {"beta1": "beta_1", "beta2": "beta_2", "decay": "rho"}
        settings = {renamed.get(k, k): v for k, v in settings.items() if k not in ("use_locking", "name")}
        if name == "Momentum":
            settings.setdefault("momentum", 0.0)
            settings["nesterov"] = settings.pop("use_nesterov", False)
        return getattr(optimizers, {"GradientDescent": "SGD", "Momentum": "SGD"}.get(name, name))(
            learning_rate, **settings
        )

    make.__name__ = make.__qualname__ = f"{name}Optimizer"
    return make
