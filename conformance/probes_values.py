"""Probes of conversion, inspection, devices and the known answers of the random bits."""

import numpy as np

from kshim.spec import rng
from kshim.spec.dtypes import ALL

from .probes import Known, data, probe, tensor, yes


@probe("from_numpy to_numpy dtype_of shape_of", "exact", fixed=True, level="spec")
def round_trips(b, dtype):
    """Every dtype NumPy has, 0-d and empty arrays and views come back as they were."""
    out = {}
    for name in ALL:
        if name == "bfloat16":
            continue
        for shape in ((2, 3), (), (0,), (2, 0, 3)):
            array = (np.abs(data(*shape)) * 50).astype(name)
            x = b.from_numpy(array)
            out[f"{name} {shape}"] = Known(x, array)
            out[f"{name} {shape} dtype"] = yes(b.dtype_of(x) == name and b.to_numpy(x).dtype == np.dtype(name))
            out[f"{name} {shape} shape"] = yes(b.shape_of(x) == shape and type(b.shape_of(x)) is tuple)
            out[f"{name} {shape} sizes"] = yes(all(type(d) is int for d in b.shape_of(x)))
    wide = np.arange(24.0).reshape(4, 6)
    for name, view in (("columns", wide[:, ::2]), ("transposed", wide.T), ("reversed", wide[::-1])):
        out[name] = Known(b.from_numpy(view), np.array(view, np.float64))
    return out


@probe("to_numpy dtype_of", "exact", dtypes=("bfloat16",), level="spec")
def bfloat16_to_numpy(b, dtype):
    """It comes as float32, for NumPy does not know it."""
    half = b.cast(tensor(b, [1.0, 2.5], "float32"), dtype)
    array = b.to_numpy(half)
    return {
        "values": Known(array, np.array([1.0, 2.5], np.float32)),
        "dtype": yes(b.dtype_of(half) == dtype and array.dtype == np.float32),
    }


@probe("from_numpy", "exact", fixed=True, level="spec")
def foreign_byte_order(b, dtype):
    """Arrays read from files of other machines, as HDF5 and NetCDF give them."""
    array = np.arange(6.0).reshape(2, 3)
    return {
        name: Known(b.from_numpy(array.astype(name)), array.astype(name[1:]))
        for name in (">f8", ">f4", ">i4", "<f8", "<i8")
    }


@probe("from_numpy to_numpy", "exact", level="spec")
def no_aliasing(b, dtype):
    """Neither side of a conversion sees what the other does to its memory later."""
    out = {}
    for shape in ((3,), (64, 64)):
        array = np.ones(shape, dtype)
        x = b.from_numpy(array)
        array[...] = 5.0
        out[f"in {shape}"] = Known(x, np.ones(shape, dtype))
        copy = b.to_numpy(x)
        copy[...] = 7.0
        out[f"out {shape}"] = Known(x, np.ones(shape, dtype))
        view = b.transpose(x, tuple(reversed(range(len(shape)))))
        b.to_numpy(view)[...] = 9.0
        out[f"out of a view {shape}"] = Known(x, np.ones(shape, dtype))
    return out


@probe("is_tensor synchronize devices info shape_of dtype_of", "exact", fixed=True, level="spec")
def inspection(b, dtype):
    x = tensor(b, data(2, 3), "float32")
    y = b.add(x, 1.0)
    b.synchronize(y)
    info, devices = b.info(), b.devices()
    return {
        "is_tensor": yes(b.is_tensor(x) and b.is_tensor(y)),
        "is_tensor of others": yes(not any(b.is_tensor(v) for v in (1.0, 1, None, "x", [1.0], (x,)))),
        "devices": yes(isinstance(devices, list) and devices and all(isinstance(d, str) for d in devices)),
        "cpu": yes("cpu" in devices),
        "info": yes({"name", "version", "device"} <= set(info) and info["name"] == b.name),
        "device": yes(info["device"] in devices),
        "shape": yes(b.shape_of(y) == (2, 3)),
        "dtype": yes(b.dtype_of(y) == "float32"),
        "value": y,
    }


@probe("compile_step", "exact", fixed=True, level="rng")
def random_known_answers(b, dtype):
    """The words in `rng.KNOWN_ANSWERS`, from the host's generator and the backend's; odd sizes; every dtype."""
    out = {"present": yes(rng.KNOWN_ANSWERS)}
    for key, words in rng.KNOWN_ANSWERS.items():
        n = len(words)
        out[f"host {key}"] = Known(rng.bits(n, key), np.array(words, np.uint32))
        exact = (np.array(words, np.uint64) >> np.uint64(8)) * 2.0**-24
        for name in ("float32", "float64"):
            out[f"{name} {key}"] = Known(b.random_uniform((n,), key, name), exact.astype(name))
    for n in (1, 3, 1023, 40001):
        out[f"{n}"] = Known(b.random_uniform((n,), (n, 77), "float32"), rng.uniform((n,), (n, 77)).astype(np.float32))
    return out
