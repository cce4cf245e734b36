"""Heat maps of errors: layers by backends, models by backends, and the scale of their colours."""

import math
import re

from .report_elements import e, scroll, short
from .report_tables import DTYPES, HIGHEST, LOWEST, worst

#: Colours of the error scale from small to large, light scheme and dark: one hue, so that it reads without colour vision.
_SCALES = (
    ((0xF4, 0xF8, 0xFC), (0xCF, 0xE1, 0xF2), (0x8F, 0xC1, 0xDE), (0x3F, 0x8F, 0xC5), (0x15, 0x5C, 0xA3), (0x08, 0x2A, 0x5E)),
    ((0x1B, 0x24, 0x30), (0x1F, 0x3C, 0x58), (0x2A, 0x5F, 0x8D), (0x55, 0x92, 0xC2), (0xA3, 0xCB, 0xE8), (0xF2, 0xF8, 0xFF)),
)  # fmt: skip
#: Blocks of the layers' heat map: they stand beside each other where there is room.
_BLOCKS = 2


def decade(error):
    """The class of an error's colour: h0 to h16 for its decade, exact for 0, none for no number, over for NaN."""
    if error is None:
        return "none"
    if error == 0:
        return "exact"
    if not math.isfinite(error):
        return "over"
    return f"h{min(max(math.floor(math.log10(error)), LOWEST), HIGHEST - 1) - LOWEST}"


def heat_table(rows, columns, first, failing):
    """A table of errors.

    `rows`: {name: {(group, backend): (error, tooltip)}}; `columns`: {group: [backend]}; `first`: what a row is;
    `failing`: {name of a row: [where it mismatches]}, shown in a column of its own and, where it is `backend group`, as a frame.
    """
    noted = any(name in failing for name in rows)
    groups = [e("th", first, rowspan="2", scope="col")]
    groups += [e("th", group, colspan=len(some), scope="colgroup", class_="group") for group, some in columns.items()]
    groups += [e("th", "mismatches", rowspan="2", scope="col", class_="group")] * noted
    heads = [
        e("th", backend, scope="col", class_="group" if i == 0 else None)
        for some in columns.values()
        for i, backend in enumerate(some)
    ]
    body = []
    for name, cells in rows.items():
        row, where = [e("th", name, scope="row", title=name)], failing.get(name, ())
        for group, some in columns.items():
            for i, backend in enumerate(some):
                error, tooltip = cells.get((group, backend), (None, None))
                classes = [decade(error), *["wrong"] * (f"{backend} {group}" in where), *["group"] * (i == 0)]
                row.append(e("td", short(error), class_=" ".join(classes), title=tooltip))
        row += [e("td", ", ".join(where), class_="group where")] * noted
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
    parts = [e("div", part, class_=name) for name, part in (("marks", marks), ("swatches", swatches), ("ticks", ticks))]
    return e("div", e("div", parts, class_="scale"), e("div", keys, class_="keys"), class_="legend")


def heat_style():
    """The style rules of the colours, with the text colour legible on each."""
    light, dark = ("\n".join(_rules(stops)) for stops in _SCALES)
    return f"{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}\n"


def _rules(stops):
    count = HIGHEST - LOWEST
    for i in range(count):
        # What is common, rounding in either dtype, gets the calm end: the strong colours are for what would stand out.
        at = (i / (count - 1)) ** 1.5 * (len(stops) - 1)
        k = min(int(at), len(stops) - 2)
        r, g, b = (round(a + (c - a) * (at - k)) for a, c in zip(stops[k], stops[k + 1]))
        light = sum(w * (c / 255) ** 2.2 for w, c in zip((0.2126, 0.7152, 0.0722), (r, g, b)))
        ink = "#10151b" if light > 0.18 else "#fff"  # where black and white contrast alike
        yield f".h{i} {{ background: rgb({r} {g} {b}); color: {ink}; }}"


def _columns(document, rows, groups):
    """{group: [backend]} of the columns that any row has a number for."""
    has = {column for cells in rows.values() for column in cells}
    found = {group: [b for b in document["backends"] if (group, b) in has] for group in groups}
    return {group: some for group, some in found.items() if some}


def _named(part, case):
    """The row of a case of a part: a layer's class, a model's name; None for a case of another part."""
    found = re.match(rf"{part}/(\w+)" if part == "layers" else rf"{part}/(.+)", case, re.DOTALL)
    return found and found[1]


def _gather(document, part, cells):
    """({row: {(group, backend): (error, tooltip)}}, {row: [where it mismatches]}) of a part, rows by name.

    `cells(case's errors)` gives {group: error}; of several cases in a row the worst is kept.
    """
    rows, failing = {}, {}
    for backend, found in document["backends"].items():
        for m in found["mismatches"]:
            row = _named(part, m["case"])
            if row:
                where = f"{backend} {m['dtype']}".rstrip()
                rows.setdefault(row, {})
                failing.setdefault(row, {}).setdefault(where)
        for case, errors in found["errors"].items():
            row = _named(part, case)
            for group, error in cells(errors).items() if row else ():
                was = rows.setdefault(row, {}).get((group, backend))
                if was is None or not error <= was[0]:
                    rows[row][group, backend] = (error, f"{backend} {group} {case}: {short(error, 2)}")
    rows = dict(sorted(rows.items(), key=lambda item: item[0].lower()))
    return rows, {row: list(where) for row, where in failing.items()}


def _by_dtype(errors):
    found = {dtype: worst(errors, dtype) for dtype in DTYPES}
    return {dtype: error for dtype, error in found.items() if error is not None}


def layers(document):
    """One row for each layer class: the worst over its configurations and everything compared of them."""
    rows, failing = _gather(document, "layers", _by_dtype)
    if not rows:
        return None
    columns, names = _columns(document, rows, DTYPES), list(rows)
    length = -(-len(names) // _BLOCKS)
    blocks = [names[i : i + length] for i in range(0, len(names), length)]
    tables = [scroll(heat_table({n: rows[n] for n in block}, columns, "layer", failing)) for block in blocks]
    note = (
        "Largest error of values, gradients and weights relative to the largest value of the array compared with, the worst over all "
        "configurations of a layer. Point at a number for the configuration."
    )
    return [e("p", note), heat_legend(), e("div", tables, class_="blocks")]


def models(document, legend):
    """One row for each model, a group of columns for each kind of result and dtype; `legend` unless it is given above."""
    rows, failing = _gather(document, "models", dict)
    if not rows:
        return None
    kinds = {kind for cells in rows.values() for kind, _ in cells}
    order = sorted(kinds, key=lambda kind: ([*DTYPES, kind.split()[-1]].index(kind.split()[-1]), kind))
    note = "Largest relative error after the whole training, of the trained weights and predictions and of the recorded curves."
    return [e("p", note), legend, scroll(heat_table(rows, _columns(document, rows, order), "model", failing))]
