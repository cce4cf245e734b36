"""The processes of the contenders: started together, asked in turn."""

import compileall
import json
import os
import subprocess
import sys
import tempfile
import threading
from importlib.util import find_spec
from pathlib import Path

#: What is compared with kshim -> what has to be installed for it.
PEERS = {"hand": None, "keras": "keras", "tf_keras": "tf_keras"}
#: Whose hand-written loops a backend is compared with, where not its own.
_FRAMEWORK = {"numpy": "torch"}
#: Hand-written loops that need not be beaten: `hand` is the best of the others.
EXTRA = ("scan",)
#: Seconds without an answer after which a contender is ended.
SILENCE = 600


class Failed(Exception):
    """A contender cannot be measured; the message says why."""


def compile_sources():
    """Compile kshim's sources where they lie, as an installation does; what is imported during a step counts as part of it."""
    for name in ("kshim", "kshim_backends", __package__.partition(".")[0]):
        spec = find_spec(name)
        for folder in spec.submodule_search_locations if spec else ():
            compileall.compile_dir(Path(folder), quiet=2)


def environment(threads):
    """Of every process measured: so many threads, no GPU."""
    counts = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NPROC", "TF_NUM_INTRAOP_THREADS",
              "TF_NUM_INTEROP_THREADS")  # fmt: skip
    fixed = {"CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu", "KSHIM_DEVICE": "cpu", "TF_CPP_MIN_LOG_LEVEL": "3"}
    path = os.pathsep.join(p for p in sys.path if p)
    return {**os.environ, **dict.fromkeys(counts, str(threads)), **fixed, "PYTHONPATH": path}


def cores(threads):
    """The numbers of the first cores this process may use, one for each thread; none where that is unknown."""
    return sorted(os.sched_getaffinity(0))[:threads] if hasattr(os, "sched_getaffinity") else []


#: Variants of hand-written loops worth trying, where there is more than the first: framework -> workload -> names.
#: What each does is told in `hand_FRAMEWORK.py`.
_VARIANTS = {
    "torch": {
        "tabular": ("gather", "once"),
        "mlp": ("gather", "once"),
        "autoencoder": ("gather", "once"),
        "cnn": ("channels_last", "gather"),
        "resnet20": ("channels_last", "gather"),
    },
    "jax": {
        "tabular": ("step", "device", "scan"),
        "mlp": ("step", "device", "rbg"),
        "autoencoder": ("step", "device"),
        "cnn": ("step", "reshape"),
        "lstm": ("step", "unroll"),
        "bilstm": ("step", "unroll"),
    },
    "tensorflow": {name: ("step", "xla") for name in ("tabular", "mlp", "autoencoder", "lstm")},
}


def variants(framework, workload):
    """The hand-written loops of a workload."""
    return _VARIANTS.get(framework, {}).get(workload, ("gather",) if framework == "torch" else ("step",))


def labels(backend, workload, peers):
    """Who is measured on a backend: kshim, then hand:VARIANT for each variant, keras, tf_keras; what is not there is left out."""
    found, framework = ["kshim"], _FRAMEWORK.get(backend, backend)
    if "hand" in peers and find_spec(f"{__package__}.hand_{framework}") and find_spec(framework):
        found += [f"hand:{variant}" for variant in variants(framework, workload)]
    if "keras" in peers and backend in ("torch", "jax", "tensorflow") and find_spec("keras"):
        found.append("keras")
    if "tf_keras" in peers and backend == "tensorflow" and find_spec("tf_keras"):
        found.append("tf_keras")
    return found


class Contender:
    """One process. `start` does not wait for it, `ready` does."""

    def __init__(self, label, backend, workload, steps, threads, file=None):
        self.label = label
        kind, _, variant = label.partition(":")
        framework = _FRAMEWORK.get(backend, backend) if kind == "hand" else backend
        spec = {"kind": kind, "backend": framework, "workload": workload, "variant": variant, "steps": steps, "file": file,
                "cores": cores(threads)}  # fmt: skip
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"{__package__}.worker", json.dumps(spec)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env=environment(threads),
        )

    def ready(self):
        """Versions of what it has imported."""
        return self._answer()["versions"]

    def ask(self, measure):
        """One measurement."""
        try:
            self._process.stdin.write(measure + "\n")
            self._process.stdin.flush()
        except OSError:
            pass  # it is gone; there will be no answer
        return self._answer()["value"]

    def _answer(self):
        watchdog = threading.Timer(SILENCE, self._process.kill)
        watchdog.daemon = True
        watchdog.start()
        try:
            line = self._process.stdout.readline()
        finally:
            watchdog.cancel()
        if not line:
            self._process.wait(SILENCE)
            self._errors.seek(0)
            last = self._errors.read().strip().splitlines()[-1:] or ["nothing was printed"]
            raise Failed(f"ended with status {self._process.returncode}: {last[0]}")
        found = json.loads(line)
        if "problem" in found:
            raise Failed(found["problem"])
        return found

    def close(self):
        """End it."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            try:
                stream.close()
            except OSError:
                pass  # what was left to write
