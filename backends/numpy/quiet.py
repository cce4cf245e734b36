"""Floating-point warnings off, for one call: inf and NaN are values here, as in the other frameworks."""

import contextvars
import threading

import numpy as np


class _Quiet(threading.local):
    """One context with `np.errstate(all="ignore")` for each thread; `quiet.run(f, *args)` calls f in it.

    Running in a prepared context costs a tenth of entering `np.errstate` on each call. A context can be entered by
    one thread at a time and not twice, so only NumPy functions that call no Python code may be run in it.
    """

    def __init__(self):
        context = contextvars.copy_context()
        context.run(np.seterr, all="ignore")
        self.run = context.run


quiet = _Quiet()
