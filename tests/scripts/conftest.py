"""Running whole scripts in processes of their own, and a cache of data sets in the real formats."""

import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def keras_home(tmp_path_factory):
    """A `$KERAS_HOME` with mnist.npz in its real format and shape, made by repeating real digits."""
    from kshim.datasets import digits

    home = tmp_path_factory.mktemp("keras_home")
    (home / "datasets").mkdir()
    (x, y), (x_test, y_test) = digits.load_data(image_size=28)
    np.savez(
        home / "datasets" / "mnist.npz",
        x_train=np.resize(x, (60000, 28, 28)), y_train=np.resize(y, 60000),
        x_test=np.resize(x_test, (10000, 28, 28)), y_test=np.resize(y_test, 10000),
    )  # fmt: skip
    return home


@pytest.fixture
def run_script(tmp_path):
    """`run_script(path, backend, *args, **environment)` -> completed process, run in an empty folder."""

    def run(path, backend, *args, timeout=300, **environment):
        env = {
            **os.environ,
            "KSHIM_BACKEND": backend,
            "KSHIM_DEVICE": "cpu",
            "PYTHONWARNINGS": "ignore",
            "PYTHONIOENCODING": "utf-8",
            **environment,
        }
        return subprocess.run(
            [sys.executable, "-m", "kshim", str(path), *map(str, args)],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    return run
