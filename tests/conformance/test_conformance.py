"""The conformance suite itself: it must see planted differences, and have a case for everything."""

import inspect
import json

import kshim_conformance.__main__ as command
import numpy as np
import pytest
from kshim_conformance import (
    cases_derived,
    cases_ops,
    catalogue,
    evaluate,
    levels,
    orchestrate,
    probes,
    run,
    supervise,
    tolerances,
    trace,
)
from kshim_conformance.case import FIXED, Case, ints, leaves, normal, values
from kshim_conformance.compare import compare, compare_form, rounded
from kshim_conformance.judge import Judge
from kshim_conformance.plan import Plan
from kshim_conformance.tolerances import Tolerance
from kshim_conformance.worker import work

from kshim.spec import registry
from kshim.spec.derived import Derived
from kshim.spec.table import CONTROL, TABLE

CLOSE = Tolerance(1e-12)
FLOOR = Plan("floor")
X = np.arange(12.0).reshape(3, 4) + 1.0


@pytest.fixture
def b():
    return registry.get("numpy", "cpu")


# compare -------------------------------------------------------------------------------------------------------
def test_equal_arrays_agree():
    assert compare(X, X.copy(), CLOSE, "float64", "float64") is None
    assert compare(np.array([np.nan, np.inf, -np.inf, -0.0]), np.array([np.nan, np.inf, -np.inf, 0.0]), CLOSE) is None
    assert compare(np.zeros((0, 3)), np.zeros((0, 3)), CLOSE) is None


def test_a_wrong_value_is_found_with_its_index():
    got = X.copy()
    got[1, 2] += 1e-9
    found = compare(got, X, CLOSE)
    assert (found.what, found.index, found.wrong, found.size) == ("value", (1, 2), 1, 12)
    assert (found.got, found.expected) == (7.000000001, 7.0)
    assert found.error == pytest.approx(1e-9, rel=1e-6)
    assert "(1, 2)" in str(found) and "7.000000001" in str(found)


def test_a_value_within_the_tolerance_passes_and_just_outside_does_not():
    assert compare(X * (1 + 0.9e-12), X, CLOSE) is None
    assert compare(X * (1 + 1.1e-12), X, CLOSE).what == "value"


def test_the_floor_decides_what_a_small_value_is_relative_to():
    got, expected = np.array([1e-9, 1.0]), np.array([0.0, 1.0])
    assert compare(got, expected, Tolerance(1e-6, 0.0)).index == (0,)
    assert compare(got, expected, Tolerance(1e-6, "max")) is None
    assert compare(got, expected, Tolerance(1e-10, 1.0)).index == (0,)


@pytest.mark.parametrize("shape", [(4, 3), (12,), (3, 4, 1), (1, 3, 4)])
def test_a_wrong_shape_is_found(shape):
    found = compare(X.reshape(shape), X, CLOSE)
    assert (found.what, found.got, found.expected) == ("shape", shape, (3, 4))


def test_a_wrong_dtype_is_found():
    assert compare(X, X, CLOSE, "float64", "float32").what == "dtype"
    assert compare(X > 2, X > 2, CLOSE, "int32", "bool").what == "dtype"
    assert compare_form((2,), "float32", (2,), "float32") is None
    assert compare_form((2,), "float32", (2,), "float64").what == "dtype"


def test_misplaced_nan_and_infinity_are_found():
    assert compare(np.array([1.0, np.nan]), np.array([np.nan, 1.0]), CLOSE).what == "nan"
    assert compare(np.array([1.0, np.nan]), np.array([1.0, 2.0]), CLOSE).index == (1,)
    assert compare(np.array([1.0, 2.0]), np.array([1.0, np.nan]), CLOSE).what == "nan"
    assert compare(np.array([np.inf]), np.array([-np.inf]), CLOSE).what == "inf"
    assert compare(np.array([1e308]), np.array([np.inf]), CLOSE).what == "inf"


