"""Products of tensors."""

import math

from ..spec import dtypes
from .core import binary_operands, convert_to_tensor, normalize_axis, op, wrap

__all__ = ["matmul", "dot", "tensordot", "einsum", "outer", "norm", "vdot", "inner", "cross", "trace"]


@op
def matmul(x1, x2):
    """Matrix product as in NumPy: 1-D operands count as a row (left) or column (right), other axes broadcast."""
    backend, a, b = binary_operands(x1, x2, booleans="numbers")
    ra, rb = len(backend.shape_of(a)), len(backend.shape_of(b))
    if ra == 0 or rb == 0:
        raise ValueError("matmul does not take scalars; use multiply.")
    if ra > 2 and rb == 2:
        return wrap(backend.dense(a, b, None))
    a = backend.expand_dims(a, 0) if ra == 1 else a
    b = backend.expand_dims(b, 1) if rb == 1 else b
    out = backend.matmul(a, b)
    rank = len(backend.shape_of(out))
    gone = ((rank - 2,) if ra == 1 else ()) + ((rank - 1,) if rb == 1 else ())
    return wrap(backend.squeeze(out, gone) if gone else out)


@op
def dot(x1, x2):
    """NumPy's dot: last axis of x1 with the second last (or only) axis of x2."""
    x1, x2 = convert_to_tensor(x1), convert_to_tensor(x2)
    if not x1.shape or not x2.shape:
        return x1 * x2
    if len(x2.shape) == 1:
        return tensordot(x1, x2, ((-1,), (0,)))
    return tensordot(x1, x2, ((-1,), (-2,)))


@op
def tensordot(x1, x2, axes=2):
    """Sum of products over the given axes of each operand."""
    backend, a, b = binary_operands(convert_to_tensor(x1), convert_to_tensor(x2), booleans="numbers")
    sa, sb = tuple(backend.shape_of(a)), tuple(backend.shape_of(b))
    if isinstance(axes, int):
        left, right = tuple(range(len(sa) - axes, len(sa))), tuple(range(axes))
    else:
        left, right = ((i,) if isinstance(i, int) else tuple(i) for i in axes)
    left = [normalize_axis(i, len(sa)) for i in left]
    right = [normalize_axis(i, len(sb)) for i in right]
    if [sa[i] for i in left] != [sb[i] for i in right]:
        raise ValueError(f"tensordot: axes {left} of shape {sa} do not fit axes {right} of shape {sb}.")
    keep_a = [i for i in range(len(sa)) if i not in left]
    keep_b = [i for i in range(len(sb)) if i not in right]
    inner = math.prod(sa[i] for i in left)
    a = backend.reshape(backend.transpose(a, tuple(keep_a + left)), (math.prod(sa[i] for i in keep_a), inner))
    b = backend.reshape(backend.transpose(b, tuple(right + keep_b)), (inner, math.prod(sb[i] for i in keep_b)))
    return wrap(backend.reshape(backend.matmul(a, b), tuple(sa[i] for i in keep_a) + tuple(sb[i] for i in keep_b)))


@op
def einsum(subscripts, *operands, **kwargs):
    """Einstein summation; `...` and an implicit output are understood."""
    tensors = [convert_to_tensor(x) for x in operands]
    target = tensors[0].dtype
    for t in tensors[1:]:
        target = dtypes.promote(str(target), str(t.dtype))
    from .core import backend_of, cast

    values = [cast(t, target)._value for t in tensors]
    return wrap(backend_of(values).einsum(explicit_equation(subscripts, [len(t.shape) for t in tensors]), values))


def explicit_equation(subscripts, ranks):
    """`subscripts` without spaces or ellipsis and with an output term, for operands of the given ranks."""
    equation = subscripts.replace(" ", "")
    inputs, _, output = equation.partition("->")
    terms = inputs.split(",")
    if len(terms) != len(ranks):
        raise ValueError(
            f"einsum equation {subscripts!r} has {len(terms)} operand term(s); received {len(ranks)} operand(s)."
        )
    free = [c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" if c not in equation]
    width = max((r - len(t.replace("...", "")) for t, r in zip(terms, ranks) if "..." in t), default=0)
    batch = "".join(free[:width])
    for i, (term, rank) in enumerate(zip(terms, ranks)):
        n = rank - len(term.replace("...", ""))
        terms[i] = term.replace("...", batch[width - n :] if n else "")
        if len(terms[i]) != rank:
            raise ValueError(f"einsum term {term!r} does not fit an operand of {rank} dimension(s).")
    if "->" not in equation:
        joined = "".join(terms)
        output = "..." * ("..." in equation) + "".join(
            sorted(c for c in set(joined) - set(batch) if joined.count(c) == 1)
        )
    return ",".join(terms) + "->" + output.replace("...", batch)


def outer(x1, x2):
    """Products of all pairs of elements."""
    from .shaping import reshape

    return reshape(x1, (-1, 1)) * reshape(x2, (1, -1))


def vdot(x1, x2):
    from .shaping import ravel

    return tensordot(ravel(convert_to_tensor(x1)), ravel(convert_to_tensor(x2)), 1)


def inner(x1, x2):
    x1, x2 = convert_to_tensor(x1), convert_to_tensor(x2)
    return x1 * x2 if not x1.shape or not x2.shape else tensordot(x1, x2, ((-1,), (-1,)))


def cross(x1, x2, axis=-1):
    """Vector product along an axis of size 3."""
    from .shaping import stack, unstack

    (a, b, c), (d, e, f) = unstack(x1, axis=axis), unstack(x2, axis=axis)
    return stack([b * f - c * e, c * d - a * f, a * e - b * d], axis)


def trace(x, offset=0, axis1=0, axis2=1):
    from .reduce import sum as _sum
    from .shaping import diagonal

    return _sum(diagonal(x, offset, axis1, axis2), -1)


@op
def norm(x, ord=None, axis=None, keepdims=False):
    """Euclidean (default), 1-, inf- or p-norm over `axis`."""
    from . import elementwise as e
    from . import reduce as r

    x = e.cast_float(x)
    if ord in (None, 2, "fro", "euclidean"):
        return e.sqrt(r.sum(e.square(x), axis, keepdims))
    if ord == 1:
        return r.sum(e.abs(x), axis, keepdims)
    if ord in (math.inf, "inf"):
        return r.max(e.abs(x), axis, keepdims)
    if ord == -math.inf:
        return r.min(e.abs(x), axis, keepdims)
    return r.sum(e.abs(x) ** float(ord), axis, keepdims) ** (1.0 / ord)
