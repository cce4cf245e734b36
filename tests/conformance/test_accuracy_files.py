"""The levels of accuracy and of files: they pass as things are, and see what they are there for."""

import inspect
import re
from dataclasses import replace

import numpy as np
import pytest
from kshim_conformance import accuracy, cases_layers, files, files_damaged, files_layout, orchestrate
from kshim_conformance.files_models import MODELS
from kshim_conformance.judge import Judge, Verdict
from kshim_conformance.layers_run import build, settings
from kshim_conformance.plan import Plan
from kshim_conformance.trace import Entry, Result, Trace

import kshim
from kshim import config
from kshim.saving import files as saving_files
from kshim.saving import hdf5_read, hdf5_write, training_state
from kshim.spec import registry

NETWORKS = {network.op: network for network in accuracy.units()}
EXCHANGES = {(unit.op, unit.dtype): unit for unit in files.units() if isinstance(unit, files.Exchange)}


def verdict(results, reference=None, backend="numpy"):
    """What the judge says of results, held against the reference's, by default themselves."""
    held = Judge(Trace("numpy", {}, results if reference is None else reference, 0.0))
    return held.verdict(Trace(backend, {}, results, 0.0))


def texts(results):
    return [str(m) for m in verdict(results).mismatches]


# accuracy ------------------------------------------------------------------------------------------------------
def test_a_network_reaches_its_target():
    found = verdict([accuracy.run(NETWORKS["mlp"])])
    assert not found.mismatches
    assert found.levels["accuracy"].checks == 1
    assert found.accuracies["accuracy/digits mlp"] > 0.97


def test_a_weak_model_fails():
    found = verdict([accuracy.run(replace(NETWORKS["mlp"], epochs=1))])
    assert [m.level for m in found.mismatches] == ["accuracy"]
    assert "at least 96%, against the known answer" in str(found.mismatches[0])


def test_a_network_that_raises_is_reported_and_leaves_no_trace_behind():
    result = accuracy.run(replace(NETWORKS["mlp"], shape=(63,)))
    assert "reshape" in result.error
    assert accuracy.run(replace(NETWORKS["mlp"], body=lambda layers: 1 / 0)).error.startswith("ZeroDivisionError")
    assert config.floatx() == "float32"


def _reached(errors):
    entry = Entry("test accuracy", "accuracy", "float64", np.float64(1 - errors / 360))
    return [Result("accuracy/digits cnn", "float32", "eager", [entry])]


def test_backends_are_held_within_half_a_point():
    assert not verdict(_reached(6), _reached(5), "torch").mismatches
    assert not verdict(_reached(4), _reached(5), "torch").mismatches
    for errors in (3, 7):
        assert "allowed" in str(verdict(_reached(errors), _reached(5), "torch").mismatches[0])


def test_two_backends_on_different_sides_of_the_reference_are_too_far_apart():
    verdicts = [Verdict(name, {}, 0.0) for name in ("numpy", "torch", "jax")]
    for v, errors in zip(verdicts, (5, 4, 5)):
        v.accuracies["accuracy/digits cnn"] = 1 - errors / 360
    assert not list(accuracy.apart(verdicts))
    verdicts[2].accuracies["accuracy/digits cnn"] = 1 - 6 / 360
    ((where, mismatch),) = accuracy.apart(verdicts)
    assert where is verdicts[2] and mismatch.backend == "jax" and mismatch.level == "accuracy"
    assert "against torch: 0.9833 and 0.9889 are more than 0.005 apart" in str(mismatch)


