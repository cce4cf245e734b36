"""Compiled steps and the host scalars that enter them."""

from functools import partial
from operator import itemgetter

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from kshim.spec.dtypes import is_float
from kshim.spec.memory import arrays_once, own


def _private(batch):
    """A batch with copies of its arrays."""
    leaves, structure = jax.tree.flatten(batch)
    return jax.tree.unflatten(structure, arrays_once(leaves, own))


def _unpack(vector, layout):
    """The hyper dict again: floats as float64 scalars, integers (exact in float64 below 2**32) as uint32 ones."""
    return {name: vector[n] if real else vector[n].astype(jnp.uint32) for n, (name, real) in enumerate(layout)}


def _layout(hyper):
    """(name, whether it is a float) of every entry, by name."""
    return tuple((name, not isinstance(hyper[name], (int, np.integer))) for name in sorted(hyper))


def _declined(*_):
    return NotImplemented


class Compile:
    def compile_step(self, function, donate):
        """Hyper travels as one float64 vector, so that its names, not its values, are compiled in."""
        ready, by_layout = {}, {}

        def build(layout):
            def run(state, scalars, batch):
                return function(state, _unpack(scalars, layout), batch)

            return jax.jit(run, donate_argnums=(0,) if donate else ())

        def step(state, hyper, batch):
            kinds = (tuple(hyper), tuple(map(type, hyper.values())))
            found = ready.get(kinds)
            if found is None:
                layout = _layout(hyper)
                if layout not in by_layout:
                    by_layout[layout] = ([name for name, _ in layout], build(layout))
                found = ready[kinds] = by_layout[layout]
            names, run = found
            scalars = np.array([hyper[name] for name in names], np.float64)
            batch = _private(batch)
            if not self._pinned:
                return run(state, scalars, batch)
            with self._here():
                return run(state, scalars, batch)

        return step

    def compile_steps(self, function):
        """A loop over hyper vectors and batches, in one `jax.jit` for each layout."""
        by_layout = {}

        def build(layout):
            def run(state, scalars, batches, count):
                def body(i, state):
                    row, batch = jax.tree.map(
                        partial(lax.dynamic_index_in_dim, index=i, keepdims=False), (scalars, batches)
                    )
                    return function(state, _unpack(row, layout), batch)[0]

                return lax.fori_loop(0, count, body, state)

            return jax.jit(run, donate_argnums=0)

        def steps(state, hypers, batches):
            layout = _layout(hypers[0])
            found, most = by_layout.get(layout), len(jax.tree.leaves(batches)[0])
            scalars = np.zeros((most, len(layout)))
            scalars[: len(hypers)] = list(map(itemgetter(*(name for name, _ in layout)), hypers))
            given = (state, scalars, batches, np.int32(len(hypers)))
            with self._here():
                if found is None:
                    found = build(layout)
                    # In a loop XLA's convolutions are ten times slower on the CPU.
                    if self._on_cpu and "conv_general_dilated" in str(found.trace(*given).jaxpr):
                        found = _declined
                    by_layout[layout] = found
                return found(*given)

        return steps

    def host_scalar(self, value, dtype):
        if isinstance(value, jax.Array):
            return value.astype(dtype)
        return float(value) if is_float(dtype) else int(value)

    def mix_key(self, key, words):
        return tuple(k ^ w if isinstance(k, int) else jnp.bitwise_xor(k, np.uint32(w)) for k, w in zip(key, words))
