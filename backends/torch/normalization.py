"""Batch and layer normalisation on torch's kernels."""

import torch
import torch.nn.functional as F


def _alike(x, *others):
    """Whether all are floats of the dtype of x (None counts as alike)."""
    return x.dtype.is_floating_point and all(o is None or o.dtype is x.dtype for o in others)


class Normalization:
    def normalize(self, x, mean, variance, scale, offset, epsilon):
        factor = torch.rsqrt(variance + epsilon)
        if scale is not None:
            factor = factor * scale
        centred = x - mean
        return centred * factor if offset is None else torch.addcmul(offset, centred, factor)

    def batch_norm_train(self, x, scale, offset, epsilon):
        size = x.shape[-1]
        n = x.numel() // size if size else 0
        if n < 2 or not _alike(x, scale, offset):
            return super().batch_norm_train(x, scale, offset, epsilon)
        # Running statistics with momentum 1 are those of this batch, the variance with n - 1 in the denominator.
        mean = torch.zeros(size, dtype=x.dtype, device=x.device)
        variance = torch.zeros_like(mean)
        y = F.batch_norm(x.reshape(n, size), mean, variance, scale, offset, True, 1.0, epsilon)
        return y.reshape(x.shape), mean, variance * ((n - 1) / n)

    def layer_norm(self, x, scale, offset, epsilon):
        if not _alike(x, scale, offset) or x.shape[-1] == 0:
            return super().layer_norm(x, scale, offset, epsilon)
        return F.layer_norm(x, x.shape[-1:], scale, offset, epsilon)
