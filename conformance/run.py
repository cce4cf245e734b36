"""Results of cases and probes on one backend, as a worker collects them."""

import numpy as np

from kshim.spec.shapes import SHAPES

from . import oracles, tolerances
from .case import FIXED, leaves
from .evaluate import arguments, central, flat, function_of, get, gradients, overridden, path_name, put
from .probes import Known
from .trace import Entry, Result

_LONGEST = 700


def failure(error):
    """One line for an exception."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:_LONGEST]}{'...' if len(text) > _LONGEST else ''}"


def _kept(b, x):
    """(array, dtype name) of a tensor or a Python value."""
    if b.is_tensor(x):
        return b.to_numpy(x), b.dtype_of(x)
    x = np.asarray(x)
    return x, x.dtype.name


def _table(case, dtype):
    """(shape, dtype) of each result by the op table, None for what is no tensor."""
    args = arguments(SHAPES, case, dtype)
    return [(y.shape, y.dtype) if SHAPES.is_tensor(y) else None for y in flat(function_of(SHAPES, case)(*args))]


def _entries(b, case, ys, paths, grads, dtype, checked=False):
    """The entries of results and gradients; `checked`: with what the op table says about each, and on numpy, which the
    others are compared with, what an oracle does."""
    kind, out, table = tolerances.OPS[case.op], [], _table(case, dtype)
    if len(table) != len(ys):
        raise TypeError(f"{case.op} gave {len(ys)} results, its definition gives {len(table)}.")
    told = oracles.expected(case) if checked and b.name == "numpy" and dtype in ("float64", FIXED) else None
    for i, (y, form) in enumerate(zip(ys, table)):
        if form and not b.is_tensor(y):
            raise TypeError(f"result {i} is a {type(y).__name__}, which is no tensor of this backend.")
        array, name = _kept(b, y)
        known = told[i] if told is not None else None
        if case.value is not None and i == 0:
            known = np.asarray(case.value)
        out.append(Entry(f"value[{i}]", kind, name, array, known, form if checked else None))
    for path, g in zip(paths, grads):
        array, name = _kept(b, g)
        known = np.asarray(case.gradient[case.parameters[path[0]]], np.float64) if case.gradient else None
        out.append(Entry(f"gradient {path_name(case, path)}", "gradient", name, array, known))
    return out


def _one(b, case, dtype, variant, partial=False):
    wide = variant == "wide"
    result = Result(case.id, dtype, variant, partial=partial)
    try:
        args = arguments(b, case, dtype, wide)
        function = function_of(b, case, variant == "derived")
        ys = flat(function(*args))
        paths, grads = ([], []) if partial else gradients(b, case, args, function, dtype)
        result.entries = _entries(b, case, ys, paths, grads, dtype, variant == "eager")
        if (
            b.name == "numpy"
            and variant in ("eager", "derived")
            and dtype == "float64"
            and case.smooth
            and not case.gradient
        ):
            for path, numeric, exact in central(b, case, args, function, paths, grads):
                name = f"gradient {path_name(case, path)} along a direction"
                result.entries.append(Entry(name, "central", "float64", np.float64(exact), np.float64(numeric)))
    except Exception as error:
        result.error = failure(error)
    return result


def run_case(b, case, dtype, reference=False, missing=False, partial=False):
    """Results of a case in a dtype: eager, wide where this is the reference, derived where the backend overrides.

    `missing`: the backend lacks the dtype here, so only what the reference computes in its place is wanted.
    `partial`: values only, and no derived variant.
    """
    variants = [] if missing else ["eager"]
    if reference and dtype not in ("float64", FIXED):
        variants.append("wide")
    if overridden(b, case) and not missing and not partial:
        variants.append("derived")
    return [_one(b, case, dtype, variant, partial) for variant in variants]


def run_probe(b, probe, dtype):
    """The result of a probe in a dtype."""
    result = Result(probe.id, dtype, "eager")
    try:
        for name, found in probe.run(b, dtype).items():
            for i, y in enumerate(found if isinstance(found, list) else [found]):
                label = f"{name}[{i}]" if isinstance(found, list) else name
                known = None
                if isinstance(y, Known):
                    y, known = y.got, np.asarray(y.expected)
                array, dtype_name = _kept(b, y)
                table = None if known is None else (known.shape, known.dtype.name)
                result.entries.append(Entry(label, probe.kind, dtype_name, array, known, table))
    except Exception as error:
        result.error = failure(error)
    return result


def run_compiled(b, cases, dtype, derived=False):
    """Results of cases of one operation, all inside one compiled step; `derived`: of its definition instead."""
    variant = "compiled derived" if derived else "compiled"
    made = [(case, arguments(b, case, dtype), [path for path, _ in leaves(case.args)]) for case in cases]
    paths = {}

    def step(state, hyper, batch):
        out = {}
        for case, args, where in made:
            for path, x in zip(where, state[case.id]):
                args = put(args, path, x)
            function = function_of(b, case, derived)
            ys = flat(function(*args))
            paths[case.id], grads = gradients(b, case, args, function, dtype)
            out[case.id] = {"values": ys, "gradients": grads}
        return state, out

    state = {case.id: [get(args, path) for path in where] for case, args, where in made}
    try:
        _, out = b.compile_step(step, False)(state, {}, None)
        results = []
        for case, _, _ in made:
            ys, grads = out[case.id]["values"], out[case.id]["gradients"]
            results.append(Result(case.id, dtype, variant, _entries(b, case, ys, paths[case.id], grads, dtype)))
        return results
    except Exception as error:
        if len(cases) == 1:
            return [Result(cases[0].id, dtype, variant, error=failure(error))]
        return [result for case in cases for result in run_compiled(b, [case], dtype, derived)]
