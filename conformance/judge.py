"""Comparing the trace of a backend with the reference, the op table, known answers and central differences."""

from dataclasses import dataclass, field

import numpy as np

from . import tolerances
from .case import FIXED
from .compare import compare, compare_form


@dataclass(frozen=True)
class Mismatch:
    """One result that is wrong: where, against what, and how."""

    backend: str
    case: str
    dtype: str
    variant: str
    entry: str
    against: str
    text: str

    def __str__(self):
        where = f"{self.case} {self.dtype} {self.variant}"
        return f"{self.backend} {where}{' ' + self.entry if self.entry else ''}, against {self.against}: {self.text}"


@dataclass
class Verdict:
    """What came of one backend."""

    backend: str
    info: dict
    seconds: float
    cases: dict
    checks: int
    mismatches: list
    #: Model -> {"weights float64", "curve float32": largest error, relative to the largest value of its array}.
    errors: dict = field(default_factory=dict)


def tolerance(entry):
    return tolerances.CENTRAL if entry.kind == "central" else tolerances.of(entry.kind, entry.dtype)


class Judge:
    """Holds the reference trace; `verdict(trace, same)` judges a trace, `same` naming cases compared within one dtype."""

    def __init__(self, reference, same=()):
        self.results = {r.key: r for r in reference.results}
        self.same = set(same)

    def _reference(self, result):
        """(result or None, what it is) to compare with."""
        if result.dtype in ("float64", FIXED) or result.case in self.same:
            found, what = self.results.get((result.case, result.dtype, "eager")), "numpy"
        else:
            found, what = self.results.get((result.case, result.dtype, "wide")), "numpy in float64"
            if found is None:
                found = self.results.get((result.case, "float64", "eager"))
        return found, what

    def verdict(self, trace):
        out = Verdict(trace.backend, trace.info, trace.seconds, {}, 0, [])
        for result in trace.results:
            if result.variant == "wide":
                continue
            part = result.case.split("/", 1)[0]
            seen = out.cases.setdefault(part, set())
            seen.add(result.case)
            if part == "models":
                self._measure(result, out.errors.setdefault(result.case, {}))
            for entry, against, text in self._judge(result):
                out.checks += 1
                if text is not None:
                    out.mismatches.append(
                        Mismatch(trace.backend, result.case, result.dtype, result.variant, entry, against, str(text))
                    )
        return out

    def _measure(self, result, found):
        """Put the largest relative error of each kind of entry into `found`."""
        reference, _ = self._reference(result)
        others = {} if reference is None or reference is result else {e.name: e for e in reference.entries}
        for e in result.entries:
            other = others.get(e.name)
            if other is not None and other.array.shape == e.array.shape and e.array.size:
                size = np.abs(other.array).max()
                error = float(np.abs(e.array - other.array).max() / size) if size else 0.0
                key = f"{e.kind} {result.dtype}"
                found[key] = max(error, found.get(key, 0.0))

    def _judge(self, result):
        """(entry, against, difference or None) of each check."""
        for text in result.warnings:
            yield "", "silence", f"a warning: {text}"
        if result.error:
            yield "", "running at all", result.error
            return
        for e in result.entries:
            if e.table is not None:
                yield e.name, "the op table", compare_form(e.array.shape, e.dtype, *e.table)
            if e.expected is not None:
                against = "central differences" if e.kind == "central" else "the known answer"
                yield e.name, against, compare(e.array, e.expected, tolerance(e))
        reference, what = self._reference(result)
        if reference is result or (reference is not None and reference.error):
            return  # the failure of the reference is a mismatch of its own
        if reference is None:
            yield "", "numpy", "the reference has no result of this case"
            return
        others = {e.name: e for e in reference.entries if e.kind != "central"}
        for e in result.entries:
            if e.kind != "central":
                other = others.pop(e.name, None)
                if other is None:
                    yield e.name, what, "the reference has no such result"
                else:
                    yield (
                        e.name,
                        what,
                        compare(e.array, other.array, tolerance(e), e.dtype, self._dtype(result, e, other)),
                    )
        for name in () if result.partial else others:
            yield name, what, "missing"

    def _dtype(self, result, entry, other):
        """The dtype name expected: the reference's, with the float dtype of the case for float64 where that was widened."""
        if result.dtype in ("float64", FIXED):
            return other.dtype
        eager = self.results.get((result.case, result.dtype, "eager"))
        same = {} if eager is None else {e.name: e.dtype for e in eager.entries}
        return same.get(entry.name)
