"""A saved and loaded model trains on as if it had never stopped, on every backend, and files move between backends."""

import numpy as np
import pytest

import kshim
from kshim.engine import names, seeds
from kshim.saving import load_model


def _mlp(L, _):
    return kshim.Sequential(
        [L.Dense(8, activation="relu", input_shape=(6,)), L.Dropout(0.4), L.BatchNormalization(), L.Dense(2)]
    )


def _cnn(L, _):
    return kshim.Sequential(
        [
            L.Conv2D(3, 2, activation="relu", input_shape=(3, 2, 1)),
            L.SpatialDropout2D(0.3),
            L.Flatten(),
            L.GaussianNoise(0.1),
            L.Dense(2),
        ]
    )


def _lstm(L, _):
    x = kshim.Input((3, 2))
    y = L.LSTM(4, dropout=0.2, recurrent_dropout=0.2, return_sequences=True)(x)
    return kshim.Model(x, L.Dense(2)(L.Dropout(0.3)(L.Flatten()(y))))


OPTIMIZERS = {
    "adam": lambda o: o.Adam(0.01),
    "momentum": lambda o: o.SGD(0.05, momentum=0.9, nesterov=True),
    "rmsprop": lambda o: o.RMSprop(o.schedules.ExponentialDecay(0.01, 3, 0.9)),
}
CASES = [(_mlp, (6,), "momentum"), (_cnn, (3, 2, 1), "rmsprop"), (_lstm, (3, 2), "adam")]


def _data(shape):
    rng = np.random.default_rng(3)
    return rng.normal(size=(20, *shape)).astype("float32"), rng.normal(size=(20, 2)).astype("float32")


@pytest.mark.parametrize(
    "build, shape, optimizer", CASES, ids=lambda v: getattr(v, "__name__", None) if callable(v) else str(v)
)
def test_goes_on_as_if_never_stopped(backend, build, shape, optimizer, tmp_path):
    x, y = _data(shape)
    kshim.layers.Dropout(0.5)  # others' streams come first, as they may not in the next program
    model = build(kshim.layers, None)
    model.compile(OPTIMIZERS[optimizer](kshim.optimizers), "mse", metrics=["mae"])
    model.fit(x, y, batch_size=8, epochs=2, verbose=0)
    path = str(tmp_path / "m.h5")
    model.save(path)
    before = model.fit(x, y, batch_size=8, epochs=2, verbose=0).history
    names.reset_uids()
    seeds.set_random_seed(7)  # the next program, with the same seed
    again = load_model(path)
    after = again.fit(x, y, batch_size=8, epochs=2, verbose=0).history
    for a, b in zip(model.get_weights(), again.get_weights()):
        np.testing.assert_array_equal(a, b)
    assert after == before


def test_goes_on_without_a_seed_of_its_own(tmp_path):
    """A seed that was drawn comes back from the file; one that the user sets in the next program counts."""
    x, y = _data((6,))

    def trained(seed, again=None):
        seeds.set_global_seed(seed)
        np.random.seed(11)
        model = again or load_model(path)
        return model.fit(x, y, batch_size=8, epochs=1, verbose=0).history["loss"]

    seeds.set_global_seed(None)
    model = _mlp(kshim.layers, None)
    model.compile("adam", "mse")
    model.fit(x, y, batch_size=8, verbose=0)
    path = str(tmp_path / "m.h5")
    model.save(path)
    expected = model.fit(x, y, batch_size=8, epochs=1, verbose=0).history["loss"]
    assert trained(None) == expected
    assert trained(5) != expected
    assert trained(5) == trained(5)


def test_loading_changes_no_other_model(tmp_path):
    """Global streams and seeds stay as they are: a loaded model must not change what the rest of the program draws."""
    x, y = _data((6,))
    model = _mlp(kshim.layers, None)
    model.compile("adam", "mse")
    model.fit(x, y, verbose=0)
    path = str(tmp_path / "m.h5")
    model.save(path)

    def next_model(load):
        seeds.set_random_seed(3)
        fresh = _mlp(kshim.layers, None)
        fresh.compile("adam", "mse")
        if load:
            load_model(path)
        return fresh.fit(x, y, verbose=0).history["loss"]

    assert next_model(False) == next_model(True)
    loaded = load_model(path)
    new = kshim.layers.Dropout(0.5)
    streams = [layer.seed_generator.stream for layer in loaded.layers if hasattr(layer, "seed_generator")]
    assert new.seed_generator.stream > max(streams)


def test_files_move_between_backends(backend, tmp_path):
    """Written under each backend, read under the others."""
    x, y = _data((3, 2))
    model = _lstm(kshim.layers, None)
    model.compile("adam", "mse")
    model.fit(x, y, verbose=0)
    path = str(tmp_path / "m.h5")
    model.save(path)
    expected = model.predict(x, verbose=0)
    for other in ("numpy", "torch", "jax", "tensorflow"):
        pytest.importorskip(other)
        with kshim.use(other):
            again = load_model(path)
            np.testing.assert_allclose(again.predict(x, verbose=0), expected, rtol=1e-5, atol=1e-5)
            assert int(again.optimizer.iterations) == 1
