"""The numpy backend: no framework needed, trains by tape autodiff, and in float64 the reference for the others."""

from .backend import NumpyBackend

backend_class = NumpyBackend
