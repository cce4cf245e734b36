"""Activations, softmax, losses and dropout as single nodes: fewer passes over memory than their definitions."""

import math

import numpy as np

from kshim.spec import rng

from . import special
from .quiet import quiet
from .tape import Box, record, unbox


def _plain(x):
    """Whether x can be worked on in place: rank >= 1 and a float of NumPy's own (not bfloat16)."""
    return x.ndim > 0 and x.dtype.kind == "f"


def sigmoid(x):
    """(1 + tanh(x / 2)) / 2, in the order of the definition."""
    y = np.multiply(x, 0.5)
    y = np.tanh(y, out=y)
    y *= 0.5
    y += 0.5
    return y


def _sigmoid_vjp(g, y):
    slope = np.subtract(1.0, y)
    slope *= y
    slope *= g
    return slope


def _softmax(x, axis):
    y = np.subtract(x, np.maximum.reduce(x, axis=axis, keepdims=True))
    np.exp(y, out=y)
    y /= np.add.reduce(y, axis=axis, keepdims=True)
    return y


def _softmax_vjp(g, y, axis):
    out = np.multiply(g, y)
    total = np.add.reduce(out, axis=axis, keepdims=True)
    out -= np.multiply(y, total)
    return out


def _log_softmax(x, axis):
    """x - logsumexp(x) from the differences to the largest, which keep their digits however large it is."""
    top = np.maximum.reduce(x, axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, np.zeros((), x.dtype))
    shifted = np.subtract(x, top)
    return np.subtract(shifted, np.log(np.add.reduce(np.exp(shifted), axis=axis, keepdims=True)), out=shifted)


def _log_softmax_vjp(g, y, axis):
    out = np.exp(y)
    out *= np.add.reduce(g, axis=axis, keepdims=True)
    return np.subtract(g, out, out=out)


def _gelu_vjp(g, x, cdf):
    """x phi(x) + Phi(x), times g."""
    slope = x * x
    slope *= -0.5
    np.exp(slope, out=slope)
    slope *= x
    slope *= 1.0 / math.sqrt(2 * math.pi)
    slope += cdf
    slope *= g
    return slope


def _gelu_tanh_vjp(g, x, cdf):
    """With cdf = (1 + tanh u) / 2: cdf + 2 x cdf (1 - cdf) u', times g."""
    slope = x * x
    slope *= 3 * 0.044715
    slope += 1.0
    slope *= 2.0 * math.sqrt(2 / math.pi)
    slope *= x
    slope *= cdf
    slope *= 1.0 - cdf
    slope += cdf
    slope *= g
    return slope


