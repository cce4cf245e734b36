"""Attention of all heads as batched matrix products, with its gradient written out: half the time of what XLA makes of einsum."""

import jax
import jax.numpy as jnp

from .products import full_matmul


def _turned(x):
    return jnp.swapaxes(x, -1, -2)


@jax.custom_vjp
def _attention(q, k, v, bias):
    return _forward(q, k, v, bias)[0]


def _forward(q, k, v, bias):
    """The sum of the weights divides the result instead of the weights, which are so many more."""
    scores = full_matmul(q, _turned(k))
    if bias is not None:
        scores = scores + bias
    weights = jnp.exp(scores - scores.max(-1, keepdims=True))
    total = weights.sum(-1, keepdims=True)
    y = full_matmul(weights, v) / total
    return y, (q, k, v, bias, weights, total, y)


def _backward(saved, dy):
    q, k, v, bias, weights, total, y = saved
    dy = dy / total
    dv = full_matmul(_turned(weights), dy)
    dscores = weights * (full_matmul(dy, _turned(v)) - jnp.sum(dy * y, -1, keepdims=True))
    dbias = None
    if bias is not None:
        lead = dscores.ndim - bias.ndim
        axes = [*range(lead), *(i + lead for i, n in enumerate(bias.shape) if n == 1)]
        dbias = dscores.sum(axes).reshape(bias.shape).astype(bias.dtype)
    return full_matmul(dscores, k), full_matmul(_turned(dscores), q), dv, dbias


_attention.defvjp(_forward, _backward)


class Attention:
    def attention(self, query, key, value, bias, scale):
        dtypes = {x.dtype for x in (query, key, value) + (() if bias is None else (bias,))}
        if not self._on_cpu or len(dtypes) > 1 or 0 in (*query.shape, *key.shape, *value.shape):
            return NotImplemented
        q, k, v = (jnp.transpose(x, (0, 2, 1, 3)) for x in (query * scale, key, value))
        return jnp.transpose(_attention(q, k, v, bias), (0, 2, 1, 3))
