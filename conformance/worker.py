"""One backend in one process: runs the chosen cases and leaves a trace. Started by `kshim_conformance`.

Standard output carries one line `@ done total what` before each unit of work, so that whoever reads it knows how far
this is, and what was running if the process dies.
"""

import argparse
import sys
import time
import warnings

from kshim.errors import BackendError
from kshim.spec import registry

from .catalogue import groups, units
from .evaluate import has_bfloat16
from .run import run_case, run_compiled, run_probe
from .trace import Result, Trace, save

#: Exit status when the backend cannot be had; the reason is on standard error.
UNAVAILABLE = 3
#: Cases of one operation that share a compiled step: bounds how long a single compilation takes.
_TOGETHER = 24


def work(pattern, reference, without):
    """Jobs: (what, function of a backend giving results). `without`: dtypes that the backend lacks here."""
    cases, probes = units(pattern)
    for case in cases:
        for dtype in case.dtypes:
            lacking = dtype in without
            yield f"{case.id} {dtype}", lambda b, c=case, d=dtype, m=lacking: run_case(b, c, d, reference, m)
    for probe in probes:
        for dtype in probe.dtypes:
            yield f"{probe.id} {dtype}", lambda b, p=probe, d=dtype: [run_probe(b, p, d)]
    for dtype, members in groups(cases):
        for i in range(0, len(members) if dtype not in without else 0, _TOGETHER):
            some = members[i : i + _TOGETHER]
            what = f"compiled {some[0].part}/{some[0].op} {dtype} {i // _TOGETHER}"
            yield what, lambda b, s=some, d=dtype: run_compiled(b, s, d)


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
    parser.add_argument("--only")
    parser.add_argument("--out", required=True)
    parser.add_argument("--reference", action="store_true")
    parser.add_argument("--skip", action="append", default=[])
    options = parser.parse_args(argv)
    try:
        b = registry.get(options.backend)
    except BackendError as error:
        print(error, file=sys.stderr)
        return UNAVAILABLE
    without = () if has_bfloat16(b) else ("bfloat16",)
    started, results, jobs = time.monotonic(), [], list(work(options.only, options.reference, without))
    for i, (what, job) in enumerate(jobs):
        print(f"@ {i} {len(jobs)} {what}", flush=True)
        if what in options.skip:
            results.append(Result(what, "", "eager", error="The process died while this ran."))
        else:
            results += _watched(job, b)
    info = {**b.info(), "without": list(without)}
    save(Trace(options.backend, info, results, time.monotonic() - started), options.out)
    print(f"@ {len(jobs)} {len(jobs)} done", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
