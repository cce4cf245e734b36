"""Normalisation within a sample: `LayerNormalization`, `GroupNormalization`, `UnitNormalization`."""

import math

from .. import ops
from ..engine.input_spec import InputSpec
from ..engine.layer import Layer
from ..losses.regression import l2_normalize
from ..ops.core import normalize_axes, normalize_axis
from .shared import known_size, new_weight, operand, options_config, positive, set_options


class _Normalization(Layer):
    """Base: gamma and beta, and computing in at least float32."""

    def __init__(
        self, epsilon=1e-3, center=True, scale=True, beta_initializer="zeros", gamma_initializer="ones", beta_regularizer=None,
        gamma_regularizer=None, beta_constraint=None, gamma_constraint=None, **kwargs,
    ):  # fmt: skip
        super().__init__(**kwargs)
        self.epsilon, self.center, self.scale = float(epsilon), bool(center), bool(scale)
        set_options(self, locals(), "beta", "gamma")
        self.supports_masking = True
        self.gamma = self.beta = None

    def _build_weights(self, shape):
        if self.scale:
            self.gamma = new_weight(self, "gamma", shape, autocast=False)
        if self.center:
            self.beta = new_weight(self, "beta", shape, autocast=False)

    def _wide(self, x):
        half = self._compute_dtype in ("float16", "bfloat16") and self._dtype == "float32"
        return ops.cast(x, "float32") if half else operand(self, x)

    def _narrow(self, y):
        return operand(self, y)

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def _options(self):
        return {
            "epsilon": self.epsilon,
            "center": self.center,
            "scale": self.scale,
            **options_config(self, "beta", "gamma"),
        }


def _axis_argument(layer, axis):
    if isinstance(axis, (list, tuple)):
        return [int(a) for a in axis]
    if hasattr(axis, "__index__"):
        return int(axis)
    raise TypeError(
        f"{type(layer).__name__}: expected an int or a list/tuple of ints for the argument 'axis', but received: {axis!r}."
    )


class LayerNormalization(_Normalization):
    """Normalised over `axis` (one or several) of each sample (Ba et al. 2016); gamma and beta have the shape of those axes."""

    def __init__(self, axis=-1, epsilon=1e-3, center=True, scale=True, *args, rms_scaling=False, **kwargs):
        names = (
            "beta_initializer",
            "gamma_initializer",
            "beta_regularizer",
            "gamma_regularizer",
            "beta_constraint",
            "gamma_constraint",
        )
        kwargs.update(zip(names, args))
        super().__init__(epsilon, center, scale, **kwargs)
        if rms_scaling:
            raise ValueError(
                "LayerNormalization(rms_scaling=True): this option of Keras 3 is not supported. Leave it out."
            )
        self.axis = _axis_argument(self, axis)

    def build(self, input_shape):
        rank = len(input_shape)
        given = self.axis if isinstance(self.axis, list) else [self.axis]
        self.axis = [normalize_axis(a, rank) for a in given]
        if len(set(self.axis)) != len(self.axis):
            raise ValueError(f"Layer {self.name!r}: axis={given} names an axis twice.")
        self._axes = tuple(sorted(self.axis))
        sizes = {a: known_size(self, input_shape, a) for a in self.axis}
        self._build_weights(tuple(sizes.values()))
        self._trailing = self._axes == tuple(range(rank - len(sizes), rank)) and self.axis == list(self._axes)
        self._broadcast = tuple(sizes.get(i, 1) for i in range(rank))
        self._count = math.prod(sizes.values())
        self.built = True

    def call(self, inputs):
        x = self._wide(inputs)
        gamma, beta, shape = self.gamma, self.beta, x.shape
        if not self._trailing:
            mean, variance = ops.moments(x, self._axes, keepdims=True)
            gamma, beta = (p if p is None else self._spread(p) for p in (gamma, beta))
            return self._narrow(ops.fused("normalize", x, mean, variance, gamma, beta, self.epsilon))
        if len(self.axis) > 1:
            x = ops.reshape(x, (*shape[: -len(self.axis)], self._count))
            gamma, beta = (p if p is None else ops.reshape(p, (self._count,)) for p in (gamma, beta))
        y = ops.fused("layer_norm", x, gamma, beta, self.epsilon)
        return self._narrow(y if len(self.axis) == 1 else ops.reshape(y, shape))

    def _spread(self, p):
        """A weight, whose axes are in the order of `axis`, along those axes of the input."""
        if self.axis != list(self._axes):
            p = ops.transpose(p, [self.axis.index(a) for a in self._axes])
        return ops.reshape(p, self._broadcast)

    def get_config(self):
        return {
            **super().get_config(),
            "axis": self.axis if isinstance(self.axis, int) else list(self.axis),
            **self._options(),
        }


