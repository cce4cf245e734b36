"""Derived operations TensorFlow has whole, where its numbers are the definition's and the step gets faster."""

import tensorflow as tf

from .elementwise import _operands


def _softmax(x, axis):
    """In its definition's terms, as TensorFlow's loses NaN in float32, with the gradient of the whole."""

    @tf.custom_gradient
    def call(x):
        e = tf.exp(x - tf.reduce_max(x, axis, True))
        y = e / tf.reduce_sum(e, axis, True)

        def backward(dy):
            dy = dy * y
            return dy - y * tf.reduce_sum(dy, axis, True)

        return y, backward

    return call(x)


class Fused:
    def square(self, x):
        return tf.square(x) if x.dtype in (tf.float32, tf.float64, tf.float16, tf.bfloat16) else x * x

    def sigmoid(self, x):
        return tf.sigmoid(x)

    def relu(self, x):
        return tf.nn.relu(x)

    def leaky_relu(self, x, slope):
        # The kernel takes the larger of x and slope * x, which is right for these slopes only, with slope in float32.
        if x.dtype == tf.float32 and 0.0 <= slope <= 1.0:
            return tf.nn.leaky_relu(x, slope)
        return NotImplemented

    def elu(self, x, alpha):
        return tf.nn.elu(x) if alpha == 1 else tf.where(x > 0, x, tf.nn.elu(x) * tf.constant(alpha, x.dtype))

    def softplus(self, x):
        return tf.math.softplus(x)

    def softmax(self, x, axis):
        return _softmax(x, axis)

    def log_softmax(self, x, axis):
        return tf.nn.log_softmax(x, axis)

    def sigmoid_cross_entropy(self, target, logits):
        return tf.nn.sigmoid_cross_entropy_with_logits(*_operands(target, logits))

    def dense(self, x, kernel, bias):
        rows = x if x.shape.rank == 2 else tf.reshape(x, [-1, x.shape[-1]])
        y = tf.matmul(rows, kernel)
        if bias is not None:
            y = tf.nn.bias_add(y, bias)
        return y if x.shape.rank == 2 else tf.reshape(y, [*x.shape[:-1], kernel.shape[-1]])

    def batch_norm_train(self, x, scale, offset, epsilon):
        count = 1
        for d in x.shape[:-1]:
            count *= d
        # cuDNN raises an epsilon below 1e-5 to that.
        if x.dtype != tf.float32 or not count or x.shape.rank < 2 or epsilon < 1.001e-5:
            return NotImplemented
        channels = x.shape[-1]
        wide = x if x.shape.rank == 4 else tf.reshape(x, [count, 1, 1, channels])
        y, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=wide,
            scale=tf.ones([channels]) if scale is None else scale,
            offset=tf.zeros([channels]) if offset is None else offset,
            mean=tf.zeros([0]),
            variance=tf.zeros([0]),
            epsilon=float(epsilon),
            is_training=True,
        )
        # The op's variance is the unbiased estimate.
        variance = variance * ((count - 1) / count)
        return tf.reshape(y, x.shape) if y.shape != x.shape else y, tf.stop_gradient(mean), tf.stop_gradient(variance)
