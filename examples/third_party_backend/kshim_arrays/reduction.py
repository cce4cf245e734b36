"""Reductions over axes, and running sums and products."""

from math import prod

from .elementwise import quiet


class Reduction:
    """Sums are added up in float64: in float32 the errors of long sums grow until training takes another course."""

    def _spread(self, g, shape, axes):
        """`g`, the cotangent of a reduction over `axes`, as an array of the full shape."""
        kept = tuple(1 if i in axes else d for i, d in enumerate(shape))
        return self.xp.broadcast_to(g.reshape(kept), shape)

    def _wide(self, array):
        """Half precision as float32, for products."""
        return array.astype("float32") if array.dtype == "float16" else array

    @quiet
    def sum(self, x, axes, keepdims):
        a = x.array
        y = a.sum(axis=axes, keepdims=keepdims, dtype="float64" if a.dtype.kind == "f" else a.dtype)
        return self.record(y.astype(x.array.dtype), (x, lambda g: self._spread(g, a.shape, axes)))

    @quiet
    def prod(self, x, axes, keepdims):
        a = self._wide(x.array)
        y = a.prod(axis=axes, keepdims=keepdims, dtype=a.dtype)
        others = self._product_of_others
        return self.record(y.astype(x.array.dtype), (x, lambda g: self._spread(g, a.shape, axes) * others(a, axes)))

    def _product_of_others(self, a, axes):
        """For each element the product of all others over `axes`, zeros among them or not: those before times those after."""
        xp = self.xp
        order = [i for i in range(a.ndim) if i not in axes] + list(axes)
        moved = a.transpose(order)
        rows = moved.reshape(*(a.shape[i] for i in order[: a.ndim - len(axes)]), prod(a.shape[i] for i in axes))
        one = xp.ones_like(rows[..., :1])
        before = xp.cumprod(xp.concatenate([one, rows[..., :-1]], -1), -1)
        after = xp.cumprod(xp.concatenate([one, rows[..., :0:-1]], -1), -1)[..., ::-1]
        return (before * after).reshape(moved.shape).transpose([order.index(i) for i in range(a.ndim)])

    def max(self, x, axes, keepdims):
        return self._extreme_over(x, x.array.max(axis=axes, keepdims=keepdims), axes)

    def min(self, x, axes, keepdims):
        return self._extreme_over(x, x.array.min(axis=axes, keepdims=keepdims), axes)

    def _extreme_over(self, x, y, axes):
        """The gradient is shared equally among all elements as large (or small) as the result."""
        a, y = x.array, self.xp.asarray(y)

        def pull(g):
            equal = a == self._spread(y, a.shape, axes)
            return self._spread(g, a.shape, axes) * equal / equal.sum(axis=axes, keepdims=True)

        return self.record(y, (x, pull))

    def any(self, x, axes, keepdims):
        return self.record(x.array.any(axis=axes, keepdims=keepdims))

    def all(self, x, axes, keepdims):
        return self.record(x.array.all(axis=axes, keepdims=keepdims))

    def argmax(self, x, axis):
        return self.record(x.array.argmax(axis).astype("int32"))

    @quiet
    def cumsum(self, x, axis):
        xp, a = self.xp, x.array

        def pull(g):  # element i is part of the sums from i on
            return xp.flip(xp.cumsum(xp.flip(g, axis), axis, dtype=g.dtype), axis)

        return self.record(xp.cumsum(a, axis, dtype=a.dtype), (x, pull))

    @quiet
    def cumprod(self, x, axis):
        xp, a = self.xp, x.array

        def pull(g):
            """By the definition, one element after the other: right also where there are zeros, but quadratic in time."""
            rows, g = xp.moveaxis(a, axis, -1), xp.moveaxis(g, axis, -1)
            out = xp.zeros_like(rows)
            for i in range(rows.shape[-1]):
                others = rows.copy()
                others[..., i] = 1.0
                out[..., i] = (g * xp.cumprod(others, -1))[..., i:].sum(-1)
            return xp.moveaxis(out, -1, axis)

        return self.record(xp.cumprod(a, axis, dtype=a.dtype), (x, pull))
