"""Forms of inputs: those a case has, and those the cases of an operation must have by what is known of the operation."""

import math

from kshim.spec import shape_rules
from kshim.spec.shapes import SHAPES
from kshim.spec.table import TABLE

from . import tolerances
from .case import leaves
from .evaluate import arguments, flat, function_of

#: From how many elements on an array is large, and from how many a sum is long.
LARGE, LONG = 2400, 60_000
#: Operations for which equal elements, or a bound, leave a choice that the op table makes.
TIED = "maximum minimum max min argmax argsort max_pool clip abs sign relu".split()
#: Parameters that say nothing about axes.
_PLAIN = {"x", "y", "condition", "low", "high", "slope", "alpha", "approximate", "target", "logits"}


def _special(array, test):
    return array.how == "values" and any(isinstance(v, float) and test(v) for v in array.data)


def _tied(case, arrays):
    data = [v for a in arrays if a.how == "values" for v in a.data]
    data += [a for a in case.args if isinstance(a, float)]
    return (case.value is not None or case.gradient is not None) and (len(set(data)) < len(data) or 0.0 in data)


def forms(case):
    """The names of the forms of a case's inputs."""
    arrays = [a for _, a in leaves(case.args)]
    sizes = [math.prod(a.shape) for a in arrays]
    found = {a.layout for a in arrays} - {None}
    tests = {
        "empty": 0 in sizes,
        "0-d": any(a.shape == () for a in arrays),
        "axis of 1": any(1 in a.shape for a in arrays),
        "large": any(n >= LARGE for n in sizes),
        "long": any(n >= LONG for n in sizes),
        "nan": any(_special(a, math.isnan) for a in arrays),
        "inf": any(_special(a, math.isinf) for a in arrays),
        "ties": _tied(case, arrays),
    }
    return found | {name for name, there in tests.items() if there}


def element_wise(op, cases):
    """Whether every result has the shape the inputs broadcast to, and nothing else is asked of the shapes."""
    if not set(cases[0].parameters) <= _PLAIN or op == "matmul":
        return False
    for case in cases:
        dtype = case.dtypes[0]
        results = flat(function_of(SHAPES, case)(*arguments(SHAPES, case, dtype)))
        inputs = shape_rules.broadcast(*(a.shape for _, a in leaves(case.args)))
        if not all(SHAPES.is_tensor(y) and y.shape == inputs for y in results):
            return False
    return True


def wanted(op, cases):
    """The forms that the cases of an operation must have between them."""
    arrays = [a for case in cases for _, a in leaves(case.args)]
    if not any(a.shape for a in arrays):
        return set()  # nothing goes in, or numbers only
    kind, floats = tolerances.OPS[op], any(a.dtype is None for a in arrays)
    out = {"empty", "axis of 1", "strided", "reversed", "transposed"}
    simple = element_wise(op, cases)
    if simple:
        out |= {"0-d", "large"}
    if floats and (simple or kind in ("summed", "formula") or op in TABLE and TABLE[op].shape is shape_rules.reduced):
        out |= {"nan", "inf"}
    if (
        kind == "summed"
        and op not in ("prod", "cumprod")
        or op in ("max", "min", "argmax", "softmax", "log_softmax", "logsumexp")
    ):
        out |= {"long"}
    return out | ({"ties"} if op in TIED else set())


def lacking(cases):
    """Operation -> the forms that none of its cases has, where there are any."""
    found = {}
    for case in cases:
        found.setdefault(case.op, []).append(case)
    missing = {op: sorted(wanted(op, some) - set().union(*map(forms, some))) for op, some in found.items()}
    return {op: names for op, names in missing.items() if names}
