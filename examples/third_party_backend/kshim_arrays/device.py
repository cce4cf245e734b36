"""Which array module computes: NumPy on the CPU, CuPy on a GPU."""

import importlib

import numpy as np

from kshim.errors import BackendError


def gpu_count():
    """How many GPUs CuPy can use here: 0 where it cannot be imported or finds no driver."""
    try:
        cupy = importlib.import_module("cupy")
    except ImportError:
        return 0
    try:
        return cupy.cuda.runtime.getDeviceCount()
    except cupy.cuda.runtime.CUDARuntimeError:
        return 0


def device_names():
    """Names of the usable devices."""
    return ["cpu", *(f"gpu:{i}" for i in range(gpu_count()))]


def array_module(device):
    """(module, full name of the device) for "cpu", "gpu", "gpu:1" or None (a GPU if there is one).

    Raises `BackendError` for any other device and for a GPU that is not there.
    """
    if device in ("cpu", "cpu:0"):
        return np, "cpu"
    names = device_names()
    wanted = {None: names[:2][-1], "gpu": "gpu:0"}.get(device, device)  # None: the first GPU, if any
    if wanted == "cpu":
        return np, wanted
    if wanted not in names:
        raise BackendError(
            f"The arrays backend has no device {device!r} here; it has {', '.join(names)}. A GPU takes CuPy and a "
            "driver: pip install 'kshim-arrays[gpu]'."
        )
    cupy = importlib.import_module("cupy")
    cupy.cuda.Device(int(wanted.split(":")[1])).use()
    return cupy, wanted
