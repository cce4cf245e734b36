"""What happened: `History`, and the small callbacks that watch or are written inline."""

import numpy as np

from ..utils.io_utils import print_msg
from .base import Callback
from .logs import VersionedDict


class History(Callback):
    """Records the logs of every epoch; `fit` returns it.

    `history`: dict of lists, one entry an epoch. `epoch`: list of epoch numbers. `history['acc']` and
    `history['accuracy']` (and 'lr', 'learning_rate') find each other, as they differ between versions of Keras.
    """

    def __init__(self):
        super().__init__()
        self.history = VersionedDict()
        self.epoch = []

    def on_train_begin(self, logs=None):
        self.epoch = []

    def on_epoch_end(self, epoch, logs=None):
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
        if self.model is not None:
            self.model.history = self


class BaseLogger(Callback):
    """Averages the batch values named in `params['metrics']`, weighted by `logs['size']`, into the epoch's logs.

    Values in `stateful_metrics` are averages already and pass as they are.
    """

    def __init__(self, stateful_metrics=None):
        super().__init__()
        self.stateful_metrics = set(stateful_metrics or ())
        self.seen, self.totals = 0, {}

    def on_epoch_begin(self, epoch, logs=None):
        self.seen, self.totals = 0, {}

    def on_batch_end(self, batch, logs=None):
        logs = logs or {}
        size = logs.get("size", 0)
        self.seen += size * logs.get("num_steps", 1)
        for name, value in logs.items():
            if name in self.stateful_metrics:
                self.totals[name] = value
            else:
                self.totals[name] = self.totals.get(name, 0) + value * size

    def on_epoch_end(self, epoch, logs=None):
        if logs is None:
            return
        for name in (self.params or {}).get("metrics") or ():
            if name in self.totals:
                stateful = name in self.stateful_metrics or not self.seen
                logs[name] = self.totals[name] if stateful else self.totals[name] / self.seen


class TerminateOnNaN(Callback):
    """Ends training when the loss of a batch is NaN or infinite. Looks at every batch, so it waits for the device."""

    def on_batch_end(self, batch, logs=None):
        loss = (logs or {}).get("loss")
        if loss is not None and not np.isfinite(loss):
            print_msg(f"Batch {batch}: Invalid loss, terminating training")
            self.model.stop_training = True


class LambdaCallback(Callback):
    """A callback made of functions: `LambdaCallback(on_epoch_end=lambda epoch, logs: ...)`; any hook by its name."""

    def __init__(
        self,
        on_epoch_begin=None,
        on_epoch_end=None,
        on_batch_begin=None,
        on_batch_end=None,
        on_train_begin=None,
        on_train_end=None,
        **kwargs,
    ):
        super().__init__()
        given = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_batch_begin": on_batch_begin,
            "on_batch_end": on_batch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
        }
        self.__dict__.update(kwargs)
        self.__dict__.update({name: function for name, function in given.items() if function is not None})
