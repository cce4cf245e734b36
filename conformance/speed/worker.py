"""One contender in a process of its own: `python -m kshim_conformance.speed.worker SPEC`.

SPEC, JSON: kind (kshim, hand, keras or tf_keras), backend, workload, variant (of a hand-written loop), steps, file (the one
that `load` reads). Asked by the names of measures, it answers with numbers, seconds or bytes (see `process`).
"""

import importlib
import os
import sys
import time

from .process import memory, serve
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
    most = memory("VmHWM")
    if most is None:
        import resource

        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return most


def _modules(spec):
    """Those whose versions matter."""
    return ("kshim", "numpy", "torch", "jax", "tensorflow", "keras" if spec["kind"] == "keras" else "tf_keras")


if __name__ == "__main__":
    serve(lambda spec: Worker(spec).measure, _modules)
