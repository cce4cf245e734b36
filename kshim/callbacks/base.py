"""`Callback`, the base class of everything that `fit`, `evaluate` and `predict` tell about their progress."""


class Callback:
    """Base of callbacks: override the hooks you need.

    `self.model` is the model, `self.params` a dict (epochs, steps, verbose ...), `self.validation_data` the list of
    validation arrays of Keras 1 and 2 (None otherwise). `logs` is a dict; for batches its values are read from the
    device only when looked at. A hook that is not overridden is never called.

    Setting `self.model.stop_training = True` ends training after the running epoch.
    """

    # on the class too, because subclasses of Keras 1's time do not always call __init__
    validation_data = None
    model = None
    params = None

    def __init__(self):
        self.validation_data = None
        self.model = None
        self.params = None

    def set_params(self, params):
        self.params = params

    def set_model(self, model):
        self.model = model

    def on_epoch_begin(self, epoch, logs=None):
        """Before each epoch of training, counted from 0."""

    def on_epoch_end(self, epoch, logs=None):
        """After each epoch; `logs` has the training and (`val_...`) validation results, and may be added to."""

    def on_batch_begin(self, batch, logs=None):
        """Another name of `on_train_batch_begin`."""

    def on_batch_end(self, batch, logs=None):
        """Another name of `on_train_batch_end`."""

    def on_train_batch_begin(self, batch, logs=None):
        self.on_batch_begin(batch, logs=logs)

    def on_train_batch_end(self, batch, logs=None):
        self.on_batch_end(batch, logs=logs)

    def on_test_batch_begin(self, batch, logs=None):
        """Before each batch of evaluation, also of validation during training."""

    def on_test_batch_end(self, batch, logs=None):
        """After each batch of evaluation."""

    def on_predict_batch_begin(self, batch, logs=None):
        """Before each batch of prediction."""

    def on_predict_batch_end(self, batch, logs=None):
        """After each batch of prediction; `logs['outputs']` are the predictions."""

    def on_train_begin(self, logs=None):
        """Before the first epoch."""

    def on_train_end(self, logs=None):
        """After the last epoch."""

    def on_test_begin(self, logs=None):
        """Before evaluation or validation."""

    def on_test_end(self, logs=None):
        """After evaluation or validation."""

    def on_predict_begin(self, logs=None):
        """Before prediction."""

    def on_predict_end(self, logs=None):
        """After prediction."""

    def _wants(self, hook):
        """Whether the overridden `hook` has work to do with the present settings; asked again at every epoch."""
        return True
