"""The level of layers: it has a case for every layer, its known answers hold, and it sees planted faults."""

import dataclasses
import fnmatch

import numpy as np
import pytest
from kshim_conformance import cases_layers, cases_layers_basic, layers, layers_known, layers_run
from kshim_conformance.cases_layers import Moved, New
from kshim_conformance.judge import Judge
from kshim_conformance.trace import Trace

from kshim import config
from kshim.engine import names, seeds
from kshim.spec import registry

CASES = {c.id: c for c in layers.units()}


def chosen(*patterns):
    """The cases that match globs, which must match something."""
    found = [c for c in CASES.values() if any(fnmatch.fnmatchcase(c.id, f"layers/{p}") for p in patterns)]
    assert found, patterns
    return found


def traced(cases, name="numpy"):
    """The trace of all jobs of some cases on a backend."""
    with registry.use(name):
        b = registry.state.backend
        results = [r for c in cases for _, function in layers.jobs(c) for r in function(b)]
    return Trace(name, {}, results, 0.0)


def mismatches(trace, reference=None):
    """What the judge says of a trace, as one text a mismatch."""
    same = [c.id for c in CASES.values() if c.same]
    return [str(m) for m in Judge(reference or trace, same).verdict(trace).mismatches]


def wrong(*patterns):
    """The mismatches of the numpy backend against the known answers alone."""
    return mismatches(traced(chosen(*patterns)))


# completeness --------------------------------------------------------------------------------------------------
def test_every_exported_layer_has_a_case():
    assert len(layers.units()) > 300
    covered = {c.op for c in CASES.values()}
    assert covered > set(cases_layers.layer_classes()) - set(cases_layers.EXEMPT)
    assert len(CASES) == len(layers.units())
    assert {c.op for c in CASES.values() if c.quick} == covered


def test_a_layer_without_a_case_is_refused(monkeypatch):
    rows = [c for c in cases_layers_basic.CASES if c.op not in ("PReLU", "Add")]
    monkeypatch.setattr(cases_layers_basic, "CASES", rows)
    with pytest.raises(LookupError, match="Layers without a case: Add, PReLU"):
        layers.units()


def test_a_case_without_a_layer_and_a_needless_exemption_are_refused(monkeypatch):
    monkeypatch.setattr(cases_layers_basic, "CASES", [*cases_layers_basic.CASES, cases_layers.case("Densest", 3)])
    monkeypatch.setitem(cases_layers.EXEMPT, "Capsule", "not there")
    with pytest.raises(LookupError, match="cases or exemptions of no layer: Densest, Capsule"):
        layers.units()


# known answers -------------------------------------------------------------------------------------------------
def test_every_case_has_known_answers_and_nothing_else_has():
    assert not layers_known.stale()
    for c in CASES.values():
        for dtype in c.dtypes:
            phases = {key.split(" ")[0] for key in layers_known.known(c, dtype)}
            assert phases == {"inference", "training"}
    assert layers_known.PATH.stat().st_size < 1_000_000


def test_most_answers_are_those_of_tf_keras():
    sources = [layers_known._file()[name] for name in CASES]
    assert sum(layers_known.TF_KERAS in s for s in sources) > 0.9 * len(sources)
    for c in CASES.values():
        known = layers_known._file()[c.id]
        assert (layers_known.TF_KERAS in known) == (c.oracle == "tf_keras" or isinstance(c.oracle, (New, Moved)))
        assert (layers_known.RECORDED in known) == (c.random or c.oracle in (None, "float32"))


def test_a_case_that_was_not_recorded_says_how_to(monkeypatch):
    case = cases_layers.case("Dense", 17)
    (text,) = mismatches(traced([dataclasses.replace(case, quick=False)]))[:1]
    assert "No known answer for layers/Dense(17)" in text and "kshim_conformance.record_layers" in text


def test_projections_tell_values_and_places_apart():
    case, x = CASES["layers/Dense(3)(normal(2, 6))"], np.arange(6.0).reshape(2, 3)
    first = layers_known.project(case, "inference output 0", x)
    assert first.shape == (4,) and first[-1] == pytest.approx(np.sqrt(55))
    for other in (x[::-1], x.T.reshape(2, 3), x + 1e-9):
        assert np.abs(layers_known.project(case, "inference output 0", other)[:3] - first[:3]).max() > 1e-10
    assert np.abs(layers_known.project(case, "training output 0", x)[:3] - first[:3]).max() > 0.1