class GroupNormalization(_Normalization):
    """Normalised over each of `groups` groups of channels and all other axes of a sample (Wu & He 2018); -1: a group for
    each channel. A mask leaves its places out of the statistics."""

    def __init__(self, groups=32, axis=-1, epsilon=1e-3, center=True, scale=True, *args, **kwargs):
        names = (
            "beta_initializer",
            "gamma_initializer",
            "beta_regularizer",
            "gamma_regularizer",
            "beta_constraint",
            "gamma_constraint",
        )
        kwargs.update(zip(names, args))
        super().__init__(epsilon, center, scale, **kwargs)
        self.groups = -1 if groups == -1 else positive(self, "groups", groups)
        self.axis = _axis_argument(self, axis)

    def build(self, input_shape):
        rank, channels = len(input_shape), known_size(self, input_shape, self.axis)
        axis = normalize_axis(self.axis, rank)
        if axis == 0:
            raise ValueError(
                f"Layer {self.name!r}: axis={self.axis} is the batch axis; GroupNormalization needs the channels."
            )
        if self.groups == -1:
            self.groups = channels
        if channels < self.groups or channels % self.groups:
            raise ValueError(
                f"Layer {self.name!r}: the number of groups ({self.groups}) must divide the number of channels ({channels})."
            )
        self._build_weights((channels,))
        self.input_spec = InputSpec(ndim=rank, axes={self.axis: channels})
        self._at = axis
        self._reduced = tuple(i for i in range(1, rank + 1) if i != axis)
        self._broadcast = tuple(
            self.groups if i == axis else channels // self.groups if i == axis + 1 else 1 for i in range(rank + 1)
        )
        self.built = True

    def _grouped(self, x):
        at, shape = self._at, x.shape
        return ops.reshape(x, (*shape[:at], self.groups, shape[at] // self.groups, *shape[at + 1 :]))

    def call(self, inputs, mask=None):
        x = self._wide(inputs)
        shape = x.shape
        g = self._grouped(x)
        if mask is None:
            mean, variance = ops.moments(g, self._reduced, keepdims=True)
        else:
            weights = ops.cast(mask, x.dtype)
            weights = ops.reshape(weights, (*weights.shape, *(1,) * (len(shape) - len(weights.shape))))
            weights = self._grouped(ops.broadcast_to(weights, shape))
            total = ops.sum(weights, self._reduced, True)
            mean = ops.sum(g * weights, self._reduced, True) / total
            variance = ops.sum(ops.square(g - mean) * weights, self._reduced, True) / total
        gamma, beta = (p if p is None else ops.reshape(p, self._broadcast) for p in (self.gamma, self.beta))
        y = ops.fused("normalize", g, mean, variance, gamma, beta, self.epsilon)
        return self._narrow(ops.reshape(y, shape))

    def get_config(self):
        return {**super().get_config(), "groups": self.groups, "axis": self.axis, **self._options()}


class UnitNormalization(Layer):
    """Divided by the Euclidean norm over `axis`, so that each sample has norm 1 there."""

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.axis = _axis_argument(self, axis)
        self.supports_masking = True

    def build(self, input_shape):
        normalize_axes(self.axis, len(input_shape))
        self.built = True

    def call(self, inputs):
        return l2_normalize(operand(self, inputs), self.axis)

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def get_config(self):
        return {**super().get_config(), "axis": self.axis if isinstance(self.axis, int) else list(self.axis)}
