"""`kshim_conformance diff`: planted faults must be found at the right step, layer and tensor, and agreement be called so."""

import json
import os
import textwrap

import numpy as np
import pytest
from kshim_conformance import diff, diff_options, diff_run
from kshim_conformance.diff_inside import Capture
from kshim_conformance.diff_prints import Fingerprints, distance
from kshim_conformance.diff_record import samples
from kshim_conformance.diff_sources import unseeded
from kshim_conformance.diff_step import Step

from kshim import Input, Model, layers, ops
from kshim.optimizers import Adam
from kshim.spec import registry
from kshim.training.session import Session

EXAMPLES = os.path.join(os.path.dirname(__file__), "..", "..", "examples")

#: Backends that are the numpy backend but for one thing.
BACKENDS = """
    from kshim_backends.numpy import backend_class as Numpy

    class Same(Numpy):
        name = "same"

    class WrongForward(Numpy):
        name = "forward"

        def gelu(self, x, approximate):
            return super().gelu(x, True)

    class WrongGradient(Numpy):
        name = "gradient"

        def tanh(self, x):
            def forward(x):
                y = Numpy.tanh(self, x)
                return y, y

            def backward(y, dy):
                return (self.multiply(dy, self.subtract(1.0, y)),)

            return self.custom_gradient(forward, backward)(x)

    class WrongMomentum(Numpy):
        name = "momentum"

        def fused_update(self, kind, params, grads, slots, scalars):
            scalars = {name: scalars[name] for name in ("lr", "momentum")} | {"momentum": 0.8}
            return super().fused_update(kind, params, grads, slots, scalars)

    class Nudged(Numpy):  # in its third update, and only in the dtypes where that may be rounding
        name = "nudged"
        narrow = True
        updates = 0

        def fused_update(self, kind, params, grads, slots, scalars):
            params, slots = super().fused_update(kind, params, grads, slots, scalars)
            self.updates += 1
            if self.updates == 3 and (params[0].dtype == "float32" or not self.narrow):
                params = [self.add(p, 1e-5) for p in params]
            return params, slots

    class Displaced(Nudged):
        name = "displaced"
        narrow = False

    class Failing(Numpy):
        name = "failing"
        updates = 0

        def fused_update(self, kind, params, grads, slots, scalars):
            self.updates += 1
            if self.updates == 3:
                raise RuntimeError("out of luck")
            return super().fused_update(kind, params, grads, slots, scalars)
"""

SCRIPT = """
    import numpy as np
    import keras
    from keras import layers

    rng = np.random.{generator}
    x, y = rng.normal(size=(64, 12)), rng.permutation(64) % 3
    x = x[:, [int(name) for name in {{str(i) for i in range(12)}}]]
    model = keras.Sequential([
        keras.Input((12,)), layers.Dense(16, activation="relu"), layers.Dense(16, activation="gelu"), layers.Dropout(0.2),
        layers.Dense(8), layers.Activation("tanh"), layers.BatchNormalization(), layers.Dense(3, activation="softmax"),
    ])
    model.compile(keras.optimizers.SGD(0.05, momentum=0.9), "sparse_categorical_crossentropy")
    model.fit(x, y, epochs=1, batch_size=16, verbose=0)
    model.predict(x[:40], verbose=0)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the script and an installed package of the backends above."""
    path = tmp_path_factory.mktemp("diff")
    (path / "faulty.py").write_text(textwrap.dedent(BACKENDS))
    info = path / "faulty-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: faulty\nVersion: 1.0\n")
    classes = ("Same", "WrongForward", "WrongGradient", "WrongMomentum", "Failing", "Nudged", "Displaced")
    names = ("same", "forward", "gradient", "momentum", "failing", "nudged", "displaced")
    points = [f"{name} = faulty:{cls}" for name, cls in zip(names, classes)]
    (info / "entry_points.txt").write_text("\n".join(["[kshim.backends]", *points]))
    (path / "train.py").write_text(textwrap.dedent(SCRIPT).format(generator="RandomState(0)"))
    (path / "unseeded.py").write_text(textwrap.dedent(SCRIPT).format(generator="default_rng()"))
    return path


