"""`python -m kshim_conformance diff script.py`: the first step, layer and tensor at which backends differ on a script."""

import argparse
import contextlib
import os
import sys
import tempfile
from dataclasses import dataclass, field

from . import diff_text, report_json
from .diff_compare import Comparison, Parting
from .diff_limits import Limits
from .diff_options import parse
from .diff_run import Plan, is_bad, run
from .diff_sources import unseeded
from .diff_step import Finding, Step, StepComparison

#: What parts at a step whose inside is worth looking at.
_INSIDE = ("initial", "data", "loss", "output", "weight")
#: What rounding can make part: not the form of the model, its seed, or an error.
_ROUNDED = ("path", "length", "data", "hyper", "loss", "output", "weight")
#: Share of a gradient's elements that may be at an edge (of a ReLU, between two candidates of a maximum) at a time.
_EDGE = 0.01


class Useless(Exception):
    """There is nothing to compare; the message says why."""


@dataclass
class Outcome:
    """What is known of one backend beside the reference.

    finding: the first tensor of the watched step that differs; own: where the watched step agrees, what differs before
    or after the real one. repeats: whether the reference repeats itself (None: not asked). inside: stage of the step ->
    (count, largest relative error, last name) of what agrees there. exact: the outcome in float64, where rounding may
    have made the two part; None if that was not tried or tells nothing.
    """

    reference: object
    record: object
    agreed: dict
    chaotic: int | None = None
    parting: Parting | None = None
    finding: Finding | None = None
    own: Finding | None = None
    repeats: bool | None = None
    exact: "Outcome | None" = None
    inside: dict = field(default_factory=dict)
    losses: list = field(default_factory=list)
    calls: list = field(default_factory=list)
    notes: list = field(default_factory=list)

    @property
    def backend(self):
        return self.record.backend

    @property
    def rounding(self):
        """Whether the two part, and agree in float64."""
        return self.exact is not None and self.exact.parting is None

    @property
    def agrees(self):
        return self.parting is None or self.rounding

    @property
    def doubtful(self):
        """Whether rounding may be all that it is: no tensor computed from the same numbers is wrong, or a few elements."""
        if self.parting is None or self.parting.what not in _ROUNDED or self.repeats is False:
            return False
        f = self.finding
        if f is None or f.stage == "data":
            return True
        return f.stage == "backward" and f.what == "value" and f.wrong <= max(1, _EDGE * f.size)


class Diff:
    """The runs that a comparison takes, in a folder."""

    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.limits = Limits(options.rtol, options.growth)

    def _run(self, backend, label, **more):
        o = self.options
        print(diff_text.running(backend, label + ", float64" * o.float64), end="", flush=True)
        folder = os.path.join(self.folder, f"{backend}-{label.replace(' ', '-')}")
        plan = Plan(folder, o.script, o.seed, o.float64, o.steps, limit=o.limit * 2**20, **more)
        try:
            record = run(backend, plan, None if backend == "numpy" else o.device)
        except BaseException:
            print()
            raise
        print(diff_text.ran(record), flush=True)
        chosen = {m["backend"] for m in record.models} - {backend}
        if chosen:
            raise Useless(diff_text.chosen(backend, sorted(chosen)[0]))
        return record

    def outcomes(self):
        """An `Outcome` for every backend but the first. Raises `Useless` when no backend did a step."""
        first, *others = self.options.names
        reference = self.reference = self._run(first, "script")
        noise = self._run(first, "with noise", noise=True) if self.options.growth and reference.events else None
        records = [self._run(name, "script") for name in others]
        if not any(r.events for r in (reference, *records)):
            raise Useless(diff_text.nothing(reference))
        found = []
        for record in records:
            c = Comparison(reference, noise, self.limits, record)
            found.append(Outcome(reference, record, c.agreed, c.chaotic, c.parting))
        self._look_inside([o for o in found if o.parting])
        if not self.options.float64:
            self._without_rounding([o for o in found if o.doubtful])
        return found

    def _look_inside(self, outcomes):
        """Run again, and write out the steps at which backends part."""
        if not outcomes:
            return
        events = sorted({o.parting.event for o in outcomes if o.parting.what in _INSIDE})
        until = max(o.parting.event for o in outcomes)
        again = self._run(
            self.reference.backend, "again", until=until, capture=events, measure=bool(self.options.growth)
        )
        differs = Comparison(again, None, Limits(growth=0.0), self.reference).parting
        repeats = differs is None or differs.event > until or differs.what == "length"
        for outcome in outcomes:
            outcome.repeats = repeats
            n = outcome.parting.event
            if outcome.parting.what in _INSIDE:
                other = self._run(outcome.backend, "again", until=n, capture=[n], start=again.folder)
                self._inside(outcome, again.folder, other)

    def _inside(self, outcome, folder, other):
        n = outcome.parting.event
        try:
            mine, theirs = Step(folder, n), Step(other.folder, n)
        except FileNotFoundError:
            outcome.notes.append(diff_text.lost(other))
            return
        comparison = StepComparison(mine, theirs, self.limits)
        if outcome.parting.what == "data":
            outcome.finding = comparison.data()
        elif outcome.parting.what == "initial":
            outcome.finding = comparison.before()
        else:
            outcome.finding = comparison.watched()
            if outcome.finding is None:
                outcome.own = comparison.before() or comparison.real()
        outcome.inside = comparison.agreed
        outcome.losses, outcome.calls = comparison.losses(), mine.calls
        outcome.notes += diff_text.gaps((mine.about, theirs.about), self.options.limit)

    def _without_rounding(self, outcomes):
        """The same once more in float64: what still differs there is computed differently."""
        if not outcomes:
            return
        names = [self.reference.backend, *(o.backend for o in outcomes)]
        options = argparse.Namespace(**{**vars(self.options), "names": names, "float64": True})
        try:
            exact = Diff(options, os.path.join(self.folder, "float64")).outcomes()
        except Useless:
            return
        for outcome, e in zip(outcomes, exact):
            n = len(e.record.events)
            if e.parting is not None or n > outcome.parting.event and not is_bad(e.record.end):
                outcome.exact = e


@contextlib.contextmanager
def _folder(keep):
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="kshim-diff-") as folder:
            yield folder
    else:
        os.makedirs(keep)
        yield keep


def main(argv=None):
    """Exit status: 0 the backends agree, 1 they differ, 2 wrong usage or nothing to compare."""
    options = parse(sys.argv[1:] if argv is None else argv)
    print(diff_text.head(options), flush=True)
    sources = unseeded(options.script[0])
    with _folder(options.keep) as folder:
        try:
            outcomes = Diff(options, folder).outcomes()
        except Useless as reason:
            print(f"\n{reason}", file=sys.stderr)
            return 2
        print(f"\n{diff_text.report(outcomes, options, sources)}")
        if options.json:
            report_json.write_json(options.json, diff_text.document(outcomes, options, sources))
    return int(not all(o.agrees for o in outcomes))


if __name__ == "__main__":
    sys.exit(main())
