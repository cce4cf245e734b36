"""What only the tensorflow backend has: its import, its calls, XLA, GPU paths; the rest: test_compiled_*.py."""

import gc
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("tensorflow")

import kshim_backends.tensorflow as package  # noqa: E402  (before tensorflow itself, which would bring Keras along)
import tensorflow as tf  # noqa: E402
from kshim_backends.tensorflow import device as device_module  # noqa: E402
from kshim_backends.tensorflow import released  # noqa: E402
from kshim_backends.tensorflow.tree import flatten, unflatten  # noqa: E402

from kshim.spec import rng  # noqa: E402

B = package.backend_class("cpu")


def run_python(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    return done.stdout.strip(), done.stderr


def test_keras_is_not_loaded_but_still_can_be():
    out, err = run_python(
        "import sys, kshim_backends.tensorflow as t\n"
        "t.backend_class('cpu').full((2,), 1.0, 'float32')\n"
        "print(sorted(m for m in sys.modules if m.split('.')[0] in ('keras', 'tf_keras')))\n"
        "print([f for f in sys.meta_path if 'quiet_import' in type(f).__module__])"
    )
    assert out.splitlines() == ["[]", "[]"], err


def test_tensorflow_imported_first_is_taken_as_it_is():
    out, err = run_python(
        "import tensorflow as tf, kshim_backends.tensorflow as t\n"
        "print(t.backend_class('cpu').full((), 2.0, 'float32').numpy())"
    )
    assert out == "2.0", err


def test_trees():
    tree = {"b": [1, (2, None)], "a": {"y": 3, "x": 4}, "c": (), "d": {}}
    leaves = []
    structure = flatten(tree, leaves)
    assert leaves == [4, 3, 1, 2]
    assert unflatten(structure, iter(leaves)) == tree
    again = []
    assert flatten({k: tree[k] for k in reversed(tree)}, again) == structure and again == leaves
    assert hash(structure) == hash(flatten(tree, []))
    assert flatten([1], []) != flatten((1,), []) != flatten(1, [])


def test_traces_depend_on_shapes_dtypes_and_structure_only():
    traces = []

    def run(state, hyper, batch):
        traces.append(1)
        return {"w": B.add(state["w"], B.sum(batch, (0,), False))}, None

    step = B.compile_step(run, False)
    w, x = B.full((2,), 0.0, "float32"), np.ones((3, 2), "float32")
    state, out = step({"w": w}, {"a": 1.0}, x)
    assert out is None
    step(state, {"a": 2.0}, x)
    step({"w": w}, {"a": 3.0}, B.from_numpy(x))  # a tensor where an array was
    assert len(traces) == 1
    step({"w": w}, {"a": 3.0}, x[:2])
    step({"w": B.full((1, 2), 0.0, "float32")}, {"a": 3.0}, x)
    step({"w": w}, {"a": 3}, x)
    assert len(traces) == 4
    state, _ = step(state, {"a": 2.0}, x)
    np.testing.assert_array_equal(B.to_numpy(state["w"]), [6, 6])
    assert len(traces) == 4


def test_steps_in_one_call_are_those_one_by_one():
    traces = []

    def run(state, hyper, batch):
        traces.append(1)
        key = B.mix_key((hyper["k"], 3), (1, 2))
        x = B.multiply(batch["x"], B.random_uniform((2,), key, "float32"))
        rate = B.host_scalar(hyper["rate"], "float32")
        return {"w": B.add(B.multiply(state["w"], rate), B.sum(x, (0,), False)), "n": [B.add(state["n"][0], 1)]}, None

    def start():
        return {"w": B.full((2,), 0.0, "float32"), "n": [B.full((), 0, "int32")]}

    batches = {"x": np.random.default_rng(0).standard_normal((7, 3, 2)).astype("float32"), "none": None}
    hypers = [{"k": 2**32 - 1 - i, "rate": 0.1 * i} for i in range(7)]
    steps, step = B.compile_steps(run), B.compile_step(run, True)
    for count in (7, 3):
        state = steps(start(), hypers[:count], batches)
        traced = len(traces)
        other = start()
        for i in range(count):
            other, _ = step(other, hypers[i], {"x": batches["x"][i], "none": None})
        np.testing.assert_array_equal(state["w"], other["w"])
        assert int(state["n"][0]) == count
    assert traced == len(traces) == 2


def test_an_array_that_is_there_twice_is_one_tensor():
    step = B.compile_step(lambda s, h, b: (s, B.add(*b)), False)
    x, y = np.ones((2,), "float32"), np.full((2,), 2.0, "float32")
    for batch, expected in (((x, x), 2), ((x, y), 3), ((B.from_numpy(x), y), 3)):
        np.testing.assert_array_equal(step([], {}, batch)[1], [expected] * 2)


def test_steps_may_close_over_tensors():
    constant = B.from_numpy(np.arange(3.0))
    step = B.compile_step(lambda s, h, b: ([B.multiply(s[0], constant)], b), False)
    for _ in range(2):
        (y,), _ = step([B.full((3,), 2.0, "float64")], {}, [])
        np.testing.assert_array_equal(B.to_numpy(y), [0, 2, 4])


def model_step(backend):
    def run(state, hyper, batch):
        def loss(params):
            y = backend.take(params[0], batch, 0)
            y = backend.max_pool(backend.reshape(y, (1, 4, 4, 2)), (2, 2), (2, 2), ((0, 0), (0, 0)))
            xs = [backend.reshape(y, (2, 2, 2))]
            init = [backend.full((2, 2), 0.0, "float32")]
            carry, ys = backend.scan(lambda c, x: ([backend.tanh(backend.add(c[0], x[0]))], [c[0]]), init, xs, 2, True)
            key = backend.mix_key((hyper["k"], 3), (1, 2))
            out = [backend.argsort(y, 1), backend.random_uniform((5,), key, "float32"), ys[0]]
            return backend.sum(carry[0], (0, 1), False), out

        (value, out), grads = backend.value_and_grad(loss)(state)
        rate = backend.host_scalar(hyper["rate"], "float32")
        return [backend.subtract(p, backend.multiply(g, rate)) for p, g in zip(state, grads)], [value, *out]

    return run


def outcome(backend):
    state = [backend.from_numpy(np.random.default_rng(0).standard_normal((5, 2)).astype("float32"))]
    batch = np.random.default_rng(1).integers(0, 5, 16)
    state, out = backend.compile_step(model_step(backend), False)(state, {"k": 2**32 - 7, "rate": 0.5}, batch)
    return [backend.to_numpy(t) for t in (*state, *out)]


def test_xla_gives_the_same():
    fast = package.backend_class("cpu")
    fast.jit_compile = True
    for a, b in zip(outcome(B), outcome(fast)):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-7)


