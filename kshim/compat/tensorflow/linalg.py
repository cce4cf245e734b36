"""`tf.linalg`: the functions that reduce to kshim's ops."""

from ... import ops
from .arrays import eye
from .maths import einsum, global_norm, l2_normalize, matmul, tensordot

__all__ = [
    "band_part", "cross", "diag", "diag_part", "einsum", "eye", "global_norm", "l2_normalize", "matmul",
    "matrix_transpose", "matvec", "norm", "tensordot", "trace",
]  # fmt: skip


def matvec(a, b, transpose_a=False, adjoint_a=False, a_is_sparse=False, b_is_sparse=False, name=None):
    """Matrix times vector, over the last axes."""
    return ops.squeeze(matmul(a, ops.expand_dims(b, -1), transpose_a or adjoint_a), -1)


def matrix_transpose(a, name="matrix_transpose", conjugate=False):
    return ops.swapaxes(ops.convert_to_tensor(a), -1, -2)


def norm(tensor, ord="euclidean", axis=None, keepdims=None, name=None):
    """The 2-norm over `axis`, or the norm that `ord` says."""
    if ord in ("euclidean", 2) and not isinstance(axis, (list, tuple)):
        return ops.sqrt(ops.sum(ops.square(tensor), axis, bool(keepdims)))
    return ops.norm(tensor, None if ord == "euclidean" else ord, axis, bool(keepdims))


def trace(x, name=None):
    return ops.trace(x, 0, -2, -1)


def diag_part(input, name="diag_part", k=0):
    return ops.diagonal(input, k, -2, -1)


def diag(diagonal, name="diag", k=0):
    return ops.diag(diagonal, k)


def cross(a, b, name=None):
    return ops.cross(a, b)


def band_part(input, num_lower, num_upper, name=None):
    """The matrix with everything below `num_lower` and above `num_upper` diagonals zero (-1: keep that side)."""
    x = ops.convert_to_tensor(input)
    if num_lower >= 0:
        x = ops.triu(x, -num_lower)
    return ops.tril(x, num_upper) if num_upper >= 0 else x
