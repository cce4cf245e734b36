"""The package: its list of packages, and a wheel that works away from the checkout."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import kshim

tomllib = pytest.importorskip("tomllib", reason="tomllib came with Python 3.11")
ROOT = Path(__file__).resolve().parent.parent
ROOMS = {"kshim": "kshim", "kshim_backends": "backends", "kshim_conformance": "conformance"}

pytestmark = pytest.mark.skipif(not (ROOT / "pyproject.toml").exists(), reason="the tests run outside a checkout")


def _project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def _data():
    """(package, path) of the files that are no Python and no notes, or results kept, for readers of the source."""
    for package, folder in ROOMS.items():
        for path in sorted((ROOT / folder).rglob("*")):
            kept = {"__pycache__", "results"}.isdisjoint(path.relative_to(ROOT).parts)
            if path.is_file() and path.suffix not in (".py", ".pyc", ".md") and kept:
                yield package, path


def _packages():
    """Importable names of all folders with Python files, as the mapping gives them."""
    for package, folder in ROOMS.items():
        for path in sorted((ROOT / folder).rglob("*.py")):
            rest = path.parent.relative_to(ROOT / folder).parts
            if "__pycache__" not in rest:
                yield ".".join((package, *rest))


def test_packages_listed_by_hand_are_those_of_the_tree():
    listed = _project()["tool"]["setuptools"]["packages"]
    assert listed == sorted(set(listed)), "keep the list sorted and without repeats"
    assert set(listed) == set(_packages())


def test_every_package_has_an_init():
    for package in set(_packages()):
        top, *rest = package.split(".")
        assert (ROOT.joinpath(ROOMS[top], *rest) / "__init__.py").exists(), package


def test_data_files_are_packaged():
    """Files beside the code that are no Python must match a pattern of package-data."""
    patterns = _project()["tool"]["setuptools"]["package-data"]
    for package, path in _data():
        found = [
            home for home, globs in patterns.items() for g in globs
            if home.startswith(package) and path in ROOT.joinpath(ROOMS[package], *home.split(".")[1:]).glob(g)
        ]  # fmt: skip
        assert found, f"{path.relative_to(ROOT)} is in no package-data"


def test_version_has_one_home():
    project = _project()
    assert project["project"]["dynamic"] == ["version"]
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "kshim.__version__"}
    assert [int(p) for p in kshim.__version__.split(".")]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    pytest.importorskip("setuptools", minversion="77", reason="building needs setuptools 77")
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", *ROOMS.values()):
        path = ROOT / name
        if path.is_dir():
            shutil.copytree(path, source / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        else:
            shutil.copy(path, source / name)
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--no-build-isolation",
        "--no-deps",
        "--no-index",
        "-q",
        "-w",
        folder,
        source,
    ]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=300, env=dict(os.environ, PIP_DISABLE_PIP_VERSION_CHECK="1")
    )
    if "No module named pip" in done.stderr:
        pytest.skip("pip is not installed in this environment")
    assert done.returncode == 0, done.stderr
    (made,) = folder.glob("*.whl")
    return made


def test_wheel_holds_everything(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        (entry,) = [n for n in names if n.endswith("entry_points.txt")]
        assert "kshim = kshim.runner:main" in archive.read(entry).decode()
    files = [(package, path) for package, folder in ROOMS.items() for path in (ROOT / folder).rglob("*.py")]
    expected = {f"{p}/{f.relative_to(ROOT / ROOMS[p]).as_posix()}" for p, f in [*files, *_data()]}
    assert expected <= names
    assert not [n for n in names if n.startswith(("tests/", "backends/", "conformance/", "examples/"))]
    assert [n for n in names if n.endswith("/licenses/LICENSE")]


def test_wheel_works_outside_the_checkout(wheel, tmp_path):
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    code = (
        "import keras, tensorflow as tf, kshim, kshim_backends.numpy, kshim_conformance\n"
        "assert keras.layers is tf.keras.layers is kshim.layers\n"
        f"assert kshim.__file__.startswith({str(site)!r}), kshim.__file__\n"
        "m = keras.Sequential([keras.layers.Dense(2, input_shape=(3,))])\n"
        "import numpy as np\n"
        "print(m.predict(np.ones((4, 3)), verbose=0).shape)\n"
    )
    env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH" and not k.startswith("KSHIM_")}
    done = subprocess.run(
        [sys.executable, "-m", "kshim", "-c", code],
        cwd=tmp_path,
        env=dict(env, PYTHONPATH=str(site)),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (done.returncode, done.stdout) == (0, "(4, 2)\n"), done.stderr
