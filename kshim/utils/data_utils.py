"""The names of `keras.utils.data_utils` (Keras 1, 2)."""

from ..preprocessing.sequence import pad_sequences
from .archives import extract_archive as _extract_archive
from .enqueuers import GeneratorEnqueuer, OrderedEnqueuer, SequenceEnqueuer
from .files import get_file
from .hashing import hash_file as _hash_file
from .hashing import validate_file
from .sequence import PyDataset, Sequence

__all__ = [
    "GeneratorEnqueuer",
    "OrderedEnqueuer",
    "PyDataset",
    "Sequence",
    "SequenceEnqueuer",
    "_extract_archive",
    "_hash_file",
    "get_file",
    "pad_sequences",
    "validate_file",
]
