"""`ProgbarLogger`: what `fit`, `evaluate` and `predict` print."""

from ..utils.io_utils import print_msg
from ..utils.progbar import Progbar
from .base import Callback

_NOT_SHOWN = ("batch", "size", "num_steps", "outputs")


class ProgbarLogger(Callback):
    """Prints a progress bar with the metrics (verbose 1), or a line for each epoch (2).

    count_mode: what the bar counts, 'steps' or 'samples' (Keras 1, 2.0). Values of the model's metrics and of logs
    marked as running are averages already and are shown as they are; others are averaged over the batches here. As
    long as there are none of those, values are read ten times a second at most, because reading waits for the device.
    """

    _INTERVAL = 0.1

    def __init__(self, count_mode="steps", stateful_metrics=None):
        super().__init__()
        if count_mode not in ("steps", "samples"):
            raise ValueError(f"Unknown count_mode: {count_mode!r}. Expected 'steps' or 'samples'.")
        self.use_steps = count_mode == "steps"
        self.stateful_metrics = set(stateful_metrics or ())
        self.seen = 0
        self.progbar = None
        self.target = None
        self.verbose = 1
        self.epochs = 1
        self._in_fit = False
        self._reads_all = False

    def set_params(self, params):
        super().set_params(params)
        verbose = params.get("verbose", 1)
        self.verbose = 1 if verbose == "auto" else int(verbose)
        self.epochs = params.get("epochs", 1)
        self.target = params.get("steps" if self.use_steps else "samples")

    def _wants(self, hook):
        # verbose 2 needs batches only to count them when their number is unknown
        if "_batch_" in hook:
            return self.verbose == 1 or (self.verbose == 2 and (self.target is None or not self.use_steps))
        return self.verbose > 0 or hook in ("on_train_begin", "on_train_end")

    def _start(self):
        self.seen = 0
        names = {m.name for m in getattr(self.model, "metrics", None) or ()}
        names.update((self.params or {}).get("metrics") or ())
        self.progbar = Progbar(
            target=self.target,
            verbose=self.verbose,
            interval=self._INTERVAL,
            stateful_metrics=self.stateful_metrics | names,
            unit_name="step" if self.use_steps else "sample",
        )
        self._reads_all = False

    def _advance(self, batch, logs):
        bar = self.progbar
        logs = {} if logs is None else logs  # `logs or {}` would read the values
        if not self.use_steps:
            self.seen += logs.get("size", 0) * logs.get("num_steps", 1)
        else:
            self.seen = batch + 1
        if self.verbose != 1 or not (self._reads_all or bar.due()):
            return
        values = [(name, value) for name, value in logs.items() if name not in _NOT_SHOWN]
        if getattr(logs, "running", False):
            bar.stateful_metrics.update(name for name, _ in values)
        self._reads_all = any(name not in bar.stateful_metrics for name, _ in values)
        bar.update(self.seen, values, finalize=False)

    def _finish(self, logs):
        if self.target is None:
            self.target = self.progbar.target = self.seen
        values = [(name, value) for name, value in (logs or {}).items() if name not in _NOT_SHOWN]
        self.progbar.stateful_metrics.update(name for name, _ in values)  # final values, not to be averaged again
        self.progbar.update(self.target, values, finalize=True)

    def on_train_begin(self, logs=None):
        self._in_fit = True

    def on_train_end(self, logs=None):
        self._in_fit = False

    def on_epoch_begin(self, epoch, logs=None):
        self._start()
        if self.verbose and self.epochs > 1:
            print_msg(f"Epoch {epoch + 1}/{self.epochs}")

    def on_train_batch_end(self, batch, logs=None):
        self._advance(batch, logs)

    def on_epoch_end(self, epoch, logs=None):
        self._finish(logs)

    def on_test_begin(self, logs=None):
        if not self._in_fit:
            self._start()

    def on_test_batch_end(self, batch, logs=None):
        if not self._in_fit:
            self._advance(batch, logs)

    def on_test_end(self, logs=None):
        if not self._in_fit:
            self._finish(logs)

    def on_predict_begin(self, logs=None):
        self._start()

    def on_predict_batch_end(self, batch, logs=None):
        self._advance(batch, None if self.use_steps or logs is None else {"size": logs.get("size", 0)})

    def on_predict_end(self, logs=None):
        self._finish(None)
