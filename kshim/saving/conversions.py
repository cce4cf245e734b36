"""Weights of other versions and backends, rearranged for kshim's layers."""

import numpy as np

_CONVOLUTIONS = ("Conv1D", "Conv2D", "Conv3D", "Conv2DTranspose", "Conv3DTranspose", "Conv1DTranspose")


def converted(layer, values, version, backend):
    """The arrays of one layer as kshim's layer wants them. `version` '1' means Keras 1; `backend` may be None."""
    name = type(layer).__name__
    if name in ("Bidirectional",) and values:
        half = len(values) // 2
        return converted(layer.forward_layer, values[:half], version, backend) + converted(layer.backward_layer, values[half:], version, backend)
    if name == "TimeDistributed":
        return converted(layer.layer, values, version, backend)
    if backend == "theano" and name in _CONVOLUTIONS and values:
        values = [_flipped(values[0]), *values[1:]]
    if name in ("LSTM", "GRU") and values:
        return _recurrent(layer, values)
    return values


def _flipped(kernel):
    """Theano convolves, the others correlate: the window reversed."""
    return np.ascontiguousarray(kernel[tuple(slice(None, None, -1) for _ in kernel.shape[:-2])])


def _recurrent(layer, values):
    """cuDNN's weight layout to the plain one (recognised by the size of the bias)."""
    gates = 4 if type(layer).__name__ == "LSTM" else 3
    if len(values) != 3 or values[2].ndim != 1 or values[2].shape[0] != 2 * gates * layer.units:
        return values
    kernel, recurrent, bias = values
    kernel = np.concatenate([k.T.reshape(k.shape, order="F") for k in np.split(kernel, gates, 1)], 1)
    recurrent = np.concatenate([r.T for r in np.split(recurrent, gates, 1)], 1)
    halves = bias.reshape(2, -1)
    return [kernel, recurrent, halves.sum(0) if gates == 4 else halves]
