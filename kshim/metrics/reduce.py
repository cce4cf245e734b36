"""Metrics that are a weighted mean or a sum of values."""

import math

from .. import ops
from ..engine.objects import get_registered_name
from ..losses.reduction import (
    apply_valid_mask,
    broadcast_weight,
    cast,
    divide_no_nan,
    fit_weight,
    get_mask,
    squeeze_labels,
)
from .base import Metric, reg


def weighted(values, weight, reduce):
    """(values * weight, weight as broadcast). Where the weight does not broadcast, values are reduced to its rank."""
    weight = fit_weight(values, weight)
    wide = broadcast_weight(values, weight)
    if wide is None:
        values = reduce(values, axis=tuple(range(weight.ndim, values.ndim))) if values.ndim > weight.ndim else values
        wide = weight
    return values * wide, wide


class _Reduce(Metric):
    """`total`, and `count` for means."""

    mean = True

    def __init__(self, name=None, dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_weight("total")
        if self.mean:
            self.count = self.add_weight("count")

    def update_state(self, values, sample_weight=None):
        """Add values of any shape; `sample_weight` is a scalar or broadcasts to them."""
        if isinstance(values, dict):
            raise RuntimeError(
                f"Metric {self.name!r} got a dict of values: a metric function must return one tensor. "
                "To report several values write a Metric subclass whose result() returns the dict."
            )
        values = cast(values, self._dtype)
        if sample_weight is None:
            count = float(math.prod(values.shape))
        else:
            values, weight = weighted(values, cast(sample_weight, self._dtype), ops.mean if self.mean else ops.sum)
            count = ops.sum(weight)
        self.total.assign_add(ops.sum(values))
        if self.mean:
            self.count.assign_add(count)

    def result(self):
        return divide_no_nan(self.total, self.count) if self.mean else ops.convert_to_tensor(self.total)


@reg()
class Sum(_Reduce):
    """Weighted sum of all values."""

    mean = False

    def __init__(self, name="sum", dtype=None):
        super().__init__(name=name, dtype=dtype)


@reg()
class Mean(_Reduce):
    """Weighted mean of all values."""

    def __init__(self, name="mean", dtype=None):
        super().__init__(name=name, dtype=dtype)


@reg("SumOverBatchSizeMetricWrapper")
class MeanMetricWrapper(Mean):
    """Mean of a function `fn(y_true, y_pred, **kwargs)` that returns one value per sample."""

    def __init__(self, fn, name=None, dtype=None, **kwargs):
        super().__init__(name=name or getattr(fn, "__name__", None) or "mean_metric_wrapper", dtype=dtype)
        self._fn, self._fn_kwargs = fn, kwargs

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_true, y_pred = squeeze_labels(cast(y_true, self._dtype), cast(y_pred, self._dtype))
        values = self._fn(y_true, y_pred, **self._fn_kwargs)
        mask = get_mask(values)
        if mask is not None:
            sample_weight = apply_valid_mask(values, sample_weight, mask, over_valid=False)
        super().update_state(values, sample_weight=sample_weight)

    def get_config(self):
        config = {**super().get_config(), **self._fn_kwargs}
        if type(self) is MeanMetricWrapper:
            config["fn"] = reg.serialize(self._fn) if hasattr(self._fn, "get_config") else get_registered_name(self._fn)
        return config

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        fn = config.pop("fn", None)
        if cls is MeanMetricWrapper:
            from . import get

            return cls(get(fn), **config)
        return cls(**config)


@reg()
class MeanTensor(Metric):
    """Weighted mean of each element over calls; all values have one shape, given or taken from the first call."""

    def __init__(self, name="mean_tensor", dtype=None, shape=None):
        super().__init__(name=name, dtype=dtype)
        self._shape = None
        self.total = self.count = None
        if shape is not None:
            self._build(shape)

    def _build(self, shape):
        self._shape = tuple(shape)
        self.total = self.add_weight("total", shape=self._shape)
        self.count = self.add_weight("count", shape=self._shape)

    def update_state(self, values, sample_weight=None):
        values = cast(values, self._dtype)
        if self._shape is None:
            self._build(values.shape)
        elif tuple(values.shape) != self._shape:
            raise ValueError(
                f"MeanTensor {self.name!r} averages values of shape {self._shape}; received {tuple(values.shape)}."
            )
        count = ops.ones_like(values)
        if sample_weight is not None:
            values, weight = weighted(values, cast(sample_weight, self._dtype), ops.mean)
            count = count * weight
        self.total.assign_add(values)
        self.count.assign_add(count)

    def result(self):
        if self._shape is None:
            raise ValueError(f"MeanTensor {self.name!r} has no value yet: call it or update_state(values) first.")
        return divide_no_nan(self.total, self.count)

    def get_config(self):
        return {**super().get_config(), "shape": None if self._shape is None else list(self._shape)}
