"""`tf.float32` and the others: dtype names with TensorFlow's accessors."""

from ...engine.tensor import DType, dtype_object
from ...spec.dtypes import ALL, standardize

__all__ = ["DType", "as_dtype", "double", "half", "string", *ALL]

globals().update({name: dtype_object(name) for name in ALL})
double, half, string = dtype_object("float64"), dtype_object("float16"), dtype_object("string")


def as_dtype(type_value):
    """The dtype object for a name, NumPy dtype or Python type; `TypeError` for anything else."""
    return dtype_object(standardize(type_value))
