"""Probes of gradients through loops, branches and long chains: held against central differences of the values alone."""

import numpy as np

from .probes import Known, data, probe, total

_STEP = 1e-4


def along_directions(b, function, arrays):
    """For each array, the derivative of `function(tensors) -> scalar` along a random direction by `value_and_grad`, with
    the one that four values tell. All in compiled steps, in float64."""

    def graded(state, hyper, batch):
        (value, _), grads = b.value_and_grad(lambda params: (function(params), None))(batch)
        return state, [value, grads]

    values = b.compile_step(lambda state, hyper, batch: (state, function(batch)), False)
    _, (_, grads) = b.compile_step(graded, False)([], {}, arrays)
    out = []
    for i, (x, g) in enumerate(zip(arrays, grads)):
        direction = np.random.default_rng((31, i, *x.shape)).uniform(-1.0, 1.0, x.shape)
        direction /= max(1.0, np.linalg.norm(direction))

        def at(t, i=i, x=x, direction=direction):
            moved = [*arrays[:i], x + t * _STEP * direction, *arrays[i + 1 :]]
            return float(b.to_numpy(values([], {}, moved)[1]))

        numeric = (at(-2) - 8 * at(-1) + 8 * at(1) - at(2)) / (12 * _STEP)
        out.append(Known(np.float64(np.sum(b.to_numpy(g) * direction)), np.float64(numeric)))
    return out


def central(function):
    """Register a function of (b, tensors), whose attribute `arrays` says where to look, as a probe."""

    def run(b, dtype):
        return {"along a direction": along_directions(b, lambda params: function(b, *params), function.arrays)}

    run.__name__, run.__doc__ = f"differences_{function.__name__}", function.__doc__
    probe("value_and_grad", "central", level="grads", dtypes=("float64",))(run)
    return function


def at(*arrays):
    """Where to look: the arrays a function gets."""

    def mark(function):
        function.arrays = [np.asarray(a) for a in arrays]
        return central(function)

    return mark


def _cell(b, w):
    def step(carry, inputs):
        h = b.tanh(b.add(b.matmul(carry[0], w), b.multiply(inputs[0], inputs[1])))
        return [h], [b.multiply(h, h)]

    return step


@at(data(2, 3), data(5, 2, 3), data(3, 3, seed=4), data(5, seed=5))
def scan_forward(b, h, x, w, gates):
    """Through carry, inputs and what the step holds from outside."""
    (h,), (ys,) = b.scan(_cell(b, w), [h], [x, gates], 5, False)
    return b.add(total(b, h), total(b, b.multiply(ys, x)))


@at(data(2, 3), data(5, 2, 3), data(3, 3, seed=4), data(5, seed=5))
def scan_reverse(b, h, x, w, gates):
    (h,), (ys,) = b.scan(_cell(b, w), [h], [x, gates], 5, True)
    return b.add(total(b, b.multiply(h, h)), total(b, b.multiply(ys, x)))


@at(data(4), data(2, 3, 4), data(4, seed=2))
def scan_in_scan(b, h, x, w):
    def inner(carry, inputs):
        h = b.sin(b.add(b.multiply(carry[0], w), inputs[0]))
        return [h], [h]

    def outer(carry, inputs):
        (h,), (ys,) = b.scan(inner, [carry[0]], [inputs[0]], 3, True)
        return [h], [b.sum(ys, (0,), False)]

    (h,), (ys,) = b.scan(outer, [h], [x], 2, False)
    return b.add(total(b, h), total(b, b.square(ys)))


@at(data(2), data(3, 2))
def scan_two_carries(b, h, x):
    """One carry only feeds the other; one output is not used."""

    def step(carry, inputs):
        h, c = carry
        c = b.add(b.multiply(c, 0.5), inputs[0])
        return [b.multiply(h, b.sin(c)), c], [h, c]

    (h, _), (ys, _) = b.scan(step, [h, b.zeros_like(h)], [x], 3, False)
    return b.add(total(b, h), total(b, b.exp(ys)))


@at(data(3), data(3, seed=1))
def cond_taken(b, x, y):
    (out,) = b.cond(
        b.greater(total(b, x), -100.0), lambda: [b.multiply(b.exp(x), y)], lambda: [b.divide(x, b.zeros_like(x))]
    )
    return total(b, out)


