"""Probes of compiled steps: state, hyper, batches, donation, host scalars, keys, fused optimizer updates."""

import numpy as np

from kshim.optimizers.scalars import Scalars
from kshim.spec import rng

from .probes import Known, data, inside, probe, tensor, total


def _sgd(b, momentum=None):
    """A training step of a linear model; state is a tree with every kind of node."""

    def step(state, hyper, batch):
        x, y = batch["x"], batch["y"]

        def loss(params):
            error = b.subtract(b.add(b.matmul(x, params[0]), params[1]), y)
            return total(b, b.multiply(error, error)), b.shape_of(x)

        (value, _), grads = b.value_and_grad(loss)([state["w"], state["rest"][0]])
        dtype = b.dtype_of(state["w"])
        lr = b.host_scalar(hyper["lr"], dtype)
        w, bias = (b.subtract(p, b.multiply(g, lr)) for p, g in zip((state["w"], state["rest"][0]), grads))
        state = {"w": w, "rest": (bias, [b.add(state["rest"][1][0], 1)], None)}
        return state, {"loss": value, "none": None, "norm": b.global_norm(grads)}

    return step


def _start(b, dtype):
    return {
        "w": tensor(b, data(3, 2), dtype),
        "rest": (tensor(b, np.zeros(2), dtype), [b.from_numpy(np.int32(0))], None),
    }


def _train(b, dtype, lrs, donate, native_batch=False):
    step, state, losses = b.compile_step(_sgd(b), donate), _start(b, dtype), []
    for i, lr in enumerate(lrs):
        batch = {"x": data(4, 3, seed=i).astype(dtype), "y": data(4, 2, seed=9).astype(dtype)}
        if native_batch:
            batch = {k: b.from_numpy(v) for k, v in batch.items()}
        state, out = step(state, {"lr": lr}, batch)
        losses.append(out["loss"])
    return {
        "losses": losses,
        "w": state["w"],
        "bias": state["rest"][0],
        "count": state["rest"][1][0],
        "norm": out["norm"],
    }


@probe("compile_step", "looped", level="compile")
def step_training(b, dtype):
    """Five steps with donated state and a learning rate that changes."""
    out = _train(b, dtype, [0.01, 0.02, 0.03, 0.01, 0.0], True)
    return {**out, "five": Known(out["count"], np.int32(5))}


@probe("compile_steps", "looped", level="compile")
def steps_in_one_call(b, dtype):
    """Three steps, then two more, in a call each: hyper and batches row by row, of which the last are not used."""

    def step(state, hyper, batch):
        draw = b.random_uniform((2,), (hyper["k0"], 5), dtype)
        new, _ = _sgd(b)({k: state[k] for k in ("w", "rest")}, hyper, batch)
        return {**new, "draw": b.add(state["draw"], draw)}, None

    run, state = b.compile_steps(step), {**_start(b, dtype), "draw": b.full((2,), 0.0, dtype)}
    x = np.stack([data(4, 3, seed=i) for i in range(5)]).astype(dtype)
    y = np.stack([data(4, 2, seed=9)] * 5).astype(dtype)
    x[3] = y[4] = np.nan
    for lrs in ((0.01, 0.02, 0.03), (0.01, 0.0)):
        hypers = [{"lr": lr, "k0": 2**32 - 1 - i} for i, lr in enumerate(lrs)]
        state = run(state, hypers, {"x": x, "y": y, "none": [None]})
        x, y = np.array(x), np.array(y)
    draws = [rng.uniform((2,), (2**32 - 1 - i, 5)) for i in (0, 1, 2, 0, 1)]
    return {
        "w": state["w"],
        "bias": state["rest"][0],
        "five": Known(state["rest"][1][0], np.int32(5)),
        "draws": Known(state["draw"], np.sum(np.array(draws).astype(dtype), 0, dtype=dtype)),
    }