# files ---------------------------------------------------------------------------------------------------------
def exchange(root, *ops, dtype="float64", names=("numpy",)):
    """The results of both rounds on the backends named, all in this process: {backend: results}."""
    some, found = [EXCHANGES[op, dtype] for op in ops], {name: [] for name in names}
    for jobs in (lambda: files.save_jobs(str(root), some), lambda: files.load_jobs(str(root), names, some)):
        for name in names:
            with kshim.use(name):
                found[name] += [r for _, job in jobs() for r in job(registry.state.backend)]
    return found


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_files_move_between_backends(dtype, tmp_path):
    pytest.importorskip("torch")
    ops = ["mlp", "cnn", "graph", "custom", "LossScaleOptimizer"] if dtype == "float64" else ["mlp"]
    found = exchange(tmp_path, *ops, dtype=dtype, names=("numpy", "torch"))
    for name in found:
        judged = verdict(found[name], found["numpy"], name)
        assert not judged.mismatches, judged.mismatches[0]
        assert {f"files/{op}{source}" for op in ops for source in ("", " from numpy", " from torch")} == {
            r.case for r in found[name]
        }


def test_both_rounds_of_a_run():
    outcome = orchestrate.run(["numpy"], Plan("files/mlp", frozenset(("files",))))
    found = verdict(outcome.traces["numpy"].results)
    assert not found.mismatches
    assert found.levels["files"].cases == {"files/mlp", "files/mlp from numpy"}


def test_calls_of_a_planted_fault_are_counted_in_both_rounds():
    first, second = (Trace("numpy", {"fault": {"name": "f", "calls": n}}, [], 0.0) for n in (0, 3))
    first.extend(second)
    assert first.info["fault"]["calls"] == 3


def test_every_layer_with_weights_is_in_a_file():
    with settings("float32"):
        there = {type(part) for recipe in MODELS.values() for part in recipe.build(kshim)._with_sublayers()}
        classes = {type(part) for part in _layers_of_cases() if part.weights}
    assert len(classes) > 30
    assert not {c.__name__ for c in classes - there}


def _layers_of_cases():
    seen = set()
    for case in cases_layers.cases():
        if case.op not in seen and inspect.isclass(getattr(kshim.layers, case.op, None)):
            seen.add(case.op)
            yield build(case).layer


def test_every_optimizer_is_in_a_file():
    used = {recipe.optimizer for recipe in MODELS.values()}
    base = kshim.optimizers.Optimizer
    classes = {
        c for c in vars(kshim.optimizers).values() if inspect.isclass(c) and issubclass(c, base) and c is not base
    }
    assert {c.__name__ for c in classes} <= used


def _swapped_slots(monkeypatch):
    load = hdf5_read._load_slots

    def swapped(optimizer, names, values):
        first = next(i for i, v in enumerate(values) if v.shape == values[-1].shape)
        values[first], values[-1] = values[-1], values[first]
        return load(optimizer, names, values)

    monkeypatch.setattr(hdf5_read, "_load_slots", swapped)


def _no_slots(monkeypatch):
    monkeypatch.setattr(hdf5_read, "_load_slots", lambda *_: None)


def _no_statistics(monkeypatch):
    for module in (hdf5_write, hdf5_read):
        monkeypatch.setattr(module, "layer_weights", lambda layer: list(layer.trainable_weights))


def _statistics_first(monkeypatch):
    for module in (hdf5_write, hdf5_read):
        monkeypatch.setattr(module, "layer_weights", lambda x: x.non_trainable_weights + x.trainable_weights)


def _rounded(monkeypatch):
    assign = hdf5_read._assign
    monkeypatch.setattr(hdf5_read, "_assign", lambda pairs: assign([(v, np.float32(a)) for v, a in pairs]))


def _without(key):
    def plant(monkeypatch):
        state = training_state.training_state
        empty = {"streams": {}, "epochs": 0, "seed": 5}[key]
        monkeypatch.setattr(hdf5_write, "training_state", lambda model: {**state(model), key: empty})

    return plant


def _no_schedule(monkeypatch):
    monkeypatch.setattr("kshim.optimizers.rates.serialize_schedule", lambda schedule: 0.01)


def _no_epsilon(monkeypatch):
    config_of = kshim.layers.BatchNormalization.get_config
    monkeypatch.setattr(
        kshim.layers.BatchNormalization,
        "get_config",
        lambda self: {k: v for k, v in config_of(self).items() if k != "epsilon"},
    )


