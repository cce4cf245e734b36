"""Sizes of convolutions, for layers written by users (the module `keras.utils.conv_utils`)."""

from .np_utils import convert_kernel

__all__ = [
    "conv_input_length",
    "conv_output_length",
    "conv_output_shape",
    "convert_data_format",
    "convert_kernel",
    "deconv_length",
    "deconv_output_length",
    "normalize_data_format",
    "normalize_padding",
    "normalize_tuple",
]


def normalize_tuple(value, n, name, allow_zero=False):
    """`n` ints from an int or a sequence of `n`; `name` is used in the `ValueError`."""
    received = f"The `{name}` argument must be a tuple of {n} integers. Received: {value!r}"
    if isinstance(value, int):
        values = (value,) * n
    else:
        try:
            values = tuple(value)
            if len(values) != n:
                raise ValueError(received)
            values = tuple(int(v) for v in values)
        except (TypeError, ValueError) as error:
            raise ValueError(received) from error
    if any(v < 0 or (v == 0 and not allow_zero) for v in values):
        raise ValueError(f"{received}; they must be {'>= 0' if allow_zero else '> 0'}.")
    return values


def normalize_padding(value):
    """'valid', 'same' or 'causal' from any spelling of it; a list or tuple (explicit padding) is returned as it is."""
    if isinstance(value, (list, tuple)):
        return value
    padding = value.lower()
    if padding not in ("valid", "same", "causal"):
        raise ValueError(f"The `padding` argument must be 'valid', 'same' or (Conv1D) 'causal'. Received: {value!r}")
    return padding


def normalize_data_format(value):
    """'channels_first' or 'channels_last'; None is the global setting."""
    from ..config import standardize_data_format

    return standardize_data_format(value)


def convert_data_format(data_format, ndim):
    """TensorFlow's name of a data format: 'channels_last' of rank 4 is 'NHWC'."""
    spatial = {3: "W", 4: "HW", 5: "DHW"}.get(ndim)
    if spatial is None or data_format not in ("channels_last", "channels_first"):
        raise ValueError(f"No TensorFlow name for data_format={data_format!r}, ndim={ndim!r}.")
    return f"N{spatial}C" if data_format == "channels_last" else f"NC{spatial}"


def _check(padding, allowed):
    if padding not in allowed:
        raise ValueError(f"Unknown padding: {padding!r}. Expected one of {', '.join(map(repr, allowed))}.")


def conv_output_length(input_length, filter_size, padding, stride, dilation=1):
    """Length after a convolution or pooling; None if the input's is unknown."""
    _check(padding, ("same", "valid", "full", "causal"))
    if input_length is None:
        return None
    reach = (filter_size - 1) * dilation
    length = input_length + {"same": 0, "causal": 0, "valid": -reach, "full": reach}[padding]
    return (length + stride - 1) // stride


def conv_output_shape(input_shape, kernel_size, strides, padding):
    """`conv_output_length` along each spatial axis."""
    return tuple(conv_output_length(n, k, padding, s) for n, k, s in zip(input_shape, kernel_size, strides))


def conv_input_length(output_length, filter_size, padding, stride):
    """Smallest input length that gives `output_length`; None if that is unknown."""
    _check(padding, ("same", "valid", "full"))
    if output_length is None:
        return None
    pad = {"same": filter_size // 2, "valid": 0, "full": filter_size - 1}[padding]
    return (output_length - 1) * stride - 2 * pad + filter_size


def deconv_output_length(input_length, filter_size, padding, output_padding=None, stride=0, dilation=1):
    """Length after a transposed convolution; None if the input's is unknown."""
    _check(padding, ("same", "valid", "full"))
    if input_length is None:
        return None
    size = (filter_size - 1) * dilation + 1
    if output_padding is not None:
        pad = {"same": size // 2, "valid": 0, "full": size - 1}[padding]
        return (input_length - 1) * stride + size - 2 * pad + output_padding
    if padding == "valid":
        return input_length * stride + max(size - stride, 0)
    if padding == "full":
        return input_length * stride - (stride + size - 2)
    return input_length * stride


def deconv_length(dim_size, stride_size, kernel_size, padding, output_padding, dilation=1):
    """`deconv_output_length` with Keras 2.0's order of arguments."""
    return deconv_output_length(dim_size, kernel_size, padding, output_padding, stride_size, dilation)
