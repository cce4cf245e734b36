"""Random numbers in `predict` and `evaluate`, and batches of another size at the end."""

import numpy as np
import pytest

from kshim import Input, Model, layers, models, set_random_seed
from kshim import backend as K
from kshim.training.filling import Filling

ROWS = np.random.default_rng(3).standard_normal((10, 4)).astype("float32")


def noisy():
    set_random_seed(7)
    x = Input((4,))
    y = layers.Dropout(0.5)(x, training=True)
    y = layers.Lambda(lambda t: t + K.random_normal(K.shape(t)))(y)
    model = Model(x, y)
    model.compile("sgd", "mse")
    return model


def test_each_batch_and_each_call_draws_new_numbers(backend):
    model = noisy()
    same = np.repeat(ROWS[:1], 6, axis=0)
    first, second = (model.predict(same, batch_size=3, verbose=0) for _ in range(2))
    assert (first[:3] != first[3:]).any() and (first != second).any()
    losses = [model.evaluate(ROWS, ROWS, batch_size=5, verbose=0) for _ in range(2)]
    assert losses[0] != losses[1]


def test_the_same_on_every_backend(backend):
    import kshim

    model = noisy()
    found = [model.predict(ROWS, batch_size=4, verbose=0), model.evaluate(ROWS, ROWS, batch_size=4, verbose=0)]
    with kshim.use("numpy"):
        model = noisy()
        expected = [model.predict(ROWS, batch_size=4, verbose=0), model.evaluate(ROWS, ROWS, batch_size=4, verbose=0)]
    for a, b in zip(found, expected):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", ["predict", "evaluate"])
def test_a_loaded_model_goes_on_drawing(backend, tmp_path, kind):
    def step(model):
        return model.predict(ROWS, verbose=0) if kind == "predict" else model.evaluate(ROWS, ROWS, verbose=0)

    set_random_seed(7)
    model = models.Sequential([layers.Dense(4, input_shape=(4,)), DrawingDropout(0.5)])
    model.compile("sgd", "mse")
    step(model)
    model.save(tmp_path / "model.h5")
    again = models.load_model(tmp_path / "model.h5", custom_objects={"DrawingDropout": DrawingDropout})
    np.testing.assert_array_equal(step(model), step(again))


class DrawingDropout(layers.Dropout):
    def call(self, inputs, training=None):
        return super().call(inputs, training=True)


def test_rows_that_depend_on_their_batch_are_computed_without_filling(backend):
    x = Input((4,))
    model = Model(x, layers.Lambda(lambda t: t - K.mean(t, axis=0, keepdims=True))(x))
    for rows in (ROWS, ROWS[:9], ROWS[:7]):
        expected = np.concatenate([b - b.mean(0) for b in (rows[:4], rows[4:8], rows[8:]) if len(b)])
        np.testing.assert_allclose(model.predict(rows, batch_size=4, verbose=0), expected, atol=1e-6)


def _calls(function):
    sizes = []

    def run(x):
        sizes.append(len(x))
        return function(x)

    return run, sizes


def test_filling_is_tried_once_and_then_saves_compilations():
    filling, (run, sizes) = Filling(), _calls(lambda x: x * 2)
    for n in (3, 2, 1):
        np.testing.assert_array_equal(filling.predict(run, ROWS[:n], 4), ROWS[:n] * 2)
    assert sizes == [3, 4, 4, 4] and filling.rows_are_independent


def test_filling_is_given_up_where_rows_depend_on_each_other():
    filling, (run, sizes) = Filling(), _calls(lambda x: x - x.mean(0))
    np.testing.assert_array_equal(filling.predict(run, np.ones((3, 4)), 4), np.zeros((3, 4)))
    assert filling.rows_are_independent is None  # equal rows say nothing
    for n in (3, 2):
        np.testing.assert_array_equal(filling.predict(run, ROWS[:n], 4), ROWS[:n] - ROWS[:n].mean(0))
    assert sizes == [3, 3, 4, 2] and filling.rows_are_independent is False
