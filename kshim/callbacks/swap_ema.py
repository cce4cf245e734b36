"""`SwapEMAWeights`: evaluate with the moving average of the weights (Keras 3)."""

from .base import Callback


class SwapEMAWeights(Callback):
    """Exchanges the weights and their moving average, kept by an optimizer with `use_ema=True`, around evaluation.

    swap_on_epoch: also exchange them at the end of every epoch, so that a `ModelCheckpoint` listed after this callback
    saves the average, and back at the beginning of the next. After the last epoch the model keeps the average.
    """

    def __init__(self, swap_on_epoch=False):
        super().__init__()
        self.swap_on_epoch = swap_on_epoch
        self._swapped = False

    def _pairs(self):
        """(weight, its average) for every trainable weight."""
        optimizer = self.model.optimizer
        optimizer = getattr(optimizer, "inner_optimizer", optimizer)
        if not getattr(optimizer, "use_ema", False):
            raise ValueError(
                f"SwapEMAWeights needs an optimizer with use_ema=True; received {type(optimizer).__name__} with "
                f"use_ema={getattr(optimizer, 'use_ema', None)}."
            )
        optimizer.build(self.model.trainable_weights)
        return list(zip(self.model.trainable_weights, optimizer.slots["average"]))

    def _swap(self, to_average):
        if self._swapped == to_average:
            return
        for weight, average in self._pairs():
            kept = weight.numpy()
            weight.assign(average.numpy())
            average.assign(kept)
        self._swapped = to_average

    def on_epoch_begin(self, epoch, logs=None):
        if self.swap_on_epoch:
            self._swap(False)

    def on_epoch_end(self, epoch, logs=None):
        if not self.swap_on_epoch:
            return
        self._swap(True)
        if epoch == (self.params or {}).get("epochs", 0) - 1:
            for weight, average in self._pairs():
                average.assign(weight.numpy())

    def on_test_begin(self, logs=None):
        self._swap(True)

    def on_test_end(self, logs=None):
        self._swap(False)

    on_predict_begin, on_predict_end = on_test_begin, on_test_end
