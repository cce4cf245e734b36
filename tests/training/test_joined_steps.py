"""Several training steps in one call of the backend: the same numbers, and nobody who looks at batches misses any."""

import numpy as np
import pytest

import kshim
from kshim import Sequential, callbacks, layers, optimizers
from kshim.spec import registry
from kshim.training import joined
from kshim.training.session import Session

rng = np.random.default_rng(7)
X, Y = rng.standard_normal((203, 6)).astype("float32"), rng.standard_normal((203, 1)).astype("float32")
#: 12 full batches of an epoch, and a ragged one
BATCH = 16


@pytest.fixture(params=["jax", "tensorflow", "numpy"])
def b(request, monkeypatch):
    """Backends that join steps, and one that is made to, by the definition that all have."""
    if request.param != "numpy":
        pytest.importorskip(request.param)
    monkeypatch.setattr(joined, "WORTH", 2)
    with kshim.use(request.param):
        monkeypatch.setattr(type(registry.state.backend), "joins_steps", True)
        yield registry.state.backend


def model(*more, optimizer="adam", **compiled):
    kshim.set_random_seed(3)
    stack = [layers.Dense(8, "relu", kernel_regularizer="l2"), layers.BatchNormalization(), layers.Dropout(0.3)]
    m = Sequential([layers.Input((6,)), *stack, *more, layers.Dense(1)])
    m.compile(optimizer, "mse", metrics=["mae"], **compiled)
    return m


def trained(m, alone=False, **options):
    """History, weights and numbers of steps in the calls; `alone`: of a backend that joins none."""
    backend, calls = type(registry.state.backend), []
    real = Session.train_joined

    def counted(self, batch, count, steps, most):
        calls.append(steps)
        return real(self, batch, count, steps, most)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Session, "train_joined", counted)
        patch.setattr(backend, "joins_steps", not alone)
        history = m.fit(X, Y, batch_size=BATCH, **{"epochs": 3, "verbose": 0, **options}).history
    return history, m.get_weights(), calls


def same(first, second):
    for name, values in first[0].items():
        np.testing.assert_allclose(values, second[0][name], rtol=1e-5)
    for a, c in zip(first[1], second[1], strict=True):
        np.testing.assert_allclose(a, c, rtol=1e-4, atol=1e-6)


SCHEDULE = optimizers.schedules.ExponentialDecay(0.05, 5, 0.5)
OPTIMIZERS = {
    "adam": lambda: "adam",
    "scheduled": lambda: optimizers.SGD(SCHEDULE, momentum=0.9),
    "decaying": lambda: optimizers.Nadam(0.01, weight_decay=0.01, use_ema=True, ema_overwrite_frequency=4),
    "scaled": lambda: optimizers.LossScaleOptimizer(optimizers.RMSprop(), dynamic_growth_steps=5),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_joined_steps_train_as_single_ones_do(b, name):
    together, alone = (trained(model(optimizer=OPTIMIZERS[name]()), a) for a in (False, True))
    assert together[2] == [1, 11, 12, 12] and not alone[2]
    same(together, alone)


@pytest.mark.parametrize("shuffle", [True, False])
def test_weights_of_classes_and_samples_go_with_their_rows(b, shuffle):
    weights = np.linspace(0.0, 2.0, len(X))
    together, alone = (trained(model(), a, shuffle=shuffle, sample_weight=weights) for a in (False, True))
    assert 12 in together[2]
    same(together, alone)


def test_unshuffled_rows_are_not_written_to(b):
    before = X.copy(), Y.copy()
    together, alone = (trained(model(), a, shuffle=False) for a in (False, True))
    assert max(together[2]) > 1
    same(together, alone)
    np.testing.assert_array_equal(X, before[0])
    np.testing.assert_array_equal(Y, before[1])


def test_a_callback_with_batch_hooks_sees_every_batch(b):
    seen, losses = [], []
    look = callbacks.LambdaCallback(
        on_train_batch_begin=lambda batch, logs: seen.append(batch),
        on_train_batch_end=lambda batch, logs: losses.append(logs["loss"]),
    )
    _, _, calls = trained(model(), callbacks=[look])
    assert not calls and seen == [*range(13)] * 3 and len(set(losses)) == 39


def test_a_progress_bar_of_ones_own_sees_every_batch(b):
    seen = []

    class Bar(callbacks.ProgbarLogger):
        def on_train_batch_end(self, batch, logs=None):
            seen.append(batch)

    trained(model(), callbacks=[Bar()], verbose=1)
    assert seen == [*range(13)] * 3


@pytest.mark.parametrize("mode", ["steps", "samples"])
def test_the_progress_bar_counts_all(b, mode, capsys):
    bar = callbacks.ProgbarLogger(mode)
    counts = []
    advance = bar._advance
    bar._advance = lambda batch, logs: (advance(batch, logs), counts.append(bar.seen))
    _, _, calls = trained(model(), callbacks=[bar], verbose=1)
    assert max(calls) == 12
    assert counts[-2:] == ([12, 13] if mode == "steps" else [192, 203])


def test_training_stops_after_the_epoch_in_which_it_is_told_to(b):
    stop = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: setattr(stop.model, "stop_training", epoch == 1))
    m = model()
    history, _, calls = trained(m, callbacks=[stop], epochs=5)
    assert len(history["loss"]) == 2 and calls == [1, 11, 12]
    assert int(m.optimizer.iterations) == 26