def test_integers_and_booleans_are_exact():
    assert compare(np.array([2**40 + 1]), np.array([2**40]), Tolerance(1.0)).what == "value"
    assert compare(np.array([True, False]), np.array([True, True]), Tolerance(1.0)).index == (1,)


def test_a_wide_reference_is_rounded_to_the_dtype():
    assert compare(np.array([np.inf], np.float32), np.array([1e300]), CLOSE, "float32") is None
    assert compare(np.array([0.1], np.float32), np.array([0.1]), Tolerance(0.0), "float32") is None
    assert compare(np.array([0.1], np.float32), np.array([0.1]), Tolerance(0.0), "bfloat16").what == "value"


def test_bfloat16_rounding():
    """1 + 2**-8 is half way and goes to even; 3.3895e38 is the largest."""
    found = rounded(
        np.array([1.0 + 2.0**-8, 1.0 + 3 * 2.0**-8, -1.0040, 3.3895313892515355e38, np.nan, np.inf]), "bfloat16"
    )
    np.testing.assert_array_equal(found, [1.0, 1.015625, -1.0078125, 3.3895313892515355e38, np.nan, np.inf])


# completeness --------------------------------------------------------------------------------------------------
def test_every_primitive_has_a_case_and_a_tolerance():
    cases = cases_ops.cases()
    assert {c.op for c in cases} == set(TABLE)
    assert set(TABLE) <= set(tolerances.OPS)
    for op, row in TABLE.items():
        if row.diff:
            named = {c.parameters[path[0]] for c in cases if c.op == op for path in evaluate.differentiated(c)}
            assert named >= set(row.diff), f"no case of {op} differentiates by {set(row.diff) - named}"


def test_every_derived_operation_has_a_case_and_a_tolerance():
    public = {n for n, f in vars(Derived).items() if inspect.isfunction(f) and not n.startswith("_")}
    assert {c.op for c in cases_derived.cases()} | set(cases_derived.ELSEWHERE) == public
    assert public - set(cases_derived.ELSEWHERE) <= set(tolerances.OPS)


def test_every_control_method_has_a_probe():
    covered = {name for p in probes.probes() for name in p.covers}
    assert covered == {*CONTROL, *probes.BESIDE}


def test_a_primitive_without_a_case_is_an_error(monkeypatch):
    monkeypatch.setitem(TABLE, "frobnicate", TABLE["add"])
    with pytest.raises(LookupError, match="frobnicate"):
        cases_ops.cases()


def test_a_derived_operation_without_a_case_is_an_error(monkeypatch):
    monkeypatch.setattr(Derived, "frobnicate", lambda self, x: x, raising=False)
    with pytest.raises(LookupError, match="frobnicate"):
        cases_derived.cases()


def test_ids_are_unique_and_globs_choose():
    whole = catalogue.select()
    keys = [(u.id, dtype) for u in whole for dtype in getattr(u, "dtypes", ("",))]  # as results are kept
    assert len(set(keys)) == len(keys)
    assert whole.cases and whole.probes and whole.units
    some = catalogue.select("conv*", levels.parse("ops,grads"))
    assert {c.op for c in some} == {"conv", "conv_transpose"} and not some.probes
    assert {p.op for p in catalogue.select("ops/scan*").probes} == {
        p.op for p in whole.probes if p.op.startswith("scan") and p.part == "ops"
    }
    with pytest.raises(LookupError, match="frobnicate"):
        catalogue.select("frobnicate")


def test_the_quick_subset_keeps_two_cases_of_each_operation_and_all_known_answers():
    whole, quick = catalogue.select(), catalogue.select(quick=True)
    assert {c.op for c in quick.cases} == {c.op for c in whole.cases}
    assert {c.id for c in quick.cases} >= {c.id for c in whole.cases if c.value is not None or c.gradient}
    assert len(quick.cases) < len(whole.cases) / 2
    assert catalogue.digest(quick) != catalogue.digest(whole) == catalogue.digest(catalogue.select())


