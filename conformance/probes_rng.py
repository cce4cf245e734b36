"""Probes of the random generator: known words, moments, independence, on the backend and on the host."""

import math

import numpy as np

from kshim.spec import rng

from . import oracles_random as oracle
from .probes import Known, probe, yes

#: Draws for a statistic; everything is decided by the keys, so nothing is left to chance.
_MANY = 1 << 20
#: Standard deviations that a statistic may be off.
_SIGMAS = 4.5
_KEYS = [(0, 0), (1, 0), (0, 1), oracle.fold(1234, "step", 0), oracle.fold(1234, "step", 1), (0xFFFFFFFF, 0xFFFFFFFF)]

#: Words of keys, and keys of what is folded: numbers that may never change, since seeds stand in people's papers.
WORDS = {
    (0x00000000, 0x00000000): (0x00000000, 0x229DE055, 0x56047BAC, 0x890282B0),
    (0x00000001, 0x00000002): (0x6D888812, 0xF06A2A46, 0x5D53ECA0, 0x7B502A4E),
    (0xFFFFFFFF, 0x80000000): (0xEC1C0DD1, 0xC006C0F6, 0x45D12424, 0x7AD01BB8),
    (0xC43BDDFC, 0xF2721398): (0xCCDBE482, 0x9D28EDC7, 0x4B617475, 0x85DA16BB),
}
FOLDED = {
    (0,): (0xD861A178, 0x3840B58F),
    (1,): (0x6D44AF98, 0x6B5AC2A3),
    (-1,): (0xECE9A890, 0xE73B6463),
    (2**64,): (0x8E1D6273, 0x304CA568),
    ("host", 7): (0x4E57EE72, 0x5268A758),
    (1234, "step", 0): (0x508E27C2, 0xAAF2EC8B),
    (1234, "step", 1): (0x63165179, 0x7224CD59),
    ("stream", 1, 1234): (0x164F8B18, 0xD78D5F04),
    (42, "shuffle", 1): (0x99021BB9, 0x4F084E09),
    ("ab",): (0xAA8B357D, 0x776A5340),
}
#: The first outputs of SplitMix64 from the state 1234567, as its authors publish them.
SPLITMIX = (6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821)


def inside(b, draw, key, *args):
    """`draw(key, *args)` in a compiled step that gets the key as hyper."""
    step = b.compile_step(lambda state, hyper, batch: (state, draw((hyper["k0"], hyper["k1"]), *args)), False)
    return b.to_numpy(step([], {"k0": key[0], "k1": key[1]}, None)[1])


def within(value, expected, deviation):
    """Whether a statistic is where chance puts it."""
    return yes(abs(value - expected) <= _SIGMAS * deviation)


def chi_square(counts, expected):
    """Whether counts are spread as expected: the statistic within 4.5 standard deviations of its mean."""
    freedom = len(counts) - 1
    return within(float(((counts - expected) ** 2 / expected).sum()), freedom, math.sqrt(2.0 * freedom))


def correlation(x, y):
    """Whether two columns of numbers are uncorrelated."""
    x, y = x - x.mean(), y - y.mean()
    return within(float((x * y).sum() / math.sqrt((x * x).sum() * (y * y).sum())), 0.0, 1.0 / math.sqrt(len(x)))


@probe("", "exact", fixed=True, level="rng")
def generator_words(b, dtype):
    """The words on record, from the host's generator; the key of every kind of part; SplitMix64's published numbers."""
    out = {f"words of {key}": Known(rng.bits(len(w), key), np.array(w, np.uint32)) for key, w in WORDS.items()}
    for parts, key in FOLDED.items():
        out[f"fold{parts}"] = Known(np.array(rng.fold(*parts)), np.array(key))
    state = 1234567
    for i, output in enumerate(SPLITMIX):
        out[f"SplitMix64 {i}"] = yes(oracle.splitmix(state) == output)
        state += 0x9E3779B97F4A7C15
    parts = [(n,) for n in (0, 1, -1, 2**32, 2**64 - 1, 2**64, -(2**70), 10**40)]
    parts += [("a", 1), (1, "a"), ("",), ("a" * 20, 3), (5, "step", 7), (5, "step", -7)]
    for some in parts:
        out[f"fold{some} by hand"] = Known(np.array(rng.fold(*some)), np.array(oracle.fold(*some)))
    return out


