"""Steps of a backend that does not compile: recorded once for each kind of input, then replayed without the frontend."""

import operator

from ..spec.recorder import Recorder, program


def _shape_and_dtype(x):
    return x.shape, x.dtype


def _kinds(tree, kind=_shape_and_dtype):
    """The structure of a tree, with the `kind` of each leaf."""
    if type(tree) is dict:
        return tuple([(key, _kinds(value, kind)) for key, value in tree.items()])
    if type(tree) in (list, tuple):
        return (type(tree), *[_kinds(value, kind) for value in tree])
    return None if tree is None else kind(tree)


def _same(a, b):
    """Whether trees have the same objects for leaves."""
    if a is b:
        return True
    kind = type(a)
    if kind is not type(b):
        return False
    if kind is dict:
        return len(a) == len(b) and all([key in b and _same(value, b[key]) for key, value in a.items()])
    if kind is not list:
        return False
    return len(a) == len(b) and (all(map(operator.is_, a, b)) or all(map(_same, a, b)))


#: Programs of one step: of inputs of ever new lengths, each recorded, the memory would grow without end.
_MOST = 64


class Replayed:
    """`function(state, hyper, batch)` as a step of `backend`. What cannot be recorded runs as it is.

    reasons: what kept a kind of input from being recorded.
    """

    def __init__(self, backend, function, donate):
        self.backend, self.function, self.donate = backend, function, donate
        self.reasons = []
        self._plain = backend.compile_step(function, donate)
        self._programs = {}
        self._signatures = {}
        self._known = {}, None

    def _signature(self, state):
        """A number for what states are made of: equal for equal structures, shapes and dtypes."""
        b, known = self.backend, self._signatures
        return known.setdefault(_kinds(state, lambda x: (b.shape_of(x), b.dtype_of(x))), len(known))

    def __call__(self, state, hyper, batch):
        expected, signature = self._known
        if not _same(state, expected):
            signature = self._signature(state)
        key = signature, _kinds(batch), tuple(hyper), tuple(map(type, hyper.values()))
        run = self._programs.get(key)
        if run is None:
            return self._first(key, state, hyper, batch)
        new, out = run(state, hyper, batch)
        # Most often the state of the next step; what a step does not give stays as it was.
        self._known = {name: new.get(name) or value for name, value in state.items()}, signature
        return new, out

    def _first(self, key, state, hyper, batch):
        """The first step of a kind: recorded, and never in place, so that it can be done again if that fails."""
        if len(self._programs) >= _MOST:
            return self._plain(state, hyper, batch)
        found = []

        def recorded(*given):
            body, result = Recorder(self.backend).record(self.function, given)
            found.append(program(body))
            return result

        try:
            out = self.backend.compile_step(recorded, False)(state, hyper, batch)
        except Exception as error:
            self.reasons.append(f"{type(error).__name__}: {error}")  # its traceback would keep the step's tensors
            self._programs[key] = self._plain
            return self._plain(state, hyper, batch)
        self._programs[key] = self.backend.compile_step(found[0][0], self.donate)
        return out


def prepared(backend, function, donate):
    """`function(state, hyper, batch)` as a step of `backend`: compiled, or else replayed."""
    if backend.static_shapes:
        return backend.compile_step(function, donate)
    return Replayed(backend, function, donate)
