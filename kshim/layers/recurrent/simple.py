"""`SimpleRNN`: h = activation(x W + h U + b)."""

from ... import ops
from ...compat import keras1
from .builtin import BuiltinRNN
from .common import Cell, fused_name


class SimpleRNNCell(Cell):
    """One step of a fully connected recurrent layer; the output is the state."""

    default_name = "simple_rnn_cell"

    def advance(self, z, states, h_mask=None):
        h = states[0] if h_mask is None else states[0] * h_mask
        return [self.activation(z + ops.matmul(h, self.recurrent_kernel))]

    def fused(self, x, states, reverse):
        activation = fused_name(self.activation)
        if activation is None:
            return None
        ys, h = ops.fused(
            "simple_rnn", x, states[0], self.kernel, self.recurrent_kernel, self.bias, activation, reverse
        )
        return ys, [h]


@keras1.layer
class SimpleRNN(BuiltinRNN):
    """Fully connected recurrent layer; see `RNN` for shapes and the common arguments.

    Arguments: units, activation='tanh', use_bias, initializers, regularizers and constraints of kernel, recurrent kernel
    and bias, dropout (of the inputs), recurrent_dropout (of the state; each mask is the same at all steps).
    """

    cell_class = SimpleRNNCell