def test_the_limit_of_steps_holds(b, monkeypatch):
    monkeypatch.setenv("KSHIM_MAX_STEPS", "5")
    m = model()
    _, _, calls = trained(m, epochs=2)
    assert calls == [1, 4, 5] and int(m.optimizer.iterations) == 10


def test_a_learning_rate_set_between_epochs_is_used(b):
    def run(alone):
        m = model(optimizer=optimizers.SGD(0.1))
        return trained(m, alone, callbacks=[callbacks.LearningRateScheduler(lambda epoch: 0.1 / (epoch + 1))])

    together, alone = run(False), run(True)
    assert max(together[2]) == 12
    same(together, alone)


def test_a_function_for_a_learning_rate_sees_the_number_of_the_step(b):
    def run(alone):
        opt = optimizers.SGD(lambda: 0.1 / (1 + int(opt.iterations)))
        return trained(model(optimizer=opt), alone)

    together, alone = run(False), run(True)
    assert max(together[2]) == 12
    same(together, alone)


def test_a_variable_of_somebody_else_is_followed(b):
    factor = kshim.backend.variable(1.0)

    def run(alone):
        factor.assign(1.0)
        m = model()
        m.compile("adam", lambda y, p: (y - p) ** 2 * factor)
        change = callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: factor.assign(3.0))
        return trained(m, alone, callbacks=[change])

    together, alone = run(False), run(True)
    assert max(together[2]) == 12
    same(together, alone)


def test_what_is_not_joined(b, monkeypatch):
    big = np.zeros((64, 20, 6), "float32"), np.zeros((64, 20, 1), "float32")

    def calls(m, x=X, y=Y, **options):
        found = []
        monkeypatch.setattr(Session, "train_joined", lambda *args: found.append(args))
        m.fit(x, y, batch_size=BATCH, epochs=2, verbose=0, **options)
        return len(found)

    assert calls(model()) > 0
    assert not calls(model(run_eagerly=True))
    assert not calls(model(), steps_per_epoch=5)
    assert not calls(model(), shuffle="batch")
    monkeypatch.setattr(joined, "WORTH", 27)  # there are 26 steps
    assert not calls(model())
    monkeypatch.setattr(joined, "WORTH", 2)
    monkeypatch.setattr(joined, "QUICK", 10_000)  # 65 weights that meet 16 samples of 20 places are more
    m = Sequential([layers.Input((20, 6)), layers.Dense(8), layers.Dense(1)])
    m.compile("sgd", "mse")
    assert calls(model()) > 0 and not calls(m, *big)


def test_convolutions_are_computed_step_by_step_where_a_loop_makes_them_slow():
    pytest.importorskip("jax")
    with pytest.MonkeyPatch.context() as patch, kshim.use("jax"):
        patch.setattr(joined, "WORTH", 2)
        m = Sequential(
            [layers.Input((6,)), layers.Reshape((6, 1)), layers.Conv1D(2, 3), layers.Flatten(), layers.Dense(1)]
        )
        m.compile("sgd", "mse")
        _, _, calls = trained(m)
        assert calls == [1] and m.session().joined.impossible == (registry.state.backend.info()["device"] == "cpu")
        assert int(m.optimizer.iterations) == 39


def test_an_error_is_that_of_a_single_step(b):
    class Wrong(layers.Layer):
        def call(self, x, training=False):
            return x[:, :3] + x[:, :2] if training else x[:, :3]

    messages = []
    for alone in (False, True):
        with pytest.raises(ValueError) as error:
            trained(model(Wrong(name="wrong")), alone)
        messages.append(str(error.value))
    assert messages[0] == messages[1]


def test_keys_of_many_steps_at_once():
    from kshim.spec.rng import fold, fold_each

    for start in (0, 5, 2**40):
        keys = [fold(7, "step", start + i) for i in range(4)]
        assert fold_each(7, "step", start=start, count=4) == keys
