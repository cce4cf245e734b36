"""Cases as data: an operation, its arguments as recipes for arrays, and what may be asked of the result."""

import math
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

import numpy as np

#: Float dtypes every case with free arrays runs in; a case may name others.
FLOATS = ("float64", "float32")
#: Label of a case none of whose arguments depends on the float dtype: it runs once.
FIXED = "fixed"


class _Floatx:
    def __repr__(self):
        return "floatx"


#: In the arguments of a case: the name of the float dtype it runs in.
FLOATX = _Floatx()


@dataclass(frozen=True)
class Array:
    """A recipe for an array. `dtype` None means the float dtype the case runs in. `layout`: how its tensor lies in memory."""

    how: str
    shape: tuple
    dtype: str | None = None
    low: float = 0.0
    high: float = 1.0
    data: tuple = ()
    layout: str | None = None

    def build(self, position):
        """The values, as float64 or as the fixed dtype; different for each `position` (a path) among the arguments."""
        rng = np.random.default_rng((*position, *self.shape))
        if self.how == "values":
            out = np.array(self.data, self.dtype or np.float64).reshape(self.shape)
        elif self.how == "normal":
            out = rng.standard_normal(self.shape)
        elif self.how == "uniform":
            out = rng.uniform(self.low, self.high, self.shape)
        elif self.how == "ints":
            out = rng.integers(self.low, self.high, self.shape)
        elif self.how == "bools":
            out = rng.integers(0, 2, self.shape)
        else:
            raise ValueError(f"Unknown recipe {self.how!r} for an array.")
        return out.astype(self.dtype or np.float64)

    def __repr__(self):
        if self.layout:
            return f"{self.layout}({replace(self, layout=None)!r})"
        shape = ", ".join(map(str, self.shape))
        tail = "" if self.dtype is None else f":{self.dtype}"
        if self.how == "values":
            shown = ", ".join(f"{v:.8g}" if isinstance(v, float) else str(v) for v in self.data)
            return f"[{shown}]{'' if len(self.shape) == 1 else f'.({shape})'}{tail}"
        bounds = f"{self.low:g}..{self.high:g}; " if self.how in ("uniform", "ints") else ""
        return f"{self.how}({bounds}{shape}){tail}"


def normal(*shape):
    """Standard normals."""
    return Array("normal", shape)


def uniform(low, high, *shape):
    """Uniforms in [low, high)."""
    return Array("uniform", shape, low=low, high=high)


def ints(low, high, *shape, dtype="int32"):
    """Integers in [low, high)."""
    return Array("ints", shape, dtype, low, high)


def bools(*shape):
    """Booleans."""
    return Array("bools", shape, "bool")


def values(data, dtype=None):
    """These values, a nested list."""
    raw = np.array(data, dtype=object) if dtype and "64" in dtype else np.array(data)
    return Array("values", raw.shape, dtype, data=tuple(raw.reshape(-1).tolist()))


def strided(array):
    """The same values, as every second element along each axis of a larger tensor."""
    return replace(array, layout="strided")


def reversed_(array):
    """The same values, as a tensor read backwards along each axis."""
    return replace(array, layout="reversed")


def transposed(array):
    """The same values, as a tensor of the opposite order of axes, turned."""
    return replace(array, layout="transposed")


def leaves(args, at=()):
    """(path, Array) of every recipe in nested lists and tuples of arguments, in order."""
    for i, arg in enumerate(args):
        if isinstance(arg, Array):
            yield (*at, i), arg
        elif isinstance(arg, (list, tuple)):
            yield from leaves(arg, (*at, i))


def substitute(args, function):
    """`args` with `function(path, recipe)` in place of every recipe and of FLOATX."""

    def visit(value, at):
        if isinstance(value, Array) or value is FLOATX:
            return function(at, value)
        if isinstance(value, (list, tuple)):
            return type(value)(visit(v, (*at, i)) for i, v in enumerate(value))
        return value

    return [visit(v, (i,)) for i, v in enumerate(args)]


@dataclass(frozen=True, eq=False)
class Case:
    """One set of arguments for one operation.

    `part` is "ops" or "derived", `op` the method's name. `grad`: whether gradients are compared; `smooth`: whether
    central differences are valid there. `same`: the reference is the numpy backend in the dtype of the case instead of
    in float64 on the same inputs (for results that legitimately depend on the dtype, such as an overflow half way).
    `value`: known result. `gradient`: known gradients of the plain sum of the results, by argument name.
    `project`: how many of the results enter the gradient (all by default).
    """

    part: str
    op: str
    args: tuple
    grad: bool = True
    smooth: bool = True
    same: bool = False
    value: object = None
    gradient: dict | None = None
    project: int | None = None
    only: tuple | None = None
    parameters: tuple = field(default=(), repr=False)

    @property
    def id(self):
        return f"{self.part}/{self.op}({', '.join(map(_show, self.args))})"

    @property
    def views(self):
        """Whether some of its tensors are views."""
        return any(a.layout for _, a in leaves(self.args))

    @property
    def dtypes(self):
        """Dtypes the case runs in."""
        free = any(a.dtype is None for _, a in leaves(self.args)) or FLOATX in _flat(self.args)
        return (self.only or FLOATS) if free else (FIXED,)


def _flat(args):
    for a in args:
        if isinstance(a, (list, tuple)):
            yield from _flat(a)
        else:
            yield a


def _show(arg):
    if isinstance(arg, float) and not math.isfinite(arg):
        return str(arg)
    if isinstance(arg, (list, tuple)):
        inside = ", ".join(map(_show, arg))
        return f"[{inside}]" if isinstance(arg, list) else f"({inside}{',' if len(arg) == 1 else ''})"
    return repr(arg)


def selected(case, pattern):
    """Whether the glob `pattern` (None: all) matches the case's id, its id without the part, or its operation."""
    names = (case.id, case.id.split("/", 1)[1], case.op)
    return pattern is None or any(fnmatchcase(name, pattern) for name in names)