@probe("compile_step", "looped", level="compile")
def step_without_donation(b, dtype):
    """The state passed in stays as it was, and can be used again."""
    step, state = b.compile_step(_sgd(b), False), _start(b, dtype)
    batch = {"x": data(4, 3).astype(dtype), "y": data(4, 2, seed=9).astype(dtype)}
    first, _ = step(state, {"lr": 0.01}, batch)
    again, _ = step(state, {"lr": 0.01}, batch)
    return {
        "kept": Known(state["w"], data(3, 2).astype(dtype)),
        "same": Known(again["w"], b.to_numpy(first["w"])),
        "bias": first["rest"][0],
        "batch of tensors": _train(b, dtype, [0.01, 0.02], False, native_batch=True)["w"],
    }


@probe("compile_step host_scalar", "exact", level="compile")
def step_hyper_changes(b, dtype):
    """A changed hyper value, float or int, changes the result; float64 keeps all its digits."""
    step = b.compile_step(
        lambda state, hyper, batch: (
            state,
            [
                b.multiply(state[0], b.host_scalar(hyper["f"], dtype)),
                b.add(state[1], b.host_scalar(hyper["i"], "int32")),
            ],
        ),
        False,
    )
    state = [tensor(b, [1.0, -2.0], dtype), b.from_numpy(np.array([1, 2], np.int32))]
    out = {}
    for k, (f, i) in enumerate(((0.5, 3), (0.1 + 1e-12, 70000), (-1e-7, 0), (3.0, 2**31 - 10), (1.0, 1))):
        _, (x, n) = step(state, {"f": f, "i": i}, None)
        out[f"float{k}"] = Known(x, np.asarray([1.0, -2.0], dtype) * np.asarray(f, dtype))
        out[f"int{k}"] = Known(n, np.array([1 + i, 2 + i]).astype(np.int32))
    return out


@probe("host_scalar", "function", level="compile")
def host_scalar_sides(b, dtype):
    """A host scalar on either side of binary ops, from `hyper` and from plain Python."""
    x = data(2, 3)

    def run(x, scalar):
        s = b.host_scalar(scalar, dtype)
        return [
            b.add(x, s),
            b.subtract(s, x),
            b.multiply(s, x),
            b.divide(x, s),
            b.maximum(x, s),
            b.power(b.abs(x), s),
            b.greater(x, s),
            b.where(b.greater(x, 0.0), x, s),
        ]

    def step(state, hyper, batch):
        return state, run(state[0], hyper["s"])

    expected = [
        x + 0.25,
        0.25 - x,
        0.25 * x,
        x / 0.25,
        np.maximum(x, 0.25),
        np.abs(x) ** 0.25,
        x > 0.25,
        np.where(x > 0, x, 0.25),
    ]
    got = {
        "python": run(tensor(b, x, dtype), 0.25),
        "hyper": b.compile_step(step, False)([tensor(b, x, dtype)], {"s": 0.25}, None)[1],
    }
    out = {}
    for name, ys in got.items():
        for i, (y, e) in enumerate(zip(ys, expected)):
            out[f"{name}{i}"] = Known(y, e if e.dtype == bool else e.astype(dtype))
    return out


@probe("host_scalar", "exact", dtypes=("float16", "bfloat16"), level="compile")
def host_scalar_half(b, dtype):
    """A float hyper meets a half precision tensor without widening it."""
    x = b.cast(tensor(b, [1.0, 2.0, -4.0], "float32"), dtype)
    y = inside_hyper(b, lambda x, s: b.multiply(x, b.host_scalar(s, dtype)), x, 0.5)
    return {
        "product": Known(b.cast(y, "float32"), np.array([0.5, 1.0, -2.0], np.float32)),
        "dtype": Known(np.array(b.dtype_of(y) == dtype), np.array(True)),
    }


def inside_hyper(b, function, x, value):
    """`function(x, hyper scalar)` inside a compiled step."""
    return b.compile_step(lambda state, hyper, batch: (state, function(state[0], hyper["value"])), False)(
        [x], {"value": value}, None
    )[1]


