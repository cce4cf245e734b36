"""What tests of the backends that compile share."""

import importlib

import numpy as np
import pytest


@pytest.fixture(scope="module", params=["jax", "tensorflow"])
def B(request):
    """A backend that compiles its steps, on the CPU."""
    pytest.importorskip(request.param)
    return importlib.import_module(f"kshim_backends.{request.param}").backend_class("cpu")


def _run_both(backend, function, arrays, eager_function=None):
    """Results of `function(tensors)`, a list, from eager execution and from a compiled step, as arrays."""
    eager = (eager_function or function)(_move(backend, arrays))
    step = backend.compile_step(lambda state, hyper, batch: (state, function(batch)), False)
    _, compiled = step([], {}, arrays)
    return [[backend.to_numpy(t) for t in ts] for ts in (eager, compiled)]


def _move(backend, arrays):
    return [_move(backend, a) if isinstance(a, list) else backend.from_numpy(np.asarray(a)) for a in arrays]


@pytest.fixture(scope="session")
def both_modes():
    """`both_modes(backend, function, arrays)`: the results of `function`, eager and compiled."""
    return _run_both
