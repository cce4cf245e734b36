"""Tensors, and the tape that remembers how each was computed while a gradient is wanted.

`value_and_grad` opens a `Tape` and puts its parameters on it. From then on every operation with an operand on the tape
puts its result there too, with a link to each such operand: `(operand, pull)`, where `pull(g)` turns the cotangent of
the result (the gradient of the loss with respect to it) into that of the operand. Walking the tape backwards, calling
every pull once, is reverse-mode differentiation.

Two things are done here for all pulls. A cotangent is summed over the axes along which its operand was broadcast, and
it gets the operand's dtype. And a pull may return a `Piece`, for an operand that is used in part.
"""

from typing import NamedTuple


class Tensor:
    """An array. `tape` is None unless it takes part in a gradient; then `links` leads to its operands."""

    __slots__ = ("array", "tape", "links", "cotangents")

    def __init__(self, array, tape=None, links=()):
        self.array, self.tape, self.links, self.cotangents = array, tape, links, []

    def __repr__(self):
        return f"Tensor({self.array!r})"

    def __array__(self, dtype=None, copy=None):
        raise TypeError("A NumPy function was given a tensor of the arrays backend. Convert it with to_numpy first.")


class Piece(NamedTuple):
    """A cotangent of `operand[index]` only; it is 0 elsewhere. `index` must not name an element twice."""

    index: object
    array: object


class Tape:
    """The tensors of one gradient computation, each after those it was computed from."""

    def __init__(self, xp):
        self.xp, self.tensors = xp, []

    def add(self, array, links=()):
        tensor = Tensor(array, self, links)
        self.tensors.append(tensor)
        return tensor

    def gradients(self, loss, parameters):
        """The gradients of the scalar tensor `loss` with respect to tensors put on the tape before all others."""
        if loss.tape is self:
            loss.cotangents = [self.xp.ones_like(loss.array)]
            for tensor in reversed(self.tensors):
                g = self._collect(tensor) if tensor.cotangents and tensor.links else None
                for operand, pull in tensor.links if g is not None else ():
                    cotangent = pull(g)
                    if cotangent is not None:
                        operand.cotangents.append(self._fitted(cotangent, operand.array))
        return [self._collect(p) for p in parameters]

    def close(self):
        """Turn all tensors of this tape into constants, those included that the function has kept."""
        for tensor in self.tensors:
            tensor.tape, tensor.links, tensor.cotangents = None, (), []
        self.tensors = []

    def _collect(self, tensor):
        """The sum of the cotangents that have reached a tensor."""
        parts, tensor.cotangents = tensor.cotangents, []
        if len(parts) == 1 and not isinstance(parts[0], Piece):
            return parts[0]
        total = self.xp.zeros(tensor.array.shape, tensor.array.dtype)
        for part in parts:
            index, array = part if isinstance(part, Piece) else (..., part)
            total[index] += array
        return total

    def _fitted(self, cotangent, operand):
        if isinstance(cotangent, Piece):
            return cotangent
        return unbroadcast(self.xp.asarray(cotangent), operand.shape).astype(operand.dtype, copy=False)


def unbroadcast(g, shape):
    """`g` summed over the axes that broadcasting from `shape` added or stretched."""
    if g.shape == shape:
        return g
    added = g.ndim - len(shape)
    stretched = tuple(added + i for i, d in enumerate(shape) if d == 1 and g.shape[added + i] != 1)
    return g.sum(axis=(*range(added), *stretched), keepdims=True, dtype="float64").reshape(shape)


class Recording:
    """What every operation uses to make its result."""

    def record(self, array, *links):
        """A tensor with this array; `links` are pairs (operand, pull), and operands that are no tensors have none."""
        array = self.xp.asarray(array)
        links = tuple((x, pull) for x, pull in links if isinstance(x, Tensor) and x.tape is not None)
        if not links or array.dtype.kind != "f":
            return Tensor(array)
        tape = links[0][0].tape
        if any(x.tape is not tape for x, _ in links):
            raise TypeError(
                "An operation received tensors of two gradient computations at once. The arrays backend computes first "
                "derivatives only: do not use value_and_grad inside value_and_grad."
            )
        return tape.add(array, links)
