"""Regularizers and constraints, against tf_keras."""

import numpy as np
import pytest

from kshim import constraints, ops, regularizers

W = np.random.RandomState(1).randn(4, 5).astype("float32")
REGULARIZERS = [
    ("L1", {"l1": 0.3}), ("L2", {"l2": 0.2}), ("L1L2", {"l1": 0.1, "l2": 0.2}), ("L1L2", {}),
    ("OrthogonalRegularizer", {"factor": 0.5}), ("OrthogonalRegularizer", {"factor": 0.5, "mode": "columns"}),
]  # fmt: skip
CONSTRAINTS = [
    ("MaxNorm", {"max_value": 1.0}), ("MaxNorm", {"max_value": 1.5, "axis": [0, 1]}), ("NonNeg", {}),
    ("UnitNorm", {"axis": 1}), ("MinMaxNorm", {"min_value": 0.5, "max_value": 1.0, "rate": 0.7}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "kwargs"), REGULARIZERS)
def test_regularizer(backend, tf_keras, name, kwargs):
    own, real = getattr(regularizers, name)(**kwargs), getattr(tf_keras.regularizers, name)(**kwargs)
    np.testing.assert_allclose(
        own(ops.convert_to_tensor(W)).numpy(), np.asarray(real(tf_keras.backend.constant(W))), rtol=1e-5
    )
    for key, value in real.get_config().items():
        assert own.get_config()[key] == pytest.approx(value)
    assert regularizers.deserialize(regularizers.serialize(own)).get_config() == own.get_config()
    assert type(regularizers.deserialize(tf_keras.regularizers.serialize(real))) is type(own)


@pytest.mark.parametrize(("name", "kwargs"), CONSTRAINTS)
def test_constraint(backend, tf_keras, name, kwargs):
    own, real = getattr(constraints, name)(**kwargs), getattr(tf_keras.constraints, name)(**kwargs)
    np.testing.assert_allclose(own(ops.convert_to_tensor(W)).numpy(), np.asarray(real(W)), rtol=1e-5, atol=1e-7)
    assert own.get_config() == real.get_config()
    assert constraints.deserialize(constraints.serialize(own)).get_config() == own.get_config()


@pytest.mark.parametrize("n", [3, 4, 5, 6])
def test_radial_constraint(tf_keras, n):
    w = np.random.RandomState(2).randn(n, n, 2, 3).astype("float32")
    own = constraints.RadialConstraint()(ops.convert_to_tensor(w)).numpy()
    np.testing.assert_array_equal(
        own, np.asarray(tf_keras.constraints.RadialConstraint()(tf_keras.backend.constant(w)))
    )
    with pytest.raises(ValueError, match="shape"):
        constraints.RadialConstraint()(ops.convert_to_tensor(W))


def test_names_of_every_era():
    assert regularizers.get("l2").l2 == 0.01
    assert regularizers.get("l1_l2").get_config() == {"l1": 0.01, "l2": 0.01}
    assert regularizers.l1(l=0.5).l1 == 0.5 and regularizers.l1(0.5).l1 == 0.5
    assert regularizers.l1l2(0.1, 0.2).get_config() == {"l1": 0.1, "l2": 0.2}
    flat = {"name": "WeightRegularizer", "l1": 0.0, "l2": 0.5}
    assert regularizers.get(flat).get_config() == {"l1": 0.0, "l2": 0.5}
    assert constraints.get("maxnorm").max_value == 2 and constraints.maxnorm(3).max_value == 3
    assert constraints.get({"name": "MaxNorm", "m": 4}).max_value == 4
    assert isinstance(constraints.get("nonneg"), constraints.NonNeg) and constraints.unitnorm is constraints.UnitNorm


def test_errors_say_what_to_do():
    with pytest.raises(ValueError, match="Did you mean 'l1l2'|Did you mean 'l1'|Did you mean"):
        regularizers.get("l1ll2")
    with pytest.raises(ValueError, match="finite number"):
        regularizers.L2(float("nan"))
    with pytest.raises(TypeError, match="'ll'"):
        regularizers.L1(ll=0.1)
    with pytest.raises(ValueError, match="Did you mean 'max_norm'"):
        constraints.get("max_nrom")
