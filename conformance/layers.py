"""The level of layers: every layer that kshim exports in several configurations, against known answers and numpy.

Part module: `units()` are the cases, `jobs(unit)` what to run. Each case is called directly and, for some, inside the
backend's compiled step; a backend that compiles every operation anyway runs the compiled step alone, and float32, the
same program, only for the first case of each layer.
"""

import numpy as np

from . import cases_layers
from .layers_known import known, project
from .layers_run import PHASES, measure
from .run import failure
from .trace import Entry, Result


def units():
    """All cases. Raises `LookupError` if an exported layer has none."""
    return cases_layers.cases()


def jobs(case):
    """(what, function of a backend giving results) for each float type."""
    for dtype in case.dtypes:
        yield f"{case.id} {dtype}", lambda b, d=dtype: run(b, case, d)


def variants(b, case, dtype):
    """How a case is run on a backend."""
    if b.compiles_each_op:
        return ["compiled"] if dtype == "float64" or case.quick or case.same else []
    return ["eager", "compiled"] if case.quick and dtype == "float32" else ["eager"]


def run(b, case, dtype):
    """The results of a case in a float type."""
    results = []
    for variant in variants(b, case, dtype):
        result = Result(case.id, dtype, variant)
        try:
            result.entries = _entries(case, dtype, *measure(b, case, dtype, variant == "compiled"))
        except Exception as error:  # whatever the layer does, the next case must run
            result.error = failure(error)
        results.append(result)
    return results


def _entries(case, dtype, found, shapes):
    """Every array, with its projections beside the known ones. Raises `ValueError` if there are more or fewer than known."""
    answers, out = known(case, dtype), []
    outputs = {f.key: f.array for f in found}
    asked = [f.key for f in found if f.key.split(" ")[0] in PHASES]
    for what, keys in (("are missing", set(answers) - set(asked)), ("are not expected", set(asked) - set(answers))):
        if keys:
            raise ValueError(f"These results {what} by the known answers: {', '.join(sorted(keys))}.")
    for f in found:
        phase, rest = f.key.split(" ", 1)
        same = None if phase in PHASES else outputs[f"inference {rest}"]  # copies must compute what the layer does
        out.append(Entry(f.name, f.kind, f.dtype, f.array, same))
        if same is None:
            shape, projections = answers[f.key]
            of = f.dtype if f.array.dtype.kind == "f" else "float64"
            out.append(
                Entry(f"projections of {f.name}", "layer", of, project(case, f.key, f.array).astype(of), projections)
            )
            if rest.startswith("output"):
                sizes = (np.array(s, np.int64) for s in (f.array.shape, shape))
                out.append(Entry(f"shape of {f.name}", "exact", "int64", *sizes))
    return [*out, *(Entry(name, "exact", "int64", got, wanted) for name, got, wanted in shapes)]
