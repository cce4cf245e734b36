"""Creating, converting and rearranging arrays. Results may be views: tensors are never written to."""

import math

import numpy as np

from kshim.spec import rng

from .dtypes import is_float, numpy_dtype
from .quiet import quiet
from .tape import Box, Partial, fit, record, unbox


def _index(starts, stops, strides):
    return tuple(map(slice, starts, stops, strides))


def _part(like, index, part):
    """Cotangent `part` of `like[index]`."""

    def add(buffer):
        buffer[index] += part.astype(buffer.dtype, copy=False)

    return Partial(like, add)


def _padded(x, pairs, value):
    out = np.full([d + low + high for d, (low, high) in zip(x.shape, pairs)], value, x.dtype)
    out[tuple(slice(low, low + d) for d, (low, _) in zip(x.shape, pairs))] = x
    return out


def _taker(axis, start, stop):
    index = (slice(None),) * axis + (slice(start, stop),)
    return lambda g: g[index]


class Shaping:
    """Primitives that move elements, and `split` and `stack`, which save nodes on the tape."""

    def full(self, shape, value, dtype):
        if type(value) in (int, float) and value == 0 and math.copysign(1.0, value) > 0:
            return np.zeros(shape, numpy_dtype(dtype))
        out = np.empty(shape, numpy_dtype(dtype))
        out.fill(value)
        return out

    def arange(self, n, dtype):
        return np.arange(n).astype(numpy_dtype(dtype))

    def random_uniform(self, shape, key, dtype):
        words = rng.bits(math.prod(shape), key)
        words >>= np.uint32(8)
        dtype = numpy_dtype(dtype)
        out = words.astype(dtype if dtype.itemsize >= 4 else np.float32)
        out *= 2.0**-24
        return out.astype(dtype, copy=False).reshape(shape)

    def cast(self, x, dtype):
        dtype = numpy_dtype(dtype)
        value = unbox(x)
        if value.dtype == dtype:
            return x
        y = quiet.run(value.astype, dtype)
        if type(x) is not Box or not is_float(dtype):
            return y
        source = value.dtype
        return record((x,), y, (lambda g: g.astype(source),))

    def stop_gradient(self, x):
        return unbox(x)

    def reshape(self, x, shape):
        if type(x) is not Box:
            return x.reshape(shape)
        old = x.value.shape
        return record((x,), x.value.reshape(shape), (lambda g: g.reshape(old),))

    def transpose(self, x, perm):
        if type(x) is not Box:
            return x.transpose(perm)
        inverse = tuple(sorted(range(len(perm)), key=perm.__getitem__))
        return record((x,), x.value.transpose(perm), (lambda g: g.transpose(inverse),))

    def broadcast_to(self, x, shape):
        if type(x) is not Box:
            return np.broadcast_to(x, shape)
        old = x.value.shape
        return record((x,), np.broadcast_to(x.value, shape), (lambda g: fit(g, old),))

    def concat(self, xs, axis):
        values = [unbox(x) for x in xs]
        y = np.concatenate(values, axis)
        if not any(type(x) is Box for x in xs):
            return y
        vjps, at = [], 0
        for value in values:
            vjps.append(_taker(axis, at, at + value.shape[axis]))
            at += value.shape[axis]
        return record(xs, y, vjps)

    def stack(self, xs, axis):
        y = np.stack([unbox(x) for x in xs], axis)
        if not any(type(x) is Box for x in xs):
            return y
        before = (slice(None),) * axis
        return record(xs, y, [lambda g, i=i: g[before + (i,)] for i in range(len(xs))])

    def pad(self, x, pairs, value):
        if type(x) is not Box:
            return _padded(x, pairs, value)
        inside = tuple(slice(low, low + d) for d, (low, _) in zip(x.value.shape, pairs))
        return record((x,), _padded(x.value, pairs, value), (lambda g: g[inside],))

    def slice(self, x, starts, stops, strides):
        index = _index(starts, stops, strides)
        if type(x) is not Box:
            return np.asarray(x[index])
        value = x.value
        return record((x,), np.asarray(value[index]), (lambda g: _part(value, index, g),))

    def split(self, x, sizes, axis):
        value = unbox(x)
        out, at, before = [], 0, (slice(None),) * axis
        for size in sizes:
            index = before + (slice(at, at + size),)
            y = value[index]
            out.append(record((x,), y, (lambda g, i=index: _part(value, i, g),)) if type(x) is Box else y)
            at += size
        return out

    def flip(self, x, axes):
        axes = tuple(axes)
        y = np.asarray(np.flip(unbox(x), axes))
        return record((x,), y, (lambda g: np.flip(g, axes),)) if type(x) is Box else y