@probe("", "exact", level="rng")
def generator_uniform(b, dtype):
    """A million draws, alone and with the key as hyper: bit by bit, and the moments of uniforms."""
    out = {}
    for key in (_KEYS[0], _KEYS[3]):
        u = b.to_numpy(b.random_uniform((_MANY,), key, dtype))
        exact = oracle.uniforms((_MANY,), key).astype(dtype)
        out[f"bits of {key}"] = yes(np.array_equal(u, exact))
        compiled = inside(b, lambda k: b.random_uniform((_MANY,), k, dtype), key)
        out[f"compiled bits of {key}"] = yes(np.array_equal(compiled, exact))
        u = u.astype(np.float64)
        out[f"range of {key}"] = yes(
            u.min() >= 0.0 and u.max() < 1.0 and np.array_equal(u * 2**24 % 1, np.zeros(_MANY))
        )
        out[f"mean of {key}"] = within(u.mean(), 0.5, math.sqrt(1 / 12 / _MANY))
        out[f"variance of {key}"] = within(u.var(), 1 / 12, math.sqrt(1 / 180 / _MANY))
        out[f"spread of {key}"] = chi_square(np.bincount((u * 256).astype(int), minlength=256), _MANY / 256)
        for lag in (1, 2, 3, 64, 1000):
            out[f"lag {lag} of {key}"] = correlation(u[:-lag], u[lag:])
        pairs = (u[0::2] * 32).astype(int) * 32 + (u[1::2] * 32).astype(int)
        out[f"pairs of {key}"] = chi_square(np.bincount(pairs, minlength=1024), _MANY / 2 / 1024)
    return out


def _shares(x):
    """How often each of the 32 bits is set, the lowest first."""
    return np.array([np.count_nonzero(x & np.uint32(1 << i)) for i in range(32)]) / len(x)


@probe("", "exact", fixed=True, level="rng")
def generator_bits(b, dtype):
    """On the host: every bit of the words is set half of the time, none depends on the one beside it, no word comes twice."""
    out, bound = {}, _SIGMAS * 0.5 / math.sqrt(_MANY)
    for key in _KEYS[1:4]:
        x = rng.bits(_MANY, key)
        out[f"words of {key}"] = yes(np.array_equal(x, oracle.words(_MANY, key)))
        out[f"bits of {key}"] = yes(np.abs(_shares(x) - 0.5).max() <= bound)
        out[f"neighbours of {key}"] = yes(np.abs(_shares(x ^ (x >> np.uint32(1)))[:31] - 0.5).max() <= bound)
        out[f"once each of {key}"] = yes((np.diff(np.sort(x)) > 0).all())
    return out


