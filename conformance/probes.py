"""Probes: cases that need a function, for control flow, gradients, steps and conversion. One registry."""

from dataclasses import dataclass
from importlib import import_module

import numpy as np

from kshim.spec.table import CONTROL

from .case import FIXED, FLOATS
from .evaluate import flat


@dataclass(frozen=True)
class Known:
    """A result whose value is known, whatever the reference says."""

    got: object
    expected: object


@dataclass(frozen=True, eq=False)
class Probe:
    """`run(b, dtype)` gives named results: tensors, arrays, numbers or `Known`; lists of them are numbered."""

    op: str
    run: object
    covers: tuple
    kind: str
    dtypes: tuple
    part: str

    @property
    def id(self):
        return f"{self.part}/{self.op}"


PROBES = {}
#: Methods outside `CONTROL` that need a probe too.
BESIDE = ("fused_update", "compile_steps")
#: The modules whose functions register.
MODULES = (
    "probes_control", "probes_step", "probes_values", "probes_spec", "probes_promotion", "probes_rng", "probes_seeds", "probes_compile",
    "probes_fit", "probes_gradients", "probes_weights", "probes_losses", "probes_training",
)  # fmt: skip


def probe(covers, kind="summed", fixed=False, level="ops", dtypes=FLOATS):
    """Register a function of (b, dtype) as a probe of the methods named, in a level; it runs in `dtypes`, or once if `fixed`."""

    def register(function):
        name = function.__name__
        PROBES[name] = Probe(name, function, tuple(covers.split()), kind, (FIXED,) if fixed else dtypes, level)
        return function

    return register


def probes():
    """All probes. Raises `LookupError` naming the methods of `CONTROL` that none covers."""
    for name in MODULES:
        import_module(f"{__package__}.{name}")
    covered = {name for p in PROBES.values() for name in p.covers}
    missing = sorted({*CONTROL, *BESIDE} - covered)
    if missing:
        raise LookupError(f"Methods without a probe: {', '.join(missing)}. Add one to kshim_conformance/probes_*.py.")
    return list(PROBES.values())


def yes(value):
    """A result that must be true."""
    return Known(np.array(bool(value)), np.array(True))


def data(*shape, seed=0):
    """Normals that float32 holds exactly, as float64."""
    return np.random.default_rng((seed, *shape)).standard_normal(shape).astype(np.float32).astype(np.float64)


def tensor(b, array, dtype):
    return b.from_numpy(np.asarray(array, dtype))


def total(b, x):
    """Sum of all elements."""
    return b.sum(x, tuple(range(len(b.shape_of(x)))), False)


def inside(b, function, inputs, hyper=None):
    """`function(*inputs)` run inside a compiled step."""
    step = b.compile_step(lambda state, hyper, batch: (state, function(*state)), False)
    return step(list(inputs), hyper or {}, None)[1]


def both(b, function, inputs):
    """Named results of `function(*inputs)` alone and inside a compiled step."""
    return {"alone": flat(function(*inputs)), "compiled": flat(inside(b, function, inputs))}
