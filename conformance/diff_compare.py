"""Comparing two records: the first event at which the runs of a script part, by what was written of every step."""

import math
import re
from dataclasses import dataclass

from .diff_noise import EPSILON, epsilon
from .diff_prints import distance, norm, same_form
from .diff_run import is_bad
from .diff_words import said

#: What noise may have done to the data of a step (which another model may have made) or the first weights of a model (which
#: another may have trained) at most, as a share of them: what changes more does not come from rounding.
_INPUT_REACH = 1e-3
#: Where noise moves the loss by this share of it, little can be told by comparing.
_CHAOTIC = 0.1


@dataclass
class Item:
    """One quantity of an event that is too far apart: what each side has (numbers, text, or norms), and the limit."""

    name: str
    expected: object
    got: object
    distance: float = math.inf
    limit: float = 0.0


@dataclass
class Parting:
    """Where `other` parts from the reference: the number of the event, what differs first in it and in which quantities.

    what: "path" (other steps), "variables", "initial", "seed", "data", "hyper", "loss", "output", "weight", "length" or
    "error".
    """

    event: int
    what: str
    items: list


class Comparison:
    """Of one backend's record with the reference's, given the record of the reference with noise (or None).

    `agreed`: what -> the largest relative distance in it so far; `chaotic`: the first event where noise rules, or None.
    """

    def __init__(self, reference, noise, limits, other):
        self.reference, self.noise, self.limits, self.other = reference, noise, limits, other
        self.agreed, self.reached, self.chaotic = {}, {}, None
        self.parting = self._run()

    def _run(self):
        """The `Parting`, or None."""
        for n, (a, b) in enumerate(zip(self.reference.events, self.other.events)):
            self.pending = {}
            self._hear(n, a)
            for what, items in self._event(n, a, b):
                if items:
                    return Parting(n, what, items)
            for what, apart in self.pending.items():
                self.agreed[what] = max(self.agreed.get(what, 0.0), apart)
        return self._end()

    def _end(self):
        records = self.reference, self.other
        ends, counts = [r.end for r in records], [len(r.events) for r in records]
        n = min(counts)
        if any(map(is_bad, ends)):
            texts = [_said(end) for end in ends]
            if texts[0] != texts[1] or counts[0] != counts[1]:
                return Parting(n, "error", [Item("the end of the script", *texts)])
        elif counts[0] != counts[1]:
            return Parting(n, "length", [Item("number of steps", *(f"{c} steps" for c in counts))])
        return None

    # noise -------------------------------------------------------------------------------------------------------
    def _hear(self, n, event):
        """Take in what noise has done up to an event."""
        if self.noise is None or n >= len(self.noise.events):
            return
        other = self.noise.events[n]
        if (other["t"], other["m"]) != (event["t"], event["m"]):
            self.noise = None  # noise has led the script another way: from here on nothing is measured
            return
        models = self.reference.model(event["m"], n), self.noise.model(event["m"], n)
        for key, a, b in _quantities(event, other, models):
            apart = abs(a - b) if key[0] == "loss" else distance(a, b) if same_form(a, b) else math.inf
            if math.isfinite(apart):
                self.reached[key] = max(self.reached.get(key, 0.0), apart)
            if key[0] == "loss" and self.chaotic is None and apart > _CHAOTIC * abs(a):
                self.chaotic = n

    # one event ---------------------------------------------------------------------------------------------------
    def _event(self, n, a, b):
        """(what, items that differ) in the order of causes."""
        models = [r.model(e["m"], n) for r, e in ((self.reference, a), (self.other, b))]
        yield "path", self._path(a, b, models)
        yield "variables", self._variables(models)
        yield "initial", self._prints("initial", models, self._before(n, models))
        seeds = [tuple(e["hyper"].get(k) for k in ("key0", "key1")) for e in (a, b)]
        yield "seed", [Item("random key of the step", *seeds)] if seeds[0] != seeds[1] else []
        yield "data", self._data(a, b)
        yield "hyper", self._hyper(a["hyper"], b["hyper"])
        yield "loss", self._loss(a, b, models[0])
        outputs = a.get("outputs", []), b.get("outputs", [])
        names = [f"output {i}" if len(outputs[0]) > 1 else "output" for i in range(len(outputs[0]))]
        yield "output", self._prints("outputs", models, list(zip(names, *outputs)))
        labels = [(role, path) for role, path, _, _ in models[0]["variables"]]
        yield "weight", self._prints("after", models, list(zip(labels, a.get("after", ()), b.get("after", ()))))

    def _path(self, a, b, models):
        ways = [f"{_VERBS[e['t']]} model {m['name']!r} ({m['cls']})" for e, m in zip((a, b), models)]
        return [Item("what the script does", *ways)] if ways[0] != ways[1] or a["m"] != b["m"] else []

    def _variables(self, models):
        mine, theirs = (m["variables"] for m in models)
        for x, y in zip(mine, theirs):
            if x != y:
                return [Item("variable", *(f"{path} {tuple(shape)} {dtype}" for _, path, shape, dtype in (x, y)))]
        if len(mine) != len(theirs):
            return [Item("number of variables", len(mine), len(theirs))]
        return []

    def _before(self, n, models):
        """The variables of a model that this event is the first to use."""
        if any(m["event"] != n for m in models):
            return []
        labels = [(role, path) for role, path, _, _ in models[0]["variables"]]
        return list(zip(labels, models[0]["before"], models[1]["before"]))

    def _prints(self, kind, models, rows):
        """Items of the fingerprints that are too far apart; a label is a name or (role, path)."""
        found, largest = [], {}
        for label, a, _ in rows:
            group = _group(label)
            largest[group] = max(largest.get(group, 0.0), norm(a) or 0.0)
        for i, (label, a, b) in enumerate(rows):
            name = label if isinstance(label, str) else label[1]
            if not same_form(a, b):
                found.append(Item(name, *(f"shape {tuple(p[0])} {p[1]}" for p in (a, b))))
                continue
            apart, size, dtype = distance(a, b), norm(a) or 0.0, a[1]
            reach = self.reached.get((kind, models[0]["m"], i), 0.0)
            if kind in ("data", "initial"):
                reach = min(reach, _INPUT_REACH * size / self.limits.growth if self.limits.growth else 0.0)
            limit = self.limits.of(dtype, size, reach, label[0] if kind == "after" else None)
            limit = max(limit, epsilon(dtype) * largest[_group(label)] * (kind == "after"))
            if apart > limit:
                found.append(Item(name, norm(a), norm(b), apart, limit))
            elif largest[_group(label)]:
                what = {"after": "weights", "initial": "initial weights"}.get(kind, kind)
                self._agree(what, apart / largest[_group(label)])
        return found

    def _agree(self, what, apart):
        self.pending[what] = max(self.pending.get(what, 0.0), apart)

    def _data(self, a, b):
        names = [[name for name, _ in e["data"]] for e in (a, b)]
        if names[0] != names[1]:
            return [Item("the parts of the data", *map(", ".join, names))]
        rows = [(name, x, y) for (name, x), (_, y) in zip(a["data"], b["data"])]
        return self._prints("data", [a], rows)

    def _hyper(self, a, b):
        found = []
        for name in dict.fromkeys([*a, *b]):
            x, y = a.get(name), b.get(name)
            if x is None or y is None or not math.isclose(x, y, rel_tol=1e-9):
                found.append(Item(name, x, y))
        return found

    def _loss(self, a, b, model):
        found = []
        dtype = next((d for _, _, _, d in model["variables"] if d in EPSILON), "float32")
        names = model["losses"] or ["loss"]
        for i, (x, y) in enumerate(zip(a.get("loss", ()), b.get("loss", ()))):
            name = names[i] if i < len(names) else f"loss {i}"
            if not (math.isfinite(x) and math.isfinite(y)):
                apart = 0.0 if x == y or math.isnan(x) and math.isnan(y) else math.inf
            else:
                apart = abs(x - y)
            limit = self.limits.of(dtype, abs(x), self.reached.get(("loss", a["m"], i), 0.0))
            if apart > limit:
                found.append(Item(name, x, y, apart, limit))
            elif x and math.isfinite(x):
                self._agree("losses", apart / abs(x))
        return found


_VERBS = {"train": "trains", "test": "evaluates", "predict": "predicts with"}


def _quantities(a, b, models):
    """(key, value of a, value of b) of all that noise is measured on; fingerprints, and numbers for losses."""
    for i, (x, y) in enumerate(zip(a.get("loss", ()), b.get("loss", ()))):
        yield ("loss", a["m"], i), x, y
    for i, ((_, x), (_, y)) in enumerate(zip(a["data"], b["data"])):
        yield ("data", a["m"], i), x, y
    rows = [(kind, zip(a.get(kind, ()), b.get(kind, ()))) for kind in ("outputs", "after")]
    for kind, pairs in [*rows, ("initial", zip(*(m["before"] for m in models)))]:
        for i, (x, y) in enumerate(pairs):
            yield (kind, a["m"], i), x, y


def _group(label):
    """Quantities whose sizes can be compared: all weights, all slots of a kind."""
    if isinstance(label, str):
        return label
    role, path = label
    return (role, *path.split("/")[:2]) if role == "slot" else role


def _said(end):
    """How a script ended, without what differs from run to run."""
    return re.sub(r"0x[0-9a-fA-F]+", "0x...", said(end)) if is_bad(end) else "no error"
