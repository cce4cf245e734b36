"""Everything there is to run, in order, and the choice by a glob."""

from . import cases_derived, cases_ops, probes
from .case import selected


def units(pattern=None):
    """(cases, probes) chosen by the glob. Raises `LookupError` if an operation has no case, or nothing is chosen."""
    cases = [*cases_ops.cases(), *cases_derived.cases()]
    twice = sorted({c.id for i, c in enumerate(cases) if c.id in {d.id for d in cases[:i]}}) if len({c.id for c in cases}) < len(cases) else []
    if twice:
        raise LookupError(f"Cases that are there twice: {', '.join(twice)}.")
    chosen = [c for c in cases if selected(c, pattern)], [p for p in probes.probes() if selected(p, pattern)]
    if not chosen[0] and not chosen[1]:
        raise LookupError(f"No case matches {pattern!r}. Try 'ops/*', 'derived/*', 'control/*', 'models/*' or an operation such as 'conv*'.")
    return chosen


def groups(cases):
    """Lists of cases with one operation and dtype, with that dtype: what a compiled step runs together."""
    found = {}
    for case in cases:
        if case.op != "is_float":  # its result is no tensor
            for dtype in case.dtypes:
                found.setdefault((case.part, case.op, dtype), []).append(case)
    return [(dtype, members) for (_, _, dtype), members in found.items()]
