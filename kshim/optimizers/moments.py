"""Adam and its relatives: running means of the gradient and of its size."""

import math

from .base import Optimizer, default_eps, reg


class _Moments(Optimizer):
    """What the family shares: beta_1, beta_2, epsilon and the two running means."""

    slot_groups = (("m", "v"),)

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7, **kwargs):
        super().__init__(learning_rate=learning_rate, **kwargs)
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, default_eps(epsilon)

    def scalars(self, lr, t):
        b1, b2 = float(self.beta_1), float(self.beta_2)
        return {
            "beta_1": b1,
            "beta_2": b2,
            "one_minus_beta_1": 1.0 - b1,
            "one_minus_beta_2": 1.0 - b2,
            "epsilon": self.epsilon,
        }

    def first(self, b, m, g, s):
        """The running mean of the gradient."""
        return b.add(b.multiply(m, s["beta_1"]), b.multiply(g, s["one_minus_beta_1"]))

    def second(self, b, v, g, s):
        """The running mean of its square."""
        return b.add(b.multiply(v, s["beta_2"]), b.multiply(b.multiply(g, g), s["one_minus_beta_2"]))

    def get_config(self):
        own = {"beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon}
        return {**super().get_config(), **own}


@reg("adam")
class Adam(_Moments):
    """Adam (Kingma and Ba 2014), epsilon added before the bias correction.

    `amsgrad` keeps the largest v (Reddi et al. 2018).

    `adaptive_epsilon` scales epsilon by sqrt(1 - beta_2**t), which makes the formula that of the paper.
    """

    def __init__(
        self,
        learning_rate=0.001,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-7,
        amsgrad=False,
        adaptive_epsilon=False,
        **kwargs,
    ):
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **kwargs)
        self.amsgrad, self.adaptive_epsilon = amsgrad, adaptive_epsilon

    @property
    def slot_groups(self):
        return (("m", "v"), ("vhat",)) if self.amsgrad else (("m", "v"),)

    def scalars(self, lr, t):
        out = super().scalars(lr, t)
        root = math.sqrt(1.0 - out["beta_2"] ** t)
        out["lr_t"] = lr * root / (1.0 - out["beta_1"] ** t)
        if self.adaptive_epsilon:
            out["epsilon"] *= root
        return out

    def fused_kind(self):
        return None if self.amsgrad else "adam"

    def update(self, b, p, g, slots, s, dtype):
        m, v = self.first(b, slots[0], g, s), self.second(b, slots[1], g, s)
        new, size = [m, v], v
        if self.amsgrad:
            size = b.maximum(slots[2], v)
            new.append(size)
        return b.subtract(p, b.divide(b.multiply(m, s["lr_t"]), b.add(b.sqrt(size), s["epsilon"]))), new

    def get_config(self):
        config = {**super().get_config(), "amsgrad": self.amsgrad}
        if self.adaptive_epsilon:
            config["adaptive_epsilon"] = True
        return config


@reg("adamw")
class AdamW(Adam):
    """Adam with decoupled weight decay, which is required (Loshchilov and Hutter 2017)."""

    def __init__(
        self, learning_rate=0.001, weight_decay=0.004, beta_1=0.9, beta_2=0.999, epsilon=1e-7, amsgrad=False, **kwargs
    ):
        if weight_decay is None:
            raise ValueError("AdamW needs a number as `weight_decay`; use Adam for none.")
        super().__init__(learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay=weight_decay, **kwargs)


@reg("adamax")
class Adamax(_Moments):
    """Adam with the largest recent gradient in place of the mean square (Kingma and Ba 2014, section 7)."""

    slot_groups = (("m", "u"),)

    def scalars(self, lr, t):
        out = super().scalars(lr, t)
        return {**out, "lr_t": lr / (1.0 - out["beta_1"] ** t)}

    def update(self, b, p, g, slots, s, dtype):
        m = self.first(b, slots[0], g, s)
        u = b.maximum(b.multiply(slots[1], s["beta_2"]), b.abs(g))
        return b.subtract(p, b.divide(b.multiply(m, s["lr_t"]), b.add(u, s["epsilon"]))), [m, u]


