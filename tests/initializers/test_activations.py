"""Activation functions, against tf_keras and Keras 3."""

import numpy as np
import pytest

from kshim import activations, ops

X = np.concatenate([np.random.RandomState(0).randn(4, 6) * 3, [[-2.5, -1.0, 0.0, 1.0, 2.5, 6.0]]]).astype("float32")
TF = [
    ("relu", {}), ("relu", {"alpha": 0.1}), ("relu", {"max_value": 2.0}),
    ("relu", {"alpha": 0.2, "max_value": 2.0, "threshold": 1.0}), ("relu", {"threshold": -1.0}), ("softmax", {}),
    ("softmax", {"axis": 0}), ("elu", {}), ("elu", {"alpha": 0.5}), ("selu", {}), ("softplus", {}), ("softsign", {}),
    ("swish", {}), ("gelu", {}), ("gelu", {"approximate": True}), ("tanh", {}), ("sigmoid", {}), ("exponential", {}),
    ("hard_sigmoid", {}), ("linear", {}), ("mish", {}),
]  # fmt: skip
KERAS3 = [
    "celu", "glu", "hard_shrink", "hard_silu", "hard_tanh", "leaky_relu", "log_sigmoid", "log_softmax", "relu6",
    "silu", "soft_shrink", "sparse_plus", "sparse_sigmoid", "squareplus", "tanh_shrink",
]  # fmt: skip


@pytest.mark.parametrize(("name", "kwargs"), TF)
def test_values_of_keras_2(backend, tf_keras, name, kwargs):
    own = getattr(activations, name)(ops.convert_to_tensor(X), **kwargs)
    real = getattr(tf_keras.activations, name)(tf_keras.backend.constant(X), **kwargs)
    np.testing.assert_allclose(own.numpy(), np.asarray(real), rtol=2e-5, atol=1e-6)


@pytest.mark.parametrize("name", KERAS3)
def test_values_of_keras_3(backend, keras3, name):
    own = getattr(activations, name)(ops.convert_to_tensor(X))
    np.testing.assert_allclose(own.numpy(), np.asarray(getattr(keras3.activations, name)(X)), rtol=2e-5, atol=1e-6)


def test_names():
    assert activations.get(None) is activations.linear and activations.get("relu") is activations.relu
    for name in ("relu", "softmax", "hard_sigmoid", "swish", "gelu", "leaky_relu"):
        assert activations.serialize(activations.get(name)) == name
    assert activations.get("silu") is activations.swish
    with pytest.raises(ValueError, match="Unknown activation: 'sofmax'. Did you mean 'softmax'"):
        activations.get("sofmax")


def test_softmax_of_a_vector_is_refused():
    with pytest.raises(ValueError, match="at least two dimensions"):
        activations.softmax(ops.convert_to_tensor([1.0, 2.0]))


def test_softmax_and_sigmoid_remember_their_logits():
    x = ops.convert_to_tensor(X)
    assert activations.softmax(x)._keras_logits is x and activations.sigmoid(x)._keras_logits is x
    assert not hasattr(activations.softmax(x, axis=0), "_keras_logits")


def test_sparsemax_is_the_closest_point_of_the_simplex():
    # Keras 3.15's own sparsemax does not sum to 1 where several entries are positive, so the definition is the oracle
    from scipy.optimize import minimize

    y = activations.sparsemax(ops.convert_to_tensor(X / 3)).numpy()
    np.testing.assert_allclose(y.sum(axis=1), 1.0, rtol=1e-5)
    for row, found in zip(X / 3, y):
        simplex = {"type": "eq", "fun": lambda p: p.sum() - 1}
        best = minimize(
            lambda p, row=row: ((p - row) ** 2).sum(), np.full(6, 1 / 6), bounds=[(0, 1)] * 6, constraints=simplex
        )
        np.testing.assert_allclose(found, best.x, atol=1e-3)
