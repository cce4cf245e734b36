"""A model that comes from a file draws no weights that the file holds, and whatever is drawn later is the same."""

import numpy as np
import pytest

import kshim
from kshim.engine import seeds
from kshim.engine.undrawn import drawn_if_read
from kshim.saving import hdf5_read, load_model
from kshim.spec import rng

L = kshim.layers


class Halved(L.Layer):
    """Looks at its first weights while it is built."""

    def build(self, shape):
        self.kernel = self.add_weight(name="kernel", shape=(shape[-1], 2), initializer="glorot_uniform")
        self.first = self.kernel.numpy()
        self.kernel.assign(self.kernel * 0.5)
        super().build(shape)

    def call(self, x):
        return kshim.ops.matmul(x, self.kernel)


class Watching(Halved):
    """Looks at them whenever it is called, on shapes as well."""

    def build(self, shape):
        self.kernel = self.add_weight(name="kernel", shape=(shape[-1], 2), initializer="glorot_uniform")
        L.Layer.build(self, shape)

    def call(self, x):
        assert np.any(self.kernel.value.numpy())
        return super().call(x)


class Doubled(kshim.initializers.RandomNormal):
    def __call__(self, shape, dtype=None, **kwargs):
        value = super().__call__(shape, dtype, **kwargs)
        assert np.any(value)
        return 2 * value


def _model():
    x = kshim.Input((6,), name="x")
    w = kshim.Input((4,), dtype="int32", name="w")
    y = L.Dense(5, kernel_initializer="he_normal", bias_initializer=kshim.initializers.RandomUniform(seed=3))(x)
    z = L.LSTM(3)(L.Embedding(7, 4)(w))
    inner = kshim.Sequential([L.Dense(4, input_shape=(8,)), L.BatchNormalization()])
    model = kshim.Model([x, w], L.Dense(2)(inner(L.Concatenate()([y, z]))))
    model.compile("adam", "mse")
    return model


@pytest.fixture
def drawn(monkeypatch):
    """Shapes of what is drawn."""
    shapes = []
    for name in ("uniform", "normal", "truncated_normal"):
        real = getattr(rng, name)
        monkeypatch.setattr(rng, name, lambda shape, *a, real=real: shapes.append(tuple(shape)) or real(shape, *a))
    return shapes


def test_loading_draws_nothing(backend, drawn, tmp_path):
    model = _model()
    data = [np.ones((4, 6), "float32"), np.ones((4, 4), "int32")]
    model.fit(data, np.ones((4, 2)), verbose=0)
    assert drawn
    model.save(tmp_path / "m.h5")
    drawn.clear()
    loaded = load_model(tmp_path / "m.h5")
    assert drawn == []
    for a, b in zip(model.weights + list(model.optimizer.variables), loaded.weights + list(loaded.optimizer.variables)):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_later_draws_are_the_same(tmp_path, monkeypatch):
    _model().save(tmp_path / "m.h5")

    def after():
        kshim.set_random_seed(5)
        load_model(tmp_path / "m.h5")
        return seeds._global.host, L.Dense(3), L.Dropout(0.5)

    host, dense, dropout = after()
    dense.build((None, 4))
    monkeypatch.setattr(hdf5_read, "drawn_if_read", lambda: monkeypatch.context())  # draws at once
    other_host, other, other_dropout = after()
    other.build((None, 4))
    assert host == other_host > 5
    np.testing.assert_array_equal(dense.kernel.numpy(), other.kernel.numpy())
    x = np.ones((2, 8), "float32")
    np.testing.assert_array_equal(dropout(x, training=True).numpy(), other_dropout(x, training=True).numpy())


def test_weights_the_file_lacks_are_drawn(backend):
    kshim.set_random_seed(1)
    expected = L.Dense(3)
    expected.build((None, 2))
    kshim.set_random_seed(1)
    with drawn_if_read():
        dense = L.Dense(3)
        dense.build((None, 2))
        assert "_value" not in vars(dense.kernel)
        assert dense.kernel.shape == (2, 3) and dense(kshim.Input((2,))).shape == (None, 3)
        assert "_value" not in vars(dense.kernel)
    assert "_value" in vars(dense.kernel)
    np.testing.assert_array_equal(dense.kernel.numpy(), expected.kernel.numpy())


def test_what_is_read_is_drawn():
    kshim.set_random_seed(1)
    expected = kshim.initializers.GlorotUniform()((2, 3))
    kshim.set_random_seed(1)
    with drawn_if_read():
        dense = L.Dense(3)
        dense.build((None, 2))
        np.testing.assert_array_equal(kshim.ops.add(dense.kernel, 0.0).numpy(), expected)
    with pytest.raises(AttributeError, match="'Variable' object has no attribute 'values'"):
        getattr(dense.kernel, "values")  # noqa: B009


def test_mixed_precision_sees_shapes_only(tmp_path, drawn):
    x = kshim.Input((3,))
    model = kshim.Model(x, L.Dense(2, dtype="mixed_float16")(x))
    model.save(tmp_path / "m.h5", include_optimizer=False)
    drawn.clear()
    assert load_model(tmp_path / "m.h5", compile=False).output.dtype == "float16"
    assert drawn == []


def test_layers_of_others_may_look_at_their_weights(tmp_path):
    inner = kshim.Sequential([Halved(input_shape=(3,)), Watching(), L.Dense(2, kernel_initializer=Doubled())])
    x = kshim.Input((3,))
    model = kshim.Model(x, inner(L.Dense(3)(x)))
    model.save(tmp_path / "m.h5", include_optimizer=False)
    loaded = load_model(tmp_path / "m.h5", {"Halved": Halved, "Watching": Watching, "Doubled": Doubled}, compile=False)
    assert np.any(loaded.layers[-1].layers[0].first)
    for a, b in zip(model.get_weights(), loaded.get_weights()):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", ["Adafactor", "Adagrad", "Adam"])
def test_slots_of_any_shape_come_back(name, tmp_path):
    model = kshim.Sequential([L.Dense(3, input_shape=(4,))])
    model.compile(getattr(kshim.optimizers, name)(0.1), "mse")
    model.fit(np.ones((2, 4)), np.ones((2, 3)), verbose=0)
    model.save(tmp_path / "model.h5")
    again = load_model(tmp_path / "model.h5")
    for (slot, saved), loaded in zip(model.optimizer.slots.items(), again.optimizer.slots.values(), strict=True):
        for a, b in zip(saved, loaded, strict=True):
            np.testing.assert_array_equal(a.numpy(), b.numpy(), err_msg=slot)
