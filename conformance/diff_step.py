"""Comparing one step tensor by tensor: the first layer output, loss, gradient or update that differs."""

import json
import math
import os
from dataclasses import dataclass, field

import numpy as np

from .compare import compare
from .diff_noise import epsilon
from .tolerances import Tolerance

#: Stages of the watched step in the order in which its parts follow from each other.
_WATCHED = ("forward", "loss", "state", "backward", "slot", "update")
#: Stages whose tensors may be rounding alone (the gradient of a bias before a normalisation): they are compared to the
#: rounding unit of the largest of their kind. What a step starts from may have drifted: to the tolerance of the largest.
_FAINT = ("backward", "slot", "state", "update", "before", "real")


@dataclass
class Finding:
    """The first tensor that differs. `first` and `worst` are (index, expected, got); None where the form differs.

    what: "shape", "dtype", "nan", "inf", "value", or "calls" when the layers called are not the same. `culprits`: calls
    at fault, as far as they can be told. `then`: the entries behind it that differ, too.
    """

    stage: str
    name: str
    what: str
    shape: tuple = ()
    dtype: str = ""
    first: tuple | None = None
    worst: tuple | None = None
    wrong: int = 0
    size: int = 0
    error: float = 0.0
    limit: float = 0.0
    entry: dict = field(default_factory=dict)
    culprits: list = field(default_factory=list)
    then: list = field(default_factory=list)


class Step:
    """One captured step of a backend: its tensors as they are needed."""

    def __init__(self, folder, event):
        self.folder = os.path.join(folder, f"event-{event}")
        with open(os.path.join(self.folder, "about.json"), encoding="utf-8") as f:
            self.about = json.load(f)
        self.entries, self.calls = self.about["entries"], self.about["calls"]

    def of(self, *stages):
        return [e for e in self.entries if e["stage"] in stages]

    def read(self, entry):
        return np.load(os.path.join(self.folder, entry["file"]))


