"""Hand-written PyTorch loops: eager, with the fused Adam.

Variants: `gather` picks each batch by its row numbers; `once` reorders all rows and takes slices; images `channels_last` or not.
"""

import torch
from torch import nn

from . import hand_torch_models
from .hand_weights import initial
from .workloads import DROPOUT, WORKLOADS, data


class Contender:
    def __init__(self, name, variant="gather", samples=0, dropout=DROPOUT, weights=None):
        self.name, self.variant, self.work = name, variant, WORKLOADS[name]
        self.x, self.y = self._tensors(samples or self.work.batch * self.work.steps)
        self.model = hand_torch_models.model(name, dropout)
        hand_torch_models.load(self.model, initial(name) if weights is None else weights)
        if variant == "channels_last":
            self.model = self.model.to(memory_format=torch.channels_last)
        binary = self.work.target in ("binary", "same")
        self.loss = (
            nn.MSELoss()
            if self.work.target == "number"
            else nn.BCEWithLogitsLoss()
            if binary
            else nn.CrossEntropyLoss()
        )
        self.optimizer = torch.optim.Adam(self.model.parameters(), eps=1e-7, fused=True)

    def _tensors(self, samples):
        x, y = data(self.work, samples)
        if len(self.work.shape) == 3:
            x = x.transpose(0, 3, 1, 2)
            if self.variant != "channels_last":  # transposed rows of channels-last images stay as they are
                x = x.copy()
        y = torch.from_numpy(y)
        return torch.from_numpy(x), y.long() if y.dtype == torch.int32 else y

    def epoch(self, shuffle=True, steps=None):
        """Train; the mean loss."""
        self.model.train()
        batch, x, y = self.work.batch, self.x, self.y
        order = torch.randperm(len(x)) if shuffle else torch.arange(len(x))
        order = order[: batch * steps] if steps else order
        if self.variant == "once":
            x, y = x[order], y[order]
        total = torch.zeros(())
        for at in range(0, len(order), batch):
            index = slice(at, at + batch) if self.variant == "once" else order[at : at + batch]
            bx = x[index]
            loss = self.loss(self.model(bx), bx if self.work.target == "same" else y[index])
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            self.optimizer.step()
            total += loss.detach()
        return float(total) / -(-len(order) // batch)

    def _outputs(self, x):
        out = self.model(x)
        return out if self.work.target == "number" else out.sigmoid() if out.shape[1] in (1, 784) else out.softmax(1)

    def prepare(self, samples):
        self.many = self._tensors(samples)
        self.model.eval()

    @torch.inference_mode()
    def predict_one(self):
        return self._outputs(self.x[:1]).numpy()

    call_one = predict_one

    @torch.inference_mode()
    def predict_many(self):
        return torch.cat([self._outputs(x) for x in self.many[0].split(32)]).numpy()

    @torch.inference_mode()
    def evaluate(self):
        x, y = self.many
        losses = [self.loss(self.model(a), b) * len(a) for a, b in zip(x.split(32), y.split(32))]
        return float(torch.stack(losses).sum()) / len(x)


def load(arrays):
    """Arrays of a file as tensors of the framework."""
    return [torch.from_numpy(a) for a in arrays]
