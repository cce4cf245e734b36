"""Limits on gradients, in native tensors. At most one applies: clipnorm, then global_clipnorm, then clipvalue."""


def clip(b, grads, clipnorm=None, global_clipnorm=None, clipvalue=None):
    """The list of gradients after clipping; limits of None or 0 do nothing."""
    if not grads:
        return grads
    if clipnorm:
        return [_by_norm(b, g, b.global_norm([g]), float(clipnorm)) for g in grads]
    if global_clipnorm:
        norm = b.global_norm([g if b.dtype_of(g) in ("float32", "float64") else b.cast(g, "float32") for g in grads])
        return [_by_norm(b, g, _as(b, norm, g), float(global_clipnorm)) for g in grads]
    if clipvalue:
        return [b.clip(g, -float(clipvalue), float(clipvalue)) for g in grads]
    return grads


def _as(b, norm, g):
    dtype = b.dtype_of(g)
    return norm if b.dtype_of(norm) == dtype else b.cast(norm, dtype)


def _by_norm(b, g, norm, limit):
    """g scaled so that `norm` becomes `limit` if it is larger."""
    return b.divide(b.multiply(g, limit), b.maximum(norm, limit))
