"""Everything there is to run, in order, and the choice by a glob."""

from collections import Counter

from . import cases_derived, cases_ops, models, probes
from .case import selected


def units(pattern=None):
    """(cases, probes, trainings) chosen by the glob. Raises `LookupError` if an operation has no case, or nothing is chosen."""
    cases = [*cases_ops.cases(), *cases_derived.cases()]
    counts = Counter(c.id for c in cases)
    twice = [name for name, count in counts.items() if count > 1]
    if twice:
        raise LookupError(f"Cases that are there twice: {', '.join(twice)}.")
    chosen = tuple([u for u in some if selected(u, pattern)] for some in (cases, probes.probes(), models.trainings()))
    if not any(chosen):
        raise LookupError(
            f"No case matches {pattern!r}. Try 'ops/*', 'derived/*', 'control/*', 'models/*' or an operation such as 'conv*'."
        )
    return chosen


def groups(cases):
    """Lists of cases with one operation and dtype, with that dtype: what a compiled step runs together."""
    found = {}
    for case in cases:
        if case.op != "is_float":  # its result is no tensor
            for dtype in case.dtypes:
                found.setdefault((case.part, case.op, dtype), []).append(case)
    return [(dtype, members) for (_, _, dtype), members in found.items()]
