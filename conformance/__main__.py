"""`python -m kshim_conformance`: run the cases on every backend installed here and compare."""

import argparse
import sys

from kshim.spec import registry

from . import report
from .catalogue import units
from .judge import Judge
from .supervise import WorkerError, absent, run_worker


def _options(argv):
    parser = argparse.ArgumentParser(
        prog="python -m kshim_conformance",
        description="Run the same cases on every backend and compare the results with the numpy backend in float64.",
    )
    parser.add_argument(
        "--backends", default=",".join(registry.BUILTIN), help="comma-separated; default: all built-in ones"
    )
    parser.add_argument("--device", help="passed to the backends as KSHIM_DEVICE, such as cpu, gpu or gpu:1")
    parser.add_argument(
        "--only", metavar="GLOB", help="cases whose id or operation matches, such as 'conv*' or 'control/*'"
    )
    parser.add_argument(
        "--full",
        action="store_true",
        help="gradients outside compiled steps also where every operation is compiled (jax: 10 times longer)",
    )
    parser.add_argument("--json", metavar="FILE", help="write all results to a file")
    return parser.parse_args(argv)


def main(argv=None):
    """Exit status: 0 when all agree, 1 on a mismatch or a backend that fails, 2 when nothing could be run."""
    options = _options(argv)
    names = [n for n in options.backends.split(",") if n]
    try:
        cases, _, _ = units(options.only)
    except LookupError as error:
        print(error, file=sys.stderr)
        return 2
    verdicts, skipped, failed = [], {}, False
    judge = None
    for name in ["numpy", *[n for n in names if n != "numpy"]]:
        reason = absent(name)
        if reason:
            skipped[name] = f"skipped: {reason}"
            print(f"{name}: {skipped[name]}", flush=True)
            continue
        progress = report.Progress(name)
        try:
            reference = name == "numpy"
            trace = run_worker(
                name, options.only, "cpu" if reference else options.device, reference, options.full, progress
            )
        except WorkerError as error:
            progress.close()
            print(f"{name}: failed: {error}", flush=True)
            skipped[name], failed = "failed", True
            if name == "numpy":
                return 2
            continue
        progress.close()
        if judge is None:
            judge = Judge(trace, [c.id for c in cases if c.same])
        if name in names:
            verdict = judge.verdict(trace)
            verdicts.append(verdict)
            if verdict.mismatches:
                print(report.mismatches(verdict), flush=True)
    models = report.trained(verdicts)
    print("\n".join(([models, ""] if models else []) + [report.summary(verdicts, skipped)]))
    if options.json:
        report.write_json(options.json, verdicts, skipped)
    return int(failed or any(v.mismatches for v in verdicts))


if __name__ == "__main__":
    sys.exit(main())
