"""Probes of loops, branches and gradients, alone and inside a compiled step."""

import numpy as np

from .probes import Known, both, data, probe, tensor, total


def _running(b):
    def step(carry, inputs):
        (h,) = carry
        h = b.tanh(b.add(b.multiply(h, 0.5), inputs[0]))
        return [h], [h, b.multiply(h, 2.0)]

    return step


@probe("scan", "looped")
def scan_forward(b, dtype):
    inputs = [tensor(b, data(3, seed=1), dtype), tensor(b, data(5, 3), dtype)]
    return both(b, lambda h, x: b.scan(_running(b), [h], [x], 5, False), inputs)


@probe("scan", "looped")
def scan_reverse(b, dtype):
    inputs = [tensor(b, data(3, seed=1), dtype), tensor(b, data(5, 3), dtype)]
    return both(b, lambda h, x: b.scan(_running(b), [h], [x], 5, True), inputs)


@probe("scan", "exact")
def scan_order(b, dtype):
    """ys come in the order of xs, whichever way the loop runs."""
    x = tensor(b, np.arange(4.0), dtype)

    def run(x):
        def step(carry, inputs):
            seen = b.add(b.multiply(carry[0], 10.0), inputs[0])
            return [seen], [seen]

        return [b.scan(step, [b.full((), 0.0, dtype)], [x], 4, reverse) for reverse in (False, True)]

    out = both(b, run, [x])
    for name, got in list(out.items()):
        expected = (123.0, [0.0, 1.0, 12.0, 123.0], 3210.0, [3210.0, 321.0, 32.0, 3.0])
        for i, (g, e) in enumerate(zip(got, expected)):
            out[f"{name}.known{i}"] = Known(g, np.asarray(e, dtype))
    return out


@probe("scan", "looped")
def scan_many(b, dtype):
    """Two carries of different shapes and dtypes, two inputs, no ys and ys of different ranks."""
    inputs = [tensor(b, data(2, 3), dtype), tensor(b, data(4, 2, 3), dtype), tensor(b, data(4, seed=2), dtype)]

    def run(h, x, y):
        def step(carry, inputs):
            h, n = carry
            h = b.add(b.multiply(h, inputs[1]), inputs[0])
            return [h, b.add(n, 1)], [h, total(b, h), n]

        def silent(carry, inputs):
            return [b.add(carry[0], inputs[0])], []

        first = b.scan(step, [h, b.full((), 0, "int32")], [x, y], 4, False)
        return [first, b.scan(silent, [h], [x], 4, True)]

    return both(b, run, inputs)


@probe("scan", "looped")
def scan_without_inputs(b, dtype):
    def run(h):
        return b.scan(lambda carry, inputs: ([b.multiply(carry[0], 1.5)], [carry[0]]), [h], [], 3, False)

    return both(b, run, [tensor(b, data(2), dtype)])


@probe("scan", "exact")
def scan_of_length_zero(b, dtype):
    def run(h, x):
        return b.scan(_running(b), [h], [x], 0, False)

    return both(b, run, [tensor(b, data(3), dtype), tensor(b, np.zeros((0, 3)), dtype)])


@probe("scan", "looped")
def scan_of_one_step(b, dtype):
    return both(
        b,
        lambda h, x: b.scan(_running(b), [h], [x], 1, True),
        [tensor(b, data(3), dtype), tensor(b, data(1, 3), dtype)],
    )


def _scan_gradient(b, dtype, reverse):
    arrays = [data(2, 3), data(5, 2, 3), data(3, 3, seed=4), data(5, seed=5)]

    def loss(params, scale):
        h, x, w, gates = params

        def step(carry, inputs):
            h = b.tanh(b.add(b.matmul(carry[0], w), b.multiply(inputs[0], inputs[1])))
            return [h], [b.multiply(h, h)]

        (h,), (ys,) = b.scan(step, [h], [x, gates], 5, reverse)
        return b.multiply(b.add(total(b, h), total(b, b.multiply(ys, x))), scale), {"last": h}

    def run(*tensors):
        (value, aux), grads = b.value_and_grad(loss)(list(tensors), 0.5)
        return [value, aux["last"], *grads]

    return both(b, run, [tensor(b, a, dtype) for a in arrays])


