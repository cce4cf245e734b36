"""The random numbers of kshim: one counter-based generator, the same bits on every backend.

Element `i` of a draw with key `(k0, k1)` is, in 32-bit wrapping arithmetic::

    x = (i * 0x9E3779B1) ^ k0
    x = (x ^ x >> 16) * 0x21F0AAAD
    x = x ^ k1
    x = (x ^ x >> 15) * 0x735A2D97
    x = x ^ x >> 15

(the multiplier pair is from Chris Wellons' hash prospector, 2018; a key word enters before each round). Keys come
from `fold`, a splitmix64 chain over seed, stream and counter, so neighbouring seeds share nothing.

This module is host code: initial weights, shuffling and augmentation are drawn here, whatever the backend, which
is why they are bit-identical. Inside a training step the backend's `random_uniform` draws the same bits.
"""

import numpy as np

GOLDEN, MULTIPLIER_1, MULTIPLIER_2 = 0x9E3779B1, 0x21F0AAAD, 0x735A2D97
MASK64 = (1 << 64) - 1

#: Known answers: key -> the first bits. Every backend's `random_uniform` must give these, shifted right by 8.
KNOWN_ANSWERS = {
    (0x00000000, 0x00000000): (0x00000000, 0x229DE055, 0x56047BAC, 0x890282B0),
    (0x00000001, 0x00000002): (0x6D888812, 0xF06A2A46, 0x5D53ECA0, 0x7B502A4E),
    (0xFFFFFFFF, 0x80000000): (0xEC1C0DD1, 0xC006C0F6, 0x45D12424, 0x7AD01BB8),
    (0xC43BDDFC, 0xF2721398): (0xCCDBE482, 0x9D28EDC7, 0x4B617475, 0x85DA16BB),
}


def _splitmix(z):
    """One round, of an int or of a uint64 array."""
    z = (z + 0x9E3779B97F4A7C15) & MASK64
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK64
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK64
    return z ^ (z >> 31)


def fold(*words):
    """Mix any number of ints (of any size) or strings into a key: two ints below 2**32."""
    z = 0x6B7368696D
    for word in words:
        if isinstance(word, str):
            word = int.from_bytes(word.encode(), "little")
        word = int(word)
        if word < 0:
            word = (-word << 1) | 1
            z = _splitmix(z ^ 0xA5A5A5A5)
        while True:
            z = _splitmix(z ^ (word & MASK64))
            word >>= 64
            if not word:
                break
    return z & 0xFFFFFFFF, z >> 32


def fold_each(*words, start, count):
    """`[fold(*words, start), fold(*words, start + 1) ...]`, all at once. `start` from 0, below 2**63."""
    k0, k1 = fold(*words)
    z = _splitmix(np.arange(start, start + count, dtype=np.uint64) ^ np.uint64(k1 << 32 | k0))
    return list(zip((z & 0xFFFFFFFF).tolist(), (z >> 32).tolist()))


def bits(n, key):
    """The first `n` random 32-bit words of `key`, as a uint32 array."""
    x = np.arange(n, dtype=np.uint32)
    x *= np.uint32(GOLDEN)
    x ^= np.uint32(key[0])
    x ^= x >> np.uint32(16)
    x *= np.uint32(MULTIPLIER_1)
    x ^= np.uint32(key[1])
    x ^= x >> np.uint32(15)
    x *= np.uint32(MULTIPLIER_2)
    x ^= x >> np.uint32(15)
    return x


def uniform(shape, key, low=0.0, high=1.0):
    """float64 array of uniforms in [low, high), from 24 bits each."""
    n = int(np.prod(shape, dtype=np.int64))
    u = (bits(n, key) >> np.uint32(8)) * 2.0**-24
    u *= high - low  # in place: weights may be large
    u += low
    return u.reshape(shape)


def normal(shape, key, mean=0.0, stddev=1.0):
    """float64 array of normals, by Box-Muller on two uniforms."""
    n = int(np.prod(shape, dtype=np.int64))
    half = (n + 1) // 2
    words = bits(2 * half, key)
    radius = np.sqrt(-2.0 * np.log((words[:half] + 1.0) * 2.0**-32))
    angle = words[half:] * (2.0 * np.pi * 2.0**-32)
    z = np.concatenate([radius * np.cos(angle), radius * np.sin(angle)])[:n]
    return (z * stddev + mean).reshape(shape)


def truncated_normal(shape, key, mean=0.0, stddev=1.0):
    """float64 array of normals redrawn until within two standard deviations."""
    n = int(np.prod(shape, dtype=np.int64))
    out = np.empty(n)
    have, round_ = 0, 0
    while have < n:
        z = normal((2 * (n - have) + 16,), fold(key[0], key[1], "truncated", round_))
        z = z[np.abs(z) < 2.0][: n - have]
        out[have : have + len(z)] = z
        have, round_ = have + len(z), round_ + 1
    return (out * stddev + mean).reshape(shape)


def permutation(n, key):
    """A random order of `range(n)`, int64: the stable sort of 64-bit words (ties practically never)."""
    words = bits(2 * n, key).astype(np.uint64)
    return np.argsort((words[:n] << np.uint64(32)) | words[n:], kind="stable")
