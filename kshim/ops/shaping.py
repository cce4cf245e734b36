"""Rearranging, joining, cutting and indexing."""

import builtins
import math

import numpy as np

from ..engine import tensor as _t
from ..spec import dtypes
from .core import (
    active,
    backend_of,
    binary_operands,
    convert_to_tensor,
    descending,
    native,
    normalize_axes,
    normalize_axis,
    number_operand,
    op,
    size_list,
    unary_operand,
    wrap,
)  # fmt: skip

_SLICE = builtins.slice

__all__ = [
    "reshape", "transpose", "permute_dims", "expand_dims", "squeeze", "concatenate", "concat", "stack", "hstack", "vstack", "split",
    "array_split", "unstack", "tile", "repeat", "flip", "roll", "pad", "broadcast_to", "ravel", "swapaxes", "moveaxis", "take",
    "take_along_axis", "argsort", "sort", "top_k", "in_top_k", "one_hot", "multi_hot", "get_item", "slice", "slice_update",
    "scatter", "scatter_update", "segment_sum", "segment_max", "nonzero", "size", "ndim", "diagonal", "diag", "tril", "triu", "diff",
    "searchsorted", "unique",
]  # fmt: skip


@op
def reshape(x, newshape=None, shape=None):
    """Same elements, row-major; one size may be -1 (or None)."""
    backend, value = unary_operand(x)
    target = size_list(shape if newshape is None else newshape)
    from ..spec.shape_rules import reshaped

    return wrap(backend.reshape(value, reshaped(tuple(backend.shape_of(value)), target)))


@op
def transpose(x, axes=None):
    """Axes in the order given; reversed by default."""
    backend, value = unary_operand(x)
    rank = len(backend.shape_of(value))
    axes = tuple(reversed(range(rank))) if axes is None else tuple(normalize_axis(int(a), rank, "axes") for a in axes)
    if sorted(axes) != list(range(rank)):
        raise ValueError(f"transpose: axes={axes} is not a permutation of the {rank} dimensions of the tensor.")
    return wrap(backend.transpose(value, axes))


permute_dims = transpose


@op
def expand_dims(x, axis=-1):
    """A new axis of size 1 (or several, for a sequence)."""
    backend, value = unary_operand(x)
    axes = axis if isinstance(axis, (list, tuple)) else (axis,)
    rank = len(backend.shape_of(value)) + len(axes)
    for a in sorted(normalize_axis(int(a), rank) for a in axes):
        value = backend.expand_dims(value, a)
    return wrap(value)


@op
def squeeze(x, axis=None):
    """Without axes of size 1: all of them, or those named (`ValueError` if one is larger)."""
    backend, value = unary_operand(x)
    shape = backend.shape_of(value)
    axes = tuple(i for i, d in enumerate(shape) if d == 1) if axis is None else normalize_axes(axis, len(shape))
    if any(shape[a] != 1 for a in axes):
        raise ValueError(f"Cannot squeeze axis {axis} of a tensor of shape {tuple(shape)}: its size is not 1.")
    return wrap(backend.squeeze(value, axes))


def _same_dtype(xs):
    tensors = [convert_to_tensor(x) for x in xs]
    natives = [t._value for t in tensors]
    backend = backend_of(natives)
    names = [backend.dtype_of(v) for v in natives]
    target = names[0]
    for name in names[1:]:
        target = dtypes.promote(target, name)
    return backend, [v if n == target else backend.cast(v, target) for v, n in zip(natives, names)]


@op
def concatenate(xs, axis=0):
    """Tensors joined along an axis, in a common dtype."""
    backend, values = _same_dtype(xs)
    return wrap(backend.concat(values, normalize_axis(axis, len(backend.shape_of(values[0])))))


concat = concatenate


@op
def stack(x, axis=0):
    """Tensors of one shape along a new axis."""
    backend, values = _same_dtype(x)
    return wrap(backend.stack(values, normalize_axis(axis, len(backend.shape_of(values[0])) + 1)))


def hstack(xs):
    return concatenate(xs, 1 if len(convert_to_tensor(xs[0]).shape) > 1 else 0)


