"""Variables, constants, placeholders, and values going in and out."""

import numpy as np

from .. import config, ops
from ..engine.context import context
from ..engine.tensor import KerasTensor, Tensor, dtype_object
from ..engine.variable import Variable
from ..spec.dtypes import standardize

__all__ = [
    "batch_get_value", "batch_set_value", "cast", "constant", "count_params", "dtype", "eval", "eye", "get_value",
    "get_variable_shape", "identity", "int_shape", "is_keras_tensor", "is_placeholder", "is_sparse", "is_tensor",
    "is_variable", "moving_average_update", "ndim", "ones", "ones_like", "placeholder", "print_tensor", "set_value",
    "shape", "size", "stop_gradient", "to_dense", "update", "update_add", "update_sub", "variable", "zeros",
    "zeros_like",
]  # fmt: skip


def variable(value, dtype=None, name=None, constraint=None):
    """A variable with an initial value, floatx unless a dtype is given."""
    if dtype is None:
        array = value.numpy() if isinstance(value, (Tensor, Variable)) else np.asarray(value)
        dtype = config.floatx() if array.dtype.kind in "fiu" else standardize(array.dtype)
    return Variable(value, dtype, name=name, constraint=constraint)


def constant(value, dtype=None, shape=None, name=None):
    """A tensor of one value or an array, floatx unless a dtype is given, filled up to `shape`."""
    x = ops.convert_to_tensor(value, dtype or config.floatx())
    if shape is None or tuple(x.shape) == tuple(shape):
        return x
    return ops.broadcast_to(x, shape) if x.shape.num_elements() == 1 else ops.reshape(x, shape)


def placeholder(shape=None, ndim=None, dtype=None, sparse=False, name=None, ragged=False):
    """A symbolic input of `shape` (with the batch axis; None: unknown), or of `ndim` unknown sizes."""
    from ..layers.input_layer import Input

    if sparse or ragged:
        raise ValueError(
            f"placeholder: sparse={sparse}, ragged={ragged} is not supported; use dense tensors and masks."
        )
    if shape is None and ndim is None:
        raise ValueError("placeholder: give shape= or ndim=.")
    return Input(
        batch_shape=(None,) * ndim if shape is None else tuple(shape), dtype=dtype or config.floatx(), name=name
    )


def _new(value, shape, dtype, name):
    dtype = dtype or config.floatx()
    if context.symbolic or context.step_key is not None or any(d is None for d in shape):
        return ops.full(shape, value, dtype)
    return Variable(np.full([int(d) for d in shape], value), dtype, name=name)


def zeros(shape, dtype=None, name=None):
    """A variable of zeros (a plain tensor inside a layer's computation)."""
    return _new(0, tuple(shape) if np.ndim(shape) else (shape,), dtype, name)


def ones(shape, dtype=None, name=None):
    """A variable of ones (a plain tensor inside a layer's computation)."""
    return _new(1, tuple(shape) if np.ndim(shape) else (shape,), dtype, name)


def eye(size, dtype=None, name=None):
    """A variable holding an identity matrix; `size` an int or (rows, columns)."""
    rows, columns = size if isinstance(size, (tuple, list)) else (size, size)
    return Variable(np.eye(rows, columns), dtype or config.floatx(), name=name)


def zeros_like(x, dtype=None, name=None):
    return ops.zeros_like(x, dtype)


def ones_like(x, dtype=None, name=None):
    return ops.ones_like(x, dtype)


def identity(x, name=None):
    return ops.multiply(x, 1) if isinstance(x, KerasTensor) else ops.convert_to_tensor(x)


def cast(x, dtype):
    return ops.cast(x, dtype)


def stop_gradient(variables):
    """The same values, seen as constants; a list gives a list."""
    if isinstance(variables, (list, tuple)):
        return [ops.stop_gradient(v) for v in variables]
    return ops.stop_gradient(variables)


# what is it ----------------------------------------------------------------------------------------------------
def is_keras_tensor(x):
    """Whether x belongs to a functional graph. `ValueError` if it is no tensor at all."""
    if not isinstance(x, (Tensor, Variable)):
        raise ValueError(
            f"Unexpectedly found an instance of type {type(x).__name__!r}. Expected a symbolic tensor instance."
        )
    return isinstance(x, KerasTensor)


def is_tensor(x):
    return isinstance(x, (Tensor, Variable))


def is_variable(x):
    return isinstance(x, Variable)


def is_placeholder(x):
    from ..layers.input_layer import InputLayer

    return isinstance(x, KerasTensor) and x._keras_history is not None and isinstance(x._keras_history[0], InputLayer)


def is_sparse(tensor):
    """False: kshim has dense tensors only."""
    return False


def to_dense(tensor):
    return tensor


def shape(x):
    """The shape as a tuple; inside a layer's computation all sizes are numbers."""
    return ops.shape(x)


def int_shape(x):
    """The shape as a tuple, None for unknown sizes; None if x has no shape."""
    try:
        return tuple(ops.shape(x))
    except (TypeError, ValueError):
        return None


def get_variable_shape(x):
    return int_shape(x)


def ndim(x):
    return len(ops.shape(x))


def dtype(x):
    """Name of the dtype."""
    return str(dtype_object(standardize(x.dtype)))


def size(x, name=None):
    return ops.convert_to_tensor(ops.size(x), "int32")


def count_params(x):
    """Number of elements."""
    return int(np.prod(int_shape(x)))


# values in and out ---------------------------------------------------------------------------------------------
def eval(x):
    """The value as a NumPy array."""
    return get_value(x)


def get_value(x):
    """The value of a variable, tensor or setting as a NumPy array; numbers and arrays come back as they are."""
    if hasattr(x, "numpy"):
        return x.numpy()
    if hasattr(x, "eval"):
        return x.eval()
    return x


def batch_get_value(tensors):
    return [get_value(x) for x in tensors]


def set_value(x, value):
    """Assign an array or number to a variable."""
    if not hasattr(x, "assign"):
        raise ValueError(
            f"set_value expects a variable; received {x!r:.100} of type {type(x).__name__}, which cannot be assigned."
        )
    x.assign(value if isinstance(value, (Tensor, Variable)) else np.asarray(value))


def batch_set_value(tuples):
    for x, value in tuples:
        set_value(x, value)


def update(x, new_x):
    """Assign a tensor to a variable; with a symbolic `new_x` the pair, for `K.function(..., updates=[...])`."""
    if isinstance(new_x, KerasTensor):
        return x, new_x
    x.assign(new_x)
    return x


def update_add(x, increment):
    return update(x, ops.add(x, increment))


def update_sub(x, decrement):
    return update(x, ops.subtract(x, decrement))


def moving_average_update(x, value, momentum):
    """x = momentum * x + (1 - momentum) * value."""
    return update(x, ops.add(ops.multiply(x, momentum), ops.multiply(value, 1.0 - momentum)))


@ops.op
def print_tensor(x, message="", summarize=3):
    """x, after printing `message` and its value if it has one yet."""
    tensor = ops.convert_to_tensor(x)
    if not context.symbolic and context.step_key is None:
        print(message, tensor.numpy())
    return tensor
