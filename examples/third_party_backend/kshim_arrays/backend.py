"""The backend, put together from one mixin per topic."""

import numpy as np

from kshim.spec.backend import Backend

from .control import Control
from .convolution import Convolution
from .creation import Creation
from .device import array_module
from .elementwise import Elementwise
from .indexing import Indexing
from .overrides import Overrides
from .pooling import Pooling
from .reduction import Reduction
from .shaping import Shaping
from .tape import Recording


class ArraysBackend(
    Recording,
    Creation,
    Elementwise,
    Reduction,
    Shaping,
    Indexing,
    Convolution,
    Pooling,
    Control,
    Overrides,
    Backend,
):
    """Computes with `self.xp`, a module with NumPy's functions: NumPy itself, or CuPy on a GPU.

    `device` is "cpu", "gpu" or "gpu:1"; None takes a GPU if CuPy finds one. Raises `BackendError` for another device,
    or for a GPU that is not there.
    """

    name = "arrays"

    def __init__(self, device=None):
        self.xp, device = array_module(device)
        super().__init__(device)

    def is_float(self, x):
        return x.array.dtype.kind == "f"

    def host(self, array):
        """An array of `self.xp` as a NumPy array."""
        return array if self.xp is np else self.xp.asnumpy(array)
