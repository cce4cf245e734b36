"""Operations that JAX makes of several, compiled as one when called outside a step: each call costs 20 microseconds and more."""

import inspect

import jax
import numpy as np

from kshim.spec.derived import Derived

from .attention import Attention
from .control import concrete
from .conv import Conv
from .gru import Gru
from .lstm import Lstm
from .pool import Pool

_TENSOR = (jax.Array, np.ndarray)
#: Where each is defined. Not those that take a random key or a number that changes from call to call: each would be compiled anew.
_NAMES = {
    Derived: "relu leaky_relu elu gelu softmax log_softmax dense normalize batch_norm_train layer_norm simple_rnn",
    Attention: "attention",
    Lstm: "lstm",
    Gru: "gru",
    Conv: "conv conv_transpose",
    Pool: "max_pool avg_pool",
}


def _hashable(x):
    return tuple(map(_hashable, x)) if isinstance(x, (list, tuple)) else x


def _as_one(definition):
    compiled, name = {}, definition.__name__

    def call(self, *args):
        if not concrete(args):  # part of something that is compiled as a whole
            return definition(self, *args)
        layout = tuple([_TENSOR if isinstance(a, _TENSOR) else _hashable(a) for a in args])
        run = compiled.get((self, layout))
        if run is None:

            def whole(tensors):
                rest = iter(tensors)
                return getattr(self, name)(*[next(rest) if a is _TENSOR else a for a in layout])

            run = compiled[self, layout] = jax.jit(whole)
        with self._here():
            return run([a for a in args if isinstance(a, _TENSOR)])

    call.__name__, call.__signature__ = name, inspect.signature(definition)
    return call


class Eager:
    """Before the classes that define them."""


for _home, _names in _NAMES.items():
    for _name in _names.split():
        setattr(Eager, _name, _as_one(getattr(_home, _name)))
