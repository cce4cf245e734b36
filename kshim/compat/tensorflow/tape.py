"""`tf.GradientTape` on every backend: what the backend computes is written down, and differentiated op by op.

While a tape is open, the methods of the active backend note each outermost call with its arguments and results.
`gradient` walks the notes backwards and asks the backend's own `value_and_grad` for the derivative of one call at a
time. Loops and choices run in Python meanwhile, so that what they compute is noted as well.
"""

from ... import tree
from ...engine.tensor import Tensor
from ...engine.variable import Variable
from ...errors import UnsupportedError
from ...spec import registry
from ...spec.derived import Derived
from ...spec.dtypes import is_float
from ...spec.table import TABLE

__all__ = ["GradientTape", "UnconnectedGradients"]

_NOT_NOTED = ("fused_update", "is_float", "global_norm", "constant")


class _Note:
    """One call: `results = method(*args)`; `pull(cotangents of results)` gives (argument, cotangent) pairs."""

    __slots__ = ("name", "args", "results", "pull")

    def __init__(self, name, args, results, pull=None):
        self.name, self.args, self.results, self.pull = name, args, results, pull


class _Recorder:
    """Methods put on a backend instance while tapes are open."""

    def __init__(self, backend):
        self.backend, self.tapes, self.depth = backend, [], 0
        self.names = [*TABLE, *(n for n in vars(Derived) if not n.startswith("_") and n not in _NOT_NOTED)]

    def open(self, tape):
        if not self.tapes:
            for name in self.names:
                setattr(self.backend, name, self._noting(name, getattr(self.backend, name)))
            for name in ("scan", "while_loop", "cond", "custom_gradient", "value_and_grad"):
                setattr(self.backend, name, getattr(self, f"_{name}")(getattr(self.backend, name)))
        self.tapes.append(tape)

    def close(self, tape):
        self.tapes.remove(tape)
        if not self.tapes:
            for name in (*self.names, "scan", "while_loop", "cond", "custom_gradient", "value_and_grad"):
                delattr(self.backend, name)

    def tensors(self, x):
        """The floating tensors among arguments or results."""
        return [t for t in _leaves(x) if self.backend.is_tensor(t) and is_float(self.backend.dtype_of(t))]

    def quietly(self, fn, *args):
        """`fn(*args)`, nothing noted."""
        self.depth += 1
        try:
            return fn(*args)
        finally:
            self.depth -= 1

    def note(self, name, args, results, pull=None):
        inputs = self.tensors(args)
        results = [r for r in self.tensors(results) if not any(r is i for i in inputs)]
        if inputs and results:
            note = _Note(name, args, results, pull)
            for tape in self.tapes:
                if tape._recording:
                    tape._notes.append(note)

    def _noting(self, name, method):
        def call(*args, **kwargs):
            if self.depth:
                return method(*args, **kwargs)
            results = self.quietly(lambda: method(*args, **kwargs))
            if name == "stop_gradient":
                return results if results is not args[0] else self.quietly(self.backend.multiply, results, 1)
            self.note(name, (*args, *kwargs.values()), results)
            return results

        return call

    def _scan(self, method):
        def scan(step, init, xs, length, reverse):
            b, carry, rows = self.backend, list(init), []
            pieces = [b.split(x, [1] * length, 0) for x in xs]
            for t in reversed(range(length)) if reverse else range(length):
                carry, ys = step(carry, [b.squeeze(p[t], (0,)) for p in pieces])
                rows.append(ys)
            if reverse:
                rows.reverse()
            return list(carry), [b.stack(list(column), 0) for column in zip(*rows)]

        return lambda *args: method(*args) if self.depth else scan(*args)

    def _while_loop(self, method):
        def while_loop(condition, body, state):
            state = list(state)
            while bool(self.backend.to_numpy(condition(state))):
                state = list(body(state))
            return state

        return lambda *args: method(*args) if self.depth else while_loop(*args)

    def _cond(self, method):
        def cond(predicate, if_true, if_false):
            return if_true() if bool(self.backend.to_numpy(predicate)) else if_false()

        return lambda *args: method(*args) if self.depth else cond(*args)

    def _custom_gradient(self, method):
        def custom_gradient(forward, backward):
            def run(*xs):
                if self.depth:
                    return method(forward, backward)(*xs)
                y, residuals = self.quietly(forward, *xs)
                self.note("custom_gradient", xs, y, lambda cts: zip(xs, backward(residuals, cts[0])))
                return y

            return run

        return custom_gradient

    def _value_and_grad(self, method):
        return lambda function: lambda *args: self.quietly(method(function), *args)


def _leaves(x):
    if isinstance(x, (list, tuple)):
        for item in x:
            yield from _leaves(item)
    else:
        yield x


def _replaced(x, values):
    """The structure with tensors exchanged for those in `values`, by identity."""
    if isinstance(x, (list, tuple)):
        return type(x)(_replaced(i, values) for i in x)
    return values.get(id(x), x)


_recorders = {}