def test_levels_choose_and_a_misspelt_one_is_an_error():
    assert {p.part for p in catalogue.select(levels=levels.parse("rng")).probes} == {"rng"}
    assert not catalogue.select(levels=levels.parse("compile")).units
    assert {u.part for u in catalogue.select(levels=levels.parse("models"))} == {"models"}
    with pytest.raises(LookupError, match="Did you mean 'layers'"):
        levels.parse("layer")


@pytest.mark.parametrize(
    "check, level",
    [
        (("ops/add(x)", "eager", "value[0]", "numpy"), "ops"),
        (("ops/add(x)", "eager", "value[0]", "the op table"), "spec"),
        (("ops/add(x)", "eager", "gradient x", "numpy"), "grads"),
        (("ops/add(x)", "compiled", "value[0]", "numpy"), "compile"),
        (("derived/gelu(x)", "derived", "gradient x", "numpy"), "overrides"),
        (("derived/gelu(x)", "compiled derived", "value[0]", "numpy"), "overrides"),
        (("ops/random_uniform(x)", "eager", "value[0]", "numpy"), "rng"),
        (("models/mlp", "eager", "loss", "numpy"), "models"),
    ],
)
def test_every_check_has_its_level(check, level):
    assert levels.level_of(*check) == level


# cases ---------------------------------------------------------------------------------------------------------
def test_arguments_are_the_same_every_time_and_differ_from_each_other(b):
    case = Case("ops", "add", (normal(3, 4), normal(3, 4)), parameters=("x", "y"))
    first, second = evaluate.arguments(b, case, "float64"), evaluate.arguments(b, case, "float64")
    np.testing.assert_array_equal(first[0], second[0])
    assert not np.array_equal(first[0], first[1])


def test_the_wide_reference_gets_rounded_inputs(b):
    case = Case("ops", "negative", (values([0.1]),), parameters=("x",))
    (wide,), (narrow,) = (evaluate.arguments(b, case, "float32", w) for w in (True, False))
    assert wide.dtype == np.float64 and narrow.dtype == np.float32 and wide[0] == np.float64(narrow[0]) != 0.1


def test_a_case_of_integers_runs_once():
    assert Case("ops", "add", (ints(0, 3, 4), 2), parameters=("x", "y")).dtypes == (FIXED,)
    assert [p for p, _ in leaves(([normal(2), normal(3)], 0))] == [(0, 0), (0, 1)]


# judging a backend ---------------------------------------------------------------------------------------------
def _trace(results):
    return trace.Trace("planted", {"version": "0", "device": "cpu"}, results, 0.0)


def _results(b, case, reference):
    return [r for d in case.dtypes for r in run.run_case(b, case, d, reference)]


def _case(op):
    return next(c for c in catalogue.select(op).cases if c.op == op)


@pytest.mark.parametrize("op", ["add", "tanh", "matmul", "where", "sum", "take"])
def test_planted_differences_are_found(b, op):
    case = _case(op)
    judge = Judge(_trace(_results(b, case, True)))
    assert not judge.verdict(_trace(_results(b, case, False))).mismatches

    def planted(change, dtype="float64"):
        results = _results(b, case, False)
        entry = next(r for r in results if r.dtype == dtype).entries[0]
        change(entry)
        return [(m.dtype, m.entry) for m in judge.verdict(_trace(results)).mismatches]

    def value(entry):
        entry.array = entry.array.copy()
        entry.array.flat[3] *= 1.001

    def nan(entry):
        entry.array = entry.array.copy()
        entry.array.flat[1] = np.nan

    def shape(entry):
        entry.array = entry.array[None]

    def dtype(entry):
        entry.dtype = "int32"

    for change in (value, nan, shape):
        assert ("float64", "value[0]") in planted(change)
    assert ("float32", "value[0]") in planted(dtype, "float32")
    assert planted(lambda entry: None) == []


