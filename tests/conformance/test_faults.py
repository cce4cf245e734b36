"""The catalogue of planted faults: every one still fits the code, and the suite sees those tried here."""

import types

import numpy as np
import pytest
from kshim_conformance import catalogue, faults
from kshim_conformance.case import selected
from kshim_conformance.faults import Runs, examine, plan_of, score
from kshim_conformance.faults_catalogue import faults as all_faults
from kshim_conformance.faults_catalogue import find
from kshim_conformance.faults_plant import Calls, Fault, Stale, plant, planted, source_of
from kshim_conformance.judge import Judge
from kshim_conformance.trace import Entry, Result, Trace

WHERE = {"numpy", "torch", "jax", "tensorflow", "frontend"}

SOURCE = '''"""A module."""
import math

LIMIT = 3
TABLE = {"half": lambda x: x / 2}


def outer(x):
    """Twice x."""
    def inner(y):
        return y * 2
    return inner(x)


class Thing:
    def value(self):
        return math.floor(1.5)
'''


def fault(old, new, name="numpy/made-up", look=("ops/add*",)):
    return Fault(name, "made up", "made.up", old, new, look)


def run(old, new):
    """(the module with the change, its calls)."""
    calls, module = Calls(), types.ModuleType("made.up")
    module._kshim_fault_reached = calls
    exec(compile(planted(SOURCE, fault(old, new)), "made.up", "exec"), module.__dict__)
    return module, calls


# planting ------------------------------------------------------------------------------------------------------
def test_a_change_in_a_function_counts_the_calls_of_the_innermost_one():
    module, calls = run("y * 2", "y * 3")
    assert calls.count == 0
    assert module.outer(2) == 6 and module.outer(1) == 3
    assert calls.count == 2
    assert module.outer.__doc__ == "Twice x."


def test_a_change_in_a_lambda_or_a_method_counts_its_calls():
    module, calls = run("x / 2", "x / 4")
    assert (module.TABLE["half"](8), calls.count) == (2, 1)
    module, calls = run("math.floor(", "math.ceil(")
    assert (module.Thing().value(), calls.count) == (2, 1)


def test_a_change_outside_of_functions_counts_the_import():
    module, calls = run("LIMIT = 3", "LIMIT = 4")
    assert (module.LIMIT, calls.count) == (4, 1)


def test_a_change_that_does_not_fit_is_stale():
    with pytest.raises(Stale, match="0 times"):
        run("nowhere", "x")
    with pytest.raises(Stale, match="3 times"):
        run("return", "pass")


def test_a_fault_in_a_module_that_is_imported_is_refused():
    with pytest.raises(RuntimeError, match="imported already"):
        plant(Fault("numpy/late", "", "kshim_conformance.faults", "a", "b", ()))


# the catalogue -------------------------------------------------------------------------------------------------
def test_every_fault_fits_the_code():
    stale = []
    for f in all_faults():
        try:
            planted(source_of(f.module), f)
        except (Stale, SyntaxError, OSError) as error:
            stale.append(f"{f.name}: {error}")
    assert not stale, "Faults whose text the code no longer has; update them:\n" + "\n".join(stale)


def test_the_catalogue_is_large_and_spread():
    names = [f.name for f in all_faults()]
    assert len(names) == len(set(names)) >= 75
    assert {f.where for f in all_faults()} == WHERE
    assert all(f.doc and f.look and f.old != f.new for f in all_faults())


def test_every_glob_of_a_fault_chooses_cases():
    everything = list(catalogue.select())
    for glob in {glob for f in all_faults() for glob in f.look}:
        assert any(selected(unit, glob) for unit in everything), glob
        assert plan_of(glob).levels


def test_an_unknown_fault_names_near_misses():
    with pytest.raises(LookupError, match="numpy/softmax-overflow"):
        find("numpy/softmax-overflo")


