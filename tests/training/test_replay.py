"""Steps that are recorded once and replayed: the same numbers as without, and what cannot be recorded."""

import numpy as np
import pytest

import kshim
from kshim import Sequential, layers, ops
from kshim.spec import registry
from kshim.training.replay import Replayed

rng = np.random.default_rng(5)
X, Y = rng.standard_normal((20, 6, 3)).astype("float32"), rng.standard_normal((20, 2)).astype("float32")
EAGER = ["numpy", "torch"]


@pytest.fixture(params=EAGER)
def eager(request):
    with kshim.use(request.param):
        yield registry.state.backend


def model(last=None, **compiled):
    kshim.set_random_seed(3)
    m = Sequential(
        [
            layers.Input((6, 3)),
            layers.Conv1D(4, 2, activation="relu", kernel_regularizer="l2"),
            layers.BatchNormalization(),
            layers.RNN(layers.SimpleRNNCell(5, recurrent_dropout=0.2), return_sequences=True),
            layers.GRU(4),
            layers.Dropout(0.3),
            last or layers.Dense(2),
        ]
    )
    m.compile(**{"optimizer": "adam", "loss": "mse", "metrics": ["mae"], **compiled})
    return m


def trained(m):
    history = m.fit(X, Y, batch_size=8, epochs=3, verbose=0, validation_data=(X[:10], Y[:10])).history
    return history, m.get_weights(), m.predict(X, batch_size=8, verbose=0)


def steps(m):
    return {kind: step for kind, step in m.session()._compiled_steps.items() if isinstance(step, Replayed)}


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "adagrad", "nadam"])
def test_replayed_steps_compute_what_the_frontend_does(eager, optimizer):
    replayed, plain = model(optimizer=optimizer), model(optimizer=optimizer, run_eagerly=True)
    (history, weights, predicted), (expected, wanted, outputs) = trained(replayed), trained(plain)
    assert history == expected
    for a, b in zip([*weights, predicted], [*wanted, outputs]):
        np.testing.assert_array_equal(a, b)
    assert set(steps(replayed)) == {"train", "test", "predict"} and not steps(plain)
    for step in steps(replayed).values():
        assert step.reasons == [] and len(step._programs) == 2  # full batches and the last one


class Counting(layers.Layer):
    calls = 0

    def call(self, inputs):
        type(self).calls += 1
        return inputs * 2.0


def test_the_frontend_runs_once_for_each_kind_of_batch(eager):
    m = Sequential([layers.Input((3,)), Counting(), layers.Dense(1)])
    m.compile("sgd", "mse")
    for eagerly, calls in ((False, 0), (True, 12)):
        m.compile("sgd", "mse", run_eagerly=eagerly)
        m.fit(X[:, 0], Y[:, :1], batch_size=8, verbose=0)
        Counting.calls = 0
        m.fit(X[:, 0], Y[:, :1], batch_size=8, epochs=4, verbose=0)
        assert Counting.calls == calls


class Branching(kshim.Model):
    def call(self, inputs):
        return inputs * 2.0 if float(ops.sum(inputs)) > 0 else inputs


def test_what_depends_on_values_runs_as_it_is(eager):
    m = Branching()
    m.built = True
    rows = np.array([[1.0, 2.0], [-1.0, -2.0], [3.0, 1.0]], "float32")
    for row in rows:
        expected = row * 2 if row.sum() > 0 else row
        np.testing.assert_array_equal(m.predict(row[None], verbose=0)[0], expected)
    (step,) = steps(m).values()
    assert len(step.reasons) == 1


def test_a_failing_step_says_what_it_says_without_recording(eager):
    m = Sequential([layers.Input((2,)), layers.Lambda(lambda x: ops.reshape(x, (-1, 3)), output_shape=(3,))])
    with pytest.raises(ValueError) as plain:
        m.compile("sgd", "mse", run_eagerly=True)
        m.train_on_batch(np.ones((2, 2)), np.ones((2, 3)))
    with pytest.raises(ValueError) as recorded:
        m.compile("sgd", "mse")
        m.train_on_batch(np.ones((2, 2)), np.ones((2, 3)))
    assert str(plain.value) == str(recorded.value)


