"""Probes of compilation: how often a step's function runs, donation, and what a step sees of the world outside."""

import numpy as np

from .evaluate import flat
from .probes import Known, data, probe, tensor, total, yes


def traces(b):
    """Whether the function of a step runs on stand-ins for tensors: then it must not run for every call."""
    seen = []

    def step(state, hyper, batch):
        try:
            b.to_numpy(state[0])
            seen.append(False)
        except Exception:
            seen.append(True)  # a stand-in has no values
        return state, None

    b.compile_step(step, False)([b.from_numpy(np.zeros(2))], {}, None)
    return seen[0]


def _counted(b):
    """A compiled linear step and the list of the batch sizes its function has run for."""
    runs = []

    def step(state, hyper, batch):
        runs.append(b.shape_of(batch[0])[0])
        dtype = b.dtype_of(state[0])

        def loss(params):
            error = b.subtract(b.matmul(batch[0], params[0]), batch[1])
            return total(b, b.multiply(error, error)), None

        (value, _), (g,) = b.value_and_grad(loss)([state[0]])
        return [b.subtract(state[0], b.multiply(g, b.host_scalar(hyper["lr"], dtype))), b.add(state[1], 1)], value

    return b.compile_step(step, True), runs


def _batch(n, dtype, seed=0):
    return [data(n, 3, seed=seed).astype(dtype), data(n, 2, seed=seed + 50).astype(dtype)]


@probe("compile_step", "exact", level="compile")
def step_runs(b, dtype):
    """Where steps are traced, the function runs once for each form of the batch: not for the second batch of it, not for
    another learning rate or another number of a step, not for the second ragged batch, and not for the first form again."""
    step, runs = _counted(b)
    state = [tensor(b, data(3, 2), dtype), b.from_numpy(np.int32(0))]
    lazy, out, calls = traces(b), {}, 0
    for size, lrs in ((8, (0.1, 0.01, 1e-3, 0.5, 1e-9)), (3, (0.1, 0.2)), (8, (0.3,)), (3, (0.4,)), (1, (0.1, 0.1))):
        for i, lr in enumerate(lrs):
            before = len(runs)
            state, _ = step(state, {"lr": lr, "step": calls}, _batch(size, dtype, calls))
            new = i == 0 and calls in (0, 5, 9)
            calls += 1
            out[f"call {calls} of {size}"] = yes(len(runs) == before + 1 if new or not lazy else len(runs) == before)
    out["steps"] = Known(state[1], np.int32(calls))
    return out


@probe("compile_step", "exact", fixed=True, level="compile")
def step_forms(b, dtype):
    """Tensors and arrays of one form share a trace; a whole number stays one and a float one; an int for a float is new."""
    runs = []

    def step(state, hyper, batch):
        runs.append(1)
        return state, b.multiply(batch, b.host_scalar(hyper["x"], "float64"))

    run, lazy, out = b.compile_step(step, False), traces(b), {}
    x = np.array([1.0, -2.0])
    for name, batch, value, new in (
        ("first", x, 0.5, True),
        ("a tensor", b.from_numpy(x), 0.5, False),
        ("another float", x, 3.0, False),
        ("NumPy's float", x, np.float64(0.25), None),
        ("a whole number", x, 3, True),
        ("another whole number", x, 2**32 - 1, False),
    ):
        before = len(runs)
        _, y = run([], {"x": value}, batch)
        out[name] = Known(y, x * float(value))
        if new is not None:
            out[f"{name}: runs"] = yes(len(runs) - before == int(new or not lazy))
    return out


