"""Output shapes of the primitives, as plain functions on shapes: used by the op table and so by symbolic building."""

from math import prod


def same(x, *_):
    return x


def broadcast(*shapes):
    """NumPy broadcasting of any number of shapes (a Python scalar has shape `()`).

    Raises `ValueError` with all the shapes when they do not fit.
    """
    rank = max(len(s) for s in shapes)
    out = []
    for i in range(rank):
        dim = 1
        for s in shapes:
            j = i - rank + len(s)
            if j < 0 or s[j] == 1:
                continue
            if dim != 1 and s[j] != dim:
                raise ValueError("Shapes do not broadcast: " + ", ".join(str(tuple(t)) for t in shapes) + ".")
            dim = s[j]
        out.append(dim)
    return tuple(out)


def reduced(x, axes, keepdims):
    if keepdims:
        return tuple(1 if i in axes else d for i, d in enumerate(x))
    return tuple(d for i, d in enumerate(x) if i not in axes)


def reshaped(x, shape):
    shape = tuple(shape)
    if -1 in shape:
        rest = prod(d for d in shape if d != -1)
        if shape.count(-1) > 1 or (rest == 0 or prod(x) % rest):
            raise ValueError(f"Cannot reshape {tuple(x)} into {shape}.")
        shape = tuple(prod(x) // rest if d == -1 else d for d in shape)
    if prod(shape) != prod(x):
        raise ValueError(f"Cannot reshape {tuple(x)} ({prod(x)} elements) into {shape} ({prod(shape)} elements).")
    return shape


def matmul(a, b):
    if len(a) < 2 or len(b) < 2 or a[-1] != b[-2]:
        raise ValueError(f"matmul needs (..., n, k) and (..., k, m); received {tuple(a)} and {tuple(b)}.")
    return broadcast(a[:-2], b[:-2]) + (a[-2], b[-1])


def concat(shapes, axis):
    first = shapes[0]
    for s in shapes[1:]:
        if len(s) != len(first) or any(d != e for i, (d, e) in enumerate(zip(s, first)) if i != axis):
            raise ValueError(f"Cannot concatenate shapes {[tuple(t) for t in shapes]} along axis {axis}.")
    return first[:axis] + (sum(s[axis] for s in shapes),) + first[axis + 1 :]


def padded(x, pairs):
    return tuple(d + lo + hi for d, (lo, hi) in zip(x, pairs))


def sliced(x, starts, stops, strides):
    return tuple(max(0, -(-(e - s) // st)) for s, e, st in zip(starts, stops, strides))


def window(size, kernel, stride, pad, dilation=1):
    """Number of window positions along one axis of length `size` padded by `(low, high)`."""
    return max(0, (size + pad[0] + pad[1] - (kernel - 1) * dilation - 1) // stride + 1)


def conv(x, kernel, strides, pads, dilation, groups):
    spatial = tuple(window(*a) for a in zip(x[1:-1], kernel[:-2], strides, pads, dilation))
    if x[-1] != kernel[-2] * groups:
        raise ValueError(
            f"Convolution of {x[-1]} input channels with a kernel of shape {tuple(kernel)} in {groups} group(s): "
            f"the kernel expects {kernel[-2] * groups} channels."
        )
    if any(d <= 0 for d in spatial):
        raise ValueError(
            f"Convolution window {tuple(kernel[:-2])} does not fit the input of spatial shape {tuple(x[1:-1])}."
        )
    return (x[0],) + spatial + (kernel[-1],)


def conv_transpose(x, kernel, strides, pads, dilation, output_size):
    if x[-1] != kernel[-1]:
        raise ValueError(f"Transposed convolution of {x[-1]} channels with a kernel of shape {tuple(kernel)}.")
    return (x[0],) + tuple(output_size) + (kernel[-2],)


def pool(x, size, strides, pads):
    spatial = tuple(window(*a) for a in zip(x[1:-1], size, strides, pads))
    if any(d <= 0 for d in spatial):
        raise ValueError(f"Pooling window {tuple(size)} does not fit the input of spatial shape {tuple(x[1:-1])}.")
    return (x[0],) + spatial + (x[-1],)


def take(x, indices, axis):
    return x[:axis] + tuple(indices) + x[axis + 1 :]
