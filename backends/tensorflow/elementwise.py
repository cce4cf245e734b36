"""Element-wise primitives: TensorFlow's op where its rule is the table's, a written gradient where they differ."""

import tensorflow as tf


def _unary(function, via=()):
    """A method for `function`; dtypes in `via` have no kernel of their own and go through float32."""
    if not via:
        return lambda self, x: function(x)
    return lambda self, x: tf.cast(function(tf.cast(x, tf.float32)), x.dtype) if x.dtype in via else function(x)


def _operands(x, y):
    """Both as tensors; TensorFlow itself fits only a scalar on the right to its partner's dtype."""
    if not isinstance(x, tf.Tensor):
        return tf.constant(x, y.dtype), y
    if not isinstance(y, tf.Tensor):
        return x, tf.constant(y, x.dtype)
    return x, y


def _binary(function):
    return lambda self, x, y: function(*_operands(x, y))


def _to_shape(dx, shape):
    """Sum a broadcast gradient back to the operand's shape."""
    extra = len(dx.shape) - len(shape)
    axes = list(range(extra)) + [i + extra for i, d in enumerate(shape) if d == 1 and dx.shape[i + extra] != 1]
    return tf.reshape(tf.reduce_sum(dx, axes), shape) if axes else dx


def _shared(function, wins):
    """maximum or minimum with half the gradient to each side at a tie (TensorFlow gives all of it to x)."""

    @tf.custom_gradient
    def call(x, y):
        def backward(dz):
            half = tf.where(tf.equal(x, y), dz * 0.5, tf.zeros_like(dz))
            dx = tf.where(wins(x, y), dz, half)
            dy = tf.where(wins(y, x), dz, half)
            return _to_shape(dx, x.shape), _to_shape(dy, y.shape)

        return function(x, y), backward

    def method(self, x, y):
        x, y = _operands(x, y)
        return call(x, y) if x.dtype.is_floating else function(x, y)

    return method


@tf.custom_gradient
def _power(x, y):
    """x ** y with slopes as everywhere else: 0 in x for y = 0, 0 in y for x = 0 (TensorFlow: NaN; 0 for x < 0 too)."""
    z = tf.pow(x, y)

    def backward(dz):
        one, zero = tf.ones((), x.dtype), tf.zeros((), x.dtype)
        flat = tf.equal(y, zero)
        dx = tf.where(flat, zero, y * tf.pow(x, tf.where(flat, one, y - one)))
        dy = z * tf.math.log(tf.where(tf.equal(x, zero), one, x))
        return _to_shape(dz * dx, x.shape), _to_shape(dz * dy, y.shape)

    return z, backward


class Elementwise:
    exp = _unary(tf.exp)
    expm1 = _unary(tf.math.expm1)
    log = _unary(tf.math.log)
    log1p = _unary(tf.math.log1p)
    sqrt = _unary(tf.sqrt)
    rsqrt = _unary(tf.math.rsqrt)
    sin = _unary(tf.sin)
    cos = _unary(tf.cos)
    tan = _unary(tf.tan)
    arcsin = _unary(tf.asin)
    arccos = _unary(tf.acos)
    arctan = _unary(tf.atan)
    sinh = _unary(tf.sinh)
    cosh = _unary(tf.cosh)
    tanh = _unary(tf.tanh)
    lgamma = _unary(tf.math.lgamma, (tf.bfloat16,))
    digamma = _unary(tf.math.digamma, (tf.bfloat16,))
    isnan = _unary(tf.math.is_nan)
    isinf = _unary(tf.math.is_inf)
    isfinite = _unary(tf.math.is_finite)
    logical_not = _unary(tf.logical_not)

    add = _binary(tf.add)
    subtract = _binary(tf.subtract)
    multiply = _binary(tf.multiply)
    divide = _binary(tf.divide)
    maximum = _shared(tf.maximum, tf.greater)
    minimum = _shared(tf.minimum, tf.less)
    equal = _binary(tf.equal)
    not_equal = _binary(tf.not_equal)
    less = _binary(tf.less)
    less_equal = _binary(tf.less_equal)
    greater = _binary(tf.greater)
    greater_equal = _binary(tf.greater_equal)
    logical_and = _binary(tf.logical_and)
    logical_or = _binary(tf.logical_or)
    bitwise_and = _binary(tf.bitwise.bitwise_and)
    bitwise_or = _binary(tf.bitwise.bitwise_or)
    bitwise_xor = _binary(tf.bitwise.bitwise_xor)
    arctan2 = _binary(tf.atan2)

    def erf(self, x):
        if x.dtype != tf.float64:
            return tf.math.erf(x)
        return tf.where(tf.math.is_inf(x), tf.sign(x), tf.math.erf(x))  # the float64 kernel has NaN there

    def negative(self, x):
        return tf.zeros_like(x) - x if x.dtype.is_unsigned else tf.negative(x)

    def abs(self, x):
        return x if x.dtype.is_unsigned else tf.abs(x)

    def sign(self, x):
        return tf.cast(x > 0, x.dtype) if x.dtype.is_unsigned else tf.sign(x)

    def floor(self, x):
        return tf.floor(x) if x.dtype.is_floating else x

    def ceil(self, x):
        return tf.math.ceil(x) if x.dtype.is_floating else x

    def round(self, x):
        return tf.round(x) if x.dtype.is_floating else x

    def power(self, x, y):
        if not isinstance(y, tf.Tensor) and x.dtype.is_floating:
            if y == 2:
                return tf.square(x)
            return tf.pow(x, tf.constant(y, x.dtype)) if y else tf.ones_like(x)
        x, y = _operands(x, y)
        if x.dtype.is_floating:
            return _power(x, y)
        return tf.cast(tf.pow(tf.cast(x, tf.int64), tf.cast(y, tf.int64)), x.dtype)

    def floor_divide(self, x, y):
        x, y = (tf.stop_gradient(t) for t in _operands(x, y))
        if not x.dtype.is_floating:
            return tf.math.floordiv(x, y)
        # By way of the remainder: the floor of a rounded quotient is one too high when x / y rounds up to an integer.
        whole = tf.round((x - tf.math.floormod(x, y)) / y)
        return tf.where(tf.math.is_finite(whole), whole, tf.floor(x / y) + 0 * x)  # NaN where x is infinite

    def mod(self, x, y):
        x, y = _operands(x, y)
        return tf.math.floormod(x, tf.stop_gradient(y))

    def where(self, condition, x, y):
        return tf.where(condition, *_operands(x, y))

    def clip(self, x, low, high):
        # At a tie TensorFlow's gradient goes to the first operand, which is the slope of 1 the table asks for.
        return tf.minimum(tf.maximum(x, tf.constant(low, x.dtype)), tf.constant(high, x.dtype))
