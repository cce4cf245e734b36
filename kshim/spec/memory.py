"""Memory freed by one step kept for the next, where the C library gives it back to the system each time.

By default glibc returns large blocks at once, and the system then hands out every page anew and cleared: for a model with large
intermediate arrays that takes as long as the arithmetic (CNN of 28x28 images, batch 64, one thread: 1.8 times the time of a
step on torch, 1.4 times on numpy).
"""

import ctypes
import os
import sys

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
