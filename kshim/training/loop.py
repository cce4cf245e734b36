"""The loops of `fit`, `evaluate` and `predict`: one for all backends and all kinds of data."""

import sys

import numpy as np

from .. import tree
from ..callbacks import CallbackList, LazyLogs
from ..engine import seeds
from ..engine.tensor import Tensor
from ..spec import registry
from ..spec.rng import fold
from . import batches, limits
from .compiled import per_output
from .counters import advance
from .data import make_source, split_validation, unpack_validation_data
from .data_batch import convert_batch
from .data_weights import ClassWeights
from .steps import training_phase


def _verbosity(verbose):
    if verbose == "auto" or verbose is True:
        return 1
    return int(verbose)


def _ensure_ready(model, x, y=None):
    """Build the model from a first host batch if need be, and (given `y`) its losses and metrics from the shapes."""
    from ..engine.symbolic import output_spec
    from ..engine.tensor import KerasTensor
    from ..spec.dtypes import standardize

    def spec(a):
        return None if a is None else KerasTensor((None, *a.shape[1:]), standardize(a.dtype))

    if not model.built and hasattr(model, "_stack"):
        model.build((None, *tree.flatten(x)[0].shape[1:]))
    compiled = model._compiled
    wanted = compiled is not None and not compiled.built and y is not None
    outputs = model._graph.outputs if model._graph is not None else None
    if outputs is None and (wanted or not model.built):
        with training_phase(y is not None):  # layers that only training uses get their weights too
            outputs = output_spec(model, (tree.map_structure(spec, x),), {})
        model.built = True
    if wanted:
        compiled.build([spec(t) for t in y], outputs)


def build_compiled_from_specs(model):
    """Resolve losses and metrics before any data, taking targets to be shaped like the outputs."""
    from .. import losses
    from ..engine.tensor import KerasTensor

    names, targets = model.output_names, []
    given = per_output(model._compiled._alone(model.loss, names), names, "loss", keys=model._output_keys)
    for out, loss in zip(model.outputs, map(losses.as_loss, given)):
        sparse = loss is not None and "sparse" in str(getattr(loss, "name", loss)).lower()
        targets.append(KerasTensor((*out.shape[:-1], 1) if sparse else out.shape, "int32" if sparse else out.dtype))
    model._compiled.build(targets, model._graph.outputs)


def _session(model):
    session = model.session()
    if not session.valid():
        model._changed()
        session = model.session()
    return session


class _Run:
    """One pass over the data with a step: prepares host batches and counts samples."""

    def __init__(self, model, kind):
        self.model, self.kind, self.session = model, kind, None
        self.source, self.ahead, self.cap, self.done = None, 0, 0, 0
        self.most = 1  # steps in one call

    def join(self, source, epochs, cap):
        """Allow several steps in one call: there are `epochs` of the source to come, of up to `cap` batches."""
        self.source, self.cap = source, _capped(source.num_steps, cap)
        self.ahead = epochs * self.cap
        session = self.model._session
        if session is not None and session.valid():  # otherwise the first batch tells
            self.most = session.joined.most(session, source, self.ahead)

    def together(self):
        """How many of the next batches to take at once."""
        return min(self.most, self.cap - self.done)

    def step(self, x, y, sample_weight):
        """One step, or of arrays that hold several batches all of them. Returns how many samples each has."""
        model = self.model
        x, y, sample_weight = batch = batches.prepare(model, x, y, sample_weight)
        if self.session is None:
            _ensure_ready(model, x, y)
            self.session = session = _session(model)
            session.reset(len(model._compiled.loss_names))
            if self.ahead:
                self.most = session.joined.most(session, self.source, self.ahead)
        n = batches.samples(x)
        if self.most == 1 or n % self.source.batch_size:
            getattr(self.session, self.kind)(batch, n)
            self.done += 1
            return n
        steps = n // self.source.batch_size
        self.session.train_joined(batch, n, steps, self.most)
        if self.session.joined.impossible:
            self.most = 1
        self.done += steps
        return n // steps

    def logs(self):
        return self.session.logs() if self.session is not None else {}

    def lazy(self, step, n, steps=1):
        """The logs of a batch (the last of `steps`), computed if a callback looks at them."""
        return LazyLogs(
            self.logs, {"batch": step, "size": n} if steps == 1 else {"batch": step, "size": n, "num_steps": steps}
        )


