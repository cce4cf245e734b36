"""Random numbers: the bits of `kshim.spec.rng` in wrapping int32 arithmetic.

torch has no fast unsigned 32-bit type; multiplication and xor do not care about the sign, and a logical shift is an
arithmetic one with the copies of the sign masked off.
"""

import math

import numpy as np
import torch

from kshim.spec import rng
from kshim.spec.rng import GOLDEN, MULTIPLIER_1, MULTIPLIER_2

from .convert import TORCH

#: Elements hashed at a time: on the CPU so few that they stay in the cache.
_BLOCK = {"cpu": 1 << 20, "cuda": 1 << 26}

#: Up to here torch uses one thread and NumPy, with less to do per call, is the faster on the CPU.
_SMALL = 1 << 15


def signed(word):
    """The int32 with the bits of a 32-bit word."""
    word = int(word) & 0xFFFFFFFF
    return word - (1 << 32) if word >> 31 else word


_GOLDEN, _M1, _M2 = signed(GOLDEN), signed(MULTIPLIER_1), signed(MULTIPLIER_2)


def _xor_shift(x, scratch, by):
    torch.bitwise_right_shift(x, by, out=scratch)
    scratch &= (1 << (32 - by)) - 1
    x ^= scratch


class Draws:
    #: i * GOLDEN for i = 0, 1, ...: the part of every draw that no key changes.
    _counters = None

    def _hash(self, n, key):
        """int32 tensor of the first n words of `key`."""
        block = _BLOCK[self._device.type]
        if self._counters is None or len(self._counters) < min(n, block):
            size = min(block, max(1 << 14, 1 << (n - 1).bit_length() if n else 0))
            counters = torch.arange(size, dtype=torch.int32, device=self._device)
            self._counters = counters.mul_(_GOLDEN)
        k0, k1 = signed(key[0]), signed(key[1])
        if n <= block:
            return _rounds(self._counters[:n] ^ k0, k1)
        out = torch.empty(n, dtype=torch.int32, device=self._device)
        for start in range(0, n, block):
            x = out[start : start + block]
            torch.add(self._counters[: len(x)], signed(start * GOLDEN), out=x)
            x ^= k0
            _rounds(x, k1)
        return out

    def _words24(self, n, key):
        """The upper 24 bits of each word, as int32 in [0, 2**24)."""
        if n <= _SMALL and self._device.type == "cpu":
            return torch.from_numpy((rng.bits(n, key) >> np.uint32(8)).view(np.int32))
        x = self._hash(n, key)
        x >>= 8
        x &= 0xFFFFFF
        return x

    def random_uniform(self, shape, key, dtype):
        u = self._words24(math.prod(shape), key)
        # Exact in float32 already; a shorter dtype rounds once.
        wide = torch.float64 if dtype == "float64" else torch.float32
        return u.to(wide).mul_(2.0**-24).to(TORCH[dtype]).reshape(shape)

    def dropout(self, x, rate, key, noise_shape):
        scale = 1.0 / (1.0 - rate)
        # u * 2**-24 >= float32(rate) as integers; ~u + threshold is threshold - 1 - u, negative where x is kept.
        threshold = math.ceil(float(np.float32(rate)) * 2.0**24)
        u = self._words24(math.prod(noise_shape), key).bitwise_not_()
        u += threshold
        u >>= 31
        if x.dtype is torch.float32:
            # All ones or none: masks the bits of the scale, a float multiplier without a conversion.
            u &= int(np.float32(scale).view(np.int32))
            return x * u.view(torch.float32).reshape(noise_shape)
        keep = u.neg_().to(x.dtype).reshape(noise_shape)
        return (x * scale) * keep


def _rounds(x, k1):
    """The hash of `i * GOLDEN ^ k0`, in place."""
    scratch = torch.empty_like(x)
    _xor_shift(x, scratch, 16)
    x *= _M1
    x ^= k1
    _xor_shift(x, scratch, 15)
    x *= _M2
    _xor_shift(x, scratch, 15)
    return x
