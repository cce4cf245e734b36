"""How far apart two runs of a script may be: a share of the value, and what rounding may have grown to by then."""

import math
from dataclasses import dataclass

from . import tolerances
from .diff_noise import EPSILON, epsilon

#: A backend may be this many times as far off as noise of one rounding unit in the weights makes the reference.
GROWTH = 10.0
#: Rounding units that what a step stores may be apart at any time, by its role. A moving average takes in sums anew.
_UNITS = {"weight": 4.0, "state": 16.0}

GROWTH_TEXT = f"""\
Where rounding is concerned a fixed tolerance is either too wide for the first step or too narrow for the last, because
training amplifies differences. So the reference backend runs the script once more with noise of one rounding unit
(1e-7 of the value in float32, 2e-16 in float64) in all weights before the first step and after every step. A loss or
weight may be off by {GROWTH:g} times (--growth) what that noise has done to it up to that step, or by --rtol of its
size (in float32 a weight by {_UNITS["weight"]:g} rounding units), whichever is more.
"""


def default_rtol(dtype):
    """The share of the value: 1e-9 in float64, where nothing but another formula exceeds it; a few rounding units of a
    sum in narrower dtypes."""
    return tolerances.of("weights" if dtype == "float64" else "gradient", dtype).rtol


@dataclass(frozen=True)
class Limits:
    """`rtol` None: by dtype. `growth`: the factor for noise; 0: only `rtol` counts."""

    rtol: float | None = None
    growth: float = GROWTH

    def relative(self, dtype):
        """The share of the value for a dtype name; 0 for what is no float."""
        if dtype not in EPSILON:
            return 0.0
        return default_rtol(dtype) if self.rtol is None else self.rtol

    def of(self, dtype, size, noise=0.0, role=None):
        """The distance allowed for something of magnitude `size` that noise moves by `noise`.

        role: "weight" or "state" of what a step stores. That can be compared to a few rounding units as long as noise is
        measured, so that a wrong update shows although it is small beside the value.
        """
        rtol = self.relative(dtype)
        if role in _UNITS and self.rtol is None and self.growth and dtype != "float64":
            rtol = min(rtol, _UNITS[role] * epsilon(dtype))
        size = size if math.isfinite(size) else 0.0
        return max(rtol * size, self.growth * noise if math.isfinite(noise) else 0.0)
