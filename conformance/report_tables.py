"""What several reports share: clean texts, counts, totals, the worst error."""

import re

#: What errors are relative to, and the dtypes they are shown in.
REFERENCE, WIDE = "numpy", "float64"
DTYPES = (WIDE, "float32")
#: Decades of every scale of errors: less than 1e-16 is below half a unit in the last place of float64.
LOWEST, HIGHEST = -17, 0
#: What XML 1.0 cannot hold, not even as an entity.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def clean(text):
    r"""`text` with the characters that XML, HTML and terminals should not get written as escapes such as \x1b."""
    return _FORBIDDEN.sub(lambda m: m[0].encode("unicode_escape").decode(), str(text))


def counts(level):
    """`passed/total` of a level of a backend, a dash where it did not run."""
    return f"{len(level['cases']) - len(level['wrong'])}/{len(level['cases'])}" if level else "-"


def total(document):
    """(different cases, checks, mismatches) of all backends."""
    backends = document["backends"].values()
    cases = {case for found in backends for level in found["levels"].values() for case in level["cases"]}
    return len(cases), sum(f["checks"] for f in backends), sum(len(f["mismatches"]) for f in backends)


def worst(errors, dtype):
    """The largest of the errors {`kind dtype`: error} of a case in a dtype, or None; NaN counts as the largest."""
    found = [e for key, e in errors.items() if key.split()[-1] == dtype]
    return max(found, key=lambda e: (e != e, e)) if found else None
