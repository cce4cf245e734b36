"""Loops, branches and gradients."""

import threading

import tensorflow as tf


class _Depth(threading.local):
    """How many calls of `value_and_grad` stand within each other."""

    value = 0


_depth = _Depth()


def _symbolic(*tensors):
    return not tf.executing_eagerly() or any(tf.is_symbolic_tensor(t) for t in tensors)


def _dense(gradient):
    return tf.convert_to_tensor(gradient)  # gather's gradient comes as IndexedSlices


class Control:
    def _nested(self):
        """Whether a gradient of a gradient is being taken."""
        return _depth.value > 1

    def scan(self, step, init, xs, length, reverse):
        order = range(length - 1, -1, -1) if reverse else range(length)
        if not length:
            _, ys = step(list(init), [tf.zeros(x.shape[1:], x.dtype) for x in xs])
            return list(init), [tf.zeros((0, *y.shape), y.dtype) for y in ys]
        if length == 1 or tf.executing_eagerly():
            carry, out = list(init), [None] * length
            for t in order:
                carry, out[t] = step(carry, [x[t] for x in xs])
            return list(carry), [tf.stack(ys) for ys in zip(*out)]
        inputs = [tf.TensorArray(x.dtype, length, element_shape=x.shape[1:]).unstack(x) for x in xs]

        def body(n, carry, outputs):
            t = length - 1 - n if reverse else n
            carry, ys = step(list(carry), [x.read(t) for x in inputs])
            return n + 1, tuple(carry), tuple(o.write(t, y) for o, y in zip(outputs, ys))

        # The first step stands before the loop: it tells how many outputs there are, and of what shape.
        carry, ys = step(list(init), [x.read(order[0]) for x in inputs])
        outputs = tuple(
            tf.TensorArray(y.dtype, length, element_shape=y.shape, clear_after_read=False).write(order[0], y)
            for y in ys
        )
        state = (tf.constant(1), tuple(carry), outputs)
        # XLA needs the bound for the gradient; elsewhere it is one more counter at every step.
        bound = length - 1 if self.jit_compile else None
        _, carry, outputs = tf.while_loop(
            lambda n, *_: n < length, body, state, parallel_iterations=32, maximum_iterations=bound
        )
        return list(carry), [o.stack() for o in outputs]

    def while_loop(self, condition, body, state):
        state = list(state)
        if not tf.executing_eagerly():
            return list(tf.while_loop(lambda *s: condition(list(s)), lambda *s: tuple(body(list(s))), tuple(state)))
        while condition(state):
            state = list(body(state))
        return state

    def cond(self, predicate, if_true, if_false):
        if isinstance(predicate, tf.Tensor) and _symbolic(predicate):
            return tf.cond(predicate, if_true, if_false)
        return if_true() if predicate else if_false()

    def value_and_grad(self, function):
        def run(params, *rest):
            params = list(params)
            _depth.value += 1
            try:
                with tf.GradientTape(watch_accessed_variables=False) as tape:
                    tape.watch(params)
                    loss, aux = function(params, *rest)
            finally:
                _depth.value -= 1
            grads = tape.gradient(loss, params, unconnected_gradients=tf.UnconnectedGradients.ZERO)
            return (loss, aux), [_dense(g) for g in grads]

        return run

    def custom_gradient(self, forward, backward):
        @tf.custom_gradient
        def call(*xs):
            y, residuals = forward(*xs)

            def pull(dy):
                return tuple(dx if x.dtype.is_floating else None for x, dx in zip(xs, backward(residuals, _dense(dy))))

            return y, pull

        return call
