"""Between NumPy, Python and torch: values, dtypes, shapes."""

import numpy as np
import torch

from kshim.spec.dtypes import ALL

#: dtype name -> torch dtype, and back.
TORCH = {name: getattr(torch, name) for name in ALL}
NAMES = {dtype: name for name, dtype in TORCH.items()}

#: The NumPy dtypes that torch reads as they are.
NUMPY = {np.dtype(name) for name in ALL if name != "bfloat16"}


def is_bfloat16(array):
    """Whether a NumPy array is of the `bfloat16` that other packages register with NumPy."""
    return array.dtype.name == "bfloat16"


def check(array):
    """Refuse arrays that have no torch counterpart: strings, objects, dates, complex numbers."""
    if array.dtype.newbyteorder("=") not in NUMPY and not is_bfloat16(array):
        raise TypeError(
            f"Cannot make a tensor of an array of dtype {array.dtype} and shape {array.shape}. "
            f"Expected one of {', '.join(ALL)}; convert it first, for example with array.astype('float32')."
        )


class Convert:
    def from_numpy(self, array):
        array = np.asarray(array)
        # A copy in any case: in row-major order, native byte order and writable.
        if array.dtype in NUMPY:
            x = torch.from_numpy(np.array(array, order="C"))
        elif is_bfloat16(array):
            x = torch.from_numpy(np.array(array.view(np.int16), order="C")).view(torch.bfloat16)
        else:
            check(array)
            x = torch.from_numpy(np.array(array, dtype=array.dtype.newbyteorder("="), order="C"))
        return x if self._device.type == "cpu" else x.to(self._device)

    def to_numpy(self, x):
        x = x.detach()
        if x.dtype is torch.bfloat16:
            x = x.float()
        # On the CPU `.numpy()` shares memory with the tensor, which a donated step may overwrite.
        return x.numpy().copy() if x.device.type == "cpu" else x.cpu().numpy()

    def shape_of(self, x):
        return tuple(x.shape)

    def dtype_of(self, x):
        return NAMES[x.dtype]

    def is_tensor(self, x):
        return isinstance(x, torch.Tensor)

    def is_float(self, x):
        return x.dtype.is_floating_point

    def cast(self, x, dtype):
        return x.to(TORCH[dtype])

    def copy(self, x):
        return x.clone()

    def stop_gradient(self, x):
        return x.detach()

    def full(self, shape, value, dtype):
        return torch.full(shape, value, dtype=TORCH[dtype], device=self._device)

    def zeros_like(self, x):
        return torch.zeros_like(x)

    def ones_like(self, x):
        return torch.ones_like(x)

    def arange(self, n, dtype):
        # Not every dtype has an arange of its own.
        return torch.arange(n, dtype=torch.int64, device=self._device).to(TORCH[dtype])
