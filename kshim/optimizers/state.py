"""An optimizer's variables: slots, their order in files, and the orders of other versions of Keras."""

from functools import partial

import numpy as np

from ..engine.context import context
from ..engine.tensor import Tensor
from ..engine.undrawn import Undrawn
from ..engine.variable import Variable


class VariableList(list):
    """A list that may be called (`optimizer.variables()` of Keras 2)."""

    def __call__(self):
        return self


class OptimizerState:
    """The part of `Optimizer` that creates, lists, stores and restores its variables."""

    def _init_state(self):
        self._trained = []
        self._index_of = self._index_dict = {}
        self._slots = {}
        self._extra = []
        self.built = False

    def slot_value(self, slot, variable):
        """Initial value of a slot, a NumPy array."""
        return np.zeros(tuple(variable.shape), _host_dtype(variable.dtype))

    def build(self, var_list):
        """Create the slots of these variables; called again for the same ones it does nothing.

        For another list (layers were frozen or added, or the optimizer serves a new model) variables known before keep
        their slots and the others get new ones.
        """
        variables = list(var_list)
        if (
            self.built
            and len(variables) == len(self._trained)
            and all(a is b for a, b in zip(variables, self._trained))
        ):
            return
        names = [*(["average"] if self.use_ema else []), *(n for group in self.slot_groups for n in group)]
        old, known = self._slots, self._index_of
        self._slots = {
            name: [old[name][known[id(v)]] if id(v) in known else self._make_slot(name, v) for v in variables]
            for name in names
        }
        self._trained, self._extra, self._built = variables, [], False
        self._index_of = self._index_dict = {id(v): i for i, v in enumerate(variables)}
        self.built = True

    def _make_slot(self, name, variable):
        value = variable.numpy() if name == "average" else self._initial(name, variable)
        path = f"{self.name}/{name}/{getattr(variable, 'path', variable.name)}"
        return Variable(value, str(variable.dtype), trainable=False, name=f"{name}/{variable.name}", path=path)

    def _initial(self, slot, variable):
        """The initial value of a slot; one that a class says, which may have any shape, at once."""
        if context.undrawn is None or type(self).slot_value is not OptimizerState.slot_value:
            return self.slot_value(slot, variable)
        return Undrawn(variable.shape, partial(self.slot_value, slot, variable))

    @property
    def slots(self):
        """Slot name -> list of variables, one for each trained variable.

        What a user's subclass creates in its `build` is one group, "state", in the order of creation.
        """
        return {**self._slots, "state": self._extra} if self._extra else self._slots

    def _index(self, variable):
        found = self._index_of.get(id(variable))
        if found is None:
            raise KeyError(
                f"Optimizer {self.name!r} was not built for variable {getattr(variable, 'path', variable.name)!r}. "
                "Call optimizer.build(variables) with all trainable variables first, or use one optimizer per group."
            )
        return found

    _get_variable_index = _index

    def _var_key(self, variable):
        return id(variable)

    # for subclasses written for Keras ----------------------------------------------------------------------
    def add_variable_from_reference(
        self, model_variable=None, variable_name=None, shape=None, initial_value=None, **kwargs
    ):
        """A new state variable of the shape and dtype of `model_variable`, zeros unless `initial_value` is given.

        Keras 3's `reference_variable`, `name` and `initializer` are understood.
        """
        reference = kwargs.pop("reference_variable", model_variable)
        name = kwargs.pop("name", variable_name) or "slot"
        initializer = kwargs.pop("initializer", None)
        if kwargs:
            raise TypeError(f"add_variable_from_reference() got an unexpected keyword argument {next(iter(kwargs))!r}.")
        shape = tuple(reference.shape) if shape is None else tuple(shape)
        if initial_value is None and initializer not in (None, "zeros"):
            initial_value = _draw(initializer, shape, reference.dtype)
        if initial_value is None:
            initial_value = np.zeros(shape, _host_dtype(reference.dtype))
        path = f"{self.name}/{name}/{getattr(reference, 'path', reference.name)}"
        variable = Variable(
            np.asarray(initial_value), str(reference.dtype), False, f"{name}/{reference.name}", path=path
        )
        self._extra.append(variable)
        return variable

    def add_variable(self, shape=(), initializer="zeros", dtype=None, name=None, **kwargs):
        """A new state variable."""
        shape = () if shape is None else tuple(shape)
        if dtype is None:
            from ..config import floatx

            dtype = floatx()
        variable = Variable(
            _draw(initializer, shape, dtype), str(dtype), False, name or "variable", path=f"{self.name}/{name}"
        )
        self._extra.append(variable)
        return variable

    add_weight = add_variable

    @staticmethod
    def assign(variable, value):
        variable.assign(value)

    @staticmethod
    def assign_add(variable, value):
        variable.assign_add(value)

    @staticmethod
    def assign_sub(variable, value):
        variable.assign_sub(value)

    # listing -----------------------------------------------------------------------------------------------
    def _slot_variables(self):
        """All slot variables in the order of files (tf_keras 2.11 and later)."""
        out = list(self._slots.get("average", ()))
        for group in self.slot_groups:
            for column in zip(*(self._slots[name] for name in group if name in self._slots)):
                out.extend(v for name, v in zip(group, column) if self.stored(name, v))
        return out + list(self._extra)

    def stored(self, slot, variable):
        """Whether a slot variable appears in `variables` and files (placeholders do not)."""
        return True

    @property
    def variables(self):
        """The step counter, then the slots in the order of files. May be called, too."""
        return VariableList([self._iterations, *self._slot_variables()])

    weights = variables

    def get_weights(self):
        """Values of `variables`, as NumPy arrays."""
        return [v.numpy() for v in self.variables]

    # restoring ---------------------------------------------------------------------------------------------
    def set_weights(self, weights):
        """Set `variables` from arrays in their order; the order of Keras 3 (with a learning rate second) is understood.

        `ValueError` if the optimizer is not built, or if number or shapes differ.
        """
        if not self.built:
            raise ValueError(
                f"Optimizer {self.name!r} has no variables yet: call optimizer.build(trainable_variables) "
                "before set_weights()."
            )
        weights, variables = list(weights), self.variables
        rate = None
        if len(weights) == len(variables) + 1 and np.shape(weights[1]) == ():
            rate = weights.pop(1)
        if len(weights) != len(variables):
            raise ValueError(f"Optimizer {self.name!r} has {len(variables)} variables; received {len(weights)} arrays.")
        for variable, value in zip(variables, weights):
            if tuple(variable.shape) != tuple(np.shape(value)):
                raise ValueError(
                    f"Optimizer variable {variable.path!r} has shape {tuple(variable.shape)}; "
                    f"received an array of shape {np.shape(value)}."
                )
        for variable, value in zip(variables, weights):
            variable.assign(np.asarray(value))
        if rate is not None and hasattr(self._learning_rate, "assign"):
            self._learning_rate.assign(float(rate))

    def set_weights_by_slot(self, weights):
        """Set state written by Keras up to 2.10: the step counter (if any), then all of one slot, then all of the next.

        Trailing dummies, such as Adam's unused maxima in Keras 2, are ignored. Returns whether the arrays fitted.
        """
        weights = [np.asarray(w) for w in weights]
        columns = [self._slots[name] for group in self.slot_groups for name in group]
        flat = [v for column in columns for v in column]
        step = weights.pop(0) if len(weights) > len(flat) and weights[0].shape == () else None
        values = weights[: len(flat)]
        if len(values) < len(flat) or any(tuple(v.shape) != w.shape for v, w in zip(flat, values)):
            return False
        for variable, value in zip(flat, values):
            variable.assign(value)
        if step is not None:
            self._iterations.assign(int(step))
        return True

    def save_own_variables(self, store):
        """Write `variables` into a mapping under "0", "1", ... (Keras's weight files)."""
        for i, variable in enumerate(self.variables):
            store[str(i)] = variable.numpy()

    def load_own_variables(self, store):
        """Read what `save_own_variables`, of kshim or Keras, wrote. `ValueError` if it does not fit."""
        self.set_weights([np.asarray(store[str(i)]) for i in range(len(store.keys()))])

    def finalize_variable_values(self, var_list):
        """After training with `use_ema`: the moving averages replace the weights."""
        if not self.use_ema:
            return
        for variable in var_list:
            variable.assign(Tensor(self._slots["average"][self._index(variable)].native))


def _host_dtype(dtype):
    return "float32" if dtype == "bfloat16" else str(dtype)


def _draw(initializer, shape, dtype):
    from .. import initializers

    return initializers.draw(initializers.get(initializer), shape, _host_dtype(dtype))
