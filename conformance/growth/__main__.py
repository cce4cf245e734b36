"""`python -m kshim_conformance growth`: how time and memory grow with layers, sizes, steps, epochs, models and data.

Each series is measured in a fresh process, on the CPU; dropout beside the framework's own, in turns.
"""

import sys
import time
from fnmatch import fnmatchcase

from ..speed.command import check_positive, chosen, finish, parser, there, told
from ..speed.document import load, verdict
from ..speed.process import compile_sources
from . import chart
from .document import document, figure, printed
from .measure import Measured
from .series import SERIES

_PARTS = f"Series: {', '.join(SERIES)}"


def _options(argv):
    out = parser("growth", __doc__, _PARTS, {"default": "*", "help": "series, such as layers or 'memory/*'"})
    out.add_argument(
        "--most-layers", type=int, default=1000, metavar="N", help="of the deepest model; default: %(default)s"
    )
    out.add_argument(
        "--patience", type=int, default=300, metavar="SECONDS",
        help="how long a model may take to its first step before it is told as too large; default: %(default)s",
    )  # fmt: skip
    out.add_argument("--quick", action="store_true", help="small sizes: shows that all runs, not how it grows")
    out.add_argument("--chart", metavar="FILE", help="write a chart (.svg)")
    options = out.parse_args(argv)
    options.names = chosen(options.names)
    check_positive(out, options, ("rounds", "threads", "most_layers", "patience"))
    if options.quick:
        options.rounds = 1
    return options


def main(argv=None):
    """Exit status: 0, or 2 when nothing could be measured. That a target is missed is told, and no failure."""
    options, rows, versions, problems = _options(argv), [], {}, []
    before, start = load(), time.monotonic()
    compile_sources()
    for backend in there(options.names):
        for name in (name for name in SERIES if fnmatchcase(name, options.only)):
            measured = Measured(backend, name, options)
            row = measured.row()
            versions.update(measured.versions)
            problems += [(backend, name, why) for why in measured.problems]
            if row["points"]:
                rows.append(row)
            said = "; ".join([*measured.problems, f"{figure(row)} ({row['target']}) {verdict(row)}"])
            print(f"{time.monotonic() - start:5.0f} s  {backend}  {name}  {said}", file=sys.stderr, flush=True)
    how = told(options, ("names", "only", "rounds", "threads", "most_layers", "patience", "quick"))
    return finish(options, document(rows, versions, problems, how, before), _PARTS, printed, chart.write)


if __name__ == "__main__":
    sys.exit(main())
