"""Memory: arrays that need no copy, and what one step frees kept for the next.

By default glibc returns large blocks at once, and the system then hands out every page anew and cleared: for a model with large
intermediate arrays that takes as long as the arithmetic (CNN of 28x28 images, batch 64, one thread: 1.8 times the time of a
step on torch, 1.4 times on numpy).
"""

import ctypes
import math
import os
import sys

import numpy as np

#: Where frameworks want an array to begin that they read in place, and from how many bytes on it is worth it.
_ALIGNED, WORTH = 64, 4096


class Private(np.ndarray):
    """An array that its maker has let go of: nobody else holds its memory or will change it, so a backend need not copy it."""


def aligned(shape, dtype):
    """An uninitialised array that begins where frameworks want it to."""
    dtype = np.dtype(dtype)
    size = math.prod(shape) * dtype.itemsize
    room = np.empty(size + _ALIGNED, np.uint8)
    start = -room.ctypes.data % _ALIGNED
    return room[start : start + size].view(dtype).reshape(shape)


def own(array):
    """A private copy, in row-major order and the machine's byte order, or what is private already.

    A framework may read a NumPy buffer in place even after a call has returned, or hand it out as a result: a caller refilling it
    would change results. A large copy begins where it can be read in place, which saves the framework a second one.
    """
    if isinstance(array, Private):
        return np.asarray(array)
    dtype = array.dtype if array.dtype.isnative else array.dtype.newbyteorder("=")
    if array.nbytes < WORTH or dtype.hasobject:
        return array.astype(dtype, order="C")
    out = aligned(array.shape, dtype)
    np.copyto(out, array)
    return out


def arrays_once(leaves, make):
    """`leaves` with `make(array)` for each array, made once of one that stands there twice (an autoencoder's)."""
    made = {}
    for leaf in leaves:
        if isinstance(leaf, np.ndarray) and id(leaf) not in made:
            made[id(leaf)] = make(leaf)
    return [made.get(id(leaf), leaf) for leaf in leaves]


#: Of glibc's malloc.h. Blocks above MMAP bytes are returned at once as ever; of the others up to TRIM bytes are kept.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_TRIM, _MMAP = 2**28, 2**25


def keep_freed():
    """Let the process keep up to 256 MB of freed memory. Returns whether that was done.

    Not where the environment says how malloc is to behave (`MALLOC_...`, `GLIBC_TUNABLES`), where `KSHIM_KEEP_MEMORY` is 0, or
    where the C library is not glibc. Backends whose arrays come from malloc call this when they are made.
    """
    if not sys.platform.startswith("linux") or os.environ.get("KSHIM_KEEP_MEMORY", "1") == "0":
        return False
    if any(name.startswith("MALLOC_") and name.endswith("_") or name == "GLIBC_TUNABLES" for name in os.environ):
        return False
    library = ctypes.CDLL(None)
    if not hasattr(library, "gnu_get_libc_version"):
        return False
    return bool(library.mallopt(_M_MMAP_THRESHOLD, _MMAP) and library.mallopt(_M_TRIM_THRESHOLD, _TRIM))
