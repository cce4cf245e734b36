"""The TensorFlow backend: the primitives by topic, put together.

Native tensors are `tf.Tensor`s, eager or of the graph being traced, never `tf.Variable`s. Shapes are static in both.
"""

import tensorflow as tf

from kshim.spec.backend import Backend

from .compile import Compile
from .control import Control
from .conv import Conv
from .device import Device
from .elementwise import Elementwise
from .fused import Fused
from .index import Index
from .pool import Pool
from .random import Random
from .recurrent import Recurrent
from .reduce import Reduce
from .shape import Shape


class TensorFlowBackend(
    Elementwise, Reduce, Shape, Conv, Pool, Index, Random, Control, Compile, Fused, Recurrent, Device, Backend
):
    """kshim on TensorFlow; see `Device` for `device`. `jit_compile` turns XLA on for steps compiled afterwards."""

    name = "tensorflow"
    static_shapes = True
    joins_steps = True
    jit_compile = False

    def __init__(self, device=None):
        # Float32 products are float32 products, on Ampere and later too.
        tf.config.experimental.enable_tensor_float_32_execution(False)
        self._choose(device)
        super().__init__(self._device_name)
        self._pin()
