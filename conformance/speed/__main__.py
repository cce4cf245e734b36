"""`python -m kshim_conformance.speed [--backends torch,jax] [--workloads tabular,cnn] [--rounds 7] [--json FILE]`"""

import argparse
import json
import math
import os
import platform
import statistics
import subprocess
import sys
from importlib.util import find_spec

from .workloads import WORKLOADS

_KINDS = ("hand", "kshim", "keras")


class Process:
    """A contender's process."""

    def __init__(self, kind, backend, name, samples, repeats, threads):
        self.kind, self.batches = kind, math.ceil(samples / WORKLOADS[name][2])
        self.repeats = repeats
        environment = dict(os.environ, TF_CPP_MIN_LOG_LEVEL="3", OMP_NUM_THREADS=str(threads))
        command = [
            sys.executable,
            "-m",
            "kshim_conformance.speed.worker",
            kind,
            backend,
            name,
            str(samples),
            str(repeats),
        ]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
        )
        answer = self.process.stdout.readline().strip()
        self.problem = None if answer == "ready" else answer or self.process.stderr.read().strip().splitlines()[-1:]

    def time(self, command):
        """Seconds per training step, or per prediction."""
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self.kind} stopped: {self.process.stderr.read()[-2000:]}")
        return float(answer) / (self.batches if command == "train" else self.repeats)

    def close(self):
        if self.process.poll() is None:
            self.process.communicate("quit\n", timeout=60)


def measure(backend, name, rounds, steps, repeats, threads):
    """{kind: {command: [seconds, ...]}} with the contenders taking turns; kinds that cannot run are left out."""
    samples = steps * WORKLOADS[name][2]
    framework = find_spec(f"{__package__}.hand_{backend}")  # a backend without one has nothing to be compared with
    kinds = _KINDS if framework else ["kshim"]
    processes = [Process(kind, backend, name, samples, repeats, threads) for kind in kinds]
    times = {p.kind: {"train": [], "predict": []} for p in processes if p.problem is None}
    problems = {p.kind: p.problem for p in processes if p.problem is not None}
    try:
        for round_ in range(rounds + 1):
            for command in ("train", "predict"):
                for p in processes:
                    if p.problem is None:
                        seconds = p.time(command)
                        if round_:  # the first round compiles and warms up
                            times[p.kind][command].append(seconds)
    finally:
        for p in processes:
            p.close()
    return times, problems


def main(argv=None):
    parser = argparse.ArgumentParser(prog="python -m kshim_conformance.speed", description=__doc__)
    parser.add_argument("--backends", default="torch,jax,tensorflow,numpy")
    parser.add_argument("--workloads", default=",".join(WORKLOADS))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, default=40, help="training steps in one measurement")
    parser.add_argument("--predictions", type=int, default=30, help="predictions in one measurement")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--json")
    options = parser.parse_args(argv)
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, {options.threads} threads, Python {platform.python_version()}; medians of {options.rounds} rounds in turn"
    )
    print(
        f"{'backend':<11}{'workload':<9}{'what':<9}{'kshim ms':>10}{'hand ms':>10}{'keras ms':>10}{'kshim/hand':>12}{'keras/kshim':>13}"
    )
    rows = []
    for backend in options.backends.split(","):
        for name in options.workloads.split(","):
            times, problems = measure(
                backend, name, options.rounds, options.steps, options.predictions, options.threads
            )
            for command in ("train", "predict"):
                medians = {k: statistics.median(v[command]) * 1e3 for k, v in times.items()}
                ratios = {}
                for other, key in (("hand", "kshim/hand"), ("keras", "keras/kshim")):
                    if other in times and "kshim" in times:
                        pairs = zip(times["kshim"][command], times[other][command])
                        ratios[key] = statistics.median(a / b if other == "hand" else b / a for a, b in pairs)
                row = {
                    "backend": backend,
                    "workload": name,
                    "what": command,
                    "ms": medians,
                    "ratios": ratios,
                    "problems": problems,
                    "seconds": {k: v[command] for k, v in times.items()},
                }
                rows.append(row)
                cell = "".join(
                    f"{medians[k]:>10.3f}" if k in medians else f"{'-':>10}" for k in ("kshim", "hand", "keras")
                )
                tail = "".join(
                    f"{ratios[k]:>{w}.2f}" if k in ratios else f"{'-':>{w}}"
                    for k, w in (("kshim/hand", 12), ("keras/kshim", 13))
                )
                print(f"{backend:<11}{name:<9}{command:<9}{cell}{tail}", flush=True)
            for kind, problem in problems.items():
                print(f"  {kind} does not run: {problem}")
    if options.json:
        with open(options.json, "w", encoding="utf-8") as f:
            json.dump(rows, f, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
