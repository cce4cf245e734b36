"""`python -m kshim_conformance faults`: which of the planted faults does the suite see?

Every fault of the catalogue runs in a worker of its own on the cases most likely to see it, then, if they do not, on more.
What counts is what a real run would show: a fault in the torch, jax or tensorflow backend is held against the healthy numpy
backend; one in the frontend is in the reference as well, and one in the numpy backend is the reference, so they show only
in known answers, central differences, definitions and the op table, or where torch then disagrees with numpy.
Mismatches that are there without the fault do not count.
"""

import argparse
import fnmatch
import json
import sys
import tempfile
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace

from .faults_catalogue import faults
from .judge import Judge
from .levels import COMPILED, EAGER, LEVELS
from .plan import Plan
from .supervise import WorkerError, absent, available_cores, run_worker

#: Share of the faults that must be seen.
NEEDED = 0.97
#: Whose disagreement with the numpy backend counts as seeing a fault of that one, or of the frontend.
WITNESS = "torch"


@dataclass
class Finding:
    """What came of one fault. `status`: "caught", "missed", "stale" (its code never ran) or "broken" (no results at all).

    `level`, `case` and `how` say what saw it first.
    """

    fault: str
    doc: str
    status: str
    level: str = ""
    case: str = ""
    how: str = ""
    seconds: float = 0.0

    def __str__(self):
        line = f"{self.status.upper() if self.status != 'caught' else 'caught'}  {self.fault}"
        if self.status == "caught":
            line += f"  {self.level}: {self.case}"
        return f"{line}  ({self.seconds:.1f} s){'' if self.status == 'caught' else f'  {self.doc}. {self.how}'}"


def plan_of(glob):
    """The `Plan` of the cases that a glob chooses, None for all of the quick subset."""
    if glob is None:
        return Plan(quick=True)
    part = glob.split("/", 1)[0]
    return Plan(glob, frozenset((part,)) if part in LEVELS and part not in EAGER else EAGER | COMPILED)


def _key(mismatch):
    return mismatch.case, mismatch.dtype, mismatch.variant, mismatch.entry, mismatch.against