def fit(
    model, x, y, batch_size, epochs, verbose, callbacks, validation_split, validation_data, shuffle, class_weight, sample_weight,
    initial_epoch, steps_per_epoch, validation_steps, validation_batch_size, validation_freq, max_queue_size, workers, use_multiprocessing,
):  # fmt: skip
    """See `Trainer.fit`."""
    if validation_split and validation_data is None:
        (x, y, sample_weight), validation_data = split_validation(x, y, sample_weight, validation_split)
    source = make_source(
        x, y, sample_weight, batch_size=batch_size, steps=steps_per_epoch, shuffle=shuffle, class_weight=class_weight, training=True,
        epochs=epochs - initial_epoch, workers=workers, use_multiprocessing=use_multiprocessing, max_queue_size=max_queue_size,
        output_names=model.output_names if model.outputs else None,
    )  # fmt: skip
    validation = None
    if validation_data is not None:
        vx, vy, vw = unpack_validation_data(validation_data)
        validation = make_source(
            vx,
            vy,
            vw,
            batch_size=validation_batch_size or batch_size or source.batch_size,
            steps=validation_steps,
            training=False,
        )
    verbose, epochs, cap = _verbosity(verbose), limits.last_epoch(initial_epoch, epochs), limits.max_steps()
    model.stop_training = False
    callback_list = CallbackList(
        callbacks, add_history=True, add_progbar=verbose != 0, model=model, verbose=verbose, epochs=epochs, steps=_capped(source.num_steps, cap),
        samples=source.num_samples, batch_size=source.batch_size, do_validation=validation is not None, validation_data=validation_data,
    )  # fmt: skip
    logs = {}
    try:
        model._initial_epoch = None  # BackupAndRestore may say where to go on
        callback_list.on_train_begin()
        for epoch in range(max(initial_epoch, model._initial_epoch or 0), epochs):
            callback_list.on_epoch_begin(epoch)
            run, step, key = _Run(model, "train"), -1, _shuffle_key(model)
            if source.joins and not callback_list.follows_batches():
                run.join(source, epochs - epoch, cap)
                data = source.epoch(key, run.together)
            else:
                data = source.epoch(key)
            for bx, by, bw in data:
                callback_list.on_train_batch_begin(step + 1)
                n, before, step = run.step(bx, by, bw), step, run.done - 1
                callback_list.on_train_batch_end(step, run.lazy(step, n, step - before))
                if model.stop_training or step + 1 == cap:
                    break
            if step < 0 and source.exhausted:
                break
            if step < 0:
                raise ValueError(
                    "fit() received no batch of training data. Check that the generator or data set is not empty."
                )
            if source.exhausted:
                model.stop_training = True
            logs = run.logs()
            if validation is not None and _due(validation_freq, epoch):
                logs.update({f"val_{k}": v for k, v in _evaluate(model, validation, callback_list).items()})
            source.on_epoch_end()
            callback_list.on_epoch_end(epoch, logs)
            if model.stop_training:
                break
        if model.optimizer is not None:
            model.optimizer.finalize_variable_values(model.session().trainable)
        callback_list.on_train_end(logs)
    finally:
        source.close()
        if validation is not None:
            validation.close()
    return model.history


def _capped(steps, cap):
    return steps if cap is None or steps is None else min(steps, cap)


def _shuffle_key(model):
    return fold(seeds.seed_of(model), "shuffle", advance(model, "epochs"))


def _due(validation_freq, epoch):
    if isinstance(validation_freq, int):
        return (epoch + 1) % validation_freq == 0
    return epoch + 1 in validation_freq


def _evaluate(model, source, callback_list):
    run, cap = _Run(model, "test"), limits.max_steps()
    callback_list.on_test_begin()
    for step, (bx, by, bw) in enumerate(source.epoch(None)):
        callback_list.on_test_batch_begin(step)
        n = run.step(bx, by, bw)
        callback_list.on_test_batch_end(step, run.lazy(step, n))
        if step + 1 == cap:
            break
    logs = run.logs()
    callback_list.on_test_end(logs)
    return logs


def evaluate(model, x, y, batch_size, verbose, sample_weight, steps, callbacks, return_dict, max_queue_size, workers):
    """See `Trainer.evaluate`."""
    source = make_source(
        x,
        y,
        sample_weight,
        batch_size=batch_size,
        steps=steps,
        training=False,
        workers=workers,
        max_queue_size=max_queue_size,
    )
    verbose = _verbosity(verbose)
    callback_list = CallbackList(
        callbacks, add_history=False, add_progbar=verbose != 0, model=model, verbose=verbose, epochs=1, steps=source.num_steps,
        samples=source.num_samples, batch_size=source.batch_size,
    )  # fmt: skip
    try:
        logs = _evaluate(model, source, callback_list)
    finally:
        source.close()
    if not logs:
        raise ValueError("evaluate() received no batch of data.")
    return _results(model, logs, return_dict)