@probe("mix_key compile_step", "exact", level="rng")
def step_random(b, dtype):
    """Keys from `hyper` give the bits of `rng`, mixed or not, and change with the counter."""

    def step(state, hyper, batch):
        key = (hyper["k0"], hyper["k1"])
        mixed = b.mix_key(key, (0x9E3779B1, 0xFFFFFFFF))
        return state, [
            b.random_uniform((6,), key, dtype),
            b.random_uniform((2, 3), mixed, dtype),
            b.dropout(state[0], 0.5, mixed, (2, 3)),
        ]

    run, out = b.compile_step(step, False), {}
    x = data(2, 3).astype(dtype)
    for i, (k0, k1) in enumerate(((0, 0), (1, 2), (0xFFFFFFFF, 0x80000000), (0xDEADBEEF, 7))):
        mixed = (k0 ^ 0x9E3779B1, k1 ^ 0xFFFFFFFF)
        plain, other, dropped = run([b.from_numpy(x)], {"k0": k0, "k1": k1}, None)[1]
        out[f"plain{i}"] = Known(plain, rng.uniform((6,), (k0, k1)).astype(dtype))
        u = rng.uniform((2, 3), mixed)
        out[f"mixed{i}"] = Known(other, u.astype(dtype))
        out[f"dropout{i}"] = Known(dropped, np.where(u >= 0.5, x * 2, 0).astype(dtype))
    assert_key = b.mix_key((5, 6), (3, 2**32 - 1))
    out["host"] = Known(np.array([int(k) for k in assert_key]), np.array([6, 2**32 - 7]))
    return out


@probe("compile_step mix_key scan", "exact", level="rng")
def step_random_in_loop(b, dtype):
    """`mix_counter` gives every iteration of a loop its own key."""

    def step(state, hyper, batch):
        def body(carry, inputs):
            return [b.add(carry[0], 1)], [
                b.random_uniform((3,), b.mix_counter((hyper["k0"], hyper["k1"]), carry[0]), dtype)
            ]

        _, (ys,) = b.scan(body, [b.full((), 0, "int32")], [], 4, False)
        return state, ys

    got = b.compile_step(step, False)([], {"k0": 123456789, "k1": 2**32 - 1}, None)[1]
    keys = [((c * 0x9E3779B1 % 2**32) ^ 123456789, (c * 0x85EBCA77 % 2**32) ^ (2**32 - 1)) for c in range(4)]
    return {"draws": Known(got, np.stack([rng.uniform((3,), key) for key in keys]).astype(dtype))}


@probe("compile_step", "exact", level="compile")
def step_batches(b, dtype):
    """Batches of other sizes, trees, integer and boolean leaves, an array refilled after the call, non-contiguous arrays."""

    def step(state, hyper, batch):
        (x, extra), flag = batch["pair"], batch["flag"]
        return [b.add(state[0], total(b, x))], {
            "x": x,
            "n": b.add(extra, 1),
            "flag": b.logical_not(flag),
            "none": batch["none"],
        }

    run, state, out = b.compile_step(step, False), [b.full((), 0.0, dtype)], {}
    sum_of_all = 0.0
    for size in (4, 4, 2, 0, 1):
        x = (np.arange(size * 3.0).reshape(size, 3) + size).astype(dtype)
        buffer, numbers = x.copy(), np.arange(size, dtype=np.int64)
        state, got = run(state, {}, {"pair": (buffer, numbers), "flag": np.arange(size) % 2 == 0, "none": None})
        buffer[...] = -1.0
        sum_of_all += x.sum()
        out[f"x of {size}"], out[f"n of {size}"] = Known(got["x"], x), Known(got["n"], numbers + 1)
        out[f"flag of {size}"] = Known(got["flag"], np.arange(size) % 2 == 1)
        out[f"none of {size}"] = Known(np.array(got["none"] is None), np.array(True))
        out[f"state at {size}"] = Known(state[0], np.asarray(sum_of_all, dtype))
    wide = np.arange(24.0).astype(dtype).reshape(4, 6)
    for name, view in (("columns", wide[:, ::2]), ("transposed", wide.T[:3]), ("reversed", wide[::-1, :3])):
        _, got = run(state, {}, {"pair": (view, np.arange(2, dtype=np.int64)), "flag": np.array([True]), "none": None})
        out[name] = Known(got["x"], np.array(view))
    large = _aligned(2**20, dtype).reshape(-1, 4)
    large[...] = 1.0
    _, got = run(state, {}, {"pair": (large, np.arange(2, dtype=np.int64)), "flag": np.array([True]), "none": None})
    large[...] = -1.0
    out["large"] = Known(np.array(bool((b.to_numpy(got["x"]) == 1.0).all())), np.array(True))
    return out


