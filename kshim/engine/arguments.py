"""Looking into what layers are called with: structures of tensors, shapes and masks."""

import numpy as np

from .context import context
from .tensor import KerasTensor, Tensor
from .variable import Variable


def declared_shape(kwargs):
    if kwargs.get("batch_input_shape") is not None or kwargs.get("batch_shape") is not None:
        return tuple(kwargs.get("batch_input_shape") or kwargs["batch_shape"])
    if kwargs.get("input_shape") is not None:
        shape = kwargs["input_shape"]
        shape = (shape,) if isinstance(shape, int) else tuple(shape)
        return (kwargs.get("batch_size"), *shape)
    if kwargs.get("input_dim") is not None:
        if "input_length" in kwargs:
            return (kwargs.get("batch_size"), kwargs["input_length"], kwargs["input_dim"])
        return (kwargs.get("batch_size"), kwargs["input_dim"])
    return None


def any_keras(values):
    for v in values:
        kind = type(v)
        if kind is KerasTensor:
            return True
        if kind in (list, tuple) and any_keras(v) or kind is dict and any_keras(v.values()):
            return True
    return False


def holds_tensors(x):
    """Whether a list is a structure of inputs (tensors or arrays) rather than one array written as a list."""
    return any(
        isinstance(i, (Tensor, Variable, np.ndarray))
        or i is None
        or isinstance(i, dict)
        or isinstance(i, (list, tuple))
        and holds_tensors(i)
        for i in x
    ) or not len(x)


def masks_of(inputs):
    if type(inputs) is Tensor:
        return inputs._keras_mask
    if isinstance(inputs, (list, tuple)):
        masks = [getattr(t, "_keras_mask", None) for t in inputs]
        return masks if any(m is not None for m in masks) else None
    return getattr(inputs, "_keras_mask", None)


def unlist(x):
    return x[0] if isinstance(x, (list, tuple)) and len(x) == 1 else x


def batch_size(x):
    return float(x.shape[0]) if x.shape and x.shape[0] else 1.0


def is_shape(x):
    return isinstance(x, (tuple, list)) and all(d is None or isinstance(d, (int, np.integer)) for d in x)


def no_batch(shape, declared=False):
    """Shapes with the batch size taken out (weights must not depend on it), unless the user `declared` it."""
    if shape is None:
        return None
    if is_shape(shape):
        return tuple(
            None if i == 0 and context.symbolic == 0 and not declared or d in context.hidden_sizes else d
            for i, d in enumerate(shape)
        )
    if isinstance(shape, dict):
        return {k: no_batch(v, declared) for k, v in shape.items()}
    return [no_batch(s, declared) for s in shape]


def shapes_to_specs(shape, dtype):
    if is_shape(shape):
        return KerasTensor(shape, dtype)
    if isinstance(shape, dict):
        return {k: shapes_to_specs(v, dtype) for k, v in shape.items()}
    return [shapes_to_specs(s, dtype) for s in shape]
