"""`BatchNormalization` (Ioffe & Szegedy 2015)."""

import math

from .. import ops
from ..compat import keras1
from ..engine.input_spec import InputSpec
from ..engine.layer import Layer
from ..ops.core import normalize_axes
from .shared import known_size, new_weight, options_config, set_options

_HALF = ("float16", "bfloat16")


@keras1.layer
class BatchNormalization(Layer):
    """(x - mean) / sqrt(variance + epsilon) * gamma + beta for each index along `axis` (one or several).

    While training mean and variance are those of the batch, and the moving averages move by 1 - momentum towards them;
    otherwise, and whenever `trainable` is False, the moving averages are used. As in tf.keras the moving variance takes
    the unbiased estimate for images and volumes (rank 4 and 5, one axis, at most float32) and the biased one for the rest.
    A mask leaves its places out of the statistics (ranks other than 4 and 5).
    """

    def __init__(
        self, axis=-1, momentum=0.99, epsilon=1e-3, center=True, scale=True, beta_initializer="zeros", gamma_initializer="ones",
        moving_mean_initializer="zeros", moving_variance_initializer="ones", beta_regularizer=None, gamma_regularizer=None,
        beta_constraint=None, gamma_constraint=None, renorm=False, renorm_clipping=None, renorm_momentum=0.99, fused=None,
        virtual_batch_size=None, adjustment=None, synchronized=False, **kwargs,
    ):  # fmt: skip
        super().__init__(**kwargs)
        if isinstance(axis, (list, tuple)):
            self.axis = [int(a) for a in axis]
        elif hasattr(axis, "__index__"):
            self.axis = int(axis)
        else:
            raise TypeError(
                f"BatchNormalization: expected an int or a list/tuple of ints for the argument 'axis', but received: {axis!r}."
            )
        for name, value in (("renorm", renorm), ("virtual_batch_size", virtual_batch_size), ("adjustment", adjustment)):
            if value:
                raise ValueError(
                    f"BatchNormalization({name}={value!r}): this option of TensorFlow 1 is not supported. Leave it out, or use GroupNormalization for small batches."
                )
        self.momentum, self.epsilon = float(momentum), float(epsilon)
        self.center, self.scale = bool(center), bool(scale)
        self.synchronized = bool(synchronized)
        self.fused = False if synchronized else fused
        set_options(self, locals(), "beta", "gamma", "moving_mean", "moving_variance")
        self.supports_masking = True
        self.gamma = self.beta = None

    def build(self, input_shape):
        rank = len(input_shape)
        given = self.axis if isinstance(self.axis, list) else [self.axis]
        axes = normalize_axes(given, rank)
        self.axis = list(axes)
        sizes = {a: known_size(self, input_shape, a) for a in axes}
        shape = tuple(sizes.values()) if len(axes) == 1 else tuple(sizes.get(i, 1) for i in range(rank))
        dtype = "float32" if self._dtype in _HALF else self._dtype
        if self.scale:
            self.gamma = new_weight(self, "gamma", shape, dtype=dtype, autocast=False)
        if self.center:
            self.beta = new_weight(self, "beta", shape, dtype=dtype, autocast=False)
        self.moving_mean = new_weight(self, "moving_mean", shape, trainable=False, dtype=dtype, autocast=False)
        self.moving_variance = new_weight(self, "moving_variance", shape, trainable=False, dtype=dtype, autocast=False)
        self.input_spec = InputSpec(ndim=rank, axes=sizes)
        self._rank, self._param_dtype = rank, dtype
        self._reduced = tuple(i for i in range(rank) if i not in axes)
        self._last = axes == (rank - 1,)
        self._wide = tuple(sizes.get(i, 1) for i in range(rank))
        channels = {4: (1, 3), 5: (1, 4)}.get(rank, ())
        self._unbiased = (
            self.fused is not False and len(axes) == 1 and axes[0] in channels and self._compute_dtype != "float64"
        )
        order = (*self._reduced, *axes)
        self._order, self._back = order, tuple(order.index(i) for i in range(rank))
        self.built = True

    def call(self, inputs, training=None, mask=None):
        dtype = self._compute_dtype
        inner = "float32" if dtype in _HALF else dtype
        x = inputs if inputs.dtype == inner else ops.cast(inputs, inner)
        if training and self._trainable:
            if mask is not None and not self._unbiased:
                y = self._train_masked(x, mask)
            else:
                y = self._train(x)
        else:
            y = self._normalized(x, self.moving_mean, self.moving_variance)
        return y if inner == dtype else ops.cast(y, dtype)

    def _normalized(self, x, mean, variance):
        parts = (mean, variance, self.gamma, self.beta)
        if not self._last:
            parts = tuple(p if p is None or len(p.shape) == self._rank else ops.reshape(p, self._wide) for p in parts)
        return ops.fused("normalize", x, *parts, self.epsilon)

    def _train(self, x):
        if len(self.axis) > 1:
            mean, variance = ops.moments(x, self._reduced, keepdims=True)
            self._move(ops.stop_gradient(mean), ops.stop_gradient(variance), x)
            return self._normalized(x, mean, variance)
        if not self._last:
            x = ops.fused("transpose", x, self._order)
        y, mean, variance = ops.fused("batch_norm_train", x, self.gamma, self.beta, self.epsilon)
        self._move(mean, variance, x)
        return y if self._last else ops.fused("transpose", y, self._back)

    def _train_masked(self, x, mask):
        weights = ops.cast(mask, x.dtype)
        weights = ops.reshape(weights, (*weights.shape, *(1,) * (self._rank - len(weights.shape))))
        keep = len(self.axis) > 1
        total = ops.sum(ops.broadcast_to(weights, x.shape), self._reduced, True)
        mean = ops.sum(x * weights, self._reduced, True) / total
        variance = ops.sum(ops.square(x - mean) * weights, self._reduced, True) / total
        moved = [ops.stop_gradient(s if keep else ops.reshape(s, self.moving_mean.shape)) for s in (mean, variance)]
        self._move(*moved, x)
        gamma, beta = (p if p is None else ops.reshape(p, self._wide) for p in (self.gamma, self.beta))
        return ops.fused("normalize", x, mean, variance, gamma, beta, self.epsilon)

    def _move(self, mean, variance, x):
        """The moving averages a step towards the batch's statistics."""
        if self._unbiased:
            n = math.prod(x.shape[:-1])  # the channels are last by now
            variance = ops.fused("multiply", variance, n / max(n - 1, 1))
        rate = 1.0 - self.momentum
        for moving, new in ((self.moving_mean, mean), (self.moving_variance, variance)):
            step = ops.fused("multiply", ops.fused("subtract", new, moving), rate)
            moving.assign(ops.fused("add", moving, step))

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def get_config(self):
        return {
            **super().get_config(),
            "axis": self.axis if isinstance(self.axis, int) else list(self.axis),
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "center": self.center,
            "scale": self.scale,
            **_ordered(options_config(self, "beta", "gamma", "moving_mean", "moving_variance")),
        }


def _ordered(options):
    """Without regularizers and constraints of the moving averages, which have none."""
    return {k: v for k, v in options.items() if not k.startswith("moving") or k.endswith("initializer")}
