"""The models as JAX functions of the flat list of weights `p`; they give logits."""

import jax
import jax.numpy as jnp
from jax import lax

from .hand_weights import RESNET


def _stack(p, x, keep=1.0, key=None):
    last = len(p) // 2 - 1
    for i in range(last + 1):
        x = x @ p[2 * i] + p[2 * i + 1]
        if i < last:
            x = jax.nn.relu(x)
            if key is not None and keep < 1:
                mask = jax.random.bernoulli(jax.random.fold_in(key, i), keep, x.shape)
                x = jnp.where(mask, x / keep, 0.0)
    return x


def _conv(x, w, stride=1, padding="SAME"):
    return lax.conv_general_dilated(x, w, (stride, stride), padding, dimension_numbers=("NHWC", "HWIO", "NHWC"))


def _halved(x, variant):
    """The largest of each two by two, leaving out an odd row and column."""
    if variant == "reshape":
        b, h, w, c = x.shape
        return x[:, : h // 2 * 2, : w // 2 * 2].reshape(b, h // 2, 2, w // 2, 2, c).max((2, 4))
    return lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")


def _cnn(p, x, variant):
    for i in (0, 2):
        x = _halved(jax.nn.relu(_conv(x, p[i], padding="VALID") + p[i + 1]), variant)
    return _stack(p[4:], x.reshape(len(x), -1))


def _resnet20(p, stats, x, training):
    kept, at = [], 0

    def conv(x, stride):
        nonlocal at
        w, gamma, beta = p[3 * at : 3 * at + 3]
        mean, var = stats[at]
        at += 1
        x = _conv(x, w, stride)
        if training:
            now = x.mean((0, 1, 2)), x.var((0, 1, 2))
            kept.append(tuple(0.99 * a + 0.01 * b for a, b in zip((mean, var), now)))
            mean, var = now
        scale = gamma * lax.rsqrt(var + 1e-3)
        return x * scale + (beta - mean * scale)

    x = jax.nn.relu(conv(x, 1))
    while at < len(RESNET):
        stride = RESNET[at][3]
        y = conv(jax.nn.relu(conv(x, stride)), 1)
        x = jax.nn.relu(y + (conv(x, 2) if stride == 2 else x))
    return x.mean((1, 2)) @ p[-2] + p[-1], kept if training else stats


def _lstm(p, x, unroll, reverse=False):
    w, u, b = p
    units = u.shape[0]
    z = jnp.swapaxes(x @ w + b, 0, 1)

    def step(carry, z):
        h, c = carry
        i, f, g, o = jnp.split(z + h @ u, 4, -1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        return (jax.nn.sigmoid(o) * jnp.tanh(c), c), None

    zeros = jnp.zeros((len(x), units))
    return lax.scan(step, (zeros, zeros), z, reverse=reverse, unroll=unroll)[0][0]


def _norm(x, gamma, beta):
    mean = x.mean(-1, keepdims=True)
    return (x - mean) * lax.rsqrt(x.var(-1, keepdims=True) + 1e-5) * gamma + beta


def _transformer(p, x):
    x = p[0][x] + p[1]
    b, t, width = x.shape
    for i in (2, 14):
        project, q, merge, m, g1, b1, up, u, down, d, g2, b2 = p[i : i + 12]
        q, k, v = jnp.moveaxis((x @ project + q).reshape(b, t, 3, 2, width // 2), 2, 0)
        attended = jax.nn.dot_product_attention(q, k, v).reshape(b, t, width)
        x = _norm(x + attended @ merge + m, g1, b1)
        x = _norm(x + jax.nn.relu(x @ up + u) @ down + d, g2, b2)
    return x.mean(1) @ p[-2] + p[-1]


def statistics(name):
    """(mean, variance) of each normalisation, before training."""
    return [(jnp.zeros(m), jnp.ones(m)) for _, _, m, _ in RESNET] if name == "resnet20" else []


def forward(name, variant, p, stats, x, training, key, dropout):
    """(logits, new statistics)."""
    if name == "resnet20":
        return _resnet20(p, stats, x, training)
    unroll = 10 if variant == "unroll" else 1
    if name == "mlp":
        out = _stack(p, x, 1.0 - dropout, key if training else None)
    elif name == "cnn":
        out = _cnn(p, x, variant)
    elif name == "lstm":
        out = _stack(p[3:], _lstm(p[:3], x, unroll))
    elif name == "bilstm":
        x = p[0][x]
        ends = [_lstm(p[1:4], x, unroll), _lstm(p[4:7], x, unroll, reverse=True)]
        out = _stack(p[7:], jnp.concatenate(ends, 1))
    elif name == "transformer":
        out = _transformer(p, x)
    else:
        out = _stack(p, x)
    return out, stats
