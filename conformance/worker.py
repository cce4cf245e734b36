"""One backend in one process: runs the chosen cases and leaves a trace. Started by `kshim_conformance`.

Standard output carries one line `@ done total what` before each job, so that whoever reads it knows how far this is,
and what was running if the process dies. A process that has grown large stops early: the next goes on from there.
"""

import argparse
import sys
import time
import warnings

from kshim.errors import BackendError
from kshim.spec import registry

from .case import FLOATS
from .catalogue import groups, units
from .evaluate import has_bfloat16, overridden
from .run import run_case, run_compiled, run_probe, run_training
from .trace import Result, Trace, save

try:
    import resource
except ModuleNotFoundError:  # Windows has none: there a process never stops early
    resource = None

#: Exit status when the backend cannot be had; the reason is on standard error.
UNAVAILABLE = 3
#: Exit status when there is more to do: start another process at the first job not announced as done.
UNFINISHED = 4
#: Bytes of memory above which a process stops: JAX keeps everything it ever compiled.
_LARGE = 2_500_000_000
#: Cases of one operation that share a compiled step: bounds how long a single compilation takes.
_TOGETHER = 24
#: Backends that compile every operation called outside a step, for each shape: a gradient costs half a second there and
#: a hundredth of that inside a step. Outside they compute values only, except on the first cases of each operation.
_COMPILES_EACH = {"jax"}
_FULL = 2


def work(backend, pattern, reference=False, full=False, lacking=()):
    """Jobs: (what, function of a backend giving results). `lacking`: dtypes that the backend does not have here."""
    cases, probes, trainings = units(pattern)
    sparing = backend in _COMPILES_EACH and not full
    seen = {}
    for case in cases:
        number = seen[case.op] = seen.get(case.op, 0) + 1
        for dtype in case.dtypes:
            partial = sparing and number > _FULL
            if partial and dtype == "float64":
                continue  # its values come from the compiled step, with the gradients
            how = {"reference": reference, "missing": dtype in lacking, "partial": partial}
            yield f"{case.id} {dtype}", lambda b, c=case, d=dtype, h=how: run_case(b, c, d, **h)
    for probe in probes:
        for dtype in probe.dtypes:
            yield f"{probe.id} {dtype}", lambda b, p=probe, d=dtype: [run_probe(b, p, d)]
    for dtype, members in groups(cases):
        for i in range(0, len(members) if dtype not in lacking else 0, _TOGETHER):
            some = members[i : i + _TOGETHER]
            what = f"compiled {some[0].part}/{some[0].op} {dtype} {i // _TOGETHER}"
            yield what, lambda b, s=some, d=dtype: run_compiled(b, s, d)
            if sparing:
                yield (
                    f"derived {what}",
                    lambda b, s=some, d=dtype: run_compiled(b, s, d, True) if overridden(b, s[0]) else [],
                )
    for training in trainings:
        for dtype in FLOATS:
            yield f"{training.id} {dtype}", lambda b, t=training, d=dtype: [run_training(b, t, d)]


def _memory():
    """Bytes this process has taken at most."""
    if resource is None:
        return 0
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _watched(job, b):
    """The results of a job, the warnings it gave with the first: NumPy's users would see them."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        results = job(b)
    ignored = (DeprecationWarning, PendingDeprecationWarning, FutureWarning, ResourceWarning)
    if results:
        results[0].warnings = [str(w.message) for w in caught if not issubclass(w.category, ignored)]
    return results


def main(argv=None):
    parser = argparse.ArgumentParser(prog="kshim_conformance.worker")
    parser.add_argument("--backend", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--only")
    parser.add_argument("--reference", action="store_true")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--skip", action="append", default=[])
    options = parser.parse_args(argv)
    try:
        registry.use(options.backend)
    except BackendError as error:
        print(error, file=sys.stderr)
        return UNAVAILABLE
    b = registry.state.backend
    lacking = () if has_bfloat16(b) else ("bfloat16",)
    jobs = list(work(options.backend, options.only, options.reference, options.full, lacking))
    started, results, i = time.monotonic(), [], options.start
    while i < len(jobs):
        what, job = jobs[i]
        print(f"@ {i} {len(jobs)} {what}", flush=True)
        results += [Result(what, "", "eager", error="The process died.")] if what in options.skip else _watched(job, b)
        i += 1
        if i % 16 == 0 and _memory() > _LARGE:
            break
    info = {**b.info(), "lacking": list(lacking)}
    save(Trace(options.backend, info, results, time.monotonic() - started), options.out)
    print(f"@ {i} {len(jobs)} done", flush=True)
    return 0 if i == len(jobs) else UNFINISHED


if __name__ == "__main__":
    sys.exit(main())
