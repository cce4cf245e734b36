"""The torch backend's control: devices, gradients, loops, steps, optimizer updates, random bits."""

import math
import threading

import numpy as np
import pytest

from kshim.errors import BackendError
from kshim.spec import registry, rng
from kshim.spec.derived import Derived

torch = pytest.importorskip("torch")

from kshim_backends.torch import TorchBackend, backend_class  # noqa: E402
from kshim_backends.torch.device import parse  # noqa: E402

B = TorchBackend("cpu")


def normal(*shape, seed=0):
    return np.random.default_rng((seed, *shape)).standard_normal(shape)


def tensors(*arrays):
    return [torch.from_numpy(a.copy()) for a in arrays]


# device ----------------------------------------------------------------------------------------------------------
def test_devices_and_names(monkeypatch):
    assert backend_class is TorchBackend and registry.get("pytorch", "cpu").device == "cpu"
    assert TorchBackend("CPU:0").device == "cpu" and B.devices()[0] == "cpu"
    assert B.info() == {"name": "torch", "version": torch.__version__, "device": "cpu"}
    B.synchronize(torch.ones(1))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert parse(None) == parse("gpu") == parse("cuda:0") == "gpu:0" and parse("gpu:1") == parse("GPU:1") == "gpu:1"
    assert parse("cpu") == "cpu" and B.devices() == ["cpu", "gpu:0", "gpu:1"]
    with pytest.raises(BackendError, match="'gpu:2'.*finds cpu, gpu:0, gpu:1"):
        TorchBackend("gpu:2")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert parse(None) == "cpu"
    for wrong in ("gpu", "cuda:0", "tpu", "cpu:x"):
        with pytest.raises(BackendError, match=f"'{wrong}'.*finds cpu"):
            TorchBackend(wrong)


# gradients -------------------------------------------------------------------------------------------------------
def test_value_and_grad():
    x, unused, count = *tensors(normal(3), normal(2)), torch.tensor([1, 2])

    def function(params, scale):
        x, _, count = params
        y = x * scale
        return (y * y).sum() + count.sum(), {"y": y, "rest": [None, (y.sum(), 3)]}

    (loss, aux), grads = B.value_and_grad(function)([x, unused, count], 2.0)
    assert not loss.requires_grad and not aux["y"].requires_grad and not aux["rest"][1][0].requires_grad
    assert aux["rest"][0] is None and aux["rest"][1][1] == 3 and isinstance(aux["rest"][1], tuple)
    np.testing.assert_allclose(grads[0], 8 * x)
    assert grads[1].tolist() == [0, 0] and grads[2].tolist() == [0, 0]
    assert not any(g.requires_grad for g in grads) and not x.requires_grad
    (_, _), (g,) = B.value_and_grad(lambda p: (torch.ones(()), None))([x])
    assert g.tolist() == [0, 0, 0]
    with torch.no_grad():
        (_, _), (g,) = B.value_and_grad(lambda p: (p[0].sum(), None))([x])
    assert g.tolist() == [1, 1, 1]


def test_gradient_of_a_gradient():
    x = torch.tensor([2.0, 3.0], dtype=torch.float64)

    def slope(params):
        (value, aux), (g,) = B.value_and_grad(lambda p: ((p[0] ** 3).sum(), p[0] * 2))([params[0]])
        return (g * g).sum() + value + aux.sum(), None

    (loss, _), (g,) = B.value_and_grad(slope)([x])
    assert loss.item() == sum(9 * v**4 + v**3 + 2 * v for v in (2.0, 3.0))
    np.testing.assert_allclose(g, [36 * v**3 + 3 * v**2 + 2 for v in (2.0, 3.0)])

    def third(params):
        def second(p):
            _, (g,) = B.value_and_grad(lambda q: ((q[0] ** 4).sum(), None))(p)
            return g.sum(), None

        _, (g,) = B.value_and_grad(second)(params)
        return g.sum(), None

    assert B.value_and_grad(third)([x])[1][0].tolist() == [48.0, 72.0]


def test_an_error_inside_leaves_nothing_behind():
    def broken(params):
        raise KeyError("inside")

    with pytest.raises(KeyError):
        B.value_and_grad(broken)([torch.ones(1)])
    assert not B._nested()
    (loss, _), (g,) = B.value_and_grad(lambda p: (p[0].sum(), None))([torch.ones(1)])
    assert not g.requires_grad


