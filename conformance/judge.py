"""Comparing the trace of a backend with the reference, the op table, known answers and central differences."""

from dataclasses import dataclass, field

import numpy as np

from . import tolerances
from .case import FIXED
from .compare import compare, compare_form, relative_error
from .levels import level_of

#: Kinds of entries of whole training runs, which a narrow dtype's rounding drives apart step by step.
_DRIFTING = ("weights", "curve")
#: Parts whose largest errors are kept for the report.
_MEASURED = ("layers", "models")


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
    level: str

    def __str__(self):
        where = f"{self.case} {self.dtype} {self.variant}".rstrip()
        return f"{self.backend} {where}{' ' + self.entry if self.entry else ''}, against {self.against}: {self.text}"


@dataclass
class Level:
    """What came of one level: ids of its cases, how many checks, ids of the cases that mismatch, seconds."""

    cases: set = field(default_factory=set)
    checks: int = 0
    wrong: set = field(default_factory=set)
    seconds: float = 0.0


@dataclass
class Verdict:
    """What came of one backend. `errors`: case -> {"kind dtype": largest error relative to the largest value of its array};
    `drift`: model -> {"kind dtype": what was allowed}; `curves`: model -> {dtype: {name: values}}; `times`: case -> seconds.
    """

    backend: str
    info: dict
    seconds: float
    levels: dict = field(default_factory=dict)
    checks: int = 0
    mismatches: list = field(default_factory=list)
    errors: dict = field(default_factory=dict)
    drift: dict = field(default_factory=dict)
    curves: dict = field(default_factory=dict)
    times: dict = field(default_factory=dict)
    accuracies: dict = field(default_factory=dict)

    def level(self, name):
        return self.levels.setdefault(name, Level())

    def wrong(self, mismatch):
        self.mismatches.append(mismatch)
        self.level(mismatch.level).wrong.add(mismatch.case)


def tolerance(entry):
    return tolerances.CENTRAL if entry.kind == "central" else tolerances.of(entry.kind, entry.dtype)


class Judge:
    """Holds the reference trace; `verdict(trace)` judges a trace. `same` names cases compared within one dtype, `levels`
    those wanted (all for None)."""

    def __init__(self, reference, same=(), levels=None):
        self.results = {r.key: r for r in reference.results}
        self.same, self.levels = set(same), levels
        self._drifts = {}

    def _reference(self, result):
        """(result or None, what it is) to compare with."""
        if result.dtype in ("float64", FIXED) or result.case in self.same:
            found, what = self.results.get((result.case, result.dtype, "eager")), "numpy"
        else:
            found, what = self.results.get((result.case, result.dtype, "wide")), "numpy in float64"
            for dtype in ("float64", result.dtype):
                if found is None:
                    found = self.results.get((result.case, dtype, "eager"))
        return found, what

    def verdict(self, trace):
        out = Verdict(trace.backend, trace.info, trace.seconds)
        for result in trace.results:
            if result.variant != "wide":
                self._one(result, out)
        self._absent(trace, out)
        return out

    def _one(self, result, out):
        out.times[result.case] = out.times.get(result.case, 0.0) + result.seconds
        part = result.case.split("/", 1)[0]
        if part in _MEASURED:
            self._measure(result, out)
        for e in result.entries:
            if e.kind == "accuracy":
                out.accuracies[result.case] = float(e.array)
            elif (
                e.kind == "curve" and part == "models" and e.expected is None
            ):  # those held against known ones come twice
                named = out.curves.setdefault(result.case, {}).setdefault(result.dtype, {})
                named[e.name] = [float(v) for v in np.ravel(e.array)]
        if self.levels is None or level_of(result.case, result.variant) in self.levels:
            out.level(level_of(result.case, result.variant)).seconds += result.seconds
        for entry, against, text in self._judge(result):
            name = level_of(result.case, result.variant, entry, against)
            if self.levels is not None and name not in self.levels:
                continue
            level = out.level(name)
            level.cases.add(result.case)
            level.checks += 1
            out.checks += 1
            if text is not None:
                where = (out.backend, result.case, result.dtype, result.variant, entry, against, str(text), name)
                out.wrong(Mismatch(*where))

    def _absent(self, trace, out):
        """A case that the reference ran and this backend did not is a mismatch too, unless it lacks the dtype."""
        ran, lacking = {r.case for r in trace.results}, trace.info.get("lacking", ())
        for case in dict.fromkeys(case for case, dtype, _ in self.results if dtype not in lacking):
            name = level_of(case, "eager")
            if case not in ran and (self.levels is None or name in self.levels):
                out.wrong(Mismatch(out.backend, case, "", "", "", "numpy", "the case was not run", name))

    def _drift(self, case, dtype, kind):
        """Largest relative error of numpy in a narrow dtype against itself in float64, over a model's entries of a kind."""
        narrow, wide = (self.results.get((case, d, "eager")) for d in (dtype, "float64"))
        if narrow is None or wide is None:
            return 0.0
        others = {e.name: e.array for e in wide.entries if e.kind == kind}
        errors = [
            relative_error(e.array, others[e.name]) for e in narrow.entries if e.kind == kind and e.name in others
        ]
        return max(errors, default=0.0)

    def _allowed(self, result, entry):
        """The tolerance of an entry: for training in a narrow dtype a factor times numpy's own drift."""
        drifts = entry.kind in _DRIFTING and result.dtype not in ("float64", FIXED) and entry.dtype != "float64"
        if not drifts or self.results.get(result.key) is result:
            mixed = result.dtype.startswith("mixed_") and entry.kind in _DRIFTING
            return tolerances.of(entry.kind, result.dtype.removeprefix("mixed_")) if mixed else tolerance(entry)
        key = result.case, result.dtype, entry.kind
        if key not in self._drifts:
            self._drifts[key] = self._drift(*key)
        return tolerances.drifting(self._drifts[key], result.dtype)

    def _measure(self, result, out):
        """Keep the largest relative error of each kind of entry, and what is allowed where that was measured."""
        reference, _ = self._reference(result)
        if reference is None or reference is result:
            return
        found, others = out.errors.setdefault(result.case, {}), {e.name: e for e in reference.entries}
        for e in result.entries:
            other = others.get(e.name)
            if other is not None and other.array.shape == e.array.shape and e.array.dtype.kind == "f":
                key = f"{e.kind} {result.dtype}"
                found[key] = max(relative_error(e.array, other.array), found.get(key, 0.0))
                if e.kind in _DRIFTING and result.dtype != "float64":
                    out.drift.setdefault(result.case, {})[key] = self._allowed(result, e).rtol

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
        if reference is None:  # the reference may lack a dtype; known answers do without
            if any(e.expected is None for e in result.entries):
                yield "", "numpy", "the reference has no result of this case"
            return
        others = {e.name: e for e in reference.entries if e.kind != "central"}
        for e in result.entries:
            if e.kind != "central":
                other = others.pop(e.name, None)
                if other is None:
                    yield e.name, what, "the reference has no such result"
                else:
                    expected_dtype = self._dtype(result, e, other)
                    yield e.name, what, compare(e.array, other.array, self._allowed(result, e), e.dtype, expected_dtype)
        for name in () if result.partial else others:
            yield name, what, "missing"

    def _dtype(self, result, entry, other):
        """The dtype name expected: the reference's, with the float dtype of the case for float64 where that was widened."""
        if result.dtype in ("float64", FIXED):
            return other.dtype
        eager = self.results.get((result.case, result.dtype, "eager"))
        same = {} if eager is None else {e.name: e.dtype for e in eager.entries}
        return same.get(entry.name)
