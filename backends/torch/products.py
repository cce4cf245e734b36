"""Matrix products."""

import math

import numpy as np
import torch
import torch.nn.functional as F

from .unsigned import on_host


def _finite(query, key, scale):
    """Whether surely no score is NaN or infinite, of which the fused kernel makes zeros: none exceeds the product of norms."""
    squares = [torch.dot(x, x).item() for x in (query.detach().reshape(-1), key.detach().reshape(-1))]
    return math.sqrt(squares[0] * squares[1]) * max(1.0, abs(scale)) < torch.finfo(query.dtype).max


class Products:
    def matmul(self, x, y):
        if not x.dtype.is_floating_point:
            return self._integer_matmul(x, y)
        return torch.matmul(x, y)

    def _integer_matmul(self, x, y):
        if x.is_cuda:  # no integer kernel there: a sum of products, which wraps as it should
            return torch.sum(x.unsqueeze(-1) * y.unsqueeze(-3), -2, dtype=x.dtype)
        try:
            return torch.matmul(x, y)
        except RuntimeError as error:
            return on_host(error, np.matmul, x, y)

    def dense(self, x, kernel, bias):
        if x.dtype is not kernel.dtype or not x.dtype.is_floating_point:
            return super().dense(x, kernel, bias)
        if x.dim() == 2:
            return torch.mm(x, kernel) if bias is None else torch.addmm(bias, x, kernel)
        return F.linear(x, kernel.t(), bias)

    def attention(self, query, key, value, bias, scale):
        # The fused kernel has no second derivative, and its gradient works from the logarithm of the sum of the weights,
        # which a bias of -1e9 in a whole row leaves nothing of.
        fits = bias is None and query.is_cpu and query.dtype in (torch.float32, torch.float64)
        if (
            not fits
            or self._nested()
            or 0 in (*query.shape, *key.shape, *value.shape)
            or not _finite(query, key, scale)
        ):
            return NotImplemented
        heads_first = (x.transpose(1, 2) for x in (query, key, value))
        return F.scaled_dot_product_attention(*heads_first, scale=scale).transpose(1, 2)

    def einsum(self, equation, xs):
        if not all(x.dtype.is_floating_point for x in xs):
            return super().einsum(equation, xs)
        return torch.einsum(equation, xs)