def _aligned(n, dtype):
    """Room for n numbers where a cache line begins: frameworks read such arrays in place."""
    room = np.empty(n * np.dtype(dtype).itemsize + 64, np.uint8)
    start = -room.ctypes.data % 64
    return room[start : start + n * np.dtype(dtype).itemsize].view(dtype)


@probe("compile_step", "looped", level="compile")
def step_many_hypers(b, dtype):
    """More hypers later, or in another order, are another step; a step is called again after that."""

    def step(state, hyper, batch):
        x = state[0]
        for name in sorted(hyper):
            x = b.add(b.multiply(x, 2.0), b.host_scalar(hyper[name], dtype))
        return [x], x

    run, state = b.compile_step(step, False), [tensor(b, data(3), dtype)]
    hypers = [
        {"a": 0.5, "b": 0.25},
        {"b": 0.5, "a": 0.25},
        {"a": 0.5},
        {},
        {"a": 0.5, "b": 0.25, "c": -1.0},
        {"a": 0.5, "b": 0.25},
    ]
    return {f"call{i}": run(state, hyper, None)[1] for i, hyper in enumerate(hypers)}


SCALARS = {
    "sgd": {"lr": 0.1},
    "momentum": {"lr": 0.1, "momentum": 0.9},
    "nesterov": {"lr": 0.1, "momentum": 0.9},
    "rmsprop": {"lr": 0.01, "rho": 0.9, "one_minus_rho": 1 - 0.9, "epsilon": 1e-7},
    "adam": {
        "lr_t": 0.003,
        "beta_1": 0.9,
        "one_minus_beta_1": 1 - 0.9,
        "beta_2": 0.999,
        "one_minus_beta_2": 1 - 0.999,
        "epsilon": 1e-7,
    },
}
SLOTS = {"sgd": 0, "momentum": 1, "nesterov": 1, "rmsprop": 1, "adam": 2}


def expected_update(kind, p, g, slots, s):
    """The formulas of `Derived.fused_update` on arrays: (p, slots)."""
    if kind == "sgd":
        return p - s["lr"] * g, []
    if kind in ("momentum", "nesterov"):
        m = s["momentum"] * slots[0] - s["lr"] * g
        return (p + m if kind == "momentum" else p + (s["momentum"] * m - s["lr"] * g)), [m]
    if kind == "rmsprop":
        v = s["rho"] * slots[0] + s["one_minus_rho"] * (g * g)
        return p - (s["lr"] * g) / np.sqrt(v + s["epsilon"]), [v]
    m = s["beta_1"] * slots[0] + s["one_minus_beta_1"] * g
    v = s["beta_2"] * slots[1] + s["one_minus_beta_2"] * (g * g)
    return p - (m * s["lr_t"]) / (np.sqrt(v) + s["epsilon"]), [m, v]


