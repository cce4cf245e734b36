"""Loops, branches, gradients, compiled steps and conversion of jax and tensorflow."""

import numpy as np
import pytest
from kshim_backends.numpy import backend_class as NumpyBackend

from kshim.errors import BackendError
from kshim.spec import rng
from kshim.spec.table import CONTROL


def normal(*shape, seed=0):
    return np.random.default_rng((seed, *shape)).standard_normal(shape)


def whole(low, high, *shape, dtype="int32"):
    return np.random.default_rng(shape).integers(low, high, shape).astype(dtype)


def test_control(B, both_modes):
    assert set(CONTROL) <= set(dir(B))
    xs = normal(6, 2, 3)

    def accumulate(reverse):
        def run(ts):
            def loss(params):
                def step(carry, inputs):
                    c = B.add(B.multiply(carry[0], params[0]), inputs[0])
                    return [c], [c, B.square(c)]

                carry, ys = B.scan(step, [params[1]], [params[2]], 6, reverse)
                return B.sum(B.add(carry[0], B.sum(ys[1], (0,), False)), (0, 1), False), [*carry, *ys]

            (_, aux), grads = B.value_and_grad(loss)(ts)
            return [*aux, *grads]

        return run

    arrays = [np.array(0.7), normal(2, 3, seed=4), xs]
    for reverse in (False, True):
        c, seen = arrays[1], []
        for x in xs[::-1] if reverse else xs:
            c = c * 0.7 + x
            seen.append(c)
        seen = np.stack(seen[::-1] if reverse else seen)
        run = accumulate(reverse)
        eager, compiled = both_modes(B, run, arrays)
        for got in (eager, compiled):
            np.testing.assert_allclose(got[0], c, rtol=1e-14)
            np.testing.assert_allclose(got[1], seen, rtol=1e-14)
            np.testing.assert_allclose(got[2], seen**2, rtol=1e-14)
        for a, b in zip(eager, compiled):
            np.testing.assert_allclose(a, b, rtol=1e-12)
        step, h = B.compile_step(lambda state, hyper, ts, run=run: (state, run(ts)), False), 1e-6
        totals = []
        for moved in (-h, h):
            _, (last, _, squares, *_) = step([], {}, [arrays[0] + moved, *arrays[1:]])
            totals.append(B.to_numpy(last).sum() + B.to_numpy(squares).sum())
        numeric = (totals[1] - totals[0]) / (2 * h)
        assert abs(numeric - float(eager[3])) < 1e-5 * abs(numeric)

    def loops(ts):
        (n,) = ts
        state = B.while_loop(
            lambda s: B.less(s[0], n),
            lambda s: [B.add(s[0], 1), B.multiply(s[1], 2.0)],
            [B.full((), 0, "int32"), B.full((), 1.0, "float64")],
        )
        picked = B.cond(B.greater(n, 3), lambda: [B.add(state[1], 0.5)], lambda: [state[1]])
        return [*state, *picked]

    for got in both_modes(B, loops, [np.array(5, "int32")]):
        assert [float(g) for g in got] == [5, 32, 32.5]
    for got in both_modes(B, loops, [np.array(0, "int32")]):
        assert [float(g) for g in got] == [0, 1, 1]


