"""Cases and oracles: every operation has one, both are right, and a wrong reference is seen."""

import math
from dataclasses import replace

import numpy as np
import pytest
from kshim_conformance import cases_derived, cases_ops, forms, oracles, run, tolerances
from kshim_conformance.case import FIXED, leaves
from kshim_conformance.compare import compare
from kshim_conformance.evaluate import arguments, flat
from kshim_conformance.judge import Judge
from kshim_conformance.trace import Trace

from kshim.spec import registry
from kshim.spec.table import TABLE

CASES = [*cases_ops.cases(), *cases_derived.cases()]
OPS = sorted({c.op for c in CASES})


@pytest.fixture
def b():
    return registry.get("numpy", "cpu")


def _some(op, n):
    """The first cases of an operation with results to be wrong about, without gradients."""
    found = [c for c in CASES if c.op == op and sum(np.size(y) for y in oracles.expected(c))]
    return [replace(c, grad=False, gradient=None) for c in found[:n]]


def _mismatches(b, cases):
    results = [r for c in cases for r in run.run_case(b, c, "float64" if "float64" in c.dtypes else FIXED, True)]
    return Judge(Trace("numpy", {}, results, 0.0)).verdict(Trace("numpy", {}, results, 0.0)).mismatches


def test_every_operation_has_an_oracle():
    assert set(oracles.ORACLES) == set(OPS) >= set(TABLE)


def test_oracles_agree_with_known_answers():
    known = [c for c in CASES if c.value is not None]
    assert len(known) > 40
    for case in known:
        found, kind = oracles.expected(case)[0], tolerances.OPS[case.op]
        assert compare(np.asarray(found), np.asarray(case.value), tolerances.of(kind, str(found.dtype))) is None, (
            case.id
        )


@pytest.mark.parametrize("op", OPS)
def test_a_wrong_reference_is_seen_by_the_oracle(b, op, monkeypatch):
    """One result a little off in the numpy backend itself, which everything is compared with."""
    cases = _some(op, 2)
    assert _mismatches(b, cases) == []
    right = getattr(type(b), op)

    def wrong(x):
        if not b.is_tensor(x):
            return not x
        array = b.to_numpy(x)
        if array.dtype == bool:
            return b.from_numpy(~array)
        return b.from_numpy(np.asarray(array + np.asarray(1 if array.dtype.kind in "iu" else 1e-6, array.dtype)))

    def planted(self, *args):
        found = right(self, *args)
        return [wrong(y) for y in found] if isinstance(found, (list, tuple)) else wrong(found)

    monkeypatch.setattr(type(b), op, planted)
    assert "the known answer" in {m.against for m in _mismatches(b, cases)}


def test_without_scipy_its_oracles_are_left_out_and_that_is_said(monkeypatch):
    by_scipy, other = _some("digamma", 1)[0], _some("erf", 1)[0]
    assert oracles.expected(by_scipy) is not None and oracles.left_out("numpy") == []
    monkeypatch.setattr(oracles.importlib.util, "find_spec", lambda name: None)
    assert oracles.expected(by_scipy) is None and oracles.expected(other) is not None
    (line,) = oracles.left_out("numpy")
    assert "scipy" in line and "digamma" in line and "logsumexp" in line and oracles.left_out("torch") == []


# forms of inputs -----------------------------------------------------------------------------------------------
def test_every_operation_has_every_form_it_must_have():
    assert forms.lacking(CASES) == {}


@pytest.mark.parametrize(
    "op, form",
    [("add", "strided"), ("sum", "long"), ("maximum", "ties"), ("exp", "nan"), ("tanh", "0-d"), ("concat", "empty"), ("relu", "large"), ("conv", "inf")],
)  # fmt: skip
def test_a_form_that_no_case_has_is_named(op, form):
    left = [c for c in CASES if c.op == op and form not in forms.forms(c)]
    assert form in forms.lacking(left)[op]


def test_views_have_the_values_of_their_recipe_and_another_layout(b):
    views = [c for c in CASES if any(a.layout for _, a in leaves(c.args))]
    assert {c.op for c in views} >= set(OPS) - {
        "arange",
        "full",
        "random_uniform",
        "random_normal",
        "constant",
        "mix_counter",
    }
    strides = set()
    for case in (c for c in views if c.op in ("add", "matmul", "take")):
        args = arguments(b, case, "float64")
        for (path, recipe), x in zip(leaves(case.args), flat([a for a in args if not isinstance(a, (int, float))])):
            np.testing.assert_array_equal(b.to_numpy(x), recipe.build(path))
            strides.add((recipe.layout, x.flags.c_contiguous, min(x.strides) < 0))
    assert {("strided", False, False), ("reversed", False, True), ("transposed", False, False)} <= strides


@pytest.mark.parametrize("layout", ["strided", "reversed", "transposed"])
def test_an_operation_that_misreads_views_is_seen(b, layout, monkeypatch):
    """As if the memory were read in its own order."""
    case = replace(next(c for c in CASES if c.op == "tanh" and layout in forms.forms(c)), grad=False)

    def misread(self, x):
        flat = (
            np.lib.stride_tricks.as_strided(x, (x.size,), (x.itemsize,)) if min(x.strides, default=1) > 0 else x[::-1]
        )
        return np.tanh(flat.reshape(x.shape))

    monkeypatch.setattr(type(b), "tanh", misread)
    assert any(m.against == "the known answer" for m in _mismatches(b, [case]))


def test_central_differences_look_at_every_differentiable_argument():
    """Every differentiable argument of every primitive is in a smooth case without a known gradient."""
    looked = {}
    for case in CASES:
        if case.part == "ops" and case.grad and case.smooth and not case.gradient and "float64" in case.dtypes:
            for path, a in leaves(case.args):
                if a.dtype is None and math.prod(a.shape):
                    looked.setdefault(case.op, set()).add(case.parameters[path[0]])
    for op, row in TABLE.items():
        assert set(row.diff) <= looked.get(op, set()), op