def test_a_wrong_gradient_is_found_by_central_differences(b, monkeypatch):
    """The reference itself is not above suspicion."""
    case = _case("tanh")
    tape = b.value_and_grad

    def wrong(self, function):
        def call(params, *rest):
            out, grads = tape(function)(params, *rest)
            return out, [g * 1.01 for g in grads]

        return call

    monkeypatch.setattr(type(b), "value_and_grad", wrong)
    results = _results(b, case, True)
    found = Judge(_trace(results)).verdict(_trace(results)).mismatches
    assert {m.against for m in found if m.dtype == "float64"} == {"central differences"}


def test_a_wrong_known_answer_and_a_failing_op_are_found(b, monkeypatch):
    case = next(c for c in cases_ops.cases() if c.op == "round" and c.value is not None)
    monkeypatch.setattr(type(b), "round", lambda self, x: b.floor(b.add(x, 0.5)))
    results = _results(b, case, True)
    assert any(m.against == "the known answer" for m in Judge(_trace(results)).verdict(_trace(results)).mismatches)

    def broken(self, x):
        raise RuntimeError("out of order")

    monkeypatch.setattr(type(b), "round", broken)
    found = Judge(_trace(results)).verdict(_trace(_results(b, case, False))).mismatches
    assert found and all("out of order" in m.text for m in found)


def test_an_override_that_differs_from_its_definition_is_found(b, monkeypatch):
    case = _case("square")
    monkeypatch.setattr(type(b), "square", lambda self, x: b.multiply(b.abs(x), b.add(x, 1e-6)))
    results = _results(b, case, True)
    found = Judge(_trace(results)).verdict(_trace(results)).mismatches
    assert ("derived", "value[0]") in {(m.variant, m.entry) for m in found}


def test_missing_results_are_found(b):
    case = _case("split")
    judge = Judge(_trace(_results(b, case, True)))
    results = _results(b, case, False)
    results[0].entries = [e for e in results[0].entries if e.name != "value[1]"]
    assert any(m.text == "missing" for m in judge.verdict(_trace(results)).mismatches)


def test_a_trace_comes_back_from_its_files(b, tmp_path):
    case = _case("add")
    before = _trace(_results(b, case, True))
    trace.save(before, tmp_path)
    after = trace.load(tmp_path)
    assert [r.key for r in after.results] == [r.key for r in before.results]
    for r, s in zip(after.results, before.results):
        for e, f in zip(r.entries, s.entries):
            np.testing.assert_array_equal(e.array, f.array)
            assert (e.name, e.dtype, e.table) == (f.name, f.dtype, f.table)


# the command ---------------------------------------------------------------------------------------------------
def test_a_small_run_with_numpy_passes(tmp_path, capsys):
    out = tmp_path / "result.json"
    assert command.main(["--backends", "numpy", "--only", "*tanh*", "--json", str(out)]) == 0
    text = capsys.readouterr()
    assert "numpy" in text.out and "mismatches" in text.out
    assert "numpy" in text.err, "the progress line"
    document = json.loads(out.read_text())
    found = document["backends"]["numpy"]
    assert len(found["levels"]["ops"]["cases"]) > 5 and found["mismatches"] == []


def test_a_glob_without_a_case_is_an_error(capsys):
    assert command.main(["--only", "frobnicate"]) == 2
    assert "frobnicate" in capsys.readouterr().err


def test_an_absent_backend_is_skipped_with_one_line(monkeypatch, capsys):
    monkeypatch.setitem(registry.BUILTIN, "torch", ("kshim_backends.torch", "no_such_framework", "kshim[torch]"))
    assert command.main(["--backends", "numpy,torch", "--only", "floor"]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("torch:")]
    assert len(lines) == 1 and "no_such_framework is not installed" in lines[0]


