"""`keras.random`: distributions, seeds, and draws inside a training step."""

import random as python_random

import numpy as np
import pytest

import kshim
from kshim import random
from kshim.errors import UnsupportedError
from kshim.spec import registry

N = 20000


def _check(sample, name, *args):
    stats = pytest.importorskip("scipy.stats", reason="SciPy has the reference distributions")
    assert stats.kstest(np.asarray(sample, "float64"), getattr(stats, name)(*args).cdf).pvalue > 1e-3


def test_continuous_distributions(backend):
    _check(random.normal((N,), 2.0, 3.0, seed=1), "norm", 2, 3)
    _check(random.uniform((N,), -1.0, 3.0, seed=2), "uniform", -1, 4)
    _check(random.truncated_normal((N,), 1.0, 2.0, seed=3), "truncnorm", -2, 2, 1, 2)
    _check(random.gamma((N,), 2.5, seed=4), "gamma", 2.5)
    _check(random.beta((N,), 2.0, 3.0, seed=5), "beta", 2, 3)


def test_discrete_distributions(backend):
    draws = random.randint((N,), 3, 8, seed=1).numpy()
    assert set(draws) == {3, 4, 5, 6, 7} and abs(draws.mean() - 5) < 0.05
    p = np.array([[0.1, 0.2, 0.7], [0.5, 0.5, 0.0]], "float32")
    classes = random.categorical(np.log(p + 1e-30), N, seed=2).numpy()
    for row, expected in zip(classes, p, strict=True):
        np.testing.assert_allclose(np.bincount(row, minlength=3) / N, expected, atol=0.015)
    heads = random.binomial((N,), 10, 0.3, seed=3).numpy()
    assert abs(heads.mean() - 3) < 0.06 and abs(heads.var() - 2.1) < 0.1
    mixed = random.shuffle(np.arange(50), seed=4).numpy()
    assert sorted(mixed) == list(range(50)) and list(mixed) != list(range(50))
    kept = random.dropout(np.ones(N, "float32"), 0.25, seed=5).numpy()
    assert set(np.unique(kept)) == {0, np.float32(1 / 0.75)} and abs((kept == 0).mean() - 0.25) < 0.02


def test_the_same_on_every_backend(backend):
    with kshim.use("numpy"):
        expected = [
            random.uniform((7,), seed=3).numpy(),
            random.randint((7,), 0, 100, seed=3).numpy(),
            random.normal((7,), seed=3).numpy(),
        ]
    got = [
        random.uniform((7,), seed=3).numpy(),
        random.randint((7,), 0, 100, seed=3).numpy(),
        random.normal((7,), seed=3).numpy(),
    ]
    np.testing.assert_array_equal(got[0], expected[0])
    np.testing.assert_array_equal(got[1], expected[1])
    np.testing.assert_allclose(got[2], expected[2], rtol=1e-5, atol=1e-6)


def test_seeds():
    assert np.array_equal(random.normal((5,), seed=1), random.normal((5,), seed=1))
    assert not np.array_equal(random.normal((5,)), random.normal((5,)))
    stream = random.SeedGenerator(4)
    first, second = random.normal((5,), seed=stream).numpy(), random.normal((5,), seed=stream).numpy()
    assert not np.array_equal(first, second)
    kshim.set_random_seed(9)
    before = random.uniform((5,)).numpy()
    kshim.set_random_seed(9)
    np.testing.assert_array_equal(random.uniform((5,)).numpy(), before)


def test_draws_in_a_step_differ_from_step_to_step(backend):
    """A Lambda that adds noise: every step of a compiled run draws anew, and a seeded run repeats."""

    def run():
        kshim.set_random_seed(5)
        layers = [kshim.layers.Lambda(lambda x: x * 0.0 + random.normal(kshim.ops.shape(x)), input_shape=(3,))]
        model = kshim.Sequential(layers)
        model.compile("sgd", lambda a, b: kshim.ops.mean(b, -1))
        return model.fit(np.zeros((4, 3)), np.zeros((4, 3)), batch_size=4, epochs=4, verbose=0).history["loss"]

    first = run()
    assert len(set(first)) == 4
    assert run() == first


def test_host_draws_are_refused_in_a_step():
    model = kshim.Sequential([kshim.layers.Lambda(lambda x: x + random.gamma((3,), 1.0), input_shape=(3,))])
    model.compile("sgd", "mse")
    with pytest.raises(UnsupportedError, match="random.gamma"):
        model.fit(np.zeros((4, 3)), np.zeros((4, 3)), verbose=0)


def test_errors():
    with pytest.raises(ValueError, match="minval < maxval"):
        random.randint((2,), 5, 5)
    with pytest.raises(ValueError, match="rate=1"):
        random.dropout(np.ones(3), 1.0)
    with pytest.raises(ValueError, match="batch, classes"):
        random.categorical(np.ones(3), 2)
    with pytest.raises(ValueError, match="randint"):
        random.normal((2,), dtype="int32")


def test_loading_a_backend_leaves_the_programs_generators_alone(tmp_path, monkeypatch):
    (tmp_path / "drawing_backend.py").write_text(
        "import random, numpy\nnumpy.random.seed(1)\nrandom.random()\nbackend_class = lambda device: object()\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(registry.BUILTIN, "drawing", ("drawing_backend", "numpy", "kshim"))
    monkeypatch.setattr(registry, "_instances", {})
    python_random.seed(5)
    np.random.seed(5)
    expected = python_random.Random(5).random(), np.random.RandomState(5).rand()
    registry.get("drawing")
    assert (python_random.random(), np.random.rand()) == expected