@reg("nadam")
class Nadam(_Moments):
    """Adam with Nesterov momentum (Dozat 2016), which warms up as beta_1 * (1 - 0.5 * 0.96**(t * schedule_decay)).

    Keras 1, 2 and tf.keras up to 2.10 have a schedule_decay of 0.004, later versions of 1.
    """

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-7, schedule_decay=1.0, **kwargs):
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **kwargs)
        self.schedule_decay = schedule_decay
        self._products = [1.0]
        self._products_for = None

    def _momentum(self, t):
        return float(self.beta_1) * (1.0 - 0.5 * 0.96 ** (t * self.schedule_decay))

    def _product(self, t):
        """The product of the momenta of steps 1 to t."""
        if self._products_for != (self.beta_1, self.schedule_decay):
            self._products, self._products_for = [1.0], (self.beta_1, self.schedule_decay)
        while len(self._products) <= t:
            self._products.append(self._products[-1] * self._momentum(len(self._products)))
        return self._products[t]

    def scalars(self, lr, t):
        out = super().scalars(lr, t)
        now, coming = self._momentum(t), self._momentum(t + 1)
        product = self._product(t)
        return {
            **out,
            "m_factor": coming / (1.0 - product * coming),
            "g_factor": (1.0 - now) / (1.0 - product),
            "v_factor": 1.0 / (1.0 - out["beta_2"] ** t),
        }

    def update(self, b, p, g, slots, s, dtype):
        m, v = self.first(b, slots[0], g, s), self.second(b, slots[1], g, s)
        ahead = b.add(b.multiply(m, s["m_factor"]), b.multiply(g, s["g_factor"]))
        size = b.add(b.sqrt(b.multiply(v, s["v_factor"])), s["epsilon"])
        return b.subtract(p, b.divide(b.multiply(ahead, s["lr"]), size)), [m, v]

    def get_config(self):
        config = super().get_config()
        if self.schedule_decay != 1.0:
            config["schedule_decay"] = self.schedule_decay
        return config


@reg("lion")
class Lion(Optimizer):
    """The sign of a mix of momentum and gradient (Chen et al. 2023)."""

    slot_groups = (("m",),)

    def __init__(self, learning_rate=0.0001, beta_1=0.9, beta_2=0.99, **kwargs):
        super().__init__(learning_rate=learning_rate, **kwargs)
        if not 0 < beta_1 <= 1:
            raise ValueError(f"`beta_1` of Lion must be in (0, 1]; received beta_1={beta_1}.")
        self.beta_1, self.beta_2 = beta_1, beta_2

    def scalars(self, lr, t):
        b1, b2 = float(self.beta_1), float(self.beta_2)
        return {"beta_1": b1, "one_minus_beta_1": 1.0 - b1, "beta_2": b2, "one_minus_beta_2": 1.0 - b2}

    def update(self, b, p, g, slots, s, dtype):
        def mix(name):
            return b.add(b.multiply(slots[0], s[name]), b.multiply(g, s["one_minus_" + name]))

        return b.subtract(p, b.multiply(b.sign(mix("beta_1")), s["lr"])), [mix("beta_2")]

    def get_config(self):
        return {**super().get_config(), "beta_1": self.beta_1, "beta_2": self.beta_2}


@reg("lamb")
class Lamb(_Moments):
    """Adam with each weight's step scaled to the weight's norm (You et al. 2019; Keras 3)."""

    def scalars(self, lr, t):
        out = super().scalars(lr, t)
        return {**out, "m_factor": 1.0 / (1.0 - out["beta_1"] ** t), "v_factor": 1.0 / (1.0 - out["beta_2"] ** t)}

    def update(self, b, p, g, slots, s, dtype):
        m, v = self.first(b, slots[0], g, s), self.second(b, slots[1], g, s)
        size = b.add(b.sqrt(b.multiply(v, s["v_factor"])), s["epsilon"])
        r = b.divide(b.multiply(m, s["m_factor"]), size)
        weight_norm, step_norm = b.global_norm([p]), b.global_norm([r])
        one = b.ones_like(weight_norm)
        some = b.greater(step_norm, 0.0)
        ratio = b.where(some, b.divide(weight_norm, b.where(some, step_norm, one)), one)
        ratio = b.where(b.greater(weight_norm, 0.0), ratio, one)
        return b.subtract(p, b.multiply(b.multiply(r, ratio), s["lr"])), [m, v]
