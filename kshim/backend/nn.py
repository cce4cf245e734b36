"""Activations, convolutions, pooling, normalisation, losses."""

from .. import activations, config, ops
from .. import random as _random

__all__ = [
    "batch_normalization", "bias_add", "binary_crossentropy", "binary_focal_crossentropy", "categorical_crossentropy",
    "categorical_focal_crossentropy", "conv1d", "conv2d", "conv2d_transpose", "conv3d", "conv3d_transpose",
    "depthwise_conv2d", "dropout", "elu", "hard_sigmoid", "in_top_k", "l2_normalize", "local_conv1d", "local_conv2d",
    "normalize_batch_in_training", "pool2d", "pool3d", "relu", "separable_conv1d", "separable_conv2d", "sigmoid",
    "softmax", "softplus", "softsign", "sparse_categorical_crossentropy", "tanh",
]  # fmt: skip

sigmoid, tanh, softplus, softsign = ops.sigmoid, ops.tanh, ops.softplus, ops.softsign


def relu(x, alpha=0.0, max_value=None, threshold=0.0):
    """max(x, 0), with a slope below, a cap and a threshold (see `kshim.activations.relu`)."""
    return activations.relu(x, alpha, max_value, threshold)


def elu(x, alpha=1.0):
    return ops.elu(x, alpha)


def hard_sigmoid(x):
    """clip(0.2 x + 0.5, 0, 1)."""
    return activations.hard_sigmoid(x)


def softmax(x, axis=-1):
    return ops.softmax(x, axis)


@ops.op
def dropout(x, level, noise_shape=None, seed=None):
    """x with elements zeroed with probability `level` and the others divided by 1 - level, always."""
    return _random.dropout(x, level, noise_shape, seed)


def l2_normalize(x, axis=None):
    """x / sqrt(max(sum(x**2), 1e-12)) over `axis`."""
    return ops.multiply(x, ops.rsqrt(ops.maximum(ops.sum(ops.square(x), axis, True), 1e-12)))


def in_top_k(predictions, targets, k):
    return ops.in_top_k(targets, predictions, k)


# losses --------------------------------------------------------------------------------------------------------
def categorical_crossentropy(target, output, from_logits=False, axis=-1):
    """Cross-entropy of one-hot targets, over `axis`."""
    return ops.categorical_crossentropy(target, output, from_logits, axis)


def sparse_categorical_crossentropy(target, output, from_logits=False, axis=-1):
    """Cross-entropy of integer targets."""
    return ops.sparse_categorical_crossentropy(target, output, from_logits, axis)


def binary_crossentropy(target, output, from_logits=False):
    """Element-wise cross-entropy of probabilities or logits."""
    return ops.binary_crossentropy(target, output, from_logits)


def binary_focal_crossentropy(target, output, apply_class_balancing=False, alpha=0.25, gamma=2.0, from_logits=False):
    """Element-wise cross-entropy weighted by (1 - p of the true class)**gamma (Lin et al. 2017)."""
    p = ops.sigmoid(output) if from_logits else ops.convert_to_tensor(output)
    target = ops.cast(target, p.dtype)
    true = target * p + (1.0 - target) * (1.0 - p)
    loss = ops.power(1.0 - true, gamma) * ops.binary_crossentropy(target, output, from_logits)
    return (target * alpha + (1.0 - target) * (1.0 - alpha)) * loss if apply_class_balancing else loss


def categorical_focal_crossentropy(target, output, alpha=0.25, gamma=2.0, from_logits=False, axis=-1):
    """Cross-entropy weighted by alpha * (1 - p)**gamma for each class, over `axis`."""
    p = ops.softmax(output, axis) if from_logits else ops.divide(output, ops.sum(output, axis, True))
    p = ops.clip(p, config.epsilon(), 1.0 - config.epsilon())
    return ops.negative(ops.sum(ops.power(1.0 - p, gamma) * alpha * ops.cast(target, p.dtype) * ops.log(p), axis))


# convolution and pooling ---------------------------------------------------------------------------------------
def _format(data_format, dim_ordering=None):
    return config.standardize_data_format(dim_ordering if data_format is None else data_format)


def _conv(op):
    def conv(
        x, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1, border_mode=None, dim_ordering=None,
        stride=None, subsample=None, **kwargs,
    ):  # fmt: skip
        strides = next((s for s in (stride, subsample) if s is not None), strides)
        return op(x, kernel, strides, border_mode or padding, _format(data_format, dim_ordering), dilation_rate)

    conv.__doc__ = f"`kshim.ops.{op.__name__}`; Keras 1's keyword names are understood."
    return conv


conv1d = conv2d = conv3d = _conv(ops.conv)
depthwise_conv2d = _conv(ops.depthwise_conv)


def separable_conv2d(
    x, depthwise_kernel, pointwise_kernel, strides=1, padding="valid", data_format=None, dilation_rate=1
):
    """Each channel with its own filters, then a mix of the channels."""
    return ops.separable_conv(
        x, depthwise_kernel, pointwise_kernel, strides, padding, _format(data_format), dilation_rate
    )


separable_conv1d = separable_conv2d


