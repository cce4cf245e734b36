"""The torch backend: eager PyTorch on CPU or CUDA, gradients by `torch.autograd`."""

from .backend import TorchBackend

backend_class = TorchBackend

__all__ = ["TorchBackend", "backend_class"]
