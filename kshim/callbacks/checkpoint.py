"""`ModelCheckpoint`."""

import os
import re

import numpy as np

from ..utils.io_utils import path_to_string, print_msg
from .base import Callback
from .logs import VersionedDict
from .monitor import check_mode, current_value, larger_is_better


class ModelCheckpoint(Callback):
    """Saves the model, or its weights, during training.

    filepath may contain `{epoch}` (from 1), `{batch}` and names of logs, as in 'w.{epoch:02d}-{val_loss:.2f}.h5'; its
    ending decides the format (`model.save`, `model.save_weights`). save_freq: 'epoch' or a number of batches. period:
    epochs between saves (Keras 1, 2). save_best_only: save when `monitor` is better than ever, and than
    initial_value_threshold. load_weights_on_restart: start from the newest file that fits `filepath`.
    """

    def __init__(
        self,
        filepath,
        monitor="val_loss",
        verbose=0,
        save_best_only=False,
        save_weights_only=False,
        mode="auto",
        save_freq="epoch",
        options=None,
        initial_value_threshold=None,
        period=1,
        load_weights_on_restart=False,
    ):
        super().__init__()
        if isinstance(save_freq, bool) or not (save_freq == "epoch" or isinstance(save_freq, (int, np.integer))):
            raise ValueError(f"Unrecognized save_freq: {save_freq!r}. Expected 'epoch' or a number of batches.")
        if options is not None:
            raise ValueError(
                f"ModelCheckpoint: options={options!r} is for TensorFlow's own checkpoint formats, which are not "
                "written here. Leave it out and end the filepath with .keras, .h5 or .weights.h5."
            )
        self.filepath = path_to_string(filepath)
        self.monitor = monitor
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.save_freq = save_freq
        self.period = period
        self.load_weights_on_restart = load_weights_on_restart
        up = larger_is_better(monitor, check_mode(mode, "ModelCheckpoint"))
        self.monitor_op = np.greater if up else np.less
        worst = -np.inf if up else np.inf
        self.best = worst if initial_value_threshold is None else initial_value_threshold
        self.epochs_since_last_save = 0
        self._batches_since_last_save = 0
        self._last_batch = -1
        self._current_epoch = 0

    def _wants(self, hook):
        return self.save_freq != "epoch" or "_batch_" not in hook

    def on_train_begin(self, logs=None):
        newest = self._newest_file() if self.load_weights_on_restart else None
        if newest is None:
            return
        try:
            self.model.load_weights(newest)
        except (OSError, ValueError) as error:
            raise ValueError(f"Error loading file from {newest}. Reason: {error}") from error

    def on_epoch_begin(self, epoch, logs=None):
        self._current_epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if self.save_freq == "epoch":
            return
        # batches start again at 0 with every epoch, and may be counted several at a time
        self._batches_since_last_save += batch + 1 if batch <= self._last_batch else batch - self._last_batch
        self._last_batch = batch
        if self._batches_since_last_save >= self.save_freq:
            self._batches_since_last_save = 0
            self._save(self._current_epoch, batch, logs)

    def on_epoch_end(self, epoch, logs=None):
        self.epochs_since_last_save += 1
        if self.save_freq == "epoch" and self.epochs_since_last_save >= self.period:
            self._save(epoch, None, logs)

    def _save(self, epoch, batch, logs):
        logs = {} if logs is None else logs
        self.epochs_since_last_save = 0
        filepath = self._get_file_path(epoch, batch, logs)
        if self.save_best_only:
            current = current_value(logs, self.monitor, "ModelCheckpoint(save_best_only=True)", "nothing is saved")
            if current is None:
                return
            if not self.monitor_op(current, self.best):
                self._say(f"\nEpoch {epoch + 1}: {self.monitor} did not improve from {self.best:.5f}")
                return
            self._say(
                f"\nEpoch {epoch + 1}: {self.monitor} improved from {self.best:.5f} to {current:.5f}, "
                f"saving model to {filepath}"
            )
            self.best = current
        else:
            self._say(f"\nEpoch {epoch + 1}: saving model to {filepath}")
        if os.path.dirname(filepath):
            os.makedirs(os.path.dirname(filepath), exist_ok=True)
        if os.path.isdir(filepath):
            raise OSError(f"Please specify a non-directory filepath for ModelCheckpoint; {filepath} is a directory.")
        if self.save_weights_only:
            self.model.save_weights(filepath, overwrite=True)
        else:
            self.model.save(filepath, overwrite=True)

    def _say(self, message):
        if self.verbose > 0:
            print_msg(message)

    def _get_file_path(self, epoch, batch, logs):
        if "{" not in self.filepath:
            return self.filepath
        names = VersionedDict(logs)
        names["epoch"] = epoch + 1
        if batch is not None:
            names["batch"] = batch + 1
        try:
            return self.filepath.format_map(names)
        except KeyError as error:
            raise KeyError(
                f'Failed to format the filepath "{self.filepath}" of ModelCheckpoint: there is no {error}. '
                f"Available are: {', '.join(map(str, names))}."
            ) from error

    def _newest_file(self):
        """The file that fits `filepath`, `{...}` standing for anything, most recently changed; None if none does."""
        folder, pattern = os.path.split(self.filepath)
        parts = [re.escape(part) for part in re.split(r"\{[^}]*\}", pattern)]
        folder = folder or "."
        if not os.path.isdir(folder):
            return None
        fitting = [os.path.join(folder, n) for n in os.listdir(folder) if re.fullmatch(".*".join(parts), n)]
        return max(fitting, key=lambda path: (os.path.getmtime(path), path), default=None)
