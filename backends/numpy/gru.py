"""The GRU as a single node, in the form of cuDNN (reset after the product) and of Cho et al. 2014 (before it)."""

import numpy as np

from .gates import GATES, Projection, fits, states, zeros_or
from .tape import leading_sum, record_joint, unbox


class Gru:
    """gru; see `lstm` for the method."""

    def gru(
        self, x, h, kernel, recurrent, bias, recurrent_bias, activation, recurrent_activation, reset_after, reverse
    ):
        if not fits(x, (activation, recurrent_activation)):
            return super().gru(
                x, h, kernel, recurrent, bias, recurrent_bias, activation, recurrent_activation, reset_after, reverse
            )
        run = _after if reset_after else _before
        operands = (x, h, kernel, recurrent, bias, recurrent_bias)
        with np.errstate(all="ignore"):
            results, pull = run(*operands, GATES[activation], GATES[recurrent_activation], reverse)
        return tuple(record_joint(operands, results, pull))


def _after(x, h, kernel, recurrent, bias, recurrent_bias, act, gate, reverse):
    r, b = unbox(recurrent), unbox(recurrent_bias)
    inputs = Projection(x, kernel, bias, reverse)
    z, time, u = inputs.z, inputs.time, r.shape[0]
    hs, keep = states(unbox(h), time), 1.0
    inner = np.empty_like(z)
    for t in range(time):
        step, extra, before, after = z[t], inner[t], hs[t], hs[t + 1]
        np.matmul(before, r, out=extra)
        if b is not None:
            extra += b
        gates, new = step[:, : 2 * u], step[:, 2 * u :]
        gates += extra[:, : 2 * u]
        gate.enter(gates)
        update, reset = gate.value(gates[:, :u]), gate.value(gates[:, u:])
        new += reset * extra[:, 2 * u :]
        act.enter(new)
        np.multiply(update, before, out=after)
        after += (keep - update) * act.value(new)

    def pull(gy, gh):
        dh = np.array(zeros_or(gh, hs[0]))
        dz, dinner, back = np.empty_like(z), np.empty_like(z), np.ascontiguousarray(r.T)
        for t in range(time - 1, -1, -1):
            if gy is not None:
                dh += gy[:, t]
            step, d, di = z[t], dz[t], dinner[t]
            gates, new = step[:, : 2 * u], step[:, 2 * u :]
            update, reset, value = gate.value(gates[:, :u]), gate.value(gates[:, u:]), act.value(new)
            du, dr, dn = d[:, :u], d[:, u : 2 * u], d[:, 2 * u :]
            np.subtract(hs[t], value, out=du)
            du *= dh
            np.subtract(keep, update, out=dn)
            dn *= dh
            dn *= act.slope(new)
            np.multiply(dn, inner[t][:, 2 * u :], out=dr)
            d[:, : 2 * u] *= gate.slope(gates)
            di[:, : 2 * u] = d[:, : 2 * u]
            np.multiply(dn, reset, out=di[:, 2 * u :])
            dh *= update
            dh += di @ back
        flat = dinner.reshape(-1, 3 * u)
        dx, dk, db = inputs.pull(dz)
        return dx, dh, dk, hs[:-1].reshape(-1, u).T @ flat, db, leading_sum(flat, 1)

    return [hs[1:].transpose(1, 0, 2), hs[time]], pull


def _before(x, h, kernel, recurrent, bias, recurrent_bias, act, gate, reverse):
    r = unbox(recurrent)
    inputs = Projection(x, kernel, bias, reverse)
    z, time, u = inputs.z, inputs.time, r.shape[0]
    hs, keep = states(unbox(h), time), 1.0
    left, right = np.ascontiguousarray(r[:, : 2 * u]), np.ascontiguousarray(r[:, 2 * u :])
    resets = np.empty((time, *hs.shape[1:]), r.dtype)  # reset gate times state
    for t in range(time):
        step, before, after = z[t], hs[t], hs[t + 1]
        gates, new = step[:, : 2 * u], step[:, 2 * u :]
        gates += before @ left
        gate.enter(gates)
        update = gate.value(gates[:, :u])
        np.multiply(gate.value(gates[:, u:]), before, out=resets[t])
        new += resets[t] @ right
        act.enter(new)
        np.multiply(update, before, out=after)
        after += (keep - update) * act.value(new)

    def pull(gy, gh):
        dh = np.array(zeros_or(gh, hs[0]))
        dz = np.empty_like(z)
        left_back, right_back = np.ascontiguousarray(left.T), np.ascontiguousarray(right.T)
        for t in range(time - 1, -1, -1):
            if gy is not None:
                dh += gy[:, t]
            step, d = z[t], dz[t]
            gates, new = step[:, : 2 * u], step[:, 2 * u :]
            update, reset, value = gate.value(gates[:, :u]), gate.value(gates[:, u:]), act.value(new)
            du, dr, dn = d[:, :u], d[:, u : 2 * u], d[:, 2 * u :]
            np.subtract(hs[t], value, out=du)
            du *= dh
            np.subtract(keep, update, out=dn)
            dn *= dh
            dn *= act.slope(new)
            through = dn @ right_back
            np.multiply(through, hs[t], out=dr)
            d[:, : 2 * u] *= gate.slope(gates)
            dh *= update
            through *= reset
            dh += through
            dh += d[:, : 2 * u] @ left_back
        flat, left_grad = dz.reshape(-1, 3 * u), hs[:-1].reshape(-1, u).T
        dr = np.concatenate([left_grad @ flat[:, : 2 * u], resets.reshape(-1, u).T @ flat[:, 2 * u :]], 1)
        dx, dk, db = inputs.pull(dz)
        return dx, dh, dk, dr, db, None

    return [hs[1:].transpose(1, 0, 2), hs[time]], pull
