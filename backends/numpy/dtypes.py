"""Dtype names and NumPy dtypes, both ways through dictionaries: `dtype.name` costs microseconds."""

import numpy as np

from kshim.errors import BackendError
from kshim.spec import dtypes


def _find(name):
    if name != "bfloat16":
        return np.dtype(name)
    try:
        import ml_dtypes
    except ModuleNotFoundError:
        raise BackendError(
            "dtype 'bfloat16' on the numpy backend needs the package 'ml_dtypes'. Install it with: pip install "
            "ml_dtypes. Or use 'float16', or another backend."
        ) from None
    return np.dtype(ml_dtypes.bfloat16)


_by_name = {name: _find(name) for name in dtypes.ALL if name != "bfloat16"}
_names = {dtype: name for name, dtype in _by_name.items()}


def numpy_dtype(name):
    """NumPy dtype of a dtype name. Raises `BackendError` for bfloat16 without `ml_dtypes`."""
    try:
        return _by_name[name]
    except KeyError:
        found = _by_name[name] = _find(dtypes.standardize(name))
        return found


def name_of(dtype):
    """Dtype name of a NumPy dtype (strings and objects, which are no tensors, by NumPy's own name)."""
    try:
        return _names[dtype]
    except KeyError:
        known = dtype.kind in "biuf" or dtype.name == "bfloat16"
        name = _names[dtype] = dtypes.standardize(dtype) if known else dtype.name
        return name


def is_float(dtype):
    return dtype.kind == "f" or name_of(dtype) == "bfloat16"
