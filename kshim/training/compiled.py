"""What `compile` prepared: losses, metrics and weights, one for each output of the model."""

from .. import losses as _losses
from .. import metrics as _metrics
from .. import tree
from ..engine.names import fresh_names
from ..engine.tensor import Tensor
from ..errors import did_you_mean, mark_place


def _names(y_pred, output_names):
    flat = tree.flatten(y_pred)
    if output_names and len(output_names) == len(flat):
        return list(output_names)
    if isinstance(y_pred, dict):
        return [str(k) for k in sorted(y_pred, key=str)]
    return [f"output_{i + 1}" for i in range(len(flat))]


def per_output(spec, names, what, empty=None, keys=None):
    """A loss, metric or weight specification as one entry for each output; `ValueError` naming what does not fit.

    keys: those of a model whose outputs are a dict, which name the outputs as well as `names` do.
    """
    if isinstance(spec, dict):
        if keys and all(k in keys for k in spec):
            names = keys
        unknown = [k for k in spec if k not in names]
        if unknown:
            known = keys or names
            raise ValueError(
                f"{what}={{{unknown[0]!r}: ...}} names no output of the model.{did_you_mean(unknown[0], known)} The outputs are {known}."
            )
        return [spec.get(n, empty) for n in names]
    if isinstance(spec, (list, tuple)):
        if len(spec) != len(names):
            raise ValueError(f"{what} has {len(spec)} entries, but the model has {len(names)} output(s): {names}.")
        return list(spec)
    return [spec] * len(names)


def _is_metric_list(spec):
    return isinstance(spec, (list, tuple)) and not any(isinstance(s, (list, tuple)) for s in spec)


