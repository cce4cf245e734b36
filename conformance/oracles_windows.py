"""Oracles of matrix products, convolutions and pooling: loops over the positions of the window."""

from itertools import product

import numpy as np

from .oracles_elementwise import wide, wrapped


def _matmul(x, y):
    z = np.matmul(wide(x), wide(y))
    return wrapped(z, x.dtype) if x.dtype.kind in "iu" else z


def _counts(sizes, window, strides, pads, dilation):
    """Number of window positions along each axis."""
    return tuple(
        (n + low + high - (k - 1) * d - 1) // s + 1
        for n, k, s, (low, high), d in zip(sizes, window, strides, pads, dilation)
    )


def _places(sizes, window, strides, pads, dilation):
    """(output position, position in the window, input position) wherever the window meets the input, not its padding."""
    for out in product(*map(range, _counts(sizes, window, strides, pads, dilation))):
        for k in product(*map(range, window)):
            at = tuple(o * s - low + i * d for o, s, (low, _), i, d in zip(out, strides, pads, k, dilation))
            if all(0 <= i < n for i, n in zip(at, sizes)):
                yield out, k, at


def _conv(x, kernel, strides, pads, dilation, groups):
    sizes, window = x.shape[1:-1], kernel.shape[:-2]
    x, kernel = wide(x), wide(kernel)
    inputs, filters = kernel.shape[-2], kernel.shape[-1] // groups
    y = np.zeros((len(x), *_counts(sizes, window, strides, pads, dilation), groups * filters), x.dtype)
    for out, k, at in _places(sizes, window, strides, pads, dilation):
        for g in range(groups):
            some = slice(g * filters, (g + 1) * filters)
            y[(slice(None), *out, some)] += np.dot(
                x[(slice(None), *at, slice(g * inputs, (g + 1) * inputs))], kernel[k][:, some]
            )
    return y


def _conv_transpose(x, kernel, strides, pads, dilation, output_size):
    """Every place of the convolution sends back what it would have read."""
    x, kernel = wide(x), wide(kernel)
    y = np.zeros((len(x), *output_size, kernel.shape[-2]), x.dtype)
    for out, k, at in _places(output_size, kernel.shape[:-2], strides, pads, dilation):
        y[(slice(None), *at)] += np.dot(x[(slice(None), *out)], kernel[k].T)
    return y


def _pooled(x, size, strides, pads):
    """Output position -> the elements of its window, a list of (n, c)."""
    found = {}
    for out, _, at in _places(x.shape[1:-1], size, strides, pads, (1,) * len(size)):
        found.setdefault(out, []).append(x[(slice(None), *at)])
    return found


def _pool(reduce):
    def oracle(x, size, strides, pads):
        y = np.zeros((len(x), *_counts(x.shape[1:-1], size, strides, pads, (1,) * len(size)), x.shape[-1]))
        for out, elements in _pooled(x, size, strides, pads).items():
            y[(slice(None), *out)] = reduce(wide(np.stack(elements)))
        return y

    return oracle


ORACLES = {
    "matmul": _matmul,
    "conv": _conv,
    "conv_transpose": _conv_transpose,
    "max_pool": _pool(lambda elements: elements.max(0)),
    "avg_pool": _pool(lambda elements: elements.sum(0) / len(elements)),
}
