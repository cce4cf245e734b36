"""`Lambda`: a function as a layer."""

import inspect

import numpy as np

from .. import ops, tree
from ..compat import keras1
from ..engine.context import context
from ..engine.layer import Layer
from . import stored_functions


@keras1.layer
class Lambda(Layer):
    """`function(inputs, **arguments)` as a layer; it gets `mask` and `training` if it takes arguments of these names.

    `output_shape` (without the batch, or a function of the input shape) is needed only if the function cannot run on
    shapes. `mask`: a function (inputs, mask) giving the output's mask, or that mask itself. A config holds the function's
    code; making a layer from such a config raises `SafetyError` unless code from files is allowed.
    """

    def __init__(self, function, output_shape=None, mask=None, arguments=None, **kwargs):
        super().__init__(**kwargs)
        if not callable(function):
            raise TypeError(
                f"Lambda: `function` must be callable; received {function!r} of type {type(function).__name__}."
            )
        self.function = function
        self.arguments = dict(arguments or {})
        self.mask = mask
        self._output_size = output_shape
        if mask is not None:
            self.supports_masking = True
        names = _parameters(function)
        self._takes = [n for n in ("mask", "training") if n in names and n not in self.arguments]

    def call(self, inputs, mask=None, training=None):
        given = {"mask": mask, "training": training}
        extra = {n: given[n] for n in self._takes} if self._takes else {}
        if not context.symbolic or self._output_size is None:
            return self.function(inputs, **self.arguments, **extra)
        try:
            return self.function(inputs, **self.arguments, **extra)
        except TypeError:  # it wants values where only shapes exist: this is what output_shape is for
            shape = tree.map_structure(lambda t: tuple(t.shape), inputs)
            return ops.zeros(self._declared(shape), tree.flatten(inputs)[0].dtype)

    def _declared(self, input_shape):
        size = self._output_size
        if callable(size):
            return tuple(size(input_shape))
        batch = (input_shape[0] if isinstance(input_shape, list) else input_shape)[0]
        return (batch, *((size,) if isinstance(size, int) else size))

    def compute_output_shape(self, input_shape):
        return super().compute_output_shape(input_shape) if self._output_size is None else self._declared(input_shape)

    def compute_mask(self, inputs, mask=None):
        return self.mask(inputs, mask) if callable(self.mask) else self.mask

    def get_config(self):
        config = super().get_config()
        config["function"], config["function_type"], config["module"] = stored_functions.encode(self.function)
        for key, value in (("output_shape", self._output_size), ("mask", self.mask)):
            if key == "mask" and value is None:
                continue
            config[key], config[f"{key}_type"], config[f"{key}_module"] = stored_functions.encode(value, raw=True)
        config["arguments"] = {
            k: {"type": "ndarray", "value": v.tolist()} if isinstance(v, np.ndarray) else v
            for k, v in self.arguments.items()
        }
        return config

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        name = config.get("name")
        for key in ("function", "output_shape", "mask"):
            config[key] = stored_functions.decode(config, key, name, custom_objects)
        arguments = config.get("arguments") or {}
        config["arguments"] = {
            k: np.array(v["value"]) if isinstance(v, dict) and v.get("type") == "ndarray" else v
            for k, v in arguments.items()
        }
        if isinstance(config["output_shape"], list):
            config["output_shape"] = tuple(config["output_shape"])
        return cls(**config)


def _parameters(function):
    try:
        return inspect.signature(function).parameters
    except (TypeError, ValueError):  # a builtin that does not say
        return {}
