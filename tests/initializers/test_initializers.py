"""Initial weights: distributions, shapes, configs, and the same bits everywhere."""

import numpy as np
import pytest
from scipy import stats

from kshim import initializers
from kshim.engine import seeds
from kshim.engine.variable import Variable

NAMES = [
    "Zeros", "Ones", "Constant", "RandomNormal", "RandomUniform", "TruncatedNormal", "VarianceScaling", "Orthogonal",
    "Identity", "GlorotUniform", "GlorotNormal", "HeNormal", "HeUniform", "LecunNormal", "LecunUniform",
]  # fmt: skip
SHAPE = (60, 50)


@pytest.mark.parametrize("name", NAMES)
def test_config_is_that_of_keras(tf_keras, name):
    own, real = getattr(initializers, name)(), getattr(tf_keras.initializers, name)()
    assert own.get_config() == real.get_config()
    again = initializers.deserialize(initializers.serialize(own))
    assert type(again) is type(own) and again.get_config() == own.get_config()
    assert type(initializers.deserialize(tf_keras.initializers.serialize(real))) is type(own)


@pytest.mark.parametrize(
    "name", ["glorot_uniform", "he_normal", "zeros", "one", "uniform", "normal", "orthogonal", "lecun_uniform"]
)
def test_names_of_every_era(name):
    assert initializers.get(name)((3, 3)).shape == (3, 3)
    assert callable(getattr(initializers, name))


@pytest.mark.parametrize(
    ("name", "kwargs", "distribution"),
    [
        ("RandomNormal", {"mean": 1.0, "stddev": 2.0}, stats.norm(1, 2)),
        ("RandomUniform", {"minval": -2.0, "maxval": 1.0}, stats.uniform(-2, 3)),
        ("TruncatedNormal", {"mean": 1.0, "stddev": 2.0}, stats.truncnorm(-2, 2, 1, 2)),
        ("GlorotUniform", {}, stats.uniform(-np.sqrt(6 / 110), 2 * np.sqrt(6 / 110))),
        ("GlorotNormal", {}, stats.truncnorm(-2, 2, 0, np.sqrt(2 / 110) / 0.87962566103423978)),
        ("HeUniform", {}, stats.uniform(-np.sqrt(6 / 60), 2 * np.sqrt(6 / 60))),
        ("HeNormal", {}, stats.truncnorm(-2, 2, 0, np.sqrt(2 / 60) / 0.87962566103423978)),
        ("LecunUniform", {}, stats.uniform(-np.sqrt(3 / 60), 2 * np.sqrt(3 / 60))),
        ("LecunNormal", {}, stats.truncnorm(-2, 2, 0, np.sqrt(1 / 60) / 0.87962566103423978)),
        ("VarianceScaling", {"distribution": "untruncated_normal", "mode": "fan_out"}, stats.norm(0, np.sqrt(1 / 50))),
    ],
)  # fmt: skip
def test_distribution(name, kwargs, distribution):
    values = getattr(initializers, name)(seed=3, **kwargs)(SHAPE)
    assert values.dtype == np.float32 and values.shape == SHAPE
    assert stats.kstest(values.ravel(), distribution.cdf).pvalue > 0.01


@pytest.mark.parametrize("shape", [(3, 4), (5,), (), (2, 3, 4), (3, 3, 4, 5)])
def test_fans(shape, tf_keras):
    from tf_keras.src.initializers.initializers import _compute_fans

    assert tuple(initializers._compute_fans(shape)) == tuple(_compute_fans(shape))


def test_orthogonal():
    w = initializers.Orthogonal(gain=2.0, seed=1)((3, 4, 7), dtype="float64").reshape(12, 7)
    np.testing.assert_allclose(w.T @ w, 4 * np.eye(7), atol=1e-12)
    w = initializers.Orthogonal(seed=1)((4, 9), dtype="float64")
    np.testing.assert_allclose(w @ w.T, np.eye(4), atol=1e-12)
    with pytest.raises(ValueError, match="at least two dimensions"):
        initializers.Orthogonal()((4,))


def test_seeds():
    a, b = initializers.RandomNormal(seed=5), initializers.RandomNormal(seed=5)
    np.testing.assert_array_equal(a((4,)), b((4,)))
    free = initializers.RandomNormal()
    assert not np.array_equal(free((4,)), free((4,)))
    seeds.set_random_seed(3)
    first = free((4,))
    seeds.set_random_seed(3)
    np.testing.assert_array_equal(first, free((4,)))
    before = np.random.get_state()[1].copy()
    initializers.orthogonal(seed=1)((3, 3))
    np.testing.assert_array_equal(before, np.random.get_state()[1])


def test_same_bits_on_every_backend(backend):
    values = initializers.GlorotNormal(seed=9)((4, 5))
    weight = Variable(values).numpy()
    np.testing.assert_array_equal(weight, initializers.GlorotNormal(seed=9)((4, 5)))
    assert weight.tobytes().hex()[:16] == "b096d0bdb3746c3f"


def test_constant_and_identity():
    np.testing.assert_array_equal(initializers.Constant([1, 2])((2, 2)), [[1, 2], [1, 2]])
    np.testing.assert_array_equal(initializers.Constant([1, 2, 3, 4])((2, 2)), [[1, 2], [3, 4]])
    assert initializers.Constant(3)((2,), dtype="int32").dtype == np.int32
    np.testing.assert_array_equal(initializers.Identity(2.0)((2, 3)), [[2, 0, 0], [0, 2, 0]])
    with pytest.raises(ValueError, match="does not fit a weight of shape"):
        initializers.Constant([1, 2, 3])((2, 2))
    with pytest.raises(ValueError, match="2-D"):
        initializers.Identity()((2, 2, 2))


def test_errors_say_what_to_do():
    with pytest.raises(ValueError, match="Did you mean 'glorot_uniform'"):
        initializers.get("glorot_unifrom")
    with pytest.raises(ValueError, match="floating-point weights"):
        initializers.RandomNormal()((2,), dtype="int32")
    with pytest.raises(ValueError, match="known sizes"):
        initializers.GlorotUniform()((None, 2))
    with pytest.raises(ValueError, match="scale"):
        initializers.VarianceScaling(scale=-1.0)


def test_functions_as_initializers():
    draw = initializers.draw
    np.testing.assert_array_equal(draw(lambda shape: np.ones(shape), (2,)), [1, 1])
    np.testing.assert_array_equal(draw(lambda shape, dtype=None: np.ones(shape, dtype), (2,), "int32"), [1, 1])
    np.testing.assert_array_equal(draw(lambda shape, name=None: np.ones(shape), (2,)), [1, 1])
    with pytest.raises(ValueError, match="returned shape"):
        draw(lambda shape: np.ones(3), (2,))


def test_old_configs():
    old = {
        "class_name": "VarianceScaling",
        "config": {"scale": 1.0, "mode": "fan_avg", "distribution": "normal", "seed": None},
    }
    assert initializers.get(old).distribution == "truncated_normal"
    assert initializers.get({"class_name": "GlorotUniform", "config": {"seed": None, "dtype": "float32"}}).seed is None


def test_keras_1_functions():
    from kshim.initializers import keras1

    kernel = keras1.he_uniform((8, 4, 3, 3), dim_ordering="th")
    assert kernel.shape == (8, 4, 3, 3) and 0.3 < np.abs(kernel).max() <= np.sqrt(6 / 36)
    assert keras1.get("normal")((3, 2), scale=0.01).std() < 0.03
    with pytest.raises(ValueError, match="square"):
        keras1.identity((2, 3))
