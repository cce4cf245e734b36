"""`keras.datasets`, and `digits`, which needs no download. The modules are imported at first use."""

import importlib

__all__ = [
    "boston_housing",
    "california_housing",
    "cifar",
    "cifar10",
    "cifar100",
    "digits",
    "fashion_mnist",
    "imdb",
    "mnist",
    "reuters",
]


def __getattr__(name):
    if name in __all__:
        return importlib.import_module("." + name, __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