@pytest.mark.parametrize(
    "name",
    [
        "Dense(4, activation='softmax', kernel_regularizer='l2', bias_constraint='max_norm')*",
        "BatchNormalization(momentum=0.5, axis=1)*",
        "LSTM(3, return_sequences=True, go_backwards=True, stateful=True*",
        "Conv2D(3, (3, 2), data_format='channels_first', padding='same'*",
        "MultiHeadAttention(2, 3)(normal(2, 4, 6), normal(2, 4, 6), masked)",
        "Merge(mode='cos', dot_axes=1)*",
        "Dropout(0.3*",
    ],
)
def test_the_recorder_finds_what_the_file_has(name, tf_keras):
    from kshim_conformance.record_layers import record

    (case,) = chosen(name)
    report = []
    with registry.use("numpy"):
        found = record(case, registry.state.backend, registry.get("tensorflow"), report.append)
    stored = layers_known._file()[case.id]
    assert not report and found.keys() == stored.keys()
    for source, arrays in found.items():
        assert arrays.keys() == stored[source].keys()
        for key, (shape, values) in arrays.items():
            assert shape == stored[source][key][0]
            tolerance = 1e-4 if source == layers_known.TF_KERAS_FLOAT32 else 1e-11
            np.testing.assert_allclose(values, stored[source][key][1], rtol=tolerance, atol=tolerance)


# running -------------------------------------------------------------------------------------------------------
def test_the_first_case_of_each_layer_agrees_on_every_backend(backend):
    cases = [c for c in CASES.values() if c.quick]
    some = cases if backend in ("numpy", "torch") else cases[::9]
    trace, reference = traced(some, backend), traced(some)
    assert not mismatches(trace, reference)
    assert {r.case for r in trace.results} == {c.id for c in some}
    assert {r.dtype for r in trace.results} == {"float64", "float32"}


def test_everything_is_compared():
    (eager, _) = traced(chosen("Bidirectional(LSTM(3, return_sequences=True, return_state=True)*")).results[:2]
    found = {e.name for e in eager.entries}
    for wanted in (
        "inference output 0", "training output 5", "inference mask 0", "training gradient 0 input 0", "training gradient 6 bias",
        "copy output 1", "projections of training gradient 1 kernel", "shape of inference output 0", "shape in a graph 2",
    ):  # fmt: skip
        assert wanted in found
    batch_norm = traced(chosen("BatchNormalization(momentum=0.75)*")).results[0]
    assert {"training after 1 moving_variance", "model output 0"} <= {e.name for e in batch_norm.entries}
    penalty = traced(chosen("ActivityRegularization(l1=0.1*")).results[0]
    assert {"training loss 0", "compute_output_shape 0"} <= {e.name for e in penalty.entries}
    stateful = traced(chosen("GRU(3, stateful=True*")).results[0]
    assert "inference after 0 state_0" in {e.name for e in stateful.entries}


def test_variants_by_backend():
    first, second = chosen("Dense(3)(normal(2, 6))", "Dense(3, activation='relu'*")

    class Compiling:
        compiles_each_op = True

    class Direct:
        compiles_each_op = False

    assert [layers.variants(Compiling, c, d) for c in (first, second) for d in ("float64", "float32")] == [
        ["compiled"], ["compiled"], ["compiled"], []
    ]  # fmt: skip
    assert [layers.variants(Direct, c, d) for c in (first, second) for d in ("float64", "float32")] == [
        ["eager"], ["eager", "compiled"], ["eager"], ["eager"]
    ]  # fmt: skip


def test_inputs_and_weights_are_the_same_in_both_float_types():
    for c in chosen("LSTM(3, stateful=True*", "Masking*", "BatchNormalization()*"):
        arrays = []
        c.call_arguments(arrays.append)
        arrays += [*c.state_values(), *c.weight_values(["kernel", "moving_variance"], [(3, 4), (50,)])]
        for a in arrays:
            assert a.dtype == np.float64
            np.testing.assert_array_equal(a, a.astype(np.float32))
        assert arrays[-1].min() >= 0.5 and len(np.unique(arrays[-1])) > 40