@pytest.fixture
def pretended_gpu(monkeypatch):
    """TensorFlow devices under other names: a 'gpu:0' that is the default, and so a 'cpu' that is not."""
    monkeypatch.setattr(device_module, "_found", lambda: {"cpu": "/cpu:0", "gpu:0": "/cpu:0"})


def test_the_paths_of_a_gpu_compute_the_same(pretended_gpu):
    gpu = package.backend_class()
    assert gpu.info()["device"] == "gpu:0"
    for a, b in zip(outcome(B), outcome(gpu)):
        np.testing.assert_array_equal(a, b)
    bits = (rng.bits(1000, (5, 2**32 - 1)) >> np.uint32(8)).astype("float32") * np.float32(2.0**-24)
    np.testing.assert_array_equal(gpu.to_numpy(gpu.random_uniform((1000,), (5, 2**32 - 1), "float32")), bits)
    x = gpu.from_numpy(np.arange(6.0).reshape(3, 2))
    got = gpu.to_numpy(gpu.take(x, gpu.from_numpy(np.array([2, 3, -1])), 0))
    np.testing.assert_array_equal(got, [[4, 5], [np.nan] * 2, [np.nan] * 2])
    assert package.backend_class("cuda:0").info()["device"] == "gpu:0"


def test_off_the_default_device_everything_is_placed(pretended_gpu, monkeypatch):
    entered = []
    real = tf.device

    def watched(name):
        entered.append(name)
        return real(name)

    monkeypatch.setattr(tf, "device", watched)
    cpu = package.backend_class("cpu")
    for a, b in zip(outcome(B), outcome(cpu)):
        np.testing.assert_array_equal(a, b)
    steps, before = cpu.compile_steps(lambda s, h, b: ([cpu.add(s[0], b)], None)), len(entered)
    (total,) = steps([cpu.full((), 0.0, "float64")], [{}] * 3, np.arange(4.0))
    assert float(total) == 3.0 and len(entered) > before + 1
    assert set(entered) == {"/cpu:0"}
    entered.clear()
    step = cpu.compile_step(lambda state, hyper, batch: (state, batch), False)
    assert len(entered) == 1
    step([cpu.full((2,), 0.0, "float32")], {}, np.ones(2))
    assert len(entered) > 2
    entered.clear()
    cpu.softmax(cpu.full((2, 2), 0.0, "float32"), 1)
    assert len(entered) == 2


