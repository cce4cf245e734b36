"""Optimizers that divide by a running size of the gradient: RMSprop, Adagrad, Adadelta."""

import numpy as np

from .base import Optimizer, default_eps, reg


@reg("rmsprop", "RMSProp")
class RMSprop(Optimizer):
    """w - learning_rate * g / sqrt(v + epsilon), v the running mean of g**2 (Hinton 2012).

    `centered` subtracts the square of the running mean of g; `momentum` accumulates the steps.
    """

    def __init__(self, learning_rate=0.001, rho=0.9, momentum=0.0, epsilon=1e-7, centered=False, **kwargs):
        kwargs.setdefault("ema_overwrite_frequency", 100)
        super().__init__(learning_rate=learning_rate, **kwargs)
        self.rho, self.momentum, self.epsilon, self.centered = rho, momentum, default_eps(epsilon), centered

    @property
    def slot_groups(self):
        groups = [("velocity",)]
        if self.momentum > 0:
            groups.append(("momentum",))
        if self.centered:
            groups.append(("average_gradient",))
        return tuple(groups)

    def scalars(self, lr, t):
        rho = float(self.rho)
        return {"rho": rho, "one_minus_rho": 1.0 - rho, "epsilon": self.epsilon, "momentum": float(self.momentum)}

    def fused_kind(self):
        return None if self.momentum > 0 or self.centered else "rmsprop"

    def denominator(self, b, v, s):
        """What the gradient is divided by."""
        return b.sqrt(b.add(v, s["epsilon"]))

    def update(self, b, p, g, slots, s, dtype):
        slots = list(slots)
        v = b.add(b.multiply(slots[0], s["rho"]), b.multiply(b.multiply(g, g), s["one_minus_rho"]))
        new, spread = [v], v
        if self.centered:
            mean = b.add(b.multiply(slots[-1], s["rho"]), b.multiply(g, s["one_minus_rho"]))
            spread = b.subtract(v, b.multiply(mean, mean))
        step = b.divide(b.multiply(g, s["lr"]), self.denominator(b, spread, s))
        if self.momentum > 0:
            step = b.add(b.multiply(slots[1], s["momentum"]), step)
            new.append(step)
        if self.centered:
            new.append(mean)
        return b.subtract(p, step), new

    def get_config(self):
        own = {"rho": self.rho, "momentum": self.momentum, "epsilon": self.epsilon, "centered": self.centered}
        return {**super().get_config(), **own}


@reg("adagrad")
class Adagrad(Optimizer):
    """w - learning_rate * g / sqrt(a + epsilon), a the sum of g**2 (Duchi et al. 2011)."""

    slot_groups = (("accumulator",),)

    def __init__(self, learning_rate=0.001, initial_accumulator_value=0.1, epsilon=1e-7, **kwargs):
        super().__init__(learning_rate=learning_rate, **kwargs)
        self.initial_accumulator_value, self.epsilon = initial_accumulator_value, default_eps(epsilon)

    def slot_value(self, slot, variable):
        return np.full_like(super().slot_value(slot, variable), self.initial_accumulator_value)

    def scalars(self, lr, t):
        return {"epsilon": self.epsilon}

    def denominator(self, b, a, s):
        return b.sqrt(b.add(a, s["epsilon"]))

    def update(self, b, p, g, slots, s, dtype):
        a = b.add(slots[0], b.multiply(g, g))
        return b.subtract(p, b.divide(b.multiply(g, s["lr"]), self.denominator(b, a, s))), [a]

    def get_config(self):
        own = {"initial_accumulator_value": self.initial_accumulator_value, "epsilon": self.epsilon}
        return {**super().get_config(), **own}


@reg("adadelta")
class Adadelta(Optimizer):
    """Steps scaled by the ratio of the running sizes of past steps and of gradients (Zeiler 2012)."""

    slot_groups = (("accumulated_grad", "accumulated_delta_var"),)

    def __init__(self, learning_rate=0.001, rho=0.95, epsilon=1e-7, **kwargs):
        super().__init__(learning_rate=learning_rate, **kwargs)
        self.rho, self.epsilon = rho, default_eps(epsilon)

    def scalars(self, lr, t):
        rho = float(self.rho)
        return {"rho": rho, "one_minus_rho": 1.0 - rho, "epsilon": self.epsilon}

    def update(self, b, p, g, slots, s, dtype):
        def mean(old, x):
            return b.add(b.multiply(old, s["rho"]), b.multiply(b.multiply(x, x), s["one_minus_rho"]))

        def rms(x):
            return b.sqrt(b.add(x, s["epsilon"]))

        a = mean(slots[0], g)
        step = b.divide(b.multiply(rms(slots[1]), g), rms(a))
        return b.subtract(p, b.multiply(step, s["lr"])), [a, mean(slots[1], step)]

    def get_config(self):
        return {**super().get_config(), "rho": self.rho, "epsilon": self.epsilon}