# examining -----------------------------------------------------------------------------------------------------
class Fake(Runs):
    """Traces that each hold one number; `wrong`: (backend, whether the fault is in it) -> the number, 1.0 for others."""

    def __init__(self, wrong, calls=1, expected=None):
        super().__init__()
        self.wrong, self.calls, self.expected = wrong, calls, expected

    def trace(self, backend, glob, fault=None):
        value = np.float64(self.wrong.get((backend, fault is not None), 1.0))
        expected = None if self.expected is None else np.float64(self.expected)
        entries = [Entry("value[0]", "exact", "float64", value, expected)]
        results = [Result("ops/add(1)", "float64", "eager", entries)]
        return Trace(backend, {"fault": {"calls": self.calls}}, results, 0.0)

    def judge(self, reference, glob):
        return Judge(reference)


def status(runs, name="torch/made-up"):
    return examine(runs, fault("a", "b", name), everything=False).status


def test_a_fault_of_a_backend_is_held_against_the_healthy_reference():
    assert status(Fake({("torch", True): 2.0})) == "caught"
    assert status(Fake({})) == "missed"


def test_a_fault_of_the_frontend_shows_in_known_answers_or_where_backends_differ_in_it():
    both = {("numpy", True): 2.0, ("torch", True): 2.0}
    assert status(Fake(both), "frontend/made-up") == "missed"
    assert status(Fake(both, expected=1.0), "frontend/made-up") == "caught"
    assert status(Fake({("numpy", True): 2.0}), "frontend/made-up") == "caught"


def test_a_fault_of_the_reference_shows_where_another_backend_disagrees(monkeypatch):
    monkeypatch.setattr(faults, "absent", lambda name: None)
    assert status(Fake({("numpy", True): 2.0}), "numpy/made-up") == "caught"
    monkeypatch.setattr(faults, "absent", lambda name: "not installed")
    assert status(Fake({("numpy", True): 2.0}), "numpy/made-up") == "missed"


def test_a_mismatch_that_is_there_without_the_fault_does_not_count():
    assert status(Fake({("torch", True): 2.0, ("torch", False): 2.0})) == "missed"


def test_a_fault_whose_code_never_runs_is_stale():
    assert status(Fake({}, calls=0)) == "stale"
    assert status(Fake({("torch", True): 2.0}, calls=0)) == "stale"


def test_the_score_counts_what_is_caught():
    runs = Fake({("torch", True): 2.0, ("numpy", True): 2.0})
    found = [examine(runs, fault("a", "b", name), everything=False) for name in ("torch/one", "frontend/two")]
    assert score(found) == [
        "  torch           1 of 1", "  frontend        0 of 1", "seen first by ops 1", "1 of 2 faults caught, 50.0 %",
    ]  # fmt: skip


SHORT = (
    ("numpy/maximum-tie-whole", "grads"),
    ("numpy/take-clamps", "ops"),
    ("numpy/sum-widened", "spec"),
    ("numpy/lstm-gates", "ops"),
    ("numpy/accumulate-in-place", "overrides"),
    ("numpy/uniform-bits", "rng"),
    ("numpy/adam-epsilon-inside", "compile"),
    ("frontend/logsumexp-overflow", "ops"),
)


@pytest.mark.parametrize(("name", "level"), SHORT)
def test_the_suite_sees(name, level):
    found = examine(Runs(), find(name), everything=False)
    assert (found.status, found.level) == ("caught", level), found


def test_the_suite_sees_a_fault_of_another_backend():
    pytest.importorskip("torch")
    found = examine(Runs(), find("torch/adam-epsilon"), everything=False)
    assert (found.status, found.level) == ("caught", "compile"), found


def test_the_command(capsys, tmp_path):
    report = tmp_path / "faults.json"
    assert faults.main(["--only", "numpy/abs-slope-at-0", "--narrow", "--json", str(report)]) == 0
    assert "caught  numpy/abs-slope-at-0" in capsys.readouterr().out
    assert '"status": "caught"' in report.read_text(encoding="utf-8")
    assert faults.main(["--only", "nothing"]) == 2
    assert "No fault matches" in capsys.readouterr().err
