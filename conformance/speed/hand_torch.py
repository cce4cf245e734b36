"""Hand-written PyTorch loops: eager, fused Adam, tensors gathered once."""

import torch
from torch import nn

from .workloads import WORKLOADS, data


class _LSTM(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm, self.out = nn.LSTM(1, 64, batch_first=True), nn.Linear(64, 10)

    def forward(self, x):
        return self.out(self.lstm(x)[0][:, -1])


def _model(name):
    if name == "tabular":
        return nn.Sequential(nn.Linear(30, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 1))
    if name == "lstm":
        return _LSTM()
    return nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(1600, 128), nn.ReLU(), nn.Linear(128, 10),
    )  # fmt: skip


class Contender:
    def __init__(self, name, samples):
        self.batch = WORKLOADS[name][2]
        x, y = data(name, samples)
        if name == "cnn":
            x = x.transpose(0, 3, 1, 2).copy()
        self.x, self.y = torch.from_numpy(x), torch.from_numpy(y)
        if self.y.dtype == torch.int32:
            self.y = self.y.long()
        self.model = _model(name)
        if name == "cnn":
            self.model = self.model.to(memory_format=torch.channels_last)
        self.loss = nn.MSELoss() if WORKLOADS[name][1] == 0 else nn.CrossEntropyLoss()
        self.optimizer = torch.optim.Adam(self.model.parameters(), fused=True)
        self.one = self.x[:1]

    def epoch(self):
        order = torch.randperm(len(self.x))
        total = torch.zeros(())
        for at in range(0, len(self.x), self.batch):
            index = order[at : at + self.batch]
            loss = self.loss(self.model(self.x[index]), self.y[index])
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            self.optimizer.step()
            total += loss.detach()
        return float(total)

    def predict_one(self):
        with torch.inference_mode():
            return self.model(self.one).numpy()
