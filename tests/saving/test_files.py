"""Writing and reading files: nothing half written, nothing overwritten unasked, clear errors."""

import io
import os

import h5py
import numpy as np
import pytest

import kshim
from kshim import layers as L
from kshim.errors import UnsupportedError
from kshim.saving import hdf5_write, load_model, save_model


def _model(units=3, name=None):
    return kshim.Sequential([L.Dense(units, input_shape=(4,), name="first"), L.Dense(2, name="second")], name=name)


def test_a_failed_write_leaves_the_previous_file(tmp_path, monkeypatch):
    path = tmp_path / "m.h5"
    model = _model()
    model.save(path)
    before = path.read_bytes()
    write, calls = hdf5_write._write_pairs, []

    def failing(group, pairs):
        calls.append(group.name)
        if len(calls) == 2:
            raise OSError("No space left on device")
        write(group, pairs)

    monkeypatch.setattr(hdf5_write, "_write_pairs", failing)
    for attempt in (model.save, model.save_weights):
        calls.clear()
        with pytest.raises(OSError, match="No space left"):
            attempt(path)
        assert path.read_bytes() == before
        assert os.listdir(tmp_path) == ["m.h5"]


def test_interrupted_at_the_last_moment(tmp_path, monkeypatch):
    path = tmp_path / "m.h5"
    model = _model()
    model.save(path)
    before = path.read_bytes()
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        model.save(path)
    assert path.read_bytes() == before and os.listdir(tmp_path) == ["m.h5"]


def test_folders_are_made_and_modes_kept(tmp_path):
    path = tmp_path / "a" / "b" / "m.h5"
    model = _model()
    model.save(path)
    os.chmod(path, 0o640)
    model.save(str(path))
    assert os.stat(path).st_mode & 0o777 == 0o640


def test_asks_before_overwriting(tmp_path, monkeypatch):
    path = tmp_path / "m.h5"
    model = _model()
    model.save_weights(path)
    before = path.read_bytes()
    answers = iter(["what", "n"])
    monkeypatch.setattr("builtins.input", lambda _: next(answers))
    _model(5).save_weights(path, overwrite=False)
    assert path.read_bytes() == before
    monkeypatch.setattr("builtins.input", lambda _: "y")
    _model(5).save(path, overwrite=False)
    assert load_model(path, compile=False).get_weights()[0].shape == (4, 5)


def test_open_files(tmp_path):
    model = _model()
    x = np.ones((2, 4), "float32")
    with h5py.File(io.BytesIO(), "w") as f:
        save_model(model, f)
        np.testing.assert_array_equal(load_model(f, compile=False).predict(x, verbose=0), model.predict(x, verbose=0))
        other = _model()
        other.load_weights(f)
        np.testing.assert_array_equal(other.get_weights()[0], model.get_weights()[0])


def test_load_weights_by_position_and_name(tmp_path):
    model = _model()
    whole, only = tmp_path / "m.h5", tmp_path / "only.weights.h5"
    model.save(whole)
    model.save_weights(only)
    for path in (whole, only):
        for by_name in (False, True):
            other = _model()
            other.load_weights(path, by_name=by_name)
            for a, b in zip(model.get_weights(), other.get_weights()):
                np.testing.assert_array_equal(a, b)
    renamed = kshim.Sequential([L.Dense(3, input_shape=(4,), name="another"), L.Dense(2, name="second")])
    before = renamed.get_weights()
    renamed.load_weights(only, by_name=True)
    np.testing.assert_array_equal(renamed.get_weights()[0], before[0])
    np.testing.assert_array_equal(renamed.get_weights()[2], model.get_weights()[2])


def test_mismatches_name_the_layer_and_change_nothing(tmp_path):
    path = tmp_path / "w.h5"
    _model().save_weights(path)
    wide = kshim.Sequential([L.Dense(3, input_shape=(4,), name="first"), L.Dense(9, name="second")])
    before = wide.get_weights()
    with pytest.raises(ValueError, match=r"Layer 'second' expects shape \(3, 9\).*\(3, 2\)"):
        wide.load_weights(path)
    for a, b in zip(before, wide.get_weights()):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(ValueError, match="by_name is True"):
        wide.load_weights(path, skip_mismatch=True)
    with pytest.warns(UserWarning, match="Skipping loading of weights: Layer 'second'"):
        wide.load_weights(path, by_name=True, skip_mismatch=True)
    assert not np.array_equal(before[0], wide.get_weights()[0])
    with pytest.raises(ValueError, match="Layer count mismatch.*expected 1 layers, found 2.*'second'"):
        kshim.Sequential([L.Dense(3, input_shape=(4,))]).load_weights(path)
    with pytest.raises(ValueError, match="have not been created yet"):
        kshim.Sequential([L.Dense(3)]).load_weights(path)


def test_errors_say_what_to_do(tmp_path):
    model = _model()
    with pytest.raises(FileNotFoundError, match="no file at"):
        load_model(tmp_path / "none.h5")
    with pytest.raises(UnsupportedError, match="SavedModel"):
        load_model(tmp_path)
    (tmp_path / "text.h5").write_text("not HDF5")
    with pytest.raises(ValueError, match="not an HDF5 file"):
        load_model(tmp_path / "text.h5")
    (tmp_path / "z.h5").write_bytes(b"PK\x03\x04....")
    with pytest.raises(UnsupportedError, match=r"\.keras archive"):
        load_model(tmp_path / "z.h5")
    with pytest.raises(UnsupportedError, match=r"model.save\('model.h5'\)"):
        model.save(tmp_path / "m.keras")
    with pytest.raises(UnsupportedError, match="SavedModel"):
        model.save(tmp_path / "m", save_format="tf")
    with pytest.raises(ValueError, match="Did you mean 'hdf5'"):
        model.save(tmp_path / "m.h5", save_format="hdf")
    model.save_weights(tmp_path / "w.h5")
    with pytest.raises(ValueError, match="weights only: build the model and use load_weights"):
        load_model(tmp_path / "w.h5")
    with pytest.raises(TypeError, match="expects a file name"):
        model.save_weights(3)
    with pytest.raises(ValueError, match="input shape is not known"):
        kshim.Sequential([L.Dense(2)]).save(tmp_path / "m.h5")
    with pytest.warns(UserWarning, match="not.* compiled"):
        model.save(tmp_path / "m.h5")
        load_model(tmp_path / "m.h5")


def test_many_names_are_split_over_attributes(tf_keras, tmp_path):
    """Lists of names longer than an HDF5 header holds."""

    def build(K):
        x = K.Input((1,))
        y = x
        for i in range(700):
            y = K.layers.Activation(
                "linear", name=f"layer_with_a_rather_long_name_that_repeats_itself_{'again_' * 8}{i}"
            )(y)
        return K.Model(x, K.layers.Dense(1, name="end")(y))

    model = build(kshim)
    path = str(tmp_path / "m.h5")
    model.save_weights(path)
    with h5py.File(path) as f:
        assert "layer_names" not in f.attrs and "layer_names1" in f.attrs
    again, other = build(kshim), build(tf_keras)
    again.load_weights(path)
    other.load_weights(path)
    for m in (again, other):
        np.testing.assert_array_equal(m.get_weights()[0], model.get_weights()[0])
    with pytest.raises(ValueError, match="too long for an HDF5 attribute"):
        kshim.Sequential([L.Dense(1, input_shape=(1,), name="n" * 70000)]).save_weights(path)
