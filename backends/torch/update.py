"""Optimizer steps over all parameters at once, in place where the step may overwrite its state."""

import math
from functools import cache

import torch


def _own(xs, in_place):
    """The tensors to write to: those this module made, if allowed, else copies marked as its own.

    The mark keeps a tensor that came from elsewhere (and may be shared) from being overwritten.
    """
    out = []
    for x in xs:
        if not (in_place and getattr(x, "_kshim_owned", False)):
            x = x.detach().clone(memory_format=torch.contiguous_format)
            x._kshim_owned = True
        out.append(x)
    return out


@cache
def _endless(device):
    """A number of steps without end; the kernel only reads it."""
    return torch.full((), math.inf, device=device)


def _adam(params, grads, slots, s):
    means, squares = slots
    beta_1, beta_2, epsilon, rate = s["beta_1"], s["beta_2"], s["epsilon"], s["lr_t"]
    alike = all(
        p.dtype is g.dtype is m.dtype is v.dtype for p, g, m, v in zip(params, grads, means, squares, strict=True)
    )
    if alike and beta_1 < 1 and beta_2 < 1:
        # After infinitely many steps the kernel's own bias correction is 1: what is left is the formula, in one
        # pass over the memory. It walks raw memory, so the gradients must be laid out like the parameters.
        grads = [g if g.is_contiguous() else g.contiguous() for g in grads]
        torch._fused_adam_(
            params, grads, means, squares, [], [_endless(p.device) for p in params],
            lr=rate, beta1=beta_1, beta2=beta_2, weight_decay=0.0, eps=epsilon, amsgrad=False, maximize=False,
        )  # fmt: skip
        return
    torch._foreach_mul_(means, beta_1)
    torch._foreach_add_(means, grads, alpha=s["one_minus_beta_1"])
    torch._foreach_mul_(squares, beta_2)
    torch._foreach_add_(squares, torch._foreach_mul(grads, grads), alpha=s["one_minus_beta_2"])
    roots = torch._foreach_sqrt(squares)
    torch._foreach_add_(roots, epsilon)
    torch._foreach_addcdiv_(params, means, roots, -rate)


def _rmsprop(params, grads, slots, s):
    (squares,) = slots
    torch._foreach_mul_(squares, s["rho"])
    torch._foreach_addcmul_(squares, grads, grads, s["one_minus_rho"])
    roots = torch._foreach_add(squares, s["epsilon"])
    torch._foreach_sqrt_(roots)
    torch._foreach_addcdiv_(params, grads, roots, -s["lr"])


def _velocity(grads, slots, s):
    (velocities,) = slots
    torch._foreach_mul_(velocities, s["momentum"])
    torch._foreach_add_(velocities, grads, alpha=-s["lr"])
    return velocities


def _momentum(params, grads, slots, s):
    torch._foreach_add_(params, _velocity(grads, slots, s))


def _nesterov(params, grads, slots, s):
    torch._foreach_add_(params, _velocity(grads, slots, s), alpha=s["momentum"])
    torch._foreach_add_(params, grads, alpha=-s["lr"])


def _sgd(params, grads, slots, s):
    torch._foreach_add_(params, grads, alpha=-s["lr"])


_KINDS = {"adam": _adam, "rmsprop": _rmsprop, "momentum": _momentum, "nesterov": _nesterov, "sgd": _sgd}


class Update:
    def fused_update(self, kind, params, grads, slots, scalars):
        """Adam: Kingma and Ba 2015; the others as in Keras. With `donate` the parameters and slots are overwritten."""
        function = _KINDS.get(kind)
        if function is None:
            return super().fused_update(kind, params, grads, slots, scalars)
        in_place = self._may_overwrite()
        params, slots = _own(params, in_place), [_own(slot, in_place) for slot in slots]
        if params:
            with torch.no_grad():
                function(params, [g.detach() if g.requires_grad else g for g in grads], slots, scalars)
        return params, slots

    def global_norm(self, xs):
        xs = list(xs)
        if len({x.dtype for x in xs}) != 1 or not xs[0].dtype.is_floating_point:
            return super().global_norm(xs)
        return torch.linalg.vector_norm(torch.stack(torch._foreach_norm(xs)))
