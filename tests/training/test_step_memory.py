"""What a training step may overwrite, and what it must not lose."""

import numpy as np
import pytest

from kshim import backend as K
from kshim import layers, models, ops, optimizers
from kshim.spec import registry

X = np.array([[1.0, 2.0], [3.0, 5.0]], "float32")
Y = np.ones((2, 1), "float32")


class Remembering(layers.Layer):
    """A product with a kernel that keeps a copy of what the kernel was, and counts in a variable of somebody else."""

    def __init__(self, seen):
        super().__init__()
        self.seen = seen  # a function: a variable would become a weight of the layer

    def build(self, input_shape):
        self.kernel = self.add_weight(name="kernel", shape=(2, 1), initializer="ones")
        self.before = self.add_weight(name="before", shape=(2, 1), initializer="zeros", trainable=False)
        self.again = self.add_weight(name="again", shape=(2, 1), initializer="zeros", trainable=False)

    def call(self, inputs):
        self.before.assign(self.kernel)
        self.again.assign(ops.reshape(self.kernel, (2, 1)))
        self.seen()
        return ops.matmul(inputs, self.kernel)


def _model(optimizer="sgd", seen=lambda: None):
    model = models.Sequential([Remembering(seen)])
    model.compile(optimizer, lambda y, p: p * y)
    model.build((None, 2))
    return model, model.layers[0]


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize(
    "take", [ops.convert_to_tensor, K.identity, lambda v: ops.reshape(v, (1, 2)), lambda v: v[1:], ops.stop_gradient]
)
def test_a_tensor_made_of_a_weight_outlives_the_step(backend, optimizer, take):
    model, layer = _model(optimizer)
    model.train_on_batch(X, Y)
    taken = take(layer.kernel)
    before = taken.numpy().copy()
    model.train_on_batch(X, Y)
    np.testing.assert_array_equal(taken.numpy(), before)
    assert not np.array_equal(take(layer.kernel).numpy(), before)


def test_a_variable_that_was_assigned_a_weight_in_a_step_keeps_it(backend):
    model, layer = _model(optimizers.SGD(0.5, momentum=0.5))
    for _ in range(3):
        before = layer.kernel.numpy()
        model.train_on_batch(X, Y)
        np.testing.assert_array_equal(layer.before.numpy(), before)
        np.testing.assert_array_equal(layer.again.numpy(), before)
        assert not np.array_equal(layer.kernel.numpy(), before)


@pytest.mark.parametrize("eagerly", [False, True])
def test_a_variable_of_somebody_else_counts_the_steps(backend, eagerly):
    count = K.variable(0.0)
    model, layer = _model(seen=lambda: count.assign_add(1.0))
    model.run_eagerly = eagerly
    for step in range(3):
        model.train_on_batch(X, Y)
        assert float(count.numpy()) == step + 1
    count.assign(10.0)
    model.train_on_batch(X, Y)
    model.evaluate(X, Y, verbose=0)
    assert float(count.numpy()) == 12.0
    model.predict(X, verbose=0)
    assert np.isfinite(count.numpy())


def test_copies_share_no_memory(backend):
    b = registry.state.backend
    for array in (np.arange(6.0, dtype="float32").reshape(2, 3), np.array([1, -2]), np.array([True, False])):
        x = b.from_numpy(array)
        y = b.copy(x)
        assert b.dtype_of(y) == b.dtype_of(x) and y is not x
        np.testing.assert_array_equal(b.to_numpy(y), array)


def test_a_step_without_state_is_traced_once(backend):
    b, runs = registry.state.backend, []

    def step(state, hyper, batch):
        runs.append(1)
        return state, b.multiply(batch, 2.0)

    run = b.compile_step(step, False)
    for _ in range(3):
        _, y = run([], {}, X)
    assert len(runs) in ((1,) if backend in ("jax", "tensorflow") else (3,))
    np.testing.assert_array_equal(b.to_numpy(y), X * 2)
