"""uint16, uint32 and uint64: torch stores them but computes little with them, so NumPy steps in on the host.

Such tensors carry no gradient and are rare (hashes, ids, image data), so the way over the host costs little, and
nothing at all where torch has the op.
"""

import numpy as np
import torch

#: Unsigned dtype -> the signed one of its width, whose bits can be moved around in its place.
SIGNED = {torch.uint16: torch.int16, torch.uint32: torch.int32, torch.uint64: torch.int64}


def _tensors(args):
    for a in args:
        if isinstance(a, torch.Tensor):
            yield a
        elif isinstance(a, (list, tuple)):
            yield from _tensors(a)


def on_host(error, function, *args):
    """`function` of the NumPy arrays of the tensors in `args`, as a tensor; raises `error` if none is of these."""
    found = list(_tensors(args))
    if not any(t.dtype in SIGNED for t in found):
        raise error
    with np.errstate(divide="ignore"):
        out = function(*(a.detach().cpu().numpy() if isinstance(a, torch.Tensor) else a for a in args))
    return torch.from_numpy(np.array(out, order="C")).to(found[0].device)
