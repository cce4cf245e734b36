"""`keras.backend` (`K`): the functions of Keras 1 and 2 that work on tensors, in terms of `kshim.ops`."""

from . import ctc, functions, loops, maths, nn, phase, randoms, settings, shaping, values  # isort: skip
from .ctc import *  # noqa: F403
from .functions import *  # noqa: F403
from .loops import *  # noqa: F403
from .maths import *  # noqa: F403
from .nn import *  # noqa: F403
from .phase import *  # noqa: F403
from .randoms import *  # noqa: F403
from .settings import *  # noqa: F403
from .shaping import *  # noqa: F403
from .values import *  # noqa: F403

_TOPICS = (ctc, functions, loops, maths, nn, phase, randoms, settings, shaping, values)

__all__ = sorted(set().union(*(t.__all__ for t in _TOPICS)))
