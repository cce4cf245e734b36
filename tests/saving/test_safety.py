"""Files must not run code, read other files, or exhaust memory."""

import json

import h5py
import numpy as np
import pytest

import kshim
from kshim import layers as L
from kshim.errors import SafetyError
from kshim.saving import load_model


@pytest.fixture
def path(tmp_path):
    model = kshim.Sequential([L.Dense(3, input_shape=(4,), name="dense")])
    model.save(tmp_path / "m.h5")
    return tmp_path / "m.h5"


KERNEL = "model_weights/dense/dense/kernel:0"


def _refused(path, match):
    for load in (
        lambda: load_model(path, compile=False),
        lambda: kshim.Sequential([L.Dense(3, input_shape=(4,), name="dense")]).load_weights(path),
    ):
        with pytest.raises(SafetyError, match=match):
            load()


def test_links(path, tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as f:
        f["secret"] = np.ones((4, 3), "float32")
    for link in (h5py.ExternalLink("other.h5", "/secret"), h5py.SoftLink("/model_weights/dense/dense/bias:0")):
        with h5py.File(path, "a") as f:
            del f[KERNEL]
            f[KERNEL] = link
        _refused(path, "Link")
    with h5py.File(path, "a") as f:
        f.move("model_weights/dense", "elsewhere")
        f["model_weights/dense"] = h5py.SoftLink("/elsewhere")
    _refused(path, "SoftLink")
    with h5py.File(path, "a") as f:
        f.move("model_weights", "real")
        f["model_weights"] = h5py.ExternalLink("other.h5", "/")
    _refused(path, "ExternalLink")


def test_data_in_other_files(path, tmp_path):
    (tmp_path / "raw").write_bytes(np.ones((4, 3), "float32").tobytes())
    with h5py.File(path, "a") as f:
        del f[KERNEL]
        f.create_dataset(KERNEL, (4, 3), "float32", external=[(str(tmp_path / "raw"), 0, 48)])
    _refused(path, "another file")
    layout = h5py.VirtualLayout((4, 3), "float32")
    layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "x", (4, 3))
    with h5py.File(path, "a") as f:
        del f[KERNEL]
        f.create_virtual_dataset(KERNEL, layout)
    _refused(path, "another file")


def test_bombs(path):
    with h5py.File(path, "a") as f:
        del f[KERNEL]
        f.create_dataset(KERNEL, (1 << 20, 1 << 20), "float32", chunks=(64, 64))
    _refused(path, "claims shape")
    with h5py.File(path, "a") as f:
        del f[KERNEL]
        f.create_dataset(KERNEL, data=np.zeros((2000, 2000), "float32"), compression="gzip", compression_opts=9)
    with pytest.raises(ValueError, match="holds 4000003 numbers for layer 'dense'"):
        load_model(path, compile=False)
    with h5py.File(path, "a") as f:
        del f[KERNEL]
        f.create_dataset(KERNEL, data=np.array([b"text"] * 12).reshape(4, 3))
    _refused(path, "expected numbers")


def test_damaged_files(path):
    with h5py.File(path, "a") as f:
        del f[KERNEL]
    with pytest.raises(ValueError, match="damaged"):
        load_model(path, compile=False)
    with h5py.File(path, "a") as f:
        f.attrs["model_config"] = "[" * 100000
    with pytest.raises(ValueError, match="model_config.*not a model's JSON"):
        load_model(path)
    with h5py.File(path, "a") as f:
        f.attrs["model_config"] = json.dumps({"class_name": "Sequential"})
    with pytest.raises(ValueError, match="Not a model config"):
        load_model(path)
    nodes = [[["missing", 0, 0, {}]]]
    layer = {"class_name": "Dense", "config": {"name": "d", "units": 1}, "name": "d", "inbound_nodes": nodes}
    config = {"name": "m", "layers": [layer], "input_layers": [], "output_layers": [["d", 0, 0]]}
    with pytest.raises(ValueError, match="refers to layer 'missing'"):
        kshim.models.model_from_config({"class_name": "Functional", "config": config})
    layer["inbound_nodes"] = [[["d", 0, 0, {}]]]
    with pytest.raises(ValueError, match=r"\['d'\] wait for inputs"):
        kshim.models.model_from_config({"class_name": "Functional", "config": config})


