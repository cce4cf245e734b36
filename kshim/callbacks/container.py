"""`CallbackList`: calls the hooks of several callbacks, and only those that somebody overrode."""

import sys

import numpy as np

from ..training.data_batch import convert, unpack_x_y_sample_weight
from ..tree import flatten
from .base import Callback
from .history import History
from .logs import LazyLogs, VersionedDict
from .progress import ProgbarLogger

_references = getattr(sys, "getrefcount", lambda _: 0)

_BATCH_HOOKS = [f"on_{mode}_batch_{when}" for mode in ("train", "test", "predict") for when in ("begin", "end")]
_HOOKS = ["on_epoch_begin", "on_epoch_end", *_BATCH_HOOKS]
_HOOKS += [f"on_{mode}_{when}" for mode in ("train", "test", "predict") for when in ("begin", "end")]


def _as_array(x, _):
    return np.asarray(x) if isinstance(x, (list, tuple, range)) else x


def _overridden(callback, hook):
    """The callback's own method `hook`, or None if it is `Callback`'s, which does nothing."""
    method = getattr(callback, hook, None)
    if method is None or getattr(method, "__func__", method) is getattr(Callback, hook):
        return None
    wants = getattr(callback, "_wants", None)
    return method if wants is None or wants(hook) else None


def _hook(callback, hook):
    own = _overridden(callback, hook)
    if own is None and hook.startswith("on_train_batch_"):
        return _overridden(callback, hook.replace("train_", ""))  # the name of Keras 1 and 2.0
    return own


class CallbackList:
    """Several callbacks in one, in order.

    add_history and add_progbar append a `History` and a `ProgbarLogger` unless there are some; `model` and the other
    keyword arguments (verbose, epochs, steps ...) are handed on to all. validation_data is fit's, for callbacks of
    Keras 1 and 2. Which hooks exist is looked up whenever an epoch, training, evaluation or prediction begins, so a
    batch costs nothing when no callback looks at batches.
    """

    def __init__(
        self, callbacks=None, add_history=False, add_progbar=False, model=None, validation_data=None, **params
    ):
        self.callbacks = [c for c in flatten(callbacks) if c is not None] if callbacks else []
        for callback in self.callbacks:
            if isinstance(callback, type) or not hasattr(callback, "set_model"):
                hint = " Create it first: add ()." if isinstance(callback, type) else ""
                raise TypeError(f"callbacks must be keras.callbacks.Callback objects, received {callback!r}.{hint}")
        self.params, self.model = {}, None
        self._methods = None
        self._history = self._ensure(History, add_history)
        self._ensure(ProgbarLogger, add_progbar)
        if model is not None:
            self.set_model(model)
        if params:
            self.set_params(params)
        if isinstance(validation_data, (tuple, list)):
            self.set_validation_data(*unpack_x_y_sample_weight(validation_data))

    def _ensure(self, cls, add):
        found = [c for c in self.callbacks if isinstance(c, cls)]
        if not found and add:
            found = [cls()]
            self.callbacks += found
        return found[-1] if found else None

    def __iter__(self):
        return iter(self.callbacks)

    def append(self, callback):
        self.callbacks.append(callback)
        self._methods = None

    def set_params(self, params):
        """Give all the dict of settings, with the names of Keras 1 added."""
        params = dict(params)
        for new, old in (("epochs", "nb_epoch"), ("samples", "nb_sample")):
            if new in params:
                params.setdefault(old, params[new])
        self.params = params
        for callback in self.callbacks:
            callback.set_params(params)
        self._methods = None

    def set_model(self, model):
        self.model = model
        if self._history is not None:
            model.history = self._history
        for callback in self.callbacks:
            callback.set_model(model)
        self._methods = None

    def set_validation_data(self, x, y, sample_weight=None):
        """Set `validation_data` as Keras 1 and 2 do: the arrays of x, of y, and weights (ones if None) in one list."""
        x, y, sample_weight = (flatten(convert(tree, "validation_data", _as_array)) for tree in (x, y, sample_weight))
        given = sample_weight if len(sample_weight) == len(y) else [None] * len(y)
        weights = [np.ones(len(t), "float32") if w is None and t is not None else w for t, w in zip(y, given)]
        data = [*x, *y, *weights]
        for callback in self.callbacks:
            callback.validation_data = data

    def methods(self, hook):
        """The bound methods that `hook` will call."""
        if self._methods is None:
            self._methods = {}
            for name in _HOOKS:
                found = (_hook(callback, name) for callback in self.callbacks)
                self._methods[name] = [method for method in found if method is not None]
        return self._methods[hook]

    def has_batch_hooks(self, mode):
        """Whether any callback wants to see the batches of 'train', 'test' or 'predict'."""
        return bool(self.methods(f"on_{mode}_batch_begin") or self.methods(f"on_{mode}_batch_end"))

    def follows_batches(self):
        """Whether any callback must be told of every batch of training; the progress bar need not."""
        methods = self.methods("on_train_batch_begin") + self.methods("on_train_batch_end")
        return any(type(getattr(method, "__self__", None)) is not ProgbarLogger for method in methods)

    def _call(self, hook, *args):
        for method in self.methods(hook):
            method(*args)

    # a hook may be attached to a callback at any time; these are the moments at which that is noticed
    def on_epoch_begin(self, epoch, logs=None):
        self._methods = None
        self._call("on_epoch_begin", epoch, {} if logs is None else logs)

    def on_epoch_end(self, epoch, logs=None):
        shown = VersionedDict(logs or {}) if logs is None or type(logs) is dict else logs
        self._call("on_epoch_end", epoch, shown)
        if type(logs) is dict:
            logs.update(shown)  # what callbacks added


def _batch_method(hook):
    def call(self, batch, logs=None):
        methods = self.methods(hook)
        if not methods:
            return
        logs = {} if logs is None else logs
        before = _references(logs)
        for method in methods:
            method(batch, logs)
        if type(logs) is LazyLogs and _references(logs) > before:
            logs.items()  # a callback keeps them: read now, before the next batch changes the values

    call.__name__ = hook
    return call


def _run_method(hook):
    def call(self, logs=None):
        if hook.endswith("begin"):
            self._methods = None
        self._call(hook, {} if logs is None else logs)

    call.__name__ = hook
    return call


for _name in _BATCH_HOOKS:
    setattr(CallbackList, _name, _batch_method(_name))
for _mode in ("train", "test", "predict"):
    for _when in ("begin", "end"):
        setattr(CallbackList, f"on_{_mode}_{_when}", _run_method(f"on_{_mode}_{_when}"))
CallbackList.on_batch_begin = CallbackList.on_train_batch_begin
CallbackList.on_batch_end = CallbackList.on_train_batch_end