class Runs:
    """Traces by backend, glob and fault; those without a fault are made once."""

    def __init__(self, jobs=1):
        self.threads = max(1, available_cores() // jobs)
        self._made, self._lock = {}, threading.Lock()

    def _once(self, key, make):
        with self._lock:
            future, mine = self._made.get(key), key not in self._made
            if mine:
                future = self._made[key] = Future()
        if mine:
            try:
                future.set_result(make())
            except Exception as error:
                future.set_exception(error)
        return future.result()

    def trace(self, backend, glob, fault=None):
        """The trace of a backend on the cases of a glob, the files it wrote read again; raises `WorkerError`."""
        plan = replace(plan_of(glob), reference=backend == "numpy")
        with tempfile.TemporaryDirectory(prefix="kshim-conformance-faults-") as folder:
            if not plan.selection().files:
                return run_worker(backend, plan, fault=fault, threads=self.threads)
            plan = replace(plan, folder=folder)
            trace = run_worker(backend, plan, fault=fault, threads=self.threads)
            trace.extend(run_worker(backend, replace(plan, load=(backend,)), fault=fault, threads=self.threads))
            return trace

    def healthy(self, backend, glob):
        """The trace of a backend without a fault."""
        return self._once(("trace", backend, glob), lambda: self.trace(backend, glob))

    def judge(self, reference, glob):
        same = self._once(("same", glob), lambda: plan_of(glob).selection().same)
        return Judge(reference, same)

    def known(self, backend, glob):
        """Keys of the mismatches of a backend without a fault."""

        def find():
            judge = self.judge(self.healthy("numpy", glob), glob)
            return frozenset(map(_key, judge.verdict(self.healthy(backend, glob)).mismatches))

        return self._once(("known", backend, glob), find)


def _first(verdict, known):
    """The first mismatch that is not there without the fault, or None."""
    return next((m for m in verdict.mismatches if _key(m) not in known), None)


def _look(runs, fault, glob, traces, witness=False):
    """(mismatch or None, how often the changed place ran) on the cases of a glob; `traces` keeps what was run, by glob.

    `witness`: what another backend makes of a fault that is in the reference, with the frontend's faults in it too.
    """
    shared = fault.where in ("numpy", "frontend")
    if glob not in traces:
        traces[glob] = runs.trace("numpy" if shared else fault.where, glob, fault.name)
    trace = traces[glob]
    calls = trace.info["fault"]["calls"]
    judge = runs.judge(trace if shared else runs.healthy("numpy", glob), glob)
    if witness:
        trace = runs.healthy(WITNESS, glob) if fault.where == "numpy" else runs.trace(WITNESS, glob, fault.name)
        calls += trace.info.get("fault", {"calls": 0})["calls"]
    return _first(judge.verdict(trace), runs.known(trace.backend, glob)), calls


def examine(runs, fault, everything=True):
    """The `Finding` of one fault; `everything`: look at the whole quick subset where its globs show nothing."""
    started, calls, traces = time.monotonic(), 0, {}

    def finding(status, level="", case="", how=""):
        return Finding(fault.name, fault.doc, status, level, case, how, time.monotonic() - started)

    shared = fault.where in ("numpy", "frontend") and not absent(WITNESS)
    places = [
        (glob, witness)
        for globs in (fault.look, (None,) if everything else ())
        for witness in ((False, True) if shared else (False,))
        for glob in globs
    ]
    for glob, witness in places:
        try:
            found, ran = _look(runs, fault, glob, traces, witness)
        except (LookupError, WorkerError) as error:
            return finding("broken", how=str(error))
        calls += ran
        if found is not None and ran:
            return finding("caught", found.level, found.case, str(found))
    if not calls:
        return finding("stale", how=f"What it changes in {fault.module} never ran.")
    return finding("missed", how=f"Looked at {', '.join(fault.look)}{' and everything' if everything else ''}.")


def score(findings):
    """Lines with how many faults were seen: by where they are, by the level that saw them, in all."""
    lines = []
    for title, name in (("where", lambda f: f.fault.split("/", 1)[0]), ("level", lambda f: f.level)):
        groups = {}
        for f in findings:
            groups.setdefault(name(f), []).append(f.status == "caught")
        if title == "where":
            lines += [f"  {key:12} {sum(found):4} of {len(found)}" for key, found in groups.items()]
        else:
            order = [level for level in LEVELS if level in groups]
            lines.append("seen first by " + ", ".join(f"{level} {sum(groups[level])}" for level in order))
    caught = sum(f.status == "caught" for f in findings)
    lines.append(f"{caught} of {len(findings)} faults caught, {100.0 * caught / max(1, len(findings)):.1f} %")
    return lines


def _options(argv):
    parser = argparse.ArgumentParser(prog="python -m kshim_conformance faults", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--only", metavar="GLOB", default="*", help="faults whose name matches, such as 'torch/*'")
    parser.add_argument("--json", metavar="FILE", help="write what was found to a file")
    parser.add_argument("--jobs", type=int, default=available_cores(), help="workers at a time; default: %(default)s")
    parser.add_argument("--narrow", action="store_true", help="look at the cases a fault names, never at all of them")
    parser.add_argument("--list", action="store_true", help="list the faults and end")
    return parser.parse_args(argv)


def main(argv=None):
    """Exit status: 0 when at least 97 % are caught, 1 otherwise, 2 when no fault was chosen."""
    options = _options(argv)
    chosen = [f for f in faults() if fnmatch.fnmatchcase(f.name, options.only)]
    if not chosen:
        print(f"No fault matches {options.only!r}; --list shows them.", file=sys.stderr)
        return 2
    if options.list:
        print("\n".join(f"{f.name:40} {f.doc}" for f in chosen))
        return 0
    started = time.monotonic()
    there = [f for f in chosen if f.where == "frontend" or not absent(f.where)]
    for where in sorted({f.where for f in chosen} - {f.where for f in there}):
        print(f"{where}: its faults are skipped: {absent(where)}", flush=True)
    runs, findings = Runs(options.jobs), []
    with ThreadPoolExecutor(options.jobs) as pool:
        for found in pool.map(lambda fault: examine(runs, fault, not options.narrow), there):
            print(found, flush=True)
            findings.append(found)
    print("\n".join([*score(findings), f"{time.monotonic() - started:.0f} s"]))
    if options.json:
        with open(options.json, "w", encoding="utf-8") as f:
            json.dump([asdict(found) for found in findings], f, indent=1)
    caught = sum(f.status == "caught" for f in findings)
    return int(not findings or caught < NEEDED * len(findings))


if __name__ == "__main__":
    sys.exit(main())
