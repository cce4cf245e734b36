"""Taking and adding elements at integer positions. What reads in one direction adds in the other."""


class Indexing:
    def take(self, x, indices, axis):
        xp, a, at = self.xp, x.array, indices.array
        size = a.shape[axis]
        inside = (at >= 0) & (at < size)
        at = xp.where(inside, at, 0).astype("int64")
        missing = xp.nan if a.dtype.kind == "f" else 0
        if size:
            y = xp.take(a, at, axis)
            y = xp.where(inside.reshape(inside.shape + (1,) * (a.ndim - axis - 1)), y, xp.asarray(missing, a.dtype))
        else:
            y = xp.full(a.shape[:axis] + at.shape + a.shape[axis + 1 :], missing, a.dtype)

        def pull(g):
            front = tuple(range(axis, axis + at.ndim))
            g = xp.moveaxis(g, front, tuple(range(at.ndim)))[inside]
            total = xp.zeros((size, *a.shape[:axis], *a.shape[axis + 1 :]), a.dtype)
            xp.add.at(total, at[inside], g)
            return xp.moveaxis(total, 0, axis)

        return self.record(y, (x, pull))

    def take_along_axis(self, x, indices, axis):
        xp, a, at = self.xp, x.array, indices.array.astype("int64")

        def pull(g):
            total = xp.zeros_like(a)
            rows = [xp.arange(d).reshape((d,) + (1,) * (at.ndim - i - 1)) for i, d in enumerate(at.shape)]
            rows[axis] = at
            xp.add.at(total, tuple(rows), g)
            return total

        return self.record(xp.take_along_axis(a, at, axis), (x, pull))

    def scatter_add(self, x, indices, updates):
        at, y = indices.array, x.array.copy()
        self.xp.add.at(y, at, updates.array)
        return self.record(y, (x, lambda g: g), (updates, lambda g: g[at]))

    def argsort(self, x, axis):
        return self.record(self.xp.argsort(x.array, axis, kind="stable").astype("int32"))
