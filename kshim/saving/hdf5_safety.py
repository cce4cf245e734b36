"""Reading from HDF5 without following links or trusting sizes."""

import os

import h5py
import numpy as np

from ..errors import SafetyError


def dataset(group, name):
    """The array of dataset `name`, refused (`SafetyError`) if it lives elsewhere or claims more than the file can hold."""
    at = group
    for part in name.split("/"):
        if not part:
            continue
        if not isinstance(at, h5py.Group):
            raise SafetyError(f"HDF5 weight {name!r}: {part!r} is not inside a group.")
        link = at.get(part, getlink=True)
        if link is None:
            raise ValueError(f"The file lists the weight {name!r}, but holds no such dataset in {group.name!r}; it is damaged.")
        if not isinstance(link, h5py.HardLink):
            raise SafetyError(f"HDF5 weight {name!r} is a {type(link).__name__}; links to other places or files are refused.")
        at = at[part]
    if not isinstance(at, h5py.Dataset):
        raise ValueError(f"The file lists the weight {name!r}, but {at.name!r} is a group; it is damaged.")
    if at.external or at.is_virtual:
        raise SafetyError(f"HDF5 weight {name!r} takes its data from another file; refused.")
    if at.dtype.kind not in "biuf" and not (at.dtype.kind == "V" and at.dtype.itemsize == 2):
        raise SafetyError(f"HDF5 weight {name!r} has dtype {at.dtype}; expected numbers.")
    size = int(np.prod(at.shape, dtype=object)) * at.dtype.itemsize
    limit = os.path.getsize(at.file.filename) if os.path.isfile(at.file.filename) else None
    stored = at.id.get_storage_size()
    if limit is not None and size > max(1 << 20, 1100 * max(stored, 1)):
        raise SafetyError(f"HDF5 weight {name!r} claims shape {at.shape} ({size} bytes) but only {stored} bytes are stored; refused.")
    return at[()]
