"""kshim on TensorFlow: steps are compiled by `tf.function`, on the CPU or the first GPU."""

from . import quiet_import  # noqa: F401  (first: it decides what `import tensorflow` brings along)
from .backend import TensorFlowBackend as backend_class

__all__ = ["backend_class"]
