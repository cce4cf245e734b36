"""`python -m kshim_conformance`: run the cases on every backend installed here and compare, or one of the other commands."""

import argparse
import importlib
import sys

from kshim.spec import registry

from . import accuracy, catalogue, orchestrate, report, report_json
from .judge import Judge
from .levels import LEVELS, parse
from .plan import Plan
from .supervise import available_cores

#: First word of the command line -> module whose `main(argv)` it runs.
COMMANDS = {
    "diff": "diff",
    "faults": "faults",
    "verify": "certificate",
    "report": "report",
    "speed": "speed.__main__",
    "growth": "growth.__main__",
    "peer": "peer",
}


def _options(argv):
    parser = argparse.ArgumentParser(
        prog="python -m kshim_conformance",
        description="Run the same cases on every backend and compare the results with the numpy backend in float64.",
        epilog=f"Other commands: {', '.join(COMMANDS)}; each has its own --help.",
    )
    parser.add_argument("names", nargs="*", metavar="BACKEND", help="default: all built-in ones")
    parser.add_argument("--backends", default="", help="the same, comma-separated")
    parser.add_argument("--device", help="passed to the backends as KSHIM_DEVICE, such as cpu, gpu or gpu:1")
    parser.add_argument(
        "--only", metavar="GLOB", help="cases whose id or operation matches, such as 'conv*' or 'rng/*'"
    )
    parser.add_argument("--levels", help=f"comma-separated, of {', '.join(LEVELS)}; default: all")
    parser.add_argument("--quick", action="store_true", help="the subset that takes a few minutes")
    parser.add_argument(
        "--full",
        action="store_true",
        help="gradients outside compiled steps also where every operation is compiled (jax: 10 times longer)",
    )
    parser.add_argument(
        "--jobs", type=int, default=min(4, available_cores()), help="backends at a time; default: %(default)s"
    )
    parser.add_argument("--json", metavar="FILE", help="write all results to a file")
    report.add_options(parser)
    parser.add_argument("--certify", metavar="FILE", help="write a certificate of the one backend named")
    options = parser.parse_args(argv)
    options.names += [name for name in options.backends.split(",") if name]
    options.names = list(dict.fromkeys(options.names or registry.BUILTIN))
    if options.certify and len(options.names) != 1:
        parser.error(
            f"--certify takes one backend, such as `torch --certify torch.json`; got {', '.join(options.names)}."
        )
    if options.jobs < 1:
        parser.error(f"--jobs takes a positive number, got {options.jobs}.")
    return options


def main(argv=None):
    """Exit status: 0 when all agree, 1 on a mismatch or a backend that fails, 2 when nothing could be run."""
    argv = sys.argv[1:] if argv is None else argv
    if argv and argv[0] in COMMANDS:
        return importlib.import_module(f"{__package__}.{COMMANDS[argv[0]]}").main(argv[1:])
    options = _options(argv)
    try:
        plan = Plan(options.only, parse(options.levels), options.quick, options.full)
        selection = plan.selection()
        if options.compare:
            report_json.read(options.compare)  # a wrong file is said now, not after the run
    except (LookupError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    progress = report.Progress(list(dict.fromkeys([orchestrate.REFERENCE, *options.names])))
    try:
        outcome = orchestrate.run(options.names, plan, options.device, options.jobs, progress)
    finally:
        progress.close()
    if orchestrate.REFERENCE not in outcome.traces:
        why = {**outcome.skipped, **outcome.failed}[orchestrate.REFERENCE]
        print(f"The reference backend {orchestrate.REFERENCE!r} gave no results: {why}", file=sys.stderr)
        return 2
    judge = Judge(outcome.traces[orchestrate.REFERENCE], selection.same, plan.levels)
    verdicts = [judge.verdict(outcome.traces[name]) for name in options.names if name in outcome.traces]
    for verdict, mismatch in accuracy.apart(verdicts):
        verdict.wrong(mismatch)
    return _conclude(options, plan, selection, verdicts, outcome)


def _conclude(options, plan, selection, verdicts, outcome):
    """Print and write what was found: the exit status."""
    for verdict in verdicts:
        if verdict.mismatches:
            print(report.mismatches(verdict.mismatches))
    choice = {
        "only": options.only,
        "levels": [name for name in LEVELS if name in plan.levels],
        "quick": options.quick,
        "full": options.full,
        "device": options.device,
        "digest": catalogue.digest(selection),
    }
    document = report_json.document(verdicts, outcome.skipped, choice, outcome.failed)
    report.print_summary(document)
    good = report.write(document, options) and report.passed(document)
    if options.certify:
        from . import certificate

        good = certificate.certify(options.certify, document, options.names[0]) and good
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
