"""Fingerprints: a few numbers for an array, from which the distance of two arrays can be told without keeping them.

The fingerprint of a float array is its Euclidean norm and its products with fixed vectors of random signs: the mean
square of the differences of these products estimates the squared distance of the arrays, and one single wrong element
shows in each of them in full. Integers, booleans and text have a checksum.
"""

import hashlib
import math

import numpy as np

#: Vectors of random signs.
_VECTORS = 8
_BLOCK = 1 << 16
#: Blocks of signs that are kept; those of larger arrays are drawn again each time.
_KEPT = 32


class Fingerprints:
    """Makes fingerprints; the signs depend on nothing, so those of two processes can be compared."""

    def __init__(self):
        self._signs = {}

    def _block(self, number):
        signs = self._signs.get(number)
        if signs is None:
            draw = np.random.Generator(np.random.PCG64(number)).integers(0, 2, (_VECTORS, _BLOCK), np.int8)
            signs = (2 * draw - 1).astype(np.float32)
            if number < _KEPT:
                self._signs[number] = signs
        return signs

    def of(self, array):
        """A list that JSON can hold: shape, dtype, then the norm and the products, or the checksum."""
        array = np.asarray(array)
        head = [list(array.shape), array.dtype.name]
        if array.dtype.kind != "f":
            content = repr(array.tolist()).encode() if array.dtype.kind in "OSU" else np.ascontiguousarray(array)
            return [*head, hashlib.blake2b(content, digest_size=8).hexdigest()]
        flat = array.reshape(-1)
        products, square = np.zeros(_VECTORS), 0.0
        with np.errstate(all="ignore"):
            for number, start in enumerate(range(0, flat.size, _BLOCK)):
                part = flat[start : start + _BLOCK].astype(np.float64)
                products += self._block(number)[:, : part.size] @ part
                square += float(part @ part)
        return [*head, math.sqrt(square) if square >= 0 else square, *products.tolist()]


def norm(print_):
    """The norm in a fingerprint of floats; None in a checksum."""
    return None if isinstance(print_[2], str) else print_[2]


def same_form(a, b):
    """Whether two arrays had the same shape and dtype."""
    return a[:2] == b[:2]


def distance(a, b):
    """The estimated Euclidean distance of two arrays of the same form; infinite where only one is finite or checksums differ."""
    if isinstance(a[2], str) or isinstance(b[2], str):
        return 0.0 if a[2] == b[2] else math.inf
    if not (math.isfinite(a[2]) and math.isfinite(b[2])):
        alike = math.isnan(a[2]) and math.isnan(b[2]) or a[2] == b[2]
        return 0.0 if alike else math.inf
    return math.sqrt(sum((x - y) ** 2 for x, y in zip(a[3:], b[3:])) / _VECTORS)
