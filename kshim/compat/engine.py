"""What earlier versions kept in `keras.engine` and that has no public home any more."""

from ..engine.symbolic import Node
from ..engine.tensor import KerasTensor
from ..models import Functional, Model, Sequential
from ..utils.generic_utils import make_batches, slice_arrays

Container = Network = Model
slice_X = slice_arrays

__all__ = [
    "Container",
    "Functional",
    "KerasTensor",
    "Model",
    "Network",
    "Node",
    "Sequential",
    "make_batches",
    "slice_X",
    "slice_arrays",
]
