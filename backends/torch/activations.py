"""Activations for which torch has one kernel forward and one backward."""

import torch
import torch.nn.functional as F

from .unsigned import SIGNED


class Activations:
    def sigmoid(self, x):
        return torch.sigmoid(x)

    def relu(self, x):
        return NotImplemented if x.dtype in SIGNED else torch.relu(x)

    def leaky_relu(self, x, slope):
        return F.leaky_relu(x, slope)

    def elu(self, x, alpha):
        return F.elu(x, alpha)

    def softplus(self, x):
        # Above 40, log(1 + e**x) is x to the last bit even in float64: the threshold only avoids the overflow.
        return F.softplus(x, 1.0, 40.0)

    def gelu(self, x, approximate):
        if not approximate and x.dtype == torch.float32 and x.device.type == "cpu":
            return super().gelu(x, approximate)  # the vectorised kernel makes NaN of infinity
        return F.gelu(x, approximate="tanh" if approximate else "none")

    def softmax(self, x, axis):
        return torch.softmax(x, axis)

    def log_softmax(self, x, axis):
        return torch.log_softmax(x, axis)

    def logsumexp(self, x, axes, keepdims):
        return torch.logsumexp(x, axes, keepdims) if axes else super().logsumexp(x, axes, keepdims)