def test_threads_do_not_see_each_other():
    seen = []

    def function(params):
        thread = threading.Thread(
            target=lambda: seen.append(B.value_and_grad(lambda p: (p[0].sum(), None))([torch.ones(1)]))
        )
        thread.start()
        thread.join()
        return params[0].sum(), None

    B.value_and_grad(function)([torch.ones(1)])
    assert not seen[0][1][0].requires_grad


def test_custom_gradient():
    def forward(x, y):
        z = x * y
        return z, {"x": x, "more": [y, z, None, 7]}

    def backward(residuals, dz):
        y, z, nothing, seven = residuals["more"]
        assert nothing is None and seven == 7
        return dz * y * 10, dz * residuals["x"] + 0 * z

    f = B.custom_gradient(forward, backward)
    x, y = tensors(normal(3), normal(3, seed=1))
    assert torch.equal(f(x, y), x * y)
    _, (dx, dy) = B.value_and_grad(lambda p: (f(*p).sum(), None))([x, y])
    assert torch.equal(dx, 10 * y) and torch.equal(dy, x)
    reverse = B.custom_gradient(lambda x: (x, ()), lambda _, dy: (-dy,))
    _, (dx,) = B.value_and_grad(lambda p: (reverse(p[0] * 2).sum(), None))([x])
    assert dx.tolist() == [-2.0] * 3

    def penalty(p):
        _, (g,) = B.value_and_grad(lambda q: ((f(q[0], q[0]) ** 2).sum(), None))(p)
        return g.sum(), None

    _, (dx,) = B.value_and_grad(penalty)([x])
    np.testing.assert_allclose(dx, 264 * x**2, rtol=1e-12)  # of 2 f (10 x + x), where f' is taken to be 11 x too


# loops and branches ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("reverse", [False, True])
def test_scan(reverse):
    x, start = tensors(normal(4, 2), normal(2))

    def step(carry, inputs):
        c = carry[0] * 0.5 + inputs[0]
        return [c, carry[1] + 1], [c * 2, carry[1]]

    def function(params):
        carry, ys = B.scan(step, [params[0], torch.tensor(0)], [params[1]], 4, reverse)
        return (ys[0] ** 2).sum() + carry[0].sum(), (carry, ys)

    (_, (carry, ys)), grads = B.value_and_grad(function)([start, x])
    c, rows = start.numpy(), {}
    for n, t in enumerate(reversed(range(4)) if reverse else range(4)):
        c = c * 0.5 + x[t].numpy()
        rows[t] = (c * 2, n)
    np.testing.assert_allclose(ys[0], [rows[t][0] for t in range(4)])
    assert ys[1].tolist() == [rows[t][1] for t in range(4)] and carry[1].item() == 4
    np.testing.assert_allclose(carry[0], c)
    for i, p in enumerate((start, x)):
        direction = torch.from_numpy(normal(*p.shape, seed=3))
        at = [
            float(function([q + h * direction if i == j else q for j, q in enumerate((start, x))])[0])
            for h in (-1e-5, 1e-5)
        ]
        np.testing.assert_allclose((at[1] - at[0]) / 2e-5, float((grads[i] * direction).sum()), rtol=1e-7)


def test_scan_without_steps_or_inputs():
    carry, (ys,) = B.scan(lambda c, x: ([c[0] + x[0]], [c[0]]), [torch.ones(3)], [torch.zeros(0, 3)], 0, False)
    assert carry[0].tolist() == [1, 1, 1] and ys.shape == (0, 3)
    carry, (ys,) = B.scan(lambda c, x: ([c[0] * 2], [c[0]]), [torch.tensor(1)], [], 5, False)
    assert carry[0].item() == 32 and ys.tolist() == [1, 2, 4, 8, 16]


def test_while_loop_and_cond():
    def function(params):
        state = B.while_loop(
            lambda s: s[0] < 3, lambda s: [s[0] + 1, s[1] * params[0]], [torch.tensor(0), torch.ones(())]
        )
        return state[1], None

    (loss, _), (g,) = B.value_and_grad(function)([torch.tensor(2.0)])
    assert loss.item() == 8 and g.item() == 12
    for flag in (True, False):
        out = B.cond(torch.tensor(flag), lambda: [torch.tensor(1)], lambda: [torch.tensor(2)])
        assert out[0].item() == (1 if flag else 2)


