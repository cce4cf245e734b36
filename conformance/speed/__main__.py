"""`python -m kshim_conformance speed`: how fast kshim is beside Keras 3, tf_keras and hand-written loops of each framework.

Everything measured runs in a process of its own, on the CPU with the same number of threads; the processes of a workload
are asked in turn, so that whatever else the machine does hits all alike.
"""

import sys
import time

from . import chart
from .command import check_positive, chosen, finish, parser, there, told
from .contenders import PEERS
from .document import document, line, load, part, printed, read
from .measure import Group, LargeFile, imports, measure, selected
from .process import compile_sources
from .summary import row
from .workloads import WORKLOADS

_PARTS = f"Workloads: {', '.join(WORKLOADS)}, import"
#: Rounds and share of the steps of a run that only shows whether all is in order.
_QUICK = (2, 0.2)


def _options(argv):
    only = {"help": "workloads or WORKLOAD/MEASURE, such as 'mlp' or '*/train'"}
    out = parser("speed", __doc__, _PARTS, only)
    out.add_argument("--backends", default="", help="the backends, comma-separated")
    out.add_argument("--peers", default=",".join(PEERS), help="what to compare with; default: %(default)s")
    out.add_argument("--steps", type=int, help="training steps in one measurement; default: by workload, 100 to 4")
    out.add_argument("--quick", action="store_true", help="few steps and rounds: shows that all runs, not how fast")
    out.add_argument(
        "--from", dest="read", metavar="FILE", help="measure nothing: tell what an earlier run wrote with --json"
    )
    out.add_argument("--chart", metavar="FILE", help="write a chart (.svg), or a page with chart and tables (.html)")
    options = out.parse_args(argv)
    options.names = chosen([*options.names, *(name for name in options.backends.split(",") if name)])
    options.peers = [peer for peer in options.peers.split(",") if peer]
    if options.quick:
        options.rounds = min(options.rounds, _QUICK[0])
    for peer in options.peers:
        if peer not in PEERS:
            out.error(f"--peers takes some of {', '.join(PEERS)}; got {peer!r}.")
    check_positive(out, options, ("rounds", "steps", "threads"))
    return options


def _steps(options, workload):
    steps = options.steps or WORKLOADS[workload].steps
    return max(1, round(steps * _QUICK[1])) if options.quick and not options.steps else steps


class _Run:
    """What was found so far; each row is told on standard error as it comes."""

    def __init__(self, options):
        self.options, self.rows, self.versions, self.problems = options, [], {}, []
        self.start, self.load = time.monotonic(), load()

    def add(self, backend, workload, values, problems, versions=()):
        self.versions.update(versions)
        self.problems += [(backend, workload, label, why) for label, why in problems.items()]
        for name, some in values.items():
            self.rows.append(row(backend, workload, name, some))
            cells = [cell for cell in line(self.rows[-1])[:6] if cell]
            print(f"{time.monotonic() - self.start:5.0f} s  {backend}  {'  '.join(cells)}", file=sys.stderr, flush=True)

    def group(self, backend, workload, measures, file):
        options = self.options
        group = Group(backend, workload, options.peers, _steps(options, workload), options.threads, file)
        self.add(backend, workload, measure(group, measures, options.rounds), group.problems, group.versions)


def main(argv=None):
    """Exit status: 0, or 2 when nothing could be measured or read. That a target is missed is told, and no failure."""
    options = _options(argv)
    wanted = selected(options.only)
    try:
        found = part(read(options.read), options.names, wanted) if options.read else _measured(options, wanted)
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    return finish(options, found, _PARTS, printed, chart.write)


def _measured(options, wanted):
    """The document of a run now."""
    compile_sources()
    large, run = LargeFile(), _Run(options)
    try:
        if wanted.pop("import", None):
            run.add("any", "import", *_named(imports(options.peers, options.rounds, options.threads)))
        for name in there(options.names):
            for workload, measures in wanted.items():
                run.group(name, workload, measures, large.get() if "load" in measures else None)
    finally:
        large.close()
    how = told(options, ("names", "only", "peers", "rounds", "steps", "threads", "quick"))
    return document(run.rows, run.versions, run.problems, how, run.load)


def _named(found):
    values, problems = found
    return ({"import": values} if values else {}), problems


if __name__ == "__main__":
    sys.exit(main())
