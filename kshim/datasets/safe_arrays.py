"""Arrays from .npz and pickle files that come from the net, without running what is in them.

A pickle is a program. Here it may only build lists, tuples, dicts, strings, numbers and NumPy arrays, and NumPy's part
is taken down as plain descriptions first: NumPy's own `__setstate__` trusts its input.
"""

import pickle
import zipfile

import numpy as np

from ..errors import SafetyError


class _Dtype:
    """What a pickle says about a dtype."""

    def __init__(self, name, align=False, copy=False):
        self.name = name.decode() if isinstance(name, bytes) else name
        self.order = "="

    def __setstate__(self, state):
        order = state[1]
        self.order = order.decode() if isinstance(order, bytes) else order
        if any(part is not None for part in state[2:5]):
            raise SafetyError("A pickled array has a structured dtype, which a data set does not need.")

    def numpy(self):
        dtype = np.dtype(self.name)
        if dtype.kind not in "biufOSU" or dtype.names or dtype.subdtype:
            raise SafetyError(f"A pickled array has dtype {self.name!r}, which a data set does not need.")
        return dtype.newbyteorder(self.order) if self.order in "<>" else dtype


class _Array:
    """What a pickle says about an array."""

    state = None

    def __setstate__(self, state):
        self.state = state

    def numpy(self):
        if not isinstance(self.state, tuple) or len(self.state) != 5:
            raise SafetyError("A pickled array is not described as NumPy describes arrays.")
        _, shape, dtype, fortran, data = self.state
        shape = tuple(int(n) for n in shape)
        dtype = dtype.numpy() if isinstance(dtype, _Dtype) else None
        size = int(np.prod(shape, dtype=object))
        order = "F" if fortran else "C"
        if dtype is not None and dtype.kind == "O" and isinstance(data, list) and len(data) == size:
            array = np.empty(size, dtype=object)
            for i, item in enumerate(data):
                array[i] = resolve(item)
            return array.reshape(shape, order=order)
        if dtype is not None and dtype.kind != "O" and isinstance(data, str):  # bytes of Python 2, read as text
            data = data.encode("latin1")
        if dtype is not None and dtype.kind != "O" and isinstance(data, bytes) and len(data) == size * dtype.itemsize:
            return np.frombuffer(data, dtype).reshape(shape, order=order).copy()
        raise SafetyError(f"A pickled array of shape {shape} does not have the data for it.")


def _reconstruct(cls, shape, kind):
    return _Array()


def _scalar(dtype, data):
    data = data.encode("latin1") if isinstance(data, str) else data
    return np.frombuffer(data, dtype.numpy())[0]


def _encode(text, encoding):
    if encoding not in ("latin1", "latin-1"):
        raise SafetyError(f"A pickle wants to encode text as {encoding!r}, which a data set does not need.")
    return text.encode("latin1")


_ALLOWED = {
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Dtype,
    ("_codecs", "encode"): _encode,
    **{
        (f"{core}.multiarray", name): function
        for core in ("numpy.core", "numpy._core")
        for name, function in (("_reconstruct", _reconstruct), ("scalar", _scalar))
    },
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module, name):
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise SafetyError(
                f"The file wants to use {module}.{name} while it is read. A data set needs only lists and arrays, so "
                "the file is damaged or hostile; remove it and fetch it again."
            ) from None


_CONTAINERS = {_Array, _Dtype, dict, list, tuple}


def resolve(x):
    """`x` with the descriptions of arrays in it turned into arrays."""
    if isinstance(x, _Array):
        return x.numpy()
    if isinstance(x, dict):
        return {resolve(key): resolve(value) for key, value in x.items()}
    if isinstance(x, (list, tuple)):
        # data sets are long lists of numbers: leave those alone
        if not _CONTAINERS.isdisjoint(map(type, x)):
            return type(x)(resolve(item) for item in x)
    return x


def load_pickle(file, encoding="ASCII"):
    """The content of a pickle of plain values and arrays. `SafetyError` for anything else.

    `file` is open for reading bytes; `encoding` is how Python 2's strings are read, 'bytes' to leave them as they are.
    """
    try:
        return resolve(_Unpickler(file, encoding=encoding).load())
    except (pickle.UnpicklingError, EOFError, AttributeError, IndexError, TypeError, UnicodeDecodeError) as error:
        raise ValueError(f"Not a readable pickle of arrays: {error}") from error


def _read_member(file):
    version = np.lib.format.read_magic(file)
    read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    if version not in read:
        raise ValueError(f"Unknown version {version} of the .npy format.")
    shape, fortran, dtype = read[version](file)
    if dtype.hasobject:
        array = load_pickle(file)
        if not isinstance(array, np.ndarray) or array.shape != tuple(shape):
            raise ValueError(f"A .npy file of shape {shape} holds something else.")
        return array
    data = np.frombuffer(file.read(), dtype)
    return data.reshape(shape, order="F" if fortran else "C").copy()


def load_npz(path, names):
    """The arrays `names` of an .npz file, in order; object arrays are read by `load_pickle`.

    Raises `ValueError` naming the file if it is no .npz file or lacks one.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = {name.removesuffix(".npy"): name for name in archive.namelist()}
            missing = [name for name in names if name not in members]
            if missing:
                raise ValueError(f"there is no array {missing[0]!r} in it, only {', '.join(sorted(members))}")
            out = []
            for name in names:
                with archive.open(members[name]) as file:
                    out.append(_read_member(file))
            return out
    except SafetyError:
        raise
    except (zipfile.BadZipFile, ValueError) as error:
        raise ValueError(f"{path} is not the data set file expected: {error}. Remove it to have it fetched.") from error