@pytest.fixture(scope="module")
def run(folder):
    """A function of a script and backends that gives (exit status, JSON document)."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        patch.setenv("PYTHONPATH", os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]))
        patch.setenv("KSHIM_MAX_STEPS", "6")

        def call(script, backends, *options):
            out = folder / "out.json"
            status = diff.main([str(script), "--backends", backends, "--json", str(out), *options])
            return status, json.loads(out.read_text())

        yield call


@pytest.fixture(scope="module")
def found(run, folder):
    """The results of all faulty backends on one script, by name."""
    keep = str(folder / "kept")
    status, document = run(
        folder / "train.py", "numpy,same,forward,gradient,momentum,failing,nudged,displaced", "--keep", keep
    )
    assert status == 1
    return document["backends"]


def test_backends_that_compute_the_same_agree(found):
    same = found["same"]
    assert same["agrees"] and same["finding"] is None
    assert same["agreed"]["losses"] == same["agreed"]["weights"] == 0.0
    assert "agrees with numpy: 4 training steps, 2 prediction steps" in same["text"]


def test_a_wrong_formula_is_found_in_its_layer(found):
    result = found["forward"]
    finding = result["finding"]
    assert (result["parting"]["event"], finding["stage"], finding["name"]) == (0, "forward", "dense_1")
    assert finding["shape"] == [16, 16] and finding["dtype"] == "float32"
    index, expected, got = finding["worst"]
    assert finding["error"] == pytest.approx(abs(expected - got)) and 1e-5 < finding["error"] < 1e-3
    assert result["inside"]["forward"][2] == "dense"
    text = result["text"]
    assert "training step 0 of model 'sequential'" in text
    assert "the output of layer 'dense_1' (Dense, gelu)" in text
    assert str(index).replace("(", "[").replace(")", "]") in text and f"{expected:.9g}" in text and f"{got:.9g}" in text


def test_a_wrong_gradient_is_found_behind_its_layer(found):
    result = found["gradient"]
    finding = result["finding"]
    assert (result["parting"]["event"], finding["stage"], finding["name"]) == (0, "backward", "dense_2")
    assert [c["name"] for c in finding["culprits"]] == ["activation"]
    assert result["inside"]["forward"][0] == 8 and "loss" in result["inside"]
    assert "behind layer 'activation' (Activation, tanh)" in " ".join(result["text"].split())


def test_backends_are_compared_from_the_state_of_the_reference(found, folder):
    for name, event in (("forward", 0), ("gradient", 0), ("momentum", 1)):
        about = json.loads((folder / "kept" / f"{name}-again" / f"event-{event}" / "about.json").read_text())
        assert about["same_start"] and about["astray"] is None and not about["left_out"]


def test_a_wrong_update_is_found_in_the_optimizer(found):
    result = found["momentum"]
    finding = result["finding"]
    # the first step starts from a momentum of 0
    assert (result["parting"]["event"], finding["stage"], finding["name"]) == (1, "slot", "SGD/m/dense/kernel")
    assert "the update of the optimizer (SGD)" in " ".join(result["text"].split())
    assert "training step 0: initial weights equal, data equal, losses equal, weights equal" in result["text"]


def test_an_error_on_one_backend_is_shown_with_its_place(found):
    result = found["failing"]
    assert (result["parting"]["event"], result["parting"]["what"]) == (2, "error")
    assert result["parting"]["items"][0]["expected"] == "no error"
    assert result["parting"]["items"][0]["got"] == "RuntimeError: out of luck"
    assert "training step 2 of model 'sequential'" in result["text"]
    assert "On failing it failed inside a training step" in result["text"] and "Traceback" in result["text"]


def test_rounding_is_told_from_a_difference_by_float64(found):
    result = found["nudged"]
    assert (
        result["agrees"]
        and result["rounding"]
        and (result["parting"]["event"], result["parting"]["what"]) == (2, "weight")
    )
    text = " ".join(result["text"].split())
    assert "but for rounding. Note: at training step 2 of model 'sequential'" in text and "'dense/kernel'" in text
    assert "In float64 they agree: initial weights equal, data equal, losses equal, weights equal" in text


def test_a_step_that_differs_only_when_it_trains(found):
    result = found["displaced"]
    assert not result["agrees"] and result["finding"] is None
    assert (result["parting"]["event"], result["own"]["stage"], result["own"]["name"]) == (2, "real", "dense/kernel")
    text = " ".join(result["text"].split())
    assert "look at how the backend runs the compiled step" in text
    assert "In float64 they differ, too, so this is not rounding but another formula." in text


def test_a_wrong_reference_is_pointed_at(run, folder, capsys):
    status, _ = run(folder / "train.py", "forward,numpy,same", "--steps", "1", "--growth", "0")
    assert status == 1
    text = " ".join(capsys.readouterr().out.split())
    assert "numpy, same differ from forward at the same tensor and agree with each other: it is rather forward" in text


def test_data_that_changes_from_run_to_run_is_told_from_a_difference(run, folder):
    status, document = run(folder / "unseeded.py", "numpy,same")
    result = document["backends"]["same"]
    assert status == 1
    assert (result["parting"]["event"], result["parting"]["what"], result["repeats"]) == (0, "data", False)
    assert result["finding"]["name"] == "x"
    text = " ".join(result["text"].split())
    assert "The script does not repeat itself" in text
    assert "line 6: np.random.default_rng() has no seed" in text


def test_a_script_without_a_seed_is_told_so(run, folder, capsys):
    for line, told in (("", True), ("np.random.seed(1)", False), ("keras.utils.set_random_seed(1)", False)):
        script = folder / "seeds.py"
        script.write_text(
            f"import numpy as np, keras\n{line}\nkeras.Sequential([keras.layers.Dense(2)]).predict(np.ones((3, 4)))\n"
        )
        assert run(script, "numpy,same", "--growth", "0")[0] == 0
        assert ("The script sets no seed" in capsys.readouterr().out) == told, line


#: Name of a planted fault -> (the layers it is looked for with, stage, name of the tensor).
PLANTED = {
    "numpy/lstm-gates": ("layers.LSTM(5, name='r')", "forward", "r"),
    "numpy/gru-bias-gradient": ("layers.GRU(5, name='r')", "backward", "r/gru_cell/bias"),
    "numpy/dense-bias-gradient": ("layers.Flatten()", "backward", "last/bias"),
    "numpy/adam-epsilon-inside": ("layers.Flatten()", "update", "last/kernel"),
    "torch/batch-norm-variance": (
        "layers.BatchNormalization(name='n'), layers.Flatten()",
        "state",
        "n/moving_variance",
    ),
    "numpy/dropout-scale": ("layers.Flatten(), layers.Dropout(0.5, name='d')", "forward", "d"),
}
PLANT = """
    import os, sys
    if sys.argv[1].startswith(os.environ["KSHIM_BACKEND"] + "/"):
        from kshim_conformance import faults_catalogue, faults_plant
        faults_plant.plant(faults_catalogue.find(sys.argv[1]))
