"""Running one case on one backend: values, gradients of a projection, central differences."""

import numpy as np

from kshim.errors import BackendError
from kshim.spec.derived import Derived
from kshim.spec.table import TABLE

from .case import FIXED, FLOATX, leaves, substitute
from .compare import rounded

#: Smaller floats are given to the backend as float32 and cast there.
_HALF = ("float16", "bfloat16")


def native(b, array, dtype):
    """A tensor of the dtype named."""
    if dtype in _HALF:
        return b.cast(b.from_numpy(array.astype(np.float32)), dtype)
    with np.errstate(all="ignore"):
        return b.from_numpy(np.asarray(array.astype(dtype)))


def has_bfloat16(b):
    """Whether bfloat16 works here: NumPy needs a package for it."""
    try:
        b.cast(b.from_numpy(np.zeros(1, np.float32)), "bfloat16")
    except BackendError:
        return False
    return True


def laid_out(b, array, layout, make):
    """`make(an array)` made into a tensor of the values of `array` by an operation that frameworks answer with a view."""
    rank = array.ndim
    if layout == "strided":
        gaps = np.full([2 * n for n in array.shape], np.nan if array.dtype.kind == "f" else 1, array.dtype)
        gaps[(slice(None, None, 2),) * rank] = array
        return b.slice(make(gaps), (0,) * rank, gaps.shape, (2,) * rank)
    if layout == "reversed":
        return b.flip(make(np.flip(array)), tuple(range(rank)))
    if layout == "transposed":
        return b.transpose(make(array.T), tuple(reversed(range(rank))))
    return make(array)


def arguments(b, case, dtype, wide=False):
    """Arguments with tensors for recipes. `wide`: float64 tensors of the values rounded to `dtype`."""
    target = "float64" if wide or dtype == FIXED else dtype

    def make(path, recipe):
        if recipe is FLOATX:
            return target
        array = recipe.build(path)
        if recipe.dtype is not None:
            return laid_out(b, array, recipe.layout, b.from_numpy)
        array = rounded(array, dtype) if dtype != FIXED else array
        return laid_out(b, array, recipe.layout, lambda values: native(b, values, target))

    return substitute(case.args, make)


def differentiated(case):
    """Paths of the arguments to differentiate by: those with a known gradient, else all free float arrays the table allows."""
    if not case.grad:
        return []
    known = case.gradient or (TABLE[case.op].diff if case.part == "ops" else case.parameters)
    return [path for path, a in leaves(case.args) if a.dtype is None and case.parameters[path[0]] in known]


def put(args, path, value):
    out = list(args)
    out[path[0]] = value if len(path) == 1 else put(args[path[0]], path[1:], value)
    return tuple(out) if isinstance(args, tuple) else out


def get(args, path):
    for i in path:
        args = args[i]
    return args


def flat(result):
    """The results of an operation as a list."""
    if isinstance(result, (list, tuple)):
        return [x for r in result for x in flat(r)]
    return [result]


def function_of(b, case, derived=False):
    """The method a case calls; `derived`: the definition from primitives even where the backend overrides it."""
    if derived:
        return getattr(Derived, case.op).__get__(b)
    return getattr(b, case.op)


def overridden(b, case):
    """Whether the backend replaces this derived operation."""
    return case.part == "derived" and getattr(type(b), case.op) is not getattr(Derived, case.op)


def projection(b, case, ys, dtype):
    """Scalar: the float results times fixed random weights (1 where the gradient is known), summed."""
    total = None
    for i, y in enumerate(ys[: case.project]):
        if not b.is_tensor(y) or b.dtype_of(y) not in ("float64", "float32", *_HALF):
            continue
        shape = b.shape_of(y)
        weights = (
            np.ones(shape)
            if case.gradient
            else rounded(np.random.default_rng((77, i, *shape)).standard_normal(shape), dtype)
        )
        part = b.sum(b.multiply(y, native(b, weights, b.dtype_of(y))), tuple(range(len(shape))), False)
        if total is not None and b.dtype_of(part) != b.dtype_of(total):
            part = b.cast(part, b.dtype_of(total))
        total = part if total is None else b.add(total, part)
    return total


def gradients(b, case, args, function, dtype):
    """(paths, gradients by `value_and_grad`), both empty when no result is a float."""
    paths = differentiated(case)
    if not paths or projection(b, case, flat(function(*args)), dtype) is None:
        return [], []

    def loss(params):
        filled = args
        for path, p in zip(paths, params):
            filled = put(filled, path, p)
        return projection(b, case, flat(function(*filled)), dtype), None

    _, grads = b.value_and_grad(loss)([get(args, path) for path in paths])
    return paths, list(grads)


def central(b, case, args, function, paths, grads, step=1e-4):
    """[(path, numeric, exact)]: derivatives along a random direction of each argument, by values and by `grads`."""
    out = []
    for path, grad in zip(paths, grads):
        x, g = b.to_numpy(get(args, path)), b.to_numpy(grad)
        direction = np.random.default_rng((99, *path, *x.shape)).uniform(-1.0, 1.0, x.shape)
        direction /= max(1.0, np.sqrt(max(1, direction.size)))

        def at(t):
            moved = put(args, path, b.from_numpy(np.asarray(x + t * direction)))  # noqa: B023
            return float(b.to_numpy(projection(b, case, flat(function(*moved)), "float64")))

        numeric = (at(-2 * step) - 8 * at(-step) + 8 * at(step) - at(2 * step)) / (12 * step)
        out.append((path, numeric, float(np.sum(g * direction))))
    return out


def path_name(case, path):
    """`xs[1]` for the path (0, 1) of an argument called xs."""
    return case.parameters[path[0]] + "".join(f"[{i}]" for i in path[1:])
