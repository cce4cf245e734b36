"""Stochastic gradient descent, with momentum."""

from .base import Optimizer, reg


@reg("sgd")
class SGD(Optimizer):
    """w - learning_rate * g; with momentum w + m, where m = momentum * m - learning_rate * g.

    `nesterov` takes the gradient's step once more from where the momentum leads.
    """

    slot_groups = (("m",),)

    def __init__(self, learning_rate=0.01, momentum=0.0, nesterov=False, **kwargs):
        super().__init__(learning_rate=learning_rate, **kwargs)
        if isinstance(momentum, (int, float)) and not 0 <= momentum <= 1:
            raise ValueError(f"`momentum` of SGD must be in [0, 1]; received momentum={momentum}.")
        self.momentum, self.nesterov = momentum, nesterov

    def scalars(self, lr, t):
        return {"momentum": float(self.momentum)}

    def fused_kind(self):
        return ("nesterov" if self.nesterov else "momentum") if float(self.momentum) else "sgd"

    def _apply_builtin(self, b, params, grads, slots, scalars):
        if float(self.momentum):
            return super()._apply_builtin(b, params, grads, slots, scalars)
        new, _ = super()._apply_builtin(
            b, params, grads, [], scalars
        )  # the stored momentum is of no use: pass it through
        return new, slots

    def update(self, b, p, g, slots, s, dtype):
        step = b.multiply(g, s["lr"])
        if not slots:
            return b.subtract(p, step), []
        m = b.subtract(b.multiply(slots[0], s["momentum"]), step)
        if self.nesterov:
            return b.add(p, b.subtract(b.multiply(m, s["momentum"]), step)), [m]
        return b.add(p, m), [m]

    def get_config(self):
        return {**super().get_config(), "momentum": self.momentum, "nesterov": self.nesterov}
