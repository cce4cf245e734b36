"""Element-wise primitives. `lax` where JAX's own rule is the table's; a written one where they differ."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax


def _inexact(x):
    return jnp.issubdtype(x.dtype, jnp.inexact)


@jax.custom_jvp
def _abs(x):
    return lax.abs(x)


@_abs.defjvp
def _abs_jvp(primals, tangents):
    """JAX has slope 1 at 0; the table has 0."""
    (x,), (dx,) = primals, tangents
    return lax.abs(x), lax.mul(dx, lax.sign(x))


@jax.custom_jvp
def _power(x, y):
    return jnp.power(x, y)


@_power.defjvp
def _power_jvp(primals, tangents):
    """JAX has NaN for the slope in x where x and y are 0; here it is 0 for y = 0, and in y it is 0 for x = 0."""
    (x, y), (dx, dy) = primals, tangents
    z = jnp.power(x, y)
    flat = y == 0
    slope = jnp.where(flat, 0, y * jnp.power(x, jnp.where(flat, 1, y - 1)))
    return z, dx * slope + dy * (z * jnp.log(jnp.where(x == 0, 1, x)))


def _unary(function):
    def call(self, x):
        return function(x)

    return call


def _scalar(x):
    """A Python integer that JAX would refuse, since it takes them for int64, as NumPy's."""
    return np.uint64(x) if isinstance(x, int) and x >= 2**63 else x


def _binary(function):
    def call(self, x, y):
        try:
            return function(x, y)
        except OverflowError:
            return function(_scalar(x), _scalar(y))

    return call


class Elementwise:
    negative = _unary(jnp.negative)
    sign = _unary(lax.sign)
    exp = _unary(lax.exp)
    expm1 = _unary(lax.expm1)
    log = _unary(lax.log)
    log1p = _unary(lax.log1p)
    sqrt = _unary(lax.sqrt)
    rsqrt = _unary(lax.rsqrt)
    sin = _unary(lax.sin)
    cos = _unary(lax.cos)
    tan = _unary(lax.tan)
    arcsin = _unary(lax.asin)
    arccos = _unary(lax.acos)
    arctan = _unary(lax.atan)
    sinh = _unary(lax.sinh)
    cosh = _unary(lax.cosh)
    tanh = _unary(lax.tanh)
    erf = _unary(lax.erf)
    lgamma = _unary(lax.lgamma)
    digamma = _unary(lax.digamma)
    isnan = _unary(jnp.isnan)
    isinf = _unary(jnp.isinf)
    isfinite = _unary(jnp.isfinite)
    logical_not = _unary(jnp.logical_not)

    add = _binary(jnp.add)
    subtract = _binary(jnp.subtract)
    multiply = _binary(jnp.multiply)
    divide = _binary(jnp.true_divide)
    maximum = _binary(jnp.maximum)
    minimum = _binary(jnp.minimum)
    arctan2 = _binary(jnp.arctan2)
    equal = _binary(jnp.equal)
    not_equal = _binary(jnp.not_equal)
    less = _binary(jnp.less)
    less_equal = _binary(jnp.less_equal)
    greater = _binary(jnp.greater)
    greater_equal = _binary(jnp.greater_equal)
    logical_and = _binary(jnp.logical_and)
    logical_or = _binary(jnp.logical_or)
    bitwise_and = _binary(jnp.bitwise_and)
    bitwise_or = _binary(jnp.bitwise_or)
    bitwise_xor = _binary(jnp.bitwise_xor)

    def abs(self, x):
        return _abs(x) if _inexact(x) else jnp.abs(x)

    def floor(self, x):
        return lax.floor(x) if _inexact(x) else x

    def ceil(self, x):
        return lax.ceil(x) if _inexact(x) else x

    def round(self, x):
        return lax.round(x, lax.RoundingMethod.TO_NEAREST_EVEN) if _inexact(x) else x

    def power(self, x, y):
        if not isinstance(y, jax.Array) and _inexact(x):
            # A plain exponent: 0 has no slope, and small whole ones (2, 3) are products.
            return jnp.power(x, int(y) if float(y).is_integer() else y) if y else jnp.ones_like(x)
        like = x if isinstance(x, jax.Array) else y
        if not _inexact(like):
            return jnp.power(x, y)
        return _power(jnp.asarray(x, like.dtype), jnp.asarray(y, like.dtype))

    def floor_divide(self, x, y):
        return lax.stop_gradient(jnp.floor_divide(x, y))

    def mod(self, x, y):
        return jnp.mod(x, lax.stop_gradient(y))

    def where(self, condition, x, y):
        return jnp.where(condition, _scalar(x), _scalar(y))

    def clip(self, x, low, high):
        # Two selections instead of jnp.clip, whose slope at a bound is one half; high wins over low as in NumPy.
        low, high = _scalar(min(low, high)), _scalar(high)
        return jnp.where(x > high, high, jnp.where(x < low, low, x))
