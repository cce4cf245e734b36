"""From measurements to medians, spread, ratios, and whether targets are met: the rows of the report."""

import math
import statistics

from .contenders import EXTRA
from .targets import KERAS_MEANS, target

#: What the columns compare kshim with.
COLUMNS = ("hand", *EXTRA, "keras", "tf_keras")


def quartiles(values):
    """(first quartile, median, third quartile)."""
    if len(values) == 1:
        return (values[0],) * 3
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, middle, high


def row(backend, workload, measure, values):
    """A row from {label: [values]}.

    `contenders`: label -> values, median, quartiles. `peers`: the best hand-written loop as 'hand', 'scan', 'keras',
    'tf_keras' -> its label, kshim's median relative to its, and the quartiles of that over the rounds. `target`: its text,
    or None; `met`: whether it is met, None where it cannot be told.
    """
    contenders = {}
    for label, some in values.items():
        low, middle, high = quartiles(some)
        contenders[label] = {"median": middle, "low": low, "high": high, "values": some}
    peers = {}
    if "kshim" in contenders:
        for peer, labels in _peers(contenders).items():
            best = min(labels, key=lambda label: contenders[label]["median"])
            peers[peer] = _compared(contenders["kshim"], contenders[best], best)
    aim = target(backend, workload, measure)
    out = {"backend": backend, "workload": workload, "measure": measure, "contenders": contenders, "peers": peers}
    return {**out, "target": aim and aim.text(), "met": aim and _met(aim, out)}


def _peers(contenders):
    """{peer: labels}."""
    found = {}
    for label in contenders:
        kind, _, variant = label.partition(":")
        if kind != "kshim":
            found.setdefault(variant if variant in EXTRA else kind, []).append(label)
    return found


def _compared(ours, theirs, label):
    low, _, high = quartiles([a / b for a, b in zip(ours["values"], theirs["values"])])
    return {"label": label, "ratio": ours["median"] / theirs["median"], "low": low, "high": high}


def _met(aim, found):
    known = []
    if "kshim" in found["contenders"]:
        for peer, limit in aim.limits.items():
            if peer == "value":
                known.append(found["contenders"]["kshim"]["median"] <= limit)
            elif peer in found["peers"]:
                known.append(found["peers"][peer]["ratio"] <= limit)
    return any(known) if known else None


def keras_means(rows):
    """Geometric means of training steps, Keras 3 over kshim: [{backend, mean, of, target, met}]."""
    out = []
    for backend in dict.fromkeys(r["backend"] for r in rows):
        some = [r for r in rows if r["backend"] == backend and r["measure"] == "train" and "keras" in r["peers"]]
        if some:
            mean = math.exp(-statistics.fmean(math.log(r["peers"]["keras"]["ratio"]) for r in some))
            aim = KERAS_MEANS.get(backend)
            out.append({"backend": backend, "mean": mean, "of": len(some), "target": aim and f">= {aim:g}x",
                        "met": aim and mean >= aim})  # fmt: skip
    return out
