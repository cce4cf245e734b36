"""The learning phase, sessions and counters: the state that Keras 1 and 2 kept in the backend."""

import contextlib

from .. import ops
from ..compat.tensorflow.v1 import get_default_session
from ..engine import names, seeds
from ..engine.context import context
from ..engine.names import get_uid, name_scope, reset_uids
from ..engine.tensor import KerasTensor, Tensor

__all__ = [
    "clear_session", "control_dependencies", "get_session", "get_uid", "in_test_phase", "in_train_phase",
    "learning_phase", "learning_phase_scope", "manual_variable_initialization", "name_scope", "reset_uids",
    "set_learning_phase", "set_session",
]  # fmt: skip


class LearningPhase(int):
    """0 while testing, 1 while training; `K.function` takes it as an input."""


def learning_phase():
    """1 while a layer computes for training, else what `set_learning_phase` said, else 0."""
    return LearningPhase(bool(context.training))


def set_learning_phase(value):
    """Fix the phase of calls that do not say: 0 for testing, 1 for training; `ValueError` otherwise."""
    if value not in (0, 1):
        raise ValueError(f"Expected learning phase to be 0 or 1; received {value!r}.")
    context.training = bool(value)


@contextlib.contextmanager
def learning_phase_scope(value):
    """`set_learning_phase` for a block."""
    saved = context.training
    set_learning_phase(value)
    try:
        yield
    finally:
        context.training = saved


def _made(x):
    return x() if callable(x) and not isinstance(x, Tensor) and not hasattr(x, "native") else x


@ops.op
def _by_phase(x, alt):
    return ops.convert_to_tensor(x if context.training else alt)


def in_train_phase(x, alt, training=None):
    """x while training, else alt; either may be a function without arguments. `training` overrules the phase."""
    if training is None:
        if context.depth == 0 and context.training is None:
            x, alt = _made(x), _made(alt)
            if isinstance(x, KerasTensor) or isinstance(alt, KerasTensor):
                return x if x is alt else _by_phase(x, alt)
        training = context.training
    if isinstance(training, Tensor):
        return ops.where(training, _made(x), _made(alt))
    return _made(x) if training else _made(alt)


def in_test_phase(x, alt, training=None):
    """x while testing, else alt; see `in_train_phase`."""
    return in_train_phase(alt, x, training)


def clear_session():
    """Begin anew: layer names and random streams are numbered from the start, the learning phase is forgotten."""
    names.reset_uids()
    seeds.reset_streams()
    context.training = None


def get_session():
    """A session that holds nothing (see `kshim.compat.tensorflow.v1.Session`)."""
    return get_default_session()


def set_session(session):
    """Accepted: there is no session to replace."""


def manual_variable_initialization(value):
    """Accepted: variables have values as soon as they are made."""


def control_dependencies(control_inputs):
    return contextlib.nullcontext()
