"""The run as a picture: how many times kshim's time each contender takes, as SVG, alone or in a page with the tables."""

import math
import xml.etree.ElementTree as ET
from pathlib import Path

from ..report_elements import e, hue, key, scroll
from ..report_json import write_text
from .document import HEAD, line, number, ratio
from .workloads import MEASURES

#: Contenders in the order of their colours in the style sheet.
_ORDER = ("kshim", "hand", "scan", "keras", "tf_keras")
#: Sizes in the units of the view box.
_LEFT, _WIDTH, _LINE, _TOP, _RIGHT = 120, 420, 15, 30, 20
_TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200)


def text(x, y, content, class_="tick", anchor="start"):
    """A text of a figure."""
    return e("text", content, x=f"{x:g}", y=f"{y:g}", class_=class_, text_anchor=anchor)


def _points(row):
    """(peer, its figure relative to kshim's, quartiles, tooltip)."""
    measure = row["measure"]
    for peer, found in row["peers"].items():
        theirs = row["contenders"][found["label"]]
        tip = f"{found['label']}: {number(theirs['median'], measure)} {MEASURES[measure][0]}, {ratio(1 / found['ratio'])} times kshim's"
        yield peer, 1 / found["ratio"], (1 / found["high"], 1 / found["low"]), tip


def svg(backend, measure, rows):
    """The figure of a measure on a backend: a line for each workload, a dot for each contender, kshim at 1."""
    shown = [(row, list(_points(row))) for row in rows if row["peers"]]
    values = [v for _, points in shown for _, value, quartiles, _ in points for v in (value, *quartiles)]
    if not values:
        return None
    ticks = [t for t in _TICKS if t >= min(0.5, _below(min(values))) and t <= max(2, _above(max(values)))]
    low, high = math.log(ticks[0]), math.log(ticks[-1])

    def place(value):
        return _LEFT + _WIDTH * (min(max(math.log(value), low), high) - low) / (high - low)

    bottom = _TOP + _LINE * len(shown)
    out = e("svg", viewBox=f"0 0 {_LEFT + _WIDTH + _RIGHT} {bottom + 18}", role="img")
    out.append(text(0, 12, f"{backend}: {MEASURES[measure][1]}, times kshim's (right: kshim is better)", "title"))
    for tick in ticks:
        x = f"{place(tick):.1f}"
        out.append(e("line", x1=x, x2=x, y1=_TOP - 8, y2=bottom, class_="axis" if tick == 1 else "grid"))
        out.append(text(place(tick), bottom + 12, f"{tick:g}", anchor="middle"))
    for i, (row, points) in enumerate(shown):
        y = _TOP + _LINE * (i + 0.5)
        out.append(text(_LEFT - 8, y + 3, row["workload"], anchor="end"))
        for peer, value, (left, right), tip in points:
            colour, at = hue(_ORDER, peer), f"{y:g}"
            mark = e("g", e("title", tip))
            ends = {"x1": f"{place(left):.1f}", "x2": f"{place(right):.1f}", "y1": at, "y2": at}
            mark.append(e("line", class_=f"distance s{colour}", **ends))
            mark.append(e("circle", cx=f"{place(value):.1f}", cy=at, r="3.2", style=f"fill: var(--s{colour})"))
            out.append(mark)
    return out


def _below(value):
    return max((t for t in _TICKS if t <= value), default=_TICKS[0])


def _above(value):
    return min((t for t in _TICKS if t >= value), default=_TICKS[-1])


def _figures(document):
    groups = {}
    for row in document["rows"]:
        groups.setdefault((row["backend"], row["measure"]), []).append(row)
    made = [svg(backend, measure, rows) for (backend, measure), rows in groups.items()]
    return [figure for figure in made if figure is not None]


def _style():
    return (Path(__file__).parent.parent / "report.css").read_text(encoding="utf-8")


def write(path, document):
    """Write a chart: all figures below each other for a name that ends in .svg, else a page with the tables."""
    figures = _figures(document)
    made = _drawing(figures) if str(path).endswith(".svg") else _page(document, figures)
    write_text(path, made)


def _drawing(figures):
    """One SVG of all, which brings its colours along."""
    return drawing(figures, _ORDER[1:], {peer: hue(_ORDER, peer) for peer in _ORDER})


def drawing(figures, names, colours):
    """SVG text of figures below each other, under the names with their colours (numbers in the style sheet)."""
    width, y = max(int(figure.get("viewBox").split()[2]) for figure in figures) if figures else 0, 14
    out = e("svg", e("style", _style()), xmlns="http://www.w3.org/2000/svg")
    for i, name in enumerate(names):
        out.append(e("circle", cx=f"{_LEFT + 80 * i}", cy="8", r="3.2", style=f"fill: var(--s{colours[name]})"))
        out.append(text(_LEFT + 80 * i + 8, 11, name))
    for figure in figures:
        height = int(figure.get("viewBox").split()[3])
        figure.set("y", str(y))
        figure.set("width", str(width))
        figure.set("height", str(height))
        out.append(figure)
        y += height + 10
    out.set("viewBox", f"0 0 {width} {y}")
    return ET.tostring(out, encoding="unicode")


def _page(document, figures):
    head = e(
        "head",
        e("meta", charset="utf-8"),
        e("meta", name="viewport", content="width=device-width, initial-scale=1"),
        e("meta", name="color-scheme", content="light dark"),
        e("title", f"kshim speed {document['date'][:10]}"),
        e("style", _style()),
    )
    about, options = document["machine"], document["options"]
    facts = [("Processor", f"{about['processor']}, {about['cores']} cores"), ("Threads", options["threads"]),
             ("Platform", about["platform"]), ("Rounds", options["rounds"]), *document["versions"].items()]  # fmt: skip
    tables = []
    for backend in dict.fromkeys(r["backend"] for r in document["rows"]):
        rows = [_row(r) for r in document["rows"] if r["backend"] == backend]
        heads = e("thead", e("tr", [e("th", name, scope="col") for name in (backend, *HEAD[1:])]))
        tables.append(scroll(e("table", heads, e("tbody", rows), class_="counts")))
    means = [e("p", f"{m['backend']}: Keras 3 takes {ratio(m['mean'])} times kshim's time for a training step "
                    f"(geometric mean of {m['of']}; aimed at: {m['target']}).") for m in document["keras_means"]]  # fmt: skip
    body = e(
        "body",
        e("header", e("h1", "kshim speed"), e("dl", [e("div", e("dt", n), e("dd", v)) for n, v in facts])),
        e("section", key(_ORDER[1:]), e("div", [e("figure", f) for f in figures], class_="cards")),
        e("section", means, tables),
    )
    return "<!doctype html>\n" + ET.tostring(e("html", head, body, lang="en"), encoding="unicode", method="html")


def _row(row):
    name, *cells = line(row)
    colour = {True: "good", False: "bad"}.get(row["met"])
    return e(
        "tr", e("th", name, scope="row"), [e("td", cell) for cell in cells[:-1]], e("td", cells[-1], class_=colour)
    )
