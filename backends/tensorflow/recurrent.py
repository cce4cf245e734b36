"""LSTM and GRU: by TensorFlow's kernel for all time steps, where it is there and faster, or by loops with written gradients."""

import tensorflow as tf

from . import loops

#: Inputs and units together up to which the kernel is faster: 0.6 times the loop's time at 65, as long at 192, where the
#: loop's larger products are the better ones.
_WIDEST = 128


@tf.custom_gradient
def _block(x, h, c, weights, bias):
    """(h, c) of every step of x (time, batch, k). TensorFlow's own gradient of the kernel takes its gates in another order."""
    none = tf.zeros_like(bias[: h.shape[1]])
    given = {
        "seq_len_max": tf.constant(x.shape[0], tf.int64),
        **{"x": x, "cs_prev": c, "h_prev": h, "w": weights, "b": bias},
        **{"wci": none, "wcf": none, "wco": none, "use_peephole": False},
    }
    out = tf.raw_ops.BlockLSTMV2(cell_clip=0.0, **given)

    def backward(dh, dc):
        back = tf.raw_ops.BlockLSTMGradV2(**given, **out._asdict(), cs_grad=dc, h_grad=dh)
        return back.x_grad, back.h_prev_grad, back.cs_prev_grad, back.w_grad, back.b_grad

    return (out.h, out.cs), backward


def _in_order(x, reverse):
    """x with time first, in the order of processing."""
    return tf.transpose(tf.reverse(x, [1]) if reverse else x, [1, 0, 2])


class Recurrent:
    def _written(self, names, *tensors):
        """Whether the gradients here are those wanted: of these activations and no second ones, on the CPU and without XLA,
        where they were measured, of floats of one dtype and nothing empty."""
        dtype = tensors[0].dtype
        return (
            names == ("tanh", "sigmoid")
            and not (self._gpu or self.jit_compile or self._nested())
            and dtype in (tf.float32, tf.float64)
            and all(t is None or t.dtype == dtype and t.shape.num_elements() for t in tensors)
        )

    def lstm(self, x, h, c, kernel, recurrent, bias, activation, recurrent_activation, reverse):
        if not self._written((activation, recurrent_activation), x, h, c, kernel, recurrent, bias):
            return NotImplemented
        if x.dtype == tf.float32 and kernel.shape[0] + recurrent.shape[0] <= _WIDEST:
            weights = tf.concat([kernel, recurrent], 0)
            ys, cs = _block(_in_order(x, reverse), h, c, weights, tf.zeros(kernel.shape[1:]) if bias is None else bias)
            return tf.transpose(ys, [1, 0, 2]), ys[-1], cs[-1]
        if tf.executing_eagerly() or x.shape[1] == 1:
            return NotImplemented
        ys, h, c = loops.lstm(_in_order(self.dense(x, kernel, bias), reverse), h, c, recurrent)
        return tf.transpose(ys, [1, 0, 2]), h, c

    def gru(
        self, x, h, kernel, recurrent, bias, recurrent_bias, activation, recurrent_activation, reset_after, reverse
    ):
        weights, names = (kernel, recurrent, bias, recurrent_bias), (activation, recurrent_activation)
        if not reset_after or tf.executing_eagerly() or x.shape[1] == 1 or not self._written(names, x, h, *weights):
            return NotImplemented
        inner = tf.zeros(kernel.shape[1:], x.dtype) if recurrent_bias is None else recurrent_bias
        ys, h = loops.gru(_in_order(self.dense(x, kernel, bias), reverse), h, recurrent, inner)
        return tf.transpose(ys, [1, 0, 2]), h
