"""Loops and choices that a compiled step can contain."""

from .. import tree
from ..engine.context import context
from .core import active, backend_of, convert_to_tensor, native, op, wrap

__all__ = ["scan", "while_loop", "fori_loop", "cond", "switch", "map", "vectorized_map", "custom_gradient"]


def scan(f, init, xs=None, length=None, reverse=False, unroll=1):
    """`carry, y = f(carry, x)` over the first axis of `xs` (any trees). Returns (carry, stacked ys).

    Random draws inside `f` differ from step to step.
    """
    init_flat = [native(convert_to_tensor(i)) for i in tree.flatten(init)]
    xs_flat = [] if xs is None else [native(convert_to_tensor(i)) for i in tree.flatten(xs)]
    backend = backend_of(init_flat, xs_flat)
    n = length if length is not None else backend.shape_of(xs_flat[0])[0]
    templates = {}
    key = context.step_key
    draws_here = dict(context.draws) if context.draws is not None else None
    if key is not None:
        steps = active().arange(int(n), "uint32")
        xs_flat = [*xs_flat, steps]

    def body(carry, items):
        if key is not None:
            *items, t = items
            mixed = active().mix_counter(key, t)
            saved, context.step_key = context.step_key, mixed
            context.draws = dict(draws_here)
        try:
            new, y = f(
                tree.pack_like(init, [wrap(c) for c in carry]),
                None if xs is None else tree.pack_like(xs, [wrap(i) for i in items]),
            )
        finally:
            if key is not None:
                used, context.step_key = context.draws, saved
                templates["draws"] = used
        templates["carry"], templates["y"] = new, y
        ys = [] if y is None else [native(convert_to_tensor(i)) for i in tree.flatten(y)]
        return [native(convert_to_tensor(i)) for i in tree.flatten(new)], ys

    carry, ys = backend.scan(body, init_flat, xs_flat, int(n), bool(reverse))
    if key is not None:
        context.draws.update(templates.get("draws", {}))
    y = templates.get("y")
    return tree.pack_like(
        templates.get("carry", init), [wrap(c) for c in carry]
    ), None if y is None else tree.pack_like(y, [wrap(i) for i in ys])


def while_loop(cond, body, loop_vars, maximum_iterations=None):
    """`loop_vars = body(*loop_vars)` while `cond(*loop_vars)`, at most `maximum_iterations` times."""
    flat = [native(convert_to_tensor(i)) for i in tree.flatten(loop_vars)]
    backend = backend_of(flat)
    single = not tree.is_nested(loop_vars)
    if maximum_iterations is not None:
        flat = [*flat, backend.full((), 0, "int32")]

    def unpack(state):
        items = [wrap(s) for s in (state[:-1] if maximum_iterations is not None else state)]
        return items if single else tree.pack_like(list(loop_vars), items)

    def condition(state):
        go = native(convert_to_tensor(cond(*unpack(state)), "bool"))
        if maximum_iterations is not None:
            go = backend.logical_and(go, backend.less(state[-1], int(maximum_iterations)))
        return go

    def step(state):
        out = body(*unpack(state))
        new = [native(convert_to_tensor(i)) for i in tree.flatten([out] if single else list(out))]
        return [*new, backend.add(state[-1], 1)] if maximum_iterations is not None else new

    out = unpack(backend.while_loop(condition, step, flat))
    return out[0] if single else type(loop_vars)(out) if isinstance(loop_vars, (list, tuple)) else out


def fori_loop(lower, upper, body_fun, init_val):
    """`val = body_fun(i, val)` for i from lower to upper - 1."""
    _, out = while_loop(
        lambda i, v: i < upper, lambda i, v: (i + 1, body_fun(i, v)), (convert_to_tensor(lower), init_val)
    )
    return out


def cond(pred, true_fn, false_fn):
    """One of two functions without arguments, by a scalar; both must return like structures."""
    if isinstance(pred, (bool, int)):
        return true_fn() if pred else false_fn()
    pred = native(convert_to_tensor(pred, "bool"))
    template = {}

    def run(fn):
        def branch():
            template["out"] = out = fn()
            return [native(convert_to_tensor(i)) for i in tree.flatten(out)]

        return branch

    values = backend_of(pred).cond(pred, run(true_fn), run(false_fn))
    return tree.pack_like(template["out"], [wrap(v) for v in values])


def switch(index, branches, *operands):
    """`branches[index](*operands)`, the index clipped to the branches there are."""
    if isinstance(index, int):
        return branches[max(0, min(index, len(branches) - 1))](*operands)
    if len(branches) == 1:
        return branches[0](*operands)
    return cond(index <= 0, lambda: branches[0](*operands), lambda: switch(index - 1, branches[1:], *operands))


def map(f, xs):
    """`f` on every slice of the first axis, stacked."""
    return scan(lambda _, x: (_, f(x)), convert_to_tensor(0), xs)[1]


def vectorized_map(function, elements):
    return map(function, elements)


@op
def _identity(x):
    return convert_to_tensor(x)


def custom_gradient(f):
    """Decorator for `f(*xs) -> (y, grad)` where `grad(upstream)` returns the gradients of xs (Keras 3)."""

    def run(*args):
        natives = [native(convert_to_tensor(a)) for a in args]
        holder = {}

        def forward(*xs):
            y, holder["grad"] = f(*[wrap(x) for x in xs])
            return native(convert_to_tensor(y)), ()

        def backward(residuals, dy):
            out = holder["grad"](wrap(dy))
            return tuple(native(convert_to_tensor(g)) for g in (out if isinstance(out, (list, tuple)) else (out,)))

        return wrap(backend_of(natives).custom_gradient(forward, backward)(*natives))

    return run
