"""The document of a run as one page that needs nothing but itself: no script, no font, no file from elsewhere."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

from .report_charts import curves, e, heat_legend, heat_table, short
from .report_json import write_text
from .report_tables import counts, total, worst

_DTYPES = ("float64", "float32")
#: Colours of the error scale from small to large, light scheme and dark: one hue, so that it reads without colour vision.
_SCALES = (
    ((0xF4, 0xF8, 0xFC), (0xCF, 0xE1, 0xF2), (0x8F, 0xC1, 0xDE), (0x3F, 0x8F, 0xC5), (0x15, 0x5C, 0xA3), (0x08, 0x2A, 0x5E)),
    ((0x1B, 0x24, 0x30), (0x1F, 0x3C, 0x58), (0x2A, 0x5F, 0x8D), (0x55, 0x92, 0xC2), (0xA3, 0xCB, 0xE8), (0xF2, 0xF8, 0xFF)),
)  # fmt: skip
#: Slowest cases shown for each backend.
_SLOWEST = 12
#: Rows of one block of the layers' heat map: blocks stand beside each other where there is room.
_BLOCKS = 2


def page(document):
    """The text of the page."""
    title = f"kshim conformance {document['date'][:10]}"
    head = e(
        "head",
        e("meta", charset="utf-8"),
        e("meta", name="viewport", content="width=device-width, initial-scale=1"),
        e("meta", name="color-scheme", content="light dark"),
        e("title", title),
        e("style", _style()),
    )
    sections = [
        ("summary", "Summary", _summary(document)),
        ("curves", "Learning curves", _curves(document)),
        ("layers", "Layers", _layers(document)),
        ("models", "Models", _models(document)),
        ("accuracies", "Accuracies", _accuracies(document)),
        ("times", "Slowest cases", _times(document)),
        ("mismatches", "Mismatches", _mismatches(document)),
    ]
    sections = [section for section in sections if section[2]]
    links = [e("a", name, href=f"#{anchor}") for anchor, name, _ in sections]
    body = e(
        "body",
        _header(document),
        e("nav", links),
        e("main", [e("section", e("h2", name), content, id=anchor) for anchor, name, content in sections]),
    )
    return "<!doctype html>\n" + ET.tostring(e("html", head, body, lang="en"), encoding="unicode", method="html")


def write_html(path, document):
    """Write the page of a document."""
    write_text(path, page(document))


def _style():
    """The style sheet with the colours of the error scale, and the text colour legible on each."""
    light, dark = ("\n".join(_heat_rules(stops)) for stops in _SCALES)
    style = (Path(__file__).parent / "report.css").read_text(encoding="utf-8")
    return f"{style}\n{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}\n"


def _heat_rules(stops):
    count = 17
    for i in range(count):
        at = i / (count - 1) * (len(stops) - 1)
        k = min(int(at), len(stops) - 2)
        r, g, b = (round(a + (c - a) * (at - k)) for a, c in zip(stops[k], stops[k + 1]))
        ink = "#10151b" if 0.299 * r + 0.587 * g + 0.114 * b > 135 else "#fff"
        yield f".h{i} {{ background: rgb({r} {g} {b}); color: {ink}; }}"


def _header(document):
    cases, checks, mismatches = total(document)
    names = list(document["backends"])
    if document["failed"]:
        verdict, word = "bad", f"{', '.join(document['failed'])} failed to run"
    elif mismatches:
        verdict, word = "bad", f"{mismatches:,} mismatch{'es' * (mismatches > 1)} in {checks:,} checks"
    else:
        verdict, word = "good", "All backends agree" if len(names) > 1 else f"{', '.join(names)} passes"
    about = document["machine"]
    facts = [
        ("kshim", document["kshim"]),
        *[(name.capitalize(), version) for name, version in document["versions"].items()],
        *[(n, f"{f['info'].get('version', '?')} on {f['info'].get('device', '?')}") for n, f in document["backends"].items()],
        ("Processor", f"{about.get('processor', '?')}, {about.get('cores', '?')} cores"),
        ("GPU", about.get("gpu")),
        ("Platform", about.get("platform", "?")),
        ("Date", document["date"].replace("T", " ").replace("+00:00", " UTC")),
        ("Options", ", ".join(f"{k} {v}" for k, v in document["options"].items() if v not in (None, False, ""))),
    ]  # fmt: skip
    return e(
        "header",
        e("p", "kshim conformance", class_="kicker"),
        e("h1", e("i", "✓" if verdict == "good" else "✗", class_=verdict, aria_hidden="true"), word),
        e(
            "p",
            f"{len(names)} backends, {cases:,} cases, {checks:,} checks, compared with numpy in float64.",
            class_="lead",
        ),
        e("dl", [e("div", e("dt", name), e("dd", value, title=value)) for name, value in facts if value]),
    )


def _scroll(*content):
    return e("div", content, class_="scroll")


def _key(document, shown):
    """The colours of the backends."""
    order = list(document["backends"])
    return e("p", [e("span", e("i", class_=f"k{order.index(b)}"), b) for b in order if b in shown], class_="key")


def _summary(document):
    levels = [level for level in document["levels"] if any(level in f["levels"] for f in document["backends"].values())]
    rows = []
    for backend, found in document["backends"].items():
        cells = []
        for level in levels:
            of = found["levels"].get(level)
            good = of is None or not of["wrong"]
            tip = of and f"{of['checks']:,} checks in {of['seconds']:.1f} s"
            cells.append(e("td", counts(of), class_=None if of is None else "good" if good else "bad", title=tip))
        wrong = len(found["mismatches"])
        cells += [
            e("td", f"{found['checks']:,}"),
            e("td", f"{wrong:,}", class_="bad" if wrong else None),
            e("td", f"{found['seconds']:,.0f} s"),
        ]
        name = e("th", backend, " ", e("small", found["info"].get("version", "")), scope="row")
        rows.append(e("tr", name, cells))
    for kind in ("skipped", "failed"):
        for backend, reason in document[kind].items():
            text = e("td", f"{kind}: {reason}", colspan=str(len(levels) + 3), class_="absent")
            rows.append(e("tr", e("th", backend, scope="row"), text))
    head = [e("th", name, scope="col") for name in ("", *levels, "checks", "mismatches", "time")]
    note = "Cases passed of those run. A case counts at every level one of its checks belongs to."
    return [e("p", note), _scroll(e("table", e("thead", e("tr", head)), e("tbody", rows), class_="counts"))]


def _curves(document):
    models, order, bounds = {}, list(document["backends"]), {}
    for backend, found in document["backends"].items():
        for model, dtypes in found["curves"].items():
            for dtype, named in dtypes.items():
                models.setdefault(model, {}).setdefault(dtype, {})[backend] = [float(x) for x in named["loss"]]
        for model, allowed in found["drift"].items():
            bounds.setdefault(model, {}).update(allowed)
    if not models:
        return None
    cards = []
    for model, dtypes in models.items():
        dtypes = {d: dtypes[d] for d in (*_DTYPES, *sorted(set(dtypes) - set(_DTYPES))) if d in dtypes}
        name = model.split("/", 1)[-1]
        cards.append(e("figure", e("figcaption", name, title=name), curves(dtypes, order, bounds.get(model))))
    note = (
        "Loss over epochs. The curves of all backends lie over each other, so they are drawn from wide to narrow. Below each, on a "
        "logarithmic scale, its relative distance from numpy in float64; what is on the bottom line is identical."
    )
    if any(bounds.values()):
        note += " The dashed line is the distance allowed."
    return [e("p", note), _key(document, order), e("div", cards, class_="cards")]


def _columns(document, rows, groups):
    """{group: [((group, backend), backend)]} of the columns that any row has a number for."""
    has = {column for _, cells in rows for column in cells}
    found = {g: [((g, b), b) for b in document["backends"] if (g, b) in has] for g in groups}
    return {group: some for group, some in found.items() if some}


def _layers(document):
    """One row for each layer class: the worst over its configurations and everything compared of them."""
    cells = {}
    for backend, found in document["backends"].items():
        wrong = {(m["case"], m["dtype"]) for m in found["mismatches"]}
        for case, errors in found["errors"].items():
            name = re.match(r"layers/(\w+)", case)
            for dtype in _DTYPES if name else ():
                error = worst(errors, dtype)
                if error is not None and not (backend == "numpy" and dtype == "float64"):
                    row = cells.setdefault(name[1], {})
                    was = row.get((dtype, backend), (None, False, ""))
                    fails = was[1] or (case, dtype) in wrong
                    if was[0] is None or not error <= was[0]:
                        tip = f"{backend} {dtype} {case}: {short(error, 2)}"
                        row[dtype, backend] = (error, fails, tip)
                    else:
                        row[dtype, backend] = (was[0], fails, was[2])
    rows = sorted(cells.items(), key=lambda item: item[0].lower())
    if not rows:
        return None
    columns = _columns(document, rows, _DTYPES)
    length = -(-len(rows) // _BLOCKS)
    tables = [_scroll(heat_table(rows[i : i + length], columns, "layer")) for i in range(0, len(rows), length)]
    note = (
        "Largest error of values, gradients and weights relative to the largest value of the array compared with, the worst over all "
        "configurations of a layer. Point at a number for the configuration."
    )
    return [e("p", note), heat_legend(), e("div", tables, class_="blocks")]


def _models(document):
    cells, groups = {}, {}
    for backend, found in document["backends"].items():
        wrong = {(m["case"], m["dtype"]) for m in found["mismatches"]}
        for case, errors in found["errors"].items():
            for key, error in errors.items() if case.startswith("models/") else ():
                if not (backend == "numpy" and key.endswith(" float64")):
                    groups.setdefault(key)
                    fails = (case, key.split()[-1]) in wrong
                    tip = f"{backend} {case} {key}: {short(float(error), 2)}"
                    cells.setdefault(case.split("/", 1)[1], {})[key, backend] = (float(error), fails, tip)
    if not cells:
        return None
    order = sorted(groups, key=lambda key: (_DTYPES.index(d) if (d := key.split()[-1]) in _DTYPES else 9, key))
    rows = list(cells.items())
    note = "Largest relative error after the whole training, of the trained weights and predictions and of the recorded curves."
    table = heat_table(rows, _columns(document, rows, order), "model")
    return [e("p", note), heat_legend(), _scroll(table)]


def _accuracies(document):
    backends = document["backends"]
    names = list(dict.fromkeys(name for found in backends.values() for name in found["accuracies"]))
    rows = []
    for name in names:
        reached = [found["accuracies"].get(name) for found in backends.values()]
        known = [a for a in reached if a is not None]
        cells = [e("td", "–" if a is None else f"{a:.4f}") for a in reached]
        rows.append(e("tr", e("th", name, scope="row", title=name), cells, e("td", f"{max(known) - min(known):.4f}")))
    if not rows:
        return None
    head = [e("th", name, scope="col") for name in ("", *backends, "spread")]
    return _scroll(e("table", e("thead", e("tr", head)), e("tbody", rows), class_="plain"))


def _times(document):
    slowest = {
        backend: sorted(found["times"].items(), key=lambda item: -item[1])[:_SLOWEST]
        for backend, found in document["backends"].items()
    }
    longest = max((seconds for some in slowest.values() for _, seconds in some), default=0.0)
    if not longest:
        return None
    order, lists = list(slowest), []
    for backend, some in slowest.items():
        items = [
            e(
                "li",
                e("span", case, title=case),
                e("b", e("i", class_=f"k{order.index(backend)}", style=f"width:{seconds / longest:.1%}")),
                e("data", f"{seconds:.1f} s", value=f"{seconds:g}"),
            )
            for case, seconds in some
        ]
        lists.append(e("div", e("h3", backend), e("ol", items, class_="times")))
    return [e("p", "All bars have the same scale."), e("div", lists, class_="cards")]


def _mismatches(document):
    blocks = []
    for backend, found in document["backends"].items():
        some = found["mismatches"]
        if some:
            cases = len({m["case"] for m in some})
            fields = ("case", "level", "dtype", "variant", "entry", "against", "text")
            head = [e("th", name, scope="col") for name in fields]
            rows = [e("tr", [e("td", m[name], class_=name) for name in fields]) for m in some]
            table = e("table", e("thead", e("tr", head)), e("tbody", rows), class_="mismatches")
            title = f"{backend}: {len(some):,} in {cases:,} case{'s' * (cases > 1)}"
            blocks.append(e("details", e("summary", title), _scroll(table)))
    return blocks or e("p", "None.")