"""
WITH_FAULT = f"""{PLANT}
    import numpy as np
    from keras import Input, Sequential, layers, utils
    utils.set_random_seed(0)
    model = Sequential([Input((6, 3)), LAYERS, layers.Dense(2, name="last")])
    model.compile("adam", "mse")
    model.fit(np.random.rand(32, 6, 3), np.random.rand(32, 2), batch_size=8, verbose=0)
"""


DICTS = f"""{PLANT}
    import numpy as np, keras
    from keras import layers
    keras.utils.set_random_seed(0)

    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.both = Both(name="both")

        def call(self, inputs):
            out = self.both(inputs)
            return [out["q"], out["p"]]

    class Both(layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.q, self.p = layers.Dense(3, name="q"), layers.Dense(2, name="p")

        def call(self, inputs):
            wide = layers.add([inputs["wide"], inputs["wide"]])  # a new layer in every call
            return {{"q": self.q(wide), "p": self.p(inputs["narrow"])}}

    model = Net()
    model.compile("sgd", ["mse", "mae"])
    x = {{"wide": np.random.rand(8, 5), "narrow": np.random.rand(8, 3)}}
    model.fit(x, [np.random.rand(8, 3), np.random.rand(8, 2)], verbose=0)
"""


def test_a_model_of_dicts_keeps_their_order(run, folder):
    (folder / "dicts.py").write_text(textwrap.dedent(DICTS))
    status, document = run(folder / "dicts.py", "numpy,same", "numpy/dense-bias-gradient", "--growth", "0")
    result = document["backends"]["same"]
    assert (status, result["finding"]["stage"], result["finding"]["name"]) == (1, "backward", "net/net/both/p/bias")
    assert result["inside"]["forward"][0] == 7 and not result["notes"]
    assert [e["name"] for e in result["finding"]["then"]] == [
        "net/net/both/q/bias",
        "net/net/both/q/bias",
        "net/net/both/p/bias",
    ]


@pytest.mark.parametrize("fault", PLANTED)
def test_planted_faults_are_found_where_they_are(run, folder, fault):
    other = "torch" if fault.startswith("torch/") else "same"
    if diff_options.absent(other):
        pytest.skip(f"{other} is not installed")
    stack, stage, name = PLANTED[fault]
    (folder / "planted.py").write_text(textwrap.dedent(WITH_FAULT).replace("LAYERS", stack))
    status, document = run(folder / "planted.py", f"numpy,{other}", fault, "--steps", "1")
    finding = document["backends"][other]["finding"]
    assert (status, finding["stage"], finding["name"]) == (1, stage, name)


def test_a_real_script_agrees(run, monkeypatch):
    monkeypatch.setenv("KSHIM_MAX_EPOCHS", "1")
    names = [n for n in ("numpy", "torch") if not diff_options.absent(n)]
    status, document = run(
        os.path.join(EXAMPLES, "two_inputs.py"), ",".join(names if len(names) > 1 else ["numpy", "same"])
    )
    (result,) = document["backends"].values()
    assert status == 0 and result["agrees"] and "6 training steps" in result["steps"]
    assert 0 < result["agreed"]["weights"] < 1e-5 or len(names) == 1


def test_a_script_without_a_model_is_no_comparison(folder, run, capsys):
    (folder / "hello.py").write_text("print('hello')\n")
    assert diff.main([str(folder / "hello.py"), "--backends", "numpy,same"]) == 2
    assert "Nothing to compare" in capsys.readouterr().err
    (folder / "chooses.py").write_text("import kshim\nkshim.use('numpy')\n" + (folder / "train.py").read_text())
    assert diff.main([str(folder / "chooses.py"), "--backends", "same,numpy"]) == 2
    assert "on same the script runs on numpy, because it chooses the backend itself" in capsys.readouterr().err


class Cell(layers.Layer):
    """A recurrent cell with a layer inside, which the loop over time calls."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.state_size = units
        self.inner = layers.Dense(units, activation="tanh")

    def build(self, input_shape):
        self.inner.build((None, input_shape[-1] + self.state_size))
        self.built = True

    def call(self, x, states):
        h = self.inner(ops.concatenate([x, states[0]], -1))
        return h, [h]


def test_the_watched_step_is_the_step(backend, tmp_path, monkeypatch):
    inputs = Input((3, 4))
    hidden = layers.RNN(Cell(5), name="rnn")(layers.Dense(4, activation="tanh", name="first")(inputs))
    outputs = layers.Dense(1, name="last")(layers.Dropout(0.5, name="drop")(hidden))
    model = Model(inputs, outputs)
    model.compile(Adam(0.01), "mse")
    plan = {"folder": str(tmp_path), "limit": 2**20, "start": None, "measure": True}

    def observe(session, kind, state, hyper, batch):
        capture = Capture(plan, kind, session, kind, state, hyper, batch)
        new, out = session.run(kind, state, hyper, batch)
        capture.after(new)
        return new, out

    x, y = np.random.RandomState(0).normal(size=(2, 8, 3, 4)).astype("float32"), np.ones((8, 1), "float32")
    between = Model(inputs, hidden).predict(x[0], verbose=0)
    monkeypatch.setattr(Session, "observer", staticmethod(observe))
    loss = model.train_on_batch(x[0], y)
    predicted = model.predict(x[1], verbose=0)
    step = Step(tmp_path, "train")
    found = {(e["stage"], e["name"]): step.read(e) for e in step.entries}
    assert step.about["astray"] is None
    assert [c["name"] for c in step.calls] == ["first", "rnn", "drop", "last", model.name]
    np.testing.assert_allclose(found["forward", "rnn"], between, rtol=1e-5, atol=1e-6)
    assert found["loss", "loss"] == pytest.approx(loss, rel=1e-5)
    kept = found["forward", "drop"] != 0
    assert 0 < kept.sum() < kept.size
    # the gradient that arrives in front of the dropout is that behind it, through its mask
    np.testing.assert_allclose(found["backward", "rnn"], found["backward", "drop"] * kept * 2, rtol=1e-5)
    bias = found["backward", "last"].sum(axis=0)
    np.testing.assert_allclose(found["backward", "last/bias"], bias, rtol=1e-5)
    for e in step.of("real"):
        stage = "update" if e["role"] == "weight" else "slot"
        np.testing.assert_allclose(step.read(e), found[stage, e["name"]], rtol=1e-5, atol=1e-7)
    assert all(e["noise"] < 1e-5 for e in step.of("forward", "backward"))
    assert any(e["noise"] > 0 for e in step.of("forward"))
    other = Step(tmp_path, "predict")
    np.testing.assert_allclose(other.read(other.of("forward")[-1])[:8], predicted, rtol=1e-5, atol=1e-6)


# parts ---------------------------------------------------------------------------------------------------------------
def test_fingerprints_tell_the_distance():
    prints, rng = Fingerprints(), np.random.default_rng(0)
    a = rng.normal(size=(300, 400))
    single = a.copy()
    single[200, 7] += 1e-3
    assert distance(prints.of(a), prints.of(single)) == pytest.approx(1e-3, rel=1e-6)
    noisy = a + 1e-3 * rng.normal(size=a.shape)
    assert distance(prints.of(a), prints.of(noisy)) == pytest.approx(np.linalg.norm(a - noisy), rel=0.6)
    assert distance(prints.of(a), prints.of(a.copy())) == 0.0
    single[0, 0] = np.nan
    assert distance(prints.of(a), prints.of(single)) == np.inf
    assert distance(prints.of(single), prints.of(single.copy())) == 0.0
    ints = np.arange(5)
    assert distance(prints.of(ints), prints.of(ints[::-1])) == np.inf


def test_what_fills_up_a_prediction_does_not_count():
    b = registry.get("numpy", "cpu")
    x = np.arange(6.0).reshape(3, 2)
    assert samples(b, x) == 3
    assert samples(b, np.concatenate([x, x[-1:], x[-1:]])) == 3
    assert samples(b, {"a": np.concatenate([x, x[-1:]]), "b": np.arange(4.0)}) == 4
    assert samples(b, np.zeros((4, 2))) == 1


def test_options_of_the_script_are_left_to_it(tmp_path, monkeypatch):
    (tmp_path / "train.py").touch()
    monkeypatch.chdir(tmp_path)
    options = diff_options.parse(["--steps=5", "train.py", "3", "--epochs", "2", "--seed", "1", "--", "--steps", "9"])
    assert options.script == ["train.py", "3", "--epochs", "2", "--steps", "9"]
    assert (options.steps, options.seed) == (5, 1)
    assert diff_options.parse(["-m", "package.train", "x"]).script == ["-m", "package.train", "x"]


@pytest.mark.parametrize(
    "argv, message",
    [
        ([], "no script"),
        (
            ["--stepz", "3", "train.py"],
            "unknown option --stepz; options of the script stand behind its name. Did you mean '--steps'?",
        ),
        (["trian.py"], "there is no script 'trian.py'"),
        ([__file__, "--steps", "0"], "--steps must be at least 1"),
        ([__file__, "--backends", "numpy"], "two or more"),
        ([__file__, "--backends", "tf,tensorflow"], "two or more"),
        ([__file__, "--backends", "numpy,torhc"], "unknown backend 'torhc'. Did you mean 'torch'?"),
        ([__file__, "--json", "no/such/folder/x.json"], "there is no such folder"),
        (["-"], "runs several times"),
    ],
)
def test_wrong_usage_is_explained(argv, message, capsys):
    with pytest.raises(SystemExit) as error:
        diff.main(argv)
    assert error.value.code == 2 and message in capsys.readouterr().err


def test_sources_of_other_numbers_are_named(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import numpy as np, random, time\nnp.random.default_rng(3)\nrng = np.random.default_rng()\n"
        "np.random.seed(None)\nrandom.Random(1)\nseed = time.time()\ndata.seed(4)\n"
    )
    assert [line.split(":")[0] for line in unseeded(script)] == ["line 3", "line 4", "line 6"]
    script.write_text("not python at all")
    assert unseeded(script) == []


def test_a_process_that_dies_leaves_what_it_did(tmp_path):
    (tmp_path / "events.jsonl").write_text('{"t": "train", "n": 0, "m": 0}\n{"t": "tra')
    (tmp_path / "log.txt").write_text("going down\n")
    record = diff_run.read("numpy", tmp_path, status=-9)
    assert len(record.events) == 1 and diff_run.is_bad(record.end)
    assert "killed by signal 9" in record.end["text"] and record.output == "going down"
