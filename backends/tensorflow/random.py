"""Random numbers: the bits of `kshim.spec.rng`."""

from math import prod

import tensorflow as tf

from kshim.spec.rng import GOLDEN, MULTIPLIER_1, MULTIPLIER_2

_XOR, _SHIFT, _AND = tf.bitwise.bitwise_xor, tf.bitwise.right_shift, tf.bitwise.bitwise_and


class Random:
    def random_uniform(self, shape, key, dtype):
        # GPUs have no kernel for every uint32 op, so they work in int64 and cut to 32 bits after each product.
        word = tf.int64 if self._gpu else tf.uint32
        k0, k1 = (tf.cast(k, word) if isinstance(k, tf.Tensor) else tf.constant(k, word) for k in key)

        def number(value):
            return tf.constant(value, word)

        def times(x, factor):
            product = x * number(factor)
            return _AND(product, number(0xFFFFFFFF)) if self._gpu else product

        def fold(x, n):
            return _XOR(x, _SHIFT(x, number(n)))

        x = tf.cast(tf.range(prod(shape), dtype=tf.int64), word)
        x = _XOR(times(x, GOLDEN), k0)
        x = _XOR(times(fold(x, 16), MULTIPLIER_1), k1)
        x = fold(times(fold(x, 15), MULTIPLIER_2), 15)
        exact = tf.float64 if dtype == "float64" else tf.float32
        u = tf.cast(_SHIFT(x, number(8)), exact) * tf.constant(2.0**-24, exact)
        return self.reshape(tf.cast(u, dtype), shape)
