"""Fixtures shared by all tests."""

import importlib.util
import os
import random

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("OMP_NUM_THREADS", "1")  # the tests are small and run in several processes

import numpy as np
import pytest

BACKENDS = ("numpy", "torch", "jax", "tensorflow")


def _installed(name):
    return importlib.util.find_spec(name) is not None


def _parameters():
    chosen = os.environ.get("KSHIM_TEST_BACKENDS", ",".join(BACKENDS)).split(",")
    return [
        pytest.param(name, marks=[] if _installed(name) else pytest.mark.skip(reason=f"{name} is not installed"))
        for name in BACKENDS
        if name in chosen
    ]


@pytest.fixture(params=_parameters())
def backend(request):
    """Run a test on every backend; yields the name."""
    import kshim

    with kshim.use(request.param):
        yield request.param


@pytest.fixture(autouse=True)
def fresh_state():
    """Each test starts with the same seed, float type, dtype policy and layer names."""
    from kshim import config, dtype_policies
    from kshim.engine import names, seeds

    names.reset_uids()
    random.seed(0)
    np.random.seed(0)
    seeds.set_random_seed(7)
    config.set_floatx("float32")
    config.set_image_data_format("channels_last")
    dtype_policies.set_dtype_policy(None)
    yield
    config.set_floatx("float32")
    dtype_policies.set_dtype_policy(None)
    config.set_image_data_format("channels_last")


@pytest.fixture(scope="session")
def tf_keras():
    """Real tf_keras, the oracle of Keras 2 behaviour."""
    return pytest.importorskip("tf_keras", reason="tf_keras, the oracle, is not installed")


@pytest.fixture(scope="session")
def keras3():
    """Real Keras 3 on NumPy, the oracle of Keras 3 behaviour."""
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    return pytest.importorskip("keras", reason="keras 3, the oracle, is not installed")