def test_an_unknown_backend_fails(capsys):
    assert command.main(["--backends", "numpy,numpyy", "--only", "floor"]) == 1
    assert "Unknown backend: 'numpyy'" in capsys.readouterr().out


def test_a_mismatch_is_reported_and_fails_the_run(monkeypatch, capsys):
    real = supervise.run_worker

    def tampered(name, *args, **kwargs):
        found = real("numpy", *args, **kwargs)
        if name == "torch":
            found.backend = "torch"
            found.results = [r for r in found.results if r.variant != "wide"]
            entry = found.results[0].entries[0]
            entry.array, entry.expected = entry.array + 1.0, None  # only the reference is held against oracles
        return found

    monkeypatch.setattr(orchestrate, "run_worker", tampered)
    monkeypatch.setattr(orchestrate, "absent", lambda name: None)
    assert command.main(["--backends", "torch", "--only", "floor"]) == 1
    out = capsys.readouterr().out
    assert (
        "torch ops/floor(uniform(-3..3; 3, 4)) float64 eager value[0], against numpy: value: first wrong index (0, 0)"
        in out
    )


def test_a_worker_that_dies_is_named_and_the_rest_still_runs(b, monkeypatch):
    """A process killed in the middle of a job leaves a failed result for it and goes on with the others."""
    real = supervise._once
    calls = []

    def once(options, *rest):
        calls.append(options)
        if len(calls) == 1:
            return -9, 2, jobs[2][0], "killed"
        return real(options, *rest)

    jobs = list(work(b, FLOOR))
    monkeypatch.setattr(supervise, "_once", once)
    found = supervise.run_worker("numpy", FLOOR)
    assert calls[1][-2:] == ["--skip", jobs[2][0]]
    dead = [r for r in found.results if r.error]
    assert [r.case for r in dead] == [jobs[2][0]] and len(found.results) >= len(jobs) - 1


def test_a_worker_that_stops_early_is_continued(b, monkeypatch):
    monkeypatch.setattr(supervise, "_once", _in_halves(supervise._once))
    whole, halves = supervise.run_worker("numpy", FLOOR), len(list(work(b, FLOOR)))
    assert len(whole.results) >= halves


def _in_halves(real):
    def once(options, *rest):
        from kshim_conformance.worker import UNFINISHED

        status, done, last, errors = real(options, *rest)
        return (UNFINISHED, 5, last, errors) if options[-1] == "0" else (status, done, last, errors)

    return once


def test_a_gpu_that_is_not_there_is_skipped_with_one_line(capsys):
    """The numpy backend has no device but the CPU."""
    assert command.main(["numpy", "torch", "--device", "gpu:77", "--only", "floor"]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("torch: skipped")]
    assert lines and all("gpu:77" in line for line in lines)


def test_training_in_float32_is_bounded_by_the_drift_of_numpy():
    """Twenty times numpy's own drift is a mismatch, three times is not."""

    def curves(name, error):
        wide, narrow = np.array([1.0, 0.5]), np.array([1.0, 0.5 + error], np.float32)
        entry = (
            trace.Entry("history of loss", "curve", "float64", wide),
            trace.Entry("history of loss", "curve", "float32", narrow),
        )
        results = [trace.Result("models/m", d, "eager", [e]) for d, e in zip(("float64", "float32"), entry)]
        return trace.Trace(name, {}, results, 0.0)

    judge = Judge(curves("numpy", 1e-5))
    assert not judge.verdict(curves("numpy", 1e-5)).mismatches
    assert not judge.verdict(curves("torch", 3e-5)).mismatches
    found = judge.verdict(curves("torch", 20e-5 + 2e-5))
    assert [(m.level, m.dtype) for m in found.mismatches] == [("models", "float32")]
    assert found.drift["models/m"]["curve float32"] == pytest.approx(1e-4 + 200 * 2.0**-24, rel=1e-2)
