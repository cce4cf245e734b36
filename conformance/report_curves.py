"""Learning curves as SVG.

They are plain SVG written here, not a plotting library's: colours then follow the reader's light or dark scheme, the page
of a run can be made wherever kshim is installed, and all curves of a run together take some 100 kB.
"""

import math

from .report_elements import e, hue, key, short
from .report_tables import HIGHEST, LOWEST, REFERENCE, WIDE

#: Curves that coincide are dashed in turns, so that each backend shows and none hides another.
_DASH = 7
#: Sizes of the curves' parts, in the units of their view box.
_PANEL, _LOSS, _DEVIATION, _GAP, _LEFT, _TOP, _BETWEEN = 172, 104, 62, 26, 38, 16, 14
#: Dtypes side by side.
_COLUMNS = 2


def _main(named):
    """Which of a model's curves is shown: its loss, or the first of a loop of its own that has none."""
    return next((name for name in named if name.split()[-1] == "loss"), min(named))


def learning_curves(document):
    """A figure for each model, None where no model was trained."""
    models, order, bounds = {}, list(document["backends"]), {}
    for backend, found in document["backends"].items():
        for model, dtypes in found["curves"].items():
            for dtype, named in dtypes.items():
                name = _main(named)
                models.setdefault(model, {}).setdefault((name, dtype), {})[backend] = named[name]
        for model, allowed in found["drift"].items():
            for what, distance in allowed.items():
                if what.startswith("curve "):
                    bounds.setdefault(model, {})[what.removeprefix("curve ")] = float(distance)
    if not models:
        return None
    cards = []
    for model, panels in models.items():
        name = model.split("/", 1)[-1]
        cards.append(e("figure", e("figcaption", name, title=name), curves(panels, order, bounds.get(model))))
    note = (
        "Loss over epochs. Curves that coincide show as one line in the colours of all backends in turns. Below, on a logarithmic "
        "scale, how far each is from numpy in float64, relative to the loss; on the bottom line it is identical."
    )
    if any(bounds.values()):
        note += " The dashed line is the distance allowed."
    return [e("p", note), key(order), e("div", cards, class_="cards")]


def deviation(curve, reference):
    """Relative difference at every epoch."""
    return [abs(a - b) / abs(b) if b else (0.0 if a == b else math.inf) for a, b in zip(curve, reference)]


def curves(panels, order, bounds=None):
    """The SVG of one model: a curve over epochs, and below it how far that is from numpy in float64, for each dtype.

    `panels`: {(name of the curve, dtype): {backend: [values]}}; `order`: backends in the order of their colours;
    `bounds`: {dtype: distance allowed}.
    """
    values = [x for some in panels.values() for curve in some.values() for x in curve if math.isfinite(x)]
    ticks = _ticks(min(values), max(values)) if values else [0.0, 1.0]
    references = {
        name: some[REFERENCE] for (name, dtype), some in panels.items() if dtype == WIDE and REFERENCE in some
    }
    bottom = _TOP + _LOSS + (_GAP + _DEVIATION if references else 0)
    rows, height = -(-len(panels) // _COLUMNS), bottom + 26
    width = _LEFT + min(len(panels), _COLUMNS) * (_PANEL + _BETWEEN)
    out = e("svg", viewBox=f"0 0 {width} {rows * height - 10}", role="img")
    for n, ((name, dtype), some) in enumerate(panels.items()):
        column, row = n % _COLUMNS, n // _COLUMNS
        if not column:
            group = e("g", transform=f"translate(0 {row * height})")
            out.append(group)
        at, epochs = _LEFT + column * (_PANEL + _BETWEEN), max(map(len, some.values()), default=1)
        _curve_panel(group, at, some, order, ticks, epochs, not column, f"{name.split()[-1]} in {dtype}")
        if name in references:
            shown = {b: c for b, c in some.items() if b != REFERENCE or dtype != WIDE}
            _deviation_panel(group, at, shown, order, references[name], epochs, not column, (bounds or {}).get(dtype))
        for x, text, anchor in ((at, 1, "start"), (at + _PANEL / 2, "epoch", "middle"), (at + _PANEL, epochs, "end")):
            group.append(_text(x, bottom + 12, text, "tick", anchor))
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


def _lines(values, place, class_, dash, tooltip):
    """Polylines through the values that are finite. `dash`: (which of how many take turns)."""
    turn, count = dash
    dashes = {"stroke_dasharray": f"{_DASH} {_DASH * (count - 1)}", "stroke_dashoffset": f"{-_DASH * turn}"}
    group, piece = e("g", e("title", tooltip), class_=class_, **(dashes if count > 1 else {})), []
    for i, value in enumerate([*values, math.nan]):
        if math.isfinite(value):
            piece.append(place(i, value))
        elif piece:
            if len(piece) == 1:  # a line without a length would not be seen
                (x, y), piece = piece[0], [(piece[0][0] - 1, piece[0][1])]
                piece.append((x + 1, y))
            group.append(e("polyline", points=" ".join(f"{x:.1f},{y:.1f}" for x, y in piece)))
            piece = []
    return group


def _curve_panel(out, at, some, order, ticks, epochs, labelled, title):
    low, high = ticks[0], ticks[-1]

    def place(i, value):
        return at + _PANEL * i / max(epochs - 1, 1), _TOP + _LOSS * (high - value) / (high - low)

    out.append(_text(at, _TOP - 7, title, "title"))
    for tick in ticks:
        y = place(0, tick)[1]
        out.append(_rule(at, at + _PANEL, y))
        if labelled:
            out.append(_text(at - 5, y + 3, f"{tick:.6g}", "tick", "end"))
    there = [b for b in order if b in some]
    for turn, backend in enumerate(there):
        tooltip = f"{backend}: {some[backend][-1]:.6g} at the end" if some[backend] else backend
        out.append(_lines(some[backend], place, f"loss s{hue(order, backend)}", (turn, len(there)), tooltip))


def _deviation_panel(out, at, some, order, reference, epochs, labelled, bound):
    top = _TOP + _LOSS + _GAP

    def place(i, value):
        exponent = min(max(math.log10(value), LOWEST), HIGHEST) if value > 0 else LOWEST
        return at + _PANEL * i / max(epochs - 1, 1), top + _DEVIATION * (HIGHEST - exponent) / (HIGHEST - LOWEST)

    out.append(_text(at, top - 7, f"distance from {REFERENCE} in {WIDE}", "title"))
    for power in (-16, -8, 0):
        y = place(0, 10.0**power)[1]
        out.append(_rule(at, at + _PANEL, y))
        if labelled:
            out.append(_text(at - 5, y + 3, f"1e{power}" if power else "1", "tick", "end"))
    out.append(_rule(at, at + _PANEL, place(0, 0.0)[1], "axis"))
    if bound:
        out.append(_rule(at, at + _PANEL, place(0, bound)[1], "bound"))
    for backend in (b for b in order if b in some):
        values = deviation(some[backend], reference)
        tooltip = f"{backend}: at most {short(max(values, default=None), 1)}"
        out.append(_lines(values, place, f"distance s{hue(order, backend)}", (0, 1), tooltip))
