"""Recurrences with written gradients: what a step's gradient needs is computed of all steps at once, and so are the gradients
of the weights, which leaves little to the loop that goes back. (The gradient of a `tf.while_loop` keeps and adds up all
of it step by step.)
"""

import tensorflow as tf


def _along(step, carry, xs, widths, back=False):
    """The last carry, and the outputs (batch, width) of `step(carry, rows)` along the first axis of `xs`; `back`: from its end."""
    length, batch = xs[0].shape[:2]
    inputs = [tf.TensorArray(x.dtype, length, element_shape=x.shape[1:]).unstack(x) for x in xs]
    outputs = [tf.TensorArray(xs[0].dtype, length, element_shape=(batch, width)) for width in widths]

    def body(n, carry, outputs):
        t = length - 1 - n if back else n
        carry, ys = step(list(carry), [x.read(t) for x in inputs])
        return n + 1, tuple(carry), tuple(o.write(t, y) for o, y in zip(outputs, ys))

    state = (tf.constant(0), tuple(carry), tuple(outputs))
    _, carry, outputs = tf.while_loop(lambda n, *_: n < length, body, state, parallel_iterations=1)
    return list(carry), [o.stack() for o in outputs]


def _before(first, states):
    """The state each step began with."""
    return tf.concat([first[None], states[:-1]], 0)


def _product(states, dz):
    """The gradient of a recurrent kernel: the products of all steps as one."""
    rows, columns = (tf.reshape(t, [-1, t.shape[-1]]) for t in (states, dz))
    return tf.matmul(rows, columns, transpose_a=True)


@tf.custom_gradient
def lstm(zs, h, c, recurrent):
    """(h of every step, last h, last c) for the inputs' part `zs` (time, batch, 4 * units) of gates i, f, c, o."""
    units = h.shape[1]

    def step(carry, rows):
        h, c = carry
        z = rows[0] + tf.matmul(h, recurrent)
        gates, g = tf.sigmoid(z), tf.tanh(z[:, 2 * units : 3 * units])
        i, f, _, o = tf.split(gates, 4, 1)
        c = f * c + i * g
        h = o * tf.tanh(c)
        return [h, c], [h, c, gates, g]

    (last_h, last_c), (hs, cs, gates, g) = _along(step, [h, c], [zs], [units, units, 4 * units, units])

    def backward(dhs, dh, dc):
        i, f, _, o = tf.split(gates, 4, 2)
        di, df, _, do = tf.split(gates * (1 - gates), 4, 2)
        top = tf.tanh(cs)
        # From (dc, dc, dc, dh) to the gradient of z; from dh to that of c; from c to the c before.
        slopes = tf.concat([g * di, _before(c, cs) * df, (1 - g * g) * i, top * do, o * (1 - top * top), f], 2)
        turned = tf.transpose(recurrent)

        def back(carry, rows):
            dh, dc = carry
            of_z, of_h, of_c = tf.split(rows[0], [4 * units, units, units], 1)
            dh = dh + rows[1]
            dc = dc + dh * of_h
            dz = of_z * tf.concat([dc, dc, dc, dh], 1)
            return [tf.matmul(dz, turned), dc * of_c], [dz]

        (dh, dc), (dz,) = _along(back, [dh, dc], [slopes, dhs], [4 * units], True)
        return dz, dh, dc, _product(_before(h, hs), dz)

    return (hs, last_h, last_c), backward


@tf.custom_gradient
def gru(zs, h, recurrent, bias):
    """(h of every step, last h) for the inputs' part `zs` (time, batch, 3 * units) of gates z, r, h; reset after the product."""
    units = h.shape[1]

    def step(carry, rows):
        inner = tf.nn.bias_add(tf.matmul(carry[0], recurrent), bias)
        x_gates, x_new = tf.split(rows[0], [2 * units, units], 1)
        i_gates, i_new = tf.split(inner, [2 * units, units], 1)
        gates = tf.sigmoid(x_gates + i_gates)
        z, r = tf.split(gates, 2, 1)
        new = tf.tanh(x_new + r * i_new)
        h = z * carry[0] + (1.0 - z) * new
        return [h], [h, gates, new, i_new]

    (last,), (hs, gates, new, inner) = _along(step, [h], [zs], [units, 2 * units, units, units])

    def backward(dhs, dh):
        (z, r), before = tf.split(gates, 2, 2), _before(h, hs)
        of_new = (1 - z) * (1 - new * new)
        # From dh to the gradients of what z, r and the product for h come from, of x's part of h, and of the h before.
        slopes = tf.concat([(before - new) * z * (1 - z), of_new * inner * r * (1 - r), of_new * r, of_new, z], 2)
        turned = tf.transpose(recurrent)

        def back(carry, rows):
            dh = carry[0] + rows[1]
            of_inner, of_x, through = tf.split(rows[0] * tf.tile(dh, [1, 5]), [3 * units, units, units], 1)
            return [through + tf.matmul(of_inner, turned)], [of_inner, of_x]

        (dh,), (of_inner, of_x) = _along(back, [dh], [slopes, dhs], [3 * units, units], True)
        dz = tf.concat([of_inner[..., : 2 * units], of_x], 2)
        return dz, dh, _product(before, of_inner), tf.reduce_sum(of_inner, [0, 1])

    return (hs, last), backward