@probe("", "exact", level="rng")
def generator_normal(b, dtype):
    """Moments of normals, and how they spread over 64 equal shares of the distribution."""
    n, out = 1 << 18, {}
    for key in _KEYS[2:5]:
        z = b.to_numpy(b.random_normal((n,), key, dtype)).astype(np.float64)
        share = np.array([math.erf(v) for v in (z / math.sqrt(2)).tolist()]) / 2 + 0.5
        out |= {
            f"mean of {key}": within(z.mean(), 0.0, 1 / math.sqrt(n)),
            f"variance of {key}": within(z.var(), 1.0, math.sqrt(2 / n)),
            f"skewness of {key}": within((z**3).mean(), 0.0, math.sqrt(15 / n)),
            f"kurtosis of {key}": within((z**4).mean(), 3.0, math.sqrt(96 / n)),
            f"spread of {key}": chi_square(np.bincount((share * 64).astype(int), minlength=64), n / 64),
            f"halves of {key}": correlation(z[: n // 2], z[n // 2 :]),
            f"lag of {key}": correlation(z[:-1], z[1:]),
            f"finite of {key}": yes(np.isfinite(z).all() and 4.0 < np.abs(z).max() < 6.0),
        }
    return out


def _streams():
    """Name -> key of draws that must have nothing in common, from neighbouring seeds, streams, steps and counters."""
    key = oracle.fold(7, "step", 0)
    found = {f"seed {s}": oracle.fold(s, "step", 0) for s in (0, 1, 2, 2**31)}
    found |= {f"step {n}": oracle.fold(7, "step", n) for n in range(3)}
    found |= {f"layer {n}": oracle.mixed(key, oracle.fold("stream", n, 7)) for n in range(1, 4)}
    found |= {f"draw {n}": oracle.mixed(key, oracle.fold(*oracle.fold("stream", 1, 7), n)) for n in (1, 2)}
    found |= {f"iteration {n}": oracle.counted(key, n) for n in range(1, 5)}
    return found


@probe("", "exact", fixed=True, level="rng")
def independent_streams(b, dtype):
    """Every two streams are uncorrelated, and no place has the same number in more pairs than chance gives."""
    n, found = 1 << 16, _streams()
    draws = {name: b.to_numpy(b.random_uniform((n,), key, "float32")).astype(np.float64) for name, key in found.items()}
    out, names = {}, list(draws)
    for i, x in enumerate(names):
        for y in names[i + 1 :]:
            out[f"{x}, {y}"] = correlation(draws[x], draws[y])
            out[f"{x}, {y} shifted"] = correlation(draws[x][1:], draws[y][:-1])
            out[f"{x}, {y} equal"] = yes((draws[x] == draws[y]).sum() <= 3)
    return out


@probe("", "exact", fixed=True, level="rng")
def keys_apart(b, dtype):
    """No two of 30 000 keys are equal, in a word or as a whole; their bits are spread."""
    keys = [rng.fold(seed, "step", n) for seed in range(20) for n in range(500)]
    keys += [rng.fold("stream", n, seed) for seed in range(20) for n in range(500)]
    keys += [rng.fold("host", n) for n in range(5000)] + [
        rng.fold("ops", seed, n) for seed in range(50) for n in range(100)
    ]
    array = np.array(keys, np.uint64)
    bits = np.concatenate([(array[:, [k]] >> np.arange(32, dtype=np.uint64)) & np.uint64(1) for k in (0, 1)], 1)
    low, high = (len(np.unique(array[:, k])) for k in (0, 1))
    return {
        "keys": yes(len(set(keys)) == len(keys) == 30_000),
        "words": yes(min(low, high) > len(keys) - 10),
        "bits": yes(np.abs(bits.mean(0) - 0.5).max() <= _SIGMAS * 0.5 / math.sqrt(len(keys))),
        "range": yes(array.max() < 2**32),
        "order of parts": yes(rng.fold(1, 2) != rng.fold(2, 1)),
        "sign": yes(rng.fold(-1) != rng.fold(1) != rng.fold(3)),
        "text and number": yes(rng.fold("a") == rng.fold(ord("a"))),
    }


@probe("", "exact", level="rng")
def draws_by_position(b, dtype):
    """Element i of a draw depends on the key and on i alone: neither the shape nor the dtype has a part in it."""
    key = oracle.fold(3, "step", 3)
    flat = b.to_numpy(b.random_uniform((60,), key, dtype))
    shapes = ((60,), (10,), (3, 20), (3, 4, 5), (1, 60, 1), (61,), (1000,))
    out = {f"{s}": Known(b.random_uniform(s, key, dtype), oracle.uniforms(s, key).astype(dtype)) for s in shapes}
    out |= {
        f"{s} begins": yes(np.array_equal(b.to_numpy(b.random_uniform(s, key, dtype)).ravel()[:10], flat[:10]))
        for s in shapes
    }
    wide = b.to_numpy(b.random_uniform((60,), key, "float64"))
    out["in float64"] = yes(np.array_equal(wide.astype(dtype), flat))
    return out


@probe("", "exact", level="rng")
def dropout_rates(b, dtype):
    """The share that is kept, its scale, and the mask word by word; masks shared along axes."""
    n, out = 1 << 18, {}
    key = oracle.fold(5, "step", 1)
    x = b.from_numpy(np.full((n,), 3.0, dtype))
    for rate in (0.1, 0.25, 0.5, 0.8, 1 / 3):
        for name, y in (
            ("alone", b.to_numpy(b.dropout(x, rate, key, (n,)))),
            ("compiled", inside(b, lambda k, r=rate: b.dropout(x, r, k, (n,)), key)),
        ):
            kept = y != 0
            out[f"{name} {rate:.2f} mask"] = yes(np.array_equal(kept, oracle.mask((n,), key, rate)))
            out[f"{name} {rate:.2f} share"] = within(kept.mean(), 1 - rate, math.sqrt(rate * (1 - rate) / n))
            error = np.abs(y[kept].astype(np.float64) * (1 - rate) / 3.0 - 1.0).max()
            out[f"{name} {rate:.2f} scale"] = yes(error < (1e-15 if dtype == "float64" else 3e-7))
    shared = b.to_numpy(b.dropout(b.from_numpy(np.ones((50, 7, 40), dtype)), 0.5, key, (50, 1, 40)))
    wanted = np.broadcast_to(oracle.mask((50, 1, 40), key, 0.5) * 2.0, (50, 7, 40))
    out["shared"] = Known(shared, wanted.astype(dtype))
    return out


@probe("", "exact", fixed=True, level="rng")
def host_orders(b, dtype):
    """`rng.permutation`: the order by hand, each number once, every number in every place equally often."""
    out = {}
    for n, key in ((0, (1, 2)), (1, (1, 2)), (10, (1, 2)), (1000, oracle.fold(9, "shuffle", 1))):
        found = rng.permutation(n, key)
        out[f"{n}"] = Known(found, oracle.order(n, key))
        out[f"{n} each once"] = yes(sorted(found.tolist()) == list(range(n)))
    orders = np.array([rng.permutation(8, rng.fold(9, "shuffle", n)) for n in range(4000)])
    for place in range(8):
        out[f"place {place}"] = chi_square(np.bincount(orders[:, place], minlength=8), 4000 / 8)
    return out


@probe("", "function", fixed=True, level="rng")
def host_normals(b, dtype):
    """`rng.normal` by hand; a truncated normal stays within two deviations and has the variance it then has."""
    key, n = (21, 34), 200_000
    z = rng.truncated_normal((n,), key)
    return {
        "normal": Known(rng.normal((5, 3), key, 1.5, 0.25), oracle.normals((5, 3), key) * 0.25 + 1.5),
        "odd": Known(rng.normal((7,), key), oracle.normals((7,), key)),
        "uniform": Known(rng.uniform((5, 3), key, -2.0, 3.0), oracle.uniforms((5, 3), key) * 5.0 - 2.0),
        "bounds": yes(1.999 < np.abs(z).max() < 2.0),
        "mean": within(z.mean(), 0.0, 0.88 / math.sqrt(n)),
        "variance": within(z.var(), 0.87962566103423978**2, 1.1 / math.sqrt(n)),
        "lag": correlation(z[:-1], z[1:]),
    }