class FusedMath:
    """Overrides of `kshim.spec.derived.Derived`; the formulas are the definitions', so the values are too."""

    def square(self, x):
        value = unbox(x)
        y = quiet.run(np.square, value)
        if type(x) is Box:
            return record((x,), y, (lambda g: g * (value * 2.0),))
        return np.asarray(y)

    def sigmoid(self, x):
        if not _plain(unbox(x)):
            return super().sigmoid(x)
        y = sigmoid(unbox(x))
        return record((x,), y, (_sigmoid_vjp,), y) if type(x) is Box else y

    def relu(self, x):
        y = np.asarray(np.maximum(unbox(x), 0))
        if type(x) is not Box:
            return y
        return record((x,), y, (lambda g: g * (y > 0),))

    def leaky_relu(self, x, slope):
        value = unbox(x)
        if not 0.0 <= slope <= 1.0 or not _plain(value):
            return super().leaky_relu(x, slope)
        y = value * slope
        y = np.maximum(value, y, out=y)
        if type(x) is not Box:
            return y
        return record((x,), y, (lambda g: g * np.maximum((value > 0).astype(g.dtype), slope),))

    def elu(self, x, alpha):
        value = unbox(x)
        if not _plain(value):
            return super().elu(x, alpha)
        low = np.minimum(value, 0.0)
        np.expm1(low, out=low)
        low *= alpha
        y = np.maximum(value, 0.0)
        y += low

        def vjp(g):
            slope = np.add(low, alpha)
            slope[value > 0] = 1.0
            slope *= g
            return slope

        return record((x,), y, (vjp,)) if type(x) is Box else y

    def softplus(self, x):
        value = unbox(x)
        if not _plain(value):
            return super().softplus(x)
        y = np.abs(value)
        np.negative(y, out=y)
        quiet.run(np.exp, y, out=y)
        quiet.run(np.log1p, y, out=y)
        y += np.maximum(value, 0.0)
        return record((x,), y, (lambda g: g * sigmoid(value),)) if type(x) is Box else y

    def gelu(self, x, approximate):
        value = unbox(x)
        if not _plain(value):
            return super().gelu(x, approximate)
        with np.errstate(all="ignore"):
            if approximate:
                cdf = np.tanh((value * value * value * 0.044715 + value) * math.sqrt(2 / math.pi))
            else:
                cdf = special.erf(value * math.sqrt(0.5))
            cdf += 1.0
            cdf *= 0.5
            y = value * cdf
        return record((x,), y, (_gelu_tanh_vjp if approximate else _gelu_vjp,), value, cdf) if type(x) is Box else y

    def softmax(self, x, axis):
        with np.errstate(all="ignore"):
            y = _softmax(unbox(x), axis)
        return record((x,), y, (_softmax_vjp,), y, axis) if type(x) is Box else y

    def log_softmax(self, x, axis):
        with np.errstate(all="ignore"):
            y = _log_softmax(unbox(x), axis)
        return record((x,), y, (_log_softmax_vjp,), y, axis) if type(x) is Box else y

    def softmax_cross_entropy(self, target, logits):
        t, x = unbox(target), unbox(logits)
        if t.shape != x.shape:
            return super().softmax_cross_entropy(target, logits)
        with np.errstate(all="ignore"):
            y = _log_softmax(x, -1)
            loss = -np.add.reduce(y * t, axis=-1)

        def vjp_logits(g):
            out = np.exp(y)
            out *= np.add.reduce(t, axis=-1, keepdims=True)
            out -= t
            out *= g[..., None]
            return out

        return record((target, logits), loss, (lambda g: y * -g[..., None], vjp_logits))

    def sparse_softmax_cross_entropy(self, labels, logits):
        labels, x = unbox(labels), unbox(logits)
        if labels.ndim == 0:
            return super().sparse_softmax_cross_entropy(labels, logits)
        with np.errstate(all="ignore"):
            y = _log_softmax(x, -1)
        index = (*np.ogrid[tuple(map(slice, labels.shape))], labels.astype(np.int32, copy=False))
        loss = -y[index]

        def vjp(g):
            out = np.exp(y)
            out[index] -= 1
            out *= g[..., None]
            return out

        return record((logits,), loss, (vjp,))

    def sigmoid_cross_entropy(self, target, logits):
        z, x = unbox(target), unbox(logits)
        if not _plain(x) or getattr(z, "shape", None) != x.shape:
            return super().sigmoid_cross_entropy(target, logits)
        y = np.abs(x)
        np.negative(y, out=y)
        quiet.run(np.exp, y, out=y)
        quiet.run(np.log1p, y, out=y)
        y += np.maximum(x, 0.0) - x * z
        return record((target, logits), y, (lambda g: g * -x, lambda g: g * (sigmoid(x) - z)))

    def dropout(self, x, rate, key, noise_shape):
        value = unbox(x)
        if value.dtype.kind != "f":
            return super().dropout(x, rate, key, noise_shape)
        # bits / 2**8 / 2**24 >= rate, on the integers: rate as float32 is a multiple of a power of two.
        limit = math.ceil(float(np.float32(rate)) * 2.0**24) << 8
        keep = rng.bits(math.prod(noise_shape), key) >= np.uint32(min(limit, 0xFFFFFFFF))
        mask = keep.reshape(noise_shape).astype(value.dtype)
        mask *= 1.0 / (1.0 - rate)
        y = np.asarray(value * mask)
        return record((x,), y, (lambda g: g * mask,)) if type(x) is Box else y
