"""Loops, branches and gradients."""

import threading

import torch

from .step import storage_address
from .tree import leaves, map_tensors, rebuild


class _Depth(threading.local):
    """How many `value_and_grad` run inside one another in this thread."""

    value = 0


_depth = _Depth()


def _detached(x):
    return x.detach() if x.requires_grad else x


def _leaf(p):
    """What the function sees in place of a parameter: its own point to differentiate at."""
    if p.requires_grad:  # of an enclosing value_and_grad, which must see through this one
        return p.view_as(p)
    p = p.detach()
    return p.requires_grad_() if p.dtype.is_floating_point else p


class _Custom(torch.autograd.Function):
    """y of `forward(*xs) -> (y, residuals)` with the gradient `backward(residuals, dy)`."""

    @staticmethod
    def forward(ctx, forward, backward, *xs):
        y, residuals = forward(*xs)
        # save_for_backward, not an attribute: a residual that is y itself would be a cycle nothing collects.
        tensors = [t for t in leaves(residuals) if isinstance(t, torch.Tensor)]
        ctx.save_for_backward(*tensors)
        ctx.residuals = map_tensors(lambda t: _Saved, residuals)
        ctx.backward_function = backward
        return y

    @staticmethod
    def backward(ctx, dy):
        saved = iter(ctx.saved_tensors)
        residuals = rebuild(lambda leaf: next(saved) if leaf is _Saved else leaf, ctx.residuals)
        return None, None, *ctx.backward_function(residuals, dy)


class _Saved:
    """Stands for a tensor in the residuals."""


class Control:
    def _nested(self):
        """Whether gradients of gradients may be asked for, which cuDNN's recurrent layers do not have."""
        return _depth.value > 1

    def scan(self, step, init, xs, length, reverse):
        carry = list(init)
        if length == 0:  # the step alone knows what its ys look like
            _, ys = step(carry, [torch.zeros_like(x[:0].sum(0)) for x in xs])
            return carry, [y.detach().new_zeros((0, *y.shape)) for y in ys]
        # Indexing would make every step's gradient as large as the whole of x.
        columns = [x.unbind(0) for x in xs]
        rows = []
        for t in range(length - 1, -1, -1) if reverse else range(length):
            carry, ys = step(carry, [column[t] for column in columns])
            rows.append(ys)
        if reverse:
            rows.reverse()
        return carry, [torch.stack(column) for column in zip(*rows, strict=True)]

    def while_loop(self, condition, body, state):
        state = list(state)
        while condition(state):
            state = body(state)
        return state

    def cond(self, predicate, if_true, if_false):
        return if_true() if predicate else if_false()

    def _apart_from(self, points):
        """What to do with a result that is given out beside the gradients: where the step will overwrite the parameters,
        one that shares their memory becomes a copy."""
        if not self._may_overwrite():
            return _detached
        taken = {storage_address(p) for p in points}

        def apart(x):
            x = _detached(x)
            return x.clone() if storage_address(x) in taken else x

        return apart

    def value_and_grad(self, function):
        def run(params, *rest):
            _depth.value += 1
            nested = _depth.value > 1
            try:
                with torch.enable_grad():
                    points = [_leaf(p) for p in params]
                    loss, aux = function(points, *rest)
                    wanted = [p for p in points if p.requires_grad]
                    found = iter(())
                    if wanted and loss.requires_grad:
                        found = iter(torch.autograd.grad(loss, wanted, create_graph=nested, allow_unused=True))
            finally:
                _depth.value -= 1
            grads = [next(found, None) if p.requires_grad else None for p in points]
            grads = [
                torch.zeros_like(p, requires_grad=False) if g is None else g for g, p in zip(grads, points, strict=True)
            ]
            if nested:
                return (loss, aux), grads
            return (_detached(loss), map_tensors(self._apart_from(points), aux)), grads

        return run

    def custom_gradient(self, forward, backward):
        def call(*xs):
            return _Custom.apply(forward, backward, *xs)

        return call
