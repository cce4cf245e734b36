"""Matrix products."""

import numpy as np
import torch
import torch.nn.functional as F

from .unsigned import on_host


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

    def einsum(self, equation, xs):
        if not all(x.dtype.is_floating_point for x in xs):
            return super().einsum(equation, xs)
        return torch.einsum(equation, xs)
