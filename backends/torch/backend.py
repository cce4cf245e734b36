"""`TorchBackend`: the op interface on PyTorch, put together from one part per topic."""

from kshim.spec.backend import Backend

from .activations import Activations
from .control import Control
from .convert import Convert
from .device import Device
from .draws import Draws
from .elementwise import Elementwise
from .index import Index
from .losses import Losses
from .normalization import Normalization
from .products import Products
from .recurrent import Recurrent
from .reduce import Reduce
from .shape import Shape
from .step import Step
from .update import Update
from .windows import Windows


class TorchBackend(
    Device,
    Convert,
    Elementwise,
    Activations,
    Reduce,
    Shape,
    Products,
    Windows,
    Index,
    Draws,
    Losses,
    Normalization,
    Recurrent,
    Control,
    Step,
    Update,
    Backend,
):
    """PyTorch, eagerly, on one device (`None` takes the first GPU if there is one).

    Tensors are `torch.Tensor`s that never require gradients outside `value_and_grad`. A part that cannot improve on
    the definition in `kshim.spec.derived` for the arguments at hand calls it with `super()`.
    """

    name = "torch"
