"""Losses with fewer kernels than their definitions."""

import torch
import torch.nn.functional as F

from .index import as_index, in_range


class _SigmoidCrossEntropy(torch.autograd.Function):
    """max(x, 0) - x*z + log(1 + e**-|x|), whose gradient is sigmoid(x) - z."""

    @staticmethod
    def forward(ctx, target, logits):
        ctx.save_for_backward(target, logits)
        y = torch.clamp_min(logits, 0.0).addcmul_(logits, target, value=-1.0)
        return y.sub_(F.logsigmoid(torch.abs(logits)))

    @staticmethod
    def backward(ctx, dy):
        target, logits = ctx.saved_tensors
        need_target, need_logits = ctx.needs_input_grad
        d_target = -logits * dy if need_target else None
        if not need_logits:
            return d_target, None
        slope = torch.sigmoid(logits)
        if torch.is_grad_enabled():  # a gradient of the gradient needs the terms
            return d_target, (slope - target) * dy
        return d_target, slope.sub_(target).mul_(dy)


class Losses:
    def squared_difference(self, x, y):
        alike = (
            isinstance(x, torch.Tensor) and isinstance(y, torch.Tensor) and x.shape == y.shape and x.dtype is y.dtype
        )
        return F.mse_loss(x, y, reduction="none") if alike and x.dtype.is_floating_point else NotImplemented

    def softmax_cross_entropy(self, target, logits):
        return (target * torch.log_softmax(logits, -1)).sum(-1).neg()

    def sparse_softmax_cross_entropy(self, labels, logits):
        """A label outside [0, n) gives NaN and no gradient, as `take` does."""
        n = logits.shape[-1]
        flat = as_index(labels).reshape(-1).to(torch.int64)
        rows = torch.log_softmax(logits, -1).reshape(len(flat), n)
        if in_range(flat, n):
            return F.nll_loss(rows, flat, reduction="none", ignore_index=-1).reshape(labels.shape)
        outside = (flat < 0) | (flat >= n)
        loss = F.nll_loss(rows, flat.masked_fill(outside, -1), reduction="none", ignore_index=-1)
        return loss.masked_fill(outside, torch.nan).reshape(labels.shape)

    def sigmoid_cross_entropy(self, target, logits):
        if target.shape != logits.shape or target.dtype is not logits.dtype:
            return super().sigmoid_cross_entropy(target, logits)
        return _SigmoidCrossEntropy.apply(target, logits)
