"""Records what a step asks of a backend as straight-line Python, which then runs without the frontend.

While a function is recorded, a `Recorder` stands where the backend does. It computes everything for real, and notes each
operation that depends on the function's arguments; those are `Handle`s, which know their value and the name it will have
in the program. What does not depend on them is a constant. Whatever would need a value in Python (an `if`, `float()`)
raises `Untraceable`.
"""

import operator

from ..tree import flatten, map_structure
from . import registry
from .backend import overridden

#: Methods that say something about a tensor, which is the same in each run of the program.
_QUESTIONS = ("shape_of", "dtype_of", "is_float")
#: Methods whose functions cannot be followed: which of them run, and how often, depends on values.
_OPAQUE = ("while_loop", "cond", "custom_gradient", "compile_step", "to_numpy")


class Untraceable(Exception):
    """The function does something that depends on values, so that one record of it is not enough."""


def _needs_value(what):
    def method(self, *_):
        raise Untraceable(f"{what} of a tensor")

    return method


def _arithmetic(function, swapped=False):
    def method(self, *others):
        operands = (*others, self) if swapped else (self, *others)
        return self.recorder.operation(function, f"op_{function.__name__.strip('_')}", operands, {})

    return method


class Handle:
    """A value of a function that is recorded: a native tensor, or a scalar of the step."""

    __slots__ = ("value", "name", "recorder")

    def __init__(self, value, name, recorder):
        self.value, self.name, self.recorder = value, name, recorder

    __hash__ = object.__hash__


for _name in ("bool", "float", "int", "index", "len", "iter", "array", "complex"):
    setattr(Handle, f"__{_name}__", _needs_value(_name))
for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "xor", "and_", "or_", "lshift", "rshift"):
    setattr(Handle, f"__{_name.strip('_')}__", _arithmetic(getattr(operator, _name)))
    setattr(Handle, f"__r{_name.strip('_')}__", _arithmetic(getattr(operator, _name), swapped=True))
for _name in ("neg", "pos", "abs", "invert", "lt", "le", "gt", "ge"):
    setattr(Handle, f"__{_name}__", _arithmetic(getattr(operator, _name)))


def _unwrapped(x):
    return x.value if type(x) is Handle else x


def _handles(tree):
    return [x for x in flatten(tree) if type(x) is Handle]


class _Asked(dict):
    """The values of handles of which each is made as it is looked up: whatever was looked up is in it."""

    def __init__(self, scalars):
        self.scalars = scalars

    def __missing__(self, name):
        value = self[name] = _unwrapped(self.scalars[name])
        return value


class _Body:
    """The instructions of one function of the program. `given` and `result` are trees of handles and constants."""

    def __init__(self, given):
        self.given, self.result, self.instructions = given, None, []


class _Instruction:
    """`outputs = function(*args, **kwargs)`; a `_Body` among the arguments is a function."""

    __slots__ = ("function", "label", "args", "kwargs", "outputs", "bodies")

    def __init__(self, function, label, args, kwargs, outputs, bodies=()):
        self.function, self.label, self.args, self.kwargs, self.outputs = function, label, args, kwargs, outputs
        self.bodies = bodies