# steps -----------------------------------------------------------------------------------------------------------
def test_compile_step():
    seen = {}

    def function(state, hyper, batch):
        seen.update(batch=batch, hyper=hyper)

        def loss(params, x):
            return (params[0] * x).sum(), None

        (value, _), grads = B.value_and_grad(loss)([state["params"]["w"]], batch[0])
        w = state["params"]["w"] - hyper["lr"] * grads[0]
        return {"params": {"w": w}, "count": state["count"] + 1, "none": None}, {
            "loss": value,
            "x": batch[0],
            "tail": batch[0][1:],
        }

    x = np.array([1.0, 2.0], "float32")
    frozen = np.array([3], "int32")
    frozen.flags.writeable = False
    state = {"params": {"w": torch.ones(2)}, "count": torch.tensor(0), "none": None}
    step = B.compile_step(function, True)
    state, out = step(state, {"lr": 0.5, "seed": 2**32 - 1}, (x, {"y": frozen, "z": None}, x[::-1]))
    assert seen["hyper"]["seed"] == 2**32 - 1 and B.host_scalar(0.5, "float32") == 0.5
    assert seen["batch"][0].data_ptr() == x.ctypes.data, "a plain array is read in place"
    assert (
        seen["batch"][1]["z"] is None and seen["batch"][1]["y"].tolist() == [3] and seen["batch"][2].tolist() == [2, 1]
    )
    assert state["params"]["w"].tolist() == [0.5, 0.0] and state["count"].item() == 1 and state["none"] is None
    assert out["loss"].item() == 3 and not out["loss"].requires_grad
    x[:] = 9.0
    assert out["x"].tolist() == [1, 2] and out["tail"].tolist() == [2], "results do not see later changes of the batch"
    with pytest.raises(TypeError, match="dtype"):
        step(state, {"lr": 0.5}, (np.array(["a"]),))


def test_mix_key():
    assert B.mix_key((5, 2**32 - 1), (3, 1)) == (6, 2**32 - 2)


# fmt: off
SCALARS = {
    "adam": {
        "lr_t": 3e-3, "beta_1": 0.9, "one_minus_beta_1": 1 - 0.9, "beta_2": 0.999, "one_minus_beta_2": 1 - 0.999,
        "epsilon": 1e-7,
    },
    "rmsprop": {"lr": 2e-3, "rho": 0.9, "one_minus_rho": 1 - 0.9, "epsilon": 1e-7},
    "momentum": {"lr": 2e-3, "momentum": 0.9},
    "nesterov": {"lr": 2e-3, "momentum": 0.9},
    "sgd": {"lr": 2e-3},
}
# fmt: on


def formula(kind, p, g, slots, s):
    """One step as `Derived.fused_update` writes it, on arrays: (p, slots)."""
    if kind == "adam":
        m, v = slots
        m = s["beta_1"] * m + (1 - s["beta_1"]) * g
        v = s["beta_2"] * v + (1 - s["beta_2"]) * g * g
        return p - s["lr_t"] * m / (np.sqrt(v) + s["epsilon"]), [m, v]
    if kind == "rmsprop":
        v = s["rho"] * slots[0] + (1 - s["rho"]) * g * g
        return p - s["lr"] * g / np.sqrt(v + s["epsilon"]), [v]
    if kind == "sgd":
        return p - s["lr"] * g, []
    m = s["momentum"] * slots[0] - s["lr"] * g
    return (p + m if kind == "momentum" else p + s["momentum"] * m - s["lr"] * g), [m]


