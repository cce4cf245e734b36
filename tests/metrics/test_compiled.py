"""Metrics and losses inside compiled steps, and while only shapes are worked out."""

import importlib.util
import os

import numpy as np
import pytest

from kshim import losses, metrics
from kshim.engine.context import symbolic_scope
from kshim.engine.tensor import Tensor
from kshim.engine.variable import swapped
from kshim.spec import registry
from kshim.spec.shapes import ShapeDtype

_path = os.path.join(os.path.dirname(__file__), "test_metrics.py")
_spec = importlib.util.spec_from_file_location("kshim_metric_cases", _path)
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)
CASES, IDS = _module.CASES, _module.IDS


def shape_of(array):
    dtype = "int32" if array.dtype == np.int64 else str(array.dtype)
    return Tensor(ShapeDtype(array.shape, dtype))


@pytest.mark.parametrize(("name", "kwargs", "y_true", "y_pred"), CASES, ids=IDS)
def test_shapes_alone(name, kwargs, y_true, y_pred):
    """A metric can be built from shapes, which creates all of its variables and leaves them alone."""
    metric = getattr(metrics, name)(**kwargs)
    weight = Tensor(ShapeDtype((len(y_true),), "float32"))
    with symbolic_scope():
        metric.update_state(shape_of(y_true), shape_of(y_pred), sample_weight=weight)
        result = metric.result()
    assert not any(v.numpy().any() for v in metric.variables)
    n = len(metric.variables)
    metric.update_state(y_true, y_pred)
    assert len(metric.variables) == n and tuple(metric.result().shape) == tuple(result.shape)


@pytest.mark.parametrize(("name", "kwargs", "y_true", "y_pred"), CASES, ids=IDS)
def test_compiled_update_equals_eager_one(backend, name, kwargs, y_true, y_pred):
    b = registry.resolve()
    eager, metric = getattr(metrics, name)(**kwargs), getattr(metrics, name)(**kwargs)
    eager.update_state(y_true, y_pred)
    eager.update_state(y_true, y_pred)
    with symbolic_scope():
        metric.update_state(shape_of(y_true), shape_of(y_pred))
    variables = metric.variables

    def step(state, hyper, batch):
        with swapped(variables, state) as held:
            metric.update_state(Tensor(batch[0]), Tensor(batch[1]))
        return held.after, None

    compiled = b.compile_step(step, False)
    y_true = y_true.astype("int32") if y_true.dtype == np.int64 else y_true
    y_pred = y_pred.astype("int32") if y_pred.dtype == np.int64 else y_pred
    state = [v.native for v in variables]
    for _ in range(2):
        state, _ = compiled(state, {"key0": 1, "key1": 2}, [y_true, y_pred])
    for mine, value in zip(eager.variables, state):
        np.testing.assert_allclose(b.to_numpy(value), mine.numpy(), rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize(
    "name", ["MeanSquaredError", "Huber", "BinaryCrossentropy", "CategoricalCrossentropy", "Hinge"]
)
def test_losses_on_shapes_alone(name):
    x = Tensor(ShapeDtype((8, 3), "float32"))
    with symbolic_scope():
        assert tuple(getattr(losses, name)()(x, x, Tensor(ShapeDtype((8,), "float32"))).shape) == ()
        assert tuple(getattr(losses, name)(reduction="none")(x, x).shape) == (8,)
        sparse = losses.SparseCategoricalCrossentropy(ignore_class=1)
        assert tuple(sparse(Tensor(ShapeDtype((8,), "int32")), x).shape) == ()
