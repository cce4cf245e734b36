"""Neural network functions: activations, convolution, pooling, normalisation, cross-entropies."""

import math

from .. import config
from ..spec import dtypes
from .core import (
    binary_operands,
    convert_to_tensor,
    float_operand,
    fused,
    normalize_axes,
    normalize_axis,
    number_operand,
    op,
    unary_operand,
    wrap,
)
from .elementwise import clip, log, maximum, multiply, negative, subtract

__all__ = [
    "relu", "relu6", "sigmoid", "tanh", "hard_sigmoid", "hard_tanh", "softplus", "softsign", "silu", "swish", "hard_silu", "log_sigmoid",
    "leaky_relu", "elu", "selu", "celu", "glu", "gelu", "mish", "softmax", "log_softmax", "conv", "depthwise_conv", "separable_conv",
    "conv_transpose", "max_pool", "average_pool", "moments", "batch_normalization", "layer_normalization", "normalize", "bias_add",
    "binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy", "same_padding", "hard_swish", "squareplus",
    "tanh_shrink", "soft_shrink", "hard_shrink", "threshold", "sparse_plus",
]  # fmt: skip


def _activation(name, doc):
    def fn(x):
        backend, value = float_operand(x) if name != "relu" else number_operand(x)
        return wrap(getattr(backend, name)(value))

    fn.__name__ = fn.__qualname__ = name
    fn.__doc__ = doc
    return op(fn)


relu = _activation("relu", "max(x, 0).")
sigmoid = _activation("sigmoid", "1 / (1 + e**-x).")
tanh = _activation("tanh", "Hyperbolic tangent.")
softplus = _activation("softplus", "log(1 + e**x).")
softsign = _activation("softsign", "x / (1 + |x|).")


@op
def hard_sigmoid(x):
    """Keras 3's relu6(x + 3) / 6 (Keras 1 and 2 mean clip(0.2x + 0.5, 0, 1): see `kshim.activations.hard_sigmoid`)."""
    backend, value = float_operand(x)
    return wrap(backend.multiply(backend.clip(backend.add(value, 3.0), 0.0, 6.0), 1.0 / 6.0))


@op
def relu6(x):
    return clip(x, 0.0, 6.0)


@op
def hard_tanh(x):
    return clip(x, -1.0, 1.0)


@op
def silu(x):
    """x * sigmoid(x)."""
    backend, value = float_operand(x)
    return wrap(backend.multiply(value, backend.sigmoid(value)))


swish = silu


@op
def hard_silu(x):
    return multiply(x, hard_sigmoid(x))


hard_swish = hard_silu


@op
def log_sigmoid(x):
    return negative(softplus(negative(x)))


@op
def leaky_relu(x, negative_slope=0.2):
    backend, value = float_operand(x)
    return wrap(backend.leaky_relu(value, float(negative_slope)))


@op
def elu(x, alpha=1.0):
    backend, value = float_operand(x)
    return wrap(backend.elu(value, float(alpha)))


@op
def selu(x):
    """Scaled ELU with the fixed point of Klambauer et al. 2017."""
    backend, value = float_operand(x)
    return wrap(backend.multiply(backend.elu(value, 1.6732632423543772), 1.0507009873554805))


@op
def celu(x, alpha=1.0):
    backend, value = float_operand(x)
    return wrap(
        backend.add(
            backend.maximum(value, 0.0),
            backend.multiply(backend.expm1(backend.multiply(backend.minimum(value, 0.0), 1.0 / alpha)), float(alpha)),
        )
    )


@op
def glu(x, axis=-1):
    from .shaping import split

    a, b = split(x, 2, axis)
    return multiply(a, sigmoid(b))


@op
def gelu(x, approximate=True):
    backend, value = float_operand(x)
    return wrap(backend.gelu(value, bool(approximate)))


@op
def mish(x):
    return multiply(x, tanh(softplus(x)))


@op
def squareplus(x, b=4):
    return (x + (x**2 + b) ** 0.5) / 2


@op
def tanh_shrink(x):
    return subtract(x, tanh(x))


@op
def soft_shrink(x, threshold=0.5):
    from .elementwise import abs as _abs
    from .elementwise import sign

    return multiply(sign(x), maximum(subtract(_abs(x), threshold), 0.0))