@pytest.mark.parametrize("length", [0, 1, 300])
def test_scan_lengths(B, both_modes, length):
    def run(ts):
        carry, ys = B.scan(lambda c, x: ([B.add(c[0], x[0])], [c[0]]), [ts[0]], [ts[1]], length, False)
        return [*carry, *ys]

    xs = normal(length, 2)
    for carry, ys in both_modes(B, run, [np.zeros(2), xs]):
        np.testing.assert_allclose(carry, xs.sum(0), rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(ys, np.cumsum(xs, 0) - xs, atol=1e-12)


def test_custom_gradient(B, both_modes):
    def run(ts):
        def forward(x, i):
            return B.multiply(x, B.cast(i, "float64")), (x, (2, 3), None, "plain")

        def backward(residuals, dy):
            x, shape, nothing, text = residuals
            assert nothing is None and text == "plain" and shape == (2, 3)
            return B.multiply(dy, B.reshape(B.full(shape, 10.0, "float64"), (2, 3))), None

        f = B.custom_gradient(forward, backward)
        (_, y), grads = B.value_and_grad(lambda p: (B.sum(f(p[0], ts[1]), (0, 1), False), f(p[0], ts[1])))(ts[:1])
        return [y, *grads]

    x, i = normal(2, 3), whole(0, 5, 2, 3)
    for y, g in both_modes(B, run, [x, i]):
        np.testing.assert_array_equal(y, x * i)
        np.testing.assert_array_equal(g, np.full((2, 3), 10.0))


def test_a_parameter_without_influence_gets_zeros(B, both_modes):
    def run(ts):
        return B.value_and_grad(lambda p: (B.sum(p[0], (0,), False), None))(ts)[1]

    for a, b in both_modes(B, run, [np.ones(2), np.ones((3, 1), "float32")]):
        np.testing.assert_array_equal(a, [1, 1])
        assert b.dtype == np.float32 and (b == 0).all() and b.shape == (3, 1)


def test_recurrent_layers_agree_between_modes_and_with_numpy(B, both_modes):
    x, h, c = normal(2, 5, 3), normal(2, 4), normal(2, 4, seed=1)
    kernel, recurrent, bias = normal(3, 16), normal(4, 16), normal(16)

    def run(backend):
        def inside(ts):
            def loss(p):
                ys, h, c = backend.lstm(*p[:3], *p[3:], "tanh", "sigmoid", True)
                return backend.sum(backend.multiply(ys, ys), (0, 1, 2), False), [ys, h, c]

            (_, out), grads = backend.value_and_grad(loss)(ts)
            return [*out, *grads]

        return inside

    arrays = [x, h, c, kernel, recurrent, bias]
    want = [np.asarray(t) for t in run(NumpyBackend())(arrays)]
    for got in both_modes(B, run(B), arrays):
        for a, b in zip(got, want):
            np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-12)


