"""Recurrences and choices."""

import builtins

from .. import ops, tree
from ..engine.tensor import KerasTensor, Tensor

__all__ = ["foldl", "foldr", "map_fn", "rnn", "switch"]


def _wide(mask, like):
    """A mask with axes of size 1 added until it broadcasts against `like`."""
    while len(mask.shape) < len(like.shape):
        mask = ops.expand_dims(mask, -1)
    return mask


@ops.op
def rnn(
    step_function, inputs, initial_states, go_backwards=False, mask=None, constants=None, unroll=False,
    input_length=None, time_major=False, zero_output_for_mask=False, return_all_outputs=True,
):  # fmt: skip
    """Run `output, states = step_function(x_t, states + constants)` over the time axis (1) of `inputs`.

    Returns (last output, outputs (batch, time, ...), last states). Where `mask` (batch, time) is false a step repeats
    the last output (zeros, if asked or first) and keeps the states. `go_backwards` runs from the end, and gives the
    outputs in the order of running. `unroll` and `input_length` are accepted and change nothing.
    """
    states, constants = list(initial_states or []), list(constants or [])
    xs = tree.map_structure(lambda x: _time_first(x, time_major), inputs)
    length = tree.flatten(xs)[0].shape[0]
    if length == 0:
        raise ValueError("rnn: the inputs have no time steps.")
    if mask is not None:
        if not states:
            raise ValueError("rnn: a mask needs states to hold; initial_states is empty.")
        mask = ops.cast(ops.convert_to_tensor(mask), "bool")
        mask = _time_first(ops.squeeze(mask, -1) if len(mask.shape) == 3 else mask, time_major)
    if go_backwards:
        xs = tree.map_structure(lambda x: ops.flip(x, 0), xs)
        mask = None if mask is None else ops.flip(mask, 0)

    def plain(carry, x):
        output, new = step_function(x, [*carry, *constants])
        return list(new), output

    def masked(carry, x):
        (x, m), (held, previous) = x, carry
        output, new = step_function(x, [*held, *constants])
        new = [ops.where(_wide(m, n), n, h) for n, h in zip(new, held)]
        output = tree.map_structure(lambda o, p: ops.where(_wide(m, o), o, p), output, previous)
        return (new, previous if zero_output_for_mask else output), output

    if mask is None:
        states, outputs = ops.scan(plain, states, xs)
    else:
        sample, _ = step_function(tree.map_structure(lambda x: x[0], xs), [*states, *constants])
        zeros = tree.map_structure(ops.zeros_like, sample)
        (states, _), outputs = ops.scan(masked, (states, zeros), (xs, mask))
    last = tree.map_structure(lambda o: o[-1], outputs)
    if not return_all_outputs:
        outputs = tree.map_structure(lambda o: o[-1:], outputs)
    return last, tree.map_structure(lambda o: _time_first(o, time_major), outputs), list(states)


def _time_first(x, time_major):
    """Axes 0 and 1 exchanged, unless time comes first already."""
    x = ops.convert_to_tensor(x)
    return x if time_major else ops.swapaxes(x, 0, 1)


@ops.op
def map_fn(fn, elems, name=None, dtype=None):
    """`fn` on every slice of the first axis, stacked."""
    return ops.map(fn, elems)


@ops.op
def foldl(fn, elems, initializer=None, name=None):
    """`acc = fn(acc, x)` over the first axis, beginning with `initializer` or the first slice."""
    x = ops.convert_to_tensor(elems)
    if initializer is None:
        initializer, x = x[0], x[1:]
    return ops.scan(lambda acc, item: (fn(acc, item), None), ops.convert_to_tensor(initializer), x)[0]


def foldr(fn, elems, initializer=None, name=None):
    """`foldl` from the last slice to the first."""
    return foldl(fn, ops.flip(elems, 0), initializer)


def switch(condition, then_expression, else_expression):
    """One of two by a boolean scalar, or element by element (the condition's shape leading). Functions are called."""
    if isinstance(condition, (bool, int)):
        chosen = then_expression if condition else else_expression
        return chosen() if _is_function(chosen) else chosen
    scalar = not isinstance(condition, KerasTensor) and len(ops.shape(condition)) == 0
    if scalar and _is_function(then_expression) and _is_function(else_expression):
        return ops.cond(condition, then_expression, else_expression)
    then = then_expression() if _is_function(then_expression) else then_expression
    other = else_expression() if _is_function(else_expression) else else_expression
    rank = builtins.max(len(ops.shape(then)), len(ops.shape(other)))
    test = condition
    for _ in range(rank - len(ops.shape(condition))):
        test = ops.expand_dims(test, -1)
    return ops.where(test, then, other)


def _is_function(x):
    return callable(x) and not isinstance(x, Tensor)