@op
def hard_shrink(x, threshold=0.5):
    from .elementwise import abs as _abs
    from .elementwise import where

    return where(_abs(x) > threshold, x, 0.0)


@op
def threshold(x, threshold, default_value):
    from .elementwise import where

    return where(x > threshold, x, default_value)


@op
def sparse_plus(x):
    from .elementwise import where

    return where(x <= -1.0, 0.0, where(x < 1.0, (x + 1.0) ** 2 / 4.0, x))


def _over_axes(name):
    def fn(x, axis=-1):
        backend, value = float_operand(x)
        shape = tuple(backend.shape_of(value))
        axes = normalize_axes(axis, len(shape))
        if len(axes) == 1:
            return wrap(getattr(backend, name)(value, axes[0]))
        rest = [i for i in range(len(shape)) if i not in axes]
        perm = tuple(rest) + axes
        flat = backend.reshape(
            backend.transpose(value, perm), tuple(shape[i] for i in rest) + (math.prod(shape[i] for i in axes),)
        )
        out = backend.reshape(getattr(backend, name)(flat, len(rest)), tuple(shape[i] for i in perm))
        return wrap(backend.transpose(out, tuple(perm.index(i) for i in range(len(perm)))))

    fn.__name__ = fn.__qualname__ = name
    fn.__doc__ = f"{name} over `axis` (several, or None for all)."
    return op(fn)


softmax, log_softmax = _over_axes("softmax"), _over_axes("log_softmax")


# convolution and pooling ---------------------------------------------------------------------------------------
def _tuple(value, n, name):
    value = (value,) * n if isinstance(value, int) else tuple(int(v) for v in value)
    if len(value) == 1:
        value = value * n
    if len(value) != n:
        raise ValueError(f"{name}={value} does not fit {n} spatial dimension(s).")
    return value


