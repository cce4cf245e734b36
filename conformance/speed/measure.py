"""Measuring: the contenders of a workload take turns, so that whatever else the machine does hits all alike."""

import subprocess
import sys
import tempfile
import time
from fnmatch import fnmatchcase
from pathlib import Path

from .contenders import Contender, labels
from .process import Failed, environment
from .workloads import OF_TRAINING, WORKLOADS

#: Measured once: what comes first comes once, and memory only grows.
_ONCE = ("first", "memory")
#: Of what is quick there are up to so many times the rounds asked for, while they have taken less than these seconds.
_MORE, _FILL = 4, {"train": 4.0}


def selected(only):
    """{workload: measures} whose id, WORKLOAD/MEASURE, or workload matches the glob; 'import' has no workload."""
    found = {}
    for name, work in WORKLOADS.items():
        measures = [m for measure in work.measures for m in (OF_TRAINING if measure == "train" else (measure,))]
        found[name] = [
            m for m in measures if only is None or fnmatchcase(f"{name}/{m}", only) or fnmatchcase(name, only)
        ]
    found["import"] = ["import"] if only is None or fnmatchcase("import", only) else []
    return {name: measures for name, measures in found.items() if measures}


class Group:
    """The contenders of one workload on one backend. `problems`: label -> why it is not or no longer there."""

    def __init__(self, backend, workload, peers, steps, threads, file=None):
        self.values, self.problems, self.versions = {}, {}, {}
        self._there = {}
        for label in labels(backend, workload, peers):
            self._there[label] = Contender(label, backend, workload, steps, threads, file)
        for label in list(self._there):
            self.versions.update(self._try(label, lambda contender: contender.ready()) or {})

    def _try(self, label, what):
        try:
            return what(self._there[label])
        except Failed as error:
            self.problems[label] = str(error)
            self._there.pop(label).close()
            return None

    def round(self, measure, turn=0, keep=True):
        """Ask everyone, beginning with the next one at each turn."""
        order = list(self._there)
        turn %= max(len(order), 1)
        for label in order[turn:] + order[:turn]:
            if measure == "build" and label.startswith("hand"):
                continue  # nothing to compare: a hand-written loop has no model to compile
            value = self._try(label, lambda contender: contender.ask(measure))
            if value is not None and keep:
                self.values.setdefault(measure, {}).setdefault(label, []).append(value)

    def close(self):
        for contender in self._there.values():
            contender.close()


def measure(group, measures, rounds):
    """All measures of a group: {measure: {label: [values]}}."""
    try:
        if measures != ["load"]:
            group.round("first")
        if "train" in measures or "memory" in measures:
            _rounds(group, "train", rounds)
            group.round("memory")
        for name in measures:
            if name not in OF_TRAINING:
                _rounds(group, name, rounds)
    finally:
        group.close()
    return {name: group.values[name] for name in measures if name in group.values}


def _rounds(group, name, rounds):
    """As many rounds as asked for, more of what is quick: a passing disturbance must not decide."""
    group.round(name, keep=False)
    start, turn = time.monotonic(), 0
    while turn < rounds or (turn < _MORE * rounds and time.monotonic() - start < _FILL.get(name, 1.0)):
        group.round(name, turn)
        turn += 1


def imports(peers, rounds, threads):
    """Seconds that importing takes in fresh processes, in turn: {label: [seconds]}, and problems.

    What loads its parts when they are asked for (kshim does) is asked for a model and a layer. Compiling sources is no part
    of it: an installed package is compiled.
    """
    with tempfile.TemporaryDirectory(prefix="kshim-speed-") as cache:
        env = {**environment(threads), "PYTHONPYCACHEPREFIX": cache}
        env.pop("PYTHONDONTWRITEBYTECODE", None)
        return _imports(peers, rounds, env)


def _imports(peers, rounds, env):
    modules = {"kshim": "kshim", "hand:numpy, h5py": "numpy, h5py", "keras": "keras", "tf_keras": "tf_keras"}
    values, problems = {}, {}
    wanted = [label for label in modules if label == "kshim" or label.split(":")[0] in peers]
    for turn in range(rounds + 1):
        for label in wanted:
            if label in problems:
                continue
            name = modules[label]
            used = "" if label.startswith("hand") else f"{name}.Sequential; {name}.layers.Dense; "
            code = f"import time; start = time.perf_counter(); import {name}; {used}print(time.perf_counter() - start)"
            done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=False)
            if done.returncode:
                problems[label] = (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1]
            elif turn:  # the first reads the files from disk, and compiles
                values.setdefault(label, []).append(float(done.stdout.split()[-1]))
    return values, problems


class LargeFile:
    """The file that `load` reads, made when first asked for."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="kshim-speed-")
        self.path = str(Path(self._folder.name, "large.h5"))

    def get(self):
        if not Path(self.path).exists():
            import kshim

            from .keras_models import model

            with kshim.use("numpy"):
                model(kshim, "large").save(self.path, include_optimizer=False)
        return self.path

    def close(self):
        self._folder.cleanup()
