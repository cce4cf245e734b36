"""The learning rate and the step counter of an optimizer."""

import inspect

from .host import HostVariable, ScheduledRate
from .schedules import LearningRateSchedule
from .schedules import deserialize as deserialize_schedule
from .schedules import serialize as serialize_schedule


class Rates:
    """The part of `Optimizer` that reads and sets `learning_rate` (`lr`) and `iterations`."""

    def _build_learning_rate(self, rate):
        if isinstance(rate, dict):
            rate = deserialize_schedule(rate)
        if isinstance(rate, LearningRateSchedule) or (callable(rate) and not hasattr(rate, "numpy")):
            return rate
        return HostVariable(rate, name="learning_rate")

    @property
    def learning_rate(self):
        """The rate, a scalar that can be assigned; with a schedule (`optimizer._learning_rate`), its value now."""
        if self._traced is not None:
            return self._traced["learning_rate"]
        if self._learning_rate is None:
            raise ValueError(f"Optimizer {self.name!r} has no learning rate: pass learning_rate=... when creating it.")
        return self._learning_rate if isinstance(self._learning_rate, HostVariable) else ScheduledRate(self)

    @learning_rate.setter
    def learning_rate(self, value):
        new = self._build_learning_rate(value)
        old = self._learning_rate
        if not isinstance(new, HostVariable) or old is None:
            self._learning_rate = new
        elif isinstance(old, HostVariable):
            old.assign(new.number)
        else:
            ScheduledRate(self).assign(new)

    @property
    def lr(self):
        return self.learning_rate

    @lr.setter
    def lr(self, value):
        self.learning_rate = value

    def schedule_value(self, step):
        """The learning rate of a step counted from 0, before `decay`, as a Python float."""
        rate = self._learning_rate
        if isinstance(rate, HostVariable):
            return rate.number
        if isinstance(rate, LearningRateSchedule):
            return rate.value_at(step)
        if rate is None:
            return float(self.learning_rate)  # raises, naming the optimizer
        parameters = inspect.signature(rate).parameters.values()
        needed = [
            p for p in parameters if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        ]
        return float(rate(step)) if needed else float(rate())

    @property
    def iterations(self):
        """Number of steps taken, an int64 scalar."""
        return self._iterations if self._traced is None else self._traced["iterations"]

    @iterations.setter
    def iterations(self, value):
        self._iterations.assign(int(value))

    def _serialize_hyperparameter(self, value):
        if isinstance(value, str):
            value = getattr(self, value)
        if isinstance(value, LearningRateSchedule):
            return serialize_schedule(value)
        if isinstance(value, HostVariable):
            return value.number
        return float(value.numpy()) if hasattr(value, "numpy") else value() if callable(value) else value