@probe("scan value_and_grad", "gradient", level="grads")
def scan_gradient_forward(b, dtype):
    return _scan_gradient(b, dtype, False)


@probe("scan value_and_grad", "gradient", level="grads")
def scan_gradient_reverse(b, dtype):
    return _scan_gradient(b, dtype, True)


@probe("scan", "looped")
def scan_inside_scan(b, dtype):
    def run(h, x):
        def outer(carry, inputs):
            inner, (ys,) = b.scan(_adding, [carry[0]], [inputs[0]], 3, False)
            return inner, [ys]

        def _adding(carry, inputs):
            h = b.add(b.multiply(carry[0], 0.5), inputs[0])
            return [h], [h]

        return b.scan(outer, [h], [x], 2, False)

    return both(b, run, [tensor(b, data(4), dtype), tensor(b, data(2, 3, 4), dtype)])


@probe("while_loop", "looped")
def while_loop_until(b, dtype):
    """Halves until small: the number of rounds depends on the values."""

    def run(x):
        count = b.full((), 0, "int32")
        return b.while_loop(
            lambda s: b.greater(total(b, b.abs(s[0])), 0.01),
            lambda s: [b.multiply(s[0], 0.5), b.add(s[1], 1)],
            [x, count],
        )

    return both(b, run, [tensor(b, data(3), dtype)])


@probe("while_loop", "exact")
def while_loop_counting(b, dtype):
    def run(x):
        def body(state):
            i, x, ys = state
            return [b.add(i, 1), b.add(x, 1.0), b.add(ys, b.cast(i, dtype))]

        zero = b.full((), 0, "int32")
        some = b.while_loop(lambda s: b.less(s[0], 4), body, [zero, x, x])
        none = b.while_loop(lambda s: b.less(s[0], 0), body, [zero, x, x])
        return [some, none]

    out = both(b, run, [tensor(b, [1.0, 2.0], dtype)])
    return {
        **out,
        "rounds": Known(out["compiled"][0], np.int32(4)),
        "no rounds": Known(out["compiled"][4], np.array([1.0, 2.0], dtype)),
    }


@probe("cond", "exact")
def cond_both_ways(b, dtype):
    def run(x):
        def branch(limit):
            return b.cond(
                b.greater(total(b, x), limit),
                lambda: [b.multiply(x, 2.0), b.full((), 1, "int32")],
                lambda: [b.negative(x), b.full((), 0, "int32")],
            )

        return [branch(0.0), branch(100.0)]

    out = both(b, run, [tensor(b, [1.0, 2.0], dtype)])
    answers = ([2.0, 4.0], 1, [-1.0, -2.0], 0)
    for name in ("alone", "compiled"):
        for i, answer in enumerate(answers):
            out[f"{name}.known{i}"] = Known(out[name][i], np.asarray(answer, dtype if i % 2 == 0 else "int32"))
    return out


@probe("cond value_and_grad", "gradient", level="grads")
def cond_gradient(b, dtype):
    def run(x, y):
        def loss(params, limit):
            x, y = params
            (out,) = b.cond(b.greater(total(b, x), limit), lambda: [b.multiply(x, x)], lambda: [b.multiply(x, y)])
            return total(b, out), None

        return [b.value_and_grad(loss)([x, y], limit) for limit in (-100.0, 100.0)]

    def without_none(*tensors):
        return [[value, *grads] for (value, _), grads in run(*tensors)]

    return both(b, without_none, [tensor(b, data(3), dtype), tensor(b, data(3, seed=1), dtype)])


