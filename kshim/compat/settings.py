"""`keras.config` (Keras 3) beyond `kshim.config`."""

from ..backend.settings import backend
from ..dtype_policies import dtype_policy, set_dtype_policy
from ..utils.io_utils import disable_interactive_logging, enable_interactive_logging, is_interactive_logging_enabled

__all__ = [
    "backend", "disable_interactive_logging", "disable_traceback_filtering", "dtype_policy",
    "enable_interactive_logging", "enable_traceback_filtering", "is_interactive_logging_enabled",
    "is_traceback_filtering_enabled", "set_dtype_policy",
]  # fmt: skip


def enable_traceback_filtering():
    """Nothing to do: tracebacks are shown whole."""


def disable_traceback_filtering():
    """Nothing to do: tracebacks are shown whole."""


def is_traceback_filtering_enabled():
    return False
