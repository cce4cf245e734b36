"""Base class of all backends.

A subclass provides every primitive of `kshim.spec.table` (checked when the class is made) and may override any
method below: each has a working definition in terms of the primitives, used wherever an override is missing or
returns `NotImplemented`. All arguments are native tensors unless the text says otherwise; shapes are tuples of ints,
axes are non-negative, dtypes are names.
"""

import inspect
from functools import wraps
from types import MethodType

from .derived import Derived
from .table import CONTROL, TABLE


def required():
    """Name -> argument names of every method a backend must have."""
    names = {name: op.args for name, op in TABLE.items()}
    names.update({name: tuple(args.split()) for name, (args, _) in CONTROL.items()})
    return names


def _with_fallback(name, method, base):
    @wraps(method)
    def call(self, *args, **kwargs):
        out = method(self, *args, **kwargs)
        return base(self, *args, **kwargs) if out is NotImplemented else out

    call.derived = base
    return call


def overridden(method):
    """(override, definition) behind a bound method of a backend that tries one, then the other; None for other functions."""
    function = getattr(method, "__func__", None)
    if not hasattr(function, "derived"):
        return None
    return MethodType(function.__wrapped__, method.__self__), MethodType(function.derived, method.__self__)


class Backend(Derived):
    """One numerical framework on one device. `name` is what `kshim.use(name)` takes."""

    name = None
    #: Set by a class that is complete; an intermediate base may leave it False to skip the check.
    abstract = True
    #: Whether steps should be compiled with static shapes, so that a new batch size costs a compilation.
    static_shapes = False
    #: Whether an operation called outside a step is compiled, anew for every shape.
    compiles_each_op = False
    #: Whether `compile_steps` makes one call of several steps, which saves what calls cost.
    joins_steps = False

    def __init__(self, device=None):
        self.device = device

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if "abstract" not in cls.__dict__:
            cls.abstract = False
        if cls.abstract:
            return
        problems = []
        for name, args in required().items():
            method = getattr(cls, name, None)
            if method is None:
                problems.append(f"{name}({', '.join(args)}) is missing")
                continue
            found = tuple(inspect.signature(method).parameters)[1:]
            if found != args:
                problems.append(f"{name} takes ({', '.join(found)}), the table says ({', '.join(args)})")
        for name in dir(Derived):
            own, base = getattr(cls, name), getattr(Derived, name)
            if name.startswith("_") or own is base or not callable(base):
                continue
            found, expected = list(inspect.signature(own).parameters), list(inspect.signature(base).parameters)
            if found != expected:
                problems.append(
                    f"{name} takes ({', '.join(found[1:])}), the definition says ({', '.join(expected[1:])})"
                )
            elif not hasattr(own, "derived"):
                setattr(cls, name, _with_fallback(name, own, base))
        if problems:
            raise TypeError(f"Backend class {cls.__name__} does not satisfy the op table:\n  " + "\n  ".join(problems))

    @property
    def real(self):
        """The backend itself; of what stands in its place for a while (a `Recorder`), the backend behind it."""
        return self

    def compile_steps(self, function):
        """`f(state, hypers, batches) -> state`: the state after a step of `function` for each dict of the list `hypers`.

        `function` is what `compile_step` takes. Leaves of `batches` are arrays (k, ...), of which step i takes row i; k may
        be larger than the number of steps, so that one compilation does for all numbers. State may be overwritten, and
        nobody changes the batches afterwards. `f` may return `NotImplemented` if the steps are better called one by one.
        """
        step = self.compile_step(function, True)

        def run(state, hypers, batches):
            for i, hyper in enumerate(hypers):
                state, _ = step(state, hyper, _row(batches, i))
            return state

        return run

    def __repr__(self):
        return f"<kshim backend {self.name!r} on {self.device!r}>"


def _row(tree, i):
    """Row i of every leaf."""
    if isinstance(tree, dict):
        return {key: _row(value, i) for key, value in tree.items()}
    if isinstance(tree, (list, tuple)):
        return type(tree)(_row(value, i) for value in tree)
    return None if tree is None else tree[i]
