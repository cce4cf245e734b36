"""Ftrl and Adafactor."""

import math

import numpy as np

from .base import Optimizer, reg
from .schedules import LearningRateSchedule


@reg("ftrl")
class Ftrl(Optimizer):
    """Follow the regularized leader, for sparse linear models (McMahan 2013). `ValueError` for strengths below 0."""

    slot_groups = (("accumulator", "linear"),)

    def __init__(
        self, learning_rate=0.001, learning_rate_power=-0.5, initial_accumulator_value=0.1,
        l1_regularization_strength=0.0, l2_regularization_strength=0.0, l2_shrinkage_regularization_strength=0.0,
        beta=0.0, **kwargs,
    ):  # fmt: skip
        super().__init__(learning_rate=learning_rate, **kwargs)
        own = {
            "learning_rate_power": learning_rate_power,
            "initial_accumulator_value": initial_accumulator_value,
            "l1_regularization_strength": l1_regularization_strength,
            "l2_regularization_strength": l2_regularization_strength,
            "l2_shrinkage_regularization_strength": l2_shrinkage_regularization_strength,
            "beta": beta,
        }
        for name, value in own.items():
            wrong = value > 0 if name == "learning_rate_power" else value < 0
            if wrong and name != "beta":
                sign = "positive" if name == "learning_rate_power" else "negative"
                raise ValueError(f"`{name}` of Ftrl must not be {sign}; received {name}={value}.")
            setattr(self, name, value)
        self._own = tuple(own)

    def slot_value(self, slot, variable):
        zeros = super().slot_value(slot, variable)
        return np.full_like(zeros, self.initial_accumulator_value) if slot == "accumulator" else zeros

    def scalars(self, lr, t):
        # a rate of 0 would divide by 0 here; Keras gives NaN, too
        l2 = self.l2_regularization_strength + (self.beta / (2.0 * lr) if self.beta else 0.0)
        return {
            "inverse_lr": 1.0 / lr if lr else math.nan,
            "twice_l2": 2.0 * l2,
            "shrinkage": 2.0 * self.l2_shrinkage_regularization_strength,
        }

    def update(self, b, p, g, slots, s, dtype):
        old, linear = slots
        power, l1 = -float(self.learning_rate_power), float(self.l1_regularization_strength)

        def raised(x):
            return b.sqrt(x) if power == 0.5 else b.power(x, power)

        new = b.add(old, b.multiply(g, g))
        scaled = b.multiply(raised(new), s["inverse_lr"])
        shift = b.multiply(b.subtract(scaled, b.multiply(raised(old), s["inverse_lr"])), p)
        shrunk = b.add(g, b.multiply(p, s["shrinkage"])) if self.l2_shrinkage_regularization_strength else g
        linear = b.add(linear, b.subtract(shrunk, shift))
        quadratic = b.add(scaled, s["twice_l2"])
        return b.divide(b.subtract(b.clip(linear, -l1, l1), linear), quadratic), [new, linear]

    def get_config(self):
        return {**super().get_config(), **{name: getattr(self, name) for name in self._own}}


@reg("adafactor")
class Adafactor(Optimizer):
    """Adam-like steps with the second moment of matrices kept as row and column means (Shazeer and Stern 2018)."""

    slot_groups = (("r", "c", "v"),)

    def __init__(
        self,
        learning_rate=0.001,
        beta_2_decay=-0.8,
        epsilon_1=1e-30,
        epsilon_2=1e-3,
        clip_threshold=1.0,
        relative_step=True,
        **kwargs,
    ):
        super().__init__(learning_rate=learning_rate, **kwargs)
        self.beta_2_decay, self.epsilon_1, self.epsilon_2 = beta_2_decay, epsilon_1, epsilon_2
        self.clip_threshold, self.relative_step = clip_threshold, relative_step

    def slot_value(self, slot, variable):
        shape = tuple(variable.shape)
        if slot in "rc":  # vectors and scalars are not factored: a placeholder keeps the lists aligned
            shape = () if len(shape) < 2 else shape[:-1] if slot == "r" else (*shape[:-2], shape[-1])
        return np.zeros(shape, "float32" if variable.dtype == "bfloat16" else str(variable.dtype))

    def stored(self, slot, variable):
        return slot == "v" or tuple(variable.shape) != ()

    def scalars(self, lr, t):
        constant = not isinstance(self._learning_rate, LearningRateSchedule)
        rate = min(lr, t**-0.5) if constant and self.relative_step else lr
        beta_2 = 1.0 - t ** float(self.beta_2_decay)
        return {"rho": min(rate, t**-0.5), "beta_2": beta_2, "one_minus_beta_2": 1.0 - beta_2}

    def update(self, b, p, g, slots, s, dtype):
        r, c, v = slots
        rank = len(b.shape_of(p))

        def rms(x):
            return b.sqrt(b.mean(b.multiply(x, x), tuple(range(len(b.shape_of(x)))), False))

        def running(old, x):
            return b.add(b.multiply(old, s["beta_2"]), b.multiply(x, s["one_minus_beta_2"]))

        square = b.add(b.multiply(g, g), float(self.epsilon_1))
        if rank >= 2:
            r = running(r, b.mean(square, (rank - 1,), False))
            c = running(c, b.mean(square, (rank - 2,), False))
            share = b.divide(r, b.mean(r, (rank - 2,), True))
            v = b.multiply(b.expand_dims(share, rank - 1), b.expand_dims(c, rank - 2))
        else:
            v = running(v, square)
        step = b.multiply(g, b.rsqrt(v))
        step = b.divide(step, b.maximum(b.multiply(rms(step), 1.0 / float(self.clip_threshold)), 1.0))
        size = b.multiply(b.maximum(rms(p), float(self.epsilon_2)), s["rho"])
        return b.subtract(p, b.multiply(step, size)), [r, c, v]

    def get_config(self):
        own = ("beta_2_decay", "epsilon_1", "epsilon_2", "clip_threshold", "relative_step")
        return {**super().get_config(), **{name: getattr(self, name) for name in own}}
