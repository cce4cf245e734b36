"""Layers that combine several tensors: `Add`, `Subtract`, `Multiply`, `Average`, `Maximum`, `Minimum`, `Concatenate`, `Dot`."""

from functools import reduce

from .. import ops
from ..backend.maths import batch_dot
from ..compat import keras1
from ..engine.layer import Layer
from ..losses.regression import l2_normalize
from ..spec.shape_rules import broadcast
from .shared import masked_all


class Combine(Layer):
    """Base of element-wise combinations of a list of tensors.

    Shapes broadcast; a tensor of lower rank gets axes of size 1 after its batch axis. The mask is where all masks hold.
    """

    _least = 1
    _most = None

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def _merge_function(self, inputs):
        raise NotImplementedError(f"{type(self).__name__} must define _merge_function(inputs).")

    def build(self, input_shape):
        if not isinstance(input_shape, list) or not all(isinstance(s, (tuple, list)) for s in input_shape):
            raise ValueError(
                f"Layer {self.name!r} ({type(self).__name__}) should be called on a list of inputs. Received one input of shape {input_shape}."
            )
        self._check_number(input_shape)
        self._check(input_shape)
        self.built = True

    def _check_number(self, shapes):
        n = len(shapes)
        if n < self._least or self._most is not None and n > self._most:
            wanted = f"exactly {self._most}" if self._least == self._most else f"at least {self._least}"
            raise ValueError(
                f"Layer {self.name!r} ({type(self).__name__}) should be called on a list of {wanted} inputs; received {n} with shapes {shapes}."
            )

    def _check(self, shapes):
        batches = {s[0] for s in shapes if s} - {None, 1}
        if len(batches) > 1:
            raise ValueError(
                f"Layer {self.name!r}: cannot merge tensors with different batch sizes. Received shapes {shapes}."
            )
        self.compute_output_shape(shapes)

    def call(self, inputs):
        self._check_number([tuple(x.shape) for x in inputs])
        rank = max(len(x.shape) for x in inputs)
        if any(len(x.shape) != rank for x in inputs):
            inputs = [x if len(x.shape) == rank else _raised(x, rank) for x in inputs]
        return self._merge_function(inputs)

    def compute_output_shape(self, input_shape):
        rank = max(len(s) for s in input_shape)
        shapes = [(*s[:1], *(1,) * (rank - len(s)), *s[1:]) for s in input_shape]
        unknown = tuple(any(s[i] is None for s in shapes) for i in range(rank))
        try:
            found = broadcast(*(tuple(1 if u else d for d, u in zip(s, unknown)) for s in shapes))
        except ValueError as error:
            raise ValueError(
                f"Layer {self.name!r} ({type(self).__name__}): inputs have incompatible shapes {[tuple(s) for s in input_shape]}."
            ) from error
        return tuple(
            None if u and i else d if not u else _common([s[0] for s in shapes])
            for i, (d, u) in enumerate(zip(found, unknown))
        )

    def compute_mask(self, inputs, mask=None):
        if mask is None:
            return None
        if not isinstance(inputs, (list, tuple)):
            raise ValueError(f"Layer {self.name!r}: `inputs` should be a list of tensors; received {inputs!r:.200}.")
        if not isinstance(mask, (list, tuple)) or len(mask) != len(inputs):
            raise ValueError(
                f"Layer {self.name!r}: `mask` should be a list of as many masks as there are inputs ({len(inputs)}); received {mask!r:.200}."
            )
        return masked_all(mask)


def _common(sizes):
    known = {d for d in sizes if d is not None}
    return known.pop() if len(known) == 1 else None


def _raised(x, rank):
    shape = x.shape
    return ops.reshape(x, (*shape[:1], *(1,) * (rank - len(shape)), *shape[1:]))


class Add(Combine):
    """Sum of all inputs."""

    def _merge_function(self, inputs):
        return reduce(ops.add, inputs)


class Subtract(Combine):
    """First input minus the second."""

    _least = _most = 2

    def _merge_function(self, inputs):
        return ops.subtract(*inputs)


class Multiply(Combine):
    """Product of all inputs, element by element."""

    def _merge_function(self, inputs):
        return reduce(ops.multiply, inputs)


class Average(Combine):
    """Mean of all inputs."""

    def _merge_function(self, inputs):
        return reduce(ops.add, inputs) / len(inputs)


class Maximum(Combine):
    """Largest of all inputs, element by element."""

    def _merge_function(self, inputs):
        return reduce(ops.maximum, inputs)


class Minimum(Combine):
    """Smallest of all inputs, element by element."""

    def _merge_function(self, inputs):
        return reduce(ops.minimum, inputs)


