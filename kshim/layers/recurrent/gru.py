"""`GRU` (Cho et al. 2014), gates in Keras's order z, r, h."""

from ... import activations, ops
from ...compat import keras1
from .builtin import BuiltinRNN
from .common import Cell, fused_name


class GRUCell(Cell):
    """One step of a GRU. `reset_after` applies the reset gate after the recurrent product, with a bias of its own
    (cuDNN's form, the default since TensorFlow 2); without it the layer is that of Keras 1 and 2."""

    default_name = "gru_cell"
    gates = 3
    own_arguments = ("units", "activation", "recurrent_activation", "use_bias", "reset_after")

    def __init__(
        self, units, activation="tanh", recurrent_activation="sigmoid", use_bias=True, *args, reset_after=True, **kwargs
    ):
        names = ("kernel_initializer", "recurrent_initializer", "bias_initializer")
        kwargs.update(zip(names, args))
        super().__init__(units, activation, use_bias, **kwargs)
        self.recurrent_activation = activations.get(recurrent_activation)
        self.reset_after = bool(reset_after)

    def bias_shape(self):
        return (2, 3 * self.units) if self.reset_after else (3 * self.units,)

    def _biases(self):
        if self.bias is None:
            return None, None
        return (self.bias[0], self.bias[1]) if self.reset_after else (self.bias, None)

    def project(self, x):
        return ops.fused("dense", x, self.kernel, self._biases()[0])

    def advance(self, z, states, h_mask=None):
        old = states[0]
        h = old if h_mask is None else old * h_mask
        n = self.units
        x_zr, x_h = ops.split(z, [2 * n], -1)
        if self.reset_after:
            inner = ops.fused("dense", h, self.recurrent_kernel, self._biases()[1])
            h_zr, h_h = ops.split(inner, [2 * n], -1)
            z, r = ops.split(self.recurrent_activation(x_zr + h_zr), 2, -1)
            new = self.activation(x_h + r * h_h)
        else:
            kernel = self.recurrent_kernel.value
            u_zr, u_h = ops.split(kernel, [2 * n], -1)
            z, r = ops.split(self.recurrent_activation(x_zr + ops.matmul(h, u_zr)), 2, -1)
            new = self.activation(x_h + ops.matmul(r * h, u_h))
        return [z * old + (1.0 - z) * new]

    def fused(self, x, states, reverse):
        names = fused_name(self.activation), fused_name(self.recurrent_activation)
        if None in names:
            return None
        ys, h = ops.fused(
            "gru", x, states[0], self.kernel, self.recurrent_kernel, *self._biases(), *names, self.reset_after, reverse
        )
        return ys, [h]


@keras1.layer
class GRU(BuiltinRNN):
    """Gated recurrent unit; see `RNN` for shapes and the common arguments.

    Arguments: units, activation='tanh', recurrent_activation='sigmoid', use_bias, reset_after=True, initializers,
    regularizers and constraints of kernel, recurrent kernel and bias, dropout, recurrent_dropout.
    """

    cell_class = GRUCell
