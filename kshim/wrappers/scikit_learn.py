"""`KerasClassifier` and `KerasRegressor` of Keras 1 and 2: estimators that make a new model for each `fit`.

scikit-learn itself is not needed; the classes have the methods that its grid search, pipelines and scores ask for.
"""

import copy
import inspect

import numpy as np

from ..errors import did_you_mean
from ..models import Sequential
from ..utils.generic_utils import has_arg
from ..utils.np_utils import to_categorical

__all__ = ["BaseWrapper", "KerasClassifier", "KerasRegressor"]


class BaseWrapper:
    """An estimator around `build_fn`, a function (or callable object) returning a compiled model.

    `build_fn=None` means the subclass's own `__call__`. `sk_params` are arguments of `build_fn`, and of the model's
    fit, predict and evaluate; `ValueError` for any other name.
    """

    def __init__(self, build_fn=None, **sk_params):
        self.build_fn, self.sk_params = build_fn, sk_params
        self.check_params(sk_params)

    def _builder(self):
        """The function whose arguments can be set."""
        fn = self if self.build_fn is None else self.build_fn
        return fn if inspect.isfunction(fn) or inspect.ismethod(fn) else fn.__call__

    def check_params(self, params):
        """`ValueError` naming the first parameter that neither `build_fn` nor the model's methods take."""
        functions = [Sequential.fit, Sequential.predict, Sequential.evaluate, self._builder()]
        for name in params:
            if name != "nb_epoch" and not any(has_arg(fn, name) for fn in functions):
                known = [p for fn in functions for p in inspect.signature(fn).parameters if p != "self"]
                raise ValueError(f"{name} is not a legal parameter.{did_you_mean(name, known)}")

    def get_params(self, deep=True, **params):
        """The parameters and `build_fn`, copied."""
        return {**copy.deepcopy(self.sk_params), "build_fn": self.build_fn}

    def set_params(self, **params):
        """Change parameters; returns the estimator."""
        if "build_fn" in params:
            self.build_fn = params.pop("build_fn")
        self.check_params(params)
        self.sk_params.update(params)
        return self

    def filter_sk_params(self, fn, override=None):
        """The parameters that `fn` takes, with those of `override` on top."""
        return {**{name: value for name, value in self.sk_params.items() if has_arg(fn, name)}, **(override or {})}

    def fit(self, x, y, **kwargs):
        """Make a model and train it; returns the history."""
        builder = self._builder()
        self.model = builder(**self.filter_sk_params(builder))
        y = np.asarray(y)
        if _wants_one_hot(self.model.loss) and y.ndim != 2:
            y = to_categorical(y)
        settings = copy.deepcopy(self.filter_sk_params(Sequential.fit))
        if "nb_epoch" in self.sk_params:
            settings["epochs"] = self.sk_params["nb_epoch"]
        return self.model.fit(x, y, **{**settings, **kwargs})


def _wants_one_hot(loss):
    names = (loss, getattr(loss, "__name__", None), getattr(loss, "name", None))
    return any(isinstance(n, str) and n in ("categorical_crossentropy", "CategoricalCrossentropy") for n in names)


class KerasClassifier(BaseWrapper):
    """A classifier; `classes_` holds the labels seen by `fit`."""

    def fit(self, x, y, sample_weight=None, **kwargs):
        """Make a model and train it on labels (n,) or one-hot rows (n, classes); else `ValueError`."""
        y = np.asarray(y)
        if y.ndim == 2 and y.shape[1] > 1:
            self.classes_ = np.arange(y.shape[1])
        elif y.ndim in (1, 2):
            self.classes_ = np.unique(y)
            y = np.searchsorted(self.classes_, y)
        else:
            raise ValueError(
                f"Invalid shape for y: {y.shape}. Expected (samples,) labels or (samples, classes) one-hot rows."
            )
        self.n_classes_ = len(self.classes_)
        if sample_weight is not None:
            kwargs["sample_weight"] = sample_weight
        return super().fit(x, y, **kwargs)

    def predict(self, x, **kwargs):
        """The label of each sample."""
        p = self.model.predict(x, **self.filter_sk_params(Sequential.predict, kwargs))
        return self.classes_[p.argmax(-1) if p.shape[-1] > 1 else (p > 0.5).astype("int32")]

    def predict_proba(self, x, **kwargs):
        """(samples, classes) probabilities; a model with one output gives two columns."""
        p = self.model.predict(x, **self.filter_sk_params(Sequential.predict, kwargs))
        return np.hstack([1 - p, p]) if p.shape[1] == 1 else p

    def score(self, x, y, **kwargs):
        """Accuracy. `ValueError` unless the model was compiled with an accuracy metric."""
        y = np.searchsorted(self.classes_, y)
        if _wants_one_hot(self.model.loss) and y.ndim != 2:
            y = to_categorical(y, len(self.classes_))
        results = self.model.evaluate(x, y, **self.filter_sk_params(Sequential.evaluate, kwargs))
        results = results if isinstance(results, (list, tuple)) else [results]
        for name, value in zip(self.model.metrics_names, results):
            if name in ("accuracy", "acc"):
                return value
        raise ValueError(
            "The model is not configured to compute accuracy. Pass metrics=['accuracy'] to model.compile()."
        )


class KerasRegressor(BaseWrapper):
    """A regressor."""

    def predict(self, x, **kwargs):
        """Predictions, (samples,) for a model with one output."""
        return np.squeeze(self.model.predict(x, **self.filter_sk_params(Sequential.predict, kwargs)), axis=-1)

    def score(self, x, y, **kwargs):
        """Minus the loss, so that more is better."""
        loss = self.model.evaluate(x, y, **self.filter_sk_params(Sequential.evaluate, kwargs))
        return -(loss[0] if isinstance(loss, (list, tuple)) else loss)
