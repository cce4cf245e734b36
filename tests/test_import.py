"""`import kshim` is cheap and quiet: no framework, no output, no files."""

import json
import os
import subprocess
import sys

import pytest

FRAMEWORKS = ("torch", "jax", "tensorflow", "keras", "tf_keras")


def _python(code, cwd):
    env = dict(
        os.environ, PYTHONPATH=os.pathsep.join(p for p in sys.path if p), HOME=str(cwd), PYTHONDONTWRITEBYTECODE="1"
    )
    env.pop("KSHIM_BACKEND", None)
    done = subprocess.run([sys.executable, "-c", code], cwd=cwd, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done


def _loaded(code, tmp_path):
    done = _python(
        f"import sys, json\n{code}\njson.dump(sorted(m for m in sys.modules if '.' not in m), sys.stdout)", tmp_path
    )
    assert done.stderr == "" and list(tmp_path.iterdir()) == []
    return set(json.loads(done.stdout))


def test_import_loads_nothing(tmp_path):
    assert not _loaded("import kshim", tmp_path) & {*FRAMEWORKS, "numpy", "h5py", "kshim_backends"}


def test_first_use_loads_what_it_needs(tmp_path):
    code = "import kshim\nkshim.Sequential([kshim.layers.Dense(2)])"
    there = _python(f"import sys\n{code}\nprint(*sys.modules)", tmp_path).stdout.split()
    assert "kshim.layers.dense" in there
    assert not {*FRAMEWORKS, "h5py", "urllib.request"} & {*there}
    assert not [m for m in there if m.startswith(("kshim.losses", "kshim.metrics", "kshim.callbacks", "kshim.saving"))]


def test_auto_loads_nothing_either(tmp_path):
    assert not _loaded("import kshim.auto", tmp_path) & {*FRAMEWORKS, "numpy", "h5py"}


def test_every_public_name_resolves_without_a_framework(tmp_path):
    code = (
        "import kshim\n"
        "missing = []\n"
        "for name in sorted(kshim.PUBLIC_NAMES):\n"
        "    try:\n        getattr(kshim, name)\n"
        "    except (AttributeError, ImportError) as error:\n        missing.append(f'{name}: {error}')\n"
        "assert not missing, '\\n'.join(missing)\n"
    )
    assert not _loaded(code, tmp_path) & set(FRAMEWORKS)


def test_unknown_name_is_explained(tmp_path):
    import kshim

    with pytest.raises(AttributeError, match="Did you mean 'Sequential'"):
        kshim.Sequentail  # noqa: B018
    assert {"layers", "Model", "use", "__version__"} <= set(dir(kshim))


def test_time_of_import_is_reported(tmp_path, record_property):
    """Not a limit: timings depend on the machine. The figures are kept with the test's report."""
    clock = "import time; t = time.perf_counter(); {}; print(time.perf_counter() - t)"
    times = {
        what: min(float(_python(clock.format(f"import {what}"), tmp_path).stdout) for _ in range(3))
        for what in ("numpy, h5py", "kshim")
    }
    record_property("import_seconds", times)
    assert all(t > 0 for t in times.values())