@pytest.mark.parametrize(
    "op, plant, seen",
    [
        ("mlp", _swapped_slots, r"change of optimizer .* by load_model.*value"),
        ("cnn", _no_slots, r"change of optimizer 0 .* by load_model.*value"),
        ("cnn", _no_statistics, "tf_keras writes"),
        ("cnn", _statistics_first, "tf_keras writes"),
        ("cnn", _no_epsilon, r"change of prediction\[0\]"),
        ("mlp", _rounded, "change of weight 0 .* by load_weights"),
        ("mlp", _without("streams"), "loss going on.*known answer"),
        ("mlp", _without("epochs"), "loss going on.*known answer"),
        ("mlp", _without("seed"), "loss going on.*known answer"),
        ("mlp", _no_schedule, "in the end.*known answer"),
    ],
    ids=lambda v: getattr(v, "__name__", None),
)
def test_faults_of_saving_are_seen(op, plant, seen, tmp_path, monkeypatch):
    plant(monkeypatch)
    found = texts(exchange(tmp_path, op)["numpy"])
    assert any(re.search(seen, text) for text in found), found


def test_statistics_that_are_lost_show_without_the_layout_too(tmp_path, monkeypatch):
    _no_statistics(monkeypatch)
    monkeypatch.setattr(files, "check_layout", lambda *_: None)
    found = texts(exchange(tmp_path, "cnn")["numpy"])
    assert any("moving_mean by load_model" in text for text in found)
    assert any("change of prediction" in text for text in found)


def test_another_architecture_is_seen(tmp_path, monkeypatch):
    unit, b = EXCHANGES["mlp", "float64"], registry.get("numpy", "cpu")
    with kshim.use("numpy"):
        list(job(b) for _, job in files.save_jobs(str(tmp_path), [unit]))
        path = tmp_path / "numpy" / "mlp float64" / "model.json"
        path.write_text(path.read_text().replace('"rate": 0.3', '"rate": 0.25'))
        ((result,),) = [job(b) for _, job in files.load_jobs(str(tmp_path), ["numpy"], [unit])]
    assert "['rate']: got 0.3, saved was 0.25" in result.error


def test_a_backend_that_saved_nothing_is_an_error(tmp_path):
    b = registry.get("numpy", "cpu")
    ((result,),) = [job(b) for _, job in files.load_jobs(str(tmp_path), ["torch"], [EXCHANGES["mlp", "float64"]])]
    assert result.case == "files/mlp from torch" and "FileNotFoundError" in result.error


def test_a_layout_may_say_more_in_a_name_but_not_less():
    wanted = ["time_distributed/kernel:0", [4, 4]]
    assert files_layout._is(["time_distributed/dense/kernel:0", [4, 4]], wanted)
    for name, shape in (("time_distributed/dense/bias:0", [4, 4]), ("kernel:0", [4, 4]), (wanted[0], [4, 3])):
        assert not files_layout._is([name, shape], wanted)


# damaged files -------------------------------------------------------------------------------------------------
def test_cut_files_are_refused():
    result = files_damaged.Damaged().run()
    assert not texts([result])
    assert len(result.entries) == 8


def test_an_unclear_error_is_seen(monkeypatch):
    monkeypatch.setattr(saving_files, "_from_h5py", lambda error: False)
    assert "begins otherwise" in files_damaged.Damaged().run().error


def test_a_file_that_is_taken_though_cut_is_seen(monkeypatch):
    monkeypatch.setattr(kshim.Sequential, "load_weights", lambda self, path: None)
    assert "took a file that is cut short" in files_damaged.Damaged().run().error


def test_a_half_loaded_model_is_seen(monkeypatch):
    load = kshim.Sequential.load_weights

    def load_weights(self, path):
        self.weights[0].assign(self.weights[0] * 0)
        load(self, path)

    monkeypatch.setattr(kshim.Sequential, "load_weights", load_weights)
    assert any("weights changed by load_weights" in text for text in texts([files_damaged.Damaged().run()]))
