"""The LSTM with its gradient written out: what a step keeps is one array, and the kernel's gradient is one product at the end.

JAX's gradient of `lax.scan` keeps 15 arrays of every step, and adds up a product of every step.
"""

import jax
import jax.numpy as jnp
from jax import lax

from .gates import floats_alike, part, previous, summed_product, transposed
from .products import full_matmul


def _slopes(units, dtype):
    """(a, b) of every gate i, f, g, o as a row: a * tanh(a * z) + b is the sigmoid of three of them, and tanh of g."""
    half, one = jnp.full(units, 0.5, dtype), jnp.ones(units, dtype)
    return jnp.concatenate([half, half, one, half]), jnp.concatenate([half, half, one - one, half])


def _split(z):
    units = z.shape[-1] // 4
    return [part(z, n * units, (n + 1) * units) for n in range(4)]


def _scan(z, h, c, recurrent, keep):
    """Over z (time, batch, 4 units): (last h, last c), rows of every step: h, and with `keep` c and the four gates."""
    a, b = _slopes(h.shape[-1], z.dtype)

    def step(carry, z):
        h, c = carry
        gates = a * jnp.tanh(a * (z + full_matmul(h, recurrent))) + b
        i, f, g, o = _split(gates)
        c = f * c + i * g
        h = o * jnp.tanh(c)
        return (h, c), ((h, c, gates) if keep else (h,))

    return lax.scan(step, (h, c), z)


@jax.custom_vjp
def lstm_loop(z, h, c, recurrent):
    """h of every step (time, batch, units), last h, last c of the input's part z (time, batch, 4 units) of the gates."""
    (h, c), (hs,) = _scan(z, h, c, recurrent, False)
    return hs, h, c


def _forward(z, h, c, recurrent):
    (last_h, last_c), (hs, cs, gates) = _scan(z, h, c, recurrent, True)
    return (hs, last_h, last_c), (h, c, recurrent, hs, cs, gates)


def _backward(saved, gradients):
    h, c, recurrent, hs, cs, gates = saved
    dhs, dh, dc = gradients
    back = transposed(recurrent)

    def step(carry, row):
        dh, dc = carry
        dy, c, before, gates = row
        i, f, g, o = _split(gates)
        t = jnp.tanh(c)
        dh = dh + dy
        dc = dc + dh * o * (1 - t * t)
        parts = [dc * g * i * (1 - i), dc * before * f * (1 - f), dc * i * (1 - g * g), dh * t * o * (1 - o)]
        dz = jnp.concatenate(parts, 1)
        return (full_matmul(dz, back), dc * f), dz

    (dh, dc), dz = lax.scan(step, (dh, dc), (dhs, cs, previous(c, cs), gates), reverse=True)
    return dz, dh, dc, summed_product(previous(h, hs), dz)


lstm_loop.defvjp(_forward, _backward)


class Lstm:
    def lstm(self, x, h, c, kernel, recurrent, bias, activation, recurrent_activation, reverse):
        plain = (activation, recurrent_activation) == ("tanh", "sigmoid")
        if not plain or not floats_alike(x, h, c, kernel, recurrent, bias):
            return NotImplemented
        z = self._time_major(self.dense(x, kernel, bias))
        ys, h, c = lstm_loop(lax.rev(z, (0,)) if reverse else z, h, c, recurrent)
        return self._time_major(ys), h, c
