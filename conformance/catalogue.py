"""Everything there is to run, in order, and the choice by a glob, by levels, and of the quick subset."""

import hashlib
import importlib
from collections import Counter
from dataclasses import dataclass

from . import cases_derived, cases_ops, probes
from .case import selected
from .levels import COMPILED, EAGER, LEVELS

#: Parts with a module of their own: `units()` gives what there is, `jobs(unit)` how to run it.
PARTS = ("layers", "models", "accuracy")
#: How many cases of each operation are in the quick subset, besides those with a known answer.
_QUICK_CASES = 2


@dataclass(frozen=True)
class Selection:
    """What a run is made of: cases of operations, probes, units of the part modules, models whose files are exchanged."""

    cases: tuple
    probes: tuple
    units: tuple
    files: tuple

    def __iter__(self):
        return iter((*self.cases, *self.probes, *self.units, *self.files))

    @property
    def same(self):
        """Ids of what is compared within one dtype."""
        return [unit.id for unit in self if getattr(unit, "same", False)]


def module(part):
    """The module of a part."""
    return importlib.import_module(f"{__package__}.{part}")


def _everything(levels):
    cases = [*cases_ops.cases(), *cases_derived.cases()]
    counts = Counter(c.id for c in cases)
    twice = [name for name, count in counts.items() if count > 1]
    if twice:
        raise LookupError(f"Cases that are there twice: {', '.join(twice)}.")
    return Selection(
        tuple(cases) if levels & (EAGER | COMPILED) else (),
        tuple(p for p in probes.probes() if p.part in levels),
        tuple(u for part in PARTS if part in levels for u in module(part).units()),
        tuple(module("files").units()) if "files" in levels else (),
    )


def select(pattern=None, levels=frozenset(LEVELS), quick=False):
    """The `Selection` by a glob and levels; `quick`: only the subset of a few minutes.

    Raises `LookupError` if an operation, layer, optimizer ... has no case, or nothing is chosen.
    """
    everything = _everything(levels)
    cases = [c for c in everything.cases if selected(c, pattern)]
    if quick:
        cases = _few(cases)
    chosen = Selection(
        tuple(cases),
        tuple(p for p in everything.probes if selected(p, pattern)),
        *(
            tuple(u for u in some if selected(u, pattern) and (u.quick or not quick))
            for some in (everything.units, everything.files)
        ),
    )
    if not any(True for _ in chosen):
        raise LookupError(
            f"No case matches {pattern!r}. Try 'ops/*', 'layers/*', 'models/*' or an operation such as 'conv*'."
        )
    return chosen


def _few(cases):
    seen = Counter()
    out = []
    for case in cases:
        seen[case.op] += 1
        if seen[case.op] <= _QUICK_CASES or case.value is not None or case.gradient:
            out.append(case)
    return out


def digest(selection):
    """SHA-256 over the ids and dtypes of what is chosen: two suites with the same digest run the same cases."""
    lines = sorted(f"{unit.id} {','.join(getattr(unit, 'dtypes', ()))}" for unit in selection)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def groups(cases):
    """Lists of cases with one operation and dtype, with that dtype: what a compiled step runs together."""
    found = {}
    for case in cases:
        if case.op != "is_float":  # its result is no tensor
            for dtype in case.dtypes:
                found.setdefault((case.part, case.op, dtype), []).append(case)
    return [(dtype, members) for (_, _, dtype), members in found.items()]
