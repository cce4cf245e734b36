"""`keras.optimizers.legacy`: the optimizers of Keras up to 2.10, with their formulas, configs and order of variables.

They differ from the current ones in where epsilon stands (RMSprop, Adagrad), in Nadam's momentum schedule, in clipping
(clipvalue and clipnorm may be combined) and in files: all of one slot, then all of the next.
"""

from . import adaptive, gradient_descent, moments, special
from .base import Optimizer as _Current
from .base import reg
from .host import HostVariable
from .state import VariableList

_LATER = ("weight_decay", "use_ema", "ema_momentum", "ema_overwrite_frequency", "jit_compile")
_CLIPS = ("clipnorm", "clipvalue", "global_clipnorm")


class Optimizer(_Current):
    """What the legacy optimizers share; also the base class for isinstance checks."""

    @property
    def variables(self):
        columns = [self._slots.get(name, ()) for group in self.slot_groups for name in group]
        return VariableList([self._iterations, *(v for column in columns for v in column), *self._extra])

    weights = variables

    def get_config(self):
        config = {k: v for k, v in super().get_config().items() if k not in _LATER}
        for key in _CLIPS:
            if config.get(key) is None:
                config.pop(key, None)
        config["decay"] = self._config_decay()
        config["is_legacy_optimizer"] = True
        return config

    def _config_decay(self):
        return self.decay

    def _decayed_lr(self, var_dtype=None):
        """The learning rate of the coming step, a tensor."""
        from .. import ops

        step = int(self._iterations)
        rate = self.schedule_value(step) / (1.0 + self.decay * step)
        return ops.convert_to_tensor(
            rate, dtype=None if var_dtype is None else str(getattr(var_dtype, "name", var_dtype))
        )


class SGD(Optimizer, gradient_descent.SGD):
    """SGD; without momentum it keeps no slots."""

    @property
    def slot_groups(self):
        return (("m",),) if float(self.momentum) else ()


class RMSprop(Optimizer, adaptive.RMSprop):
    """RMSprop with epsilon outside the root, unless it has momentum."""

    def fused_kind(self):
        return None

    def denominator(self, b, v, s):
        return super().denominator(b, v, s) if self.momentum > 0 else b.add(b.sqrt(v), s["epsilon"])


class Adagrad(Optimizer, adaptive.Adagrad):
    """Adagrad with epsilon outside the root."""

    def denominator(self, b, a, s):
        return b.add(b.sqrt(a), s["epsilon"])


class Nadam(Optimizer, moments.Nadam):
    """Nadam with a momentum schedule 250 times slower."""

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7, **kwargs):
        decay = kwargs.pop("schedule_decay", kwargs.pop("decay", None))  # its configs call the schedule's decay `decay`
        super().__init__(
            learning_rate, beta_1, beta_2, epsilon, schedule_decay=0.004 if decay is None else decay, **kwargs
        )

    def _config_decay(self):
        return self.schedule_decay

    def get_config(self):
        config = super().get_config()
        config.pop("schedule_decay", None)
        return config

    @property
    def variables(self):
        own = super().variables
        return VariableList([own[0], _MomentumCache(self), *own[1:]])

    weights = variables


class _MomentumCache(HostVariable):
    """The product of the momenta so far, which files of the legacy Nadam hold; it follows from the step counter."""

    def __init__(self, optimizer):
        super().__init__(1.0, "float32", name="momentum_cache")
        self._optimizer = optimizer

    @property
    def number(self):
        return self._optimizer._product(int(self._optimizer._iterations))

    def assign(self, value, **kwargs):
        return self


class Adam(Optimizer, moments.Adam):
    """Adam."""


class Adamax(Optimizer, moments.Adamax):
    """Adamax."""


class Adadelta(Optimizer, adaptive.Adadelta):
    """Adadelta."""


class Ftrl(Optimizer, special.Ftrl):
    """Ftrl, its slots stored variable by variable."""

    variables = weights = _Current.variables


CLASSES = {c.__name__: c for c in (SGD, RMSprop, Adagrad, Nadam, Adam, Adamax, Adadelta, Ftrl)}


def serialize(optimizer, use_legacy_format=False):
    return reg.serialize(optimizer)


__all__ = [*CLASSES, "Optimizer"]