@at(data(3), data(3, seed=1))
def cond_not_taken(b, x, y):
    """The other branch; what is not taken, a division by 0, must not get into the gradient."""
    (out,) = b.cond(
        b.greater(total(b, x), 100.0), lambda: [b.log(b.zeros_like(x))], lambda: [b.multiply(x, b.square(y))]
    )
    return total(b, b.sin(out))


@at(data(4), data(4, seed=3))
def cond_in_scan(b, h, x):
    def step(carry, inputs):
        grow = b.greater(inputs[0], 0.0)
        (h,) = b.cond(grow, lambda: [b.multiply(carry[0], inputs[0])], lambda: [b.subtract(b.sin(carry[0]), inputs[0])])
        return [h], [total(b, h)]

    (h,), (ys,) = b.scan(step, [h], [x], 4, False)
    return b.add(total(b, h), total(b, ys))


@at(data(2, 3), data(2, 3, seed=1))
def custom_gradient(b, x, y):
    """A custom gradient that is the true one, of results used twice."""
    product = b.custom_gradient(
        lambda x, y: (b.multiply(b.sin(x), y), [x, y]),
        lambda saved, dy: (b.multiply(b.multiply(dy, b.cos(saved[0])), saved[1]), b.multiply(dy, b.sin(saved[0]))),
    )
    z = product(b.multiply(x, 2.0), y)
    return total(b, b.multiply(z, product(z, x)))


@at(data(3), data(3, seed=2))
def while_loop_beside(b, x, y):
    """A loop of unknown length gives a number without gradient; what is done with it has one."""
    _, n = b.while_loop(
        lambda s: b.greater(total(b, b.abs(s[0])), 0.01),
        lambda s: [b.multiply(s[0], 0.5), b.add(s[1], 1.0)],
        [b.full((3,), 1.0, "float64"), b.full((), 0.0, "float64")],
    )
    return total(b, b.multiply(b.multiply(x, x), b.multiply(y, n)))


@at(data(5, 4), data(4, 6, seed=1), data(6, seed=2), data(6, 3, seed=3), data(3, seed=4))
def network(b, x, w, v, u, c):
    """A long chain of derived operations with a loss at its end."""
    h = b.gelu(b.layer_norm(b.dense(x, w, v), None, v, 1e-3), False)
    h = b.concat([b.softplus(h), b.logsumexp(h, (1,), True)], 1)
    h = b.slice(h, (0, 1), (5, 7), (1, 1))
    labels = b.from_numpy(np.array([0, 2, 1, 1, 0], "int32"))
    logits = b.dense(b.dropout(h, 0.25, (3, 4), (5, 6)), u, c)
    return b.mean(b.sparse_softmax_cross_entropy(labels, logits), (0,), False)


@at(data(2, 6, 6, 3), data(3, 3, 3, 4, seed=1), data(4, seed=2), data(2, 2, 3, 4, seed=3))
def image_network(b, x, kernel, scale, back):
    """Convolution, normalisation, pooling and a transposed convolution."""
    h = b.conv(x, kernel, (1, 1), ((1, 1), (1, 1)), (1, 1), 1)
    h, mean, variance = b.batch_norm_train(h, scale, None, 1e-3)
    h = b.avg_pool(b.tanh(h), (2, 2), (2, 2), ((0, 0), (0, 0)))
    y = b.conv_transpose(h, back, (2, 2), ((0, 0), (0, 0)), (1, 1), (6, 6))
    return total(b, b.multiply(y, x))


@at(
    data(2, 4, 3),
    data(2, 2),
    data(3, 8, seed=1),
    data(2, 8, seed=2),
    data(8, seed=3),
    data(2, 6, seed=4),
    data(2, 6, seed=5),
)
def recurrent_network(b, x, h, kernel, recurrent, bias, gates, looped):
    """An LSTM under a GRU that goes backwards."""
    ys, last, cell = b.lstm(x, h, b.zeros_like(h), kernel, recurrent, bias, "tanh", "sigmoid", False)
    ys, last = b.gru(ys, last, gates, looped, None, None, "tanh", "sigmoid", True, True)
    return b.add(total(b, b.square(ys)), total(b, b.multiply(last, cell)))
