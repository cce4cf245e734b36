"""One seed, one run: on every backend, with dropout, batch statistics and shuffling; and models that change backends."""

import functools

import numpy as np
import pytest

import kshim
from kshim import config
from kshim.engine import names, seeds

rng = np.random.default_rng(4)
X = rng.normal(size=(40, 6, 3))
Y = rng.normal(size=(40, 1))


def _model():
    layers = kshim.layers
    return kshim.Sequential(
        [
            layers.Input((6, 3)),
            layers.Conv1D(4, 3, padding="same"),
            layers.BatchNormalization(),
            layers.Activation("relu"),
            layers.Dropout(0.3),
            layers.LSTM(4),
            layers.GaussianNoise(0.1),
            layers.Dense(5, activation="tanh"),
            layers.Dropout(0.2),
            layers.Dense(1),
        ]
    )


def _run(epochs=2, **fit):
    names.reset_uids()
    model = _model()
    model.compile(kshim.optimizers.Adam(0.01), "mse", metrics=["mae"])
    history = model.fit(X, Y, batch_size=8, epochs=epochs, validation_split=0.2, verbose=0, **fit).history
    return np.array([history[k] for k in sorted(history)]), model.get_weights()


@functools.lru_cache(None)
def _on_numpy(floatx):
    with kshim.use("numpy"):
        config.set_floatx(floatx)
        kshim.set_random_seed(11)
        return _run()


@pytest.mark.parametrize("floatx, tolerance", [("float32", 1e-5), ("float64", 1e-10)])
def test_every_backend_trains_alike(floatx, tolerance, backend):
    curves, weights = _on_numpy(floatx)
    config.set_floatx(floatx)
    kshim.set_random_seed(11)
    found, found_weights = _run()
    np.testing.assert_allclose(found, curves, rtol=tolerance, atol=tolerance)
    # Adam divides by the root of its second moment, which blows differences up where gradients are nearly zero
    for a, b in zip(found_weights, weights):
        np.testing.assert_allclose(a, b, rtol=100 * tolerance, atol=100 * tolerance)
        assert a.dtype == floatx


def test_a_seed_repeats_the_run(backend):
    results = []
    for seed in (5, 5, 6):
        kshim.set_random_seed(seed)
        results.append(_run())
    np.testing.assert_array_equal(results[0][0], results[1][0])
    for a, b in zip(results[0][1], results[1][1]):
        np.testing.assert_array_equal(a, b)
    assert not np.allclose(results[0][0], results[2][0])


def test_numpys_seed_fixes_the_run(backend):
    results = []
    for seed in (5, 5, 6):
        seeds.set_global_seed(None)
        np.random.seed(seed)
        results.append(_run(epochs=1)[0])
    np.testing.assert_array_equal(results[0], results[1])
    assert not np.allclose(results[0], results[2])


def test_dropout_differs_between_steps_and_layers(backend):
    layer, other = kshim.layers.Dropout(0.5), kshim.layers.Dropout(0.5)
    x = np.ones((4, 8), "float32")
    draws = [np.asarray(f(x, training=True)) for f in (layer, layer, other)]
    assert not np.array_equal(draws[0], draws[1]) and not np.array_equal(draws[0], draws[2])


def test_a_model_moves_to_another_backend(backend):
    model = _model()
    model.compile(kshim.optimizers.Adam(0.01), "mse")
    model.fit(X, Y, batch_size=8, verbose=0)
    here = model.predict(X, verbose=0), model.evaluate(X, Y, verbose=0)
    with kshim.use("numpy"):
        there = model.predict(X, verbose=0), model.evaluate(X, Y, verbose=0)
        np.testing.assert_allclose(np.asarray(model(X.astype("float32"))), here[0], rtol=1e-4, atol=1e-5)
        model.train_on_batch(X, Y)
        moved = model.get_weights()
    np.testing.assert_allclose(there[0], here[0], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(there[1], here[1], rtol=1e-4)
    model.fit(X, Y, batch_size=8, verbose=0)
    assert any(not np.array_equal(a, b) for a, b in zip(moved, model.get_weights()))
    assert int(model.optimizer.iterations) == 11


def test_a_step_is_compiled_once(backend):
    """Neither the learning rate, nor the epoch, nor evaluation in between makes a step anew."""
    calls = []
    layer = kshim.layers.Lambda(lambda x: calls.append(1) or x * 2.0)
    model = kshim.Sequential([kshim.layers.Input((4,)), layer, kshim.layers.Dense(1)])
    model.compile(kshim.optimizers.SGD(0.1), "mse")
    x, y = np.ones((16, 4), "float32"), np.ones((16, 1), "float32")
    model.fit(x, y, batch_size=8, verbose=0, validation_data=(x, y))
    made = len(calls)
    model.optimizer.learning_rate = 0.01
    model.fit(x, y, batch_size=8, epochs=3, verbose=0, validation_data=(x, y))
    assert len(calls) == made
