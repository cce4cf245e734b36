"""Weights of the hand-written contenders: flat lists of NumPy arrays, in the order the layers are called."""

import numpy as np


def _dense(n, m):
    return [("kernel", (n, m)), ("zeros", (m,))]


def _stack(*units):
    return [w for n, m in zip(units, units[1:]) for w in _dense(n, m)]


def _norm(n):
    return [("ones", (n,)), ("zeros", (n,))]


def _lstm(n, units):
    return [("kernel", (n, 4 * units)), ("kernel", (units, 4 * units)), ("zeros", (4 * units,))]


#: ResNet-20's convolutions as (size, filters in, filters out, stride); those of size 1 are on a shortcut.
RESNET = [(3, 3, 16, 1)]
for _filters in (16, 32, 64):
    for _block in range(3):
        _halves = _filters > 16 and _block == 0
        _before = _filters // 2 if _halves else _filters
        RESNET += [(3, _before, _filters, 2 if _halves else 1), (3, _filters, _filters, 1)]
        RESNET += [(1, _before, _filters, 2)] if _halves else []

_SHAPES = {
    "tabular": _stack(30, 64, 32, 1),
    "mlp": _stack(784, 512, 512, 10),
    "autoencoder": _stack(784, 128, 32, 128, 784),
    "cnn": [("kernel", (3, 3, 1, 32)), ("zeros", (32,)), ("kernel", (3, 3, 32, 64)), ("zeros", (64,)), *_stack(1600, 128, 10)],
    "resnet20": [w for k, n, m, _ in RESNET for w in [("kernel", (k, k, n, m)), *_norm(m)]] + _dense(64, 10),
    "lstm": [*_lstm(1, 64), *_dense(64, 10)],
    "bilstm": [("table", (20_000, 128)), *_lstm(128, 64), *_lstm(128, 64), *_dense(128, 1)],
    "transformer": [
        ("table", (20_000, 64)), ("table", (200, 64)),
        *[*_dense(64, 192), *_dense(64, 64), *_norm(64), *_stack(64, 128, 64), *_norm(64)] * 2,
        *_dense(64, 2),
    ],
}  # fmt: skip


def initial(name):
    """New weights of a workload."""
    rng = np.random.RandomState(1)
    return [_draw(rng, kind, shape) for kind, shape in _SHAPES[name]]


def _draw(rng, kind, shape):
    if kind in ("zeros", "ones"):
        return getattr(np, kind)(shape, "float32")
    size = np.prod(shape[:-2], dtype=int) * (shape[-1] + shape[-2])
    limit = 0.05 if kind == "table" else np.sqrt(6.0 / size)
    return rng.uniform(-limit, limit, shape).astype("float32")


def from_keras(name, weights):
    """The same from the trainable weights of the Keras model, given in the order its layers are called."""
    if name != "transformer":
        return list(weights)
    out, rest = list(weights[:2]), list(weights[2:])
    while len(rest) > 2:  # query, key and value are one product by hand
        (query, q, key, k, value, v, kernel, bias), others, rest = rest[:8], rest[8:16], rest[16:]
        heads = [w.reshape(w.shape[0], -1) for w in (query, key, value)]
        out += [np.concatenate(heads, 1), np.concatenate([q, k, v], None)]
        out += [kernel.reshape(-1, kernel.shape[-1]), bias, *others]
    return out + rest
