"""Lists of names as HDF5 attributes: arrays of bytes, split over several attributes where they exceed an object header."""

import numpy as np

from .hdf5_safety import attribute as safe_attribute

#: Bytes an HDF5 object header holds at most; Keras splits longer lists at the same limit.
HEADER_LIMIT = 64512


def write_names(group, attribute, names):
    """Write a list of strings as `attribute`, or as `attribute0`, `attribute1` ... if it is too long.

    A single name over the limit raises `ValueError`.
    """
    encoded = [n.encode("utf-8") for n in names]
    for name in encoded:
        if len(name) > HEADER_LIMIT:
            raise ValueError(
                f"The name {name[:40]!r}... of {len(name)} bytes is too long for an HDF5 attribute (limit {HEADER_LIMIT})."
            )
    array = np.asarray(encoded) if encoded else np.asarray([], dtype="S1")
    if array.nbytes <= HEADER_LIMIT:
        group.attrs[attribute] = array
        return
    parts = 2
    while any(chunk.nbytes > HEADER_LIMIT for chunk in np.array_split(array, parts)):
        parts += 1
    for i, chunk in enumerate(np.array_split(array, parts)):
        group.attrs[f"{attribute}{i}"] = chunk


def has_names(group, attribute):
    return attribute in group.attrs or f"{attribute}0" in group.attrs


def read_names(group, attribute):
    """The list of strings written by `write_names` (or any Keras); empty if there is none."""
    if attribute in group.attrs:
        return [text(n) for n in safe_attribute(group, attribute)]
    names, i = [], 0
    while f"{attribute}{i}" in group.attrs:
        names.extend(text(n) for n in safe_attribute(group, f"{attribute}{i}"))
        i += 1
    return names


def read_text(group, attribute, default=None):
    """A string attribute, or `default` if there is none."""
    return text(safe_attribute(group, attribute)) if attribute in group.attrs else default


def text(value):
    """A string attribute, whichever way h5py hands it over."""
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError as error:
            raise ValueError(f"The file holds {value[:40]!r} where UTF-8 text is expected; it is damaged.") from error
    if isinstance(value, np.ndarray) and value.shape == ():
        return text(value.item())
    return str(value)
