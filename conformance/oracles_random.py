"""The random numbers of `kshim.spec.rng` and the keys of `kshim.engine.seeds` once more, in plain integer arithmetic."""

import math

import numpy as np

_MASK = (1 << 64) - 1


def words(n, key):
    """The first n random words of a key, by 64-bit arithmetic cut to 32 bits."""
    mask = np.uint64(0xFFFFFFFF)
    x = (np.arange(n, dtype=np.uint64) * np.uint64(0x9E3779B1) & mask) ^ np.uint64(key[0])
    x = (x ^ x >> np.uint64(16)) * np.uint64(0x21F0AAAD) & mask
    x = x ^ np.uint64(key[1])
    x = (x ^ x >> np.uint64(15)) * np.uint64(0x735A2D97) & mask
    return x ^ x >> np.uint64(15)


def uniforms(shape, key):
    """float64 uniforms in [0, 1) of 24 bits."""
    return ((words(math.prod(shape), key) >> np.uint64(8)) / 2.0**24).reshape(shape)


def normals(shape, key):
    """float64 normals drawn on the host: Box and Muller 1958 on all 32 bits, 1 added before the logarithm."""
    n = math.prod(shape)
    half = (n + 1) // 2
    w = words(2 * half, key).tolist()
    radius = [math.sqrt(-2.0 * math.log((a + 1) / 2**32)) for a in w[:half]]
    angle = [2.0 * math.pi * a / 2**32 for a in w[half:]]
    z = [r * math.cos(a) for r, a in zip(radius, angle)] + [r * math.sin(a) for r, a in zip(radius, angle)]
    return np.array(z[:n]).reshape(shape)


def order(n, key):
    """A random order of range(n): sorted by two words each, equal ones as they come."""
    w = words(2 * n, key).tolist()
    return np.array(sorted(range(n), key=lambda i: (w[i], w[n + i])), np.int64)


def splitmix(state):
    """One output of SplitMix64 (Steele, Lea and Flood 2014) from its state before the step."""
    z = (state + 0x9E3779B97F4A7C15) & _MASK
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & _MASK
    z = (z ^ z >> 27) * 0x94D049BB133111EB & _MASK
    return z ^ z >> 31


def fold(*parts):
    """A key from integers and texts: each, in pieces of 64 bits, goes into a chain of SplitMix64."""
    z = 0x6B7368696D  # "kshim"
    for part in parts:
        n = sum(byte << 8 * i for i, byte in enumerate(part.encode())) if isinstance(part, str) else part
        if n < 0:
            n, z = -2 * n + 1, splitmix(z ^ 0xA5A5A5A5)
        pieces = [n & _MASK]
        while n >> 64 * len(pieces):
            pieces.append(n >> 64 * len(pieces) & _MASK)
        for piece in pieces:
            z = splitmix(z ^ piece)
    return z % 2**32, z >> 32


def mixed(key, other):
    """`mix_key` of a step's key and a stream's words."""
    return key[0] ^ other[0], key[1] ^ other[1]


def counted(key, n):
    """`mix_counter`: the key of iteration n of a loop."""
    return mixed(key, (n * 0x9E3779B1 % 2**32, n * 0x85EBCA77 % 2**32))


def mask(shape, key, rate):
    """Which elements dropout keeps."""
    return uniforms(shape, key) >= np.float32(rate)
