"""`compile`, `fit`, `evaluate`, `predict` and their relatives: the part of `Model` that trains, for every backend."""

from ..errors import UnsupportedError, did_you_mean

_COMPILE_KEYWORDS = ("optimizer", "loss", "metrics", "loss_weights", "weighted_metrics", "run_eagerly", "steps_per_execution", "jit_compile", "sample_weight_mode", "target_tensors", "class_mode", "auto_scale_loss", "pss_evaluation_shards", "distribute", "experimental_run_tf_function", "experimental_steps_per_execution")  # fmt: skip


def _loop():
    """The loops: with losses, metrics and callbacks half of kshim, which a program that only builds layers never needs."""
    from . import loop

    return loop


class Trainer:
    """Mixed into `Model`."""

    def _init_trainer(self):
        self.optimizer = None
        self._compiled = None
        object.__setattr__(self, "_frozen_as_compiled", [])
        self._session = None
        self._metrics_by_name = {}
        self.stop_training = False
        self.history = None
        self.loss = None

    def _changed(self):
        """The structure changed: prepared steps are void."""
        if "_session" in self.__dict__:
            object.__setattr__(self, "_session", None)

    def compile(self, optimizer="rmsprop", loss=None, metrics=None, loss_weights=None, weighted_metrics=None, run_eagerly=False, steps_per_execution=1, jit_compile=None, **kwargs):  # fmt: skip
        """Choose optimizer, losses and metrics (names, functions or objects; lists or dicts for several outputs).

        Misspelt names raise `ValueError` here. Frozen weights are those with `trainable=False` now.
        """
        from .. import optimizers

        for key, value in kwargs.items():
            if key not in _COMPILE_KEYWORDS:
                raise TypeError(
                    f"compile() got an unexpected keyword argument: {key!r}.{did_you_mean(key, _COMPILE_KEYWORDS)}"
                )
            if key == "target_tensors" and value is not None:
                raise UnsupportedError("compile(target_tensors=...) is not supported: pass the targets to fit() as y.")
            if (
                key == "sample_weight_mode"
                and value not in (None, "temporal", "None")
                and not isinstance(value, (dict, list))
            ):
                raise ValueError(f"sample_weight_mode={value!r} is unknown; expected None or 'temporal'.")
        if getattr(type(self), "train_step", Trainer.train_step) is not Trainer.train_step:
            raise UnsupportedError(
                f"{type(self).__name__}.train_step() overrides the training step in terms of one framework's gradient tape; kshim runs one step for "
                "all backends. Express the loss in compile(loss=...) or add_loss(), or write the loop with train_on_batch()."
            )
        self.optimizer = optimizers.get(optimizer)
        self.loss = loss
        names = self.output_names if self.outputs else None
        from .compiled import Compiled

        self._compiled = Compiled(loss, metrics, loss_weights, weighted_metrics, names, self._output_keys)
        self._compile_arguments = {
            "optimizer": self.optimizer, "loss": loss, "metrics": metrics, "loss_weights": loss_weights,
            "weighted_metrics": weighted_metrics, "run_eagerly": run_eagerly, "jit_compile": jit_compile,
        }  # fmt: skip
        self.run_eagerly = bool(run_eagerly)
        self.steps_per_execution = steps_per_execution
        self.compiled = True
        self._metrics_by_name = {}
        object.__setattr__(self, "_session", None)
        object.__setattr__(self, "_frozen_as_compiled", [(layer, layer._trainable) for layer in self._with_sublayers()])

    compiled = False

    def train_step(self, data):
        raise UnsupportedError(
            "train_step() is not a separate function here: fit() and train_on_batch() run the compiled step."
        )

    def _trainable_as_compiled(self):
        """The trainable weights by the layers' flags at the time of `compile`: freezing afterwards needs another compile."""
        now = [(layer, layer._trainable) for layer, _ in self._frozen_as_compiled]
        try:
            for layer, flag in self._frozen_as_compiled:
                layer._trainable = flag
            return list(self.trainable_weights)
        finally:
            for layer, flag in now:
                layer._trainable = flag

    def _require_compiled(self, what):
        if not self.compiled:
            raise RuntimeError(
                f"You must compile your model before training/testing. Use `model.compile(optimizer, loss)` before {what}()."
            )

    def session(self):
        """The prepared steps for the current variables (made when first needed, and again after a change)."""
        if self._session is None:
            from .session import Session

            object.__setattr__(self, "_session", Session(self))
        return self._session

    def _named_metric(self, name):
        """The running mean of values that layers report with `add_metric`."""
        if name not in self._metrics_by_name:
            from .. import metrics

            self._metrics_by_name[name] = metrics.Mean(name=name)
        return self._metrics_by_name[name]

    # public --------------------------------------------------------------------------------------------------
    def fit(self, x=None, y=None, batch_size=None, epochs=1, verbose="auto", callbacks=None, validation_split=0.0, validation_data=None, shuffle=True, class_weight=None, sample_weight=None, initial_epoch=0, steps_per_epoch=None, validation_steps=None, validation_batch_size=None, validation_freq=1, max_queue_size=10, workers=1, use_multiprocessing=False, **kwargs):  # fmt: skip
        """Train on arrays, lists or dicts of arrays, a generator, a `Sequence` or another iterable of batches. Returns a `History`.

        verbose: 0 silent, 1 (or 'auto') a progress bar, 2 a line for each epoch.
        """
        self._require_compiled("fit")
        if "nb_epoch" in kwargs:  # Keras 1
            epochs = kwargs.pop("nb_epoch")
        _refuse("fit", kwargs)
        return _loop().fit(
            self, x, y, batch_size, epochs, verbose, callbacks, validation_split, validation_data, shuffle, class_weight, sample_weight,
            initial_epoch, steps_per_epoch, validation_steps, validation_batch_size, validation_freq, max_queue_size, workers,
            use_multiprocessing,
        )  # fmt: skip

    def evaluate(self, x=None, y=None, batch_size=None, verbose="auto", sample_weight=None, steps=None, callbacks=None, max_queue_size=10, workers=1, use_multiprocessing=False, return_dict=False, **kwargs):  # fmt: skip
        """Loss and metrics on data: a float, or a list in the order of `metrics_names`, or a dict."""
        self._require_compiled("evaluate")
        _refuse("evaluate", kwargs)
        return _loop().evaluate(
            self, x, y, batch_size, verbose, sample_weight, steps, callbacks, return_dict, max_queue_size, workers
        )

    def predict(self, x, batch_size=None, verbose="auto", steps=None, callbacks=None, max_queue_size=10, workers=1, use_multiprocessing=False, **kwargs):  # fmt: skip
        """Outputs for data, as NumPy arrays in the structure of the model's outputs."""
        _refuse("predict", kwargs)
        return _loop().predict(self, x, batch_size, verbose, steps, callbacks, max_queue_size, workers)

    def train_on_batch(self, x, y=None, sample_weight=None, class_weight=None, reset_metrics=True, return_dict=False):
        """One update on one batch. Returns its loss, or [loss, metrics...]."""
        self._require_compiled("train_on_batch")
        return _loop().one_batch(self, "train", x, y, sample_weight, class_weight, reset_metrics, return_dict)

    def test_on_batch(self, x, y=None, sample_weight=None, reset_metrics=True, return_dict=False):
        """Loss and metrics of one batch."""
        self._require_compiled("test_on_batch")
        return _loop().one_batch(self, "test", x, y, sample_weight, None, reset_metrics, return_dict)

    def predict_on_batch(self, x):
        """Outputs for one batch, as NumPy arrays."""
        return _loop().predict_arrays(self, x)

    def fit_generator(self, generator, steps_per_epoch=None, epochs=1, verbose=1, callbacks=None, validation_data=None, validation_steps=None, validation_freq=1, class_weight=None, max_queue_size=10, workers=1, use_multiprocessing=False, shuffle=True, initial_epoch=0, **kwargs):  # fmt: skip
        """Keras 1 and 2: `fit` on a generator. Keras 1's samples_per_epoch, nb_epoch and nb_val_samples are understood."""
        if "nb_epoch" in kwargs:
            epochs = kwargs.pop("nb_epoch")
        samples, validation_samples = kwargs.pop("samples_per_epoch", None), kwargs.pop("nb_val_samples", None)
        for key in ("max_q_size", "nb_worker", "pickle_safe"):
            kwargs.pop(key, None)
        _refuse("fit_generator", kwargs)
        if samples is not None or validation_samples is not None:
            return _loop().fit_by_samples(
                self,
                generator,
                samples,
                validation_samples,
                epochs,
                verbose,
                callbacks,
                validation_data,
                class_weight,
                initial_epoch,
            )
        return self.fit(
            generator, epochs=epochs, verbose=verbose, callbacks=callbacks, validation_data=validation_data, validation_steps=validation_steps,
            validation_freq=validation_freq, class_weight=class_weight, steps_per_epoch=steps_per_epoch, shuffle=shuffle,
            initial_epoch=initial_epoch, workers=workers, max_queue_size=max_queue_size,
        )  # fmt: skip

    def evaluate_generator(
        self,
        generator,
        steps=None,
        callbacks=None,
        max_queue_size=10,
        workers=1,
        use_multiprocessing=False,
        verbose=0,
        **kwargs,
    ):
        """Keras 1 and 2: `evaluate` on a generator."""
        return self.evaluate(generator, steps=steps, callbacks=callbacks, verbose=verbose)

    def predict_generator(
        self,
        generator,
        steps=None,
        callbacks=None,
        max_queue_size=10,
        workers=1,
        use_multiprocessing=False,
        verbose=0,
        **kwargs,
    ):
        """Keras 1 and 2: `predict` on a generator."""
        return self.predict(generator, steps=steps, callbacks=callbacks, verbose=verbose)

    # metrics -------------------------------------------------------------------------------------------------
    @property
    def metrics(self):
        """The metric objects, known after the first batch."""
        return [] if self._compiled is None else [*self._compiled.all_metrics, *self._metrics_by_name.values()]

    @property
    def metrics_names(self):
        """Names of what `evaluate` returns."""
        if self._compiled is None:
            return []
        if not self._compiled.built and self.outputs:
            _loop().build_compiled_from_specs(self)
        if not self._compiled.built:
            return ["loss"]
        return [*self._compiled.loss_names, *self._compiled.metric_names, *self._metrics_by_name]

    def reset_metrics(self):
        """Start all metrics anew."""
        for m in self.metrics:
            m.reset_state()

    def make_train_function(self, force=False):
        """Kept for scripts that call it after compile(): steps are prepared when first needed."""
        if force:
            object.__setattr__(self, "_session", None)

    make_test_function = make_predict_function = make_train_function
    _make_train_function = _make_test_function = _make_predict_function = make_train_function


def _refuse(what, kwargs):
    if kwargs:
        key = next(iter(kwargs))
        known = ("x", "y", "batch_size", "epochs", "verbose", "callbacks", "validation_split", "validation_data", "shuffle", "class_weight", "sample_weight", "initial_epoch", "steps_per_epoch", "validation_steps", "validation_batch_size", "validation_freq", "steps", "return_dict", "max_queue_size", "workers", "use_multiprocessing")  # fmt: skip
        raise TypeError(f"{what}() got an unexpected keyword argument: {key!r}.{did_you_mean(key, known)}")
