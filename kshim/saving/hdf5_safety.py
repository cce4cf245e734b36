"""Reading from HDF5 without following links or trusting sizes."""

import os

import h5py
import numpy as np

from ..errors import SafetyError

#: Bytes a dataset or attribute may claim whatever is stored.
_SMALL = 1 << 20
#: What deflate can reach at most, and a little.
_RATIO = 1100


def member(group, name):
    """The object called `name` (a path) in a group. `SafetyError` if it is reached over a link, `ValueError` if it is missing."""
    at = group
    for part in name.split("/"):
        if not part:
            continue
        if not isinstance(at, h5py.Group):
            raise SafetyError(f"HDF5 object {name!r}: {part!r} is not inside a group.")
        link = at.get(part, getlink=True)
        if link is None:
            raise ValueError(f"The file refers to {name!r}, but holds no such object in {group.name!r}; it is damaged.")
        if not isinstance(link, h5py.HardLink):
            raise SafetyError(
                f"HDF5 object {name!r} is reached over a {type(link).__name__}; links to other places or files are refused."
            )
        at = at[part]
    return at


def subgroup(group, name):
    """The group called `name`, under the rules of `member`."""
    found = member(group, name)
    if not isinstance(found, h5py.Group):
        raise ValueError(f"{found.name!r} in the file is not a group; the file is damaged.")
    return found


def checked(group, name):
    """The dataset called `name`, not yet read; `SafetyError` if its data live elsewhere or it claims more than is stored."""
    at = member(group, name)
    if not isinstance(at, h5py.Dataset):
        raise ValueError(f"The file lists the weight {name!r}, but {at.name!r} is a group; it is damaged.")
    if at.external or at.is_virtual:
        raise SafetyError(f"HDF5 weight {name!r} takes its data from another file; refused.")
    if at.dtype.kind not in "biuf" and not (at.dtype.kind == "V" and at.dtype.itemsize == 2):
        raise SafetyError(f"HDF5 weight {name!r} has dtype {at.dtype}; expected numbers.")
    size, stored = _bytes(at.shape, at.dtype), at.id.get_storage_size()
    if size > max(_SMALL, _RATIO * stored):
        raise SafetyError(
            f"HDF5 weight {name!r} claims shape {at.shape} ({size} bytes) but only {stored} bytes are stored; refused."
        )
    return at


def dataset(group, name):
    """The array of dataset `name`, under the rules of `checked`."""
    return checked(group, name)[()]


def attribute(group, name):
    """An attribute's value. `SafetyError` if it claims more than the whole file holds."""
    found = group.attrs.get_id(name)
    size = _bytes(found.shape or (), found.dtype)
    filename = group.file.filename
    limit = os.path.getsize(filename) if os.path.isfile(filename) else None
    if size > _SMALL and (limit is None and size > 1 << 28 or limit is not None and size > limit):
        raise SafetyError(
            f"HDF5 attribute {name!r} of {group.name!r} claims {size} bytes, more than the file holds; refused."
        )
    return group.attrs[name]


def _bytes(shape, dtype):
    return int(np.prod(shape or (), dtype=object)) * dtype.itemsize
