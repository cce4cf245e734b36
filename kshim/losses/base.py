"""`Loss`, the base class of losses, and the class that makes one from a function."""

import warnings

from ..engine.context import context
from ..engine.objects import Registry, get_registered_name
from ..engine.tensor import KerasTensor
from .reduction import Reduction, apply_valid_mask, compute_weighted_loss, get_mask, squeeze_labels

reg = Registry("loss", "keras.losses")


class Loss:
    """Base class: a subclass defines `call(y_true, y_pred)`, returning one value per sample.

    `reduction` is one of `Reduction`; `name` is what logs show. Keras 3's `dtype` is accepted: losses are computed in
    the dtype of the predictions.
    """

    def __init__(self, reduction=Reduction.AUTO, name=None, dtype=None):
        if name in Reduction.all() and reduction not in Reduction.all():
            reduction, name = name, reduction  # Keras 3's order of arguments
        reduction = Reduction.NONE if reduction is None else reduction
        Reduction.validate(reduction)
        self.reduction, self.name = reduction, name
        self._dtype = dtype

    @property
    def dtype(self):
        from ..config import floatx

        return self._dtype or floatx()

    def call(self, y_true, y_pred):
        raise NotImplementedError(f"Loss {type(self).__name__} must define call(self, y_true, y_pred).")

    def __call__(self, y_true, y_pred, sample_weight=None):
        """The reduced loss. `sample_weight` is a scalar, one weight per sample, or broadcastable to the losses."""
        values = self.call(y_true, y_pred)
        if isinstance(values, KerasTensor) and context.step_values is not None:  # a tensor of the model's graph
            values = context.step_values.of(values)
        in_mask, out_mask = get_mask(y_pred), get_mask(values)
        mask = out_mask if in_mask is None else in_mask if out_mask is None else in_mask & out_mask
        reduction = Reduction.SUM_OVER_BATCH_SIZE if self.reduction == Reduction.AUTO else self.reduction
        over_valid = reduction in (Reduction.SUM_OVER_BATCH_SIZE, Reduction.MEAN)
        weight = apply_valid_mask(values, sample_weight, mask, over_valid)
        return compute_weighted_loss(values, weight, reduction)

    def get_config(self):
        """'auto' is stored as 'sum_over_batch_size', which is what it means and what every Keras reads."""
        reduction = Reduction.SUM_OVER_BATCH_SIZE if self.reduction == Reduction.AUTO else self.reduction
        return {"reduction": reduction, "name": self.name}

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        if cls is not LossFunctionWrapper:
            config.pop("fn", None)  # Keras 2.12+ adds it; the class says it already
        elif "fn" in config:
            config["fn"] = get_loss(config["fn"])
        return cls(**config)

    def __repr__(self):
        return f"<{type(self).__name__} {self.get_config()}>"


@reg()
class LossFunctionWrapper(Loss):
    """A loss from a function `fn(y_true, y_pred, **kwargs)`, given as `fn` or by its name."""

    def __init__(self, fn, reduction=Reduction.AUTO, name=None, dtype=None, **kwargs):
        super().__init__(reduction=reduction, name=name, dtype=dtype)
        self.fn = get_loss(fn)
        self._fn_kwargs = kwargs

    def call(self, y_true, y_pred):
        y_true, y_pred = squeeze_labels(y_true, y_pred)
        return self.fn(y_true, y_pred, **self._fn_kwargs)

    def get_config(self):
        config = {**super().get_config(), **self._fn_kwargs}
        if type(self) is LossFunctionWrapper:
            config["fn"] = get_registered_name(self.fn)
        return config


def get_loss(identifier):
    """A loss from its name, config, class, function or itself; None stays None. `ValueError` names near misses."""
    return reg.get(identifier)


def as_loss(identifier):
    """A `Loss` instance from anything `get_loss` takes; functions are wrapped under their own name."""
    loss = get_loss(identifier)
    if loss is None or isinstance(loss, Loss):
        return loss
    name = getattr(loss, "name", None) or getattr(loss, "__name__", None)
    if name is None:
        from ..engine.objects import snake_case

        name = snake_case(type(loss).__name__)
    return LossFunctionWrapper(loss, name=name)


def warn_one_class(name, y_pred):
    if y_pred.shape[-1] == 1:
        warnings.warn(
            f"In loss {name}, y_pred has shape {tuple(y_pred.shape)}: one class only, so the loss is always 0. "
            "Use 'binary_crossentropy' for two classes.",
            SyntaxWarning,
            stacklevel=4,
        )