class Recorder:
    """In place of the backend `real` while a function is recorded."""

    def __init__(self, real):
        self.real = real
        self._count, self._bodies = 0, []

    def handle(self, value):
        self._count += 1
        return Handle(value, f"r{self._count}", self)

    def _wrapped(self, tree):
        return map_structure(lambda x: None if x is None else self.handle(x), tree)

    def __getattr__(self, name):
        target = getattr(self.real, name)
        if name.startswith("_") or not callable(target):
            return target
        if name in _QUESTIONS:
            found = lambda x: target(_unwrapped(x))  # noqa: E731
        elif name in _OPAQUE:

            def found(*args):
                if _handles(args) or name != "to_numpy":
                    raise Untraceable(name)
                return target(*args)

        else:

            def found(*args, **kwargs):
                return self.operation(target, name, args, kwargs)

        self.__dict__[name] = found
        return found

    def is_tensor(self, x):
        return type(x) is Handle or self.real.is_tensor(x)

    def operation(self, function, label, args, kwargs):
        """Compute an operation, and note it if it depends on what the function was given."""
        if not _handles(args) and not (kwargs and _handles(kwargs)):
            return function(*args, **kwargs)
        out = function(*map_structure(_unwrapped, args), **map_structure(_unwrapped, kwargs))
        if out is NotImplemented:
            return out
        if type(out) is dict:
            raise Untraceable(label)
        out = self._wrapped(out)
        self._note(_Instruction(function, label, args, kwargs, out))
        return out

    def _note(self, instruction):
        self._bodies[-1].instructions.append(instruction)

    def _followed(self, body, function):
        """`function(*body.given)` for real, noted in `body`."""
        self._bodies.append(body)
        try:
            body.result = map_structure(self._own, function(*body.given))
        finally:
            self._bodies.pop()
        return map_structure(_unwrapped, body.result)

    def _own(self, x):
        """A result; of a constant a copy, since whoever gets it may overwrite it."""
        if type(x) is Handle or not self.real.is_tensor(x):
            return x
        copy = self.handle(x)
        self._note(_Instruction(self.real.copy, "copy", (x,), {}, copy))
        return copy

    def fused_update(self, kind, params, grads, slots, scalars):
        asked = _Asked(scalars)
        out = self.real.fused_update(kind, *map_structure(_unwrapped, [params, grads, slots]), asked)
        if out is not NotImplemented:
            out = self._wrapped(out)
            args = (kind, params, grads, slots, {name: scalars[name] for name in asked})
            self._note(_Instruction(self.real.fused_update, "fused_update", args, {}, out))
        return out

    def value_and_grad(self, function):
        def run(params, *rest):
            bodies = []

            def followed(points, *rest):
                bodies.append(_Body(self._wrapped([list(points), *rest])))
                return self._followed(bodies[-1], function)

            params = list(params)
            (loss, aux), grads = self.real.value_and_grad(followed)(*map_structure(_unwrapped, [params, *rest]))
            out = self._wrapped(((loss, aux), list(grads)))
            self._note(
                _Instruction(
                    lambda f, *given: self.real.value_and_grad(f)(*given),
                    "value_and_grad",
                    (bodies[0], params, *rest),
                    {},
                    out,
                    (bodies[0],),
                )
            )
            return out

        return run

    def scan(self, step, init, xs, length, reverse):
        bodies = []

        def followed(carry, columns):
            bodies.append(_Body(self._wrapped([list(carry), list(columns)])))
            return self._followed(bodies[-1], step)

        args = [list(init), list(xs), length, reverse]
        carry, ys = self.real.scan(followed, *map_structure(_unwrapped, args))
        out = self._wrapped((list(carry), list(ys)))
        self._note(_Instruction(self.real.scan, "scan", (bodies[0], *args), {}, out, (bodies[0],)))
        return out

    def record(self, function, given):
        """(`_Body` of `function(*given)`, its result) for trees of natives."""
        body, before = _Body(self._wrapped(list(given))), registry.state.backend
        registry.state.backend = self
        try:
            return body, self._followed(body, function)
        finally:
            registry.state.backend = before


def _live(body, live):
    """Drop the instructions of which nothing is used. `live`: names used later; becomes those used by the body as well."""
    live.update(h.name for h in _handles(body.result))
    kept = []
    for instruction in reversed(body.instructions):
        if any(h.name in live for h in _handles(instruction.outputs)):
            kept.append(instruction)
            for inner in instruction.bodies:
                _live(inner, live)
            live.update(h.name for h in _handles([list(instruction.args), instruction.kwargs]))
    body.instructions = kept[::-1]
    return live


def _uses(instruction):
    """Names that an instruction needs, those of its functions included."""
    found = {h.name for h in _handles([list(instruction.args), instruction.kwargs])}
    for body in instruction.bodies:
        found |= {h.name for h in _handles(body.result)}
        for inner in body.instructions:
            found |= _uses(inner)
    return found


