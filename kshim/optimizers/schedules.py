"""Learning rate schedules: `keras.optimizers.schedules`. A schedule gives the rate of a step counted from 0.

The built-in ones compute on the host in float64. A user's subclass defines `__call__(self, step)` with any ops; it is
called with the step as an int64 tensor.
"""

import math

import numpy as np

from .. import ops
from ..engine.objects import Registry
from ..engine.tensor import Tensor

reg = Registry("learning rate schedule", "keras.optimizers.schedules")


class LearningRateSchedule:
    """Base class: a subclass defines `__call__(self, step)` and `get_config`."""

    def value_at(self, step):
        """The rate of `step` (an int) as a Python float."""
        return float(self(ops.convert_to_tensor(np.asarray(step, "int64"))))

    def __call__(self, step):
        raise NotImplementedError(f"Learning rate schedule {type(self).__name__} must define __call__(self, step).")

    def get_config(self):
        raise NotImplementedError(f"Learning rate schedule {type(self).__name__} must define get_config() to be saved.")

    @classmethod
    def from_config(cls, config):
        return cls(**config)


class _HostSchedule(LearningRateSchedule):
    """A built-in schedule: `_rate(step)` on the host."""

    def value_at(self, step):
        if type(self).__call__ is not _HostSchedule.__call__:  # a subclass with a rule of its own
            return super().value_at(step)
        return float(self._rate(float(step)))

    def __call__(self, step):
        """The rate as a scalar tensor; `step` may be a number, an array or a tensor (of any shape)."""
        if isinstance(step, (int, float)):
            return ops.convert_to_tensor(self._rate(float(step)))
        steps = np.asarray(step.numpy() if isinstance(step, Tensor) or hasattr(step, "numpy") else step)
        rates = [self._rate(float(s)) for s in steps.reshape(-1)]
        return ops.reshape(ops.convert_to_tensor(rates), steps.shape)

    def get_config(self):
        return {key: getattr(self, key) for key in self._keys}

    def _set(self, **values):
        """Keep the arguments under their own names; numbers given as tensors or NumPy values become Python's."""
        self._keys = tuple(values)
        for key, value in values.items():
            scalar = hasattr(value, "numpy") or isinstance(value, np.generic)
            setattr(self, key, np.asarray(value).item() if scalar else value)


def _positive(cls, name, value):
    if value is None or not float(value) > 0:
        raise ValueError(f"`{name}` of {cls} must be greater than 0; received {name}={value!r}.")


@reg()
class ExponentialDecay(_HostSchedule):
    """initial * decay_rate ** (step / decay_steps), the exponent rounded down if `staircase`."""

    def __init__(self, initial_learning_rate, decay_steps, decay_rate, staircase=False, name=None):
        _positive("ExponentialDecay", "decay_steps", decay_steps)
        self._set(
            initial_learning_rate=initial_learning_rate,
            decay_steps=decay_steps,
            decay_rate=decay_rate,
            staircase=staircase,
            name=name,
        )

    def _rate(self, step):
        p = step / self.decay_steps
        return self.initial_learning_rate * self.decay_rate ** (math.floor(p) if self.staircase else p)


@reg()
class InverseTimeDecay(_HostSchedule):
    """initial / (1 + decay_rate * step / decay_steps), the quotient rounded down if `staircase`."""

    def __init__(self, initial_learning_rate, decay_steps, decay_rate, staircase=False, name=None):
        _positive("InverseTimeDecay", "decay_steps", decay_steps)
        self._set(
            initial_learning_rate=initial_learning_rate,
            decay_steps=decay_steps,
            decay_rate=decay_rate,
            staircase=staircase,
            name=name,
        )

    def _rate(self, step):
        p = step / self.decay_steps
        return self.initial_learning_rate / (1.0 + self.decay_rate * (math.floor(p) if self.staircase else p))


@reg()
class PiecewiseConstantDecay(_HostSchedule):
    """values[i] up to and including step boundaries[i], the last value after that."""

    def __init__(self, boundaries, values, name=None):
        if len(boundaries) != len(values) - 1:
            raise ValueError(
                "PiecewiseConstantDecay needs one value more than boundaries; "
                f"received {len(boundaries)} boundaries and {len(values)} values."
            )
        self._set(boundaries=boundaries, values=values, name=name)

    def _rate(self, step):
        return float(next((v for b, v in zip(self.boundaries, self.values) if step <= float(b)), self.values[-1]))


