"""Which backend runs: `kshim.use(name)` over `KSHIM_BACKEND` over numpy, resolved at the first tensor.

Built-in names never cost a metadata scan; entry points of the group `kshim.backends` are read only for other names.
"""

import contextlib
import importlib
import os
import random

import numpy as np

from ..errors import BackendError, did_you_mean

#: Built-in name -> (module, framework package it needs, what pip installs).
BUILTIN = {
    "numpy": ("kshim_backends.numpy", "numpy", "kshim"),
    "torch": ("kshim_backends.torch", "torch", "kshim[torch]"),
    "jax": ("kshim_backends.jax", "jax", "kshim[jax]"),
    "tensorflow": ("kshim_backends.tensorflow", "tensorflow", "kshim[tensorflow]"),
}
_ALIASES = {"tf": "tensorflow", "pytorch": "torch"}
_instances = {}


class _State:
    """The active backend; `backend` is None until something needs it."""

    backend = None


state = _State()


def third_party():
    """Name -> entry point of every installed backend outside kshim."""
    from importlib.metadata import entry_points

    return {e.name: e for e in entry_points(group="kshim.backends")}


def _load(entry):
    """The class of a third party's entry point. Raises `BackendError` naming its package when there is none to be had."""
    from .backend import Backend

    provider = f"Backend {entry.name!r} of the package {entry.dist.name} {entry.dist.version}"
    try:
        cls = entry.load()
    except (ImportError, AttributeError) as error:
        raise BackendError(f"{provider} cannot be loaded: {type(error).__name__}: {error}") from error
    if not (isinstance(cls, type) and issubclass(cls, Backend)):
        raise BackendError(
            f"{provider} has the entry point {entry.value!r}, which is {cls!r:.100}. Expected a subclass of "
            "kshim.spec.backend.Backend."
        )
    return cls


@contextlib.contextmanager
def generators_kept():
    """What is loaded inside may draw from Python's and NumPy's global generators, which belong to the program: put them back."""
    held = random.getstate(), np.random.get_state()
    try:
        yield
    finally:
        random.setstate(held[0])
        np.random.set_state(held[1])


def get(name, device=None):
    """The backend instance called `name` (made once for each device).

    Raises `BackendError` listing what exists for an unknown name, or the pip command for a missing framework.
    """
    name = _ALIASES.get(name, name)
    device = device or os.environ.get("KSHIM_DEVICE") or None
    if (name, device) in _instances:
        return _instances[name, device]
    with generators_kept():
        instance = _instances[name, device] = _class_of(name)(device)
    return instance


def _class_of(name):
    """The class of the backend called `name`."""
    if name in BUILTIN:
        module, framework, package = BUILTIN[name]
        try:
            return importlib.import_module(module).backend_class
        except ModuleNotFoundError as error:
            if error.name != framework:
                raise
            raise BackendError(
                f"Backend {name!r} needs the package {framework!r}, which is not installed. "
                f"Install it with: pip install '{package}'. `kshim doctor` lists what is installed."
            ) from error
    others = third_party()
    if name not in others:
        known = [*BUILTIN, *others]
        raise BackendError(
            f"Unknown backend: {name!r}.{did_you_mean(name, known)} Known backends: {', '.join(known)}. "
            "Set KSHIM_BACKEND or call kshim.use() with one of them; another package can add one by an entry "
            "point of the group 'kshim.backends'."
        )
    return _load(others[name])


def resolve():
    """The active backend, chosen from `KSHIM_BACKEND` if nothing has chosen yet."""
    if state.backend is None:
        state.backend = get(os.environ.get("KSHIM_BACKEND") or "numpy")
    return state.backend


class use:
    """Choose the backend by name: `kshim.use('torch')` for good, or `with kshim.use('numpy'):` for a while.

    Raises `BackendError` for a name that is unknown or not installed.
    """

    def __init__(self, name, device=None):
        self._previous = state.backend
        state.backend = get(name, device)

    def __enter__(self):
        return state.backend

    def __exit__(self, *_):
        state.backend = self._previous

    def __repr__(self):
        return f"<kshim uses {state.backend.name!r}>"
