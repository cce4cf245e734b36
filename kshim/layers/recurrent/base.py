"""`RNN`: any cell over a sequence, with masks, states and every way of Keras to pass them."""

from ... import ops, tree
from ...engine.arguments import any_keras
from ...engine.context import context
from ...engine.layer import Layer
from ...engine.tensor import KerasTensor, Tensor
from ...engine.variable import Variable


def as_list(x):
    return [] if x is None else list(x) if isinstance(x, (list, tuple)) else [x]


class RNN(Layer):
    """A recurrent layer around `cell`: an object with `call(inputs, states)`, `state_size` and optionally `output_size`,
    or a list of such cells.

    Input shape: (batch, time, ...). Output: the last output (batch, units), or all of them (batch, time, units) with
    `return_sequences`; followed by the last states with `return_state`. `go_backwards` reads the sequence from its end and
    gives outputs in that order. `stateful` keeps the states from one batch to the next (fixed batch size).
    """

    def __init__(self, cell, return_sequences=False, return_state=False, go_backwards=False, stateful=False, unroll=False, time_major=False, zero_output_for_mask=False, **kwargs):  # fmt: skip
        if isinstance(cell, (list, tuple)):
            cell = StackedRNNCells(cell)
        if not hasattr(cell, "call") or not hasattr(cell, "state_size"):
            raise ValueError(
                f"The RNN cell should have a `call` method and a `state_size` attribute. Received: cell={cell!r} of type {type(cell).__name__}."
            )
        kwargs.pop("implementation", None)
        super().__init__(**kwargs)
        self.cell = cell
        self.return_sequences, self.return_state = bool(return_sequences), bool(return_state)
        self.go_backwards, self.unroll = bool(go_backwards), bool(unroll)
        self.time_major, self.zero_output_for_mask = bool(time_major), bool(zero_output_for_mask)
        self.stateful = bool(stateful)
        self.supports_masking = True
        self._state_variables = []
        self.input_spec = None

    @property
    def state_size(self):
        return self.cell.state_size

    @property
    def states(self):
        """The kept states of a stateful layer; as many None if it keeps none (yet)."""
        return tuple(self._state_variables) or [None] * len(as_list(self.cell.state_size))

    @states.setter
    def states(self, values):
        self.reset_states(list(values))

    def build(self, input_shape):
        constants = []
        if isinstance(input_shape, list) and input_shape and not isinstance(input_shape[0], (int, type(None))):
            n = getattr(self, "_num_constants", 0)
            constants = [tuple(s) for s in input_shape[len(input_shape) - n :]] if n else []
            input_shape = input_shape[0]
        step_shape = tuple(input_shape[:1]) + tuple(input_shape[2:])
        if isinstance(self.cell, Layer) and not self.cell.built:
            self.cell._build_with([step_shape, *constants] if constants else step_shape)
        elif (
            not isinstance(self.cell, Layer) and hasattr(self.cell, "build") and not getattr(self.cell, "built", False)
        ):
            self.cell.build([step_shape, *constants] if constants else step_shape)
        if self.stateful and not self._state_variables and (input_shape[0] or (self._batch_input_shape or (None,))[0]):
            self._make_states(input_shape[0])
        self.built = True

    def _make_states(self, batch):
        if batch is None and self._batch_input_shape is not None:
            batch = self._batch_input_shape[0]
        if batch is None or batch in context.hidden_sizes:
            raise ValueError(
                f"If an RNN is stateful, it needs to know its batch size (layer {self.name!r}). Specify it with `batch_input_shape` on the first layer "
                "of a Sequential model, or `batch_shape` of Input()."
            )
        saved, context.symbolic = context.symbolic, 0  # states are real even while shapes flow
        try:
            zeros = self._initial_states_of(batch, None)
        finally:
            context.symbolic = saved
        self._state_variables = [
            Variable(z.numpy(), z.dtype, trainable=False, name=f"state_{i}") for i, z in enumerate(tree.flatten(zeros))
        ]
        self._tracked_variables = [v for v in self._tracked_variables if not any(v is s for s in self._state_variables)]
        self._tracked.pop("_state_variables", None)

    def __call__(self, inputs, initial_state=None, constants=None, **kwargs):
        if (
            isinstance(inputs, (list, tuple))
            and initial_state is None
            and constants is None
            and len(inputs) > 1
            and all(isinstance(t, (Tensor, Variable)) or hasattr(t, "shape") for t in inputs)
        ):
            n = self._num_constants = getattr(self, "_num_constants", 0)
            inputs, initial_state, constants = (
                inputs[0],
                list(inputs[1 : len(inputs) - n]) or None,
                list(inputs[len(inputs) - n :]) if n else None,
            )
        states, extra = as_list(initial_state), as_list(constants)
        if extra:
            self._num_constants = len(extra)
        if states or extra:
            if any_keras([*states, *extra]):
                return super().__call__([inputs, *states, *extra], **kwargs)
            given = {"initial_state": states, "constants": extra}
            return super().__call__(inputs, **{k: v for k, v in given.items() if v}, **kwargs)
        return super().__call__(inputs, **kwargs)

    def call(self, inputs, mask=None, training=None, initial_state=None, constants=None):
        if isinstance(inputs, (list, tuple)):
            n = getattr(self, "_num_constants", 0)
            rest = list(inputs[1:])
            constants = rest[len(rest) - n :] if n else constants
            initial_state = (rest[: len(rest) - n] if n else rest) or None
            inputs = inputs[0]
        mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        if self.time_major:
            inputs = ops.swapaxes(inputs, 0, 1)
        if initial_state is not None:
            states = [ops.convert_to_tensor(s) for s in initial_state]
        elif self.stateful:
            if not self._state_variables:
                self._make_states(inputs.shape[0])
            states = [v.value for v in self._state_variables]
        else:
            states = self._initial_states_of(inputs.shape[0], inputs)
        sequence, last, states = self._run(inputs, states, mask, training, constants)
        if self.stateful:
            for variable, value in zip(self._state_variables, tree.flatten(states)):
                variable.assign(value)
        out = sequence if self.return_sequences else last
        if self.time_major and self.return_sequences:
            out = ops.swapaxes(out, 0, 1)
        return [out, *states] if self.return_state else out

    def _initial_states_of(self, batch, inputs):
        get = getattr(self.cell, "get_initial_state", None)
        if get is not None:
            for arguments in (
                {"batch_size": batch, "dtype": self.compute_dtype, "inputs": inputs},
                {"batch_size": batch},
                {},
            ):
                try:
                    states = get(**arguments)
                    break
                except TypeError:
                    if not arguments:
                        raise
            return as_list(states)
        sizes = self.cell.state_size if isinstance(self.cell.state_size, (list, tuple)) else [self.cell.state_size]
        return [ops.zeros((batch, *(s if isinstance(s, (list, tuple)) else (s,))), self.compute_dtype) for s in sizes]

    def get_initial_state(self, inputs=None, batch_size=None):
        """The states a sequence begins with when none are given: a list, for a batch like `inputs` or of `batch_size`."""
        if isinstance(inputs, (int, type(None))):  # Keras 3 passes the batch size
            return self._initial_states_of(batch_size if inputs is None else inputs, None)
        if not isinstance(inputs, KerasTensor):
            return self._initial_states_of(inputs.shape[1 if self.time_major else 0], inputs)
        wanted = self._initial_states_of(1, None)
        sums = ops.sum(
            ops.cast(inputs, self.compute_dtype),
            axis=tuple(i for i in range(len(inputs.shape)) if i != (1 if self.time_major else 0)),
        )
        column = ops.zeros_like(sums)
        return [ops.tile(ops.reshape(column, (-1, *(1,) * (len(w.shape) - 1))), (1, *w.shape[1:])) for w in wanted]

    def _run(self, inputs, states, mask, training, constants):
        """(all outputs, last output, last states) by stepping the cell."""
        keywords = {"training": training} if _takes(self.cell, "training") else {}
        if constants is not None:
            keywords["constants"] = constants
        cell = self.cell if callable(self.cell) else self.cell.call

        def step(x, held):
            out, new = cell(x, held, **keywords)
            return out, as_list(new)

        return scan_cell(step, inputs, states, mask, self.go_backwards, self._zero_outputs())

    def _zero_outputs(self):
        """Masked steps give zeros only where all outputs are asked for; a last output is the last valid one."""
        return self.zero_output_for_mask and self.return_sequences

    def compute_mask(self, inputs, mask=None):
        mask = mask[0] if isinstance(mask, (list, tuple)) else mask
        out = mask if self.return_sequences else None
        return [out] + [None] * len(as_list(self.cell.state_size)) if self.return_state else out

    def reset_states(self, states=None):
        """Set the states of a stateful layer to zeros, or to the given arrays."""
        if not self.stateful:
            raise AttributeError(f"Layer {self.name!r} must be stateful to reset its states.")
        if not self._state_variables:
            if states is None:
                return
            self._make_states(as_list(states)[0].shape[0])
        import numpy as np

        values = [np.zeros(tuple(v.shape)) for v in self._state_variables] if states is None else as_list(states)
        if len(values) != len(self._state_variables):
            raise ValueError(
                f"Layer {self.name!r} expects {len(self._state_variables)} states, but it received {len(values)} state values."
            )
        for variable, value in zip(self._state_variables, values):
            variable.assign(value)

    reset_state = reset_states

    def get_config(self):
        config = super().get_config()
        config.update(
            return_sequences=self.return_sequences, return_state=self.return_state, go_backwards=self.go_backwards,
            stateful=self.stateful, unroll=self.unroll,
        )  # fmt: skip
        if self.time_major:  # only tf.keras 2 knows it
            config["time_major"] = True
        if self.zero_output_for_mask:
            config["zero_output_for_mask"] = True
        if getattr(self, "_num_constants", 0):
            config["num_constants"] = self._num_constants
        if type(self) is RNN:
            from .. import registry

            config["cell"] = registry.serialize(self.cell)
        return config

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        constants = config.pop("num_constants", 0)
        if isinstance(config.get("cell"), dict):
            from .. import registry

            config["cell"] = registry.deserialize(config["cell"], custom_objects)
        layer = super().from_config.__func__(cls, config)
        if constants:
            layer._num_constants = constants
        return layer