@probe("compile_step", "looped", level="compile")
def step_equals_eager(b, dtype):
    """The same function called as it is and compiled, donated or not, over five steps."""

    def step(state, hyper, batch):
        w, v = state["w"], state["v"]

        def loss(params):
            h = b.tanh(b.dense(batch["x"], params[0], params[1]))
            h = b.dropout(h, 0.25, (hyper["k0"], hyper["k1"]), b.shape_of(h))
            return b.mean(b.square(b.subtract(h, batch["y"])), (0, 1), False), b.moments(h, (0,), False)

        (value, (mean, variance)), grads = b.value_and_grad(loss)(w)
        lr = b.host_scalar(hyper["lr"], dtype)
        v = [b.add(b.multiply(old, 0.9), g) for old, g in zip(v, grads)]
        w = [b.subtract(p, b.multiply(m, lr)) for p, m in zip(w, v)]
        return {"w": w, "v": v}, [value, mean, variance]

    def begin():
        return {
            "w": [tensor(b, data(4, 3), dtype), tensor(b, data(3), dtype)],
            "v": [tensor(b, np.zeros((4, 3)), dtype), tensor(b, np.zeros(3), dtype)],
        }

    out, ends = {}, {}
    for name, run in (("plain", step), ("kept", b.compile_step(step, False)), ("donated", b.compile_step(step, True))):
        state, results = begin(), []
        for i in range(5):
            batch = {"x": tensor(b, data(6, 4, seed=i), dtype), "y": tensor(b, data(6, 3, seed=9), dtype)}
            state, found = run(state, {"lr": 0.1 / (1 + i), "k0": 7 * i, "k1": 2**32 - 1 - i}, batch)
            results.append(found)
        ends[name] = [b.to_numpy(x) for x in (*state["w"], *state["v"], *flat(results))]
    for name in ("kept", "donated"):
        out[name] = [Known(got, plain) for got, plain in zip(ends[name], ends["plain"])]
    return {**out, "plain": ends["plain"]}


@probe("compile_step", "exact", level="compile")
def step_donation(b, dtype):
    """What may be overwritten is the state alone: batches, tensors beside it and results of earlier steps stay."""
    step = b.compile_step(
        lambda state, hyper, batch: ([b.add(state[0], batch), b.multiply(state[1], 2.0)], b.add(state[0], 0.0)), True
    )
    x = np.arange(6.0).reshape(2, 3).astype(dtype)
    batch, beside = b.from_numpy(x), b.from_numpy(x)
    state, outs = [b.from_numpy(x), b.from_numpy(x + 1)], []
    for _ in range(4):
        state, out = step(state, {}, batch)
        outs.append(out)
    again, _ = step([b.from_numpy(x), b.from_numpy(x)], {}, batch)
    return {
        "state": Known(state[0], x * 5),
        "doubled": Known(state[1], (x + 1) * 16),
        "batch": Known(batch, x),
        "beside": Known(beside, x),
        "results": [Known(out, x * (1 + i)) for i, out in enumerate(outs)],
        "begun again": Known(again[0], x * 2),
    }


@probe("compile_step", "exact", level="compile")
def step_same_in_and_out(b, dtype):
    """State that a step hands on as it is, swaps, or gives out as a result; and a batch that becomes state."""

    def step(state, hyper, batch):
        return [state[1], state[0], batch], [state[0], state[2], batch]

    run, out = b.compile_step(step, True), {}
    arrays = [np.full(3, float(i), dtype) for i in range(3)]
    state, batches = [b.from_numpy(a) for a in arrays], [np.full(3, 10.0 + i, dtype) for i in range(4)]
    for i, batch in enumerate(batches):
        state, found = run(state, {}, batch)
        arrays, results = [arrays[1], arrays[0], batch.copy()], [arrays[0], arrays[2], batch.copy()]
        batch[...] = -1.0
        out[f"state {i}"] = [Known(b.to_numpy(x), a) for x, a in zip(state, arrays)]  # the next step takes it away
        out[f"results {i}"] = [Known(x, a) for x, a in zip(found, results)]
    return out


@probe("compile_step", "exact", fixed=True, level="compile")
def step_after_an_error(b, dtype):
    """A step that fails leaves nothing behind: the next good batch goes on as if it had not been."""

    def step(state, hyper, batch):
        if b.shape_of(batch)[0] == 3:
            raise ValueError("three is one too many")
        return [b.add(state[0], total(b, batch))], None

    run, state, texts = b.compile_step(step, True), [b.from_numpy(np.float64(1.0))], []
    state, _ = run(state, {}, np.ones(2))
    for _ in range(2):
        try:
            run(state, {}, np.ones(3))
        except ValueError as error:
            texts.append(str(error))
    state, _ = run(state, {}, np.ones(2))
    return {
        "state": Known(state[0], np.float64(5.0)),
        "errors": yes(len(texts) == 2 and all("three is one too many" in text for text in texts)),
        "gradients after it": Known(
            b.value_and_grad(lambda p: (b.square(p[0]), None))([state[0]])[1][0], np.float64(10.0)
        ),
    }
