"""Initializers without randomness."""

import numpy as np

from .base import Initializer, check_kwargs, check_shape, finish, reg, result_dtype


@reg("zero")
class Zeros(Initializer):
    """All zeros, of any dtype."""

    def __call__(self, shape, dtype=None, **kwargs):
        check_kwargs(self, kwargs)
        return finish(np.zeros(check_shape(self, shape)), result_dtype(self, dtype, floats_only=False))


@reg("one")
class Ones(Initializer):
    """All ones, of any dtype."""

    def __call__(self, shape, dtype=None, **kwargs):
        check_kwargs(self, kwargs)
        return finish(np.ones(check_shape(self, shape)), result_dtype(self, dtype, floats_only=False))


@reg()
class Constant(Initializer):
    """One value everywhere; `value` may be an array of the weight's shape or one that broadcasts to it."""

    def __init__(self, value=0):
        self.value = value

    def __call__(self, shape, dtype=None, **kwargs):
        check_kwargs(self, kwargs)
        shape, value = check_shape(self, shape), np.asarray(self.value)
        if value.ndim and value.shape != shape and value.size == int(np.prod(shape)):
            value = value.reshape(shape)  # TensorFlow 1 and 2 take the elements in order
        try:
            return finish(np.broadcast_to(value, shape), result_dtype(self, dtype, floats_only=False))
        except ValueError as error:
            raise ValueError(
                f"Constant has a value of shape {value.shape}, which does not fit a weight of shape {shape}."
            ) from error

    def get_config(self):
        value = self.value
        return {"value": value.tolist() if hasattr(value, "tolist") else value}


@reg("IdentityInitializer")
class Identity(Initializer):
    """`gain` times the identity matrix; 2-D shapes only, rectangles are padded with zeros (`ValueError` otherwise)."""

    def __init__(self, gain=1.0):
        self.gain = gain

    def __call__(self, shape, dtype=None, **kwargs):
        check_kwargs(self, kwargs)
        shape = check_shape(self, shape)
        if len(shape) != 2:
            raise ValueError(
                f"Identity makes 2-D matrices only; received shape={shape}, which has {len(shape)} dimensions."
            )
        return finish(self.gain * np.eye(*shape), result_dtype(self, dtype))

    def get_config(self):
        return {"gain": self.gain}
