"""`Metric`, the base class of metrics: state in variables, assigned by `update_state` and read by `result`.

Only ops and `Variable.assign` are used, so a metric works eagerly, in a compiled step and while shapes are worked out.
"""

import numpy as np

from .. import config
from ..engine.arguments import any_keras
from ..engine.names import unique_name
from ..engine.objects import Registry, snake_case
from ..engine.tracking import Tracked
from ..engine.variable import Variable
from ..spec.dtypes import standardize

reg = Registry("metric", "keras.metrics")


class Metric(Tracked):
    """Base class: a subclass makes its state with `add_weight` in `__init__` and defines `update_state` and `result`.

    State that depends on shapes is made in `build(y_true_shape, y_pred_shape)`, with `built` False until then. `name` defaults to the class name in snake case, numbered; `dtype` to `floatx`. Metrics kept as attributes are part
    of the state.
    """

    stateful = True
    trainable = False

    def __init__(self, name=None, dtype=None, **kwargs):
        self._init_tracking()
        kwargs.pop("dynamic", None)
        kwargs.pop("trainable", None)
        if kwargs:
            raise TypeError(f"{type(self).__name__}() got an unexpected keyword argument {next(iter(kwargs))!r}.")
        self._name = name or unique_name(snake_case(type(self).__name__))
        self._dtype = config.floatx() if dtype is None else _dtype_name(dtype)
        self.built = True

    @property
    def name(self):
        return self._name

    @name.setter
    def name(self, value):
        self._name = value

    @property
    def dtype(self):
        return self._dtype

    # state -------------------------------------------------------------------------------------------------
    def add_weight(self, *args, **kwargs):
        """A state variable, zeros unless an initializer is given.

        Takes name, shape, initializer and dtype by keyword; by position Keras 2's order (name, shape, aggregation,
        synchronization, initializer, dtype) or, if a shape comes first, Keras 3's (shape, initializer, dtype, name).
        """
        from .. import initializers

        two = ("name", "shape", "aggregation", "synchronization", "initializer", "dtype")
        three = ("shape", "initializer", "dtype", "name")
        order = two if args and isinstance(args[0], str) or not args else three
        options = dict(zip(order, args))
        unknown = [k for k in kwargs if k in options or k not in (*two, "trainable")]
        if unknown or len(args) > len(order):
            raise TypeError(
                f"add_weight() of metric {self.name!r} got unexpected arguments {unknown or args[len(order) :]}."
            )
        options.update(kwargs)
        name, shape, dtype = options.get("name") or "weight", options.get("shape"), options.get("dtype")
        shape = (int(shape),) if isinstance(shape, (int, np.integer)) else tuple(shape or ())
        dtype = self._dtype if dtype is None else _dtype_name(dtype)
        initializer = initializers.get(options.get("initializer") or "zeros")
        value = initializers.draw(initializer, shape, "float32" if dtype == "bfloat16" else dtype)
        variable = Variable(value, dtype, trainable=False, name=name, path=f"{self.name}/{name}")
        self._track_variable(variable)
        return variable

    add_variable = add_weight

    @property
    def variables(self):
        """The state: own variables, then those of metrics kept as attributes."""
        found = list(self._variables)
        for metric in self._submetrics():
            found += [v for v in metric.variables if not any(v is w for w in found)]
        return found

    weights = non_trainable_weights = non_trainable_variables = variables
    trainable_weights = trainable_variables = property(lambda self: [])

    def _submetrics(self):
        for value in self._tracked.values():
            for item in value if isinstance(value, (list, tuple)) else (value,):
                if isinstance(item, Metric):
                    yield item

    def get_weights(self):
        return [v.numpy() for v in self.variables]

    def set_weights(self, weights):
        variables = self.variables
        if len(weights) != len(variables):
            raise ValueError(f"Metric {self.name!r} has {len(variables)} variables; received {len(weights)} arrays.")
        for variable, value in zip(variables, weights):
            variable.assign(value)

    # use ---------------------------------------------------------------------------------------------------
    def update_state(self, *args, **kwargs):
        raise NotImplementedError(f"Metric {type(self).__name__} must define update_state().")

    def result(self):
        raise NotImplementedError(f"Metric {type(self).__name__} must define result().")

    def __call__(self, *args, **kwargs):
        """`update_state`, then `result`. `TypeError` for symbolic tensors."""
        if any_keras(args) or any_keras(kwargs.values()):
            raise TypeError(
                f"Metric {self.name!r} was called on a symbolic tensor, which has no value to count. Report the tensor with "
                f"model.add_metric(tensor, name={self.name!r}, aggregation='mean'), or pass the metric to compile(metrics=[...])."
            )
        self.update_state(*args, **kwargs)
        return self.result()

    def reset_state(self):
        """All state to zero. A subclass may override this, or Keras 2.4's `reset_states`."""
        if type(self).reset_states is not Metric.reset_states:
            self.reset_states()
        else:
            self._zero_state()

    def reset_states(self):
        if type(self).reset_state is not Metric.reset_state:
            self.reset_state()
        else:
            self._zero_state()

    def _zero_state(self):
        for v in self.variables:
            v.assign(np.zeros(tuple(v.shape), "float32" if v.dtype == "bfloat16" else str(v.dtype)))

    def merge_state(self, metrics):
        """Add the state of other metrics of the same kind."""
        for metric in metrics:
            if len(metric.variables) != len(self.variables):
                raise ValueError(f"Metric {metric.name!r} cannot be merged into {self.name!r}: their states differ.")
            for own, other in zip(self.variables, metric.variables):
                own.assign_add(other)

    # configuration -----------------------------------------------------------------------------------------
    def get_config(self):
        return {"name": self.name, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config):
        return cls(**config)

    def __deepcopy__(self, memo):
        copy = type(self).from_config(self.get_config())
        memo[id(self)] = copy
        if self.variables:
            copy.set_weights(self.get_weights())
        return copy

    def __repr__(self):
        return f"<{type(self).__name__} name={self.name}>"


def _dtype_name(dtype):
    """Name of a dtype, a policy's variable dtype, or Keras 3's policy config."""
    if isinstance(dtype, dict):
        dtype = dtype.get("config", {}).get("name", "float32")
    for attribute in ("variable_dtype", "as_numpy_dtype"):
        if hasattr(dtype, attribute) and not isinstance(dtype, str):
            dtype = getattr(dtype, attribute)
    dtype = (
        {"mixed_float16": "float32", "mixed_bfloat16": "float32"}.get(dtype, dtype) if isinstance(dtype, str) else dtype
    )
    return standardize(dtype)
