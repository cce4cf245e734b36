"""`BackupAndRestore`: go on after an interruption."""

import json
import os
import shutil

import numpy as np

from ..utils.io_utils import path_to_string
from .base import Callback

_FORMAT = 1


class BackupAndRestore(Callback):
    """Keeps the state of training in `backup_dir`, and goes on from it when `fit` is run again after a crash.

    The weights of the model and of the optimizer and the number of epochs done are kept, after each epoch or every
    `save_freq` batches (then the broken epoch is repeated from its beginning with the newer weights, as in Keras 3).
    The folder's file is removed when training ends well, unless `delete_checkpoint=False`. The model must be built.
    `double_checkpoint` keeps the previous state as well.
    """

    def __init__(
        self,
        backup_dir,
        save_freq="epoch",
        delete_checkpoint=True,
        save_before_preemption=False,
        double_checkpoint=False,
    ):
        super().__init__()
        if not backup_dir:
            raise ValueError("BackupAndRestore needs a backup_dir; received an empty one.")
        if isinstance(save_freq, bool) or not (save_freq == "epoch" or isinstance(save_freq, (int, np.integer))):
            raise ValueError(f"Invalid save_freq: {save_freq!r}. Expected 'epoch' or a number of batches.")
        self.backup_dir = path_to_string(backup_dir)
        self.save_freq = save_freq
        self.delete_checkpoint = delete_checkpoint
        self.save_before_preemption = save_before_preemption
        self.double_checkpoint = double_checkpoint
        self._path = os.path.join(self.backup_dir, "training_state.npz")
        self._batches = 0
        self._epoch = 0

    def _wants(self, hook):
        return self.save_freq != "epoch" or "_batch_" not in hook

    def on_train_begin(self, logs=None):
        if not getattr(self.model, "built", True):
            raise ValueError(
                "To use BackupAndRestore the model must be built before fit(). Give the first layer an input_shape, or "
                "call the model on a batch of data."
            )
        self._batches = 0
        if os.path.exists(self._path):
            self._restore()

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        self._batches += 1
        if self.save_freq != "epoch" and self._batches >= self.save_freq:
            self._batches = 0
            self._back_up(self._epoch)

    def on_epoch_end(self, epoch, logs=None):
        if self.save_freq == "epoch":
            self._back_up(epoch + 1)

    def on_train_end(self, logs=None):
        if self.delete_checkpoint:
            for path in (self._path, self._path + ".bkp"):
                if os.path.exists(path):
                    os.remove(path)
            if os.path.isdir(self.backup_dir) and not os.listdir(self.backup_dir):
                os.rmdir(self.backup_dir)

    def _optimizer(self):
        optimizer = getattr(self.model, "optimizer", None)
        if optimizer is not None and hasattr(optimizer, "build"):
            optimizer.build(self.model.trainable_weights)
        return optimizer

    def _back_up(self, epoch):
        from ..saving.atomic import replacing

        os.makedirs(self.backup_dir, exist_ok=True)
        if self.double_checkpoint and os.path.exists(self._path):
            shutil.copyfile(self._path, self._path + ".bkp")
        arrays = {f"model_{i}": np.asarray(w) for i, w in enumerate(self.model.get_weights())}
        optimizer = self._optimizer()
        if optimizer is not None:
            arrays.update({f"optimizer_{i}": np.asarray(w) for i, w in enumerate(optimizer.get_weights())})
        about = json.dumps({"format": _FORMAT, "epoch": int(epoch)})
        with replacing(self._path) as temporary, open(temporary, "wb") as f:
            np.savez(f, about=np.array(about), **arrays)

    def _restore(self):
        with np.load(self._path, allow_pickle=False) as stored:
            about = json.loads(str(stored["about"]))
            count = {kind: sum(name.startswith(kind) for name in stored.files) for kind in ("model_", "optimizer_")}
            weights = [stored[f"model_{i}"] for i in range(count["model_"])]
            state = [stored[f"optimizer_{i}"] for i in range(count["optimizer_"])]
        if about["format"] != _FORMAT:
            raise ValueError(f"{self._path} has format {about['format']}, expected {_FORMAT}. Remove it to start over.")
        self.model.set_weights(weights)
        optimizer = self._optimizer()
        if optimizer is not None and state:
            optimizer.set_weights(state)
        # read by fit after on_train_begin
        self.model._initial_epoch = about["epoch"]
