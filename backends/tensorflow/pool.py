"""Pooling. Three spatial axes go as two and then one: exact for both kinds, first-of-window ties included."""

import numpy as np
import tensorflow as tf

from kshim.spec.shape_rules import pool, window

from .padding import around, is_same


def _split_axes(method, x, size, strides, pads):
    """`method` of one or three spatial axes by way of two."""
    if x.shape.rank == 3:
        return tf.squeeze(method(x[:, None], (1, *size), (1, *strides), ((0, 0), *pads)), 1)
    n, depth, _, _, channels = x.shape
    flat = method(tf.reshape(x, [n * depth, *x.shape[2:]]), size[1:], strides[1:], pads[1:])
    height, width = flat.shape[1:3]
    flat = tf.reshape(flat, [n, depth, height * width, channels])
    flat = method(flat, (size[0], 1), (strides[0], 1), (pads[0], (0, 0)))
    return tf.reshape(flat, [n, flat.shape[1], height, width, channels])


def _counts(spatial, size, strides, pads, dtype):
    """How many real elements each window sees, (1, *spatial, 1)."""
    out = np.ones((), np.int64)
    for length, k, stride, pad in zip(spatial, size, strides, pads):
        first = np.arange(window(length, k, stride, pad)) * stride - pad[0]
        out = out[..., None] * (np.minimum(first + k, length) - np.maximum(first, 0))
    return tf.cast(out[None, ..., None], dtype)


class Pool:
    def max_pool(self, x, size, strides, pads):
        if not x.shape.num_elements():  # the gradient of oneDNN's kernel ends the process
            return tf.reshape(x, pool(tuple(x.shape), size, strides, pads))
        if x.shape.rank != 4:
            return _split_axes(self.max_pool, x, size, strides, pads)
        padding = around(pads) if any(map(any, pads)) else "VALID"
        y = tf.nn.max_pool2d(x, list(size), list(strides), padding)
        if not x.dtype.is_floating:
            return y

        def careful():
            # TensorFlow passes over NaN, and turns a window of nothing but -inf into the lowest number.
            high = tf.nn.max_pool2d(tf.cast(tf.math.is_nan(x), x.dtype), list(size), list(strides), padding)
            low = tf.equal(y, tf.constant(x.dtype.min, x.dtype))
            fixed = tf.where(low, tf.constant(-np.inf, x.dtype), y)
            return tf.where(high > 0, tf.constant(np.nan, x.dtype), fixed)

        return self.cond(tf.math.is_finite(tf.reduce_sum(tf.stop_gradient(x))), lambda: tf.identity(y), careful)

    def avg_pool(self, x, size, strides, pads):
        if x.shape.rank != 4:
            return _split_axes(self.avg_pool, x, size, strides, pads)
        size, strides = list(size), list(strides)
        if not any(map(any, pads)):
            return tf.nn.avg_pool2d(x, size, strides, "VALID")
        spatial = x.shape.as_list()[1:-1]
        if is_same(spatial, size, strides, pads):
            return tf.nn.avg_pool2d(x, size, strides, "SAME")
        y = tf.nn.avg_pool2d(tf.pad(x, around(pads)), size, strides, "VALID")
        counts = _counts(spatial, size, strides, pads, x.dtype)
        return y * (tf.constant(size[0] * size[1], x.dtype) / counts)