def test_changes_between_steps_are_seen(eager):
    """Learning rate, weights, freezing, and a variable that only the loss knows."""
    factor = kshim.backend.variable(1.0)
    m = Sequential([layers.Input((2,)), layers.Dense(1, use_bias=False, kernel_initializer="ones")])
    m.compile(kshim.optimizers.SGD(0.5), lambda y, p: factor * p)
    x, y = np.ones((1, 2), "float32"), np.zeros((1, 1), "float32")
    m.train_on_batch(x, y)
    m.train_on_batch(x, y)
    np.testing.assert_array_equal(m.get_weights()[0], [[0.0], [0.0]])
    m.optimizer.learning_rate.assign(0.25)
    m.train_on_batch(x, y)
    np.testing.assert_array_equal(m.get_weights()[0], [[-0.25], [-0.25]])
    factor.assign(4.0)
    m.train_on_batch(x, y)
    np.testing.assert_array_equal(m.get_weights()[0], [[-1.25], [-1.25]])
    m.set_weights([np.full((2, 1), 3.0, "float32")])
    np.testing.assert_array_equal(m.predict(x, verbose=0), [[6.0]])


def test_weights_from_outside_are_not_overwritten(eager):
    """A step in place works on memory of its own, also the first one after the record."""
    m = model(optimizer="adam")
    m.fit(X, Y, batch_size=20, epochs=1, verbose=0)
    kept = [w.value for w in m.weights]
    before = [k.numpy().copy() for k in kept]
    m.fit(X, Y, batch_size=20, epochs=3, verbose=0)
    for k, b in zip(kept, before):
        np.testing.assert_array_equal(k.numpy(), b)


def test_an_override_may_decline_in_a_later_step(eager):
    """torch's attention leaves NaN to the definition, which depends on the values."""
    x = layers.Input((3, 4))
    m = kshim.Model(x, layers.MultiHeadAttention(1, 2)(x, x))
    rows = rng.standard_normal((2, 3, 4)).astype("float32")
    m.predict(rows, verbose=0)
    (step,) = steps(m).values()
    expected = m(rows).numpy()
    np.testing.assert_allclose(m.predict(rows, verbose=0), expected, rtol=1e-5, atol=1e-6)
    rows[0, 1, 2] = np.nan
    got = m.predict(rows, verbose=0)
    assert np.isnan(got[0]).all() and not np.isnan(got[1]).any()
    assert step.reasons == [] and len(step._programs) == 1


def test_a_state_of_other_kinds_is_seen(eager):
    """A program belongs to the shapes and dtypes of the state that it was recorded with."""

    def doubled(state, hyper, batch):
        return {"a": [registry.state.backend.multiply(state["a"][0], 2)]}, None

    step = Replayed(eager, doubled, False)
    for shape, dtype in (((2,), "float32"), ((3,), "float32"), ((3,), "int32"), ((2,), "float32")):
        state = {"a": [eager.full(shape, 1, dtype)]}
        for n in (2, 4):
            state, _ = step(state, {}, None)
            np.testing.assert_array_equal(eager.to_numpy(state["a"][0]), np.full(shape, n, dtype))
    assert len(step._programs) == 3 and step.reasons == []


def test_inputs_of_ever_new_lengths_do_not_fill_the_memory(eager, monkeypatch):
    from kshim.training import replay

    monkeypatch.setattr(replay, "_MOST", 2)
    m = Sequential([layers.Input((None, 3)), layers.GRU(2)])
    for length in range(1, 6):
        x = np.ones((1, length, 3), "float32")
        np.testing.assert_allclose(m.predict(x, verbose=0), m(x).numpy(), rtol=1e-6)
    assert len(m.session()._compiled_steps["predict"]._programs) == 2
