"""What TensorFlow would keep of a trace for as long as the process lives."""

import threading

from tensorflow.python.eager.context import context
from tensorflow.python.framework.ops import gradient_registry

#: Registered by one trace at a time, so that each knows its own.
_TRACING = threading.RLock()


class released_gradients:
    """Forget the gradients that `tf.custom_gradient` registers meanwhile, each of which holds on to the graph it is in.

    A step takes its gradients while it is traced, and never again; those of a trace within a trace stay as long as the outer one
    may ask for them.
    """

    _outer = None

    def __enter__(self):
        _TRACING.acquire()
        if released_gradients._outer is None:
            released_gradients._outer = self
            self._before = set(gradient_registry.list())

    def __exit__(self, *_):
        if released_gradients._outer is self:
            released_gradients._outer = None
            known = gradient_registry._registry
            for name in set(known) - self._before:
                if name.startswith("CustomGradient-"):
                    del known[name]
        _TRACING.release()


#: Operations of functions that are gone, from which on their kernels are given up.
_MOST = 2000
_gone = 0


def let_go(operations):
    """A function of so many operations is gone. The kernel of its direct call is still in TensorFlow's cache."""
    global _gone
    _gone += operations


def release_kernels():
    """Empty that cache once it holds much of functions that are gone.

    It cannot be asked to forget one kernel. Those in use are made again, which takes up to half as long as the first time: for
    each tracing of many operations that is little.
    """
    global _gone
    if _gone >= _MOST:
        _gone = 0
        context().clear_kernel_cache()
