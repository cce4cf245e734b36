"""The probes: right on a healthy backend, and each sees the fault it is there for."""

import numpy as np
import pytest
from kshim_conformance import oracles_random, probes, probes_gradients, probes_promotion, probes_rng, run
from kshim_conformance.evaluate import has_bfloat16
from kshim_conformance.judge import Judge
from kshim_conformance.trace import Trace

import kshim
from kshim.engine import seeds
from kshim.engine.context import context
from kshim.engine.variable import Variable
from kshim.spec import dtypes, registry, rng
from kshim.training import data_arrays, loop
from kshim.training.session import Session

ALL = {p.op: p for p in probes.probes()}
NEW = [name for name, p in ALL.items() if p.run.__module__.rsplit(".", 1)[-1] in (
    "probes_spec", "probes_promotion", "probes_rng", "probes_seeds", "probes_compile", "probes_fit", "probes_gradients",
)]  # fmt: skip


@pytest.fixture
def b():
    with kshim.use("numpy"):
        yield registry.state.backend


def judged(result):
    """Names of the entries of a result that are not what they must be; "" for one that failed altogether."""
    trace = Trace("numpy", {}, [result], 0.0)
    return {m.entry for m in Judge(trace).verdict(trace).mismatches}


def wrong(b, name):
    """What is wrong with the results of a probe."""
    return judged(run.run_probe(b, ALL[name], ALL[name].dtypes[0]))


@pytest.mark.parametrize("name", NEW)
def test_probes_pass_on_the_reference(b, name):
    for dtype in ALL[name].dtypes:
        if dtype != "bfloat16" or has_bfloat16(b):
            result = run.run_probe(b, ALL[name], dtype)
            assert result.entries and any(e.expected is not None for e in result.entries)
            assert judged(result) == set()


def test_every_probe_has_a_level_and_a_name_of_its_own():
    functions = [p.run for p in ALL.values()]
    assert len({id(f) for f in functions}) == len(functions) > 80
    assert {p.part for p in ALL.values()} >= {"spec", "ops", "grads", "rng", "compile"}


# spec ----------------------------------------------------------------------------------------------------------
def _plant(monkeypatch, b, name, method):
    monkeypatch.setattr(type(b), name, method)


@pytest.mark.parametrize(
    "name, entry, method",
    [
        ("add", "add(x, y)", lambda self, a, b: a + b),
        ("tanh", "tanh(x)", lambda self, x, y=0: np.tanh(x)),
        ("scan", "scan(step, init, xs, length, reverse)", None),
        ("gelu", "gelu(x, approximate)", lambda self, x, *rest: x),
    ],
)
def test_a_wrong_signature_is_seen(b, monkeypatch, name, entry, method):
    _plant(monkeypatch, b, name, method)
    assert wrong(b, "signatures") == {entry}


@pytest.mark.parametrize(
    "probe, op, change, entries",
    [
        ("binary_dtypes", "power", lambda y: y.astype("int64") if y.dtype == "int8" else y, {"power of tensors int8", "power with a number int8", "power of a number int8"}),
        ("binary_dtypes", "less", lambda y: y.astype("uint8"), None),
        ("kept_dtypes", "sum", lambda y: y.astype("int64") if y.dtype == "uint16" else y, {"sum uint16"}),
        ("kept_dtypes", "argsort", lambda y: y.astype("int64"), None),
        ("kept_dtypes", "take", lambda y: y.astype("float64") if y.dtype == "float16" else y, {"take float16"}),
        ("casts", "cast", lambda y: np.maximum(y, 1) if y.dtype == "uint64" else y, None),
    ],
)  # fmt: skip
def test_a_wrong_dtype_is_seen(b, monkeypatch, probe, op, change, entries):
    right = getattr(type(b), op)
    _plant(monkeypatch, b, op, lambda self, *args: change(np.asarray(right(self, *args))))
    found = wrong(b, probe)
    assert found == entries if entries else len(found) > 5