@pytest.mark.parametrize("kind", SCALARS)
@pytest.mark.parametrize("donate", [False, True])
@pytest.mark.parametrize("mixed", [False, True])
def test_fused_update(kind, donate, mixed):
    shapes, s = [(3, 4), (5,), (), (2, 3, 2)], SCALARS[kind]
    n_slots = len(formula(kind, 0.0, 0.0, [0.0, 0.0], s)[1])
    ps = [normal(*shape) for shape in shapes]
    slots = [[np.zeros(shape) for shape in shapes] for _ in range(n_slots)]

    def function(state, hyper, batch):
        # Gradients come in any layout: the first turned, the last broadcast.
        grads = [batch[0].t().contiguous().t(), *batch[1:-1], batch[-1].expand(2, 3, 2)]
        grads = [g.float() if mixed else g for g in grads]
        params, slots = B.fused_update(kind, state["p"], grads, state["slots"], s)
        return {"p": params, "slots": slots}, None

    step = B.compile_step(function, donate)
    shared = [torch.zeros(shape, dtype=torch.float64) for shape in shapes]
    state = first = {"p": tensors(*ps), "slots": [list(shared) for _ in slots]}
    addresses = None
    for i in range(4):
        grads = [normal(*shape, seed=10 + i) for shape in shapes[:-1]] + [normal(1, seed=20 + i)]
        state, _ = step(state, {}, grads)
        if mixed:
            grads = [g.astype("float32").astype("float64") for g in grads]
        for j, p in enumerate(ps):
            ps[j], new = formula(kind, p, np.broadcast_to(grads[j], p.shape), [slot[j] for slot in slots], s)
            for slot, value in zip(slots, new):
                slot[j] = value
        was, addresses = addresses, [t.data_ptr() for t in state["p"]]
        assert was is None or (was == addresses) is donate
    tol = 1e-7 if mixed else 1e-12
    for got, expected in zip([*state["p"], *sum(state["slots"], [])], [*ps, *sum(slots, [])], strict=True):
        np.testing.assert_allclose(got, expected, rtol=tol, atol=tol)
    # What came from elsewhere, shared or not, is as it was.
    assert all((p.numpy() == normal(*shape)).all() for p, shape in zip(first["p"], shapes))
    assert not any(t.any() for t in shared)


def test_fused_update_corner_cases():
    assert B.fused_update("adagrad", [], [], [], {}) is NotImplemented
    assert B.fused_update("adam", [], [], [[], []], SCALARS["adam"]) == ([], [[], []])
    scalars = {**SCALARS["adam"], "beta_1": 0.0, "one_minus_beta_1": 1.0}
    p, g = tensors(normal(3), normal(3, seed=1))
    (new,), _ = B.fused_update("adam", [p], [g], [[torch.zeros_like(p)], [torch.zeros_like(p)]], scalars)
    expected, _ = formula("adam", p.numpy(), g.numpy(), [0.0, 0.0], scalars)
    np.testing.assert_allclose(new, expected, rtol=1e-12)


# random ----------------------------------------------------------------------------------------------------------
def test_random_bits():
    for key in ((0, 0), (1, 2**32 - 1), rng.fold("torch", 7)):
        for n in (0, 1, 5, 1000, 2**15, 2**15 + 1, 2**20, 2**20 + 17, 2**21 + 3):
            got = B.random_uniform((n,), key, "float32")
            assert got.dtype == torch.float32
            assert (got.numpy() == (rng.bits(n, key) >> np.uint32(8)) * np.float32(2**-24)).all(), (n, key)
    for key, words in rng.KNOWN_ANSWERS.items():
        words = np.asarray(words, "uint64").astype("float64")
        assert (B.random_uniform((len(words),), key, "float64").numpy() == words // 256 * 2.0**-24).all()


def test_random_shapes_and_dtypes():
    key = (3, 4)
    wide = rng.uniform((2, 3, 5), key)
    for dtype in ("float64", "float32", "float16", "bfloat16"):
        got = B.random_uniform((2, 3, 5), key, dtype)
        assert B.dtype_of(got) == dtype and B.shape_of(got) == (2, 3, 5)
        assert torch.equal(
            got, torch.from_numpy(wide).float().to(got.dtype) if dtype != "float64" else torch.from_numpy(wide)
        )
    assert B.shape_of(B.random_uniform((), key, "float32")) == ()
    again = TorchBackend("cpu")
    assert torch.equal(
        again.random_uniform((70_000,), key, "float32")[:10], again.random_uniform((10,), key, "float32")
    )
    z = B.random_normal((50_001,), key, "float64")
    assert z.shape == (50_001,) and abs(z.mean()) < 0.02 and abs(z.std() - 1) < 0.02
    assert torch.equal(z, Derived.random_normal(B, (50_001,), key, "float64"))


def test_dropout_keeps_the_expected_share_and_scales():
    y = B.dropout(torch.ones(100_000), 0.25, (1, 2), (100_000,))
    assert set(y.unique().tolist()) == {0.0, float(np.float32(1 / 0.75))}
    assert abs((y > 0).float().mean().item() - 0.75) < 5 * math.sqrt(0.25 * 0.75 / 1e5)
    u = B.random_uniform((100_000,), (1, 2), "float32")
    assert torch.equal(y > 0, u >= 0.25)
