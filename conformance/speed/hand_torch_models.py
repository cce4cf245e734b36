"""The models as PyTorch modules: layers in the order of `hand_weights`."""

import torch
from torch import nn
from torch.nn import functional as F

from .hand_weights import RESNET


class _Last(nn.Module):
    """An LSTM's output at the last step, of both directions."""

    def __init__(self, n, units, bidirectional=False):
        super().__init__()
        self.lstm = nn.LSTM(n, units, batch_first=True, bidirectional=bidirectional)

    def forward(self, x):
        state = self.lstm(x)[1][0]
        return state[0] if len(state) == 1 else torch.cat([state[0], state[1]], 1)


class _ConvNorm(nn.Sequential):
    def __init__(self, size, n, m, stride):
        conv = nn.Conv2d(n, m, size, stride, padding=0 if stride == 2 else size // 2, bias=False)
        super().__init__(conv, nn.BatchNorm2d(m, eps=1e-3, momentum=0.01))
        self.same = stride == 2 and size == 3  # "same" padding in strides of two is uneven

    def forward(self, x):
        return super().forward(F.pad(x, (0, 1, 0, 1)) if self.same else x)


class _Block(nn.Module):
    def __init__(self, first, second, shortcut=None):
        super().__init__()
        self.first, self.second = _ConvNorm(*first), _ConvNorm(*second)
        self.shortcut = _ConvNorm(*shortcut) if shortcut else nn.Identity()

    def forward(self, x):
        return F.relu_(self.shortcut(x) + self.second(F.relu_(self.first(x))))


def _resnet20():
    blocks, convs = [], RESNET[1:]
    while convs:
        length = 3 if convs[0][3] == 2 else 2
        blocks.append(_Block(*convs[:length]))
        convs = convs[length:]
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10)]
    return nn.Sequential(_ConvNorm(*RESNET[0]), nn.ReLU(inplace=True), *blocks, *head)


class _Positions(nn.Module):
    def __init__(self, length, width):
        super().__init__()
        self.table = nn.Embedding(length, width)

    def forward(self, x):
        return x + self.table.weight


class _Encoder(nn.Module):
    def __init__(self, width=64, heads=2):
        super().__init__()
        self.heads = heads
        self.project, self.merge = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.norm1 = nn.LayerNorm(width)
        self.up, self.down = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)
        self.norm2 = nn.LayerNorm(width)

    def forward(self, x):
        q, k, v = self.project(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
        x = self.norm1(x + self.merge(attended))
        return self.norm2(x + self.down(F.relu_(self.up(x))))


class _Mean(nn.Module):
    def forward(self, x):
        return x.mean(1)


def _stack(*units, dropout=None):
    layers = []
    for n, m in zip(units, units[1:]):
        layers += [nn.Linear(n, m), nn.ReLU(inplace=True), *([] if dropout is None else [nn.Dropout(dropout)])]
    return nn.Sequential(*layers[: -1 if dropout is None else -2])


def _cnn():
    convs = [
        nn.Conv2d(1, 32, 3),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
    ]
    return nn.Sequential(*convs, nn.Flatten(), nn.Linear(1600, 128), nn.ReLU(inplace=True), nn.Linear(128, 10))


def model(name, dropout):
    """The module of a workload; it gives logits."""
    return {
        "tabular": lambda: _stack(30, 64, 32, 1),
        "mlp": lambda: _stack(784, 512, 512, 10, dropout=dropout),
        "autoencoder": lambda: _stack(784, 128, 32, 128, 784),
        "cnn": _cnn,
        "resnet20": _resnet20,
        "lstm": lambda: nn.Sequential(_Last(1, 64), nn.Linear(64, 10)),
        "bilstm": lambda: nn.Sequential(nn.Embedding(20_000, 128), _Last(128, 64, True), nn.Linear(128, 1)),
        "transformer": lambda: nn.Sequential(
            nn.Embedding(20_000, 64), _Positions(200, 64), _Encoder(), _Encoder(), _Mean(), nn.Linear(64, 2)
        ),
    }[name]()


@torch.no_grad()
def load(module, weights):
    """Put weights in the order and layout of `hand_weights` into a module."""
    weights = iter(weights)

    def put(parameter, array):
        parameter.copy_(torch.from_numpy(array.copy()))

    after = None  # filters of the convolution that a flattened image comes from
    for layer in module.modules():
        if isinstance(layer, nn.Linear):
            kernel = next(weights)
            if after and len(kernel) > after:
                side = int((len(kernel) // after) ** 0.5)
                kernel = kernel.reshape(side, side, after, -1).transpose(2, 0, 1, 3).reshape(kernel.shape)
            after = None
            put(layer.weight, kernel.T)
            put(layer.bias, next(weights))
        elif isinstance(layer, nn.Conv2d):
            put(layer.weight, next(weights).transpose(3, 2, 0, 1))
            after = layer.out_channels
            if layer.bias is not None:
                put(layer.bias, next(weights))
        elif isinstance(layer, nn.Embedding):
            put(layer.weight, next(weights))
        elif isinstance(layer, (nn.BatchNorm2d, nn.LayerNorm)):
            put(layer.weight, next(weights))
            put(layer.bias, next(weights))
        elif isinstance(layer, nn.LSTM):
            for end in ("", "_reverse")[: 1 + layer.bidirectional]:
                for part in ("weight_ih", "weight_hh", "bias_ih"):
                    put(getattr(layer, f"{part}_l0{end}"), next(weights).T)
                getattr(layer, f"bias_hh_l0{end}").zero_()
