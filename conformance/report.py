"""What is printed about a run, and `python -m kshim_conformance report FILE`: the reports of a run that is over.

Everything here and in the other `report_*.py` is made from the document of a run (`report_json.document`).
"""

import argparse
import sys

from . import regressions
from .judge import Mismatch
from .report_html import write_html
from .report_json import read, write_json
from .report_junit import write_junit
from .report_progress import Progress
from .report_tables import DTYPES, clean, counts, worst

__all__ = ["Progress", "main", "mismatches", "passed", "print_summary", "write"]

#: Cases printed for one backend; the JSON file has all mismatches.
SHOWN = 60
_WIDTH = 36


def _name(case):
    """A case's id without its part, shortened to fit a table."""
    name = case.split("/", 1)[-1]
    return name if len(name) <= _WIDTH else name[: _WIDTH - 3] + "..."


def table(rows, head):
    """Rows of cells in aligned columns under a head, all but the first flush right."""
    rows = [[clean(c) for c in row] for row in (head, *rows)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]

    def line(row):
        return "  ".join([row[0].ljust(widths[0]), *[c.rjust(w) for c, w in zip(row[1:], widths[1:])]]).rstrip()

    return "\n".join([line(rows[0]), "  ".join("-" * w for w in widths), *map(line, rows[1:])])


def mismatches(found, shown=SHOWN):
    """One line for each case that mismatches: the first `Mismatch` in full, then how often else."""
    cases = {}
    for m in found:
        cases.setdefault(m.case, []).append(m)
    lines = []
    for first, *others in list(cases.values())[:shown]:
        where = list(dict.fromkeys(f"{m.dtype} {m.variant}" for m in others))
        lines.append(f"{clean(first)}{f' [and {len(others)} more: ' + ', '.join(where) + ']' if others else ''}")
    if len(cases) > shown:
        lines.append(f"{found[0].backend}: {len(cases) - shown} more cases mismatch; --json FILE writes all.")
    return "\n".join(lines)


def passed(document):
    """Whether every backend that ran agrees and none failed."""
    return not document["failed"] and not any(found["mismatches"] for found in document["backends"].values())


def summary(document):
    """A column for each backend: cases passed of each level, checks, mismatches, seconds; then who did not run."""
    backends = document["backends"]
    rows = [["version", *[f["info"].get("version", "?") for f in backends.values()]]]
    rows.append(["device", *[f["info"].get("device", "?") for f in backends.values()]])
    for level in document["levels"]:
        found = [f["levels"].get(level) for f in backends.values()]
        if any(found):
            rows.append([level, *map(counts, found)])
    rows.append(["checks", *[f["checks"] for f in backends.values()]])
    rows.append(["mismatches", *[len(f["mismatches"]) for f in backends.values()]])
    rows.append(["time", *[f"{f['seconds']:.0f} s" for f in backends.values()]])
    lines = [table(rows, ["", *backends])] if backends else []
    for kind in ("skipped", "failed"):
        lines += [clean(f"{name}: {kind}: {reason}") for name, reason in document[kind].items()]
    return "\n".join(lines)


def trained(document):
    """The table of trained models: the largest relative error of each backend in each dtype, or an empty string."""
    backends = document["backends"]
    columns, names = [], {}
    for dtype in DTYPES:
        for backend, found in backends.items():
            column = {m: worst(e, dtype) for m, e in found["errors"].items() if m.startswith("models/")}
            if any(e is not None for e in column.values()):
                first = not any(d == dtype for d, _, _ in columns)
                columns.append((dtype, f"{dtype}: {backend}" if first else backend, column))
                names.update(column)
    rows = []
    for name in sorted(names):
        cells = [column.get(name) for _, _, column in columns]
        rows.append([_name(name), *["-" if e is None else f"{e:.1e}" for e in cells]])
    return table(rows, ["largest error", *[head for _, head, _ in columns]]) if rows else ""


def accuracies(document):
    """The table of accuracies reached, or an empty string."""
    backends = document["backends"]
    names = sorted({name for found in backends.values() for name in found["accuracies"]})
    rows = []
    for name in names:
        cells = [found["accuracies"].get(name) for found in backends.values()]
        rows.append([_name(name), *["-" if a is None else f"{a:.4f}" for a in cells]])
    return table(rows, ["accuracy", *backends]) if rows else ""


def print_summary(document):
    """Print the tables of a run."""
    print("\n\n".join(t for t in (trained(document), accuracies(document), summary(document)) if t), flush=True)


def add_options(parser):
    """Add the options that `write` follows."""
    parser.add_argument("--junit", metavar="FILE", help="write JUnit XML, which continuous integration reads")
    parser.add_argument("--html", metavar="FILE", help="write one page with all tables, curves and errors")
    parser.add_argument(
        "--compare", metavar="OLD.json", help="say what changed since the run whose --json file this is"
    )


def write(document, options):
    """Write the files asked for and print what changed; gives whether nothing got worse than in `options.compare`.

    `options` has `json` (may be missing), `junit`, `html` and `compare`: file names or None. Raises `ValueError` or
    `OSError` for a file to compare with that is none.
    """
    old = read(options.compare) if options.compare else None
    for name, writer in (("json", write_json), ("junit", write_junit), ("html", write_html)):
        path = getattr(options, name, None)
        if path:
            writer(path, document)
    if old is None:
        return True
    changes = regressions.compare(old, document)
    print(f"\nCompared with {options.compare}:\n{changes.text()}", flush=True)
    return not changes.worse


def main(argv):
    """Reports of a run that is over. Exit status: 0, 1 if it is worse than the one compared with, 2 for a wrong file."""
    parser = argparse.ArgumentParser(
        prog="python -m kshim_conformance report", description="Make reports of a run from the file its --json wrote."
    )
    parser.add_argument("file", metavar="FILE.json")
    add_options(parser)
    options = parser.parse_args(argv)
    try:
        document = read(options.file)
        for found in document["backends"].values():
            if found["mismatches"]:
                print(mismatches([Mismatch(**m) for m in found["mismatches"]]))
        print_summary(document)
        return int(not write(document, options))
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
