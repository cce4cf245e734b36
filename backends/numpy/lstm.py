"""The LSTM and the plain recurrent layer as single nodes, with backpropagation through time written out.

One product projects all inputs; a step is one product and a dozen in-place passes over small arrays. Gradients of
the kernels are one product each over all steps.
"""

import numpy as np

from .gates import GATES, Projection, fits, states, zeros_or
from .tape import Box, record_joint, unbox


class Lstm:
    """lstm and simple_rnn."""

    def lstm(self, x, h, c, kernel, recurrent, bias, activation, recurrent_activation, reverse):
        if not fits(x, (activation, recurrent_activation)):
            return super().lstm(x, h, c, kernel, recurrent, bias, activation, recurrent_activation, reverse)
        with np.errstate(all="ignore"):
            return _lstm(x, h, c, kernel, recurrent, bias, activation, recurrent_activation, reverse)

    def simple_rnn(self, x, h, kernel, recurrent, bias, activation, reverse):
        if not fits(x, (activation,)):
            return super().simple_rnn(x, h, kernel, recurrent, bias, activation, reverse)
        with np.errstate(all="ignore"):
            return _simple_rnn(x, h, kernel, recurrent, bias, GATES[activation], reverse)


def _pieces(z, u):
    return z[:, :u], z[:, u : 2 * u], z[:, 2 * u : 3 * u], z[:, 3 * u :]


def _lstm(x, h, c, kernel, recurrent, bias, activation, recurrent_activation, reverse):
    act, gate = GATES[activation], GATES[recurrent_activation]
    r = unbox(recurrent)
    u, dtype = r.shape[0], r.dtype
    usual = (activation, recurrent_activation) == ("tanh", "sigmoid")
    scale = None
    if usual:
        # sigmoid(z) = tanh(z/2)/2 + 1/2: with the halves put into the weights, one tanh serves all four gates.
        scale = np.repeat(np.array([0.5, 0.5, 1.0, 0.5], dtype), u)
        # Written out for the whole batch, for broadcasting a row costs more than the product.
        rows = (x.shape[0], 1)
        stretch, shift = np.tile(scale, rows), np.tile(1.0 - scale, rows)
        tilt = np.tile(2.0 * scale - 1.0, rows)
    inputs = Projection(x, kernel, bias, reverse, scale)
    weights = r if scale is None else r * scale
    z, time = inputs.z, inputs.time
    hs, cs = states(unbox(h), time), states(unbox(c), time)
    squashed = np.empty((time, *hs.shape[1:]), dtype)
    room, small = np.empty_like(z[0]), np.empty_like(squashed[0])
    for t in range(time):
        step = z[t]
        np.matmul(hs[t], weights, out=room)
        step += room
        if usual:
            np.tanh(step, out=step)
            step *= stretch
            step += shift
            i, f, g, o = _pieces(step, u)
        else:
            gate.enter(step[:, : 2 * u])
            act.enter(step[:, 2 * u : 3 * u])
            gate.enter(step[:, 3 * u :])
            i, f, g, o = _pieces(step, u)
            i, f, g, o = gate.value(i), gate.value(f), act.value(g), gate.value(o)
        after, out = cs[t + 1], squashed[t]
        np.multiply(f, cs[t], out=after)
        np.multiply(i, g, out=small)
        after += small
        out[...] = after
        act.enter(out)
        np.multiply(o, act.value(out), out=hs[t + 1])

    results = [hs[1:].transpose(1, 0, 2), hs[time], cs[time]]
    operands = (x, h, c, kernel, recurrent, bias)
    if not any(type(t) is Box for t in operands):
        return tuple(results)

    def slopes(step, room):
        """Derivatives of the four gates, into room: y (1 - y) and (y + 1)(1 - y) in the usual case."""
        if usual:
            np.add(step, tilt, out=room)
            room *= 1.0 - step
            return
        for kind, part, to in zip((gate, gate, act, gate), _pieces(step, u), _pieces(room, u)):
            to[...] = kind.slope(part)

    def pull(gy, gh, gc):
        dh, dc = np.array(zeros_or(gh, hs[0])), np.array(zeros_or(gc, hs[0]))
        dz, back = np.empty_like(z), np.ascontiguousarray(r.T)
        for t in range(time - 1, -1, -1):
            if gy is not None:
                dh += gy[:, t]
            step, d = z[t], dz[t]
            i, f, g, o = _pieces(step, u)
            if not usual:
                i, f, g, o = gate.value(i), gate.value(f), act.value(g), gate.value(o)
            di, df, dg, do = _pieces(d, u)
            slopes(step, room)
            np.multiply(dh, act.value(squashed[t]), out=do)
            dh *= o
            dh *= act.slope(squashed[t])
            dc += dh
            np.multiply(dc, g, out=di)
            np.multiply(dc, cs[t], out=df)
            np.multiply(dc, i, out=dg)
            d *= room
            dc *= f
            np.matmul(d, back, out=dh)
        dx, dk, db = inputs.pull(dz)
        dr = hs[:-1].reshape(-1, u).T @ dz.reshape(-1, 4 * u)
        return dx, dh, dc, dk, dr, db

    return tuple(record_joint(operands, results, pull))


def _simple_rnn(x, h, kernel, recurrent, bias, act, reverse):
    r = unbox(recurrent)
    inputs = Projection(x, kernel, bias, reverse)
    z, time, u = inputs.z, inputs.time, r.shape[0]
    hs = states(unbox(h), time)
    room = np.empty_like(z[0])
    for t in range(time):
        step = z[t]
        np.matmul(hs[t], r, out=room)
        step += room
        act.enter(step)
        hs[t + 1] = act.value(step)
    results = [hs[1:].transpose(1, 0, 2), hs[time]]
    operands = (x, h, kernel, recurrent, bias)
    if not any(type(t) is Box for t in operands):
        return tuple(results)

    def pull(gy, gh):
        dh = np.array(zeros_or(gh, hs[0]))
        dz, back = np.empty_like(z), np.ascontiguousarray(r.T)
        for t in range(time - 1, -1, -1):
            if gy is not None:
                dh += gy[:, t]
            np.multiply(dh, act.slope(z[t]), out=dz[t])
            np.matmul(dz[t], back, out=dh)
        dx, dk, db = inputs.pull(dz)
        return dx, dh, dk, hs[:-1].reshape(-1, u).T @ dz.reshape(-1, u), db

    return tuple(record_joint(operands, results, pull))