def test_max_pool_of_ordinary_numbers_needs_no_second_pass():
    text = str(tf.function(lambda x: B.max_pool(x, (2, 2), (2, 2), ((0, 0), (0, 0)))).get_concrete_function(
        tf.TensorSpec((1, 4, 4, 1), tf.float32)).graph.as_graph_def().node)  # fmt: skip
    assert text.count('op: "MaxPool"') == 1 and "If" in text


def test_fused_batch_norm_variance_is_biased_and_small_epsilon_is_kept():
    x = np.random.default_rng(0).standard_normal((2, 3, 1, 2)).astype("float32")
    for epsilon in (1e-3, 1e-7):
        y, mean, variance = (B.to_numpy(t) for t in B.batch_norm_train(B.from_numpy(x), None, None, epsilon))
        np.testing.assert_allclose(mean, x.mean((0, 1, 2)), rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose(variance, x.var((0, 1, 2)), rtol=1e-5)
        np.testing.assert_allclose(y, (x - mean) / np.sqrt(x.var((0, 1, 2)) + epsilon), rtol=1e-4, atol=1e-5)
    one = B.batch_norm_train(B.from_numpy(x[:1, :1]), None, None, 1e-3)
    assert (B.to_numpy(one[2]) == 0).all() and (B.to_numpy(one[0]) == 0).all()


def _graphs():
    from tensorflow.python.framework.func_graph import FuncGraph

    gc.collect()
    return sum(
        type(found) is FuncGraph for found in gc.get_objects()
    )  # isinstance would ask some for a class, and warn


def _prepared_once():
    """The result of a step that is prepared, run and let go of; it has an operation with a gradient of its own."""

    def loss(params):
        return B.sum(B.multiply(B.softmax(params[0], 1), params[0]), (0, 1), False), None

    def step(state, hyper, batch):
        (value, _), grads = B.value_and_grad(loss)(state["params"])
        return {"params": grads}, value

    run = B.compile_step(step, False)
    return float(run({"params": [B.from_numpy(np.ones((2, 3), "float32"))]}, {"rate": 0.1}, [])[1])


def test_a_step_that_is_let_go_of_leaves_no_graph():
    """TensorFlow registers custom gradients for the life of the process, each with the graph it is in."""
    value, graphs = _prepared_once(), _graphs()
    assert [_prepared_once() for _ in range(3)] == [value] * 3
    assert _graphs() == graphs


def test_kernels_of_steps_that_are_gone_are_given_up(monkeypatch):
    emptied = []
    _prepared_once()
    gc.collect()
    monkeypatch.setattr(released, "context", lambda: SimpleNamespace(clear_kernel_cache=lambda: emptied.append(True)))
    monkeypatch.setattr(released, "_MOST", 10)
    monkeypatch.setattr(released, "_gone", 0)
    for _ in range(3):
        _prepared_once()
        gc.collect()
    assert len(emptied) == 2


def test_gradients_of_a_step_inside_a_step_are_kept_until_the_outer_one_is_traced():
    inner = B.compile_step(lambda state, hyper, batch: ({}, B.softmax(state["x"], 1)), False)

    def step(state, hyper, batch):
        (value, _), grads = B.value_and_grad(
            lambda p: (B.sum(B.multiply(inner({"x": p[0]}, {}, [])[1], p[0]), (0, 1), False), None)
        )([state["x"]])
        return {}, [value, *grads]

    x = np.arange(6, dtype="float32").reshape(2, 3)
    value, grad = B.compile_step(step, False)({"x": B.from_numpy(x)}, {}, [])[1]
    y = np.exp(x) / np.exp(x).sum(1, keepdims=True)
    assert float(value) == pytest.approx(float((y * x).sum()), rel=1e-6)
    np.testing.assert_allclose(B.to_numpy(grad), y + y * (x - (y * x).sum(1, keepdims=True)), rtol=1e-5)
