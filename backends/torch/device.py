"""Choosing the device, and what there is to say about it."""

import re
import warnings

import torch

from kshim.errors import BackendError
from kshim.spec.memory import keep_freed

_NAME = re.compile(r"(cpu|gpu|cuda)(?::(\d+))?")


def usable():
    """Names of the devices torch can compute on here, the CPU first."""
    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    return ["cpu", *(f"gpu:{i}" for i in range(gpus))]


def parse(device):
    """The kshim name ('cpu', 'gpu:0') of a request such as None, 'gpu', 'cuda:1' or 'cpu:0'.

    Raises `BackendError` naming the devices there are when the request is not one of them.
    """
    known = usable()
    if device is None:
        return known[min(1, len(known) - 1)]
    found = _NAME.fullmatch(str(device).lower())
    name = None
    if found:
        name = "cpu" if found[1] == "cpu" else f"gpu:{int(found[2] or 0)}"
    if name not in known:
        hint = "" if len(known) > 1 else " Install a CUDA build of torch and a driver for it to use a GPU."
        raise BackendError(
            f"The torch backend has no device {device!r}: torch {torch.__version__} finds {', '.join(known)}. "
            f"Pass one of these, or None to let it choose.{hint}"
        )
    return name


class Device:
    """The device of an instance."""

    def __init__(self, device=None):
        name = parse(device)
        super().__init__(name)
        self._device = torch.device(name.replace("gpu", "cuda"))
        keep_freed()
        if self._device.type == "cuda":
            # TF32 keeps 10 bits of mantissa: other numbers than every other backend.
            torch.backends.cuda.matmul.allow_tf32 = False
            torch.backends.cudnn.allow_tf32 = False
            # Its advice is for owners of a torch.nn.LSTM.
            warnings.filterwarnings("ignore", message="RNN module weights are not part of single contiguous chunk")

    def synchronize(self, x):
        if x.is_cuda:
            torch.cuda.synchronize(x.device)

    def devices(self):
        return usable()

    def info(self):
        return {"name": self.name, "version": torch.__version__, "device": self.device}