def conv2d_transpose(x, kernel, output_shape, strides=1, padding="valid", data_format=None, dilation_rate=1):
    """The gradient of a convolution by its input; kernel (..., filters, channels), `output_shape` with the batch."""
    data_format = _format(data_format)
    sizes = tuple(output_shape)[2:] if data_format == "channels_first" else tuple(output_shape)[1:-1]
    sizes = None if any(s is None for s in sizes) else tuple(int(s) for s in sizes)
    return ops.conv_transpose(
        x, kernel, strides, padding, data_format=data_format, dilation_rate=dilation_rate, output_shape=sizes
    )


conv3d_transpose = conv2d_transpose


def pool2d(
    x, pool_size, strides=1, padding="valid", data_format=None, pool_mode="max", border_mode=None, dim_ordering=None,
):  # fmt: skip
    """The largest ('max') or the mean ('avg') of each window."""
    if pool_mode not in ("max", "avg"):
        raise ValueError(f"Invalid pooling mode: {pool_mode!r}. Expected 'max' or 'avg'.")
    op = ops.max_pool if pool_mode == "max" else ops.average_pool
    return op(x, pool_size, strides, border_mode or padding, _format(data_format, dim_ordering))


pool3d = pool2d


def bias_add(x, bias, data_format=None):
    """x plus a bias for each channel, or for each position and channel (positions first, then channels)."""
    data_format = _format(data_format)
    bias = ops.convert_to_tensor(bias)
    rank = len(ops.shape(x))
    if len(bias.shape) not in (1, rank - 1):
        raise ValueError(
            f"bias_add: a bias of {len(bias.shape)} dimensions does not fit a tensor of {rank}; expected 1 or "
            f"{rank - 1}."
        )
    if data_format == "channels_first" and rank > 2:
        if len(bias.shape) == 1:
            bias = ops.reshape(bias, (-1,) + (1,) * (rank - 2))
        else:
            bias = ops.moveaxis(bias, -1, 0)
    return ops.add(x, bias)


def _local(inputs, kernel, kernel_size, strides, data_format, n):
    """Convolution with a kernel of its own for every position: kernel (positions, window * channels, filters)."""
    x = ops.convert_to_tensor(inputs)
    first = _format(data_format) == "channels_first"
    space = tuple(x.shape[2:] if first else x.shape[1:-1])
    counts = [(d - k) // s + 1 for d, k, s in zip(space, kernel_size, strides)]
    patches = []
    for position in range(counts[0] * (counts[1] if n == 2 else 1)):
        where = divmod(position, counts[1]) if n == 2 else (position,)
        cut = tuple(slice(i * s, i * s + k) for i, s, k in zip(where, strides, kernel_size))
        patch = x[(slice(None), slice(None), *cut)] if first else x[(slice(None), *cut)]
        patches.append(ops.reshape(patch, (x.shape[0], -1)))
    out = ops.transpose(ops.matmul(ops.stack(patches, 0), kernel), (1, 0, 2))
    out = ops.reshape(out, (x.shape[0], *counts, out.shape[-1]))
    return ops.moveaxis(out, -1, 1) if first and n == 2 else out


def local_conv1d(inputs, kernel, kernel_size, strides, data_format=None):
    """Locally connected layer over (batch, time, channels); kernel (out time, window * channels, filters)."""
    return _local(inputs, kernel, kernel_size, strides, data_format or "channels_last", 1)


def local_conv2d(inputs, kernel, kernel_size, strides, output_shape=None, data_format=None):
    """Locally connected layer over images; kernel (out rows * out columns, window * channels, filters)."""
    return _local(inputs, kernel, kernel_size, strides, data_format, 2)


# normalisation -------------------------------------------------------------------------------------------------
def batch_normalization(x, mean, var, beta, gamma, axis=-1, epsilon=1e-3):
    """(x - mean) / sqrt(var + epsilon) * gamma + beta; beta and gamma may be None."""
    parts = []
    for part in (mean, var, beta, gamma):
        if part is not None:
            part = ops.convert_to_tensor(part)
            if len(part.shape) == 1 and len(ops.shape(x)) > 1 and axis not in (-1, len(ops.shape(x)) - 1):
                shape = [1] * len(ops.shape(x))
                shape[axis] = -1
                part = ops.reshape(part, shape)
        parts.append(part)
    mean, var, beta, gamma = parts
    factor = ops.rsqrt(ops.add(var, epsilon))
    factor = factor if gamma is None else ops.multiply(factor, gamma)
    y = ops.multiply(ops.subtract(x, mean), factor)
    return y if beta is None else ops.add(y, beta)


def normalize_batch_in_training(x, gamma, beta, reduction_axes, epsilon=1e-3):
    """(normalised x, mean, variance), the statistics taken from x over `reduction_axes`."""
    mean, var = ops.moments(x, reduction_axes)
    rank = len(ops.shape(x))
    if sorted(a % rank for a in reduction_axes) == list(range(rank - 1)):
        return batch_normalization(x, mean, var, beta, gamma, -1, epsilon), mean, var
    shape = [1 if i in [a % rank for a in reduction_axes] else d for i, d in enumerate(ops.shape(x))]

    def fit(v):
        return None if v is None else ops.reshape(v, [-1 if d is None else d for d in shape])

    return batch_normalization(x, fit(mean), fit(var), fit(beta), fit(gamma), -1, epsilon), mean, var
