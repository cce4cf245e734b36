"""The JAX backend: the primitives by topic, put together.

Native tensors are `jax.Array`s, tracers included. Nothing here depends on values, so every op works inside `jax.jit`.
"""

import jax

from kshim.spec.backend import Backend

from .attention import Attention
from .compile import Compile
from .control import Control
from .conv import Conv
from .device import Device
from .eager import Eager
from .elementwise import Elementwise
from .gru import Gru
from .index import Index
from .lstm import Lstm
from .pool import Pool
from .random import Random
from .reduce import Reduce
from .shape import Shape


class JaxBackend(
    Eager,
    Elementwise,
    Reduce,
    Shape,
    Conv,
    Pool,
    Index,
    Random,
    Control,
    Compile,
    Device,
    Attention,
    Lstm,
    Gru,
    Backend,
):
    """kshim on JAX; see `Device` for `device`."""

    name = "jax"
    static_shapes = True
    compiles_each_op = True
    joins_steps = True

    def __init__(self, device=None):
        # Without this JAX turns float64 and int64 into their 32-bit kin. Every op here states its dtype, so float32
        # models stay float32; a script's own jax code sees 64-bit defaults from here on.
        jax.config.update("jax_enable_x64", True)
        self._choose(device)
        super().__init__(self._device_name)
