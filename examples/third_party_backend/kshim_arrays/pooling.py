"""Pooling, one position of the window after the other; `Geometry` says what all windows see there."""

from .convolution import Geometry
from .elementwise import quiet


class Pooling:
    def _windows(self, x, size, strides, pads):
        """(geometry, windows along each axis, padded array, whether each element of that is no padding)."""
        how = Geometry(size, strides, pads, (1,) * len(size))
        real = how.padded(self.xp, self.xp.ones(x.array.shape, bool), False)
        return how, how.counts(x.array.shape[1:-1]), how.padded(self.xp, self._wide(x.array)), real

    def max_pool(self, x, size, strides, pads):
        xp = self.xp
        how, counts, a, real = self._windows(x, size, strides, pads)
        best = winner = None
        for i, p in enumerate(how.positions()):
            seen = how.seen(p, counts)
            here, valid = a[seen], real[seen]
            if best is None:
                best, winner = here, xp.where(valid, 0, -1)
                continue
            larger = (here > best) | ((here != here) & (best == best))  # NaN beats all numbers
            better = valid & (larger | (winner < 0))
            best, winner = xp.where(better, here, best), xp.where(better, i, winner)

        def pull(g):
            total = xp.zeros(a.shape, g.dtype)
            for i, p in enumerate(how.positions()):
                total[how.seen(p, counts)] += xp.where(winner == i, g, 0.0)
            return total[how.inside(x.array.shape[1:-1])]

        return self.record(best.astype(x.array.dtype, copy=False), (x, pull))

    @quiet
    def avg_pool(self, x, size, strides, pads):
        xp = self.xp
        how, counts, a, real = self._windows(x, size, strides, pads)
        total = sum(a[how.seen(p, counts)] for p in how.positions())
        count = sum(real[how.seen(p, counts)].astype(a.dtype) for p in how.positions())

        def pull(g):
            out = xp.zeros(a.shape, a.dtype)
            for p in how.positions():
                out[how.seen(p, counts)] += g / count
            return out[how.inside(x.array.shape[1:-1])]

        return self.record((total / count).astype(x.array.dtype), (x, pull))
