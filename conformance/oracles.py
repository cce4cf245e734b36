"""What operations must give, computed without any backend: the reference must not be checked only against itself.

An oracle takes the arguments of a case as float64 or integer arrays (Python values as they are) and gives the result, or
a list of results. It works in another way than the backends do: in NumPy's long double, in Python's integers, sums by
`math.fsum`, plain loops, SciPy where installed.
"""

import importlib.util

import numpy as np

from . import oracles_derived, oracles_elementwise, oracles_layers, oracles_moves, oracles_windows
from .case import FLOATX, substitute
from .evaluate import flat

#: Operation -> oracle.
ORACLES = {}
for _module in (oracles_elementwise, oracles_moves, oracles_windows, oracles_derived, oracles_layers):
    ORACLES.update(_module.ORACLES)

#: Operations whose oracle calls SciPy.
BY_SCIPY = oracles_derived.BY_SCIPY | oracles_elementwise.BY_SCIPY


def have_scipy():
    return importlib.util.find_spec("scipy") is not None


def left_out(backend):
    """What is not checked of a backend here and why, in lines."""
    if backend != "numpy" or have_scipy():
        return []
    return [f"scipy is not installed, so nothing tells the values of {', '.join(sorted(BY_SCIPY))}"]


def expected(case):
    """The results of a case by its oracle as a list of arrays, or None where there is no oracle (here)."""
    oracle = ORACLES.get(case.op)
    if oracle is None or (case.op in BY_SCIPY and not have_scipy()):
        return None
    args = substitute(case.args, lambda path, recipe: "float64" if recipe is FLOATX else recipe.build(path))
    with np.errstate(all="ignore"):
        return [_narrow(y) for y in flat(oracle(*args))]


def _narrow(y):
    y = np.asarray(y)
    return y.astype(np.float64) if y.dtype == np.longdouble else y