@pytest.mark.parametrize("part", [8, 100, 0.5, -1])
def test_truncated_files(path, part, tmp_path):
    """What a full disk or a broken download leaves: the error names the file, and no weight is changed."""
    model = kshim.Sequential([L.Dense(3, input_shape=(4,), name="dense")])
    before = model.get_weights()
    with open(path, "rb") as f:
        whole = f.read()
    short = tmp_path / "short.h5"
    short.write_bytes(whole[: int(part * len(whole)) if isinstance(part, float) else part])
    for load in (load_model, model.load_weights):
        with pytest.raises(OSError, match=rf"{load.__name__}: .*short\.h5' is damaged or was not written to its end"):
            load(short)
    for a, b in zip(before, model.get_weights()):
        np.testing.assert_array_equal(a, b)
    short.write_bytes(b"")
    with pytest.raises(ValueError, match="is not an HDF5 file .it is empty"):
        load_model(short)


def test_overwritten_in_the_middle(path):
    """Metadata that HDF5 cannot follow, met only while reading, and names that are no text."""
    with open(path, "rb") as f:
        whole = f.read()
    at = len(whole) // 8
    with open(path, "wb") as f:
        f.write(whole[:at] + bytes(len(whole) - at))
    with pytest.raises(OSError, match="is damaged"):
        load_model(path)
    with open(path, "wb") as f:
        f.write(whole)
    with h5py.File(path, "a") as f:
        f["model_weights/dense"].attrs["weight_names"] = np.array([b"dense/\xff:0", b"dense/bias:0"])
    with pytest.raises(ValueError, match=r"holds b'dense/\\xff:0' where UTF-8 text is expected"):
        load_model(path)


def test_errors_of_others_pass_through(path):
    """What a user's own code raises while a file is read is not taken for damage."""

    class Broken(L.Dense):
        @classmethod
        def from_config(cls, config):
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        load_model(path, custom_objects={"Dense": Broken})


def test_code_in_a_file(tf_keras, keras3, tmp_path):
    path = str(tmp_path / "m.h5")
    model = kshim.Sequential([L.Dense(3, input_shape=(4,)), L.Lambda(lambda x: x * 2 + 1, name="double")])
    model.save(path)
    x = np.ones((2, 4), "float32")
    with pytest.raises(SafetyError, match="Lambda layer 'double'.*safe_mode=False"):
        load_model(path)
    for load in (load_model, tf_keras.models.load_model, keras3.models.load_model):
        again = load(path, compile=False, safe_mode=False)
        np.testing.assert_allclose(again.predict(x, verbose=0), model.predict(x, verbose=0), rtol=1e-6)
    again = load_model(path, custom_objects={"double": lambda x: x * 3}, compile=False)
    np.testing.assert_allclose(again.predict(x, verbose=0) * 2 / 3 + 1, model.predict(x, verbose=0), rtol=1e-6)
    with pytest.raises(SafetyError):  # the permission was for that one file
        load_model(path, compile=False)
    with pytest.raises(SafetyError):
        kshim.models.model_from_json(model.to_json())
    assert kshim.models.clone_model(model).predict(x, verbose=0).shape == (2, 3)  # own code, no file


def test_unsafe_mode_can_be_enabled(tmp_path, monkeypatch):
    from kshim.saving import safety

    path = str(tmp_path / "m.h5")
    kshim.Sequential([L.Lambda(lambda x: x + 1, input_shape=(4,))]).save(path)
    monkeypatch.setattr(safety, "_allowed", [False])
    safety.enable_unsafe_deserialization()
    assert load_model(path, compile=False).predict(np.zeros((1, 4)), verbose=0).sum() == 4
