"""Scripts of many users, byte for byte. They lie beside the repository, in `../shared/seed_scripts`."""

import os
import pathlib
import re

import pytest

SCRIPTS = pathlib.Path(__file__).resolve().parents[3] / "shared" / "seed_scripts"
BACKENDS = os.environ.get("KSHIM_TEST_BACKENDS", "numpy,torch,jax,tensorflow").split(",")

pytestmark = pytest.mark.skipif(
    not SCRIPTS.is_dir(), reason="the folder shared/seed_scripts is not beside this checkout"
)

_ROWS = "import numpy as _n; _r = _n.random.RandomState(0)\n"
#: What a script takes for granted, as lines put before it.
PREAMBLES = {
    "s000_0_tfkeras_mlp.py": "x_train = _r.rand(96, 32).astype('float32'); y_train = _r.randint(0, 10, 96)\n",
    "s000_1_keras_mlp.py": "x_train = _r.rand(96, 32).astype('float32'); y_train = _r.randint(0, 10, 96)\n",
    "s000_2_mixed_imports.py": "x_train = _r.rand(96, 32).astype('float32'); y_train = _r.randint(0, 10, 96)\n",
    "s001_0_mlp.py": "x_train = _r.rand(96, 100).astype('float32'); y_train = _n.eye(10)[_r.randint(0, 10, 96)]\n",
    "s001_1_cnn.py": "x_train = _r.rand(64, 28, 28, 1).astype('float32'); y_train = _n.eye(10)[_r.randint(0, 10, 64)]\n",
    "s001_2_lstm_loss_typo.py": "x_train = _r.rand(64, 100, 1).astype('float32'); y_train = _n.eye(10)[_r.randint(0, 10, 64)]\n",
    "s002_mnist_cnn.py": (
        "x_train = _r.rand(64, 28, 28, 1).astype('float32'); y_train = _r.randint(0, 10, 64)\n"
        "x_test, y_test = x_train, y_train\n"
    ),
}
NAMES = sorted(p.name for p in SCRIPTS.glob("*.py")) if SCRIPTS.is_dir() else []


def _prepared(name, folder, replace=()):
    source = (SCRIPTS / name).read_bytes()
    for old, new in replace:
        assert old in source
        source = source.replace(old, new)
    path = folder / name
    preamble = PREAMBLES.get(name)
    path.write_bytes((_ROWS + preamble).encode() + source if preamble else source)
    return path


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", NAMES)
def test_runs_unchanged(name, backend, run_script, keras_home, tmp_path):
    limits = {"KSHIM_MAX_EPOCHS": "2", "KSHIM_MAX_STEPS": "3"}
    done = run_script(_prepared(name, tmp_path), backend, KERAS_HOME=str(keras_home), **limits)
    if name == "s001_2_lstm_loss_typo.py":
        assert done.returncode == 1
        assert re.search(r"Did you mean 'categorical_crossentropy'\?", done.stderr), done.stderr
        assert "model.compile(" in done.stderr and "model.fit(" not in done.stderr
        return
    assert done.returncode == 0, done.stderr
    if name == "s001_5_custom_layer.py":
        assert "1., 2." in done.stdout or "1. 2." in done.stdout
    elif name != "s001_5_custom_layer.py":
        assert "loss: " in done.stdout


@pytest.mark.parametrize("backend", BACKENDS)
def test_corrected_loss_runs(backend, run_script, tmp_path):
    if "s001_2_lstm_loss_typo.py" not in NAMES:
        pytest.skip("the script is not there")
    path = _prepared("s001_2_lstm_loss_typo.py", tmp_path, [(b"categorial_crossentropy", b"categorical_crossentropy")])
    done = run_script(path, backend, KSHIM_MAX_EPOCHS="1")
    assert done.returncode == 0, done.stderr
