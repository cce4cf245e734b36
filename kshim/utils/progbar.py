"""The progress bar of Keras 2, to the character."""

import os
import sys
import time

import numpy as np

from .io_utils import print_msg


def format_duration(seconds, unit):
    """Time per `unit` as ' 3s/step', ' 12ms/step' or ' 40us/step'."""
    if seconds >= 1 or seconds == 0:
        return f" {seconds:.0f}s/{unit}"
    if seconds >= 1e-3:
        return f" {seconds * 1e3:.0f}ms/{unit}"
    return f" {seconds * 1e6:.0f}us/{unit}"


def format_eta(seconds):
    """Remaining time as '1:02:03', '2:03' or '3s'."""
    if seconds > 3600:
        return f"{int(seconds // 3600)}:{int(seconds % 3600 // 60):02d}:{int(seconds % 60):02d}"
    if seconds > 60:
        return f"{int(seconds // 60)}:{int(seconds % 60):02d}"
    return f"{int(seconds)}s"


def _number(value):
    return value if isinstance(value, (float, int)) else float(np.mean(np.asarray(value)))


def _digits(target):
    return len(str(int(target)))


class Progbar:
    """Shows how far `target` steps (None: unknown) have come, and values beside it.

    verbose 1 redraws one line, at most every `interval` seconds; 2 prints one line at the end; 0 is silent. Values
    named in `stateful_metrics` are shown as given, others averaged over the steps they stand for. Reading a value can
    make the computer wait for a device, so ask `due()` before collecting any.
    """

    def __init__(self, target, width=30, verbose=1, interval=0.05, stateful_metrics=None, unit_name="step"):
        self.target = target
        self.width = width
        self.verbose = verbose
        self.interval = interval
        self.unit_name = unit_name
        self.stateful_metrics = set(stateful_metrics or ())
        # as Keras decides it; the 'posix' module makes this true for files and pipes on Linux and macOS too
        self._dynamic_display = (
            (hasattr(sys.stdout, "isatty") and sys.stdout.isatty())
            or "ipykernel" in sys.modules
            or "posix" in sys.modules
            or "PYCHARM_HOSTED" in os.environ
        )
        self._total_width = 0
        self._seen_so_far = 0
        self._values = {}  # name -> [weighted sum, weight], in the order shown
        self._start = time.time()
        self._last_update = 0
        self._epoch_start = self._start
        self._epoch_end = None
        self._after_first_step = None

    def due(self, finalize=False):
        """Whether an update now would draw anything."""
        if self.verbose == 1:
            return finalize or time.time() - self._last_update >= self.interval
        return self.verbose == 2 and finalize

    def update(self, current, values=None, finalize=None, force=False):
        """Set the number of steps done and fold in `values`, pairs of (name, number).

        finalize ends the line (by default when `current` reaches the target); `force` is Keras 1's word for drawing
        at once.
        """
        if finalize is None:
            finalize = self.target is not None and current >= self.target
        self._collect(current, values or ())
        self._seen_so_far = current
        now = time.time()
        if current == self.target:
            self._epoch_end = now
        if self.verbose == 1:
            if now - self._last_update < self.interval and not (finalize or force):
                return
            self._draw(current, now, finalize)
        elif self.verbose == 2 and finalize:
            self._print_summary(current, now)
        self._last_update = now

    def add(self, n, values=None):
        """`n` more steps are done."""
        self.update(self._seen_so_far + n, values)

    def _update_stateful_metrics(self, names):
        self.stateful_metrics |= set(names)

    def _collect(self, current, values):
        for name, value in values:
            value = _number(value)
            if name in self.stateful_metrics:
                self._values[name] = [value, 1]
                continue
            # at least one, so that a repeated final update counts
            weight = max(current - self._seen_so_far, 1)
            entry = self._values.setdefault(name, [0, 0])
            entry[0] += value * weight
            entry[1] += weight

    def _values_text(self, small):
        text = ""
        for name, (total, weight) in self._values.items():
            mean = total / max(1, weight)
            text += f" - {name}: {mean:.4e}" if small(mean) else f" - {name}: {mean:.4f}"
        return text

    def _bar(self, current):
        if self.target is None:
            return f"{current:7d}/Unknown"
        filled = int(self.width * float(current) / self.target) if self.target else self.width
        head = ""
        if filled > 0:
            head = "=" * (filled - 1) + (">" if current < self.target else "=")
        return f"{current:{_digits(self.target)}d}/{self.target} [{head}{'.' * (self.width - filled)}]"

    def _draw(self, current, now, finalize):
        previous_width = self._total_width
        start = "\b" * previous_width + "\r" if self._dynamic_display else "\n"
        bar = self._bar(current)
        per_step = self._step_duration(current, now)
        if self.target is None or finalize:
            info = f" - {now - self._start:.0f}s{format_duration(per_step, self.unit_name)}"
        else:
            info = f" - ETA: {format_eta(per_step * (self.target - current))}"
        info += self._values_text(lambda mean: abs(mean) <= 1e-3)
        self._total_width = len(bar) + len(info)
        padding = " " * (previous_width - self._total_width)
        print_msg(start + bar + info + padding + ("\n" if finalize else ""), line_break=False)

    def _print_summary(self, current, now):
        target = self.target or current
        info = f"{current:{_digits(target)}d}/{target} - {now - self._start:.0f}s"
        info += self._values_text(lambda mean: mean <= 1e-3)
        if self._epoch_end:
            whole = self._epoch_end - self._epoch_start
            self._epoch_start, self._epoch_end = now, None
            info += " -" + format_duration(whole, "epoch")
            info += " -" + format_duration(whole / max(1, target), self.unit_name) + "\n"
        print_msg(info, line_break=False)

    def _step_duration(self, current, now):
        """Seconds per step, without the first (which compiles) once there are others."""
        if not current:
            return 0
        if self._after_first_step is not None and current > 1:
            duration = (now - self._after_first_step) / (current - 1)
        else:
            duration = (now - self._start) / current
        if current == 1:
            self._after_first_step = now
        return duration
