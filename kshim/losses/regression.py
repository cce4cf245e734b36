"""Losses between numbers. Every function takes tensors of shape (..., d) and returns (...)."""

import math

from .. import config, ops
from .base import reg
from .reduction import as_tensor, cast, match


@reg("mse", "MSE")
def mean_squared_error(y_true, y_pred):
    """mean((y_true - y_pred)**2)."""
    y_true, y_pred = match(y_true, y_pred)
    return ops.mean(ops.squared_difference(y_pred, y_true), axis=-1)


@reg("mae", "MAE")
def mean_absolute_error(y_true, y_pred):
    """mean(|y_true - y_pred|)."""
    y_true, y_pred = match(y_true, y_pred)
    return ops.mean(ops.abs(y_pred - y_true), axis=-1)


@reg("mape", "MAPE")
def mean_absolute_percentage_error(y_true, y_pred):
    """100 * mean(|y_true - y_pred| / max(|y_true|, epsilon))."""
    y_true, y_pred = match(y_true, y_pred)
    share = ops.abs((y_true - y_pred) / ops.maximum(ops.abs(y_true), config.epsilon()))
    return ops.mean(share, axis=-1) * 100.0


@reg("msle", "MSLE")
def mean_squared_logarithmic_error(y_true, y_pred):
    """mean((log(1 + y_true) - log(1 + y_pred))**2), both raised to epsilon at least."""
    y_true, y_pred = match(y_true, y_pred)
    first = ops.log(ops.maximum(y_pred, config.epsilon()) + 1.0)
    second = ops.log(ops.maximum(y_true, config.epsilon()) + 1.0)
    return ops.mean(ops.square(first - second), axis=-1)


@reg("huber_loss")
def huber(y_true, y_pred, delta=1.0):
    """Half the square up to an error of `delta`, then linear (Huber 1964). Computed in floatx."""
    y_true, y_pred = cast(y_true, config.floatx()), cast(y_pred, config.floatx())
    delta = float(delta)
    error = y_pred - y_true
    size = ops.abs(error)
    return ops.mean(ops.where(size <= delta, ops.square(error) * 0.5, size * delta - 0.5 * delta**2), axis=-1)


@reg("logcosh")
def log_cosh(y_true, y_pred):
    """mean(log(cosh(y_pred - y_true))), without overflow."""
    y_true, y_pred = match(y_true, y_pred)
    x = y_pred - y_true
    return ops.mean(x + ops.softplus(x * -2.0) - math.log(2.0), axis=-1)


@reg()
def poisson(y_true, y_pred):
    """mean(y_pred - y_true * log(y_pred + epsilon))."""
    y_true, y_pred = match(y_true, y_pred)
    return ops.mean(y_pred - y_true * ops.log(y_pred + config.epsilon()), axis=-1)


@reg("kld", "KLD", "kullback_leibler_divergence")
def kl_divergence(y_true, y_pred):
    """sum(y_true * log(y_true / y_pred)), both limited to [epsilon, 1]."""
    y_true, y_pred = match(y_true, y_pred)
    y_true, y_pred = ops.clip(y_true, config.epsilon(), 1.0), ops.clip(y_pred, config.epsilon(), 1.0)
    return ops.sum(y_true * ops.log(y_true / y_pred), axis=-1)


def l2_normalize(x, axis=-1):
    """x over its norm along `axis`, the square of which is taken as 1e-12 at least."""
    x = as_tensor(x)
    if not x.dtype.is_floating:
        x = ops.cast(x, config.floatx())
    return x * ops.rsqrt(ops.maximum(ops.sum(ops.square(x), axis=axis, keepdims=True), 1e-12))


@reg("cosine_proximity", "cosine")
def cosine_similarity(y_true, y_pred, axis=-1):
    """Minus the cosine of the angle between the two along `axis`: -1 for equal directions."""
    y_true, y_pred = l2_normalize(y_true, axis), l2_normalize(y_pred, axis)
    return ops.negative(ops.sum(cast(y_true, y_pred.dtype) * y_pred, axis=axis))


def _signs(y_true):
    """Labels 0 and 1 become -1 and 1; labels that hold anything else are left."""
    binary = ops.all(ops.logical_or(ops.equal(y_true, 0.0), ops.equal(y_true, 1.0)))
    return ops.where(binary, y_true * 2.0 - 1.0, y_true)


@reg()
def hinge(y_true, y_pred):
    """mean(max(1 - y_true * y_pred, 0)) for labels -1 and 1 (or 0 and 1)."""
    y_true, y_pred = match(y_true, y_pred)
    return ops.mean(ops.maximum(1.0 - _signs(y_true) * y_pred, 0.0), axis=-1)


@reg()
def squared_hinge(y_true, y_pred):
    """mean(max(1 - y_true * y_pred, 0)**2)."""
    y_true, y_pred = match(y_true, y_pred)
    return ops.mean(ops.square(ops.maximum(1.0 - _signs(y_true) * y_pred, 0.0)), axis=-1)


@reg()
def categorical_hinge(y_true, y_pred):
    """max(largest wrong score - right score + 1, 0) for one-hot labels."""
    y_true, y_pred = match(y_true, y_pred)
    right = ops.sum(y_true * y_pred, axis=-1)
    wrong = ops.max((1.0 - y_true) * y_pred, axis=-1)
    return ops.maximum(wrong - right + 1.0, 0.0)
