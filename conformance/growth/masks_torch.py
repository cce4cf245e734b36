"""PyTorch's own dropout."""

import torch
from torch.nn import functional

from .masks_shared import RATE, arrays, seconds


class Masks:
    def __init__(self, name):
        self.backward = name == "backward"

    def __call__(self, line):
        xs, cotangents = ([torch.from_numpy(a) for a in some] for some in arrays(int(line)))
        xs = [x.requires_grad_(self.backward) for x in xs]

        def step(n):
            ys = [functional.dropout(x, RATE, True) for x in xs]
            if self.backward:
                loss = sum((y * c).sum() for y, c in zip(ys, cotangents))
                return loss, torch.autograd.grad(loss, xs)
            return ys

        return seconds(step)
