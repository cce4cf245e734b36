"""The document of a run as one page that needs nothing but itself: no script, no font, no file from elsewhere."""

import xml.etree.ElementTree as ET
from pathlib import Path

from .report_curves import learning_curves
from .report_elements import e, hue, scroll, short
from .report_heat import heat_legend, heat_style, layers, models
from .report_json import write_text
from .report_tables import counts, total

#: Slowest cases shown for each backend.
_SLOWEST = 12
#: A longer list of mismatches starts folded.
_OPEN = 20


def page(document):
    """The text of the page."""
    title = f"kshim conformance {document['date'][:10]}"
    head = e(
        "head",
        e("meta", charset="utf-8"),
        e("meta", name="viewport", content="width=device-width, initial-scale=1"),
        e("meta", name="color-scheme", content="light dark"),
        e("title", title),
        e("style", (Path(__file__).parent / "report.css").read_text(encoding="utf-8"), heat_style()),
    )
    of_layers = layers(document)
    sections = [
        ("summary", "Summary", _summary(document)),
        ("curves", "Learning curves", learning_curves(document)),
        ("layers", "Layers", of_layers),
        ("models", "Models", models(document, heat_legend() if of_layers is None else None)),
        ("accuracies", "Accuracies", _accuracies(document)),
        ("times", "Slowest cases", _times(document)),
        ("mismatches", "Mismatches", _mismatches(document)),
    ]
    sections = [section for section in sections if section[2] is not None]
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


def _header(document):
    cases, checks, mismatches = total(document)
    names = list(document["backends"])
    if document["failed"]:
        verdict, word = "bad", f"{', '.join(document['failed'])} failed to run"
    elif mismatches:
        verdict, word = "bad", f"{mismatches:,} mismatch{'es' * (mismatches > 1)} in {checks:,} checks"
    else:
        everyone = f"all {len(names)} backends that ran" if document["skipped"] else "all backends"
        verdict, word = "good", f"{everyone.capitalize()} agree" if len(names) > 1 else f"{', '.join(names)} passes"
    about = document["machine"]
    facts = [
        ("kshim", document["kshim"]),
        ("Python", document["versions"]["python"]),
        ("NumPy", None if "numpy" in document["backends"] else document["versions"]["numpy"]),
        *[(n, f"{f['info'].get('version', '?')} on {f['info'].get('device', '?')}") for n, f in document["backends"].items()],
        ("Processor", f"{about.get('processor', '?')}, {about.get('cores', '?')} cores"),
        ("GPU", about.get("gpu")),
        ("Platform", about.get("platform", "?")),
        ("Date", document["date"].replace("T", " ").replace("+00:00", " UTC")),
        ("Options", _options(document)),
    ]  # fmt: skip
    return e(
        "header",
        e("p", "kshim conformance", class_="kicker"),
        e("h1", e("i", "✓" if verdict == "good" else "✗", class_=verdict, aria_hidden="true"), word),
        e(
            "p",
            f"{len(names)} backend{'s' * (len(names) != 1)}, {cases:,} cases, {checks:,} checks, compared with numpy in float64.",
            class_="lead",
        ),
        e("dl", [e("div", e("dt", name), e("dd", value, title=value)) for name, value in facts if value]),
    )


def _options(document):
    """What was chosen, where that is less than everything or more than usual."""
    told = {name: value for name, value in document["options"].items() if value and name != "digest"}
    if told.get("levels") == document["levels"]:
        del told["levels"]
    texts = [", ".join(map(str, v)) if isinstance(v, list) else "" if v is True else str(v) for v in told.values()]
    return ", ".join(f"{name} {text}".strip() for name, text in zip(told, texts))


def _summary(document):
    levels = [level for level in document["levels"] if any(level in f["levels"] for f in document["backends"].values())]
    rows = []
    for backend, found in document["backends"].items():
        cells = []
        for level in levels:
            of = found["levels"].get(level)
            good = of is None or not of["wrong"]
            tip = of and f"{of['checks']:,} checks in {of['seconds']:.1f} s"
            cells.append(
                e("td", counts(of) if of else "–", class_=None if of is None else "good" if good else "bad", title=tip)
            )
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
    return [e("p", note), scroll(e("table", e("thead", e("tr", head)), e("tbody", rows), class_="counts"))]


def _accuracies(document):
    backends = document["backends"]
    names = list(dict.fromkeys(name for found in backends.values() for name in found["accuracies"]))
    rows = []
    for name in names:
        reached = [found["accuracies"].get(name) for found in backends.values()]
        known = [a for a in reached if a is not None]
        cells = [e("td", "–" if a is None else f"{a:.4f}") for a in reached]
        cells.append(e("td", short(max(known) - min(known), 1)))
        rows.append(e("tr", e("th", name.split("/", 1)[-1], scope="row", title=name), cells))
    if not rows:
        return None
    head = [e("th", name, scope="col") for name in ("", *backends, "spread")]
    return scroll(e("table", e("thead", e("tr", head)), e("tbody", rows), class_="plain"))


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
                e("b", e("i", class_=f"k{hue(order, backend)}", style=f"width:{seconds / longest:.1%}")),
                e("data", f"{seconds:.1f} s", value=f"{seconds:g}"),
            )
            for case, seconds in some
        ]
        lists.append(e("div", e("h3", backend), e("ol", items, class_="times")))
    return [e("p", "All bars have the same scale."), e("div", lists, class_="cards slim")]


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
            shown = "open" if len(some) <= _OPEN else None
            blocks.append(e("details", e("summary", title), scroll(table), open=shown))
    return blocks or e("p", "None.")