def test_the_promotion_on_record_is_numpys_but_for_what_the_spec_decides():
    for (x, y), found in probes_promotion.PROMOTED.items():
        if "bfloat16" in (x, y):
            continue
        narrow = dtypes.is_float(found) and not (dtypes.is_float(x) and dtypes.is_float(y))
        wide = "uint64" in (x, y) and {x, y} & set(dtypes.SIGNED)
        assert narrow or wide or np.promote_types(x, y) == found, (x, y)
        assert probes_promotion.PROMOTED[y, x] == found


def test_a_wrong_promotion_is_seen(b, monkeypatch):
    right = dtypes.promote
    monkeypatch.setattr(
        probes_promotion, "promote", lambda x, y: "float64" if (x, y) == ("int64", "float32") else right(x, y)
    )
    assert wrong(b, "promotion") == {"int64 float32"}
    monkeypatch.setattr(dtypes, "promote", lambda x, y: "float64" if {x, y} == {"int64", "float32"} else right(x, y))
    found = wrong(b, "frontend_dtypes")
    assert {"maximum float32 int64", "divide int64 float32"} <= found and all("int64" in e for e in found)


def test_negated_integers_and_booleans_are_seen(b, monkeypatch):
    from kshim.ops import elementwise, reduce, shaping

    for module in (reduce, shaping):
        monkeypatch.setattr(module, "descending", lambda backend, value: backend.negative(value))
    found = wrong(b, "frontend_integers")
    assert {"argmin of uint8", "argmin of int32", "top_k of uint64"} <= found and not any("clip" in e for e in found)
    right = elementwise.binary_operands
    monkeypatch.setattr(elementwise, "binary_operands", lambda x, y, floats=False, booleans=None: right(x, y, floats))
    assert wrong(b, "frontend_booleans") >= {""}


# rng -----------------------------------------------------------------------------------------------------------
def test_statistics_see_what_is_not_random():
    u = oracles_random.uniforms((1 << 16,), (1, 2))

    def fails(known):
        return not known.got

    assert not fails(probes_rng.correlation(u[1:], u[:-1])) and fails(probes_rng.correlation(u, u + 30 * u[::-1]))
    counts = np.full(64, 1024.0)
    assert fails(probes_rng.chi_square(counts, 1024.0)), "too even is not random either"
    assert fails(probes_rng.chi_square(counts + 80 * np.sin(np.arange(64)), 1024.0))
    assert not fails(probes_rng.chi_square(np.bincount((u * 64).astype(int), minlength=64), 1024.0))


def test_a_generator_with_another_constant_is_seen(b, monkeypatch):
    monkeypatch.setattr(rng, "MULTIPLIER_2", rng.MULTIPLIER_2 + 2)
    assert len(wrong(b, "generator_words")) == len(probes_rng.WORDS)
    assert any("bits" in e for e in wrong(b, "generator_uniform"))


def test_a_generator_of_few_bits_is_seen(b, monkeypatch):
    right = rng.bits
    monkeypatch.setattr(rng, "bits", lambda n, key: right(n, key) & np.uint32(0xFFFFFFFE))
    assert {e.split(" of ")[0] for e in wrong(b, "generator_bits")} >= {"words", "bits", "once each"}


def test_streams_that_are_alike_are_seen(b, monkeypatch):
    right = type(b).random_uniform
    _plant(monkeypatch, b, "random_uniform", lambda self, shape, key, dtype: right(self, shape, (key[0], 0), dtype))
    assert not wrong(b, "independent_streams"), "one word is enough to tell these apart"
    _plant(
        monkeypatch, b, "random_uniform", lambda self, shape, key, dtype: right(self, shape, (key[0] & 0xF, 0), dtype)
    )
    assert wrong(b, "independent_streams")


def test_keys_that_forget_a_part_are_seen(b, monkeypatch):
    right = rng.fold
    monkeypatch.setattr(rng, "fold", lambda *words: right(*words[:2]))
    assert {"keys", "words"} <= wrong(b, "keys_apart")
    assert len(wrong(b, "generator_words")) > 3


