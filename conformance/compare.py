"""Comparing arrays: shape, dtype, positions of NaN and infinity, then values."""

from dataclasses import dataclass

import numpy as np

from .tolerances import TINY


@dataclass(frozen=True)
class Difference:
    """The first way in which a result is wrong: `what` is "shape", "dtype", "nan", "inf" or "value"."""

    what: str
    got: object
    expected: object
    index: tuple = ()
    wrong: int = 0
    size: int = 0
    error: float = 0.0
    limit: float = 0.0

    def __str__(self):
        if self.what in ("shape", "dtype"):
            return f"{self.what}: got {self.got}, expected {self.expected}"
        at = f"first wrong index {self.index}: got {self.got}, expected {self.expected}; {self.wrong} of {self.size} wrong"
        if self.what == "value":
            return f"value: {at}, max error {self.error:.3g} where {self.limit:.3g} is allowed"
        return f"{self.what}: {at}"


def rounded(array, dtype):
    """A float64 array with every value rounded to the float dtype named."""
    if dtype == "bfloat16":  # NumPy has none: keep the upper half of a float32, rounded to even
        bits = np.asarray(array, np.float32).view(np.uint32).astype(np.uint64)
        bits = (bits + 0x7FFF + ((bits >> np.uint64(16)) & np.uint64(1))) & np.uint64(0xFFFF0000)
        near = bits.astype(np.uint32).view(np.float32).astype(np.float64)
        return np.where(np.isfinite(array), near, array)
    with np.errstate(all="ignore"):
        return np.asarray(array, dtype).astype(np.float64)


def _first(wrong):
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(wrong)), wrong.shape))


def _at(what, wrong, got, expected, error=0.0, limit=0.0):
    index = _first(wrong)
    return Difference(
        what, _plain(got[index]), _plain(expected[index]), index, int(wrong.sum()), wrong.size, error, limit
    )


def _plain(x):
    return x.item() if hasattr(x, "item") else x


def compare_form(shape, dtype, expected_shape, expected_dtype):
    """The `Difference` in shape or dtype name, or None; a dtype that is None is not compared."""
    if tuple(shape) != tuple(expected_shape):
        return Difference("shape", tuple(shape), tuple(expected_shape))
    if dtype is not None and expected_dtype is not None and dtype != expected_dtype:
        return Difference("dtype", dtype, expected_dtype)
    return None


def compare(got, expected, tolerance, got_dtype=None, expected_dtype=None):
    """The first `Difference` between two arrays, or None.

    The dtype names are compared when both are given. A float64 `expected` for a narrower `got` is rounded to it first,
    so that a result beyond its range is expected to be infinite. NaN and infinities must be in the same places, the
    infinities with the same sign; +0 and -0 are equal.
    """
    got, expected = np.asarray(got), np.asarray(expected)
    form = compare_form(got.shape, got_dtype, expected.shape, expected_dtype)
    if form is not None:
        return form
    if got.dtype.kind not in "fc" or expected.dtype.kind not in "fc":
        wrong = np.asarray(got != expected)
        if not wrong.any():
            return None
        error = np.abs(got[wrong].astype(np.float64) - expected[wrong].astype(np.float64)).max()
        return _at("value", wrong, got, expected, float(error))
    with np.errstate(all="ignore"):
        if got_dtype in TINY and expected.dtype == np.float64:
            expected = rounded(expected, got_dtype)
        if expected.dtype != got.dtype:
            expected = expected.astype(got.dtype)
        for what, test in (("nan", np.isnan), ("inf", lambda a: np.where(np.isinf(a), np.sign(a), 0.0))):
            wrong = np.asarray(test(got) != test(expected))
            if wrong.any():
                return _at(what, wrong, got, expected)
        finite = np.isfinite(expected)
        a, b = (np.where(finite, v, 0.0).astype(np.float64) for v in (got, expected))
        size = np.abs(b)
        floor = tolerance.floor
        if floor in ("max", "max or 1"):
            floor = size.max(initial=0.0 if floor == "max" else 1.0)
        limit = tolerance.rtol * np.maximum(size, floor)
        if tolerance.rtol:
            limit = limit + TINY[got_dtype if got_dtype in TINY else got.dtype.name]
        error = np.abs(a - b)
        wrong = np.asarray(error > limit)
        if not wrong.any():
            return None
        worst = np.unravel_index(int(np.argmax(error - limit)), error.shape)
        return _at("value", wrong, got, expected, float(error[worst]), float(limit[worst]))


def relative_error(got, expected):
    """The largest |got - expected| over the largest |expected|, as floats; 0 for empty arrays, infinite for a NaN of one side."""
    got, expected = np.asarray(got, np.float64), np.asarray(expected, np.float64)
    if not expected.size:
        return 0.0
    with np.errstate(all="ignore"):
        apart = np.where(got == expected, 0.0, np.abs(got - expected))
        apart = np.where(np.isnan(got) & np.isnan(expected), 0.0, apart)
        largest = np.abs(expected[np.isfinite(expected)]).max(initial=0.0)
        error = apart.max() / largest if largest else apart.max()
    return float("inf") if np.isnan(error) else float(error)
