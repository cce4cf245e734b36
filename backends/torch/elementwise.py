"""Unary, binary and selecting primitives."""

import math
import operator

import numpy as np
import torch

from .unsigned import on_host


def lift(x, like):
    """`x`, or a scalar tensor of it with the dtype and device of `like`."""
    return x if isinstance(x, torch.Tensor) else torch.full((), x, dtype=like.dtype, device=like.device)


def _unary(op, host=None):
    if host is None:

        def call(self, x):
            return op(x)
    else:

        def call(self, x):
            try:
                return op(x)
            except RuntimeError as error:
                return on_host(error, host, x)

    return call


def _binary(op, host):
    """An op that takes a Python scalar on either side."""

    def call(self, x, y):
        try:
            return op(x, y)
        except RuntimeError as error:
            return on_host(error, host, x, y)

    return call


def _lifted(op, host):
    """An op of two tensors: a scalar on either side is made one."""

    def call(self, x, y):
        try:
            if not isinstance(y, torch.Tensor):
                y = lift(y, x)
            elif not isinstance(x, torch.Tensor):
                x = lift(x, y)
            return op(x, y)
        except RuntimeError as error:
            return on_host(error, host, x, y)

    return call


def _extreme(op, bounded, host):
    """`maximum` or `minimum`. `clamp` is the faster for a scalar, but its gradient at a tie is 1, not a half."""

    def call(self, x, y):
        try:
            if not isinstance(y, torch.Tensor):
                if not x.requires_grad:
                    return bounded(x, y)
                y = lift(y, x)
            elif not isinstance(x, torch.Tensor):
                if not y.requires_grad:
                    return bounded(y, x)
                x = lift(x, y)
            return op(x, y)
        except RuntimeError as error:
            return on_host(error, host, x, y)

    return call


def _constant(x):
    return x.detach() if isinstance(x, torch.Tensor) else x


def _trigamma(x):
    """Derivative of digamma: Hurwitz's zeta(2, x), by reflection below 0. torch's own polygamma(1, x) is 1e-9 off."""
    mirrored = torch.where(x > 0, x, 1.0 - x)
    value = torch.special.zeta(2.0, mirrored)
    return torch.where(x > 0, value, math.pi**2 / torch.sin(math.pi * x) ** 2 - value)


class _Digamma(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.digamma(x)

    @staticmethod
    def backward(ctx, g):
        return g * _trigamma(*ctx.saved_tensors)


class Elementwise:
    negative = _unary(torch.neg, np.negative)
    abs = _unary(torch.abs, np.abs)
    exp = _unary(torch.exp)
    expm1 = _unary(torch.expm1)
    log = _unary(torch.log)
    log1p = _unary(torch.log1p)
    sqrt = _unary(torch.sqrt)
    rsqrt = _unary(torch.rsqrt)
    sin = _unary(torch.sin)
    cos = _unary(torch.cos)
    tan = _unary(torch.tan)
    arcsin = _unary(torch.arcsin)
    arccos = _unary(torch.arccos)
    arctan = _unary(torch.arctan)
    sinh = _unary(torch.sinh)
    cosh = _unary(torch.cosh)
    tanh = _unary(torch.tanh)
    erf = _unary(torch.erf)
    lgamma = _unary(torch.lgamma)
    digamma = _unary(_Digamma.apply)
    floor = _unary(torch.floor)
    ceil = _unary(torch.ceil)
    round = _unary(torch.round)
    square = _unary(torch.square, np.square)
    reciprocal = _unary(torch.reciprocal)
    isnan = _unary(torch.isnan)
    isinf = _unary(torch.isinf)
    isfinite = _unary(torch.isfinite)
    logical_not = _unary(torch.logical_not)

    add = _binary(operator.add, np.add)
    subtract = _binary(operator.sub, np.subtract)
    multiply = _binary(operator.mul, np.multiply)
    power = _binary(torch.pow, np.power)
    equal = _binary(operator.eq, np.equal)
    not_equal = _binary(operator.ne, np.not_equal)
    less = _binary(operator.lt, np.less)
    less_equal = _binary(operator.le, np.less_equal)
    greater = _binary(operator.gt, np.greater)
    greater_equal = _binary(operator.ge, np.greater_equal)
    bitwise_and = _binary(operator.and_, np.bitwise_and)
    bitwise_or = _binary(operator.or_, np.bitwise_or)
    bitwise_xor = _binary(operator.xor, np.bitwise_xor)
    logical_and = _lifted(torch.logical_and, np.logical_and)
    logical_or = _lifted(torch.logical_or, np.logical_or)
    arctan2 = _lifted(torch.arctan2, np.arctan2)
    maximum = _extreme(torch.maximum, torch.clamp_min, np.maximum)
    minimum = _extreme(torch.minimum, torch.clamp_max, np.minimum)

    def sign(self, x):
        try:
            y = torch.sign(x)
        except RuntimeError as error:
            return on_host(error, np.sign, x)
        # torch gives 0 for NaN.
        return torch.where(torch.isnan(x), x.detach(), y) if x.dtype.is_floating_point else y

    def divide(self, x, y):
        # `scalar / tensor` is scalar * reciprocal in torch, which rounds twice and overflows early.
        return x / y if isinstance(x, torch.Tensor) else lift(x, y) / y

    def floor_divide(self, x, y):
        # torch has no derivative for it and would raise in the backward pass.
        x, y = _constant(x), _constant(y)
        try:
            return x // y if isinstance(x, torch.Tensor) else lift(x, y) // y
        except RuntimeError as error:
            return on_host(error, np.floor_divide, x, y)

    def mod(self, x, y):
        y = _constant(y)
        try:
            return torch.remainder(x, y)
        except RuntimeError as error:
            return on_host(error, np.mod, x, y)

    def where(self, condition, x, y):
        return torch.where(condition, x, y)

    def clip(self, x, low, high):
        try:
            y = torch.clamp(x, low, high)
        except RuntimeError as error:
            return on_host(error, np.clip, x, low, high)
        return y if y.dtype is x.dtype else y.to(x.dtype)
