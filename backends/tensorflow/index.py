"""Gathering, scattering and sorting."""

import tensorflow as tf


def _signed(indices):
    return indices if indices.dtype in (tf.int32, tf.int64) else tf.cast(indices, tf.int64)


def _order_key(x):
    """Integers that sort as x does: -0.0 with 0.0, NaN last."""
    if x.dtype in (tf.bfloat16, tf.float16):
        x = tf.cast(x, tf.float32)
    if x.dtype.is_floating:
        wide = tf.int32 if x.dtype == tf.float32 else tf.int64
        bits = tf.bitcast(tf.where(tf.equal(x, 0), tf.zeros_like(x), x), wide)
        key = tf.where(bits < 0, tf.bitwise.bitwise_xor(bits, tf.constant(wide.max, wide)), bits)
        return tf.where(tf.math.is_nan(x), tf.constant(wide.max, wide), key)
    if x.dtype == tf.uint64:
        return tf.bitwise.bitwise_xor(tf.bitcast(x, tf.int64), tf.constant(tf.int64.min, tf.int64))
    return x if x.dtype in (tf.int32, tf.int64) else tf.cast(x, tf.int64 if x.dtype == tf.uint32 else tf.int32)


class Index:
    def take(self, x, indices, axis):
        indices, n = _signed(indices), x.shape[axis]
        fill = tf.cast(float("nan") if x.dtype.is_floating else 0, x.dtype)
        shape = x.shape[:axis] + indices.shape + x.shape[axis + 1 :]
        if n == 0:
            return tf.fill(shape, fill)
        there = tf.logical_and(indices >= 0, indices < n)

        def careful():
            mask = tf.reshape(there, indices.shape + (1,) * (x.shape.rank - 1 - axis))
            return tf.where(mask, tf.gather(x, tf.where(there, indices, tf.zeros_like(indices)), axis=axis), fill)

        if self._gpu:
            return careful()
        # The check costs a pass over the indices, the masking one over all that is gathered: mask only at need.
        fine = tf.reduce_all(there)
        return tf.ensure_shape(self.cond(fine, lambda: tf.gather(x, indices, axis=axis), careful), shape)

    def take_along_axis(self, x, indices, axis):
        indices, last = _signed(indices), x.shape.rank - 1
        perm = [i for i in range(last + 1) if i != axis] + [axis]
        if axis != last:
            x, indices = tf.transpose(x, perm), tf.transpose(indices, perm)
        y = tf.gather(x, indices, axis=last, batch_dims=last)
        return y if axis == last else tf.transpose(y, [perm.index(i) for i in range(last + 1)])

    def scatter_add(self, x, indices, updates):
        if not updates.shape.num_elements():
            return tf.identity(x)
        return tf.tensor_scatter_nd_add(x, tf.expand_dims(_signed(indices), 1), updates)

    def argsort(self, x, axis):
        key, last = _order_key(x), x.shape.rank - 1
        perm = [i for i in range(last + 1) if i != axis] + [axis]
        if axis != last:
            key = tf.transpose(key, perm)
        # top_k is stable: descending by the complement is ascending by the key.
        order = tf.math.top_k(tf.bitwise.invert(key), key.shape[-1]).indices
        return order if axis == last else tf.transpose(order, [perm.index(i) for i in range(last + 1)])
