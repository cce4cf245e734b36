"""Creation, conversion and rearrangement."""

import numpy as np
import tensorflow as tf


class Shape:
    def full(self, shape, value, dtype):
        if isinstance(value, int) and value >= 2**63:  # TensorFlow takes Python integers for int64
            value = np.uint64(value)
        return tf.fill(tf.constant(shape, tf.int32, (len(shape),)), tf.cast(value, dtype))

    def arange(self, n, dtype):
        dtype = tf.as_dtype(dtype)
        if dtype in (tf.int32, tf.int64, tf.float32, tf.float64):
            return tf.range(n, dtype=dtype)
        return tf.cast(tf.range(n, dtype=tf.int64), dtype)

    def cast(self, x, dtype):
        return tf.cast(x, dtype)

    def copy(self, x):
        return tf.identity(x)

    def stop_gradient(self, x):
        return tf.stop_gradient(x)

    def reshape(self, x, shape):
        return tf.reshape(x, tf.constant(shape, tf.int32, (len(shape),)))

    def transpose(self, x, perm):
        return tf.transpose(x, tf.constant(perm, tf.int32, (len(perm),)))

    def broadcast_to(self, x, shape):
        return tf.broadcast_to(x, tf.constant(shape, tf.int32, (len(shape),)))

    def concat(self, xs, axis):
        return tf.concat(xs, axis)

    def pad(self, x, pairs, value):
        return tf.pad(x, tf.constant(pairs, tf.int32, (len(x.shape), 2)), constant_values=tf.cast(value, x.dtype))

    def slice(self, x, starts, stops, strides):
        return tf.strided_slice(x, list(starts), list(stops), list(strides)) if x.shape.rank else tf.identity(x)

    def flip(self, x, axes):
        return tf.reverse(x, list(axes)) if axes else tf.identity(x)

    # A whole op each where the definition needs one per piece: `split` runs in every step of an LSTM.
    def split(self, x, sizes, axis):
        alike = all(size == sizes[0] for size in sizes)
        return tf.split(x, len(sizes) if alike else list(sizes), axis)

    def stack(self, xs, axis):
        return tf.stack(xs, axis)

    def one_hot(self, indices, n, dtype):
        if indices.dtype not in (tf.int32, tf.int64, tf.uint8, tf.int8):
            indices = tf.cast(indices, tf.int64)
        return tf.one_hot(indices, n, tf.cast(1, dtype), tf.cast(0, dtype), dtype=tf.as_dtype(dtype))
