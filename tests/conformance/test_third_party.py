"""A backend in a package of its own, from installing it to its certificate: `examples/third_party_backend`."""

import importlib.util
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from kshim_conformance import certificate, worker
from kshim_conformance.judge import Judge
from kshim_conformance.plan import Plan
from kshim_conformance.trace import Trace

from kshim.errors import BackendError
from kshim.spec import registry

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "examples" / "third_party_backend"
#: The levels that need no training, in a few seconds.
QUICK = ("spec", "ops", "grads", "overrides", "rng", "compile")

TRAINING = """
import keras
from keras.datasets import digits
from kshim.spec import registry

keras.utils.set_random_seed(1)
(x, y), _ = digits.load_data()
x, y = x[:600].reshape(-1, 8, 8, 1).astype("float32") / 255, y[:600]
model = keras.Sequential([
    keras.layers.Input((8, 8, 1)),
    keras.layers.Conv2D(8, 3, activation="relu", padding="same"),
    keras.layers.MaxPooling2D(),
    keras.layers.Flatten(),
    keras.layers.Dropout(0.2),
    keras.layers.Dense(10, activation="softmax"),
])
model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(x, y, epochs=8, batch_size=50, verbose=0).history
print(registry.state.backend.name, *(f"{v:.4f}" for name in ("loss", "accuracy") for v in history[name]))
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder with the package installed by pip, as on anybody's machine but without a network."""
    pytest.importorskip("setuptools", minversion="77", reason="building needs setuptools 77")
    folder = tmp_path_factory.mktemp("third_party")
    shutil.copytree(SOURCE, folder / "source")  # a build writes beside the source
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--target", folder / "site"]
    env = dict(os.environ, PIP_DISABLE_PIP_VERSION_CHECK="1")
    command = [sys.executable, "-m", "pip", "install", *options, folder / "source"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=env)
    if "No module named pip" in done.stderr:
        pytest.skip("pip is not installed in this environment")
    assert done.returncode == 0, done.stderr
    return folder / "site"


@pytest.fixture(scope="module")
def run(site):
    """Run Python where the package is installed: `run("-m", "kshim", ...)`."""

    def call(*arguments, **env):
        path = os.pathsep.join([str(site), *([os.environ["PYTHONPATH"]] if os.environ.get("PYTHONPATH") else [])])
        env = {**os.environ, "PYTHONPATH": path, "KSHIM_DEVICE": "cpu", **env}
        return subprocess.run(
            [sys.executable, *map(str, arguments)], capture_output=True, text=True, timeout=120, env=env, cwd=site
        )

    return call


@pytest.fixture
def package(monkeypatch):
    """The module, imported from its source."""
    spec = importlib.util.spec_from_file_location(
        "kshim_arrays",
        SOURCE / "kshim_arrays" / "__init__.py",
        submodule_search_locations=[str(SOURCE / "kshim_arrays")],
    )
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "kshim_arrays", module)
    spec.loader.exec_module(module)
    yield module
    for name in [n for n in sys.modules if n.startswith("kshim_arrays.")]:
        del sys.modules[name]


# installed -----------------------------------------------------------------------------------------------------
def test_doctor_lists_it(run):
    code = (
        "import sys\nfrom kshim import doctor\nfrom kshim.spec import registry\n"
        "registry.BUILTIN = {'numpy': registry.BUILTIN['numpy']}  # the others take long to load\n"
        "sys.exit(doctor.run())"
    )
    done = run("-c", code, KSHIM_BACKEND="arrays")
    (line,) = [line for line in done.stdout.splitlines() if line[2:].startswith("arrays")]
    assert done.returncode == 0, done.stdout + done.stderr
    assert line.startswith("* ") and f"numpy {np.__version__}, runs on cpu" in line and "broken" not in line


def test_it_is_among_the_known_backends_of_an_error(run):
    done = run("-c", "import kshim; kshim.use('arays')")
    assert done.returncode == 1 and "Did you mean 'arrays'?" in done.stderr


