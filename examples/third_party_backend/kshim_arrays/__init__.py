"""An example of a kshim backend in a package of its own; read `backend` first, then `tape` and `elementwise`."""

from .backend import ArraysBackend

__all__ = ["ArraysBackend"]
