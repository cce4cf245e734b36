"""Preparing sequences, text and images (`keras.preprocessing`)."""

from . import image, sequence, text

__all__ = ["image", "sequence", "text"]