def test_it_trains_to_the_numbers_of_numpy(run, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(TRAINING)
    outputs = {}
    for name in ("numpy", "arrays"):
        done = run("-m", "kshim", script, KSHIM_BACKEND=name)
        assert done.returncode == 0, done.stderr
        used, *numbers = done.stdout.split()
        assert used == name
        outputs[name] = [float(n) for n in numbers]
    np.testing.assert_allclose(outputs["arrays"], outputs["numpy"], rtol=1e-3)
    losses = outputs["arrays"][:8]
    assert losses[-1] < 0.7 * losses[0], "it learns"


def test_the_suite_certifies_it(run, tmp_path):
    path = tmp_path / "certificate.json"
    levels = ("--levels", ",".join(QUICK), "--quick")
    done = run("-m", "kshim_conformance", "arrays", *levels, "--certify", path)
    assert done.returncode == 0, done.stdout + done.stderr
    written = json.loads(path.read_text())
    assert written["package"] == {"name": "kshim-arrays", "version": "1.0.0"}
    assert written["framework"] == f"numpy {np.__version__}" and written["device"] == "cpu"
    assert tuple(written["levels"]) == QUICK and not written["complete"] and written["suite"] == "quick"
    assert all(level["cases"] > 0 and level["checks"] > 0 for level in written["levels"].values())
    done = run("-m", "kshim_conformance", "verify", path)
    assert done.returncode == 0 and "arrays of kshim-arrays 1.0.0" in done.stdout, done.stdout + done.stderr
    path.write_text(path.read_text().replace('"device": "cpu"', '"device": "gpu:0"'))
    done = run("-m", "kshim_conformance", "verify", path)
    assert done.returncode == 1 and "changed after it was written" in done.stdout


def test_the_certificate_that_comes_with_it_is_good():
    assert certificate.main([str(SOURCE / "certificate.json"), "--complete"]) == 0


def test_a_faulty_backend_gets_no_certificate(run, site, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(
        "from kshim_arrays import ArraysBackend\n"
        "right = ArraysBackend.tanh\n"
        "def tanh(self, x):\n    return self.multiply(right(self, x), 1.0001)\n"
        "ArraysBackend.tanh = tanh\n"
    )
    path = tmp_path / "certificate.json"
    arguments = ("arrays", "--levels", "ops", "--only", "ops/tanh*", "--certify", path)
    done = run("-m", "kshim_conformance", *arguments, PYTHONPATH=os.pathsep.join([str(tmp_path), str(site)]))
    assert done.returncode == 1 and not path.exists(), done.stdout + done.stderr
    assert "No certificate for arrays: cases mismatch:" in done.stderr


def test_nothing_in_kshim_knows_of_it():
    files = [path for room in ("kshim", "backends", "conformance") for path in (ROOT / room).rglob("*.py")]
    assert files and not [path for path in files if "kshim_arrays" in path.read_text(encoding="utf-8")]


# in this process -----------------------------------------------------------------------------------------------
def test_devices(package, monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)  # cannot be imported
    assert package.ArraysBackend().info()["device"] == "cpu" and package.ArraysBackend("cpu:0").devices() == ["cpu"]
    for device in ("gpu", "gpu:3", "tpu"):
        with pytest.raises(BackendError, match=f"no device '{device}' here; it has cpu"):
            package.ArraysBackend(device)


def _trace(b, plan):
    results = [r for what, job in worker.work(b, plan) for r in worker.watched(job, b, what)]
    return Trace(b.name, {**b.info(), "lacking": worker.lacking_dtypes(b)}, results, 0.0)


def test_on_a_gpu_no_array_leaves_the_device(package, monkeypatch):
    """With a stand-in for CuPy that refuses the arrays of NumPy."""
    pytest.importorskip("scipy", reason="SciPy stands in for the special functions of CuPy")
    spec = importlib.util.spec_from_file_location("stand_in_cupy", Path(__file__).with_name("stand_in_cupy.py"))
    stand_in = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(stand_in)
    for name, module in stand_in.modules().items():
        monkeypatch.setitem(sys.modules, name, module)
    b = package.ArraysBackend("gpu:1")
    assert b.info()["device"] == "gpu:1" and b.devices() == ["cpu", "gpu:0", "gpu:1"]
    assert package.ArraysBackend().device == "gpu:0" and b.xp.used == [1, 0]
    assert isinstance(b.from_numpy(np.ones(3)).array, stand_in.DeviceArray)
    plan = Plan(quick=True, levels=frozenset(QUICK))
    reference = Judge(
        _trace(registry.get("numpy", "cpu"), Plan(quick=True, levels=plan.levels, reference=True)),
        [c.id for c in plan.selection().cases if c.same],
        plan.levels,
    )
    monkeypatch.setattr(registry.state, "backend", b)  # probes of the frontend work on the active backend
    found = reference.verdict(_trace(b, plan))
    assert found.checks > 4000 and [str(m) for m in found.mismatches] == []
    assert "synchronize" in b.xp.used


def test_what_it_refuses(package):
    b = package.ArraysBackend("cpu")
    x = b.from_numpy(np.float64(2.0))

    def loss(params):
        return b.multiply(params[0], params[0]), None

    def nested(params):
        return b.value_and_grad(loss)(params)[0]

    def mixed(params):
        return b.value_and_grad(lambda inner: (b.multiply(inner[0], params[0]), None))([x])[0]

    with pytest.raises(TypeError, match="first derivatives only"):
        b.value_and_grad(nested)([x])
    with pytest.raises(TypeError, match="two gradient computations at once"):
        b.value_and_grad(mixed)([x])
    with pytest.raises(ValueError, match=r"must be a scalar; received a tensor of shape \(2,\)"):
        b.value_and_grad(loss)([b.full((2,), 1.0, "float64")])
    with pytest.raises(BackendError, match="no bfloat16"):
        b.full((2,), 1.0, "bfloat16")
    with pytest.raises(TypeError, match="to_numpy"):
        np.asarray(x)


def test_a_tensor_that_outlives_its_gradient_is_a_constant(package):
    b, kept = package.ArraysBackend("cpu"), []

    def loss(params):
        y = b.multiply(params[0], 3.0)
        kept.append(y)
        return y, None

    for expected in (3.0, 3.0):
        (_, _), (grad,) = b.value_and_grad(loss)([b.from_numpy(np.float64(2.0))])
        assert float(b.to_numpy(grad)) == expected
    assert all(y.tape is None and y.links == () for y in kept)

    def other(params):
        return b.multiply(params[0], kept[0]), None

    assert float(b.to_numpy(b.value_and_grad(other)([b.from_numpy(np.float64(1.0))])[1][0])) == 6.0


# entry points that lead nowhere --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "load, message",
    [
        (
            lambda: importlib.import_module("no_such_framework"),
            "cannot be loaded: ModuleNotFoundError: No module named",
        ),
        (lambda: np.no_such_class, "cannot be loaded: AttributeError"),
        (lambda: dict, "Expected a subclass of kshim.spec.backend.Backend"),
        (lambda: 3, "which is 3. Expected a subclass"),
    ],
)
def test_an_entry_point_that_gives_no_backend_names_its_package(monkeypatch, load, message):
    entry = SimpleNamespace(
        name="broken", value="broken:Backend", load=load, dist=SimpleNamespace(name="kshim-broken", version="0.1")
    )
    monkeypatch.setattr(registry, "third_party", lambda: {"broken": entry})
    with pytest.raises(BackendError, match=f"'broken' of the package kshim-broken 0.1.*{message}"):
        registry.get("broken")


def test_doctor_gives_the_first_lines_of_a_long_error(tmp_path, monkeypatch):
    """Such as the list of methods that a class lacks."""
    from kshim import doctor

    (tmp_path / "unfinished.py").write_text(
        "from kshim.spec.backend import Backend\nclass Unfinished(Backend):\n    name = 'unfinished'\n"
    )
    info = tmp_path / "unfinished-0.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: unfinished\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text("[kshim.backends]\nunfinished = unfinished:Unfinished\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(registry, "BUILTIN", {"numpy": registry.BUILTIN["numpy"]})
    out = io.StringIO()
    doctor.run(out)
    (line,) = [line for line in out.getvalue().splitlines() if "unfinished" in line]
    assert "TypeError: Backend class Unfinished does not satisfy the op table: negative(x) is missing" in line
