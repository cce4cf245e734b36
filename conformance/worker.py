"""One backend in one process: runs the chosen cases and leaves a trace. Started by `kshim_conformance`.

Standard output carries one line `@ done total what` before each job, so that whoever reads it knows how far this is,
and what was running if the process dies. A process that has grown large stops early: the next goes on from there.
"""

import argparse
import os
import sys
import time
import warnings

from kshim.errors import BackendError
from kshim.spec import registry

from . import oracles
from . import plan as plans
from .catalogue import groups, module
from .evaluate import has_bfloat16, overridden
from .levels import COMPILED, EAGER
from .run import failure, run_case, run_compiled, run_probe
from .trace import Result, Trace, save

try:
    import resource
except ModuleNotFoundError:  # Windows has none: there a process never stops early
    resource = None

#: Exit status when the backend cannot be had; the reason is on standard error.
UNAVAILABLE = 3
#: Exit status when there is more to do: start another process at the first job not announced as done.
UNFINISHED = 4
#: Exit status when the backend is there and the device asked for is not; the reason is on standard error.
NO_DEVICE = 5
#: Bytes of memory above which a process stops: JAX keeps everything it ever compiled.
_LARGE = 2_500_000_000
#: Cases of one operation that share a compiled step: bounds how long a single compilation takes.
_TOGETHER = 24
#: On a backend that compiles every operation called outside a step, for each shape, a gradient costs half a second there
#: and a hundredth of that inside a step. Outside it computes values only, except on the first cases of each operation.
_FULL = 2


def work(b, plan):
    """Jobs: (what, function of the backend giving results)."""
    selection = plan.selection()
    if plan.load:
        if selection.files:
            yield from module("files").load_jobs(plan.folder, plan.load, selection.files)
        return
    lacking = lacking_dtypes(b)
    if plan.levels & (EAGER | COMPILED if plan.reference else EAGER):  # what is compiled is held against what is not
        yield from _eager(b, selection.cases, plan, lacking)
    for probe in selection.probes:
        for dtype in (d for d in probe.dtypes if d not in lacking):
            yield f"{probe.id} {dtype}", lambda b, p=probe, d=dtype: [run_probe(b, p, d)]
    if plan.levels & COMPILED or (_sparing(b, plan) and plan.levels & EAGER):
        yield from _compiled(b, selection.cases, plan, lacking)
    for unit in selection.units:
        yield from module(unit.part).jobs(unit)
    if selection.files and plan.folder:
        yield from module("files").save_jobs(plan.folder, selection.files)


def lacking_dtypes(b):
    """Dtypes that the backend does not have here."""
    return () if has_bfloat16(b) else ("bfloat16",)


def _sparing(b, plan):
    return b.compiles_each_op and not plan.full


def _eager(b, cases, plan, lacking):
    seen = {}
    for case in cases:
        number = seen[case.op] = seen.get(case.op, 0) + 1
        for dtype in case.dtypes:
            partial = _sparing(b, plan) and number > (0 if plan.quick else _FULL)
            if partial and dtype == "float64":
                continue  # its values come from the compiled step, with the gradients
            how = {"reference": plan.reference, "missing": dtype in lacking, "partial": partial}
            yield f"{case.id} {dtype}", lambda b, c=case, d=dtype, h=how: run_case(b, c, d, **h)


def _compiled(b, cases, plan, lacking):
    if _sparing(b, plan):  # what is compiled has no views
        cases = [c for c in cases if not c.views]
    for dtype, members in groups(cases):
        for i in range(0, len(members) if dtype not in lacking else 0, _TOGETHER):
            some = members[i : i + _TOGETHER]
            what = f"compiled {some[0].part}/{some[0].op} {dtype} {i // _TOGETHER}"
            yield what, lambda b, s=some, d=dtype: run_compiled(b, s, d)
            if _sparing(b, plan) and overridden(b, some[0]):
                yield f"derived {what}", lambda b, s=some, d=dtype: run_compiled(b, s, d, True)


def _memory():
    """Bytes this process has taken at most."""
    if resource is None:
        return 0
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def watched(job, b, what=""):
    """The results of a job with the time they took, the warnings it gave with the first: NumPy's users would see them."""
    started = time.monotonic()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            results = job(b)
        except Exception as error:  # a fault in what a job needs must not cost the jobs after it
            results = [Result(what, "", "", error=failure(error))]
    for result in results:
        result.seconds = (time.monotonic() - started) / len(results)
    ignored = (DeprecationWarning, PendingDeprecationWarning, FutureWarning, ResourceWarning)
    if results:
        results[0].warnings = [str(w.message) for w in caught if not issubclass(w.category, ignored)]
    return results


def _backend(name):
    """(the backend chosen by name, 0), or (None, the exit status)."""
    try:
        registry.use(name)
    except BackendError as error:
        print(error, file=sys.stderr)
        if os.environ.get("KSHIM_DEVICE", "cpu") == "cpu":
            return None, UNAVAILABLE
        try:
            registry.get(name, "cpu")
        except BackendError:
            return None, UNAVAILABLE
        return None, NO_DEVICE
    return registry.state.backend, 0


def main(argv=None):
    parser = argparse.ArgumentParser(prog="kshim_conformance.worker")
    parser.add_argument("--backend", required=True)
    parser.add_argument("--out", required=True)
    plans.add_arguments(parser)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--skip", action="append", default=[])
    options = parser.parse_args(argv)
    b, status = _backend(options.backend)
    if b is None:
        return status
    jobs = list(work(b, plans.from_options(options)))
    started, results, i = time.monotonic(), [], options.start
    while i < len(jobs):
        what, job = jobs[i]
        print(f"@ {i} {len(jobs)} {what}", flush=True)
        results += [Result(what, "", "", error="The process died.")] if what in options.skip else watched(job, b, what)
        i += 1
        if i % 16 == 0 and _memory() > _LARGE:
            break
    info = {**b.info(), "lacking": list(lacking_dtypes(b)), "left out": oracles.left_out(b.name)}
    save(Trace(options.backend, info, results, time.monotonic() - started), options.out)
    print(f"@ {i} {len(jobs)} done", flush=True)
    return 0 if i == len(jobs) else UNFINISHED


if __name__ == "__main__":
    sys.exit(main())
