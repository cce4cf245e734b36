"""Oracles of the element-wise, shaping and reducing derived operations, of losses and random draws."""

import math

import numpy as np

from .oracles_elementwise import each, wide, wrapped
from .oracles_moves import rows, total
from .oracles_random import counted, mask, uniforms

#: Operations below that call SciPy.
BY_SCIPY = dict.fromkeys(
    "sigmoid logsumexp softmax log_softmax softmax_cross_entropy sparse_softmax_cross_entropy".split()
).keys()


def _special(name):
    def call(*args, **kwargs):
        from scipy import special

        return getattr(special, name)(*args, **kwargs)

    return call


def _square(x):
    return wrapped(wide(x) ** 2, x.dtype) if x.dtype.kind in "iu" else wide(x) ** 2


def _squared_difference(x, y):
    x, y = np.asarray(x), np.asarray(y)
    with np.errstate(invalid="ignore"):
        square = (wide(x) - wide(y)) ** 2
    return wrapped(square, x.dtype) if x.dtype.kind in "iu" else square


def softplus(v):
    """log(1 + e**v) of one number, by the larger of its two terms."""
    return v if v != v or v > 700 else math.log1p(math.exp(v)) if v < 0 else v + math.log1p(math.exp(-v))


def _gelu(x, approximate):
    """x times the normal distribution function, or Hendrycks and Gimpel's tanh formula for it."""
    if approximate:
        v = wide(x)
        return v * (1 + np.tanh(np.sqrt(2 / np.longdouble(math.pi)) * (v + v**3 * np.longdouble(0.044715)))) / 2
    return each(lambda v: v * math.erfc(-v / math.sqrt(2)) / 2, x)


def _elu(x, alpha):
    return each(lambda v: alpha * math.expm1(v) if v < 0 else v, x)


def _split(x, sizes, axis):
    edges = [sum(sizes[:i]) for i in range(len(sizes) + 1)]
    return [np.moveaxis(np.moveaxis(x, axis, 0)[a:b], 0, axis) for a, b in zip(edges, edges[1:])]


def _one_hot(indices, n, dtype):
    out = np.zeros((*indices.shape, n), dtype)
    for at in np.ndindex(*indices.shape):
        if 0 <= indices[at] < n:
            out[(*at, int(indices[at]))] = 1
    return out


def kept(y, x, axes, keepdims):
    """y, the reduction of x, with its axes as sizes of 1 where wanted."""
    return np.reshape(y, [1 if i in axes else n for i, n in enumerate(x.shape)]) if keepdims else y


def moments(x, axes, keepdims):
    """Mean and mean square of the distances from it, summed by `math.fsum`."""
    shape, found = rows(x, axes)
    means = [float(total(row)) / len(row) if len(row) else math.nan for row in found]
    squares = [total((row - m) ** 2) / len(row) if len(row) else math.nan for row, m in zip(found, means)]
    return [kept(np.reshape(np.array(v, np.float64), shape), x, axes, keepdims) for v in (means, squares)]


def _dropout(x, rate, key, noise_shape):
    keep = np.broadcast_to(mask(noise_shape, key, rate), x.shape)
    return each(lambda v, k: v / (1.0 - rate) if k else 0.0, x, keep)


def _random_normal(shape, key, dtype):
    """Box and Muller 1958 on the first and second half of the uniforms."""
    n = math.prod(shape)
    half = (n + 1) // 2
    u = uniforms((2 * half,), key)
    z = [math.sqrt(-2 * math.log(1 - a)) * math.cos(2 * math.pi * v) for a, v in zip(u[:half], u[half:])]
    z += [math.sqrt(-2 * math.log(1 - a)) * math.sin(2 * math.pi * v) for a, v in zip(u[:half], u[half:])]
    return np.array(z[:n], dtype).reshape(shape)


def _mix_counter(key, counter):
    """Odd multiples of the counter, golden ratio and another, folded into the key."""
    return [np.uint32(word) for word in counted(key, int(counter))]


def _attention(query, key, value, bias, scale):
    """One query of one head at a time."""
    batch, n, heads, _ = query.shape
    out = np.zeros((batch, n, heads, value.shape[3]), np.longdouble)
    for b, t, h in np.ndindex(batch, n, heads):
        scores = wide(key[b, :, h]) @ wide(query[b, t, h]) * np.longdouble(scale)
        if bias is not None:
            scores = scores + wide(np.broadcast_to(bias, (batch, heads, n, key.shape[1]))[b, h, t])
        weights = np.exp(scores - scores.max())
        out[b, t, h] = weights / weights.sum() @ wide(value[b, :, h])
    return out


def _softmax_cross_entropy(target, logits):
    return -(target * _special("log_softmax")(logits, axis=-1)).sum(-1)


def _sparse_softmax_cross_entropy(labels, logits):
    log = _special("log_softmax")(logits, axis=-1)
    return np.reshape([-log[(*at, int(labels[at]))] for at in np.ndindex(*labels.shape)], labels.shape)


def _sigmoid_cross_entropy(target, logits):
    """-z log(sigmoid(x)) - (1 - z) log(1 - sigmoid(x))."""
    return each(lambda z, x: z * softplus(-x) + (1 - z) * softplus(x), target, logits)


ORACLES = {
    "square": _square,
    "squared_difference": _squared_difference,
    "reciprocal": lambda x: 1 / wide(x),
    "sigmoid": lambda x: _special("expit")(x),
    "relu": lambda x: each(lambda v: v if v > 0 or v != v else 0, x, dtype=x.dtype),
    "leaky_relu": lambda x, slope: each(lambda v: v * slope if v < 0 else v, x),
    "elu": _elu,
    "softplus": lambda x: each(softplus, x),
    "softsign": lambda x: each(lambda v: v / (1 + abs(v)), x),
    "gelu": _gelu,
    "linear": lambda x: x,
    "copy": lambda x: x,
    "hard_sigmoid": lambda x: each(lambda v: v if v != v else min(1.0, max(0.0, 0.2 * v + 0.5)), x),
    "is_float": lambda x: np.array(x.dtype.kind == "f"),
    "zeros_like": lambda x: np.array([0] * x.size, x.dtype).reshape(x.shape),
    "ones_like": lambda x: np.array([1] * x.size, x.dtype).reshape(x.shape),
    "expand_dims": np.expand_dims,
    "squeeze": np.squeeze,
    "stack": np.stack,
    "split": _split,
    "repeat": np.repeat,
    "one_hot": _one_hot,
    "mean": lambda x, axes, keepdims: moments(x, axes, keepdims)[0],
    "moments": moments,
    "logsumexp": lambda x, axes, keepdims: kept(
        np.reshape([_special("logsumexp")(row) for row in rows(x, axes)[1]], rows(x, axes)[0]), x, axes, keepdims
    ),
    "softmax": lambda x, axis: _special("softmax")(x, axis=axis),
    "log_softmax": lambda x, axis: _special("log_softmax")(x, axis=axis),
    "einsum": lambda equation, xs: np.einsum(equation, *map(wide, xs)),
    "attention": _attention,
    "random_normal": _random_normal,
    "dropout": _dropout,
    "mix_counter": _mix_counter,
    "softmax_cross_entropy": _softmax_cross_entropy,
    "sparse_softmax_cross_entropy": _sparse_softmax_cross_entropy,
    "sigmoid_cross_entropy": _sigmoid_cross_entropy,
    "global_norm": lambda xs: math.sqrt(math.fsum(v * v for x in xs for v in x.reshape(-1).tolist())),
    "constant": lambda value, dtype: np.array(value, dtype),
}
