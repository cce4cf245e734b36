"""`kshim doctor`: what works on this machine, and what to install for the rest.

Every backend is tried in a process of its own, so that a framework that crashes or hangs is a line of the report.
"""

import json
import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from . import __version__
from .spec import registry

#: Seconds a framework may take to load and add two numbers.
PATIENCE = 180

_PROBE = """
import json, sys
from kshim.spec import registry
try:
    backend = registry.get(sys.argv[1])
    total = backend.to_numpy(backend.add(backend.arange(3, "float32"), 1.0)).tolist()
    if total != [1.0, 2.0, 3.0]:
        raise RuntimeError(f"[0, 1, 2] + 1 gave {total}")
    print(json.dumps({**backend.info(), "devices": backend.devices()}, default=str))
except Exception as error:
    text = " ".join(str(error).split())
    sys.exit(f"{type(error).__name__}: {text[:300]}{'...' if len(text) > 300 else ''}")
"""


def run(out=None, patience=PATIENCE):
    """Print the report; returns 0 if the chosen backend works, else 1."""
    out = out or sys.stdout
    chosen = os.environ.get("KSHIM_BACKEND") or "numpy"
    chosen = registry._ALIASES.get(chosen, chosen)
    others = registry.third_party()
    probes = {name: _start(name) for name in [*registry.BUILTIN, *others] if _missing(name) is None}
    print(f"kshim {__version__} on Python {platform.python_version()}, {platform.platform()}", file=out)
    print(f"  numpy {_version('numpy')}, h5py {_version('h5py')}", file=out)
    print(f"  backend: {chosen} ({_origin()})", file=out)
    print("\nBackends:", file=out)
    healthy = {}
    for name in [*registry.BUILTIN, *others]:
        text, healthy[name] = _finish(name, probes.get(name), patience)
        print(f"{'*' if name == chosen else ' '} {name:<12}{text}", file=out)
    if chosen not in healthy:
        print(f"* {chosen:<12}unknown; choose one of {', '.join(healthy)}", file=out)
    print(
        "\nChoose one with KSHIM_BACKEND, kshim --backend NAME or kshim.use(NAME); * is the present choice.", file=out
    )
    return 0 if healthy.get(chosen) else 1


def _origin():
    return "from KSHIM_BACKEND" if os.environ.get("KSHIM_BACKEND") else "the default"


def _version(package):
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _missing(name):
    """The pip command for a built-in backend whose framework is not installed, else None."""
    if name not in registry.BUILTIN:
        return None
    _, framework, package = registry.BUILTIN[name]
    return None if find_spec(framework) else f"pip install '{package}'"


def _start(name):
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(p or os.getcwd() for p in sys.path), "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-c", _PROBE, name]
    return subprocess.Popen(
        command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace"
    )


def _finish(name, process, patience):
    """(line of the report, whether the backend works)."""
    if process is None:
        return f"not installed: {_missing(name)}", False
    try:
        out, err = process.communicate(timeout=patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return f"no answer after {patience} s", False
    if process.returncode:
        lines = [line for line in err.splitlines() if line.strip()]
        how = f"signal {-process.returncode}" if process.returncode < 0 else f"exit code {process.returncode}"
        return f"broken ({how}): {lines[-1].strip() if lines else 'no message'}", False
    info = json.loads(out.splitlines()[-1])
    return f"{info['version']}, runs on {info['device']}; devices: {', '.join(info['devices'])}", True