class Concatenate(Combine):
    """Inputs joined along `axis`; their other sizes must agree."""

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.axis = axis

    def _check(self, shapes):
        ranks = {len(s) for s in shapes}
        rank = max(ranks)
        if len(ranks) == 1 and -rank <= self.axis < rank:
            rest = [[d for i, d in enumerate(s) if i != self.axis % rank] for s in shapes]
            if all(len({d for d in sizes if d is not None}) <= 1 for sizes in zip(*rest)):
                return
        raise ValueError(
            f"A `Concatenate` layer requires inputs with matching shapes except for the concatenation axis {self.axis}. "
            f"Layer {self.name!r} received shapes {[tuple(s) for s in shapes]}."
        )

    def call(self, inputs):
        return inputs[0] if len(inputs) == 1 else ops.concatenate(inputs, self.axis)

    def compute_output_shape(self, input_shape):
        self._check(input_shape)
        axis = self.axis % len(input_shape[0])
        out = [_common(sizes) for sizes in zip(*input_shape)]
        joined = [s[axis] for s in input_shape]
        out[axis] = None if None in joined else sum(joined)
        return tuple(out)

    def compute_mask(self, inputs, mask=None):
        if mask is None or all(m is None for m in mask):
            return None
        masks = []
        for x, m in zip(inputs, mask):
            if m is None:
                masks.append(ops.ones_like(x, dtype="bool"))
            else:
                m = ops.cast(m, "bool")
                while len(m.shape) < len(x.shape):
                    m = ops.expand_dims(m, -1)
                masks.append(m)
        if (
            self.axis % len(inputs[0].shape) != len(inputs[0].shape) - 1
        ):  # a mask without features says it for all of them
            masks = [ops.broadcast_to(m, x.shape) for m, x in zip(masks, inputs)]
        return ops.all(ops.concatenate(masks, self.axis), -1)

    def get_config(self):
        return {**super().get_config(), "axis": self.axis}


@keras1.layer
class Dot(Combine):
    """`K.batch_dot` of two inputs along `axes` (an int for both, or one for each); `normalize` makes it the cosine."""

    _least = _most = 2

    def __init__(self, axes, normalize=False, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(axes, int):
            if not isinstance(axes, (list, tuple)):
                raise TypeError(f"Dot: `axes` should be an int or a list of two ints. Received: axes={axes!r}.")
            if len(axes) != 2 or not all(isinstance(a, int) for a in axes):
                raise ValueError(
                    f"Dot: `axes` should be an int or hold two ints, one axis of each input. Received: axes={axes!r}."
                )
        self.axes, self.normalize = axes, bool(normalize)

    def _pair(self, shapes):
        given = (self.axes, self.axes) if isinstance(self.axes, int) else self.axes
        pair = [a % len(s) if -len(s) <= a < len(s) else 0 for a, s in zip(given, shapes)]
        if 0 in pair:
            raise ValueError(
                f"Layer {self.name!r}: axes={self.axes} are not axes after the batch of inputs of shapes {[tuple(s) for s in shapes]}."
            )
        return pair

    def _check(self, shapes):
        a, b = self._pair(shapes)
        if None not in (shapes[0][a], shapes[1][b]) and shapes[0][a] != shapes[1][b]:
            raise ValueError(
                f"Layer {self.name!r} (Dot): incompatible input shapes: axis {a} of {tuple(shapes[0])} and axis {b} of {tuple(shapes[1])} must have the same size."
            )

    def call(self, inputs):
        x, y = inputs
        a, b = self._pair([x.shape, y.shape])
        if self.normalize:
            x, y = l2_normalize(x, a), l2_normalize(y, b)
        return batch_dot(x, y, (a, b))

    def compute_output_shape(self, input_shape):
        self._check(input_shape)
        a, b = self._pair(input_shape)
        first, second = input_shape
        out = (*(d for i, d in enumerate(first) if i != a), *(d for i, d in enumerate(second) if i not in (0, b)))
        return out if len(out) > 1 else (*out, 1)

    def compute_mask(self, inputs, mask=None):
        return None

    def get_config(self):
        return {**super().get_config(), "axes": self.axes, "normalize": self.normalize}


def add(inputs, **kwargs):
    """`Add` as a function of a list of tensors."""
    return Add(**kwargs)(inputs)


def subtract(inputs, **kwargs):
    """`Subtract` as a function of two tensors."""
    return Subtract(**kwargs)(inputs)


def multiply(inputs, **kwargs):
    """`Multiply` as a function of a list of tensors."""
    return Multiply(**kwargs)(inputs)


def average(inputs, **kwargs):
    """`Average` as a function of a list of tensors."""
    return Average(**kwargs)(inputs)


def maximum(inputs, **kwargs):
    """`Maximum` as a function of a list of tensors."""
    return Maximum(**kwargs)(inputs)


def minimum(inputs, **kwargs):
    """`Minimum` as a function of a list of tensors."""
    return Minimum(**kwargs)(inputs)


def concatenate(inputs, axis=-1, **kwargs):
    """`Concatenate` as a function of a list of tensors."""
    return Concatenate(axis=axis, **kwargs)(inputs)


def dot(inputs, axes, normalize=False, **kwargs):
    """`Dot` as a function of two tensors."""
    return Dot(axes=axes, normalize=normalize, **kwargs)(inputs)
