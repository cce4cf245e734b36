"""A stand-in for CuPy: NumPy's functions on arrays of a class of their own, which refuse NumPy's arrays as CuPy's do."""

import contextlib
import types

import numpy as np


class DeviceArray(np.ndarray):
    """An array "on the device"."""

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **kwargs):
        _check(inputs)
        kwargs.update({} if out is None else {"out": tuple(map(_plain, out))})
        return _device(getattr(ufunc, method)(*map(_plain, inputs), **kwargs))

    def __array_function__(self, function, types, args, kwargs):
        raise TypeError(f"numpy.{function.__name__} was called with an array of the device.")


def _check(values):
    for v in values:
        if isinstance(v, (list, tuple)):
            _check(v)
        elif isinstance(v, np.ndarray) and not isinstance(v, DeviceArray):
            raise TypeError("Unsupported type numpy.ndarray: the array is not on the device.")


def _plain(x):
    if isinstance(x, (list, tuple)):
        return type(x)(map(_plain, x))
    return x.view(np.ndarray) if isinstance(x, DeviceArray) else x


def _device(x):
    return np.asarray(x).view(DeviceArray) if isinstance(x, (np.ndarray, np.generic)) else x


def _on_device(function, checked=True):
    def call(*args, **kwargs):
        if checked:
            _check(args)
        return _device(function(*map(_plain, args), **kwargs))

    call.at = lambda x, indices, y: function.at(_plain(x), _plain(indices), _plain(y))
    return call


class _Module(types.ModuleType):
    def __getattr__(self, name):
        found = getattr(np, name)
        return _on_device(found) if callable(found) and not isinstance(found, type) else found


def modules():
    """Names and modules to put into `sys.modules`: CuPy on a machine with two GPUs."""
    cupy, special = _Module("cupy"), types.ModuleType("cupyx.scipy.special")
    cupy.array = _on_device(np.array, checked=False)
    cupy.asnumpy = lambda x: np.array(_plain(x))
    cupy.used = []
    cupy.cuda = types.SimpleNamespace(
        runtime=types.SimpleNamespace(getDeviceCount=lambda: 2, CUDARuntimeError=RuntimeError),
        Device=lambda i: types.SimpleNamespace(use=lambda: cupy.used.append(i)),
        get_current_stream=lambda: types.SimpleNamespace(synchronize=lambda: cupy.used.append("synchronize")),
    )
    with contextlib.suppress(ImportError):  # SciPy stands in for its like on the device
        import scipy.special

        for name in ("erf", "gammaln"):
            setattr(special, name, _on_device(getattr(scipy.special, name)))
    return {
        "cupy": cupy,
        "cupyx": types.ModuleType("cupyx"),
        "cupyx.scipy": types.ModuleType("cupyx.scipy"),
        special.__name__: special,
    }