def by_primitives(b, kind, p, g, slots, s):
    """`expected_update` on tensors, by primitives."""
    times, plus = b.multiply, b.add
    if kind == "sgd":
        return b.subtract(p, times(g, s["lr"])), []
    if kind in ("momentum", "nesterov"):
        m = b.subtract(times(slots[0], s["momentum"]), times(g, s["lr"]))
        return plus(p, m if kind == "momentum" else b.subtract(times(m, s["momentum"]), times(g, s["lr"]))), [m]
    if kind == "rmsprop":
        v = plus(times(slots[0], s["rho"]), times(times(g, g), s["one_minus_rho"]))
        return b.subtract(p, b.divide(times(g, s["lr"]), b.sqrt(plus(v, s["epsilon"])))), [v]
    m = plus(times(slots[0], s["beta_1"]), times(g, s["one_minus_beta_1"]))
    v = plus(times(slots[1], s["beta_2"]), times(times(g, g), s["one_minus_beta_2"]))
    return b.subtract(p, b.divide(times(m, s["lr_t"]), plus(b.sqrt(v), s["epsilon"]))), [m, v]


@probe("fused_update", "formula", level="compile")
def fused_updates(b, dtype):
    """Three steps of every kind inside a compiled step, donated and not; by primitives where a backend has no update.

    Without donation what a step is given stays as it was.
    """
    out, shapes = {}, ((3, 4), (), (5,), (0, 2), (40, 60))
    for kind, scalars in SCALARS.items():

        def step(state, hyper, batch, kind=kind):
            s = Scalars(b, hyper).of(dtype)  # as the optimizers hand them over
            fused = b.fused_update(kind, state["p"], batch, state["slots"], s)
            if fused is NotImplemented:
                rows = [
                    by_primitives(b, kind, p, g, [r[i] for r in state["slots"]], s)
                    for i, (p, g) in enumerate(zip(state["p"], batch))
                ]
                fused = [row[0] for row in rows], [[row[1][k] for row in rows] for k in range(SLOTS[kind])]
            return {"p": list(fused[0]), "slots": [list(s) for s in fused[1]]}, None

        for donate in (False, True):
            p = [data(*s) for s in shapes]
            slots = [[np.abs(data(*s, seed=3 + k)) for s in shapes] for k in range(SLOTS[kind])]
            state = {
                "p": [tensor(b, a, dtype) for a in p],
                "slots": [[tensor(b, a, dtype) for a in row] for row in slots],
            }
            run = b.compile_step(step, donate)
            for t in range(3):
                g = [data(*s, seed=20 + t) for s in shapes]
                hyper = {k: v * (1 + t) if k.startswith("lr") else v for k, v in scalars.items()}
                given = [*state["p"], *(x for row in state["slots"] for x in row)]
                held = [b.to_numpy(x) for x in given]
                state, _ = run(state, hyper, [a.astype(dtype) for a in g])
                if not donate:
                    for i, (x, array) in enumerate(zip(given, held)):
                        out[f"{kind} given {i} to step {t}"] = Known(x, array)
                new = [
                    expected_update(kind, a, d, [row[i] for row in slots], hyper) for i, (a, d) in enumerate(zip(p, g))
                ]
                p, slots = [n[0] for n in new], [[n[1][k] for n in new] for k in range(len(slots))]
            name = f"{kind} {'donated' if donate else 'kept'}"
            for i, e in enumerate(p):
                out[f"{name} p{i}"] = Known(state["p"][i], e.astype(dtype))
                for k, row in enumerate(slots):
                    out[f"{name} slot{k}.{i}"] = Known(state["slots"][k][i], row[i].astype(dtype))
    return out


@probe("compile_step", "exact", level="compile")
def step_inside(b, dtype):
    """What a step makes itself (constants, ranges, draws) needs no input."""

    def run():
        return [
            b.full((2,), 1.5, dtype),
            b.arange(3, "int32"),
            b.constant([1.0, 2.0], dtype),
            b.random_uniform((3,), (1, 2), dtype),
        ]

    ones, numbers, constants, draws = inside(b, run, [])
    return {
        "full": Known(ones, np.full(2, 1.5, dtype)),
        "arange": Known(numbers, np.arange(3, dtype=np.int32)),
        "constant": Known(constants, np.array([1.0, 2.0], dtype)),
        "random": Known(draws, rng.uniform((3,), (1, 2)).astype(dtype)),
    }
