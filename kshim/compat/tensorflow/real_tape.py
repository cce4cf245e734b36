"""`tf.GradientTape` of TensorFlow itself, watching kshim's variables and taking kshim's tensors."""

from ... import tree
from ...engine.tensor import Tensor
from ...engine.variable import Variable

_open = []
_own = Variable.native


def _watched(self):
    value = _own.fget(self)
    if self.trainable:
        for tape in _open:
            tape._saw(self, value)
    return value


def make(tf):
    """A subclass of `tf.GradientTape` for kshim's tensors."""

    def native(x):
        return _own.fget(x) if isinstance(x, Variable) else x._value if isinstance(x, Tensor) else x

    def wrap(source, x):
        """A gradient in the source's kind of tensor."""
        if x is None or not isinstance(source, (Tensor, Variable)):
            return x
        return Tensor(tf.convert_to_tensor(x))  # rows of an embedding come as IndexedSlices

    class GradientTape(tf.GradientTape):
        def __init__(self, persistent=False, watch_accessed_variables=True):
            super().__init__(persistent, watch_accessed_variables)
            self._watching, self._seen = watch_accessed_variables, {}

        def __enter__(self):
            if self._watching:
                if not _open:
                    Variable.native = property(_watched)
                _open.append(self)
            return super().__enter__()

        def __exit__(self, *error):
            if self in _open:
                _open.remove(self)
                if not _open:
                    Variable.native = _own
            return super().__exit__(*error)

        def _saw(self, variable, value):
            if id(variable) not in self._seen:
                self._seen[id(variable)] = (variable, value)
                super().watch(value)

        def watch(self, tensor):
            super().watch(tree.map_structure(native, tensor))

        def _sources(self, sources):
            return tree.map_structure(lambda s: self._seen[id(s)][1] if id(s) in self._seen else native(s), sources)

        def gradient(self, target, sources, output_gradients=None, unconnected_gradients=tf.UnconnectedGradients.NONE):
            seeds = None if output_gradients is None else tree.map_structure(native, output_gradients)
            grads = super().gradient(
                tree.map_structure(native, target), self._sources(sources), seeds, unconnected_gradients
            )
            return tree.map_structure(wrap, sources, grads)

        def jacobian(self, target, sources, *args, **kwargs):
            return tree.map_structure(
                wrap, sources, super().jacobian(native(target), self._sources(sources), *args, **kwargs)
            )

        def batch_jacobian(self, target, source, *args, **kwargs):
            return wrap(source, super().batch_jacobian(native(target), self._sources(source), *args, **kwargs))

    return GradientTape