def vstack(xs):
    xs = [convert_to_tensor(x) for x in xs]
    return concatenate([x if len(x.shape) > 1 else expand_dims(x, 0) for x in xs], 0)


@op
def split(x, indices_or_sections, axis=0):
    """Pieces along an axis: a number of equal ones, or cut at the given indices."""
    backend, value = unary_operand(x)
    shape = backend.shape_of(value)
    axis = normalize_axis(axis, len(shape))
    n = shape[axis]
    if isinstance(indices_or_sections, (int, np.integer)):
        if n % indices_or_sections:
            raise ValueError(f"Cannot split size {n} of axis {axis} into {indices_or_sections} equal pieces.")
        sizes = [n // indices_or_sections] * int(indices_or_sections)
    else:
        cuts = [0, *(int(i) for i in indices_or_sections), n]
        sizes = [b - a for a, b in zip(cuts, cuts[1:])]
    return [wrap(v) for v in backend.split(value, sizes, axis)]


@op
def array_split(x, indices_or_sections, axis=0):
    """Like `split`, for a number that need not divide the size."""
    backend, value = unary_operand(x)
    n = backend.shape_of(value)[axis]
    base, extra = divmod(n, indices_or_sections)
    sizes = [base + (i < extra) for i in range(indices_or_sections)]
    return [wrap(v) for v in backend.split(value, sizes, normalize_axis(axis, len(backend.shape_of(value))))]


@op
def unstack(x, num=None, axis=0):
    """The slices along an axis, without that axis."""
    backend, value = unary_operand(x)
    shape = backend.shape_of(value)
    axis = normalize_axis(axis, len(shape))
    return [wrap(backend.squeeze(v, (axis,))) for v in backend.split(value, [1] * shape[axis], axis)]


@op
def tile(x, repeats):
    """The whole tensor repeated `repeats` times along each axis."""
    backend, value = unary_operand(x)
    repeats = size_list(repeats)
    shape = tuple(backend.shape_of(value))
    rank = max(len(shape), len(repeats))
    shape = (1,) * (rank - len(shape)) + shape
    repeats = (1,) * (rank - len(repeats)) + repeats
    value = backend.reshape(value, tuple(s for d in shape for s in (1, d)))
    value = backend.broadcast_to(value, tuple(s for r, d in zip(repeats, shape) for s in (r, d)))
    return wrap(backend.reshape(value, tuple(r * d for r, d in zip(repeats, shape))))


@op
def repeat(x, repeats, axis=None):
    """Each element (slice of `axis`) several times in a row; `repeats` an int or one for each."""
    backend, value = unary_operand(x)
    if axis is None:
        value, axis = backend.reshape(value, (math.prod(backend.shape_of(value)),)), 0
    axis = normalize_axis(axis, len(backend.shape_of(value)))
    if isinstance(repeats, (int, np.integer)):
        return wrap(backend.repeat(value, int(repeats), axis))
    index = np.repeat(np.arange(backend.shape_of(value)[axis]), np.asarray(repeats)).astype("int32")
    return wrap(backend.take(value, active().from_numpy(index), axis))


@op
def flip(x, axis=None):
    backend, value = unary_operand(x)
    return wrap(backend.flip(value, normalize_axes(axis, len(backend.shape_of(value)))))


@op
def roll(x, shift, axis=None):
    """Elements shifted along an axis, those falling off coming in again."""
    backend, value = unary_operand(x)
    shape = tuple(backend.shape_of(value))
    if axis is None:
        return reshape(roll(reshape(wrap(value), (-1,)), shift, 0), shape)
    if isinstance(axis, (list, tuple)):
        out = wrap(value)
        for s, a in zip(shift, axis):
            out = roll(out, s, a)
        return out
    axis = normalize_axis(axis, len(shape))
    k = shift % shape[axis] if shape[axis] else 0
    first, second = backend.split(value, [shape[axis] - k, k], axis)
    return wrap(backend.concat([second, first], axis))


@op
def pad(x, pad_width, mode="constant", constant_values=None):
    """Padding by (low, high) for each axis; modes constant, reflect and symmetric."""
    backend, value = unary_operand(x)
    rank = len(backend.shape_of(value))
    if isinstance(pad_width, int):
        pad_width = ((pad_width, pad_width),) * rank
    pairs = tuple((int(a), int(b)) for a, b in pad_width)
    if len(pairs) == 1 and rank > 1:
        pairs = pairs * rank
    if mode.lower() == "constant":
        fill = constant_values or 0
        fill = float(fill) if dtypes.is_float(backend.dtype_of(value)) else fill
        return wrap(backend.pad(value, pairs, fill))
    if mode.lower() not in ("reflect", "symmetric"):
        raise ValueError(f"pad: mode={mode!r} is unknown. Expected 'constant', 'reflect' or 'symmetric'.")
    for axis, pair in enumerate(pairs):
        if pair != (0, 0):
            index = np.pad(np.arange(backend.shape_of(value)[axis]), pair, mode=mode.lower()).astype("int32")
            value = backend.take(value, active().from_numpy(index), axis)
    return wrap(value)


@op
def broadcast_to(x, shape):
    backend, value = unary_operand(x)
    return wrap(backend.broadcast_to(value, size_list(shape)))


@op
def ravel(x):
    return reshape(x, (-1,))


@op
def swapaxes(x, axis1, axis2):
    rank = len(x.shape)
    order = list(range(rank))
    a, b = normalize_axis(axis1, rank), normalize_axis(axis2, rank)
    order[a], order[b] = b, a
    return transpose(x, order)


@op
def moveaxis(x, source, destination):
    x = convert_to_tensor(x)
    rank = len(x.shape)
    source = [normalize_axis(a, rank) for a in (source if isinstance(source, (list, tuple)) else (source,))]
    destination = [
        normalize_axis(a, rank) for a in (destination if isinstance(destination, (list, tuple)) else (destination,))
    ]
    order = [a for a in range(rank) if a not in source]
    for to, a in sorted(zip(destination, source)):
        order.insert(to, a)
    return transpose(x, order)


@op
def take(x, indices, axis=None):
    """Slices at integer indices; negative indices count from the end, others out of range give NaN (0 for integers)."""
    backend, value = unary_operand(x)
    if axis is None:
        value, axis = backend.reshape(value, (math.prod(backend.shape_of(value)),)), 0
    axis = normalize_axis(axis, len(backend.shape_of(value)))
    index = native(convert_to_tensor(indices))
    kind = backend_of(index).dtype_of(index)
    backend = backend_of(value, index)
    if not dtypes.is_int(kind):
        index = backend.cast(index, "int32")
    if isinstance(indices, (int, np.integer, list, tuple, np.ndarray)) and np.asarray(indices).min(initial=0) < 0:
        n = backend.shape_of(value)[axis]
        array = np.asarray(indices)
        index = active().from_numpy(np.where(array < 0, array + n, array).astype("int32"))
    return wrap(backend.take(value, index, axis))


@op
def take_along_axis(x, indices, axis=None):
    """One element of `axis` for each index (other axes broadcast); negative indices count from the end."""
    backend, value = unary_operand(x)
    index = native(convert_to_tensor(indices, "int32"))
    if axis is None:
        value, axis = backend.reshape(value, (math.prod(backend.shape_of(value)),)), 0
    backend = backend_of(value, index)
    shape, rank = backend.shape_of(value), len(backend.shape_of(value))
    axis = normalize_axis(axis, rank)
    target = tuple(d if i == axis else shape[i] for i, d in enumerate(backend.shape_of(index)))
    if tuple(backend.shape_of(index)) != target:
        index = backend.broadcast_to(index, target)
    index = backend.where(backend.less(index, 0), backend.add(index, shape[axis]), index)
    return wrap(backend.take_along_axis(value, index, axis))


@op
def argsort(x, axis=-1):
    """Stable ascending order, int32."""
    backend, value = unary_operand(x)
    if axis is None:
        value, axis = backend.reshape(value, (-1,)), 0
    return wrap(backend.argsort(value, normalize_axis(axis, len(backend.shape_of(value)))))


@op
def sort(x, axis=-1):
    backend, value = unary_operand(x)
    axis = normalize_axis(axis, len(backend.shape_of(value)))
    return wrap(backend.take_along_axis(value, backend.argsort(value, axis), axis))


@op
def top_k(x, k, sorted=True):
    """(values, indices) of the k largest of the last axis, largest first; the lower index first among equals."""
    backend, value = number_operand(x)
    axis = len(backend.shape_of(value)) - 1
    order = backend.argsort(descending(backend, value), axis)
    index, _ = backend.split(order, [k, backend.shape_of(value)[axis] - k], axis)
    return wrap(backend.take_along_axis(value, index, axis)), wrap(index)


@op
def in_top_k(targets, predictions, k):
    """Whether each target class scores among the k best (ties with the k-th count as in)."""
    backend, scores = unary_operand(predictions)
    labels = native(convert_to_tensor(targets, "int32"))
    axis = len(backend.shape_of(scores)) - 1
    own = backend.take_along_axis(scores, backend.expand_dims(labels, axis), axis)
    better = backend.sum(backend.cast(backend.greater(scores, own), "int32"), (axis,), False)
    return wrap(backend.less(better, int(k)))


@op
def one_hot(x, num_classes, axis=-1, dtype=None, sparse=False):
    """A new axis of `num_classes` with 1 at the index; an index out of range gives zeros."""
    from .. import config

    backend, value = unary_operand(convert_to_tensor(x))
    if not dtypes.is_int(backend.dtype_of(value)):
        value = backend.cast(value, "int32")
    out = wrap(backend.one_hot(value, int(num_classes), dtypes.standardize(dtype or config.floatx())))
    rank = len(out.shape)
    return out if axis in (-1, rank - 1) else moveaxis(out, -1, axis)


def multi_hot(inputs, num_classes=None, axis=-1, dtype=None, sparse=False, **kwargs):
    from .reduce import max as _max

    x = one_hot(inputs, kwargs.get("num_tokens", num_classes), dtype=dtype)
    return _max(x, -2) if len(x.shape) > 1 else x


@op
def get_item(x, key):
    """Indexing as in NumPy: ints, slices, None, Ellipsis, one integer array, or a boolean mask (values needed)."""
    backend, value = unary_operand(x)
    shape = tuple(backend.shape_of(value))
    keys = list(key) if isinstance(key, tuple) else [key]
    if len(keys) == 1 and _is_mask(keys[0]):
        return _masked(wrap(value), keys[0])
    used = sum(k is not None and k is not Ellipsis and not isinstance(k, bool) for k in keys)
    if used > len(shape):
        raise IndexError(f"Too many indices ({used}) for a tensor of shape {shape}.")
    if Ellipsis not in [k for k in keys if k is None or k is Ellipsis]:
        keys.append(Ellipsis)
    at = next(i for i, k in enumerate(keys) if k is Ellipsis)
    keys[at : at + 1] = [_SLICE(None)] * (len(shape) - used)
    starts, stops, strides, flips, arrays, result, axis = [], [], [], [], [], [], 0
    for k in keys:
        if k is None:
            result.append("new")
            continue
        n = shape[axis]
        if isinstance(k, _SLICE):
            k = _SLICE(*(v if v is None else int(v) for v in (k.start, k.stop, k.step)))
            start, stop, step = k.indices(n)
            if step < 0:
                count = max(0, -(-(start - stop) // -step))
                low = start + (count - 1) * step
                start, stop, step = (low, start + 1, -step) if count else (0, 0, 1)
                flips.append(axis)
            starts.append(start), stops.append(max(start, stop)), strides.append(step)
            result.append("keep")
        elif _is_scalar_index(k):
            i = int(k)
            if not -n <= i < n:
                raise IndexError(f"Index {i} is out of range for axis {axis} of size {n}.")
            starts.append(i % n), stops.append(i % n + 1), strides.append(1)
            result.append("drop")
        else:
            starts.append(0), stops.append(n), strides.append(1)
            arrays.append((axis, k))
            result.append("keep")
        axis += 1
    if any(s != 0 or e != d or st != 1 for s, e, st, d in zip(starts, stops, strides, shape)):
        value = backend.slice(value, tuple(starts), tuple(stops), tuple(strides))
    if flips:
        value = backend.flip(value, tuple(flips))
    out = wrap(value)
    if len(arrays) > 1:
        return _many_indices(out, arrays, result)
    extra = 0
    for axis, k in arrays:
        k = convert_to_tensor(k)
        extra = len(k.shape) - 1
        out = take(out, where_negative(k, shape[axis]), axis)
    if "drop" in result or "new" in result:
        sizes, final, position = list(out.shape), [], 0
        for r in result:
            if r == "new":
                final.append(1)
                continue
            if arrays and position == arrays[0][0]:
                final.extend(sizes[position : position + extra + 1])
                position += extra + 1
                continue
            if r == "keep":
                final.append(sizes[position])
            position += 1
        out = reshape(out, final)
    return out


def where_negative(index, n):
    """Indices with those below 0 counted from the end."""
    from .elementwise import where

    return where(index < 0, index + n, index)


def _is_mask(k):
    return (isinstance(k, _t.Tensor) or isinstance(k, np.ndarray)) and str(k.dtype) == "bool" and len(k.shape) > 0


def _is_scalar_index(k):
    return isinstance(k, (int, np.integer)) or (
        isinstance(k, (_t.Tensor, np.ndarray)) and k.shape == () and "int" in str(k.dtype)
    )


def _masked(x, mask):
    mask = np.asarray(mask if isinstance(mask, np.ndarray) else mask.numpy())
    flat = reshape(x, (math.prod(mask.shape), *x.shape[mask.ndim :]))
    return take(flat, np.flatnonzero(mask).astype("int32"), 0)


def _many_indices(x, arrays, result):
    axes = [a for a, _ in arrays]
    if axes != list(range(len(axes))) or "new" in result or "drop" in result:
        raise IndexError(
            "Indexing with several arrays works on the leading axes only, without None or integers beside them."
        )
    sizes = x.shape[: len(axes)]
    flat = 0
    for (_, k), n in zip(arrays, sizes):
        flat = flat * n + where_negative(convert_to_tensor(k), n)
    return take(reshape(x, (math.prod(sizes), *x.shape[len(axes) :])), flat, 0)


@op
def slice(inputs, start_indices, shape):
    """The block of `shape` that begins at `start_indices` (-1: up to the end)."""
    backend, value = unary_operand(inputs)
    full = backend.shape_of(value)
    starts = size_list(start_indices)
    stops = tuple(d if n == -1 else s + n for s, n, d in zip(starts, size_list(shape), full))
    return wrap(backend.slice(value, starts, stops, (1,) * len(starts)))


@op
def slice_update(inputs, start_indices, updates):
    """`inputs` with the block at `start_indices` replaced."""
    from .elementwise import where

    x, updates = convert_to_tensor(inputs), convert_to_tensor(updates)
    starts = size_list(start_indices)
    pairs = [(s, d - s - u) for s, d, u in zip(starts, x.shape, updates.shape)]
    inside = pad(convert_to_tensor(np.ones(tuple(updates.shape), bool)), pairs)
    return where(inside, pad(updates, pairs), x)


@op
def scatter(indices, values, shape):
    """Zeros of `shape` with values added at (n, k) indices."""
    values = convert_to_tensor(values)
    from .creation import zeros

    return _scatter(zeros(shape, values.dtype), indices, values)


def _scatter(x, indices, values):
    indices = convert_to_tensor(indices, "int32")
    k = indices.shape[-1]
    shape = x.shape
    flat = 0
    for i in range(k):
        flat = flat * shape[i] + indices[..., i]
    rest = tuple(shape[k:])
    backend, base, updates = binary_operands(reshape(x, (math.prod(shape[:k]), *rest)), reshape(values, (-1, *rest)))
    return reshape(wrap(backend.scatter_add(base, native(reshape(flat, (-1,))), updates)), shape)


@op
def scatter_update(inputs, indices, updates):
    """`inputs` with the elements at (n, k) indices replaced."""
    from .creation import ones_like
    from .elementwise import where

    x, updates = convert_to_tensor(inputs), convert_to_tensor(updates)
    hit = _scatter(zeros_of(x, "int32"), indices, ones_like(updates, "int32"))
    return where(hit > 0, _scatter(zeros_of(x, x.dtype), indices, cast_like(updates, x)), x)


def zeros_of(x, dtype):
    from .creation import zeros

    return zeros(x.shape, dtype)


def cast_like(x, other):
    from .core import cast

    return cast(x, other.dtype)


@op
def segment_sum(data, segment_ids, num_segments=None, sorted=False):
    """Sums of the rows of `data` with equal id."""
    data, ids = convert_to_tensor(data), convert_to_tensor(segment_ids, "int32")
    n = num_segments if num_segments is not None else int(ids.numpy().max()) + 1
    return _scatter(zeros_of_shape((n, *data.shape[1:]), data.dtype), expand_dims(ids, -1), data)


def zeros_of_shape(shape, dtype):
    from .creation import zeros

    return zeros(shape, dtype)


@op
def segment_max(data, segment_ids, num_segments=None, sorted=False):
    """Largest of the rows of `data` with equal id (-inf for an empty segment)."""
    from .elementwise import where
    from .reduce import max as _max

    data, ids = convert_to_tensor(data), convert_to_tensor(segment_ids, "int32")
    n = num_segments if num_segments is not None else int(ids.numpy().max()) + 1
    member = one_hot(ids, n, dtype="bool") if n else None
    member = transpose(member)
    member = reshape(member, (n, data.shape[0]) + (1,) * (len(data.shape) - 1))
    return _max(where(member, expand_dims(data, 0), -math.inf), 1)


def nonzero(x):
    """Index arrays of the elements that are not zero, one for each axis (values needed)."""
    return tuple(convert_to_tensor(i.astype("int32")) for i in np.nonzero(convert_to_tensor(x).numpy()))


def size(x, axis=None):
    """Number of elements (or of an axis)."""
    dims = convert_to_tensor(x).shape
    return dims[axis] if axis is not None else dims.num_elements()


def ndim(x):
    return len(convert_to_tensor(x).shape)


@op
def diagonal(x, offset=0, axis1=0, axis2=1):
    """Diagonals of two axes, as the last axis."""
    x = moveaxis(convert_to_tensor(x), (axis1, axis2), (-2, -1))
    rows, columns = x.shape[-2:]
    index = np.arange(max(0, min(rows + min(offset, 0), columns - max(offset, 0))))
    flat = (index - min(offset, 0)) * columns + index + max(offset, 0)
    return take(reshape(x, (*x.shape[:-2], rows * columns)), flat.astype("int32"), -1)


@op
def diag(x, k=0):
    """The diagonal of a matrix, or a matrix with the given diagonal."""
    x = convert_to_tensor(x)
    if len(x.shape) == 2:
        return diagonal(x, k)
    n = x.shape[0] + abs(k)
    rows = np.arange(x.shape[0]) - min(k, 0)
    return scatter(np.stack([rows, rows + k], 1).astype("int32"), x, (n, n))


def _triangle(lower):
    @op
    def fn(x, k=0):
        from .creation import zeros_like
        from .elementwise import where

        x = convert_to_tensor(x)
        mask = np.tri(*x.shape[-2:], k=k if lower else k - 1, dtype=bool)
        return where(mask if lower else ~mask, x, zeros_like(x))

    return fn


tril, triu = _triangle(True), _triangle(False)


@op
def diff(a, n=1, axis=-1):
    """Differences of neighbours, n times."""
    a = convert_to_tensor(a)
    axis = normalize_axis(axis, len(a.shape))
    for _ in range(n):
        head = (_SLICE(None),) * axis
        a = a[head + (_SLICE(1, None),)] - a[head + (_SLICE(None, -1),)]
    return a


def searchsorted(sorted_sequence, values, side="left"):
    """Where values would go in a sorted sequence (values needed)."""
    found = np.searchsorted(convert_to_tensor(sorted_sequence).numpy(), convert_to_tensor(values).numpy(), side)
    return convert_to_tensor(np.asarray(found, "int32"))


def unique(x, *args, **kwargs):
    """Sorted distinct values (values needed)."""
    return convert_to_tensor(np.unique(convert_to_tensor(x).numpy()))
