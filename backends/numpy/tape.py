"""The gradient tape: an append-only list of operations, walked backwards once.

A `Box` stands for a float array while `value_and_grad` runs its function; operations that see one append a node to
its tape and return a new box, all others are plain NumPy. The order of the list is already topological.

A node is `(links, saved)`: for each boxed operand a link `(its index, vjp, shape)`, where `vjp(g, *saved)` is the
cotangent of the operand, summed down to `shape` unless that is None. An operation with several results has one
joint node `(None, (pull, parents, count))` at its first result and None at the others: `pull(*gs)` gives the
cotangents of all operands at once, where a g is None if the result had no influence.
"""

import numpy as np
from numpy import ndarray

from .quiet import quiet


class Box:
    """An array on a tape."""

    __slots__ = ("value", "tape", "index")

    def __init__(self, value, tape, index):
        self.value, self.tape, self.index = value, tape, index

    @property
    def shape(self):
        return self.value.shape

    @property
    def dtype(self):
        return self.value.dtype

    @property
    def ndim(self):
        return self.value.ndim

    def __array__(self, *_, **__):
        raise TypeError(
            f"A NumPy function was given a tensor of shape {self.shape} whose gradient is being computed; NumPy would "
            "lose the gradient. Use the operations of `kshim.ops` instead, or `stop_gradient` first."
        )

    def __repr__(self):
        return f"Box({self.value!r})"


class Partial:
    """A cotangent that touches part of its operand: `add(buffer)` adds it to an array of `shape` and `dtype`."""

    __slots__ = ("shape", "dtype", "add")

    def __init__(self, like, add):
        self.shape, self.dtype, self.add = like.shape, like.dtype, add


class Tape:
    """Nodes of one call of `value_and_grad`; `nodes` is None once the walk has begun."""

    __slots__ = ("nodes",)

    def __init__(self):
        self.nodes = []

    def leaf(self, value):
        self.nodes.append(None)
        return Box(value, self, len(self.nodes) - 1)

    def push(self, y, links, saved):
        """The box of result y; plain y if this tape is done, for then the boxes that leaked from it are constants."""
        if type(y) is not ndarray:
            y = np.asarray(y)
        if self.nodes is None:
            return y
        self.nodes.append((links, saved))
        return Box(y, self, len(self.nodes) - 1)

    def joint(self, ys, parents, pull):
        """Boxes of several results of one operation."""
        if self.nodes is None:
            return ys
        first = len(self.nodes)
        self.nodes.append((None, (pull, parents, len(ys))))
        self.nodes.extend([None] * (len(ys) - 1))
        return [Box(y, self, first + i) for i, y in enumerate(ys)]

    def gradients(self, loss, leaves):
        """Cotangents of the first `leaves` nodes (None without influence) for a unit cotangent of box `loss`."""
        nodes, self.nodes = self.nodes, None
        found, owned = [None] * len(nodes), set()
        found[loss.index] = np.ones_like(loss.value)
        while len(nodes) > leaves:
            node = nodes.pop()
            if node is None:
                continue
            i = len(nodes)
            links, saved = node
            if links is not None:
                g = found[i]
                if g is None:
                    continue
                found[i] = None
                for parent, vjp, shape in links:
                    ct = vjp(g, *saved)
                    _accumulate(found, owned, parent, ct if shape is None else fit(ct, shape))
            else:
                pull, parents, count = saved
                gs = found[i : i + count]
                if all(g is None for g in gs):
                    continue
                found[i : i + count] = [None] * count
                for parent, ct in zip(parents, pull(*gs)):
                    if parent is not None and ct is not None:
                        _accumulate(found, owned, parent, ct)
        return found


def _accumulate(found, owned, i, ct):
    """Add `ct` to entry i: in place only where the array was made here, for a vjp may return what it was given."""
    have = found[i]
    if type(ct) is Partial:
        if i not in owned:
            found[i] = np.zeros(ct.shape, ct.dtype) if have is None else np.array(have, order="C")
            owned.add(i)
        ct.add(found[i])
    elif have is None:
        found[i] = ct
    elif i in owned and have.dtype == ct.dtype:
        have += ct
        found[i] = have
    else:
        found[i] = have + ct
        owned.add(i)


def unbox(x):
    return x.value if type(x) is Box else x


def tape_of(xs):
    """The tape of the boxes among xs, or None. Raises `TypeError` if they are on different tapes."""
    tape = None
    for x in xs:
        if type(x) is Box and x.tape.nodes is not None and x.tape is not tape:
            if tape is not None:
                raise TypeError(
                    "An operation received tensors of two gradient computations at once. The numpy backend "
                    "computes first derivatives only: do not use value_and_grad inside value_and_grad."
                )
            tape = x.tape
    return tape


def record(xs, y, vjps, *saved):
    """Put result y of operands xs on their tape; `vjps` has one `vjp(g, *saved)` for each operand."""
    tape = tape_of(xs)
    if tape is None:
        return y if type(y) is ndarray else np.asarray(y)
    links = tuple((x.index, vjp, None) for x, vjp in zip(xs, vjps) if type(x) is Box and x.tape is tape)
    return tape.push(y, links, saved)


def record_joint(xs, ys, pull):
    """Put results ys (a list) of operands xs on their tape; `pull(*gs)` gives a cotangent or None for each operand."""
    tape = tape_of(xs)
    if tape is None:
        return ys
    return tape.joint(ys, tuple(x.index if type(x) is Box and x.tape is tape else None for x in xs), pull)


def fit(g, shape):
    """`g` summed over the axes that broadcasting from `shape` added or stretched."""
    if g.shape == shape:
        return g
    extra = g.ndim - len(shape)
    if extra and (extra == g.ndim or g.shape[extra:] == shape):
        return leading_sum(g, extra)
    axes = tuple(range(extra)) + tuple(i + extra for i, d in enumerate(shape) if d == 1 and g.shape[i + extra] != 1)
    return np.add.reduce(g, axis=axes, keepdims=True).reshape(shape)


def leading_sum(x, n):
    """Sum over the first n axes of a float array, by a product with ones: several times faster than `np.add.reduce`."""
    shape = x.shape[n:]
    if x.size == 0 or not x.flags.c_contiguous or x.dtype.char not in "fd" or x.ndim == n:
        return np.add.reduce(x, axis=tuple(range(n)), dtype=np.float32 if x.dtype.char == "e" else None).astype(x.dtype)
    flat = x.reshape(int(np.prod(x.shape[:n])), -1)
    return quiet.run(np.matmul, np.ones(len(flat), x.dtype), flat).reshape(shape)


def spread(g, shape, axes, kept):
    """`g`, the result of a reduction over `axes`, as a read-only view of the full `shape`."""
    if not kept:
        g = g.reshape(tuple(1 if i in axes else d for i, d in enumerate(shape)))
    return np.broadcast_to(g, shape)
