"""Methods that slide windows: conv, conv_transpose, max_pool and avg_pool."""

import numpy as np

from kshim.spec import shape_rules

from . import conv, depthwise, pool
from .tape import Box, record, unbox


def _in_groups(groups):
    """The convolution functions run for each group of channels."""

    def parts(x):
        c = x.shape[-1] // groups
        return [np.ascontiguousarray(x[..., i * c : i * c + c]) for i in range(groups)]

    def forward(x, kernel, *how):
        return np.concatenate([conv.forward(a, k, *how) for a, k in zip(parts(x), parts(kernel))], -1)

    def kernel_grad(x, g, *how):
        return np.concatenate([conv.kernel_grad(a, b, *how) for a, b in zip(parts(x), parts(g))], -1)

    def input_grad(g, kernel, *how):
        return np.concatenate([conv.input_grad(b, k, *how) for b, k in zip(parts(g), parts(kernel))], -1)

    return forward, kernel_grad, input_grad


def _depthwise_forward(x, kernel, *how):
    times = kernel.shape[-1] // x.shape[-1]
    return depthwise.forward(x if times == 1 else x.repeat(times, -1), kernel[..., 0, :], *how)


def _depthwise_kernel_grad(x, g, window, *how):
    times = g.shape[-1] // x.shape[-1]
    return np.expand_dims(depthwise.kernel_grad(x if times == 1 else x.repeat(times, -1), g, window, *how), -2)


def _depthwise_input_grad(channels):
    def input_grad(g, kernel, *how):
        y = depthwise.input_grad(g, kernel[..., 0, :], *how)
        times = y.shape[-1] // channels
        return y if times == 1 else np.add.reduce(y.reshape(*y.shape[:-1], channels, times), -1)

    return input_grad


def _functions(groups, channels):
    """(forward, kernel_grad, input_grad) for so many groups of `channels` input channels."""
    if groups == 1:
        return conv.forward, conv.kernel_grad, conv.input_grad
    if groups == channels:
        return _depthwise_forward, _depthwise_kernel_grad, _depthwise_input_grad(channels)
    return _in_groups(groups)


def _single(x):
    """Half precision is computed in float32."""
    return x.astype(np.float32) if x.dtype.itemsize < 4 else x


class Windows:
    """Primitives over sliding windows, channels last."""

    def conv(self, x, kernel, strides, pads, dilation, groups):
        value, k = _single(unbox(x)), _single(unbox(kernel))
        dtype, window, spatial = x.dtype, k.shape[:-2], value.shape[1:-1]
        how = tuple(strides), tuple(pads), tuple(dilation)
        out = shape_rules.conv(value.shape, k.shape, *how, groups)[1:-1]
        forward, kernel_grad, input_grad = _functions(groups, value.shape[-1])
        y = forward(value, k, out, *how).astype(dtype, copy=False)
        if type(x) is not Box and type(kernel) is not Box:
            return y
        vjp_x = lambda g: input_grad(_single(g), k, spatial, *how).astype(dtype, copy=False)  # noqa: E731
        vjp_k = lambda g: kernel_grad(value, _single(g), window, *how).astype(dtype, copy=False)  # noqa: E731
        return record((x, kernel), y, (vjp_x, vjp_k))

    def conv_transpose(self, x, kernel, strides, pads, dilation, output_size):
        value, k = _single(unbox(x)), _single(unbox(kernel))
        dtype, window, spatial = x.dtype, k.shape[:-2], value.shape[1:-1]
        how = tuple(strides), tuple(pads), tuple(dilation)
        y = conv.input_grad(value, k, tuple(output_size), *how).astype(dtype, copy=False)
        if type(x) is not Box and type(kernel) is not Box:
            return y
        vjp_x = lambda g: conv.forward(_single(g), k, spatial, *how).astype(dtype, copy=False)  # noqa: E731
        vjp_k = lambda g: conv.kernel_grad(_single(g), value, window, *how).astype(dtype, copy=False)  # noqa: E731
        return record((x, kernel), y, (vjp_x, vjp_k))

    def max_pool(self, x, size, strides, pads):
        value = unbox(x)
        how = tuple(size), tuple(strides), tuple(map(tuple, pads))
        y = pool.max_forward(value, shape_rules.pool(value.shape, *how)[1:-1], *how)
        if type(x) is not Box:
            return y
        return record((x,), y, (lambda g: pool.max_grad(g, y, value, *how),))

    def avg_pool(self, x, size, strides, pads):
        value = unbox(x)
        how = tuple(size), tuple(strides), tuple(map(tuple, pads))
        y = pool.avg_forward(value, shape_rules.pool(value.shape, *how)[1:-1], *how)
        if type(x) is not Box:
            return y
        return record((x,), y, (lambda g: pool.avg_grad(g, value, *how),))