@probe("custom_gradient value_and_grad", "gradient", level="grads")
def custom_gradient_used(b, dtype):
    """The backward function counts, not the derivative: here three times and minus the true one."""

    def run(x, y):
        scaled = b.custom_gradient(
            lambda x, y: (b.multiply(x, y), [x, y]),
            lambda saved, dy: (b.multiply(b.multiply(dy, saved[1]), 3.0), b.negative(b.multiply(dy, saved[0]))),
        )

        def loss(params):
            z = scaled(b.add(params[0], 1.0), params[1])
            return total(b, b.multiply(z, params[0])), z

        (value, z), grads = b.value_and_grad(loss)([x, y])
        return [value, z, *grads, scaled(x, y)]

    x, y = data(2, 3), data(2, 3, seed=1)
    out = both(b, run, [tensor(b, x, dtype), tensor(b, y, dtype)])
    exact = ((x + 1) * y + 3.0 * y * x, -(x + 1) * x)
    for name in ("alone", "compiled"):
        for i, e in enumerate(exact):
            out[f"{name}.known{i}"] = Known(out[name][2 + i], e.astype(dtype))
    return out


@probe("custom_gradient scan", "gradient", level="grads")
def custom_gradient_in_scan(b, dtype):
    def run(x):
        clipped = b.custom_gradient(lambda x: (x, None), lambda saved, dy: (b.clip(dy, -0.5, 0.5),))

        def loss(params):
            (h,), _ = b.scan(
                lambda c, i: ([clipped(b.add(b.multiply(c[0], 2.0), i[0]))], []),
                [b.full((2,), 0.0, dtype)],
                [params[0]],
                3,
                False,
            )
            return total(b, b.multiply(h, h)), None

        (value, _), grads = b.value_and_grad(loss)([x])
        return [value, *grads]

    return both(b, run, [tensor(b, data(3, 2), dtype)])


@probe("value_and_grad", "gradient", level="grads")
def value_and_grad_trees(b, dtype):
    """Parameters without influence get zeros; `rest` may be trees; `aux` keeps its structure; integers pass through."""

    def run(x, unused, n):
        def loss(params, options, n):
            x, _ = params
            y = b.multiply(x, options["scale"])
            aux = {"y": y, "pair": (b.add(n, 1), [b.negative(x)]), "none": None}
            return total(b, b.multiply(y, y)), aux

        (value, aux), grads = b.value_and_grad(loss)([x, unused], {"scale": 3.0}, n)
        assert_none = aux["none"] is None
        return [value, aux["y"], aux["pair"][0], aux["pair"][1][0], *grads, b.full((), int(assert_none), "int32")]

    x = data(3)
    out = both(b, run, [tensor(b, x, dtype), tensor(b, data(2, 2), dtype), b.from_numpy(np.int32(4))])
    for name in ("alone", "compiled"):
        out[f"{name}.known gradient"] = Known(out[name][4], (18 * x).astype(dtype))
        out[f"{name}.known zeros"] = Known(out[name][5], np.zeros((2, 2), dtype))
        out[f"{name}.known none"] = Known(out[name][6], np.int32(1))
    return out


@probe("value_and_grad", "gradient", level="grads")
def value_and_grad_independent(b, dtype):
    """A loss that does not depend on any parameter has zero gradients."""

    def run(x):
        (value, _), grads = b.value_and_grad(lambda params: (b.full((), 2.0, dtype), None))([x])
        return [value, *grads]

    return both(b, run, [tensor(b, data(3), dtype)])


@probe("value_and_grad", "gradient", level="grads")
def value_and_grad_reuse(b, dtype):
    """One parameter used many times, with integer and boolean values along the way."""

    def run(x):
        def loss(params):
            (x,) = params
            order = b.argsort(x, 0)
            picked = b.take(x, order, 0)
            chosen = b.where(b.greater(x, 0.0), b.multiply(x, picked), b.exp(x))
            return total(b, b.add(chosen, b.multiply(b.stop_gradient(x), x))), b.argmax(x, 0)

        (value, index), grads = b.value_and_grad(loss)([x])
        return [value, index, *grads]

    return both(b, run, [tensor(b, data(6), dtype)])
