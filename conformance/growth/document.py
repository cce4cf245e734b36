"""The document of a run, and what is printed of it."""

from ..report import table
from ..speed.document import about, heading, ratio, verdict
from .series import MB, SERIES


def document(rows, versions, problems, options, before=None):
    """Everything about a run. `problems`: [(backend, series, why)]; `before`: the load of the machine when it began."""
    problems = [dict(zip(("backend", "series", "why"), p)) for p in problems]
    return {**about("kshim growth", versions, options, before), "rows": rows, "problems": problems}


def seconds(value):
    """Three digits in s, ms or µs."""
    unit, factor = ("s", 1) if value >= 1 else ("ms", 1e3) if value >= 1e-3 else ("µs", 1e6)
    return f"{value * factor:.3g} {unit}"


def figure(row):
    """What is judged, with its unit."""
    if row["figure"] is None:
        return "-"
    return f"{ratio(row['figure'])} x" if row["unit"] == "x" else f"{row['figure']:.1f} MB"


#: Columns of the table of points -> how their numbers are written.
_COLUMNS = {
    "build": seconds,
    "first": seconds,
    "step": seconds,
    "each": seconds,
    "framework": seconds,
    "ratio": lambda value: f"{value:.2f}",
    "memory": lambda count: f"{count / MB:.1f} MB",
    "bytes": lambda count: f"{count:.0f} B",
    "batches": lambda count: f"{count:.1f}",
}
_HEADS = ("build", "first step", "step, dropout", "each", "framework's", "ratio", "memory", "each time", "in batches")


def line(row):
    """The cells of a series."""
    return [row["series"], row["says"], figure(row), row["target"], verdict(row)]


def _points(rows):
    """A line for each size; of what is done again and again the beginning and the end."""
    for row in rows:
        points = row["points"]
        if SERIES[row["series"]].kind in ("epochs", "memory"):
            points = [points[0], points[-1]]
        for i, point in enumerate(points):
            cells = [write(point[name]) if name in point else "" for name, write in _COLUMNS.items()]
            yield ["" if i else row["series"], f"{point['at']:,}", *cells]


def printed(found):
    """The tables as text."""
    parts = [
        heading(found, f"medians of {found['options']['rounds']} rounds in turn or more; memory is anonymous memory")
    ]
    for backend in dict.fromkeys(r["backend"] for r in found["rows"]):
        rows = [r for r in found["rows"] if r["backend"] == backend]
        parts.append(table([line(r) for r in rows], [backend, "", "figure", "target", ""]))
        parts.append(table(list(_points(rows)), [backend, "at", *_HEADS]))
    parts += [f"{p['backend']} {p['series']}: {p['why']}" for p in found["problems"]]
    return "\n\n".join(parts)
