"""The GRU with its gradient written out (see `lstm`): reset after the product, as cuDNN does, or before it (Cho et al. 2014)."""

from functools import partial

import jax
import jax.numpy as jnp
from jax import lax

from .gates import floats_alike, part, previous, sigmoid, summed_product, transposed
from .products import full_matmul


def _scan(after, z, h, recurrent, bias, keep):
    """Over z (time, batch, 3 units): last h, rows of every step: h, and with `keep` update, reset, new and what reset scales."""
    units = h.shape[-1]
    u_zr, u_h = recurrent[:, : 2 * units], recurrent[:, 2 * units :]

    def step(h, row):
        if after:
            inner = full_matmul(h, recurrent)
            inner = inner if bias is None else inner + bias
            gates, inner = sigmoid(part(row, 0, 2 * units) + part(inner, 0, 2 * units)), part(inner, 2 * units)
            update, reset = part(gates, 0, units), part(gates, units)
            new = jnp.tanh(part(row, 2 * units) + reset * inner)
        else:
            gates = sigmoid(part(row, 0, 2 * units) + full_matmul(h, u_zr))
            update, reset = part(gates, 0, units), part(gates, units)
            inner = h
            new = jnp.tanh(part(row, 2 * units) + full_matmul(reset * h, u_h))
        h = update * h + (1 - update) * new
        return h, ((h, jnp.concatenate([gates, new], 1), inner) if keep else (h,))

    return lax.scan(step, h, z)


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _loop(after, z, h, recurrent, bias):
    h, (hs,) = _scan(after, z, h, recurrent, bias, False)
    return hs, h


def _forward(after, z, h, recurrent, bias):
    last, (hs, gates, inner) = _scan(after, z, h, recurrent, bias, True)
    return (hs, last), (h, recurrent, bias, hs, gates, inner)


def _backward(after, saved, gradients):
    h, recurrent, bias, hs, gates, inner = saved
    dhs, dh = gradients
    units, before = h.shape[-1], previous(h, hs)
    back, back_zr, back_h = map(transposed, (recurrent, recurrent[:, : 2 * units], recurrent[:, 2 * units :]))

    def step(dh, row):
        dy, before, gates, inner = row
        update, reset, new = (part(gates, n * units, (n + 1) * units) for n in range(3))
        dh = dh + dy
        dnew = dh * (1 - update) * (1 - new * new)
        dupdate = dh * (before - new) * update * (1 - update)
        if after:
            dreset = dnew * inner * reset * (1 - reset)
            dinner = jnp.concatenate([dupdate, dreset, dnew * reset], 1)
            dbefore = full_matmul(dinner, back)
        else:
            dscaled = full_matmul(dnew, back_h)
            dreset = dscaled * before * reset * (1 - reset)
            dinner = dnew
            dbefore = dscaled * reset + full_matmul(jnp.concatenate([dupdate, dreset], 1), back_zr)
        return dh * update + dbefore, (jnp.concatenate([dupdate, dreset, dnew], 1), dinner)

    dh, (dz, dinner) = lax.scan(step, dh, (dhs, before, gates, inner), reverse=True)
    if after:
        drecurrent = summed_product(before, dinner)
    else:
        scaled = before * part(gates, units, 2 * units)
        drecurrent = jnp.concatenate(
            [summed_product(before, part(dz, 0, 2 * units)), summed_product(scaled, dinner)], 1
        )
    return dz, dh, drecurrent, None if bias is None else dinner.sum((0, 1))


_loop.defvjp(_forward, _backward)


class Gru:
    def gru(
        self, x, h, kernel, recurrent, bias, recurrent_bias, activation, recurrent_activation, reset_after, reverse
    ):
        inner = recurrent_bias if reset_after else None
        if (activation, recurrent_activation) != ("tanh", "sigmoid") or not floats_alike(
            x, h, kernel, recurrent, bias, inner
        ):
            return NotImplemented
        z = self._time_major(self.dense(x, kernel, bias))
        ys, h = _loop(bool(reset_after), lax.rev(z, (0,)) if reverse else z, h, recurrent, inner)
        return self._time_major(ys), h
