"""Small helpers of Keras 1 and 2 (the module `keras.utils.generic_utils`)."""

import inspect

from ..engine.objects import (
    CustomObjectScope,
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
    snake_case,
)
from .progbar import Progbar

__all__ = [
    "CustomObjectScope",
    "Progbar",
    "check_for_unexpected_keys",
    "custom_object_scope",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "has_arg",
    "is_all_none",
    "make_batches",
    "object_list_uid",
    "register_keras_serializable",
    "slice_arrays",
    "to_list",
    "to_snake_case",
    "transpose_shape",
    "unpack_singleton",
]


def to_snake_case(name):
    """'MyLayer2D' -> 'my_layer2d'; a name that would start with an underscore gets 'private' in front."""
    name = snake_case(name)
    return "private" + name if name.startswith("_") else name


def to_list(x, allow_tuple=False):
    """`x` if it is a list (or, if allowed, a tuple), else `[x]`."""
    if isinstance(x, list):
        return x
    return list(x) if allow_tuple and isinstance(x, tuple) else [x]


def unpack_singleton(x):
    """The only element of a sequence of one, else `x`."""
    return x[0] if len(x) == 1 else x


def is_all_none(x):
    """Whether `x`, or every element of the list or tuple `x`, is None."""
    return all(element is None for element in to_list(x, allow_tuple=True))


def object_list_uid(objects):
    """A string naming the identities of objects."""
    return ", ".join(str(abs(id(x))) for x in to_list(objects))


def make_batches(size, batch_size):
    """Bounds `(start, stop)` of the batches of `size` samples."""
    return [(start, min(size, start + batch_size)) for start in range(0, size, batch_size)]


def slice_arrays(arrays, start=None, stop=None):
    """Rows `start` to `stop`, or the rows listed in `start`, of an array or of each array (or None) in a list."""
    if arrays is None:
        return [None]
    if hasattr(start, "__len__"):
        rows = start.tolist() if hasattr(start, "tolist") else start
    else:
        rows = slice(start, stop)
    if isinstance(arrays, list):
        return [None if x is None else x[rows] for x in arrays]
    return arrays[rows]


def has_arg(fn, name, accept_all=False):
    """Whether callable `fn` takes `name` as a keyword argument; `accept_all` counts `**kwargs`."""
    parameters = inspect.signature(fn).parameters
    if name in parameters:
        return parameters[name].kind in (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return accept_all and any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values())


def transpose_shape(shape, target_format, spatial_axes):
    """A channels-last shape in `target_format`; `spatial_axes` are those between the leading axes and the channels."""
    if target_format == "channels_last":
        return shape
    if target_format != "channels_first":
        raise ValueError(f"Unknown data_format: {target_format!r}. Expected 'channels_first' or 'channels_last'.")
    moved = (*shape[: spatial_axes[0]], shape[-1], *(shape[axis] for axis in spatial_axes))
    return list(moved) if isinstance(shape, list) else moved


def check_for_unexpected_keys(name, input_dict, expected_values):
    """`ValueError` if `input_dict` has keys outside `expected_values`."""
    unknown = [key for key in input_dict if key not in set(expected_values)]
    if unknown:
        raise ValueError(f"Unknown entries in {name} dictionary: {unknown}. Known keys: {list(expected_values)}.")
