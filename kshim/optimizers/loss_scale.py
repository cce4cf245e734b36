"""Loss scaling, which keeps small gradients of float16 computations from vanishing (Micikevicius et al. 2017)."""

import numpy as np

from ..engine.tensor import Tensor
from ..engine.variable import Variable
from .base import Optimizer, reg


@reg("LossScaleOptimizerV3", "LossScaleOptimizerV1", "loss_scale_optimizer")
class LossScaleOptimizer(Optimizer):
    """Runs `inner_optimizer` on a loss multiplied by a scale and gradients divided by it.

    dynamic: the scale (2**15 at first) doubles after dynamic_growth_steps (2000) steps with finite gradients; a step
    with others changes nothing but halves it. Otherwise the scale is `initial_scale`, which must be given. Everything
    else (learning rate, state, files) is the inner optimizer's. In own loops: `get_scaled_loss` and
    `get_unscaled_gradients` around the gradients (Keras 2), or `scale_loss` before them (Keras 3).
    """

    def __init__(
        self, inner_optimizer, dynamic=True, initial_scale=None, dynamic_growth_steps=None, name=None, **kwargs
    ):
        if not isinstance(inner_optimizer, Optimizer) or isinstance(inner_optimizer, LossScaleOptimizer):
            raise TypeError(f"LossScaleOptimizer wraps a plain optimizer; received {inner_optimizer!r}.")
        if not dynamic and initial_scale is None:
            raise ValueError("LossScaleOptimizer with dynamic=False needs `initial_scale`.")
        if not dynamic and dynamic_growth_steps is not None:
            raise ValueError("LossScaleOptimizer with dynamic=False takes no `dynamic_growth_steps`.")
        vars(self)["inner_optimizer"] = inner_optimizer
        given = {k: v for k, v in kwargs.items() if v is not None and not hasattr(inner_optimizer, k)}
        if given:
            raise inner_optimizer._unknown_keyword(next(iter(given)))
        self.dynamic = dynamic
        self.initial_scale = float(2**15 if initial_scale is None else initial_scale)
        self.dynamic_growth_steps = int(dynamic_growth_steps or 2000) if dynamic else None
        self._in_step, self._awaits_unscaling = None, False
        self._state = []
        if dynamic:
            self._state = [
                Variable(np.float32(self.initial_scale), "float32", trainable=False, name="current_loss_scale"),
                Variable(np.float32(0.0), "float32", trainable=False, name="good_steps"),
            ]

    def __getattr__(self, name):
        inner = vars(self).get("inner_optimizer")
        if inner is None:
            raise AttributeError(name)
        return getattr(inner, name)

    # the inner optimizer's ---------------------------------------------------------------------------------
    @property
    def learning_rate(self):
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, value):
        self.inner_optimizer.learning_rate = value

    lr = learning_rate

    @property
    def variables(self):
        return self.inner_optimizer.variables

    weights = variables

    @property
    def slots(self):
        return {"loss_scale": self._state, **self.inner_optimizer.slots} if self._state else self.inner_optimizer.slots

    def build(self, var_list):
        self.inner_optimizer.build(var_list)

    def hyper(self):
        return self.inner_optimizer.hyper()

    def finalize_variable_values(self, var_list):
        self.inner_optimizer.finalize_variable_values(var_list)

    def exclude_from_weight_decay(self, var_list=None, var_names=None):
        self.inner_optimizer.exclude_from_weight_decay(var_list, var_names)

    # scaling -----------------------------------------------------------------------------------------------
    def _native_scale(self, b, slots, dtype):
        if not self.dynamic:
            return self.initial_scale
        scale = slots[0][0]
        return scale if b.dtype_of(scale) == dtype else b.cast(scale, dtype)

    def step_loss(self, b, loss, slots):
        return b.multiply(loss, self._native_scale(b, slots, b.dtype_of(loss)))

    def step_grads(self, b, grads, slots):
        return [b.divide(g, self._native_scale(b, slots, b.dtype_of(g))) for g in grads]

    def apply(self, variables, params=None, grads=None, slots=None, hyper=None):
        """As `Optimizer.apply`, for gradients divided by the scale already."""
        if hyper is None:
            self._awaits_unscaling = True  # Keras 3's `apply` takes the gradients of the scaled loss
            return super().apply(variables, params)
        inner = self.inner_optimizer
        if not self.dynamic:
            return inner.apply(variables, params, grads, slots, hyper)
        from ..spec import registry

        b = registry.state.backend or registry.resolve()
        (scale, good), rest = slots[0], [list(s) for s in slots[1:]]
        finite = None
        for g in grads:
            every = b.all(b.isfinite(g), tuple(range(len(b.shape_of(g)))), False)
            finite = every if finite is None else b.logical_and(finite, every)
        # where a gradient is not finite nothing of the new values is kept, so what they hold is of no importance
        new_params, new_slots = inner.apply(variables, params, grads, rest, hyper)

        def kept(new, old):
            return [b.where(finite, n, o) for n, o in zip(new, old)]

        counted = b.add(good, 1.0)
        grow = b.greater_equal(counted, float(self.dynamic_growth_steps))
        larger = b.multiply(scale, 2.0)
        grown = b.where(b.logical_and(grow, b.isfinite(larger)), larger, scale)
        zero = b.zeros_like(good)
        scale = b.where(finite, grown, b.maximum(b.multiply(scale, 0.5), 1.0))
        good = b.where(finite, b.where(grow, zero, counted), zero)
        return kept(new_params, params), [[scale, good], *(kept(n, o) for n, o in zip(new_slots, rest))]

    # own training loops ------------------------------------------------------------------------------------
    @property
    def loss_scale(self):
        """The scale now, a scalar tensor."""
        from ..engine.tensor import convert

        return Tensor(self._state[0].native) if self.dynamic else convert(self.initial_scale)

    @property
    def dynamic_counter(self):
        """Steps with finite gradients since the scale last changed."""
        return self._state[1] if self.dynamic else None

    def get_scaled_loss(self, loss):
        """The loss (a tensor, or a function that gives one) times the scale."""
        if callable(loss):
            return lambda: self.get_scaled_loss(loss())
        return loss * self.loss_scale.astype(loss.dtype)

    def get_unscaled_gradients(self, grads):
        """The gradients of a scaled loss, divided by the scale."""
        self._awaits_unscaling = False
        return [None if g is None else g / self.loss_scale.astype(g.dtype) for g in grads]

    def scale_loss(self, loss):
        self._awaits_unscaling = True
        return self.get_scaled_loss(loss)

    def apply_gradients(self, grads_and_vars, **kwargs):
        pairs = list(grads_and_vars)
        if self._awaits_unscaling:
            pairs = list(zip(self.get_unscaled_gradients([g for g, _ in pairs]), [v for _, v in pairs]))
        return super().apply_gradients(pairs, **kwargs)

    def compute_gradients(self, loss, var_list, tape=None):
        pairs = super().compute_gradients(self.get_scaled_loss(loss), var_list, tape)
        return list(zip(self.get_unscaled_gradients([g for g, _ in pairs]), [v for _, v in pairs]))

    # configuration -----------------------------------------------------------------------------------------
    def get_config(self):
        from . import serialize

        return {
            "inner_optimizer": serialize(self.inner_optimizer),
            "dynamic": self.dynamic,
            "initial_scale": self.initial_scale,
            "dynamic_growth_steps": self.dynamic_growth_steps,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        from . import deserialize

        config = dict(config)
        if isinstance(config["inner_optimizer"], dict):
            config["inner_optimizer"] = deserialize(dict(config["inner_optimizer"]), custom_objects)
        return cls(**config)

    def __repr__(self):
        return f"<LossScaleOptimizer of {self.inner_optimizer!r}>"
