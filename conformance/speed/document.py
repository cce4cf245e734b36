"""The document of a run, and what is printed of it."""

import datetime
import os

from ..report import table
from ..report_json import machine, parsed
from .summary import COLUMNS, keras_means
from .workloads import MEASURES

#: What a document says it is.
_KIND = "kshim speed"
#: Factor from seconds or bytes.
_SCALE = {"ms": 1e3, "s": 1.0, "MB": 2**-20}
#: Load average from which on other programs disturb what is measured.
_BUSY = 0.7


def load():
    """How many programs want to run on this machine, averaged over a minute; None where that is unknown."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def about(what, versions, options, before=None):
    """What every document begins with. `before`: `load()` when the run began."""
    return {
        "what": what,
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "machine": {**machine(), "load_before": before},
        "versions": dict(sorted(versions.items())),
        "options": options,
    }


def document(rows, versions, problems, options, before=None):
    """Everything about a run. `problems`: [(backend, workload, label, why)]."""
    return {
        **about(_KIND, versions, options, before),
        "rows": rows,
        "keras_means": keras_means(rows),
        "problems": [dict(zip(("backend", "workload", "contender", "why"), p)) for p in problems],
    }


def read(path):
    """The document in a file. Raises `ValueError` for what is none, `OSError` if unreadable."""
    found = parsed(path, "report of the speed command")
    if not isinstance(found, dict) or found.get("what") != _KIND:
        raise ValueError(f"{path} is no report of the speed command. Make one with speed --json FILE.")
    return found


def part(found, names, wanted):
    """What a document says of the backends `names` and of `wanted`, {workload: measures}."""
    rows = [
        r for r in found["rows"]
        if r["backend"] in (*names, "any") and r["measure"] in wanted.get(r["workload"], ())
    ]  # fmt: skip
    return {**found, "rows": rows, "keras_means": keras_means(rows)}


def number(value, measure):
    """A figure in the unit of its measure, three digits."""
    shown = value * _SCALE[MEASURES[measure][0]]
    return f"{shown:.0f}" if shown >= 100 else f"{shown:#.3g}"


def ratio(value):
    """Two decimals, or three digits of what is large."""
    return f"{value:.2f}" if value < 10 else f"{value:.3g}"


def verdict(found):
    """`met`, `missed`, or what cannot be told."""
    if found["target"] is None:
        return ""
    return {True: "met", False: "MISSED", None: "not measured"}[found["met"]]


def line(row):
    """The cells of a row: kshim's figure with its quartiles, then against each peer the ratio and its quartiles."""
    measure, ours = row["measure"], row["contenders"].get("kshim")
    cells = [f"{row['workload']} {measure}" if row["workload"] != measure else measure]
    cells.append("-" if ours is None else f"{number(ours['median'], measure)} {MEASURES[measure][0]}")
    cells.append("" if ours is None or len(ours["values"]) == 1 else _between(ours, lambda v: number(v, measure)))
    hand = row["peers"].get("hand")
    cells.append("-" if hand is None else number(row["contenders"][hand["label"]]["median"], measure))
    cells.append("" if hand is None else hand["label"].partition(":")[2])
    for peer in COLUMNS:
        found = row["peers"].get(peer)
        if found is None:
            cells.append("-")
        elif peer in ("keras", "tf_keras"):
            cells.append(ratio(1 / found["ratio"]))
        else:
            alone = len(row["contenders"]["kshim"]["values"]) == 1
            cells.append(ratio(found["ratio"]) + ("" if alone else f" ({_between(found, ratio)})"))
    return [*cells, row["target"] or "", verdict(row)]


def _between(found, text):
    return f"{text(found['low'])}-{text(found['high'])}"


HEAD = (
    "",
    "kshim",
    "quartiles",
    "hand",
    "variant",
    "kshim/hand",
    "kshim/scan",
    "keras/kshim",
    "tf_keras/kshim",
    "target",
    "",
)


def heading(found, how):
    """Machine and versions, `how` it was measured, and whether something else ran there."""
    about = found["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in found["versions"].items())
    lines = [
        f"{about['processor']}, {about['cores']} cores, {found['options']['threads']} threads, {about['platform']}",
        versions,
        how,
    ]
    if (about["load_before"] or 0) > _BUSY:
        lines.append(f"The machine was busy with other things when this began (load {about['load_before']:.1f}).")
    return "\n".join(lines)


def printed(found):
    """The tables as text."""
    how = (
        f"medians of {found['options']['rounds']} rounds in turn or more; ratios of medians, in brackets the quartiles of the "
        "rounds' ratios"
    )
    parts = [heading(found, how)]
    for backend in dict.fromkeys(r["backend"] for r in found["rows"]):
        rows = [line(r) for r in found["rows"] if r["backend"] == backend]
        parts.append(table(rows, [backend, *HEAD[1:]]))
    if found["keras_means"]:
        means = [[m["backend"], ratio(m["mean"]), m["of"], m["target"] or "", verdict(m)] for m in found["keras_means"]]
        parts.append(table(means, ["Keras 3 / kshim", "geometric mean", "workloads", "target", ""]))
    parts += [f"{p['backend']} {p['workload']}: {p['contender']}: {p['why']}" for p in found["problems"]]
    return "\n\n".join(parts)
