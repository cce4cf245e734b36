"""Optimizers in training loops that users write: `apply_gradients` and `minimize`."""

import numpy as np

from ..engine.tensor import Tensor
from ..engine.variable import Variable, swapped
from ..spec import registry

#: Groups of slots that are not one variable for each trained one.
_WHOLE = ("state", "loss_scale")


class Eager:
    """The part of `Optimizer` that updates variables from gradients, outside of `fit`."""

    def apply_gradients(self, grads_and_vars, name=None, skip_gradients_aggregation=False, **kwargs):
        """Update variables from `(gradient, variable)` pairs and count a step. Pairs without gradient are left out.

        `ValueError` if no pair has a gradient, `KeyError` for a variable the optimizer was not built for.
        """
        pairs = [(g, v) for g, v in grads_and_vars]
        if not pairs:
            return self._iterations
        if not self.built:
            self.build([v for _, v in pairs])
        kept = [(g, v) for g, v in pairs if g is not None]
        if not kept:
            names = [getattr(v, "path", getattr(v, "name", "?")) for _, v in pairs]
            raise ValueError(
                f"No gradients provided for any variable: {names}. The loss does not depend on them "
                "(check for non-differentiable steps such as argmax, round or a NumPy computation)."
            )
        variables = [v for _, v in kept]
        index = [self._index(v) for v in variables]
        b = registry.state.backend or registry.resolve()
        grads = [_native_grad(b, g, v) for g, v in kept]
        chosen = [list(g) if name in _WHOLE else [g[i] for i in index] for name, g in self.slots.items()]
        hyper = self.hyper() if self._in_step is None else self._in_step
        params, slots = self.apply(
            variables, [v.native for v in variables], grads, [[v.native for v in g] for g in chosen], hyper
        )
        for variable, value in zip(variables, params):
            variable.assign(Tensor(value))
        for group, values in zip(chosen, slots):
            for variable, value in zip(group, values):
                variable.assign(Tensor(value))
        if self._in_step is None:
            self._iterations.assign_add(1)
        return self._iterations

    def in_step(self, hyper):
        """Inside `with optimizer.in_step(hyper):`, `apply_gradients` takes these scalars and does not count the step.

        For steps that are compiled: their scalars are inputs, and the step is counted by whoever runs it.
        """
        return _InStep(self, hyper)

    def compute_gradients(self, loss, var_list, tape=None):
        """`(gradient, variable)` pairs of a loss: a function without arguments, or a tensor with its gradient tape."""
        if tape is not None and not callable(loss):
            return list(zip(tape.gradient(loss, var_list), var_list))
        if not callable(loss):
            raise ValueError(
                "minimize needs `tape` when the loss is a tensor; or pass a function that computes the loss."
            )
        variables = list(var_list() if callable(var_list) else var_list)

        def run(values):
            with swapped(variables, values):
                return loss()._value, None

        b = registry.state.backend or registry.resolve()
        _, grads = b.value_and_grad(run)([v.native for v in variables])
        return [(Tensor(g), v) for g, v in zip(grads, variables)]

    def scale_loss(self, loss):
        """Keras 3: the loss to take gradients of. Only `LossScaleOptimizer` changes it."""
        return loss

    def minimize(self, loss, var_list, tape=None, **kwargs):
        """`compute_gradients` and `apply_gradients`."""
        return self.apply_gradients(self.compute_gradients(loss, var_list, tape))


class _InStep:
    def __init__(self, optimizer, hyper):
        self.optimizer, self.hyper = optimizer, hyper

    def __enter__(self):
        self.saved, self.optimizer._in_step = self.optimizer._in_step, self.hyper
        return self.optimizer

    def __exit__(self, *_):
        self.optimizer._in_step = self.saved


def _native_grad(b, grad, variable):
    value = grad._value if isinstance(grad, Tensor) else grad.native if isinstance(grad, Variable) else grad
    if not b.is_tensor(value):
        value = b.constant(np.asarray(value), str(variable.dtype))
    return value if b.dtype_of(value) == variable.dtype else b.cast(value, str(variable.dtype))
