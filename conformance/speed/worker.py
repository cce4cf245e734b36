"""One contender in a process of its own: `python -m kshim_conformance.speed.worker SPEC`.

SPEC, JSON: kind (kshim, hand, keras or tf_keras), backend, workload, variant (of a hand-written loop), steps, file (the one
that `load` reads), cores (the numbers of those it may use). Reads names of measures from standard input and answers each with
one line of JSON: {"value": number} in seconds or bytes, or {"problem": text}. The first line, once the framework is imported:
{"versions": {...}}.
"""

import importlib
import json
import os
import sys
import time

from .workloads import CALLS, MANY, WORKLOADS, data

_PREPARED = ("predict_one", "call_one", "predict_many", "evaluate")


class Worker:
    def __init__(self, spec):
        self.spec, self.work, self.contender = spec, WORKLOADS[spec["workload"]], None
        self.samples = self.work.batch * spec["steps"]
        kind, self.prepared = spec["kind"], False
        if kind == "hand":
            self.module = importlib.import_module(f"{__package__}.hand_{spec['backend']}")
        elif kind == "kshim":
            self.module = importlib.import_module("kshim")
            self.module.use(spec["backend"])
        else:
            os.environ["KERAS_BACKEND"] = spec["backend"]
            self.module = importlib.import_module(kind)
        data(self.work, self.samples)  # making the data is no part of what is measured

    def _make(self):
        spec = self.spec
        if spec["kind"] == "hand":
            return self.module.Contender(spec["workload"], spec["variant"], self.samples)
        return importlib.import_module(f"{__package__}.keras_contender").Contender(
            self.module, spec["workload"], self.samples
        )

    def measure(self, name):
        """Seconds of one step, one call ...; bytes for memory."""
        if name == "memory":
            return most_memory()
        if name in _PREPARED and not self.prepared:
            self.contender.prepare(MANY if "predict_many" in self.work.measures else 1)
            self.prepared = True
        repeats = {"train": self.spec["steps"], "predict_one": CALLS, "call_one": CALLS}.get(name, 1)
        start = time.perf_counter()
        getattr(self, f"_{name}", self._call)(name)
        return (time.perf_counter() - start) / repeats

    def _call(self, name):
        for _ in range(CALLS if name.endswith("_one") else 1):
            getattr(self.contender, name)()

    def _first(self, name):
        self.contender = self._make()
        self.contender.epoch(steps=1)

    def _train(self, name):
        self.contender.epoch()

    def _load(self, name):
        if self.spec["kind"] != "hand":
            self.module.models.load_model(self.spec["file"], compile=False)
            return
        import h5py

        arrays = []
        with h5py.File(self.spec["file"], "r") as f:
            f.visititems(lambda _, item: arrays.append(item[()]) if isinstance(item, h5py.Dataset) else None)
        self.module.load(arrays)


def most_memory():
    """The most bytes this process had in memory so far."""
    if os.path.exists("/proc/self/status"):
        with open("/proc/self/status", encoding="ascii", errors="replace") as f:
            for line in f:
                if line.startswith("VmHWM"):
                    return int(line.split()[1]) * 1024
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def _versions(spec):
    """Of the modules that matter and are there."""
    names = ("kshim", "numpy", "torch", "jax", "tensorflow", "keras" if spec["kind"] == "keras" else "tf_keras")
    return {n: str(sys.modules[n].__version__) for n in names if hasattr(sys.modules.get(n), "__version__")}


def main():
    spec = json.loads(sys.argv[1])
    if spec["cores"] and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, spec["cores"])
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a framework prints must not mix with the answers

    def answer(**what):
        print(json.dumps(what), file=answers, flush=True)

    try:
        worker = Worker(spec)
    except Exception as error:
        return answer(problem=_text(error))
    answer(versions=_versions(spec))
    for line in sys.stdin:
        try:
            answer(value=worker.measure(line.strip()))
        except Exception as error:
            answer(problem=_text(error))


def _text(error):
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else ''}"


if __name__ == "__main__":
    main()
