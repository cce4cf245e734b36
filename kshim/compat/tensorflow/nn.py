"""`tf.nn`: activations, convolutions, pooling, normalisation and losses, in TensorFlow's spelling."""

from ... import ops
from ... import random as _random
from .maths import l2_normalize, sigmoid, softplus, softsign, tanh

__all__ = [
    "atrous_conv2d", "avg_pool", "avg_pool1d", "avg_pool2d", "avg_pool3d", "batch_normalization", "bias_add",
    "conv1d", "conv2d", "conv2d_transpose", "conv3d", "convolution", "crelu", "depth_to_space", "depthwise_conv2d",
    "dropout", "elu", "embedding_lookup", "gelu", "in_top_k", "l2_loss", "l2_normalize", "leaky_relu", "log_softmax",
    "max_pool", "max_pool1d", "max_pool2d", "max_pool3d", "moments", "relu", "relu6", "selu", "separable_conv2d",
    "sigmoid", "sigmoid_cross_entropy_with_logits", "silu", "softmax", "softmax_cross_entropy_with_logits",
    "softmax_cross_entropy_with_logits_v2", "softplus", "softsign", "space_to_depth",
    "sparse_softmax_cross_entropy_with_logits", "swish", "tanh", "top_k", "weighted_cross_entropy_with_logits",
    "xw_plus_b", "zero_fraction",
]  # fmt: skip


# activations ---------------------------------------------------------------------------------------------------
def relu(features, name=None):
    return ops.relu(features)


def relu6(features, name=None):
    return ops.relu6(features)


def crelu(features, axis=-1, name=None):
    """relu of x and of -x, side by side."""
    return ops.relu(ops.concatenate([features, ops.negative(features)], axis))


def leaky_relu(features, alpha=0.2, name=None):
    return ops.leaky_relu(features, alpha)


def elu(features, name=None):
    return ops.elu(features)


def selu(features, name=None):
    return ops.selu(features)


def gelu(features, approximate=False, name=None):
    return ops.gelu(features, approximate)


def silu(features, beta=1.0):
    """x * sigmoid(beta * x)."""
    return ops.multiply(features, ops.sigmoid(ops.multiply(features, beta)))


swish = silu


def softmax(logits, axis=-1, name=None, dim=None):
    return ops.softmax(logits, axis if dim is None else dim)


def log_softmax(logits, axis=-1, name=None, dim=None):
    return ops.log_softmax(logits, axis if dim is None else dim)


# convolution and pooling ---------------------------------------------------------------------------------------
def _format(data_format, default_first="NC"):
    return "channels_first" if str(data_format or "").upper().startswith(default_first) else "channels_last"


def _spatial(value, n, data_format, what):
    """The `n` spatial entries of an int, a list of `n`, or a list with the batch and channel axes as well."""
    if isinstance(value, int):
        return (value,) * n
    value = tuple(int(v) for v in value)
    if len(value) == n + 2:
        value = value[2:] if _format(data_format) == "channels_first" else value[1:-1]
    if len(value) not in (1, n):
        raise ValueError(f"{what}={value} does not fit {n} spatial dimension(s); give an int, {n} or {n + 2} numbers.")
    return value * n if len(value) == 1 else value


def _padding(padding, data_format):
    if isinstance(padding, str):
        return padding.lower()
    if len(padding) and isinstance(padding[0], (list, tuple)) and len(padding) > 2:
        padding = padding[2:] if _format(data_format) == "channels_first" else padding[1:-1]
    return tuple(tuple(p) for p in padding)


def _conv(input, filters, strides, padding, data_format, dilations, n):
    strides = _spatial(1 if strides is None else strides, n, data_format, "strides")
    dilations = _spatial(1 if dilations is None else dilations, n, data_format, "dilations")
    return ops.conv(input, filters, strides, _padding(padding, data_format), _format(data_format), dilations)


def conv1d(input, filters, stride=1, padding="VALID", data_format="NWC", dilations=None, name=None):
    return _conv(input, filters, stride, padding, data_format, dilations, 1)


