"""Functions of trees of tensors, traced for each structure and static shape."""

import weakref

import tensorflow as tf

from .released import let_go, release_kernels, released_gradients
from .tree import flatten, unflatten


def _signature(leaves):
    # One name for a dtype, so that an array and a tensor in the same place share a trace.
    return tuple([(tuple(leaf.shape), leaf.dtype.name) for leaf in leaves])


class _Trace:
    """One traced function of tensors, `run(tensors) -> (state, out)`: the call, and what it returns."""

    def __init__(self, run, given, jit_compile, gpu):
        def flat(*tensors):
            state, out = run(tensors)
            leaves = []
            self.state, self.count = flatten(state, leaves), len(leaves)
            self.out = flatten(out, leaves)
            return [tf.convert_to_tensor(t) for t in leaves]

        specs = [tf.TensorSpec(leaf.shape, tf.as_dtype(leaf.dtype)) for leaf in given]
        compiled = tf.function(flat, autograph=False, jit_compile=jit_compile or None)
        release_kernels()
        with released_gradients():
            self.function = compiled.get_concrete_function(*specs)
        weakref.finalize(self, let_go, len(self.function.graph.get_operations())).atexit = False
        self.captured = list(self.function.captured_inputs)
        self.dtypes = [t.dtype for t in self.function.outputs]
        # The direct call would leave XLA out, and on a GPU it would want int32 arguments in device memory, where
        # TensorFlow does not keep them.
        self.call = self._bound if gpu or jit_compile or not self.dtypes else self._directly
        self.signature = _signature(self.function.outputs[: self.count])

    def _directly(self, tensors):
        """As one op: a tenth of what the same call costs through TensorFlow's argument binding."""
        if not tf.executing_eagerly():  # a step within a step: this op has no gradient
            return self._bound(tensors)
        return tf.raw_ops.StatefulPartitionedCall(args=tensors + self.captured, Tout=self.dtypes, f=self.function)

    def _bound(self, tensors):
        return self.function(*[tf.convert_to_tensor(t) for t in tensors])


class Traces:
    """`run(scalars, layout, state, batch) -> (state, out)` as one `tf.function` for each structure and static shape."""

    def __init__(self, backend, run):
        self.backend, self.run = backend, run
        self.found, self.last = {}, ([], ())

    def __call__(self, scalars, layout, state, batch, private):
        """`scalars`: arrays that hold what the layout names; `private`: makes leaves of the batch nobody else's."""
        leaves, batch_leaves = [], []
        in_state, in_batch = flatten(state, leaves), flatten(batch, batch_leaves)
        # The state of one step is the result of the one before: then its shapes are known.
        known, signature = self.last
        if len(leaves) != len(known) or any([a is not b for a, b in zip(leaves, known)]):
            signature = _signature(leaves)
        key = (in_state, signature, in_batch, _signature(batch_leaves), layout)
        trace = self.found.get(key)
        given = [*scalars, *leaves, *private(batch_leaves)]
        if trace is None:
            n, run = len(scalars), self.run

            def on_tensors(tensors):
                rest = iter(tensors[n:])
                return run(tensors[:n], layout, unflatten(in_state, rest), unflatten(in_batch, rest))

            trace = self.found[key] = _Trace(on_tensors, given, self.backend.jit_compile, self.backend._gpu)
        flat = trace.call(given)
        self.last = (flat[: trace.count], trace.signature)
        rest = iter(flat)
        return unflatten(trace.state, rest), unflatten(trace.out, rest)
