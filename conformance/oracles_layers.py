"""Oracles of products with a bias, normalisations and recurrent layers: one sample, one unit at a time."""

import math

import numpy as np

from .oracles_derived import moments
from .oracles_elementwise import each, wide

ACTIVATIONS = {
    "tanh": math.tanh,
    "sigmoid": lambda v: 1 / (1 + math.exp(-v)) if v > -700 else 0.0,
    "hard_sigmoid": lambda v: min(1.0, max(0.0, 0.2 * v + 0.5)),
    "relu": lambda v: max(v, 0.0),
    "softsign": lambda v: v / (1 + abs(v)),
    "linear": lambda v: v,
}


def _dense(x, kernel, bias):
    y = np.dot(wide(x), wide(kernel))
    return y if bias is None else y + bias


def _normalize(x, mean, variance, scale, offset, epsilon):
    def one(v, m, s, a, c):
        return a * (v - m) / math.sqrt(s + epsilon) + c

    return each(one, x, mean, variance, 1.0 if scale is None else scale, 0.0 if offset is None else offset)


def _batch_norm_train(x, scale, offset, epsilon):
    mean, variance = moments(x, tuple(range(x.ndim - 1)), False)
    return [_normalize(x, mean, variance, scale, offset, epsilon), mean, variance]


def _layer_norm(x, scale, offset, epsilon):
    return _normalize(x, *moments(x, (x.ndim - 1,), True), scale, offset, epsilon)


def _affine(values, matrix, bias, column):
    """One number: a row of values times a column, plus its bias."""
    products = [v * w for v, w in zip(values, matrix[:, column].tolist())]
    return math.fsum(products) + (0.0 if bias is None else float(bias[column]))


def _unrolled(x, states, reverse, step):
    """`step(x_t, *states) -> states` over the time of each sample: h of every step, then the last states."""
    ys, last = np.zeros((*x.shape[:2], states[0].shape[1])), [np.zeros(s.shape) for s in states]
    for n, sample in enumerate(x):
        now = [s[n].tolist() for s in states]
        for t, values in enumerate(sample[::-1] if reverse else sample):
            now = step(values.tolist(), *now)
            ys[n, t] = now[0]
        for s, value in zip(last, now):
            s[n] = value
    return [ys, *last]


def _lstm(x, h, c, kernel, recurrent, bias, activation, recurrent_activation, reverse):
    """Hochreiter and Schmidhuber 1997 with the forget gate of Gers et al. 2000."""
    act, gate, units = ACTIVATIONS[activation], ACTIVATIONS[recurrent_activation], len(recurrent)

    def step(values, h, c):
        new_h, new_c = [], []
        for u in range(units):
            i, f, g, o = (
                _affine(values, kernel, bias, k * units + u) + _affine(h, recurrent, None, k * units + u)
                for k in range(4)
            )
            new_c.append(gate(f) * c[u] + gate(i) * act(g))
            new_h.append(gate(o) * act(new_c[-1]))
        return [new_h, new_c]

    return _unrolled(x, [h, c], reverse, step)


def _gru(x, h, kernel, recurrent, bias, recurrent_bias, activation, recurrent_activation, reset_after, reverse):
    """Cho et al. 2014; `reset_after`: the gate multiplies the product with the state, not the state (as cuDNN does)."""
    act, gate, units = ACTIVATIONS[activation], ACTIVATIONS[recurrent_activation], len(recurrent)
    inner = recurrent_bias if reset_after else None

    def step(values, h):
        def both(k, u):
            column = k * units + u
            return _affine(values, kernel, bias, column), _affine(h, recurrent, inner, column)

        z, r = ([gate(sum(both(k, u))) for u in range(units)] for k in (0, 1))
        new = []
        for u in range(units):
            outer, looped = both(2, u)
            if not reset_after:
                looped = _affine([a * v for a, v in zip(r, h)], recurrent, None, 2 * units + u)
            candidate = act(outer + (r[u] * looped if reset_after else looped))
            new.append(z[u] * h[u] + (1 - z[u]) * candidate)
        return [new]

    return _unrolled(x, [h], reverse, step)


def _simple_rnn(x, h, kernel, recurrent, bias, activation, reverse):
    """Elman 1990."""
    act = ACTIVATIONS[activation]

    def step(values, h):
        return [[act(_affine(values, kernel, bias, u) + _affine(h, recurrent, None, u)) for u in range(len(recurrent))]]

    return _unrolled(x, [h], reverse, step)


ORACLES = {
    "dense": _dense,
    "normalize": _normalize,
    "batch_norm_train": _batch_norm_train,
    "layer_norm": _layer_norm,
    "lstm": _lstm,
    "gru": _gru,
    "simple_rnn": _simple_rnn,
}
