"""Compiled steps and the host scalars that enter them."""

import numpy as np
import tensorflow as tf

from kshim.spec.dtypes import is_float

from .device import own
from .tree import flatten, unflatten


def _signature(leaves):
    # One name for a dtype, so that an array and a tensor in the same place share a trace.
    return tuple([(tuple(leaf.shape), leaf.dtype.name) for leaf in leaves])


class _Trace:
    """One traced step: the call, and what it returns."""

    def __init__(self, function, structures, hyper, leaves, jit_compile, gpu):
        (in_state, in_batch), (floats, names) = structures, hyper

        def run(*tensors):
            scalars, rest = tf.unstack(tensors[0], len(names)) if names else [], iter(tensors[1:])
            hyper = {k: s if k in floats else tf.cast(s, tf.int64) for k, s in zip(names, scalars)}
            state = unflatten(in_state, rest)
            state, out = function(state, hyper, unflatten(in_batch, rest))
            flat = []
            self.state, self.count = flatten(state, flat), len(flat)
            self.out = flatten(out, flat)
            return [tf.convert_to_tensor(t) for t in flat]

        specs = [tf.TensorSpec((len(names),), tf.float64)]
        specs += [tf.TensorSpec(leaf.shape, tf.as_dtype(leaf.dtype)) for leaf in leaves]
        compiled = tf.function(run, autograph=False, jit_compile=jit_compile or None)
        self.function = compiled.get_concrete_function(*specs)
        self.captured = list(self.function.captured_inputs)
        self.dtypes = [t.dtype for t in self.function.outputs]
        # The direct call would leave XLA out, and on a GPU it would want int32 arguments in device memory, where
        # TensorFlow does not keep them.
        self.call = self._bound if gpu or jit_compile or not self.dtypes else self._directly
        self.signature = _signature(self.function.outputs[: self.count])

    def _directly(self, tensors):
        """As one op: a tenth of what the same call costs through TensorFlow's argument binding."""
        return tf.raw_ops.StatefulPartitionedCall(args=tensors + self.captured, Tout=self.dtypes, f=self.function)

    def _bound(self, tensors):
        return self.function(*[tf.convert_to_tensor(t) for t in tensors])


class Compile:
    def compile_step(self, function, donate):
        """One `tf.function` for each structure and static shape. Hyper travels as one float64 vector, its integers
        too (below 2**32 they are exact there). TensorFlow does not donate: `donate` changes nothing."""
        traces, layouts = {}, {}
        last = ([], ())

        def layout(hyper):
            floats = frozenset(k for k, v in hyper.items() if not isinstance(v, (int, np.integer)))
            return floats, tuple(sorted(hyper))

        def step(state, hyper, batch):
            nonlocal last
            leaves, batch_leaves = [], []
            in_state, in_batch = flatten(state, leaves), flatten(batch, batch_leaves)
            # The state of one step is the result of the one before: then its shapes are known.
            known, signature = last
            if len(leaves) != len(known) or any([a is not b for a, b in zip(leaves, known)]):
                signature = _signature(leaves)
            kinds = (tuple(hyper), tuple(map(type, hyper.values())))
            order = layouts.get(kinds)
            if order is None:
                order = layouts[kinds] = layout(hyper)
            key = (in_state, signature, in_batch, _signature(batch_leaves), order)
            trace = traces.get(key)
            leaves += [own(leaf) if isinstance(leaf, np.ndarray) else leaf for leaf in batch_leaves]
            if trace is None:
                structures = (in_state, in_batch)
                trace = traces[key] = _Trace(function, structures, order, leaves, self.jit_compile, self._gpu)
            scalars = np.array([hyper[k] for k in order[1]], np.float64)
            flat = trace.call([scalars, *leaves])
            last = (flat[: trace.count], trace.signature)
            rest = iter(flat)
            return unflatten(trace.state, rest), unflatten(trace.out, rest)

        return step

    def host_scalar(self, value, dtype):
        if isinstance(value, tf.Tensor):
            return tf.cast(value, dtype)
        return float(value) if is_float(dtype) else int(value)

    def mix_key(self, key, words):
        return tuple(
            k ^ w if isinstance(k, int) else tf.bitwise.bitwise_xor(k, tf.constant(w, k.dtype))
            for k, w in zip(key, words)
        )