def _takes(cell, name):
    import inspect

    parameters = inspect.signature(cell.call).parameters
    return name in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())


def scan_cell(step, inputs, states, mask, reverse, zero_output):
    """`step(x_t, states) -> (output, states)` over axis 1 of `inputs` (a tree).

    Where the mask is False the states stay and the output repeats the previous one (zeros if `zero_output`, or at the
    start). Returns (outputs (batch, time, ...) in processing order, last output, states).
    """
    major = tree.map_structure(lambda t: ops.swapaxes(t, 0, 1), inputs)
    length = tree.flatten(major)[0].shape[0]
    xs = [major]
    if mask is not None:
        xs.append(ops.swapaxes(ops.cast(mask, "bool"), 0, 1))

    def body(carry, items):
        previous, held = carry
        out, new = step(items[0], held)
        if mask is not None:
            keep = items[1]
            out = _choose(keep, out, ops.zeros_like(out) if zero_output else previous)
            new = [_choose(keep, n, o) for n, o in zip(new, held)]
        return (out if mask is not None else previous, new), out

    if mask is not None:
        # the first output's shape is needed for the carry: found on shapes alone
        first = _output_like(step, tree.map_structure(lambda t: t[0], major), states)
    else:
        first = ops.zeros((1,), "float32")
    (_, states), ys = ops.scan(body, (first, list(states)), xs, length=length, reverse=reverse)
    if reverse:
        ys = ops.flip(ys, 0)
    return ops.swapaxes(ys, 0, 1), ys[-1], list(states)


