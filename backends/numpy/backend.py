"""The numpy backend, assembled from one mixin per topic."""

import numpy as np

from kshim.errors import BackendError
from kshim.spec.backend import Backend
from kshim.spec.memory import keep_freed

from .control import Control
from .dtypes import is_float
from .elementwise import Elementwise
from .fused_math import FusedMath
from .gru import Gru
from .indexing import Indexing
from .linear import Linear
from .lstm import Lstm
from .norms import Norms
from .reduce import Reductions
from .shaping import Shaping
from .update import Update
from .windows import Windows


class NumpyBackend(
    Control, Elementwise, Reductions, Shaping, Linear, Windows, Indexing, FusedMath, Norms, Lstm, Gru, Update, Backend
):
    """NumPy on the CPU. A tensor is an ndarray, or a `tape.Box` while a gradient is being computed.

    Raises `BackendError` for NumPy 1, whose scalar promotion would turn float32 into float64, and for a device
    other than the CPU.
    """

    name = "numpy"

    def __init__(self, device=None):
        if int(np.__version__.split(".")[0]) < 2:
            raise BackendError(
                f"The numpy backend needs NumPy 2.0 or later, found {np.__version__}. Install it with: "
                "pip install -U numpy. Or choose another backend."
            )
        if device not in (None, "cpu", "cpu:0"):
            raise BackendError(f"The numpy backend runs on 'cpu' only, received device {device!r}.")
        super().__init__("cpu")
        keep_freed()

    def is_float(self, x):
        return is_float(x.dtype)