def _results(model, logs, return_dict):
    if return_dict:
        return dict(logs)
    values = list(logs.values())
    return values[0] if len(values) == 1 else values


def one_batch(model, kind, x, y, sample_weight, class_weight, reset_metrics, return_dict):
    """`train_on_batch` and `test_on_batch`."""
    x, y, sample_weight = convert_batch((x, y, sample_weight))
    if class_weight:
        sample_weight = ClassWeights(class_weight, model.output_names if model.outputs else None)(y, sample_weight)
    x, y, sample_weight = batches.prepare(model, x, y, sample_weight)
    _ensure_ready(model, x, y)
    session = _session(model)
    if reset_metrics or not session.totals:
        session.reset(len(model._compiled.loss_names))
    getattr(session, kind)((x, y, sample_weight), batches.samples(x))
    return _results(model, session.logs(), return_dict)


def predict_arrays(model, x):
    """Outputs for one batch, without a data pipeline."""
    return _predict_host(model, convert_batch((x, None, None))[0])


def _predict_host(model, x, size=None):
    """Outputs for a host batch; `size`: of the other batches, for which the step is compiled already."""
    _ensure_ready(model, x)
    backend = registry.state.backend or registry.resolve()
    session = _session(model)
    key = session.key("predict", advance(model, "predict"))

    def run(x):
        return tree.map_structure(backend.to_numpy, session.predict(x, key))

    if not size or not backend.static_shapes or model.stateful:
        return run(x)
    return session.filling.predict(run, x, size)


def predict(model, x, batch_size, verbose, steps, callbacks, max_queue_size, workers):
    """See `Trainer.predict`."""
    if _small(x, batch_size, steps, callbacks):
        verbose = 0 if verbose == "auto" else verbose
        if not verbose:
            return predict_arrays(model, x)
    source = make_source(
        x,
        None,
        None,
        batch_size=batch_size,
        steps=steps,
        training=False,
        workers=workers,
        max_queue_size=max_queue_size,
    )
    verbose = _verbosity(verbose) if verbose != "auto" else (1 if sys.stdout.isatty() else 0)
    callback_list = CallbackList(
        callbacks, add_history=False, add_progbar=verbose != 0, model=model, verbose=verbose, epochs=1, steps=source.num_steps,
        samples=source.num_samples, batch_size=source.batch_size,
    )  # fmt: skip
    pieces, structure = [], None
    callback_list.on_predict_begin()
    try:
        for step, (bx, _, _) in enumerate(source.epoch(None)):
            callback_list.on_predict_batch_begin(step)
            out = _predict_host(model, bx, source.batch_size)
            structure = out
            pieces.append(tree.flatten(out))
            callback_list.on_predict_batch_end(step, {"batch": step, "size": batches.samples(bx)})
    finally:
        source.close()
    callback_list.on_predict_end()
    if not pieces:
        raise ValueError("predict() received no batch of data.")
    return tree.pack_like(
        structure, [np.concatenate(column) if len(column) > 1 else column[0] for column in zip(*pieces)]
    )


def _small(x, batch_size, steps, callbacks):
    """Whether `x` is arrays of at most one batch."""
    if callbacks or steps is not None:
        return False
    leaves = x if isinstance(x, (list, tuple)) else x.values() if isinstance(x, dict) else (x,)
    limit = batch_size or 32
    for leaf in leaves:
        if not isinstance(leaf, (np.ndarray, Tensor)) or not leaf.shape or leaf.shape[0] > limit:
            return False
    return True


def fit_by_samples(
    model,
    generator,
    samples,
    validation_samples,
    epochs,
    verbose,
    callbacks,
    validation_data,
    class_weight,
    initial_epoch,
):
    """Keras 1's `fit_generator`: an epoch ends when `samples_per_epoch` samples have been seen."""
    first = next(iter(generator))
    n = max(1, batches.samples(tree.map_structure(np.asarray, first[0])))

    def chained():
        yield first
        yield from generator

    steps = max(1, -(-samples // n)) if samples else None
    validation_steps = max(1, -(-validation_samples // n)) if validation_samples else None
    return model.fit(
        chained(), steps_per_epoch=steps, epochs=epochs, verbose=verbose, callbacks=callbacks, validation_data=validation_data,
        validation_steps=validation_steps, class_weight=class_weight, initial_epoch=initial_epoch,
    )  # fmt: skip