class _Source:
    """The program's text. `space`: the objects that it names."""

    def __init__(self):
        self.lines, self.space, self._names = [], {}, {}

    def constant(self, x):
        if x is None or type(x) in (bool, int, str) or type(x) is float and x - x == 0:
            return repr(x)
        if id(x) not in self._names:
            self._names[id(x)] = name = f"c{len(self._names)}"
            self.space[name] = x  # which also keeps its id taken
        return self._names[id(x)]

    def expression(self, tree):
        kind = type(tree)
        if kind is Handle:
            return tree.name
        if kind is list:
            return f"[{', '.join(map(self.expression, tree))}]"
        if kind is tuple:
            return f"({' '.join(self.expression(t) + ',' for t in tree)})"
        if kind is dict:
            return f"{{{', '.join(f'{k!r}: {self.expression(t)}' for k, t in tree.items())}}}"
        if kind is _Body:
            return tree.name
        return self.constant(tree)

    def unpack(self, target, tree, indent):
        """Lines that give the handles of a tree their values from the expression `target`."""
        if type(tree) is Handle:
            self.lines.append(f"{indent}{tree.name} = {target}")
        elif type(tree) is dict:
            for key, t in tree.items():
                self.unpack(f"{target}[{key!r}]", t, indent)
        elif type(tree) in (list, tuple) and _handles(tree):
            if all(type(t) is Handle for t in tree):
                self.lines.append(f"{indent}[{', '.join(t.name for t in tree)}] = {target}")
            else:
                for i, t in enumerate(tree):
                    self.unpack(f"{target}[{i}]", t, indent)

    def function(self, name, body, indent=""):
        """`def name(...)` of a body. A value is let go after its last use."""
        inside = indent + "    "
        arguments = [f"a{i}_{name}" for i in range(len(body.given))]
        self.lines.append(f"{indent}def {name}({', '.join(arguments)}):")
        for argument, tree in zip(arguments, body.given):
            self.unpack(argument, tree, inside)
        if arguments:
            self.lines.append(f"{inside}del {', '.join(arguments)}")
        uses = [_uses(instruction) for instruction in body.instructions]
        last = {used: i for i, some in enumerate(uses) for used in some}
        mine = {h.name for h in _handles(body.given)}
        kept = {h.name for h in _handles(body.result)}
        for i, instruction in enumerate(body.instructions):
            for n, inner in enumerate(instruction.bodies):
                inner.name = f"{name}_{i}_{n}"
                self.function(inner.name, inner, inside)
            args = [self.expression(a) for a in instruction.args]
            args += [f"{k}={self.expression(v)}" for k, v in instruction.kwargs.items()]
            outputs = instruction.outputs
            target = outputs.name if type(outputs) is Handle else "o"
            for n, callee in enumerate(self._callees(instruction)):
                if n:
                    self.lines.append(f"{inside}if {target} is NotImplemented:")
                self.lines.append(f"{inside}{'    ' * n}{target} = {callee}({', '.join(args)})")
            if target == "o":
                self.unpack("o", outputs, inside)
                self.lines.append(f"{inside}del o")
            made = {h.name for h in _handles(outputs)}
            mine |= made
            gone = [u for u in sorted(uses[i] | made) if u in mine and u not in kept and last.get(u, -1) <= i]
            if gone:
                self.lines.append(f"{inside}del {', '.join(gone)}")
        self.lines.append(f"{inside}return {self.expression(body.result)}")

    def _callees(self, instruction):
        """Names of the function; of an override and its definition instead, each without the call that tries them in turn."""
        f = instruction.function
        names = []
        for function in overridden(f) or (f,):
            name = f"f_{instruction.label}" + ("_derived" if names else "")
            if self.space.setdefault(name, function) != function:
                name = f"{name}_{len(self.space)}"
                self.space[name] = function
            names.append(name)
        return names


def program(body):
    """(function, source text) of a recorded body: takes and returns trees of natives of the same structure."""
    _live(body, set())
    source = _Source()
    source.function("program", body)
    text = "\n".join(source.lines)
    exec(compile(text, "<recorded step>", "exec"), source.space)
    return source.space["program"], text
