"""Figures that several reports show: counts, totals, the worst error."""


def counts(level):
    """`passed/total` of a level of a backend, a dash where it did not run."""
    return f"{len(level['cases']) - len(level['wrong'])}/{len(level['cases'])}" if level else "–"


def total(document):
    """(different cases, checks, mismatches) of all backends."""
    backends = document["backends"].values()
    cases = {case for found in backends for level in found["levels"].values() for case in level["cases"]}
    return len(cases), sum(f["checks"] for f in backends), sum(len(f["mismatches"]) for f in backends)


def worst(errors, dtype):
    """The largest of the errors {`kind dtype`: error} of a case in a dtype, or None; NaN counts as the largest."""
    found = [float(e) for key, e in errors.items() if key.split()[-1] == dtype]
    return max(found, key=lambda e: (e != e, e)) if found else None
