"""Weights of other versions and backends, rearranged for kshim's layers.

Keras 1 kept convolution kernels as its dim_ordering has them and recurrent weights gate by gate; cuDNN's layers keep
theirs in cuDNN's layout; Theano convolves, where the others correlate.
"""

import warnings

import numpy as np

_CONVOLUTIONS = frozenset(
    ("Conv1D", "Conv2D", "Conv3D", "Conv2DTranspose", "Conv3DTranspose", "Conv1DTranspose", "ConvLSTM2D")
)


def converted(layer, values, version, backend):
    """The arrays of one layer as kshim's layer wants them. `version` '1' means Keras 1; `backend` may be None."""
    name = type(layer).__name__
    if not values:
        return values
    if name == "Bidirectional":
        half = len(values) // 2
        return converted(layer.forward_layer, values[:half], version, backend) + converted(
            layer.backward_layer, values[half:], version, backend
        )
    if name == "TimeDistributed":
        return converted(layer.layer, values, version, backend)
    if hasattr(layer, "_graph"):
        return _nested(layer, values, version, backend)
    if version == "1":
        values = _from_keras1(layer, name, values)
    if backend == "theano" and name in _CONVOLUTIONS:
        _warn_of_padding(layer)
        kernels = 2 if name == "ConvLSTM2D" else 1
        values = [*(_flipped(v) for v in values[:kernels]), *values[kernels:]]
    if name in ("LSTM", "GRU"):
        return _from_cudnn(layer, values)
    return values


def _nested(model, values, version, backend):
    """A nested model's arrays: all trainable ones of its layers, then all others."""
    variables = model.trainable_weights + model.non_trainable_weights
    if len(variables) != len(values):
        return values  # refused where it is compared with the layer
    held = {id(v): value for v, value in zip(variables, values)}
    for layer in model._sublayers():
        own = layer.trainable_weights + layer.non_trainable_weights
        held.update(zip((id(v) for v in own), converted(layer, [held[id(v)] for v in own], version, backend)))
    return [held[id(v)] for v in variables]


def _warn_of_padding(layer):
    """Theano pads 'same' by half a window on both sides, the others as little as needed, mostly at the end."""
    if layer.padding == "same" and (any(s > 1 for s in layer.strides) or any(k % 2 == 0 for k in layer.kernel_size)):
        warnings.warn(
            f"The weights were trained with Theano, which pads differently in layer {layer.name!r} (padding='same' with strides "
            f"{tuple(layer.strides)}, kernel {tuple(layer.kernel_size)}): the outputs will differ from the original's.",
            stacklevel=6,
        )


def _flipped(kernel):
    """The window reversed."""
    return np.ascontiguousarray(kernel[tuple(slice(None, None, -1) for _ in kernel.shape[:-2])])


def _from_keras1(layer, name, values):
    kernel, rest = values[0], list(values[1:])
    first = getattr(layer, "data_format", None) == "channels_first"
    if name == "Conv1D" and kernel.ndim == 4:
        old = (
            kernel.shape[:2] != (layer.kernel_size[0], 1) or kernel.shape[3] != layer.filters
        )  # (out, in, length, 1) up to 1.0.8
        kernel = (kernel.transpose(2, 3, 1, 0) if old else kernel)[:, 0]
    elif name == "Conv2D" and first:
        kernel = kernel.transpose(2, 3, 1, 0)
    elif name == "Conv3D" and first:
        kernel = kernel.transpose(2, 3, 4, 1, 0)
    elif name == "Conv2DTranspose":
        kernel = kernel.transpose(2, 3, 0, 1) if first else kernel.transpose(0, 1, 3, 2)
    elif name == "LSTM" and len(values) == 12:  # (W, U, b) of i, c, f, o
        i, c, f, o = (values[k : k + 3] for k in range(0, 12, 3))
        return [np.concatenate(parts, -1) for parts in zip(i, f, c, o)]
    elif name == "GRU" and len(values) == 9:  # of z, r, h
        return [np.concatenate(parts, -1) for parts in zip(*(values[k : k + 3] for k in range(0, 9, 3)))]
    return [kernel, *rest]


def _from_cudnn(layer, values):
    """cuDNN's layout, recognised by the size of the bias, to the plain one."""
    gates = 4 if type(layer).__name__ == "LSTM" else 3
    if len(values) != 3 or values[2].ndim != 1 or values[2].shape[0] != 2 * gates * layer.units:
        return values
    kernel, recurrent, bias = values
    kernel = np.concatenate([k.T.reshape(k.shape, order="F") for k in np.split(kernel, gates, 1)], 1)
    recurrent = np.concatenate([r.T for r in np.split(recurrent, gates, 1)], 1)
    halves = bias.reshape(2, -1)
    return [kernel, recurrent, halves.sum(0) if gates == 4 else halves]
