"""What changed between the documents of two runs."""

from dataclasses import dataclass, field

from .report_tables import clean

#: An error has grown where it is this many times the old one, and not just rounding.
GROWTH, ROUNDING = 10.0, 1e-12
#: A case is slower where it takes this many times the old time, and long enough to be measured.
SLOWDOWN, MEASURABLE = 2.0, 0.5
#: Lines printed of each kind.
SHOWN = 40
#: Options that choose what runs.
_CHOICE = ("only", "quick", "parts", "levels", "full")


@dataclass
class Changes:
    """Lines for each kind of change. Cases are named as `backend level case`."""

    failing: list = field(default_factory=list)
    missing: list = field(default_factory=list)
    fixed: list = field(default_factory=list)
    new: list = field(default_factory=list)
    grown: list = field(default_factory=list)
    slower: list = field(default_factory=list)
    notes: list = field(default_factory=list)

    @property
    def worse(self):
        """Whether something fails or is missing that did not and was not."""
        return bool(self.failing or self.missing)

    def text(self):
        """All changes as lines; of a long list the first ones."""
        kinds = (
            ("newly failing", self.failing),
            ("missing", self.missing),
            ("newly fixed", self.fixed),
            ("new", self.new),
            ("larger error", self.grown),
            ("slower (for information)", self.slower),
        )
        lines = list(self.notes)
        for title, found in kinds:
            if found:
                lines.append(f"{title}: {len(found)}")
                lines += [f"  {line}" for line in found[:SHOWN]]
                lines += [f"  and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
        return clean("\n".join(lines)) or "no change"


def compare(old, new):
    """The `Changes` from one document to the other.

    Only what both runs were asked for is compared: cases absent from a run of another choice are no loss.
    """
    changes = Changes()
    alike = all(old["options"].get(name) == new["options"].get(name) for name in _CHOICE)
    if not alike:
        changes.notes.append("The runs chose different cases: only those in both are compared.")
    if old["machine"] != new["machine"]:
        changes.notes.append("The runs are from different machines: times say little.")
    for backend, before in old["backends"].items():
        after = new["backends"].get(backend)
        if after is not None:
            _cases(changes, backend, before, after, alike)
            _errors(changes, backend, before["errors"], after["errors"])
            _times(changes, backend, before["times"], after["times"])
        elif backend in new["failed"]:
            changes.failing.append(f"{backend}: {new['failed'][backend]}")
        elif backend in new["skipped"]:
            changes.missing.append(f"{backend}: {new['skipped'][backend]}")
        else:
            changes.notes.append(f"{backend} was not asked for.")
    for backend, after in new["backends"].items():
        if backend not in old["backends"]:
            changes.new.append(f"{backend}: a backend that did not run before")
            changes.failing += [f"{backend} {level} {case}" for level, case in sorted(_cells(after, "wrong"))]
    return changes


def _cells(found, name):
    """{(level, case)} of a backend: its `cases`, or those that are `wrong`."""
    return {(level, case) for level, counts in found["levels"].items() for case in counts[name]}


def _cases(changes, backend, before, after, alike):
    had, has = _cells(before, "cases"), _cells(after, "cases")
    was, wrong = _cells(before, "wrong"), _cells(after, "wrong")
    kinds = [(changes.failing, wrong - was), (changes.fixed, (was - wrong) & has)]
    if alike:
        kinds += [(changes.missing, had - has), (changes.new, has - had)]
    for lines, cells in kinds:
        lines += [f"{backend} {level} {case}" for level, case in sorted(cells)]


def _errors(changes, backend, before, after):
    """Errors that grew, the worst growth first; an error that is NaN or was exact before has grown without bound."""
    found = []
    for case, errors in after.items():
        for key, error in errors.items():
            was = before.get(case, {}).get(key)
            if was is None or error <= max(GROWTH * was, ROUNDING) or was != was:
                continue
            growth = error / was if was and error == error else float("inf")
            found.append((growth, f"{backend} {case} {key}: {was:.1e} -> {error:.1e}"))
    changes.grown += [line for _, line in sorted(found, key=lambda item: -item[0])]


def _times(changes, backend, before, after):
    found = []
    for case, seconds in after.items():
        was = before.get(case)
        if was is not None and seconds > max(SLOWDOWN * was, MEASURABLE):
            found.append((seconds - was, f"{backend} {case}: {was:.2f} s -> {seconds:.2f} s"))
    changes.slower += [line for _, line in sorted(found, key=lambda item: -item[0])]