class Compiled:
    """Losses and metrics of a model. Misspelt names are refused at once; what depends on shapes waits for the first batch."""

    def __init__(self, loss, metrics, loss_weights, weighted_metrics, output_names=None, output_keys=None):
        self.loss, self.loss_weights = loss, loss_weights
        self.metrics, self.weighted_metrics = metrics, weighted_metrics
        self.output_names, self.keys = output_names, output_keys
        for item in tree.flatten(loss):
            _losses.get(item)
        for item in [*tree.flatten(metrics or []), *tree.flatten(weighted_metrics or [])]:
            _check_metric(item)
        self.built = False
        self.losses, self.weights = [], []
        self.metric_entries = []  # (output index, metric, whether weighted)
        if output_names:
            names = list(output_names)
            per_output(self._alone(loss, names), names, "loss", keys=output_keys)
            per_output(self._alone(loss_weights, names), names, "loss_weights", keys=output_keys)
            for what, specs in (("metrics", metrics), ("weighted_metrics", weighted_metrics)):
                if isinstance(specs, dict):
                    per_output(specs, names, what, keys=output_keys)

    def build(self, y_true, y_pred):
        """Resolve everything for the shapes of a first batch (tensors of `y_true` may be missing)."""
        if self.built:
            return
        flat = tree.flatten(y_pred)
        self.names = names = _names(y_pred, self.output_names)
        if self.keys is None and isinstance(y_pred, dict):
            self.keys = sorted(y_pred, key=str)
        single = len(names) == 1
        self.losses = [
            _losses.as_loss(item) for item in per_output(self._alone(self.loss, names), names, "loss", keys=self.keys)
        ]
        self.weights = per_output(self._alone(self.loss_weights, names), names, "loss_weights", 1.0, keys=self.keys)
        targets = list(y_true) + [None] * (len(names) - len(y_true))
        plain = self._metric_specs(self.metrics, names, "metrics")
        weighted = self._metric_specs(self.weighted_metrics, names, "weighted_metrics")
        self.metric_entries, self.metric_names = [], []
        for i, output in enumerate(names):
            for items, is_weighted in ((plain[i], False), (weighted[i], True)):
                for item in items:
                    metric = self._metric(item, self.losses[i], targets[i], flat[i])
                    if metric is not None:
                        if not getattr(metric, "built", True):  # its variables must not be made inside a compiled step
                            metric.build(None if targets[i] is None else targets[i].shape, flat[i].shape)
                        self.metric_entries.append((i, metric, is_weighted, output))
                        self.metric_names.append(
                            self._metric_name(metric.name, "" if single else f"{output}_", is_weighted)
                        )
        self.built = True

    @staticmethod
    def _alone(spec, names):
        """The entry of a one-element list, for a model with one output."""
        return spec[0] if len(names) == 1 and isinstance(spec, (list, tuple)) and len(spec) == 1 else spec

    def _metric_name(self, name, prefix, weighted):
        """The name in logs: Keras marks a weighted metric that has an unweighted twin; other repetitions are numbered."""
        if weighted and prefix + name in self.metric_names:
            name = f"weighted_{name}"
        n, full = 0, prefix + name
        while full in self.metric_names:
            n += 1
            full = f"{prefix}{name}_{n}"
        return full

    def _metric_specs(self, specs, names, what):
        if specs is None:
            return [[] for _ in names]
        if isinstance(specs, dict) or not _is_metric_list(specs) and isinstance(specs, (list, tuple)):
            entries = per_output(specs, names, what, [], keys=self.keys)
        else:
            entries = [specs if isinstance(specs, (list, tuple)) else [specs]] * len(names)
            if len(names) > 1:  # every output gets its own copy of a stateful metric
                entries = [[_copied(m) for m in e] if i else list(e) for i, e in enumerate(entries)]
        return [[] if e is None else list(e) if isinstance(e, (list, tuple)) else [e] for e in entries]

    def _metric(self, item, loss, y_true, y_pred):
        if item is None:
            return None
        if isinstance(item, str) and item in _metrics.SHAPED_NAMES:
            return _metrics.resolve_by_shape(item, None if y_true is None else y_true.shape, y_pred.shape, loss)
        if not isinstance(item, str):
            return _metrics.as_metric(item)
        with fresh_names():  # 'AUC' is 'auc' in every model, while AUC() objects are numbered
            return _metrics.as_metric(item)

    # inside a step ---------------------------------------------------------------------------------------------
    def compute(self, y_true, y_pred, sample_weight, extra):
        """(total loss, list of the losses of the outputs). `extra` are losses added by layers and regularisers."""
        parts, total = [], None
        flat = tree.flatten(y_pred)
        for i, (loss, weight) in enumerate(zip(self.losses, self.weights)):
            if loss is None:
                continue
            if i >= len(y_true) or y_true[i] is None:
                raise ValueError(
                    f"Output {self.names[i]!r} has a loss but no target data (y). Pass y, or compile with loss=None and add_loss()."
                )
            weights = sample_weight[i] if sample_weight is not None and i < len(sample_weight) else None
            try:
                value = loss(y_true[i], flat[i], weights)
            except Exception as error:
                mark_place(
                    error, f"loss {loss.name!r} of output {self.names[i]!r}: {_shapes(y_true[i], flat[i], weights)}"
                )
                raise
            if value.shape:
                from .. import ops

                value = ops.mean(value)
            parts.append(value)
            value = value if weight in (None, 1, 1.0) else value * weight
            total = value if total is None else total + value
        for value in extra:
            if value.shape:
                from .. import ops

                value = ops.mean(value)
            total = value if total is None else total + value
        if total is None:
            raise ValueError(
                "The model has nothing to minimise: compile it with a loss, e.g. loss='mse', or call add_loss() in a layer."
            )
        return total, parts

    def update_metrics(self, y_true, y_pred, sample_weight):
        if not self.metric_entries:
            return
        flat = [_detached(t) for t in tree.flatten(y_pred)]
        for i, metric, weighted, _ in self.metric_entries:
            weights = sample_weight[i] if weighted and sample_weight is not None and i < len(sample_weight) else None
            mask = getattr(flat[i], "_keras_mask", None)
            if mask is not None:
                mask = mask.astype(flat[i].dtype)
                weights = mask if weights is None else weights * mask
            if i >= len(y_true) or y_true[i] is None:  # as in tf.keras: an output without targets has no metrics
                continue
            try:
                metric.update_state(y_true[i], flat[i], sample_weight=weights)
            except Exception as error:
                mark_place(
                    error, f"metric {metric.name!r} of output {self.names[i]!r}: {_shapes(y_true[i], flat[i], weights)}"
                )
                raise

    # outside ---------------------------------------------------------------------------------------------------
    @property
    def loss_names(self):
        """Names of the loss values in logs, 'loss' first; one per output if there are several."""
        if len(self.losses) <= 1:
            return ["loss"]
        return ["loss", *(f"{n}_loss" for n, item in zip(self.names, self.losses) if item is not None)]

    @property
    def all_metrics(self):
        return [m for _, m, _, _ in self.metric_entries]

    def reset(self):
        for m in self.all_metrics:
            m.reset_state()

    def variables(self):
        return [v for m in self.all_metrics for v in m.variables]

    def results(self):
        """Metric name -> Tensor (or dict of them, flattened)."""
        out = {}
        for name, (_, metric, _, _) in zip(self.metric_names, self.metric_entries):
            value = metric.result()
            if isinstance(value, dict):
                out.update(value)
            else:
                out[name] = value
        return out


def _shapes(y_true, y_pred, weights):
    text = f"the target has shape {tuple(y_true.shape)}, the prediction {tuple(y_pred.shape)}"
    return text if weights is None else f"{text}, the sample weight {tuple(weights.shape)}"


def _detached(y):
    """Predictions as metrics see them: without gradient, with their mask and what went into their softmax or sigmoid."""
    from .. import ops

    out = ops.stop_gradient(y)
    out._keras_mask = y._keras_mask
    if hasattr(y, "_keras_logits_of"):
        out._keras_logits, out._keras_logits_of = ops.stop_gradient(y._keras_logits), y._keras_logits_of
    return out


def _check_metric(item):
    if item is None or isinstance(item, str) and item in _metrics.SHAPED_NAMES:
        return
    if isinstance(item, Tensor):
        raise ValueError("metrics= takes names, functions or Metric objects; received a tensor.")
    if (
        not isinstance(item, str) or _metrics.reg.lookup(item) is None
    ):  # a name is resolved later: that makes the metric
        _metrics.get(item)


def _copied(metric):
    if isinstance(metric, _metrics.Metric):
        return type(metric).from_config(metric.get_config())
    return metric
