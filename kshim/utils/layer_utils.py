"""Looking at and converting the layers of a model (the module `keras.utils.layer_utils`)."""

import numpy as np

from .np_utils import convert_kernel

__all__ = [
    "convert_all_kernels_in_model",
    "convert_dense_weights_data_format",
    "count_params",
    "get_source_inputs",
    "print_summary",
]

_CONVOLUTIONS = {f"{kind}{n}D" for kind in ("Conv", "Convolution") for n in (1, 2, 3)}
_CONVOLUTIONS |= {f"{kind}Transpose" for kind in ("Conv1D", "Conv2D", "Conv3D")} | {"AtrousConvolution2D"}


def count_params(weights):
    """Number of scalars in a list of weights; a weight that occurs twice counts once."""
    unique = {id(w): w for w in weights}.values()
    return sum(int(np.prod(tuple(w.shape), dtype=np.int64)) for w in unique)


def print_summary(model, line_length=None, positions=None, print_fn=None, **kwargs):
    """`model.summary`."""
    model.summary(line_length=line_length, positions=positions, print_fn=print_fn, **kwargs)


def get_source_inputs(tensor, layer=None, node_index=None):
    """The model inputs that the symbolic `tensor` is computed from, a list without repeats.

    layer, node_index: that call of the layer is looked at instead of the one that made the tensor.
    """
    history = tensor._keras_history
    if history is None:
        return [tensor]
    if layer is None or node_index:  # as in Keras
        layer, node_index = history[0], history[1]
    found, seen, stack = [], set(), [layer._inbound_nodes[node_index or 0]]
    while stack:
        node = stack.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if not node.inputs:
            found += node.outputs
        stack += [parent for parent in reversed(node.parents)]
    return found


def convert_all_kernels_in_model(model):
    """Flip the kernels of all convolutions in place: between Theano's convention and everyone else's (Keras 1, 2)."""
    for layer in model.layers:
        if type(layer).__name__ in _CONVOLUTIONS:
            layer.kernel.assign(convert_kernel(layer.kernel.numpy()))


def convert_dense_weights_data_format(dense, previous_feature_map_shape, target_data_format="channels_first"):
    """Reorder the rows of a Dense kernel behind a Flatten, in place, for images in the other data format.

    previous_feature_map_shape: shape of one sample before Flatten, in the target format.
    """
    if target_data_format not in ("channels_first", "channels_last"):
        raise ValueError(f"Unknown data_format: {target_data_format!r}. Expected 'channels_first' or 'channels_last'.")
    shape = tuple(previous_feature_map_shape)
    kernel, *rest = dense.get_weights()
    if len(shape) != 3 or kernel.shape[0] != np.prod(shape):
        raise ValueError(
            f"A Dense kernel of shape {kernel.shape} does not follow feature maps of shape {shape}: expected three "
            f"axes with {kernel.shape[0]} elements in all."
        )
    # row i of the new kernel is for element i of the feature map in the target format
    order = np.arange(kernel.shape[0])
    if target_data_format == "channels_first":
        order = order.reshape(*shape[1:], shape[0]).transpose(2, 0, 1)
    else:
        order = order.reshape(shape[2], *shape[:2]).transpose(1, 2, 0)
    dense.set_weights([kernel[order.reshape(-1)], *rest])
