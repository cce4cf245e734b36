"""The functions of `keras.ops`, on tensors of any backend and on symbolic ones.

Here everything loose is settled before it reaches a backend: broadcasting of Python values, dtype promotion, negative
axes, paddings by name, data formats, and the errors.
"""

from . import core, creation, elementwise, image, linalg, nn, reduce, shaping, control, random  # noqa: F401  # isort: skip
from .control import *  # noqa: F403
from .core import cast, convert_to_numpy, convert_to_tensor, fused, is_tensor, op, shape, stop_gradient  # noqa: F401
from .creation import *  # noqa: F403
from .elementwise import *  # noqa: F403
from .image import *  # noqa: F403
from .linalg import *  # noqa: F403
from .nn import *  # noqa: F403
from .random import *  # noqa: F403
from .reduce import *  # noqa: F403
from .shaping import *  # noqa: F403