@pytest.mark.parametrize(
    "method, plant, entry",
    [
        ("draws_by_position", lambda right: lambda s, shape, key, d: right(s, shape[::-1], key, d).reshape(shape[::-1]).T, "(3, 20)"),
        ("generator_uniform", lambda right: lambda s, shape, key, d: np.sqrt(right(s, shape, key, d)), "mean of (0, 0)"),
        ("generator_uniform", lambda right: lambda s, shape, key, d: np.round(right(s, shape, key, d), 2), "spread of (0, 0)"),
    ],
)  # fmt: skip
def test_wrong_draws_are_seen(b, monkeypatch, method, plant, entry):
    _plant(monkeypatch, b, "random_uniform", plant(type(b).random_uniform))
    assert entry in wrong(b, method)


def test_a_wrong_dropout_is_seen(b, monkeypatch):
    right = type(b).dropout
    _plant(monkeypatch, b, "dropout", lambda self, x, rate, key, shape: right(self, x, rate, key, shape) * (1 - rate))
    assert {e.split()[-1] for e in wrong(b, "dropout_rates")} == {"scale", "shared"}
    _plant(monkeypatch, b, "dropout", lambda self, x, rate, key, shape: right(self, x, rate**2, key, shape))
    assert {e.split()[-1] for e in wrong(b, "dropout_rates")} >= {"mask", "share"}


# seeds ---------------------------------------------------------------------------------------------------------
def test_faults_of_seeds_are_seen(b, monkeypatch):
    def planted(module, name, value):
        with monkeypatch.context() as m:
            m.setattr(module, name, value)
            return {probe: wrong(b, probe) for probe in ALL if ALL[probe].run.__module__.endswith("probes_seeds")}

    found = planted(seeds, "host_key", lambda seed=None: (1, 2))
    assert all(
        found[p] for p in ("draws_with_a_seed", "draws_without_a_seed", "draws_on_the_host", "initializers_with_a_seed")
    )
    found = planted(seeds.SeedGenerator, "words", property(lambda self: (5, 6)))
    assert found["draws_of_layers"] and found["draws_in_training"] and not found["draws_with_a_seed"]
    found = planted(loop, "_shuffle_key", lambda model: (1, 2))
    assert {e.split(",")[0] for e in found["orders_of_fit"]} == {
        "shuffle True by 1",
        "shuffle True by 5",
        "shuffle batch by 2",
    }
    found = planted(Session, "key", lambda self, counter: {"key0": 3, "key1": 4})
    assert found["draws_in_training"] and not found["draws_of_layers"]
    found = planted(data_arrays.ArraySource, "order", lambda self, key: np.arange(self.num_samples))
    assert found["orders_of_fit"]


def test_seeds_are_put_back(b):
    before = dict(vars(seeds._global)), kshim.config.floatx()
    for name in ("draws_without_a_seed", "draws_in_training", "orders_of_fit"):
        wrong(b, name)
    assert (dict(vars(seeds._global)), kshim.config.floatx()) == before


# compile -------------------------------------------------------------------------------------------------------
def _compiling(change):
    """A `compile_step` that wraps the function: `change(function, calls so far)`."""

    def compile_step(self, function, donate):
        calls = []

        def step(state, hyper, batch):
            calls.append(1)
            batch = [np.array(x) for x in batch] if isinstance(batch, list) else batch
            return change(function, len(calls), state, hyper, batch)

        return step

    return compile_step


def test_a_backend_that_traces_for_every_call_is_seen(b, monkeypatch):
    from kshim_conformance import probes_compile

    from kshim.training import replay

    # numpy, which runs the function each time, as one that traces; and steps that are not recorded
    monkeypatch.setattr(probes_compile, "traces", lambda b: True)
    monkeypatch.setattr(replay, "Replayed", lambda backend, function, donate: backend.compile_step(function, donate))
    assert {"call 2 of 8", "call 7 of 3"} <= wrong(b, "step_runs")
    assert {"a tensor: runs", "another float: runs"} <= wrong(b, "step_forms")
    assert {"epoch 1", "another rate", "second predict"} <= wrong(b, "fit_runs")


