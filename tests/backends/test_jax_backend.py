"""What only the jax backend has: donation, devices, precision, 64-bit numbers; the rest: test_compiled_*.py."""

import os
import subprocess
import sys

import numpy as np
import pytest

jax = pytest.importorskip("jax")

from kshim_backends.jax import backend_class  # noqa: E402

import kshim  # noqa: E402
from kshim import layers  # noqa: E402

B = backend_class("cpu")


def test_donated_state_is_given_up_and_kept_otherwise():
    for donate in (True, False):
        step = B.compile_step(lambda state, hyper, batch: ([B.add(state[0], 1.0)], None), donate)
        before = B.from_numpy(np.zeros(1000))
        (after,), _ = step([before], {}, None)
        assert before.is_deleted() == donate
        assert (B.to_numpy(after) == 1).all()


def test_new_hyper_names_retrace_and_old_ones_come_back():
    traces = []

    def run(state, hyper, batch):
        traces.append(tuple(sorted(hyper)))
        return state, [B.host_scalar(v, "float32") for v in hyper.values()]

    step = B.compile_step(run, False)
    for hyper in ({"a": 1.0}, {"a": 2.0, "b": 3}, {"a": 3.0}, {"b": 7, "a": 0.5}, {"a": np.float64(2)}):
        step([], hyper, None)
    assert traces == [("a",), ("a", "b")]


def test_products_ask_for_full_precision():
    x, k = np.ones((1, 5, 5, 2), "float32"), np.ones((3, 3, 2, 4), "float32")

    def run(x, k):
        pads = ((1, 1), (1, 1))
        y = B.conv(x, k, (1, 1), pads, (1, 1), 1)
        y = B.conv_transpose(y, k, (1, 1), pads, (1, 1), (5, 5))
        y = B.matmul(B.reshape(y, (10, 5)), B.reshape(y, (5, 10)))
        return B.einsum("ab,bc->ac", [y, y])

    def gradient(x, k):
        return B.value_and_grad(lambda p: (B.sum(run(*p), (0, 1), False), None))([x, k])[1]

    for function in (run, gradient):
        found = [
            line for line in str(jax.make_jaxpr(function)(x, k)).splitlines() if "precision=" in line and "None" in line
        ]
        assert not found
        text = jax.jit(function).lower(x, k).as_text()
        products = [line for line in text.splitlines() if "stablehlo.dot_general" in line or "convolution(" in line]
        assert products and all("HIGHEST" in line for line in products)


def test_a_scan_stays_one_loop_in_a_step():
    def run(x):
        return B.scan(lambda c, x: ([B.add(c[0], x[0])], []), [x[0]], [x], 100, False)[0]

    assert "scan" in str(jax.make_jaxpr(run)(np.ones((100, 2))))


def test_max_pooling_in_a_step_finds_what_it_has_chosen():
    """XLA computes the normalised values twice, for the maxima and for their gradient, and rounds them differently."""

    def weights(backend):
        with kshim.use(backend):
            kshim.utils.set_random_seed(0)
            x, y = np.random.rand(16, 6, 6, 3), np.random.rand(16, 4)
            stack = [
                layers.Conv2DTranspose(4, 3, padding="same"),
                layers.BatchNormalization(),
                layers.MaxPooling2D(3, strides=1),
            ]
            model = kshim.Sequential([layers.Input((6, 6, 3)), *stack, layers.Flatten(), layers.Dense(4)])
            model.compile("sgd", "mse")
            model.train_on_batch(x, y)
            model.train_on_batch(x, y)
            return model.get_weights()

    for w, expected in zip(weights("jax"), weights("numpy")):
        np.testing.assert_allclose(w, expected, atol=1e-6)


def test_sixty_four_bits_do_not_leak_into_float32():
    x = B.from_numpy(np.ones(3, "float32"))
    for y in (
        B.add(x, 0.5),
        B.multiply(2.0, x),
        B.power(x, 3.0),
        B.avg_pool(B.reshape(x, (1, 3, 1)), (2,), (1,), ((1, 0),)),
    ):
        assert B.dtype_of(y) == "float32"
    assert B.dtype_of(B.add(B.from_numpy(np.ones(2, "int32")), 1)) == "int32"
    assert B.dtype_of(B.full((2,), 1, "int64")) == "int64"


def test_depthwise_and_grouped_convolutions_need_no_grouped_kernel():
    x = np.ones((1, 6, 6, 4), "float32")
    for kernel, groups in ((np.ones((3, 3, 1, 8), "float32"), 4), (np.ones((3, 3, 2, 8), "float32"), 2)):
        text = str(jax.make_jaxpr(lambda x, k, g=groups: B.conv(x, k, (1, 1), ((0, 0), (0, 0)), (1, 1), g))(x, kernel))
        assert "feature_group_count=2" not in text and "feature_group_count=4" not in text


SECOND_DEVICE = """
import numpy as np
from kshim_backends.jax import backend_class
B = backend_class("cpu:1")
assert B.devices() == ["cpu", "cpu:1"] and B.info()["device"] == "cpu:1"
there = B._native
x = B.from_numpy(np.ones(3, "float32"))
tensors = [x, B.full((2,), 1.0, "float32"), B.arange(3, "int32"), B.random_uniform((4,), (1, 2), "float32")]
step = B.compile_step(lambda s, h, b: ([B.add(s[0], B.sum(b, (0,), False))], [B.full((), 0.0, "float32")]), True)
(y,), (z,) = step([x], {"a": 1.0}, np.ones(2, "float32"))
assert all(t.devices() == {there} for t in [*tensors[1:], y, z]), [t.devices() for t in [*tensors[1:], y, z]]
assert (B.to_numpy(y) == 3).all()
print("done")
"""


def test_another_device_than_the_default():
    env = {**os.environ, "XLA_FLAGS": "--xla_force_host_platform_device_count=2"}
    done = subprocess.run([sys.executable, "-c", SECOND_DEVICE], env=env, capture_output=True, text=True, timeout=300)
    assert done.stdout.strip() == "done", done.stderr