def same_padding(sizes, window, strides, dilation):
    """(low, high) pairs of 'same' padding as TensorFlow defines it: the extra one comes last."""
    pairs = []
    for d, k, s, r in zip(sizes, window, strides, dilation):
        total = max((-(-d // s) - 1) * s + (k - 1) * r + 1 - d, 0)
        pairs.append((total // 2, total - total // 2))
    return tuple(pairs)


def _pairs(padding, sizes, window, strides, dilation):
    if not isinstance(padding, str):
        return tuple((p, p) if isinstance(p, int) else tuple(p) for p in padding)
    kind = padding.lower()
    if kind == "valid":
        return ((0, 0),) * len(window)
    if kind in ("same", "half"):
        return same_padding(sizes, window, strides, dilation)
    if kind == "causal":
        return tuple(((k - 1) * r, 0) for k, r in zip(window, dilation))
    if kind == "full":
        return tuple(((k - 1) * r,) * 2 for k, r in zip(window, dilation))
    raise ValueError(f"Unknown padding: {padding!r}. Expected 'valid', 'same' (or 'causal' in one dimension).")


def _channels_last(backend, value, data_format):
    rank = len(backend.shape_of(value))
    if config.standardize_data_format(data_format) == "channels_first":
        return backend.transpose(value, (0, *range(2, rank), 1)), True
    return value, False


def _restored(backend, value, moved):
    rank = len(backend.shape_of(value))
    return wrap(backend.transpose(value, (0, rank - 1, *range(1, rank - 1))) if moved else value)


@op
def conv(inputs, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1, groups=None):
    """Cross-correlation of (n, *spatial, c) with (*window, c // groups, filters); groups follow from the shapes."""
    backend, x, k = binary_operands(inputs, kernel)
    x, moved = _channels_last(backend, x, data_format)
    window = tuple(backend.shape_of(k))[:-2]
    n = len(window)
    shape = backend.shape_of(x)
    if len(shape) != n + 2:
        raise ValueError(
            f"conv expects an input of {n + 2} dimensions for a kernel of shape {tuple(backend.shape_of(k))}; received shape {tuple(shape)}."
        )
    strides, dilation = _tuple(strides, n, "strides"), _tuple(dilation_rate, n, "dilation_rate")
    pads = _pairs(padding, shape[1:-1], window, strides, dilation)
    groups = groups or shape[-1] // max(1, backend.shape_of(k)[-2])
    return _restored(backend, backend.conv(x, k, strides, pads, dilation, groups), moved)


@op
def depthwise_conv(inputs, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1):
    """Each channel convolved with its own filters: kernel (*window, channels, multiplier)."""
    backend, x, k = binary_operands(inputs, kernel)
    shape = tuple(backend.shape_of(k))
    k = backend.reshape(k, shape[:-2] + (1, shape[-2] * shape[-1]))
    return conv.op_function(wrap(x), wrap(k), strides, padding, data_format, dilation_rate, groups=shape[-2])


@op
def separable_conv(
    inputs, depthwise_kernel, pointwise_kernel, strides=1, padding="valid", data_format=None, dilation_rate=1
):
    """`depthwise_conv` followed by a 1x1 convolution."""
    x = depthwise_conv(inputs, depthwise_kernel, strides, padding, data_format, dilation_rate)
    return conv(x, pointwise_kernel, 1, "valid", data_format)


@op
def conv_transpose(
    inputs,
    kernel,
    strides=1,
    padding="valid",
    output_padding=None,
    data_format=None,
    dilation_rate=1,
    output_shape=None,
):
    """Transposed convolution with a kernel (*window, filters, c); sizes as Keras's Conv2DTranspose.

    `output_shape`: the spatial sizes wanted, where the default is not.
    """
    backend, x, k = binary_operands(inputs, kernel)
    x, moved = _channels_last(backend, x, data_format)
    window = tuple(backend.shape_of(k))[:-2]
    n = len(window)
    strides, dilation = _tuple(strides, n, "strides"), _tuple(dilation_rate, n, "dilation_rate")
    extra = (None,) * n if output_padding is None else _tuple(output_padding, n, "output_padding")
    sizes = output_shape or tuple(
        deconv_length(d, w, s, padding, e, r)
        for d, w, s, e, r in zip(backend.shape_of(x)[1:-1], window, strides, extra, dilation)
    )
    pads = []
    for d, w, s, r, out in zip(backend.shape_of(x)[1:-1], window, strides, dilation, sizes):
        total = max((d - 1) * s + (w - 1) * r + 1 - out, 0) if padding.lower() == "same" else 0
        pads.append((total // 2, total - total // 2))
    return _restored(backend, backend.conv_transpose(x, k, strides, tuple(pads), dilation, tuple(sizes)), moved)


def deconv_length(size, window, stride, padding, output_padding=None, dilation=1):
    """Spatial size after a transposed convolution; None stays None."""
    if size is None:
        return None
    window = (window - 1) * dilation + 1
    padding = padding.lower()
    if output_padding is None:
        return size * stride + (max(window - stride, 0) if padding == "valid" else 0)
    trim = {"same": window // 2, "valid": 0, "full": window - 1}[padding]
    return (size - 1) * stride + window - 2 * trim + output_padding


def _pool(name):
    def fn(inputs, pool_size, strides=None, padding="valid", data_format=None):
        backend, x = unary_operand(inputs)
        x, moved = _channels_last(backend, x, data_format)
        shape = backend.shape_of(x)
        n = len(shape) - 2
        window = _tuple(pool_size, n, "pool_size")
        strides = window if strides is None else _tuple(strides, n, "strides")
        pads = _pairs(padding, shape[1:-1], window, strides, (1,) * n)
        return _restored(backend, getattr(backend, name)(x, window, strides, pads), moved)

    fn.__doc__ = f"{name} over windows of the spatial axes; strides default to the window."
    return fn


max_pool, average_pool = op(_pool("max_pool")), op(_pool("avg_pool"))


# normalisation -------------------------------------------------------------------------------------------------
@op
def moments(x, axes, keepdims=False, synchronized=False):
    """(mean, biased variance) over axes."""
    backend, value = float_operand(x)
    mean, variance = backend.moments(value, normalize_axes(axes, len(backend.shape_of(value))), bool(keepdims))
    return wrap(mean), wrap(variance)


@op
def batch_normalization(x, mean, variance, axis, offset=None, scale=None, epsilon=1e-3):
    """(x - mean) / sqrt(variance + epsilon) * scale + offset, statistics along `axis`."""
    from .shaping import reshape

    x = convert_to_tensor(x)
    shape = [1] * len(x.shape)
    shape[normalize_axis(axis, len(shape))] = -1
    parts = [None if p is None else reshape(convert_to_tensor(p), shape) for p in (mean, variance, scale, offset)]
    return fused("normalize", x, *parts, epsilon)


@op
def layer_normalization(x, gamma=None, beta=None, axis=-1, epsilon=1e-3, **kwargs):
    """Normalised over `axis`."""
    x = convert_to_tensor(x)
    mean, variance = moments(x, axis, True)
    return fused("normalize", x, mean, variance, gamma, beta, epsilon)


@op
def normalize(x, axis=-1, order=2, epsilon=None):
    """x divided by its norm over `axis` (never by less than epsilon)."""
    from .linalg import norm

    return x / maximum(norm(x, order, axis, True), config.epsilon() if epsilon is None else epsilon)


@op
def bias_add(x, bias, data_format=None):
    """x plus one number for each channel."""
    from .shaping import reshape

    x = convert_to_tensor(x)
    if config.standardize_data_format(data_format) == "channels_first" and len(x.shape) > 2:
        bias = reshape(bias, (-1,) + (1,) * (len(x.shape) - 2))
    return x + bias


# cross-entropies -----------------------------------------------------------------------------------------------
@op
def binary_crossentropy(target, output, from_logits=False):
    """Element-wise cross-entropy of probabilities (clipped by epsilon) or logits."""
    output = convert_to_tensor(output)
    target = convert_to_tensor(target, output.dtype)
    if from_logits:
        backend, z, x = binary_operands(target, output)
        return wrap(backend.sigmoid_cross_entropy(z, x))
    epsilon = config.epsilon()
    output = clip(output, epsilon, 1.0 - epsilon)
    return negative(target * log(output + epsilon) + (1.0 - target) * log(1.0 - output + epsilon))


@op
def categorical_crossentropy(target, output, from_logits=False, axis=-1):
    """Cross-entropy of one-hot targets over `axis`; probabilities are renormalised and clipped by epsilon."""
    from .reduce import sum as _sum
    from .shaping import moveaxis

    output = convert_to_tensor(output)
    target = convert_to_tensor(target, output.dtype)
    if len(target.shape) != len(output.shape) or tuple(target.shape) != tuple(output.shape):
        raise ValueError(
            f"categorical_crossentropy: y_true has shape {tuple(target.shape)} and y_pred {tuple(output.shape)}; they must be equal. "
            "Integer labels go with 'sparse_categorical_crossentropy', or make them one-hot with utils.to_categorical."
        )
    if from_logits:
        if axis not in (-1, len(output.shape) - 1):
            target, output = moveaxis(target, axis, -1), moveaxis(output, axis, -1)
        backend, z, x = binary_operands(target, output)
        return wrap(backend.softmax_cross_entropy(z, x))
    epsilon = config.epsilon()
    output = output / _sum(output, axis, True)
    return negative(_sum(target * log(clip(output, epsilon, 1.0 - epsilon)), axis))


@op
def sparse_categorical_crossentropy(target, output, from_logits=False, axis=-1):
    """Cross-entropy of integer labels (a last axis of size 1 is dropped)."""
    from .shaping import moveaxis, squeeze

    output = convert_to_tensor(output)
    target = convert_to_tensor(target)
    if not dtypes.is_int(target.dtype):
        from .core import cast

        target = cast(target, "int32")
    if len(target.shape) == len(output.shape) and target.shape[-1] == 1:
        target = squeeze(target, -1)
    if axis not in (-1, len(output.shape) - 1):
        output = moveaxis(output, axis, -1)
    if tuple(target.shape) != tuple(output.shape[:-1]):
        raise ValueError(
            f"sparse_categorical_crossentropy: labels of shape {tuple(target.shape)} do not fit predictions of shape {tuple(output.shape)}; "
            f"expected {tuple(output.shape[:-1])}. One-hot targets go with 'categorical_crossentropy'."
        )
    if not from_logits:
        epsilon = config.epsilon()
        output = log(clip(output, epsilon, 1.0 - epsilon))
    return fused("sparse_softmax_cross_entropy", target, output)
