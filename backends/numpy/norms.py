"""Batch and layer normalisation with the gradients of Ioffe & Szegedy (2015) and Ba et al. (2016) written out."""

import numpy as np

from .tape import Box, leading_sum, record_joint, unbox


def _boxed(*xs):
    return any(type(x) is Box for x in xs)


class Norms:
    """batch_norm_train and layer_norm as single nodes."""

    def batch_norm_train(self, x, scale, offset, epsilon):
        value, s, b = unbox(x), unbox(scale), unbox(offset)
        if value.dtype.char not in "fd" or value.size == 0:
            return super().batch_norm_train(x, scale, offset, epsilon)
        c = value.shape[-1]
        flat = np.ascontiguousarray(value).reshape(-1, c)
        share = 1.0 / len(flat)
        with np.errstate(all="ignore"):
            mean = leading_sum(flat, 1)
            mean *= share
            centred = flat - mean
            variance = leading_sum(np.square(centred), 1)
            variance *= share
            inverse = 1.0 / np.sqrt(variance + float(epsilon))
            factor = inverse if s is None else inverse * s
            y = centred * factor
            if b is not None:
                y += b
        y = y.reshape(value.shape)
        if not _boxed(x, scale, offset):
            return y, mean, variance

        def pull(g):
            g = np.ascontiguousarray(g).reshape(-1, c)
            total = leading_sum(g, 1)
            lean = leading_sum(g * centred, 1)
            lean *= inverse
            dx = None
            if type(x) is Box:
                dx = centred * (lean * inverse * -share)
                dx += g
                dx -= total * share
                dx *= factor
                dx = dx.reshape(value.shape)
            return dx, lean, total

        return record_joint((x, scale, offset), [y], pull)[0], mean, variance

    def layer_norm(self, x, scale, offset, epsilon):
        value, s, b = unbox(x), unbox(scale), unbox(offset)
        plain = all(t is None or t.shape == value.shape[-1:] for t in (s, b))
        if value.dtype.char not in "fd" or value.size == 0 or not plain:
            return super().layer_norm(x, scale, offset, epsilon)
        c = value.shape[-1]
        share, ones = 1.0 / c, np.ones((c, 1), value.dtype)
        flat = np.ascontiguousarray(value).reshape(-1, c)
        with np.errstate(all="ignore"):
            unit = flat - (flat @ ones) * share
            variance = np.einsum("ij,ij->i", unit, unit)[:, None] * share
            inverse = 1.0 / np.sqrt(variance + float(epsilon))
            unit *= inverse
            y = unit if s is None else unit * s
            if b is not None:
                y = np.add(y, b, out=None if y is unit else y)
        y = y.reshape(value.shape)
        if not _boxed(x, scale, offset):
            return y

        def pull(g):
            g = np.ascontiguousarray(g).reshape(-1, c)
            ds = leading_sum(g * unit, 1) if type(scale) is Box else None
            db = leading_sum(g, 1) if type(offset) is Box else None
            dx = None
            if type(x) is Box:
                dx = g if s is None else g * s
                lean = np.einsum("ij,ij->i", dx, unit)[:, None] * share
                dx = dx - (dx @ ones) * share
                dx -= unit * lean
                dx *= inverse
                dx = dx.reshape(value.shape)
            return dx, ds, db

        return record_joint((x, scale, offset), [y], pull)[0]
