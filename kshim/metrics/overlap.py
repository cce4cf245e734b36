"""Intersection over union, from a confusion matrix of classes."""

from .. import ops
from ..losses.reduction import as_tensor, cast, divide_no_nan
from .base import Metric, reg


class _Overlap(Metric):
    """A confusion matrix (labels down, predictions across) of integer labels, or of one-hot ones taken by argmax."""

    def __init__(
        self, num_classes, name=None, dtype=None, ignore_class=None, sparse_y_true=True, sparse_y_pred=True, axis=-1
    ):
        super().__init__(name=name, dtype=dtype)
        self.num_classes, self.ignore_class = num_classes, ignore_class
        self.sparse_y_true, self.sparse_y_pred, self.axis = sparse_y_true, sparse_y_pred, axis
        self.total_cm = self.add_weight("total_confusion_matrix", shape=(num_classes, num_classes))

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_true, y_pred = as_tensor(y_true), as_tensor(y_pred)
        if not self.sparse_y_true:
            y_true = ops.argmax(y_true, axis=self.axis)
        if not self.sparse_y_pred:
            y_pred = ops.argmax(y_pred, axis=self.axis)
        labels, found = (ops.reshape(cast(t, "int32"), (-1,)) for t in (y_true, y_pred))
        weight = None if sample_weight is None else ops.reshape(cast(sample_weight, self._dtype), (-1,))
        if self.ignore_class is not None:
            valid = ops.cast(ops.not_equal(labels, int(self.ignore_class)), self._dtype)
            weight = valid if weight is None else weight * valid
        rows = ops.one_hot(labels, self.num_classes, dtype=self._dtype)
        if weight is not None:
            rows = rows * ops.expand_dims(weight, 1)
        columns = ops.one_hot(found, self.num_classes, dtype=self._dtype)
        self.total_cm.assign_add(ops.matmul(ops.transpose(rows), columns))


@reg()
class IoU(_Overlap):
    """Mean over `target_class_ids` of intersection / union of labels and predictions."""

    def __init__(
        self,
        num_classes,
        target_class_ids,
        name=None,
        dtype=None,
        ignore_class=None,
        sparse_y_true=True,
        sparse_y_pred=True,
        axis=-1,
    ):
        super().__init__(num_classes, name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis)
        if max(target_class_ids) >= num_classes:
            raise ValueError(
                f"target_class_ids of {type(self).__name__} must be below num_classes={num_classes}; "
                f"received {list(target_class_ids)}."
            )
        self.target_class_ids = list(target_class_ids)

    def result(self):
        matrix = ops.convert_to_tensor(self.total_cm)
        both = ops.sum(matrix * ops.eye(self.num_classes, dtype=self._dtype), axis=0)
        either = ops.sum(matrix, axis=0) + ops.sum(matrix, axis=1) - both
        both, either = (ops.take(t, self.target_class_ids, axis=0) for t in (both, either))
        present = ops.sum(ops.cast(ops.not_equal(either, 0.0), self._dtype))
        return divide_no_nan(ops.sum(divide_no_nan(both, either)), present)

    def get_config(self):
        own = ("num_classes", "ignore_class", "sparse_y_true", "sparse_y_pred", "axis")
        ids = {"target_class_ids": list(self.target_class_ids)}
        return {**super().get_config(), **ids, **{key: getattr(self, key) for key in own}}

    def _config_without(self, *keys):
        config = IoU.get_config(self)
        return {k: v for k, v in config.items() if k not in keys}


@reg()
class BinaryIoU(IoU):
    """IoU of two classes, from scores that are class 1 from `threshold` on."""

    def __init__(self, target_class_ids=(0, 1), threshold=0.5, name=None, dtype=None):
        super().__init__(2, target_class_ids, name, dtype)
        self.threshold = threshold

    def update_state(self, y_true, y_pred, sample_weight=None):
        super().update_state(y_true, ops.greater_equal(cast(y_pred, self._dtype), self.threshold), sample_weight)

    def get_config(self):
        own = {"target_class_ids": list(self.target_class_ids), "threshold": self.threshold}
        return {**own, "name": self.name, "dtype": self.dtype}


@reg()
class MeanIoU(IoU):
    """IoU averaged over all classes that occur."""

    def __init__(
        self, num_classes, name=None, dtype=None, ignore_class=None, sparse_y_true=True, sparse_y_pred=True, axis=-1
    ):
        super().__init__(num_classes, range(num_classes), name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis)

    def get_config(self):
        return self._config_without("target_class_ids")


@reg()
class OneHotIoU(IoU):
    """IoU of one-hot labels."""

    def __init__(
        self, num_classes, target_class_ids, name=None, dtype=None, ignore_class=None, sparse_y_pred=False, axis=-1
    ):
        super().__init__(num_classes, target_class_ids, name, dtype, ignore_class, False, sparse_y_pred, axis)

    def get_config(self):
        return self._config_without("sparse_y_true")


@reg()
class OneHotMeanIoU(MeanIoU):
    """MeanIoU of one-hot labels."""

    def __init__(self, num_classes, name=None, dtype=None, ignore_class=None, sparse_y_pred=False, axis=-1):
        super().__init__(num_classes, name, dtype, ignore_class, False, sparse_y_pred, axis)

    def get_config(self):
        return self._config_without("target_class_ids", "sparse_y_true")
