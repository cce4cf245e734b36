"""Compiled steps and the host scalars that enter them."""

import numpy as np
import tensorflow as tf

from kshim.spec.dtypes import is_float
from kshim.spec.memory import arrays_once, own

from .trace import Traces
from .tree import flatten, unflatten


def _private(leaves):
    """Copies of the arrays among `leaves`; where one stands there twice, tensors, so that it is a single one."""
    alone = len({id(leaf) for leaf in leaves}) == len(leaves)
    return arrays_once(leaves, own if alone else lambda array: tf.convert_to_tensor(own(array)))


def _layout(hyper):
    """(names of the floats, all names in order)."""
    return frozenset(k for k, v in hyper.items() if not isinstance(v, (int, np.integer))), tuple(sorted(hyper))


def _unpack(vector, layout):
    """The hyper dict again."""
    floats, names = layout
    scalars = tf.unstack(vector, len(names)) if names else []
    return {k: s if k in floats else tf.cast(s, tf.int64) for k, s in zip(names, scalars)}


class Compile:
    def compile_step(self, function, donate):
        """Hyper travels as one float64 vector, its integers too (below 2**32 they are exact there). TensorFlow does
        not donate: `donate` changes nothing."""
        layouts = {}

        def run(scalars, layout, state, batch):
            return function(state, _unpack(scalars[0], layout), batch)

        traces = Traces(self, run)

        def step(state, hyper, batch):
            kinds = (tuple(hyper), tuple(map(type, hyper.values())))
            layout = layouts.get(kinds)
            if layout is None:
                layout = layouts[kinds] = _layout(hyper)
            scalars = np.array([hyper[k] for k in layout[1]], np.float64)
            return traces([scalars], layout, state, batch, _private)

        return step

    def compile_steps(self, function):
        """A loop over the rows of hyper vectors and batches."""

        def run(scalars, layout, state, batches):
            (vectors, count), start, rows = scalars, [], []
            in_state, in_batch = flatten(state, start), flatten(batches, rows)

            def body(i, *leaves):
                batch = unflatten(in_batch, iter([row[i] for row in rows]))
                new, after = function(unflatten(in_state, iter(leaves)), _unpack(vectors[i], layout), batch)[0], []
                flatten(new, after)
                return i + 1, *after

            # In parallel, iterations would only wait for each other.
            loop = tf.while_loop(lambda i, *_: i < count, body, (tf.constant(0), *start), parallel_iterations=1)
            return unflatten(in_state, iter(loop[1:])), None

        traces = Traces(self, run)

        def steps(state, hypers, batches):
            layout, leaves = _layout(hypers[0]), []
            flatten(batches, leaves)
            scalars = np.zeros((len(leaves[0]), len(layout[1])))
            scalars[: len(hypers)] = [[hyper[k] for k in layout[1]] for hyper in hypers]
            return traces([scalars, np.array(len(hypers), np.int32)], layout, state, batches, list)[0]

        return steps

    def host_scalar(self, value, dtype):
        if isinstance(value, tf.Tensor):
            return tf.cast(value, dtype)
        return float(value) if is_float(dtype) else int(value)

    def mix_key(self, key, words):
        return tuple(
            k ^ w if isinstance(k, int) else tf.bitwise.bitwise_xor(k, tf.constant(w, k.dtype))
            for k, w in zip(key, words)
        )