def _output_like(step, x, states):
    from ...engine.symbolic import symbolic_scope
    from ...spec.shapes import ShapeDtype

    def shaped(t):
        return Tensor(ShapeDtype(tuple(t.shape), str(t.dtype)))

    with symbolic_scope():
        out, _ = step(tree.map_structure(shaped, x), [shaped(s) for s in states])
    return ops.zeros(tuple(out.shape), out.dtype)


def _choose(keep, new, old):
    keep = ops.reshape(keep, tuple(keep.shape) + (1,) * (len(new.shape) - len(keep.shape)))
    return ops.where(keep, new, old)


class StackedRNNCells(Layer):
    """Several cells as one: each reads the output of the one before."""

    def __init__(self, cells, reverse_state_order=False, **kwargs):
        super().__init__(**kwargs)
        self.reverse_state_order = bool(reverse_state_order)
        for cell in cells:
            if not hasattr(cell, "call") or not hasattr(cell, "state_size"):
                raise ValueError(
                    f"All cells must have a `call` method and a `state_size` attribute. Received: {cell!r}."
                )
        self.cells = list(cells)

    @property
    def state_size(self):
        return tuple(s for cell in self._state_order() for s in as_list(cell.state_size))

    def _state_order(self):
        """The cells as their states are listed: the last cell's first if `reverse_state_order` (Keras before 2.2)."""
        return self.cells[::-1] if self.reverse_state_order else self.cells

    @property
    def output_size(self):
        last = self.cells[-1]
        return getattr(last, "output_size", None) or as_list(last.state_size)[0]

    def build(self, input_shape):
        constants = []
        if isinstance(input_shape, list):
            input_shape, constants = input_shape[0], list(input_shape[1:])
        for cell in self.cells:
            if not getattr(cell, "built", False) and hasattr(cell, "build"):
                shape = (
                    [tuple(input_shape), *constants] if constants and _takes(cell, "constants") else tuple(input_shape)
                )
                if isinstance(cell, Layer):
                    cell._build_with(shape)
                else:
                    cell.build(shape)
            size = getattr(cell, "output_size", None) or as_list(cell.state_size)[0]
            input_shape = (input_shape[0], *as_list(size))
        self.built = True

    def get_initial_state(self, batch_size=None, dtype=None, inputs=None):
        out = []
        for cell in self._state_order():
            if hasattr(cell, "get_initial_state"):
                out.extend(as_list(cell.get_initial_state(batch_size=batch_size, dtype=dtype)))
            else:
                out.extend(ops.zeros((batch_size, n), dtype) for n in as_list(cell.state_size))
        return out

    def call(self, inputs, states, training=None, constants=None):
        held_of, new_of, at = {}, {}, 0
        for cell in self._state_order():
            n = len(as_list(cell.state_size))
            held_of[id(cell)] = list(states[at : at + n])
            at += n
        for cell in self.cells:
            keywords = {"training": training} if _takes(cell, "training") else {}
            if constants is not None and _takes(cell, "constants"):
                keywords["constants"] = constants
            inputs, held = (cell if callable(cell) else cell.call)(inputs, held_of[id(cell)], **keywords)
            new_of[id(cell)] = as_list(held)
        return inputs, [s for cell in self._state_order() for s in new_of[id(cell)]]

    def get_config(self):
        from .. import registry

        config = {**super().get_config(), "cells": [registry.serialize(c) for c in self.cells]}
        return {**config, "reverse_state_order": True} if self.reverse_state_order else config

    @classmethod
    def from_config(cls, config, custom_objects=None):
        from .. import registry

        config = dict(config)
        config["cells"] = [registry.deserialize(c, custom_objects) for c in config.pop("cells")]
        return cls(**config)
