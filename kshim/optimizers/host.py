"""Scalars that live on the host: the learning rate and the step counter.

Kept as Python numbers, so that corrections and decays are computed in float64 and a change never recompiles a step.
To a user they look like variables.
"""

import numpy as np

from ..config import floatx
from ..engine.tensor import Operators, TensorShape, convert, dtype_object
from ..engine.variable import _CallableTensor as CallableTensor
from ..spec.dtypes import is_int


class HostVariable(Operators):
    """A scalar variable on the host: `float(v)`, `v.numpy()`, `v.assign(x)`, arithmetic (which gives tensors)."""

    trainable = False
    constraint = regularizer = None

    def __init__(self, value, dtype=None, name="variable"):
        self._dtype = dtype_object(dtype or floatx())
        self.name = self.path = name
        self._number = self._check(value)

    def _check(self, value):
        try:
            return int(value) if is_int(self._dtype) else float(value)
        except (TypeError, ValueError) as error:
            raise TypeError(f"{self.name} must be a number; received {value!r}.") from error

    @property
    def number(self):
        """The exact Python number."""
        return self._number

    @property
    def shape(self):
        return TensorShape(())

    @property
    def dtype(self):
        return self._dtype

    @property
    def value(self):
        """The value as a tensor (also callable: `v.value()`)."""
        return CallableTensor(convert(self.numpy(), str(self._dtype))._value)

    def read_value(self):
        return self.value

    def numpy(self):
        """The value as a NumPy scalar of the variable's dtype."""
        return np.dtype("float32" if self._dtype == "bfloat16" else str(self._dtype)).type(self.number)

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.numpy(), dtype=dtype)

    def eval(self, session=None):
        return self.numpy()

    def item(self):
        return self.number

    def assign(self, value, **kwargs):
        self._number = self._check(value)
        return self

    def assign_add(self, value, **kwargs):
        return self.assign(self.number + self._check(value))

    def assign_sub(self, value, **kwargs):
        return self.assign(self.number - self._check(value))

    def __float__(self):
        return float(self.number)

    def __int__(self):
        return int(self.number)

    def __index__(self):
        if not is_int(self._dtype):
            raise TypeError(f"{self.name} is a float and cannot be used as an index.")
        return self.number

    def __bool__(self):
        return bool(self.number)

    def __format__(self, spec):
        return format(self.number, spec)

    def __str__(self):
        return str(self.number)

    def __repr__(self):
        return f"<{type(self).__name__} {self.name}, dtype={self._dtype}, value={self.number}>"

    def __deepcopy__(self, memo):
        return type(self)(self.number, self._dtype, self.name)


class ScheduledRate(HostVariable):
    """The learning rate of an optimizer that has a schedule: its value now. Calling it asks the schedule for a step."""

    def __init__(self, optimizer):
        super().__init__(0.0, name="learning_rate")
        self._optimizer = optimizer

    @property
    def number(self):
        return self._optimizer.schedule_value(int(self._optimizer.iterations))

    def __call__(self, step):
        return self._optimizer._learning_rate(step)

    def assign(self, value, **kwargs):
        raise TypeError(
            "This optimizer's learning rate follows a schedule and cannot be set to a number. "
            "Assign another schedule, or create the optimizer with a number as learning_rate."
        )

    def __deepcopy__(self, memo):
        return HostVariable(self.number, self._dtype, self.name)