def test_global_state_is_put_back():
    names.unique_name("dense")
    seeds.set_global_seed(3)
    first = seeds.host_key()
    config.set_floatx("float16")
    seeds.set_global_seed(3)
    with pytest.raises(KeyError), layers_run.settings("float64"):
        assert config.floatx() == "float64" and names.unique_name("dense") == "dense"
        raise KeyError("a failing layer")
    traced(chosen("Dropout(0.5)*"))
    assert config.floatx() == "float16"
    assert names.unique_name("dense") == "dense_1"
    assert seeds.host_key() == first


# faults of the frontend, which all backends share ----------------------------------------------------------------
def test_a_wrong_order_of_gates_is_seen(monkeypatch):
    from kshim import ops
    from kshim.layers import LSTMCell

    advance = LSTMCell.advance
    monkeypatch.setattr(LSTMCell, "fused", lambda self, x, states, reverse: None)
    assert not wrong("LSTM(3)(normal(2, 7, 4))")
    monkeypatch.setattr(
        LSTMCell,
        "advance",
        lambda self, z, states, h_mask=None: advance(
            self, ops.concatenate(ops.split(z, 4, -1)[::-1], -1), states, h_mask
        ),
    )
    found = wrong("LSTM(3)(normal(2, 7, 4))")
    assert any("float64 eager projections of inference output 0, against the known answer" in text for text in found)


def test_a_forgotten_dilation_is_seen(monkeypatch):
    from kshim.layers import Conv1D

    pattern = "Conv1D(3, 3, dilation_rate=2, padding='same'*"
    assert not wrong(pattern)
    built = Conv1D.build

    def build(self, input_shape):
        built(self, input_shape)
        self.dilation_rate = (1,)

    monkeypatch.setattr(Conv1D, "build", build)
    assert any("against the known answer" in text for text in wrong(pattern))


def test_a_wrong_momentum_is_seen(monkeypatch):
    from kshim.layers import BatchNormalization

    move = BatchNormalization._move

    def swapped(self, *statistics):
        self.momentum = 1.0 - self.momentum
        move(self, *statistics)
        self.momentum = 1.0 - self.momentum

    assert not wrong("BatchNormalization(momentum=0.75)*")
    monkeypatch.setattr(BatchNormalization, "_move", swapped)
    found = wrong("BatchNormalization(momentum=0.75)*")
    assert any("projections of training after 1 moving_variance, against the known answer" in text for text in found)
    assert not any("output" in text or "gradient" in text for text in found)


def test_a_lost_mask_and_one_too_many_are_seen(monkeypatch):
    from kshim.layers import Add, Flatten

    monkeypatch.setattr(Add, "compute_mask", lambda self, inputs, mask=None: None)
    assert any(
        "are missing by the known answers: inference mask 0, training mask 0" in t for t in wrong("Add()*masked)")
    )
    monkeypatch.setattr(Flatten, "compute_mask", lambda self, inputs, mask=None: mask)
    assert any("are not expected by the known answers: inference mask 0" in t for t in wrong("Flatten()*masked)"))


def test_a_wrong_output_shape_is_seen(monkeypatch):
    from kshim.layers import Dense

    monkeypatch.setattr(Dense, "compute_output_shape", lambda self, shape: (*shape[:-1], self.units + 1))
    found = wrong("Dense(3)(normal(2, 6))")
    assert any("compute_output_shape 0" in text and "got 4, expected 3" in text for text in found)


def test_configs_that_lose_or_change_something_are_seen(monkeypatch):
    from kshim.layers import Dense, GaussianNoise, LeakyReLU

    lost, given = LeakyReLU.get_config, GaussianNoise.get_config
    monkeypatch.setattr(LeakyReLU, "get_config", lambda self: {k: v for k, v in lost(self).items() if k != "alpha"})
    found = wrong("LeakyReLU(alpha=0.25)*")
    assert any("copy output 0, against the known answer" in text for text in found)
    assert any("model output 0, against the known answer" in text for text in found)
    monkeypatch.setattr(GaussianNoise, "get_config", lambda self: {**given(self), "stddev": self.stddev / 2})
    assert any("stddev: 0.1 became 0.05" in text for text in wrong("GaussianNoise*"))
    monkeypatch.setattr(Dense, "set_weights", lambda self, weights: None)
    assert any("is not what set_weights() was given" in text for text in wrong("Dense(3)(normal(2, 6))"))
