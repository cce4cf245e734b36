"""One optimizer step over lists of arrays, in blocks that stay in the cache, with the formulas of `kshim.optimizers`.

The arrays received stay as they are: inside a step they may still be needed, for averaging or a choice between old
and new.
"""

import numpy as np
from numpy import ndarray

_BLOCK = 1 << 14


def _sgd(p, g, out, room, s):
    np.multiply(g, s["lr"], out=room)
    np.subtract(p, room, out=out)


def _velocity(m, g, new, room, s):
    """mu m - lr g, into `new`; lr g stays in `room`."""
    np.multiply(m, s["momentum"], out=new)
    np.multiply(g, s["lr"], out=room)
    new -= room


def _momentum(p, g, out, room, s, m, new_m):
    _velocity(m, g, new_m, room, s)
    np.add(p, new_m, out=out)


def _nesterov(p, g, out, room, s, m, new_m):
    _velocity(m, g, new_m, room, s)
    np.multiply(new_m, s["momentum"], out=out)
    out -= room
    out += p


def _rmsprop(p, g, out, room, s, v, new_v):
    np.multiply(g, g, out=room)
    room *= s["one_minus_rho"]
    np.multiply(v, s["rho"], out=new_v)
    new_v += room
    np.add(new_v, s["epsilon"], out=room)
    np.sqrt(room, out=room)
    np.multiply(g, s["lr"], out=out)
    out /= room
    np.subtract(p, out, out=out)


def _adam(p, g, out, room, s, m, v, new_m, new_v):
    np.multiply(g, s["one_minus_beta_1"], out=room)
    np.multiply(m, s["beta_1"], out=new_m)
    new_m += room
    np.multiply(g, g, out=room)
    room *= s["one_minus_beta_2"]
    np.multiply(v, s["beta_2"], out=new_v)
    new_v += room
    np.sqrt(new_v, out=room)
    room += s["epsilon"]
    np.multiply(new_m, s["lr_t"], out=out)
    out /= room
    np.subtract(p, out, out=out)


#: kind -> (update of one block, number of slot lists).
KINDS = {
    "sgd": (_sgd, 0),
    "momentum": (_momentum, 1),
    "nesterov": (_nesterov, 1),
    "rmsprop": (_rmsprop, 1),
    "adam": (_adam, 2),
}


def _flat(x):
    return np.ascontiguousarray(x).reshape(-1)


class Update:
    """fused_update."""

    def fused_update(self, kind, params, grads, slots, scalars):
        step, count = KINDS.get(kind, (None, -1))
        arrays = [*params, *grads, *(s for some in slots for s in some)]
        if count != len(slots) or any(type(a) is not ndarray or a.dtype.char not in "fd" for a in arrays):
            return NotImplemented
        new_params, new_slots = [], [[] for _ in slots]
        with np.errstate(all="ignore"):
            for p, g, *old in zip(params, grads, *slots):
                new = [np.empty(p.shape, p.dtype) for _ in range(1 + count)]
                operands = [_flat(a) for a in (p, g, *old)]
                targets = [a.reshape(-1) for a in new]
                room = np.empty(min(p.size, _BLOCK), p.dtype)
                for i in range(0, p.size, _BLOCK):
                    part = slice(i, i + _BLOCK)
                    p_, g_, *old_ = (a[part] for a in operands)
                    out_, *new_ = (a[part] for a in targets)
                    step(p_, g_, out_, room[: len(p_)], scalars, *old_, *new_)
                new_params.append(new[0])
                for some, array in zip(new_slots, new[1:]):
                    some.append(array)
        return new_params, new_slots
