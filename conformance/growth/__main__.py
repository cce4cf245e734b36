"""`python -m kshim_conformance growth`: how time and memory grow with layers, sizes, steps, epochs, models and data.

Each series is measured in a fresh process, on the CPU; dropout beside the framework's own, in turns.
"""

import argparse
import sys
import time
from fnmatch import fnmatchcase

from kshim.spec import registry

from ..report_json import write_json
from ..speed.document import load, verdict
from ..speed.process import compile_sources
from ..supervise import absent, available_cores
from . import chart
from .document import document, figure, printed
from .measure import Measured
from .series import SERIES


def _options(argv):
    parser = argparse.ArgumentParser(
        prog="python -m kshim_conformance growth",
        description=__doc__.split("\n\n", 1)[1],
        epilog=f"Series: {', '.join(SERIES)}.",
    )
    parser.add_argument("names", nargs="*", metavar="BACKEND", help="default: all built-in ones that are installed")
    parser.add_argument("--only", default="*", metavar="GLOB", help="series, such as layers or 'memory/*'")
    parser.add_argument("--rounds", type=int, default=5, help="default: %(default)s")
    parser.add_argument("--threads", type=int, default=available_cores(), help="of each process; default: %(default)s")
    parser.add_argument(
        "--most-layers", type=int, default=1000, metavar="N", help="of the deepest model; default: %(default)s"
    )
    parser.add_argument(
        "--patience", type=int, default=300, metavar="SECONDS",
        help="how long a model may take to its first step before it is told as too large; default: %(default)s",
    )  # fmt: skip
    parser.add_argument("--quick", action="store_true", help="small sizes: shows that all runs, not how it grows")
    parser.add_argument("--json", metavar="FILE", help="write everything measured to a file")
    parser.add_argument("--chart", metavar="FILE", help="write a chart (.svg)")
    options = parser.parse_args(argv)
    options.names = list(dict.fromkeys(options.names or registry.BUILTIN))
    for name in ("rounds", "threads", "most_layers", "patience"):
        if getattr(options, name) < 1:
            parser.error(f"--{name.replace('_', '-')} takes a positive number, got {getattr(options, name)}.")
    if options.quick:
        options.rounds = 1
    return options


def main(argv=None):
    """Exit status: 0, or 2 when nothing could be measured. That a target is missed is told, and no failure."""
    options, rows, versions, problems = _options(argv), [], {}, []
    before, start = load(), time.monotonic()
    compile_sources()
    for backend in options.names:
        why = absent(backend)
        if why:
            print(f"{backend}: skipped: {why}", file=sys.stderr)
            continue
        for name in (name for name in SERIES if fnmatchcase(name, options.only)):
            measured = Measured(backend, name, options)
            row = measured.row()
            versions.update(measured.versions)
            problems += [(backend, name, why) for why in measured.problems]
            if row["points"]:
                rows.append(row)
            said = "; ".join([*measured.problems, f"{figure(row)} ({row['target']}) {verdict(row)}"])
            print(f"{time.monotonic() - start:5.0f} s  {backend}  {name}  {said}", file=sys.stderr, flush=True)
    if not rows:
        print(f"Nothing was measured. Series: {', '.join(SERIES)}.", file=sys.stderr)
        return 2
    told = {
        name: getattr(options, name)
        for name in ("names", "only", "rounds", "threads", "most_layers", "patience", "quick")
    }
    found = document(rows, versions, problems, told, before)
    print(printed(found))
    if options.json:
        write_json(options.json, found)
    if options.chart:
        chart.write(options.chart, found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
