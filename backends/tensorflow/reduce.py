"""Reductions and running sums. TensorFlow keeps dtypes, lets NaN through, and shares gradients among ties."""

import tensorflow as tf


def _reduction(function):
    def call(self, x, axes, keepdims):
        return function(x, list(axes), keepdims) if axes else x

    return call


class Reduce:
    sum = _reduction(tf.reduce_sum)
    prod = _reduction(tf.reduce_prod)
    max = _reduction(tf.reduce_max)
    min = _reduction(tf.reduce_min)
    any = _reduction(tf.reduce_any)
    all = _reduction(tf.reduce_all)

    def argmax(self, x, axis):
        if x.dtype == tf.bool:
            x = tf.cast(x, tf.int8)
        best = tf.argmax(x, axis, output_type=tf.int32)
        if not x.dtype.is_floating:
            return best
        # TensorFlow passes over NaN; as in NumPy the first NaN is the largest.
        nan = tf.math.is_nan(x)
        first = tf.argmax(tf.cast(nan, tf.int8), axis, output_type=tf.int32)
        return tf.where(tf.reduce_any(nan, axis), first, best)

    def cumsum(self, x, axis):
        return tf.cumsum(x, axis)

    def cumprod(self, x, axis):
        # By doubling, so that the gradient holds where x is 0 (TensorFlow's own divides by x).
        length, shift = x.shape[axis], 1
        while shift < length:
            head, tail = tf.split(x, [shift, length - shift], axis)
            front, _ = tf.split(x, [length - shift, shift], axis)
            x = tf.concat([head, tail * front], axis)
            shift *= 2
        return x