def _recorder():
    backend = registry.state.backend or registry.resolve()
    return _recorders.setdefault(id(backend), _Recorder(backend))


class UnconnectedGradients:
    """What `gradient` gives for a source without influence."""

    NONE, ZERO = "none", "zero"


class GradientTape:
    """`with tf.GradientTape() as tape: ...; tape.gradient(loss, variables)`.

    `persistent` keeps the notes for more than one `gradient`. Everything is watched, trainable variables or not.
    """

    def __init__(self, persistent=False, watch_accessed_variables=True):
        self._persistent, self._notes, self._recording, self._recorder = persistent, [], True, None

    def __enter__(self):
        if self._recorder is not None:
            raise ValueError("Tape is still recording; it can be entered once.")
        self._recorder = _recorder()
        self._recorder.open(self)
        return self

    def __exit__(self, *_):
        self._close()

    def _close(self):
        if self._recorder is not None and self in self._recorder.tapes:
            self._recorder.close(self)

    def watch(self, tensor):
        """Nothing to do: everything is watched."""

    def watched_variables(self):
        raise UnsupportedError(
            "GradientTape.watched_variables: name the variables yourself, such as model.trainable_variables."
        )

    def stop_recording(self):
        """A block whose computations are not noted."""
        return _Paused(self)

    def reset(self):
        """Forget what was noted."""
        self._notes = []

    def gradient(self, target, sources, output_gradients=None, unconnected_gradients=None):
        """Gradients of the sum of `target` (a tensor or several) by `sources`, in the structure of `sources`.

        None (zeros, if `unconnected_gradients` is 'zero') for a source without influence. `RuntimeError` for a second
        call on a tape that is not persistent; `UnsupportedError` for gradients of gradients.
        """
        if self._notes is None:
            raise RuntimeError(
                "A non-persistent GradientTape can compute one set of gradients only; use persistent=True for more."
            )
        recorder = self._recorder
        if recorder is None:
            raise RuntimeError("The tape is empty: compute the target inside `with tf.GradientTape() as tape:`.")
        if any(t is not self for t in recorder.tapes if t._recording):
            raise UnsupportedError(
                "Gradients of gradients (a tape in a tape) need TensorFlow itself: run with KSHIM_BACKEND=tensorflow."
            )
        targets = tree.flatten(target)
        seeds = [None] * len(targets) if output_gradients is None else tree.flatten(output_gradients)
        found = recorder.quietly(
            self._walk, [_native(t) for t in targets], [s if s is None else _native(s) for s in seeds]
        )
        if not self._persistent:
            self._close()
            self._notes = None
        zero = str(getattr(unconnected_gradients, "value", unconnected_gradients)).lower() == "zero"

        def pick(source):
            native = _native(source)
            g = found.get(id(native))
            if g is None:
                return Tensor(recorder.backend.zeros_like(native)) if zero else None
            return Tensor(g)

        return tree.map_structure(pick, sources)

    def _walk(self, targets, seeds):
        """Cotangents by identity of every tensor that the targets depend on."""
        b, cotangents = self._recorder.backend, {}

        def add(tensor, g):
            held = cotangents.get(id(tensor))
            cotangents[id(tensor)] = g if held is None else b.add(held, g)

        for target, seed in zip(targets, seeds):
            add(target, b.ones_like(target) if seed is None else seed)
        for note in reversed(self._notes):
            given = [cotangents.get(id(r)) for r in note.results]
            if any(g is not None for g in given):
                for tensor, g in note.pull(given) if note.pull else self._pull(note, given):
                    add(tensor, g)
        return cotangents

    def _pull(self, note, given):
        recorder, b = self._recorder, self._recorder.backend
        inputs = list({id(t): t for t in recorder.tensors(note.args)}.values())
        method = getattr(type(b), note.name)
        used = [i for i, g in enumerate(given) if g is not None]

        def weighted(params, *_):
            values = {id(t): p for t, p in zip(inputs, params)}
            out = method(b, *_replaced(note.args, values))
            results = [r for r in recorder.tensors(out) if not any(r is p for p in params)]
            total = None
            for i in used:
                part = b.multiply(results[i], given[i])
                part = b.sum(part, tuple(range(len(b.shape_of(part)))), False)
                total = part if total is None else b.add(total, part)
            return total, ()

        _, grads = type(b).value_and_grad(b, weighted)(inputs)
        return zip(inputs, grads)

    def jacobian(self, target, sources, **options):
        raise UnsupportedError(
            "GradientTape.jacobian is not available; take the gradient of one output at a time with persistent=True."
        )

    batch_jacobian = jacobian


class _Paused:
    def __init__(self, tape):
        self.tape = tape

    def __enter__(self):
        self.tape._recording = False

    def __exit__(self, *_):
        self.tape._recording = True


def _native(x):
    if isinstance(x, Variable):
        return x.native
    if isinstance(x, Tensor):
        return x._value
    raise TypeError(
        f"GradientTape.gradient expects tensors and variables; received {x!r:.100} of type {type(x).__name__}."
    )