def conv2d(
    input,
    filters=None,
    strides=1,
    padding="VALID",
    data_format="NHWC",
    dilations=None,
    name=None,
    filter=None,
    use_cudnn_on_gpu=True,
):
    """Cross-correlation with filters (height, width, in, out)."""
    return _conv(input, filter if filters is None else filters, strides, padding, data_format, dilations, 2)


def conv3d(input, filters, strides=1, padding="VALID", data_format="NDHWC", dilations=None, name=None):
    return _conv(input, filters, strides, padding, data_format, dilations, 3)


def convolution(input, filters, strides=None, padding="VALID", data_format=None, dilations=None, name=None):
    return _conv(input, filters, strides, padding, data_format, dilations, len(ops.shape(filters)) - 2)


def atrous_conv2d(value, filters, rate, padding, name=None):
    return _conv(value, filters, 1, padding, "NHWC", rate, 2)


def depthwise_conv2d(input, filter, strides, padding, data_format="NHWC", dilations=None, name=None):
    """Each channel with its own filters (height, width, channels, multiplier)."""
    strides = _spatial(strides, 2, data_format, "strides")
    dilations = _spatial(1 if dilations is None else dilations, 2, data_format, "dilations")
    return ops.depthwise_conv(input, filter, strides, _padding(padding, data_format), _format(data_format), dilations)


def separable_conv2d(
    input, depthwise_filter, pointwise_filter, strides, padding, data_format="NHWC", dilations=None, name=None
):
    x = depthwise_conv2d(input, depthwise_filter, strides, padding, data_format, dilations)
    return conv2d(x, pointwise_filter, 1, "VALID", data_format)


def conv2d_transpose(
    input, filters, output_shape, strides, padding="SAME", data_format="NHWC", dilations=None, name=None
):
    """The gradient of `conv2d` with respect to its input; filters (height, width, out, in)."""
    strides = _spatial(strides, 2, data_format, "strides")
    dilations = _spatial(1 if dilations is None else dilations, 2, data_format, "dilations")
    sizes = _spatial(tuple(int(d or 1) for d in output_shape), 2, data_format, "output_shape")
    return ops.conv_transpose(
        input,
        filters,
        strides,
        padding.lower(),
        data_format=_format(data_format),
        dilation_rate=dilations,
        output_shape=sizes,
    )


def _pool(op, n):
    def pool(input, ksize, strides=None, padding="VALID", data_format=None, name=None):
        dims = n or len(ops.shape(input)) - 2
        size = _spatial(ksize, dims, data_format, "ksize")
        strides = size if strides is None else _spatial(strides, dims, data_format, "strides")
        return op(input, size, strides, _padding(padding, data_format), _format(data_format))

    pool.__doc__ = f"`kshim.ops.{op.__name__}` over windows of the spatial axes."
    return pool


max_pool, max_pool1d, max_pool2d, max_pool3d = (_pool(ops.max_pool, n) for n in (None, 1, 2, 3))
avg_pool, avg_pool1d, avg_pool2d, avg_pool3d = (_pool(ops.average_pool, n) for n in (None, 1, 2, 3))


