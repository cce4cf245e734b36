"""Ops on symbolic tensors of a functional model: each becomes a layer of the graph."""

from .. import tree
from .context import context
from .layer import Layer
from .tensor import KerasTensor


class _Slot:
    """Where the i-th tensor goes in a recorded call."""

    __slots__ = ("index",)

    def __init__(self, index):
        self.index = index


class OpLayer(Layer):
    """One call of a `kshim.ops` function inside a functional model. `function` is its name in `kshim.ops`."""

    def __init__(self, function, args=(), kwargs=None, name=None, **base):
        from .names import unique_name

        self.function_name = function if isinstance(function, str) else function.__name__
        # the prefix keeps clear of the names users give
        super().__init__(name=name or unique_name("ops." + self.function_name.rsplit(".", 1)[-1]), **base)
        self._function = _find(function) if isinstance(function, str) else function
        self._args, self._kwargs = args, kwargs or {}
        self.built = True
        self._autocast = False

    def call(self, inputs):
        tensors = inputs if isinstance(inputs, (list, tuple)) else [inputs]

        def fill(x):
            return tensors[x.index] if isinstance(x, _Slot) else x

        return self._function(
            *tree.map_structure(fill, tuple(self._args)), **tree.map_structure(fill, dict(self._kwargs))
        )

    def compute_mask(self, inputs, mask=None):
        return None

    def get_config(self):
        def encode(x):
            if isinstance(x, _Slot):
                return {"class_name": "__tensor__", "index": x.index}
            if isinstance(x, slice):
                return {"class_name": "__slice__", "items": [x.start, x.stop, x.step]}
            if x is Ellipsis:
                return {"class_name": "__ellipsis__"}
            if hasattr(x, "numpy") or hasattr(x, "tolist"):
                import numpy as np

                a = np.asarray(x)
                return {"class_name": "__array__", "dtype": str(a.dtype), "value": a.tolist()}
            if isinstance(x, tuple):
                return {"class_name": "__tuple__", "items": [encode(i) for i in x]}
            if isinstance(x, list):
                return [encode(i) for i in x]
            if isinstance(x, dict):
                return {k: encode(v) for k, v in x.items()}
            return x

        config = super().get_config()
        config.update(
            function=self.function_name, args=[encode(a) for a in self._args], kwargs=encode(dict(self._kwargs))
        )
        return config

    @classmethod
    def from_config(cls, config):
        def decode(x):
            if isinstance(x, dict):
                kind = x.get("class_name")
                if kind == "__tensor__":
                    return _Slot(x["index"])
                if kind == "__slice__":
                    return slice(*x["items"])
                if kind == "__ellipsis__":
                    return Ellipsis
                if kind == "__tuple__":
                    return tuple(decode(i) for i in x["items"])
                if kind == "__array__":
                    import numpy as np

                    return np.asarray(x["value"], x["dtype"])
                return {k: decode(v) for k, v in x.items()}
            return [decode(i) for i in x] if isinstance(x, list) else x

        config = dict(config)
        args, kwargs = [decode(a) for a in config.pop("args")], decode(config.pop("kwargs"))
        return cls(
            config.pop("function"),
            args,
            kwargs,
            **{k: v for k, v in config.items() if k in ("name", "trainable", "dtype")},
        )


def _find(name):
    from .. import ops

    function = getattr(ops, name, None)
    if function is None or not hasattr(function, "op_function"):
        from ..errors import did_you_mean

        known = [n for n in dir(ops) if hasattr(getattr(ops, n), "op_function")]
        raise ValueError(f"Unknown op in a functional model: {name!r}.{did_you_mean(name, known)}")
    return function


def record(function, args, kwargs):
    """Add a call with symbolic arguments to the graph and return its symbolic result.

    Inside a loss function of a running step, the arguments' values take their place instead.
    """
    if context.step_values is not None:
        args, kwargs = context.step_values.of((tuple(args), dict(kwargs)))
        return function(*args, **kwargs)
    tensors = []

    def slot(x):
        if isinstance(x, KerasTensor):
            for i, t in enumerate(tensors):
                if t is x:
                    return _Slot(i)
            tensors.append(x)
            return _Slot(len(tensors) - 1)
        return x

    args, kwargs = tree.map_structure(slot, tuple(args)), tree.map_structure(slot, dict(kwargs))
    layer = OpLayer(function, args, kwargs)
    return layer(tensors if len(tensors) > 1 else tensors[0])
