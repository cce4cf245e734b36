"""The run as a picture: a panel for each series of sizes or counts, a line for each backend."""

import math

from ..report_elements import e, hue
from ..report_json import write_text
from ..speed.chart import drawing, text
from .document import seconds
from .series import MB

#: Sizes in the units of the view box.
_LEFT, _WIDTH, _TOP, _HEIGHT, _RIGHT = 70, 420, 24, 110, 20


def _curves(rows):
    """{backend: [(at, value)]}, how values are written, and whether both axes are logarithmic."""
    kinds = [name for name in ("each", "memory", "ratio", "step") if all(name in p for r in rows for p in r["points"])]
    name = kinds[0]
    curves = {r["backend"]: [(p["at"], p[name]) for p in r["points"]] for r in rows}
    if name == "memory":  # what came on top of the first reading
        return {b: [(at, (v - c[0][1]) / MB) for at, v in c] for b, c in curves.items()}, "{:.1f} MB".format, False
    return curves, seconds if name != "ratio" else "{:.2f}".format, name != "step"


def svg(rows, order):
    """The figure of one series; None where fewer than two points are known. `order`: all backends of the run."""
    rows = [r for r in rows if len(r["points"]) > 1]
    if not rows:
        return None
    curves, write, log = _curves(rows)
    scale = math.log if log else float
    xs, ys = ([scale(p[i]) for c in curves.values() for p in c] for i in (0, 1))
    low, high = min(ys), max(ys)
    if not log:
        low, high = min(low, 0), high or 1

    def place(at, value):
        x = (scale(at) - min(xs)) / (max(xs) - min(xs) or 1)
        return _LEFT + _WIDTH * x, _TOP + _HEIGHT * (high - scale(value)) / (high - low or 1)

    bottom = _TOP + _HEIGHT
    out = e("svg", viewBox=f"0 0 {_LEFT + _WIDTH + _RIGHT} {bottom + 20}", role="img")
    out.append(text(0, 12, f"{rows[0]['series']}: {rows[0]['says']}", "title"))
    for y in (low, high):
        value = math.exp(y) if log else y
        at = f"{_TOP + _HEIGHT * (high - y) / (high - low or 1):.1f}"
        out.append(e("line", x1=str(_LEFT), x2=str(_LEFT + _WIDTH), y1=at, y2=at, class_="grid"))
        out.append(text(_LEFT - 6, float(at) + 3, write(value), anchor="end"))
    for at in sorted({p[0] for c in curves.values() for p in (c if len(c) < 8 else (c[0], c[-1]))}):
        out.append(text(place(at, curves[rows[0]["backend"]][0][1])[0], bottom + 12, f"{at:,}", anchor="middle"))
    for backend, points in curves.items():
        tip = f"{backend}: {', '.join(f'{at:,}: {write(value)}' for at, value in points)}"
        places = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*p) for p in points))
        line = e("polyline", points=places, fill="none", style=f"stroke: var(--s{hue(order, backend)})")
        out.append(e("g", e("title", tip), line))
    return out


def write(path, document):
    """Write all figures below each other as SVG."""
    order = list(dict.fromkeys(r["backend"] for r in document["rows"]))
    groups = {}
    for row in document["rows"]:
        groups.setdefault(row["series"], []).append(row)
    figures = [figure for rows in groups.values() if (figure := svg(rows, order)) is not None]
    write_text(path, drawing(figures, order, {backend: hue(order, backend) for backend in order}))