def depth_to_space(input, block_size, data_format="NHWC", name=None):
    """(n, h, w, c*b*b) to (n, h*b, w*b, c): blocks of channels become pixels."""
    x = ops.transpose(input, (0, 2, 3, 1)) if _format(data_format) == "channels_first" else input
    n, h, w, c = ops.shape(x)
    b = int(block_size)
    x = ops.transpose(ops.reshape(x, (-1, h, w, b, b, c // (b * b))), (0, 1, 3, 2, 4, 5))
    x = ops.reshape(x, (-1 if n is None else n, h * b, w * b, c // (b * b)))
    return ops.transpose(x, (0, 3, 1, 2)) if _format(data_format) == "channels_first" else x


def space_to_depth(input, block_size, data_format="NHWC", name=None):
    """The inverse of `depth_to_space`."""
    x = ops.transpose(input, (0, 2, 3, 1)) if _format(data_format) == "channels_first" else input
    n, h, w, c = ops.shape(x)
    b = int(block_size)
    x = ops.transpose(ops.reshape(x, (-1, h // b, b, w // b, b, c)), (0, 1, 3, 2, 4, 5))
    x = ops.reshape(x, (-1 if n is None else n, h // b, w // b, c * b * b))
    return ops.transpose(x, (0, 3, 1, 2)) if _format(data_format) == "channels_first" else x


# normalisation, dropout, lookup --------------------------------------------------------------------------------
def bias_add(value, bias, data_format=None, name=None):
    return ops.bias_add(value, bias, _format(data_format))


def xw_plus_b(x, weights, biases, name=None):
    return ops.add(ops.matmul(x, weights), biases)


def moments(x, axes, shift=None, keepdims=False, name=None, keep_dims=None):
    """(mean, biased variance) over `axes`."""
    return ops.moments(x, axes, bool(keepdims or keep_dims))


def batch_normalization(x, mean, variance, offset, scale, variance_epsilon, name=None):
    """(x - mean) / sqrt(variance + epsilon) * scale + offset; offset and scale may be None."""
    factor = ops.rsqrt(ops.add(variance, variance_epsilon))
    factor = factor if scale is None else ops.multiply(factor, scale)
    y = ops.multiply(ops.subtract(x, mean), factor)
    return y if offset is None else ops.add(y, offset)


def dropout(x, rate=None, noise_shape=None, seed=None, name=None, keep_prob=None):
    """Elements zeroed with probability `rate` (TensorFlow 1: 1 - `keep_prob`), the others divided by 1 - rate."""
    if rate is None and keep_prob is None:
        raise ValueError("dropout: give rate=, the fraction to drop (or keep_prob=, the fraction to keep).")
    return _random.dropout(x, float(rate if keep_prob is None else 1.0 - keep_prob), noise_shape, seed)


def embedding_lookup(params, ids, max_norm=None, name=None, partition_strategy=None):
    """Rows of `params` at `ids`, scaled down to `max_norm` where they are longer."""
    rows = ops.take(params, ids, 0)
    if max_norm is None:
        return rows
    norm = ops.sqrt(ops.sum(ops.square(rows), -1, True))
    return ops.multiply(rows, ops.divide(max_norm, ops.maximum(norm, max_norm)))


def top_k(input, k=1, sorted=True, name=None):
    return ops.top_k(input, k, sorted)


def in_top_k(targets, predictions, k, name=None):
    return ops.in_top_k(targets, predictions, k)


def zero_fraction(value, name=None):
    """The share of elements that are zero."""
    return ops.mean(ops.cast(ops.equal(value, 0), "float32"))


# losses --------------------------------------------------------------------------------------------------------
def l2_loss(t, name=None):
    """sum(t**2) / 2."""
    return ops.multiply(ops.sum(ops.square(t)), 0.5)


def softmax_cross_entropy_with_logits(labels=None, logits=None, axis=-1, name=None, dim=None, _sentinel=None):
    """-sum(labels * log_softmax(logits)) over `axis`."""
    axis = axis if dim is None else dim
    return ops.negative(ops.sum(ops.multiply(labels, ops.log_softmax(logits, axis)), axis))


softmax_cross_entropy_with_logits_v2 = softmax_cross_entropy_with_logits


def sparse_softmax_cross_entropy_with_logits(labels=None, logits=None, name=None, _sentinel=None):
    """The same for integer labels."""
    return ops.sparse_categorical_crossentropy(labels, logits, from_logits=True)


def sigmoid_cross_entropy_with_logits(labels=None, logits=None, name=None, _sentinel=None):
    """Element-wise cross-entropy of sigmoid(logits)."""
    return ops.binary_crossentropy(labels, logits, from_logits=True)


def weighted_cross_entropy_with_logits(labels=None, logits=None, pos_weight=1.0, name=None, targets=None):
    """`sigmoid_cross_entropy_with_logits` with positive labels counting `pos_weight` times."""
    z = targets if labels is None else labels
    weight = ops.add(ops.multiply(z, pos_weight - 1.0), 1.0)
    tail = ops.add(ops.log1p(ops.exp(ops.negative(ops.abs(logits)))), ops.relu(ops.negative(logits)))
    return ops.add(ops.multiply(ops.subtract(1.0, z), logits), ops.multiply(weight, tail))