@pytest.mark.parametrize(
    "probe, change",
    [
        ("step_hyper_changes", lambda f, n, state, hyper, batch: f(state, {k: np.float64(np.float32(v)) if isinstance(v, float) else v for k, v in hyper.items()}, batch)),
        ("step_equals_eager", lambda f, n, state, hyper, batch: f(state, {**hyper, "lr": 0.1}, batch)),
        ("step_same_in_and_out", lambda f, n, state, hyper, batch: (lambda s, o: ([s[0], s[0], s[2]], o))(*f(state, hyper, batch))),
        ("step_donation", lambda f, n, state, hyper, batch: f(state, hyper, batch + n - 1)),
        ("fit_sees_learning_rates", lambda f, n, state, hyper, batch: f(state, {k: float(np.float32(v)) if k == "lr" else v for k, v in hyper.items()}, batch)),
    ],
)  # fmt: skip
def test_faults_of_compiled_steps_are_seen(b, monkeypatch, probe, change):
    _plant(monkeypatch, b, "compile_step", _compiling(change))
    assert wrong(b, probe)


def test_a_step_that_keeps_its_first_state_is_seen(b, monkeypatch):
    first = {}

    def stale(function, n, state, hyper, batch):
        if isinstance(state, dict) and "params" in state:
            state = {**state, "params": first.setdefault(id(function), state["params"])} if n > 1 else state
            new, out = function(state, hyper, batch)
            first[id(function)] = new.get("params", state["params"])
            return new, out
        return function(state, hyper, batch)

    _plant(monkeypatch, b, "compile_step", _compiling(stale))
    found = wrong(b, "fit_sees_assignments")
    assert {"assigned a tensor", "set_weights"} <= found and "first" not in found  # the first step is recorded apart


def test_state_that_is_overwritten_in_place_is_seen(b, monkeypatch):
    """As a backend does that updates the donated state without asking who holds it."""

    def in_place(function, n, state, hyper, batch):
        new, out = function(state, hyper, batch)
        if isinstance(state, dict) and "slots" in state:
            for old, value in zip(state["params"], new["params"]):
                old[...] = value
            new["params"] = state["params"]
        return new, out

    _plant(monkeypatch, b, "compile_step", _compiling(in_place))
    assert wrong(b, "fit_keeps_what_was_taken") == set(), "a weight that was lent is copied before the step"
    assert wrong(b, "fit_keeps_variables_apart")
    monkeypatch.setattr(Variable, "lent", Variable.native)
    assert {"identity, SGD", "reshape, Adam"} <= wrong(b, "fit_keeps_what_was_taken")


def test_foreign_variables_that_are_forgotten_are_seen(b, monkeypatch):
    """As if a step kept the values of the first one, which compilation alone would do."""
    seen, right = {}, Variable.native

    def first_value(self):
        value = right.fget(self)
        if context.step_key is not None and self.name == "variable":
            return seen.setdefault(id(self), value)
        return value

    monkeypatch.setattr(Variable, "native", property(first_value))
    assert {"read in step 1", "counted in step 1"} <= wrong(b, "fit_and_foreign_variables")


# gradients -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", [n for n in NEW if n.startswith("differences_")])
def test_wrong_gradients_of_loops_and_chains_are_seen(b, monkeypatch, name):
    right = type(b).value_and_grad

    def planted(self, function):
        def call(params, *rest):
            out, grads = right(self, function)(params, *rest)
            return out, [g * (1 + 1e-4) + 1e-4 for g in grads]

        return call

    _plant(monkeypatch, b, "value_and_grad", planted)
    found = wrong(b, name)
    assert found and len(found) == len(run.run_probe(b, ALL[name], "float64").entries)


def test_a_scan_that_drops_a_gradient_is_seen(b, monkeypatch):
    right = type(b).scan

    def planted(self, step, init, xs, length, reverse):
        return right(self, step, [self.stop_gradient(h) for h in init], xs, length, reverse)

    _plant(monkeypatch, b, "scan", planted)
    assert wrong(b, "differences_scan_forward") == {"along a direction[0]"}


def test_directions_are_those_of_the_exact_derivative(b):
    (found,) = probes_gradients.along_directions(
        b, lambda p: b.sum(b.square(p[0]), (0,), False), [np.array([1.0, -2.0])]
    )
    assert found.got == pytest.approx(found.expected, rel=1e-9)