@reg()
class PolynomialDecay(_HostSchedule):
    """From initial to end_learning_rate along (1 - step / decay_steps) ** power; `cycle` starts again after the end."""

    def __init__(self, initial_learning_rate, decay_steps, end_learning_rate=0.0001, power=1.0, cycle=False, name=None):
        _positive("PolynomialDecay", "decay_steps", decay_steps)
        self._set(
            initial_learning_rate=initial_learning_rate, decay_steps=decay_steps, end_learning_rate=end_learning_rate,
            power=power, cycle=cycle, name=name,
        )  # fmt: skip

    def _rate(self, step):
        length = float(self.decay_steps)
        if self.cycle:
            length *= 1.0 if step == 0 else math.ceil(step / length)
        else:
            step = min(step, length)
        span = self.initial_learning_rate - self.end_learning_rate
        return span * (1.0 - step / length) ** self.power + self.end_learning_rate


def _cosine(fraction):
    return 0.5 * (1.0 + math.cos(math.pi * fraction))


@reg()
class CosineDecay(_HostSchedule):
    """Half a cosine from the initial rate to alpha times it (Loshchilov and Hutter 2016).

    With `warmup_target` the rate first rises to it linearly in `warmup_steps`, and decays from there.
    """

    def __init__(self, initial_learning_rate, decay_steps, alpha=0.0, name=None, warmup_target=None, warmup_steps=0):
        _positive("CosineDecay", "decay_steps", decay_steps)
        self._set(
            initial_learning_rate=initial_learning_rate, decay_steps=decay_steps, alpha=alpha, name=name,
            warmup_target=warmup_target, warmup_steps=warmup_steps,
        )  # fmt: skip

    def _rate(self, step):
        start = self.initial_learning_rate
        if self.warmup_target is not None:
            if step < self.warmup_steps:
                return (self.warmup_target - start) * (step / self.warmup_steps) + start
            step, start = step - self.warmup_steps, self.warmup_target
        fraction = min(step, self.decay_steps) / self.decay_steps
        return start * ((1.0 - self.alpha) * _cosine(fraction) + self.alpha)


@reg()
class CosineDecayRestarts(_HostSchedule):
    """Cosine decays one after the other, each t_mul times as long and m_mul times as high (SGDR, 2016)."""

    def __init__(self, initial_learning_rate, first_decay_steps, t_mul=2.0, m_mul=1.0, alpha=0.0, name=None):
        _positive("CosineDecayRestarts", "first_decay_steps", first_decay_steps)
        self._set(
            initial_learning_rate=initial_learning_rate, first_decay_steps=first_decay_steps, t_mul=t_mul, m_mul=m_mul,
            alpha=alpha, name=name,
        )  # fmt: skip

    def _rate(self, step):
        fraction = step / self.first_decay_steps
        if self.t_mul == 1.0:
            restarts = math.floor(fraction)
            fraction -= restarts
        else:
            restarts = math.floor(math.log(1.0 - fraction * (1.0 - self.t_mul)) / math.log(self.t_mul) + 1e-12)
            done = (1.0 - self.t_mul**restarts) / (1.0 - self.t_mul)
            fraction = (fraction - done) / self.t_mul**restarts
        height = self.m_mul**restarts * _cosine(fraction)
        return self.initial_learning_rate * ((1.0 - self.alpha) * height + self.alpha)


def serialize(learning_rate_schedule, use_legacy_format=False):
    """Config of a schedule; `use_legacy_format` gives the two keys of Keras 2."""
    config = reg.serialize(learning_rate_schedule)
    if use_legacy_format and isinstance(config, dict):
        return {"class_name": config["class_name"], "config": config["config"]}
    return config


def deserialize(config, custom_objects=None, use_legacy_format=False):
    """A schedule from what `serialize` or any Keras wrote."""
    return reg.deserialize(config, custom_objects)


__all__ = [
    "CosineDecay", "CosineDecayRestarts", "ExponentialDecay", "InverseTimeDecay", "LearningRateSchedule",
    "PiecewiseConstantDecay", "PolynomialDecay", "deserialize", "serialize",
]  # fmt: skip
