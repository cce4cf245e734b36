"""Cases of every primitive of the op table."""

import math

from kshim.spec.table import TABLE

from . import cases_elementwise, cases_reduce, cases_shaping, cases_windows
from .case import FLOATS, Array, Case, leaves, reversed_, strided, substitute, transposed

ROWS = {**cases_elementwise.CASES, **cases_reduce.CASES, **cases_shaping.CASES, **cases_windows.CASES}

#: Primitives that also run in half precision, on their first case: layers compute in it under a mixed precision policy.
HALF = (
    "negative abs sign exp expm1 log log1p sqrt rsqrt sin cos tanh erf floor isnan add subtract multiply divide power maximum "
    "minimum equal less where clip sum prod max min argmax cumsum cast stop_gradient reshape transpose broadcast_to concat pad "
    "slice flip matmul conv conv_transpose max_pool avg_pool take take_along_axis scatter_add argsort full arange random_uniform"
).split()


def _views(rows):
    """One of the rows three times more, with its tensors as views: the one marked so, else the first of matrices."""
    marked = [row for row in rows if isinstance(row[-1], dict) and row[-1].get("views")]
    filled = [(row, [a.shape for _, a in leaves(row)]) for row in marked or rows]
    filled = [(row, shapes) for row, shapes in filled if shapes and all(map(math.prod, shapes))]
    for rank in (2, 1):
        for row, shapes in filled:
            if max(map(len, shapes)) >= rank:
                return [
                    tuple(substitute(row, lambda _, a, view=view: view(a) if isinstance(a, Array) and a.shape else a))
                    for view in (strided, reversed_, transposed)
                ]
    return []


def build(part, op, rows, parameters, half=False):
    """The cases of rows: arguments, and options in a last dict. `half`: the first one in half precision too."""
    out, rows = [], list(map(tuple, rows))
    for row in [*rows, *_views(rows)]:
        options = dict(row[-1]) if row and isinstance(row[-1], dict) else {}
        options.pop("views", None)
        if half and not out:
            options["only"] = (*FLOATS, "float16", "bfloat16")
        out.append(
            Case(part, op, row[:-1] if isinstance(row[-1], dict) else row, parameters=tuple(parameters), **options)
        )
    return out


def cases():
    """All cases. Raises `LookupError` naming the primitives without a case, or the cases without a primitive."""
    missing, unknown = sorted(set(TABLE) - set(ROWS)), sorted(set(ROWS) - set(TABLE))
    if missing or unknown:
        raise LookupError(
            f"Primitives of the op table without a case: {', '.join(missing) or 'none'}; cases of no primitive: "
            f"{', '.join(unknown) or 'none'}. Add or remove rows in kshim_conformance/cases_*.py."
        )
    return [case for op, rows in ROWS.items() for case in build("ops", op, rows, TABLE[op].args, op in HALF)]
