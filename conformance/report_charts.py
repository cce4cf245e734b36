"""The figures of the page: loss curves as SVG, heat maps as table cells, and the elements they are made of.

The curves are plain SVG written here, not a plotting library's: colours then follow the reader's light or dark scheme,
the page of a run can be made wherever kshim is installed, and all curves together take some 100 kB.
"""

import math
import xml.etree.ElementTree as ET

from .report_junit import clean

#: Lines that coincide are drawn over each other from wide to narrow, so that each still shows at the edges.
_WIDTHS = (7.0, 4.6, 2.8, 1.2)
#: Decades of the error scale, the same everywhere: below 1e-16 is less than half a unit in the last place of float64.
LOWEST, HIGHEST = -17, 0
_PANEL, _LOSS, _DEVIATION, _GAP, _LEFT = 168, 104, 62, 22, 40
REFERENCE = "numpy"


def e(tag, *children, **attributes):
    """An element. Children: elements, texts, numbers, lists of them, None; attributes: `class_` for class, None for none."""
    element = ET.Element(tag)
    for name, value in attributes.items():
        if value is not None:
            element.set(name.rstrip("_").replace("_", "-"), clean(value))
    _put(element, children)
    return element


def _put(element, children):
    for child in children:
        if isinstance(child, (list, tuple)):
            _put(element, child)
        elif isinstance(child, ET.Element):
            element.append(child)
        elif child is not None:
            text = clean(child)
            if len(element):
                element[-1].tail = (element[-1].tail or "") + text
            else:
                element.text = (element.text or "") + text


def short(number, digits=0):
    """An error as short text: 3e-16, 0, nan."""
    if number is None:
        return "–"
    if number == 0 or not math.isfinite(number):
        return "0" if number == 0 else str(number)
    mantissa, exponent = f"{number:.{digits}e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def decade(error):
    """The class of an error's colour: h0 to h16 for its decade, exact for 0, none for no number, over for NaN."""
    if error is None:
        return "none"
    if error == 0:
        return "exact"
    if not math.isfinite(error):
        return "over"
    return f"h{min(max(math.floor(math.log10(error)), LOWEST), HIGHEST - 1) - LOWEST}"


def heat_table(rows, columns, first):
    """A table of errors. `rows`: [(name, {column: (error, failing, tooltip)})]; `columns`: {group: [(column, name)]}."""
    groups = [e("th", first, rowspan="2", scope="col")]
    groups += [e("th", group, colspan=len(some), scope="colgroup", class_="group") for group, some in columns.items()]
    heads = [
        e("th", name, scope="col", class_="group" if i == 0 else None)
        for some in columns.values()
        for i, (_, name) in enumerate(some)
    ]
    body = []
    for name, cells in rows:
        row = [e("th", name, scope="row", title=name)]
        for some in columns.values():
            for i, (column, _) in enumerate(some):
                error, failing, tooltip = cells.get(column, (None, False, None))
                classes = [decade(error), *["wrong"] * failing, *["group"] * (i == 0)]
                row.append(e("td", short(error), class_=" ".join(classes), title=tooltip))
        body.append(e("tr", row))
    return e("table", e("thead", e("tr", groups), e("tr", heads)), e("tbody", body), class_="heat")


def heat_legend():
    """The colours of the error scale with their decades, and where the unit in the last place of each dtype is."""
    count = HIGHEST - LOWEST
    swatches = [e("i", class_=f"h{i}") for i in range(count)]
    ticks = [
        e("span", f"1e{d}" if d else "1", style=f"left:{(d - LOWEST) / count:.2%}") for d in range(-16, HIGHEST + 1, 4)
    ]
    marks = [
        e("span", name, style=f"left:{(math.log10(unit) - LOWEST) / count:.2%}")
        for name, unit in (("float64 ε", 2.0**-52), ("float32 ε", 2.0**-23))
    ]
    extra = [
        ("exact", "0", "identical"),
        ("over", "nan", "not finite"),
        ("none", "–", "not compared"),
        ("wrong", "", "fails"),
    ]
    keys = [e("span", e("i", sign, class_=name), text) for name, sign, text in extra]
    scale = e(
        "div", e("div", marks, class_="marks"), e("div", swatches, class_="swatches"), e("div", ticks, class_="ticks")
    )
    scale.set("class", "scale")
    return e("div", scale, e("div", keys, class_="keys"), class_="legend")


def deviation(curve, reference):
    """Relative difference at every epoch."""
    return [abs(a - b) / abs(b) if b else (0.0 if a == b else math.inf) for a, b in zip(curve, reference)]


