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

#: Where frameworks want an array to begin that they read in place.
_ALIGNED = 64


class Private(np.ndarray):
    """An array that its maker has let go of: nobody else holds its memory or will change it, so a backend need not copy it."""


def aligned(shape, dtype):
    """An uninitialised array that begins where frameworks want it to."""
    dtype = np.dtype(dtype)
    size = math.prod(shape) * dtype.itemsize
    room = np.empty(size + _ALIGNED, np.uint8)
    start = -room.ctypes.data % _ALIGNED
    return room[start : start + size].view(dtype).reshape(shape)


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
