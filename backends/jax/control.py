"""Loops, branches and gradients."""

import jax
import jax.numpy as jnp
from jax import lax

#: Outside a trace a short scan runs as a Python loop: lax.scan would compile its step again at every call.
_LOOP = 256


def concrete(*trees):
    return not any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves(trees))


class Control:
    def scan(self, step, init, xs, length, reverse):
        if 0 < length <= _LOOP and concrete(init, xs):
            return _loop(step, list(init), xs, length, reverse)

        def body(carry, inputs):
            carry, ys = step(list(carry), list(inputs))
            return list(carry), list(ys)

        return lax.scan(body, list(init), list(xs), length=length, reverse=reverse)

    def while_loop(self, condition, body, state):
        state = list(state)
        if concrete(state):
            going = condition(state)
            if concrete(going):
                while going:
                    state = list(body(state))
                    going = condition(state)
                return state
        return lax.while_loop(condition, lambda s: list(body(s)), state)

    def cond(self, predicate, if_true, if_false):
        if concrete(predicate):
            return if_true() if predicate else if_false()
        return lax.cond(predicate, if_true, if_false)

    def value_and_grad(self, function):
        return jax.value_and_grad(function, has_aux=True)

    def custom_gradient(self, forward, backward):
        def call(*xs):
            static = []

            @jax.custom_vjp
            def function(*xs):
                return forward(*xs)[0]

            def run(*xs):
                # Residuals may hold plain values (shapes, axes) beside tensors; those stay out of JAX's hands.
                y, residuals = forward(*xs)
                leaves, tree = jax.tree.flatten(residuals)
                tensor = [isinstance(leaf, jax.Array) for leaf in leaves]
                static[:] = [tree, [None if t else leaf for t, leaf in zip(tensor, leaves)], tensor]
                return y, [leaf for t, leaf in zip(tensor, leaves) if t]

            def pull(saved, dy):
                tree, plain, tensor = static
                saved = iter(saved)
                leaves = [next(saved) if t else leaf for t, leaf in zip(tensor, plain)]
                dxs = backward(jax.tree.unflatten(tree, leaves), dy)
                return tuple(dx if jnp.issubdtype(x, jnp.inexact) else None for x, dx in zip(dtypes, dxs))

            dtypes = [x.dtype for x in xs]
            function.defvjp(run, pull)
            return function(*xs)

        return call


def _loop(step, carry, xs, length, reverse):
    out = [None] * length
    for t in reversed(range(length)) if reverse else range(length):
        carry, out[t] = step(carry, [x[t] for x in xs])
    return list(carry), [jnp.stack(ys) for ys in zip(*out)]