def curves(dtypes, order, bounds=None):
    """The SVG of one model: loss over epochs, and below it how far that is from numpy in float64, a panel for each dtype.

    `dtypes`: {dtype: {backend: [loss]}}; `order`: backends in the order of their colours; `bounds`: {dtype: allowed}.
    """
    losses = [x for some in dtypes.values() for curve in some.values() for x in curve if math.isfinite(x)]
    low, high = (min(losses), max(losses)) if losses else (0.0, 1.0)
    ticks = _ticks(low, high)
    low, high = min(low, ticks[0]), max(high, ticks[-1])
    reference = dtypes.get("float64", {}).get(REFERENCE)
    width = _LEFT + len(dtypes) * (_PANEL + 14)
    height = 16 + _LOSS + _GAP + (_DEVIATION + 16 if reference else 0)
    out = e("svg", viewBox=f"0 0 {width} {height}", role="img", class_="curves")
    for n, (dtype, some) in enumerate(dtypes.items()):
        at = _LEFT + n * (_PANEL + 14)
        out.append(_text(at, 9, dtype, "dtype"))
        epochs = max(map(len, some.values()), default=1)
        _loss_panel(out, at, some, order, (low, high, ticks if n == 0 else ()), epochs, ticks)
        if reference:
            _deviation_panel(out, at, some, order, reference, epochs, n == 0, (bounds or {}).get(dtype), dtype)
    return out


def _ticks(low, high):
    """Three or four round numbers from below `low` to above `high`."""
    span = high - low or abs(high) or 1.0
    step = next(s * 10**k for k in (math.floor(math.log10(span)) - 1, math.floor(math.log10(span))) for s in (1, 2, 5)
                if span / (s * 10**k) <= 3.5)  # fmt: skip
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [i * step for i in range(first, max(last, first + 1) + 1)]


def _text(x, y, text, class_, anchor="start"):
    return e("text", text, x=f"{x:g}", y=f"{y:g}", class_=class_, text_anchor=anchor)


def _rule(x1, x2, y, class_="grid"):
    return e("line", x1=f"{x1:g}", x2=f"{x2:g}", y1=f"{y:.1f}", y2=f"{y:.1f}", class_=class_)


def _lines(values, place, class_, width, tooltip):
    """Polylines through the values that are finite."""
    group, piece = e("g", e("title", tooltip), class_=class_, stroke_width=f"{width:g}"), []
    for i, value in enumerate([*values, math.nan]):
        if math.isfinite(value):
            piece.append("{:.1f},{:.1f}".format(*place(i, value)))
        elif piece:
            # A point on its own gets a length of its own: a line without one is not drawn.
            points = piece if len(piece) > 1 else [*piece, *piece]
            group.append(e("polyline", points=" ".join(points)))
            piece = []
    return group


def _loss_panel(out, at, some, order, scale, epochs, ticks):
    low, high, labels = scale
    top, right = 16, at + _PANEL

    def place(i, value):
        return at + _PANEL * i / max(epochs - 1, 1), top + _LOSS * (high - value) / (high - low)

    for tick in ticks:
        y = place(0, tick)[1]
        out.append(_rule(at, right, y))
        if labels:
            out.append(_text(at - 5, y + 3, f"{tick:.6g}", "tick", "end"))
    out.append(_text(at, top + _LOSS + 12, "1", "tick"))
    out.append(_text(right, top + _LOSS + 12, f"{epochs}", "tick", "end"))
    out.append(_text(at + _PANEL / 2, top + _LOSS + 12, "epoch", "tick", "middle"))
    for n, backend in enumerate(b for b in order if b in some):
        curve = some[backend]
        width = _WIDTHS[min(n, len(_WIDTHS) - 1)]
        tooltip = f"{backend}: loss {curve[-1]:.6g} at the end"
        out.append(_lines(curve, place, f"line s{order.index(backend)}", width, tooltip))


def _deviation_panel(out, at, some, order, reference, epochs, labelled, bound, dtype):
    top, right = 16 + _LOSS + _GAP, at + _PANEL

    def place(i, value):
        exponent = min(max(math.log10(value), LOWEST), HIGHEST) if value > 0 else LOWEST
        return at + _PANEL * i / max(epochs - 1, 1), top + _DEVIATION * (HIGHEST - exponent) / (HIGHEST - LOWEST)

    for power in (-16, -8, 0):
        y = place(0, 10.0**power)[1]
        out.append(_rule(at, right, y))
        if labelled:
            out.append(_text(at - 5, y + 3, f"1e{power}" if power else "1", "tick", "end"))
    out.append(_rule(at, right, place(0, 0.0)[1], "axis"))
    if bound:
        out.append(_rule(at, right, place(0, bound)[1], "bound"))
    for backend in order:
        if backend in some and not (backend == REFERENCE and dtype == "float64"):
            values = deviation(some[backend], reference)
            tooltip = f"{backend}: at most {short(max(values), 1)} from numpy in float64"
            out.append(_lines(values, place, f"line s{order.index(backend)}", 1.4, tooltip))
