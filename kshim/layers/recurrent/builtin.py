"""`BuiltinRNN`: the layers made from the built-in cells, with the fused ops where the arguments allow them."""

from ...engine.input_spec import InputSpec
from .base import RNN, scan_cell

_RNN_ARGUMENTS = (
    "return_sequences",
    "return_state",
    "go_backwards",
    "stateful",
    "unroll",
    "time_major",
    "zero_output_for_mask",
)


class BuiltinRNN(RNN):
    """Base of SimpleRNN, LSTM and GRU. `cell_class` is the cell; its arguments are attributes of the layer, too."""

    cell_class = None

    def __init__(self, units, *args, **kwargs):
        import inspect

        names = [
            p for p in inspect.signature(self.cell_class.__init__).parameters if p not in ("self", "units", "kwargs")
        ]
        base = [p for c in self.cell_class.__mro__ for p in inspect.signature(c.__init__).parameters]
        names += [p for p in base if p not in names and p in _CELL_ARGUMENTS]
        cell_kwargs = {"units": units}
        for name, value in zip(_ordered(self.cell_class), args):
            cell_kwargs[name] = value
        for name in list(kwargs):
            if name in names and name not in ("name", "dtype", "trainable"):
                cell_kwargs[name] = kwargs.pop(name)
        implementation = kwargs.pop("implementation", 2)
        for key in ("consume_less", "use_cudnn"):
            kwargs.pop(key, None)
        rnn = {k: kwargs.pop(k) for k in _RNN_ARGUMENTS if k in kwargs}
        cell_name = kwargs.get("name")
        cell = self.cell_class(
            name=None if cell_name is None else self.cell_class.default_name, dtype=kwargs.get("dtype"), **cell_kwargs
        )
        cell.name = self.cell_class.default_name
        super().__init__(cell, **rnn, **kwargs)
        self.implementation = implementation
        self.input_spec = InputSpec(ndim=3)

    def __getattr__(self, name):
        if name in _CELL_ATTRIBUTES and "cell" in self.__dict__:
            return getattr(self.cell, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}.")

    def __call__(self, inputs, *args, **kwargs):
        shape = getattr(
            inputs[0] if isinstance(inputs, (list, tuple)) and len(inputs) and hasattr(inputs[0], "shape") else inputs,
            "shape",
            None,
        )
        if shape is not None and len(shape) != 3:
            raise ValueError(
                f"Input 0 of layer {self.name!r} is incompatible with the layer: expected ndim=3, found ndim={len(shape)}. Full shape received: {tuple(shape)}."
            )
        spec, self.input_spec = self.input_spec, None  # checked here: the states that may come along have other ranks
        try:
            return super().__call__(inputs, *args, **kwargs)
        finally:
            self.input_spec = spec

    def _run(self, inputs, states, mask, training, constants):
        cell = self.cell
        if training and cell.dropout:
            inputs = cell.dropped(inputs, cell.dropout, (inputs.shape[0], 1, inputs.shape[2]))
        h_mask = cell.recurrent_mask(states[0]) if training and cell.recurrent_dropout else None
        if mask is None and h_mask is None:
            out = cell.fused(inputs, states, self.go_backwards)
            if out is not None:
                sequence, states = out
                return sequence, states[0], states
        projected = cell.project(inputs)

        def step(z, held):
            new = cell.advance(z, held, h_mask)
            return new[0], new

        return scan_cell(step, projected, states, mask, self.go_backwards, self._zero_outputs())

    def get_config(self):
        return {**super().get_config(), **self.cell.own_config(), "implementation": self.implementation}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        config.pop("cell", None)
        return super().from_config.__func__(cls, config)


_CELL_ATTRIBUTES = frozenset((
    "units", "activation", "recurrent_activation", "use_bias", "unit_forget_bias", "reset_after", "dropout", "recurrent_dropout",
    "kernel_initializer", "recurrent_initializer", "bias_initializer", "kernel_regularizer", "recurrent_regularizer", "bias_regularizer",
    "kernel_constraint", "recurrent_constraint", "bias_constraint", "kernel", "recurrent_kernel", "bias",
))  # fmt: skip
_CELL_ARGUMENTS = _CELL_ATTRIBUTES - {"kernel", "recurrent_kernel", "bias"} | {"seed"}


def _ordered(cell_class):
    """Positional arguments after `units`, in Keras's order."""
    return [
        n for n in (*cell_class.own_arguments[1:], "kernel_initializer", "recurrent_initializer", "bias_initializer")
    ]