def test_compiled_step_does_not_retrace(B):
    traces = []

    def run(state, hyper, batch):
        traces.append(1)
        rate = B.host_scalar(hyper["rate"], "float32")
        u = B.random_uniform((4,), (hyper["k0"], hyper["k1"]), "float32")
        w = B.subtract(state["w"], B.multiply(B.add(B.sum(batch[0], (0,), False), u), rate))
        return {"w": w, "deep": [state["deep"][0], (None, state["deep"][1][1])]}, {"loss": B.sum(w, (0,), False)}

    step = B.compile_step(run, True)
    w = np.zeros(4, "float32")
    state = {"w": B.from_numpy(w), "deep": [B.from_numpy(np.ones(2)), (None, B.from_numpy(np.ones(3, "int32")))]}
    for i in range(4):
        batch = (normal(3, 4, seed=i).astype("float32"), None)
        hyper = {"rate": 0.1 * (i + 1), "k0": i, "k1": 2**32 - 1 - i}
        if i % 2:
            hyper = dict(reversed(hyper.items()))
        state, out = step(state, hyper, batch)
        u = (rng.bits(4, (i, 2**32 - 1 - i)) >> np.uint32(8)).astype("float32") * np.float32(2.0**-24)
        w = w - (batch[0].sum(0) + u) * np.float32(0.1 * (i + 1))
        np.testing.assert_allclose(B.to_numpy(state["w"]), w, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(B.to_numpy(out["loss"]), w.sum(), rtol=1e-5, atol=1e-5)
        assert state["deep"][1][0] is None and isinstance(state["deep"][1], tuple)
    assert len(traces) == 1
    state, _ = step(state, {"rate": 0.1, "k0": 0, "k1": 0}, (np.ones((2, 4), "float32"), None))
    assert len(traces) == 2
    state, _ = step(state, {"rate": 0.1, "k0": 0, "k1": 0}, (normal(3, 4).astype("float32"), None))
    assert len(traces) == 2


def test_hyper_reaches_full_precision(B):
    def run(state, hyper, batch):
        return state, [
            B.multiply(B.full((), 1.0, "float64"), B.host_scalar(hyper["a"], "float64")),
            B.add(B.full((), 0, "int64"), B.host_scalar(hyper["k"], "int64")),
        ]

    step = B.compile_step(run, False)
    a, k = step([], {"a": 1 / 3, "k": 2**32 - 1}, None)[1]
    assert float(B.to_numpy(a)) == 1 / 3 and int(B.to_numpy(k)) == 2**32 - 1
    assert B.host_scalar(0.25, "float32") == 0.25 and isinstance(B.host_scalar(np.float64(2), "float32"), float)


def test_conversion_never_aliases(B):
    for size in (4, 100_000):
        x = np.ones(size, "float32")
        t = B.from_numpy(x)
        x[:] = 5
        y = B.to_numpy(t)
        assert y[0] == 1 and y.flags.writeable
        y[:] = 7
        assert B.to_numpy(t)[0] == 1
    for dtype in (
        "bool",
        "int8",
        "uint8",
        "int16",
        "uint16",
        "int32",
        "uint32",
        "int64",
        "uint64",
        "float16",
        "float32",
        "float64",
    ):
        t = B.from_numpy(np.array([0, 1, 1]).astype(dtype))
        assert B.dtype_of(t) == dtype and B.to_numpy(t).dtype == dtype and B.shape_of(t) == (3,)
    step = B.compile_step(lambda state, hyper, batch: (state, batch), False)
    for swapped in (np.array([1.0, 2.0], ">f4"), np.array([1, 2], ">i8")):
        for t in (B.from_numpy(swapped), step([], {}, swapped)[1]):
            np.testing.assert_array_equal(B.to_numpy(t), [1, 2])
    half = B.cast(B.from_numpy(np.array([1.0, 2.0])), "bfloat16")
    assert B.dtype_of(half) == "bfloat16" and B.to_numpy(half).dtype == np.float32
    assert B.is_tensor(half) and not B.is_tensor(np.ones(2)) and not B.is_tensor(1.0)
    assert B.dtype_of(B.from_numpy(np.asfortranarray(normal(3, 4)))) == "float64"


def test_a_batch_buffer_may_be_refilled_at_once(B):
    w = B.from_numpy(np.full((500, 500), 1e-3, "float32"))

    def slow(state, hyper, batch):
        y = state
        for _ in range(20):
            y = B.tanh(B.matmul(y, state))
        total = B.add(B.sum(batch, (0, 1), False), B.multiply(B.sum(y, (0, 1), False), 0.0))
        return state, (total, batch)

    step = B.compile_step(slow, False)
    whole_buffer = np.ones(256 * 1024 + 16, "float32")
    start = -whole_buffer.ctypes.data % 64 // 4
    buffer = whole_buffer[start : start + 256 * 1024].reshape(256, 1024)  # aligned as frameworks like it
    for _ in range(3):
        buffer[:] = 1
        _, (total, same) = step(w, {}, buffer)
        buffer[:] = 2
        assert float(B.to_numpy(total)) == buffer.size
        assert (B.to_numpy(same) == 1).all()


def test_unusable_device_is_refused(B):
    for device in ("gpu:7", "cuda:9", "nonsense"):
        with pytest.raises(BackendError, match=r"cannot use device .* Usable devices: .*cpu"):
            type(B)(device)
    assert type(B)("CPU").info()["device"] == "cpu"
    assert set(B.info()) == {"name", "version", "device"} and "cpu" in B.devices()
