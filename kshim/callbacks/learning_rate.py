"""Callbacks that change the learning rate."""

import warnings

import numpy as np

from ..utils.io_utils import print_msg
from .base import Callback
from .monitor import check_mode, current_value, larger_is_better


def _rate(model, owner):
    """The optimizer's learning rate as a NumPy or Python float."""
    optimizer = getattr(model, "optimizer", None)
    if not hasattr(optimizer, "learning_rate"):
        raise ValueError(f"{owner} needs a compiled model whose optimizer has a learning_rate; received {optimizer!r}.")
    rate = optimizer.learning_rate
    return rate.numpy() if hasattr(rate, "numpy") else float(rate)


def _set_rate(model, value, owner):
    try:
        model.optimizer.learning_rate = float(value)
    except TypeError as error:
        raise TypeError(f"{owner} cannot set the learning rate: {error}") from error


class LearningRateScheduler(Callback):
    """Sets each epoch's learning rate to `schedule(epoch, rate)`, or `schedule(epoch)` (Keras 1); logs it as 'lr'."""

    def __init__(self, schedule, verbose=0):
        super().__init__()
        self.schedule = schedule
        self.verbose = verbose

    def on_epoch_begin(self, epoch, logs=None):
        old = _rate(self.model, "LearningRateScheduler")
        try:
            rate = self.schedule(epoch, float(old))
        except TypeError:  # Keras 1 and 2.0 have schedules of the epoch alone
            rate = self.schedule(epoch)
        value = rate.numpy() if hasattr(rate, "numpy") else rate
        if isinstance(value, bool) or not (
            isinstance(value, float) or np.issubdtype(getattr(value, "dtype", np.int64), np.floating)
        ):
            raise ValueError(
                f'The output of the "schedule" function should be float; LearningRateScheduler received {rate!r} of '
                f"type {type(rate).__name__}."
            )
        _set_rate(self.model, value, "LearningRateScheduler")
        if self.verbose > 0:
            print_msg(f"\nEpoch {epoch + 1}: LearningRateScheduler setting learning rate to {rate}.")

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None:
            logs["lr"] = _rate(self.model, "LearningRateScheduler")


class ReduceLROnPlateau(Callback):
    """Multiplies the learning rate by `factor` when `monitor` has not got better for `patience` epochs; logs 'lr'.

    min_delta: smaller changes do not count. cooldown: epochs to wait after a reduction. min_lr: lower bound.
    `epsilon` is Keras 1's name of `min_delta`.
    """

    def __init__(
        self,
        monitor="val_loss",
        factor=0.1,
        patience=10,
        verbose=0,
        mode="auto",
        min_delta=1e-4,
        cooldown=0,
        min_lr=0,
        **kwargs,
    ):
        super().__init__()
        if factor >= 1.0:
            raise ValueError(f"ReduceLROnPlateau does not support a factor >= 1.0. Got {factor}")
        if "epsilon" in kwargs:
            warnings.warn("ReduceLROnPlateau: `epsilon` has been renamed `min_delta`.", stacklevel=2)
            min_delta = kwargs.pop("epsilon")
        if kwargs:
            raise TypeError(f"ReduceLROnPlateau received unknown keyword arguments: {', '.join(kwargs)}.")
        self.monitor = monitor
        self.factor = factor
        self.patience = patience
        self.verbose = verbose
        self.mode = check_mode(mode, "ReduceLROnPlateau")
        self.min_delta = min_delta
        self.cooldown = cooldown
        self.min_lr = min_lr
        self._up = larger_is_better(monitor, self.mode)
        self._reset()

    def _reset(self):
        self.best = -np.inf if self._up else np.inf
        self.cooldown_counter = 0
        self.wait = 0

    def monitor_op(self, a, b):
        """Whether `a` is better than `b` by more than `min_delta`."""
        return np.greater(a, b + self.min_delta) if self._up else np.less(a, b - self.min_delta)

    def in_cooldown(self):
        return self.cooldown_counter > 0

    def on_train_begin(self, logs=None):
        self._reset()

    def on_epoch_end(self, epoch, logs=None):
        logs = {} if logs is None else logs
        logs["lr"] = _rate(self.model, "ReduceLROnPlateau")
        current = current_value(logs, self.monitor, "ReduceLROnPlateau", "the learning rate stays")
        if current is None:
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self.monitor_op(current, self.best):
            self.best = current
            self.wait = 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience:
                self._reduce(epoch)

    def _reduce(self, epoch):
        old = _rate(self.model, "ReduceLROnPlateau")
        if old <= np.float32(self.min_lr):
            return
        new = max(old * self.factor, self.min_lr)
        _set_rate(self.model, new, "ReduceLROnPlateau")
        if self.verbose > 0:
            print_msg(f"\nEpoch {epoch + 1}: ReduceLROnPlateau reducing learning rate to {new}.")
        self.cooldown_counter = self.cooldown
        self.wait = 0
