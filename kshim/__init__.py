"""kshim: the Keras interface of every era on NumPy, PyTorch, JAX and TensorFlow, with the same numbers.

`import kshim as keras` gives the interface; `import kshim.auto` redirects `import keras` and `import tensorflow.keras`
to it; `python -m kshim script.py` runs a program that way. `kshim.use("torch")` or the environment variable
`KSHIM_BACKEND` chooses the backend. Nothing is loaded before it is used.
"""

import importlib

__version__ = "0.1.0"

#: Modules of Keras's public interface, reachable as `kshim.<name>` and `keras.<name>`.
PUBLIC_MODULES = (
    "activations", "backend", "callbacks", "config", "constraints", "datasets", "dtype_policies", "initializers",
    "layers", "losses", "metrics", "mixed_precision", "models", "ops", "optimizers", "preprocessing", "random",
    "regularizers", "saving", "tree", "utils", "wrappers",
)  # fmt: skip

#: Public name -> the module that has it.
_NAMES = {
    "DTypePolicy": "dtype_policies",
    "FloatDTypePolicy": "dtype_policies",
    "Initializer": "initializers",
    "Input": "layers.input_layer",
    "InputSpec": "engine.input_spec",
    "KerasTensor": "engine.tensor",
    "Layer": "engine.layer",
    "Loss": "losses",
    "Metric": "metrics",
    "Model": "models",
    "Optimizer": "optimizers",
    "Regularizer": "regularizers",
    "Sequential": "models",
    "Variable": "engine.variable",
    "name_scope": "engine.names",
    "set_random_seed": "engine.seeds",
    "use": "spec.registry",
}

PUBLIC_NAMES = frozenset(_NAMES).union(PUBLIC_MODULES)


def __getattr__(name):
    if name in PUBLIC_MODULES or name == "errors":
        return importlib.import_module(f"{__name__}.{name}")
    if name in _NAMES:
        value = globals()[name] = getattr(importlib.import_module(f"{__name__}.{_NAMES[name]}"), name)
        return value
    from .errors import did_you_mean

    raise AttributeError(f"module {__name__!r} has no attribute {name!r}.{did_you_mean(name, PUBLIC_NAMES)}")


def __dir__():
    return sorted({*PUBLIC_NAMES, "__version__", "errors"})