class StepComparison:
    """Of a captured step of a backend with that of the reference.

    `agreed`: stage -> (count, largest relative error, name of the last) of the tensors found to agree.
    """

    def __init__(self, reference, other, limits):
        self.reference, self.other, self.limits = reference, other, limits
        self.agreed, self.largest = {}, {}
        before = [e for e in reference.of("before") if e["role"] == "weight"]
        self.start = [reference.read(e) if "file" in e else None for e in before]
        self.noise = {e["name"]: e.get("noise", 0.0) for e in reference.of("state", "slot", "update")}

    def data(self):
        """The first of the script's own data for the step that differs."""
        return self._stages("data")

    def before(self):
        """The first variable that differs before the step."""
        return self._stages("before")

    def watched(self):
        """The first difference in the step as watched, in the order of its parts, or None."""
        mine, theirs = ([(c["name"], c["cls"]) for c in step.calls] for step in (self.reference, self.other))
        if mine != theirs:
            n = next((i for i, (x, y) in enumerate(zip(mine, theirs)) if x != y), min(len(mine), len(theirs)))
            named = [f"{c[n][0]!r} ({c[n][1]})" if n < len(c) else "no other layer" for c in (mine, theirs)]
            return Finding("forward", "layer call", "calls", first=(n, *named))
        return self._stages(*_WATCHED)

    def real(self):
        """The first difference in what the real step has left."""
        return self._stages("real")

    def losses(self):
        """(name, value of the reference, value of the other) of the losses of the watched step."""
        rows = [(e, o) for e, o in self._pairs("loss") if "file" in e and "file" in o]
        return [(e["name"], self.reference.read(e).item(), self.other.read(o).item()) for e, o in rows]

    # ---------------------------------------------------------------------------------------------------------------
    def _pairs(self, *stages):
        return list(zip(self.reference.of(*stages), self.other.of(*stages)))

    def _stages(self, *stages):
        pairs = self._pairs(*stages)
        for entry, _ in pairs:
            if entry["stage"] in _FAINT and "file" in entry:  # others stand for themselves
                group, size = _group(entry), _magnitude(self.reference.read(entry))
                self.largest[group] = max(self.largest.get(group, 0.0), size)
        for i, (entry, other) in enumerate(pairs):
            if "file" not in entry or "file" not in other:
                continue
            found = self._tensor(entry, other)
            if found is not None:
                found.culprits = self._culprits(entry)
                found.then = [e for e, o in pairs[i + 1 :] if "file" in e and "file" in o and self._differs(e, o)]
                return found
        return None

    def _differs(self, entry, other):
        saved, self.agreed = self.agreed, {}
        found, self.agreed = self._tensor(entry, other), saved
        return found is not None

    def _tensor(self, entry, other):
        """The `Finding` about one tensor, or None."""
        a, b = self.reference.read(entry), self.other.read(other)
        stage, dtype = entry["stage"], entry["dtype"]
        about = {"shape": tuple(a.shape), "dtype": dtype, "entry": entry}
        size = _magnitude(a)
        noise = self.noise.get(entry["name"], 0.0) if stage in ("before", "real") else entry.get("noise", 0.0)
        limit = self.limits.of(dtype, size, noise, stage)
        largest = self.largest.get(_group(entry), 0.0)
        unit = self.limits.relative(dtype) if stage == "before" else epsilon(dtype)
        limit = max(limit, unit * largest)
        base = self.start[entry["weight"]] if stage == "update" else None
        if base is not None:  # an update is judged by its own size, not by that of the weight
            moved = _magnitude(a.astype(np.float64) - base)
            limit = self.limits.of(dtype, moved, noise) + 4 * epsilon(dtype) * size
        scale = size or 1.0
        found = compare(b, a, Tolerance(limit / scale, scale), other["dtype"], dtype)
        if found is None:
            count, error, _ = self.agreed.get(stage, (0, 0.0, ""))
            self.agreed[stage] = (count + 1, max(error, _relative(a, b, largest)), entry["name"])
            return None
        if found.what in ("shape", "dtype"):
            return Finding(stage, entry["name"], found.what, first=((), found.expected, found.got), **about)
        worst = _worst(a, b)
        return Finding(
            stage, entry["name"], found.what, first=(found.index, found.expected, found.got),
            worst=(worst, a[worst].item(), b[worst].item()), wrong=found.wrong, size=found.size,
            error=abs(float(a[worst]) - float(b[worst])), limit=limit, **about,
        )  # fmt: skip

    def _culprits(self, entry):
        """The calls whose computation the difference comes from, given that all earlier tensors agree."""
        n, calls = entry.get("call"), self.reference.calls
        if n is None or n < 0:
            return []
        if entry["stage"] != "backward" or entry["of"] == "weight":
            return [calls[n]]
        users = [c for i, c in enumerate(calls) if i > n and n in c["sources"]]
        inner = [c for c in users if not any(o["name"].startswith(c["name"] + "/") for o in users)]
        if inner or calls[n]["top"]:
            return inner
        return [
            c for i, c in enumerate(calls) if i > n and not c["top"] and calls[n]["name"].startswith(c["name"] + "/")
        ][:1]


def _group(entry):
    if entry["stage"] == "slot" or entry.get("role") == "slot":
        return (entry["stage"], *entry["name"].split("/")[:2])
    return (entry["stage"], entry.get("role"))


def _magnitude(array):
    if array.dtype.kind not in "fc" or not array.size:
        return 0.0
    finite = np.abs(array[np.isfinite(array)])
    return float(finite.max(initial=0.0))


def _relative(a, b, largest):
    if a.dtype.kind != "f" or not a.size:
        return 0.0
    with np.errstate(all="ignore"):
        apart = np.abs(a.astype(np.float64) - b)
    apart = apart[np.isfinite(apart)].max(initial=0.0)
    return float(apart / (max(_magnitude(a), largest) or 1.0)) if apart else 0.0


def _worst(a, b):
    """The index of the largest error; of a NaN or infinity on one side, if there is any."""
    if a.dtype.kind not in "fiu":
        return tuple(int(i) for i in np.unravel_index(int(np.argmax(a != b)), a.shape))
    with np.errstate(all="ignore"):
        apart = np.abs(a.astype(np.float64) - b.astype(np.float64))
        apart = np.where(np.isnan(apart), np.where(np.isnan(a) & np.isnan(b) | (a == b), 0.0, math.inf), apart)
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(apart)), apart.shape))
