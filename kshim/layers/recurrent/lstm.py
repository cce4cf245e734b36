"""`LSTM` (Hochreiter & Schmidhuber 1997), gates in Keras's order i, f, c, o."""

import numpy as np

from ... import activations, ops
from ...compat import keras1
from .builtin import BuiltinRNN
from .common import Cell, fused_name


class LSTMCell(Cell):
    """One step of an LSTM; states [h, c]. `unit_forget_bias` starts the forget gate's bias at 1 (Jozefowicz et al. 2015)."""

    default_name = "lstm_cell"
    gates = 4
    own_arguments = ("units", "activation", "recurrent_activation", "use_bias", "unit_forget_bias")

    def __init__(
        self, units, activation="tanh", recurrent_activation="sigmoid", use_bias=True, unit_forget_bias=True, **kwargs
    ):
        super().__init__(units, activation, use_bias, **kwargs)
        self.recurrent_activation = activations.get(recurrent_activation)
        self.unit_forget_bias = bool(unit_forget_bias)
        self.state_size = [self.units, self.units]

    def bias_start(self):
        if not self.unit_forget_bias:
            return self.bias_initializer

        def start(shape, dtype=None):
            value = np.array(self.bias_initializer(shape, dtype=dtype))
            value[self.units : 2 * self.units] = 1
            return value

        return start

    def advance(self, z, states, h_mask=None):
        h, c = states
        if h_mask is not None:
            h = h * h_mask
        i, f, g, o = ops.split(z + ops.matmul(h, self.recurrent_kernel), 4, -1)
        c = self.recurrent_activation(f) * c + self.recurrent_activation(i) * self.activation(g)
        return [self.recurrent_activation(o) * self.activation(c), c]

    def fused(self, x, states, reverse):
        names = fused_name(self.activation), fused_name(self.recurrent_activation)
        if None in names:
            return None
        ys, h, c = ops.fused("lstm", x, *states, self.kernel, self.recurrent_kernel, self.bias, *names, reverse)
        return ys, [h, c]


@keras1.layer
class LSTM(BuiltinRNN):
    """Long short-term memory; see `RNN` for shapes and the common arguments.

    Arguments: units, activation='tanh', recurrent_activation='sigmoid', use_bias, unit_forget_bias, initializers,
    regularizers and constraints of kernel, recurrent kernel and bias, dropout, recurrent_dropout. States: [h, c].
    """

    cell_class = LSTMCell
