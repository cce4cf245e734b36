"""Activations of the recurrent layers, worked in place, and the products that all of those layers share."""

from dataclasses import dataclass

import numpy as np

from .fused_math import sigmoid
from .tape import Box, leading_sum, unbox


@dataclass(frozen=True)
class Gate:
    """`enter(z)` turns z in place into what is kept; `value` and `slope` of that are activation and derivative."""

    enter: object
    value: object
    slope: object


def _same(kept):
    return kept


def _enter_sigmoid(z):
    z[...] = sigmoid(z)


def _enter_hard(z):
    z *= 0.2
    z += 0.5


def _slope_hard(kept):
    """0.2 inside and, by the rule of `clip`, at the bounds."""
    inside = np.greater_equal(kept, 0.0)
    inside &= np.less_equal(kept, 1.0)
    return inside.astype(kept.dtype) * 0.2


def _enter_softsign(z):
    z /= np.abs(z) + 1.0


GATES = {
    "tanh": Gate(lambda z: np.tanh(z, out=z), _same, lambda y: 1.0 - y * y),
    "sigmoid": Gate(_enter_sigmoid, _same, lambda y: y * (1.0 - y)),
    "relu": Gate(lambda z: np.maximum(z, 0.0, out=z), _same, lambda y: (y > 0).astype(y.dtype)),
    "linear": Gate(_same, _same, np.ones_like),
    "hard_sigmoid": Gate(_enter_hard, lambda kept: np.clip(kept, 0.0, 1.0), _slope_hard),
    "softsign": Gate(_enter_softsign, _same, lambda y: np.square(1.0 - np.abs(y))),
}


class Projection:
    """x (batch, time, k) times kernel plus bias in processing order: `z` (time, batch, m)."""

    def __init__(self, x, kernel, bias, reverse, scale=None):
        self.boxed = tuple(type(t) is Box for t in (x, kernel, bias))
        x, self.kernel, bias = unbox(x), unbox(kernel), unbox(bias)
        self.reverse = reverse
        self.batch, self.time, k = x.shape
        turned = x.transpose(1, 0, 2)
        self.x = np.ascontiguousarray(turned[::-1] if reverse else turned).reshape(-1, k)
        kernel = self.kernel if scale is None else self.kernel * scale
        z = self.x @ kernel
        if bias is not None:
            z += bias if scale is None else bias * scale
        self.z = z.reshape(self.time, self.batch, -1)

    def pull(self, dz):
        """Cotangents of x, kernel and bias."""
        flat = dz.reshape(-1, dz.shape[-1])
        dx = None
        if self.boxed[0]:
            dx = (flat @ self.kernel.T).reshape(self.time, self.batch, -1)
            dx = (dx[::-1] if self.reverse else dx).transpose(1, 0, 2)
        return dx, self.x.T @ flat if self.boxed[1] else None, leading_sum(flat, 1) if self.boxed[2] else None


def states(first, time):
    """Room for the state before and after every step, the first filled in."""
    room = np.empty((time + 1, *first.shape), first.dtype)
    room[0] = first
    return room


def fits(x, activations):
    """Whether the fused layers can do this: known activations, full precision, at least one step."""
    return all(name in GATES for name in activations) and x.dtype.char in "fd" and min(x.shape) > 0


def zeros_or(g, like):
    return np.zeros_like(like) if g is None else g
