"""One batch from a generator, `Sequence` or data set: its parts, and its values as NumPy arrays."""

import numpy as np

from ..config import floatx
from ..tree import flatten


def unpack_x_y_sample_weight(data):
    """`(x, y, sample_weight)` from `x` or a tuple or list of up to all three; None for what is not there."""
    if not isinstance(data, (tuple, list)):
        return data, None, None
    if not 1 <= len(data) <= 3:
        raise ValueError(
            "A batch must be x, (x,), (x, y) or (x, y, sample_weight); "
            f"received a {type(data).__name__} of {len(data)} elements. Put several inputs or targets into one list, "
            "as in ([x1, x2], y)."
        )
    return tuple(data) + (None,) * (3 - len(data))


def pack_x_y_sample_weight(x, y=None, sample_weight=None):
    """The inverse: as few elements as possible, `x` itself if it is alone and no tuple or list."""
    if sample_weight is not None:
        return x, y, sample_weight
    if y is not None:
        return x, y
    return (x,) if isinstance(x, (tuple, list)) else x


def float_dtype():
    """NumPy dtype that floating data is brought to: the global float type (float32 for bfloat16)."""
    name = floatx()
    return np.dtype("float32" if name == "bfloat16" else name)


def is_scalar_list(x):
    """Whether `x` is a list or tuple (of lists ...) of plain numbers or strings: one array, not several."""
    while isinstance(x, (list, tuple)) and len(x):
        x = x[0]
    return isinstance(x, (bool, int, float, complex, str, bytes, np.generic)) or getattr(x, "shape", None) == ()


def to_numpy(x, name):
    """A NumPy array of a tensor of any framework, a table, a sparse matrix or a list of numbers."""
    if isinstance(x, np.ndarray):
        return x
    if hasattr(x, "detach") and hasattr(x, "cpu"):  # PyTorch: off the tape, off the device
        x = x.detach().cpu()
        return (x.float() if "bfloat16" in str(x.dtype) else x).numpy()
    if hasattr(x, "toarray"):
        return x.toarray()
    if hasattr(x, "to_numpy"):
        array = x.to_numpy()
        # a pandas Series is one feature, as in Keras 2 and 3
        return array[:, None] if hasattr(x, "iloc") and array.ndim == 1 else array
    if hasattr(x, "__array__") or is_scalar_list(x) or isinstance(x, range) or (isinstance(x, (list, tuple)) and not x):
        try:
            return np.asarray(x)
        except ValueError as error:
            raise ValueError(
                f"{name} cannot become an array: its rows have different lengths ({error}). For sequences use "
                "keras.preprocessing.sequence.pad_sequences."
            ) from error
    raise TypeError(f"{name} holds a {type(x).__module__}.{type(x).__name__}, which is not an array: {str(x)[:80]!r}.")


def cast_array(x, name):
    """Floats as the global float type, native byte order; integers, booleans and strings as they are."""
    kind = x.dtype.kind
    if kind == "f" or x.dtype.name == "bfloat16":
        return np.asarray(x, dtype=float_dtype())
    if kind in "iub":
        return x if x.dtype.isnative else x.astype(x.dtype.newbyteorder("="))
    if kind in "cUS":
        return x
    if kind == "O":
        return _cast_objects(x, name)
    raise TypeError(f"{name} has dtype {x.dtype}, which a model cannot take. Convert it to numbers first.")


def _cast_objects(x, name):
    first = x.flat[0] if x.size else None
    if isinstance(first, (str, bytes)):
        return x
    if isinstance(first, (list, tuple, np.ndarray)):
        raise ValueError(
            f"{name} is an array of {x.size} separate {type(first).__name__} objects. If they are sequences of "
            "different lengths, use keras.preprocessing.sequence.pad_sequences; otherwise numpy.stack them."
        )
    try:
        return x.astype(float_dtype())
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{name} is an array of Python objects that are not all numbers ({error}). Convert it with "
            "astype('float32') after encoding text and filling missing values."
        ) from error


def leaf(x, name):
    """`to_numpy` and `cast_array`."""
    return cast_array(to_numpy(x, name), name)


def convert(x, name, make=leaf):
    """A tree with `make(leaf, name)` for every leaf; None stays, a list of numbers is a leaf."""
    if x is None:
        return None
    if isinstance(x, dict):
        return {key: convert(value, f"{name}[{key!r}]", make) for key, value in x.items()}
    if isinstance(x, (list, tuple)) and x and not is_scalar_list(x):
        items = [convert(value, f"{name}[{i}]", make) for i, value in enumerate(x)]
        if hasattr(x, "_fields"):
            return type(x)(*items)
        return tuple(items) if isinstance(x, tuple) else items
    return make(x, name)


def weight_leaf(x, name):
    """Sample weights: always of the global float type, a table's single column as one axis."""
    array = to_numpy(x, name)
    if hasattr(x, "iloc") and array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    return array.astype(float_dtype(), copy=False)


def shapes_text(tree):
    """Shapes of a tree's arrays, for messages."""
    return ", ".join(str(tuple(a.shape)) for a in flatten(tree) if a is not None) or "None"


def check_lengths(x, y, sample_weight, what):
    """Number of samples in all three; `ValueError` with the shapes if they differ or an array has no axis."""
    sizes = set()
    for a in (*flatten(x), *flatten(y), *flatten(sample_weight)):
        if a is None:
            continue
        if not a.shape:
            raise ValueError(
                f"{what}: every array needs a first axis that counts samples; received x with shape {shapes_text(x)} "
                f"and y with shape {shapes_text(y)}. Batch single samples first, for example with x[None]."
            )
        sizes.add(a.shape[0])
    if len(sizes) > 1:
        parts = [f"x has shape {shapes_text(x)}", f"y has shape {shapes_text(y)}"]
        if sample_weight is not None:
            parts.append(f"sample_weight has shape {shapes_text(sample_weight)}")
        raise ValueError(
            f"{what}: Data cardinality is ambiguous: {'; '.join(parts)}. "
            "The first axis counts samples and must be the same everywhere."
        )
    return sizes.pop() if sizes else None


def convert_batch(data):
    """`(x, y, sample_weight)` trees of arrays from what a generator yielded."""
    x, y, sample_weight = unpack_x_y_sample_weight(data)
    x, y = convert(x, "x"), convert(y, "y")
    sample_weight = convert(sample_weight, "sample_weight", weight_leaf)
    check_lengths(x, y, sample_weight, "Batch")
    return x, y, sample_weight
