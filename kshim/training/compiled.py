"""What `compile` prepared: losses, metrics and weights, one for each output of the model."""

from .. import losses as _losses
from .. import metrics as _metrics
from .. import tree
from ..engine.tensor import Tensor
from ..errors import did_you_mean


def _names(y_pred, output_names):
    flat = tree.flatten(y_pred)
    if output_names and len(output_names) == len(flat):
        return list(output_names)
    if isinstance(y_pred, dict):
        return [str(k) for k in sorted(y_pred, key=str)]
    return [f"output_{i + 1}" for i in range(len(flat))]


def _per_output(spec, names, what, empty=None):
    """A loss, metric or weight specification as one entry for each output; `ValueError` naming what does not fit."""
    if isinstance(spec, dict):
        unknown = [k for k in spec if k not in names]
        if unknown:
            raise ValueError(f"{what}={{{unknown[0]!r}: ...}} names no output of the model.{did_you_mean(unknown[0], names)} The outputs are {names}.")
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

    def __init__(self, loss, metrics, loss_weights, weighted_metrics, output_names=None, n_outputs=None):
        self.loss, self.loss_weights = loss, loss_weights
        self.metrics, self.weighted_metrics = metrics, weighted_metrics
        self.output_names = output_names
        for item in tree.flatten(loss):
            _losses.get(item)
        for item in [*tree.flatten(metrics or []), *tree.flatten(weighted_metrics or [])]:
            _check_metric(item)
        self.built = False
        self.losses, self.weights = [], []
        self.metric_entries = []  # (output index, metric, whether weighted)
        if output_names:
            names = list(output_names)
            _per_output(loss, names, "loss")
            _per_output(loss_weights, names, "loss_weights")

    def build(self, y_true, y_pred):
        """Resolve everything for the shapes of a first batch (tensors of `y_true` may be missing)."""
        if self.built:
            return
        flat = tree.flatten(y_pred)
        self.names = names = _names(y_pred, self.output_names)
        single = len(names) == 1
        if single and isinstance(self.loss, (list, tuple)) and len(self.loss) == 1:
            self.loss = self.loss[0]
        self.losses = [_losses.as_loss(item) for item in _per_output(self.loss, names, "loss")]
        weights = self.loss_weights
        if single and isinstance(weights, (list, tuple)) and len(weights) == 1:
            weights = weights[0]
        self.weights = _per_output(weights, names, "loss_weights", 1.0)
        targets = list(y_true) + [None] * (len(names) - len(y_true))
        self.metric_entries = []
        for specs, weighted in ((self.metrics, False), (self.weighted_metrics, True)):
            for i, entry in enumerate(self._metric_specs(specs, names)):
                for item in entry:
                    metric = self._metric(item, self.losses[i], targets[i], flat[i])
                    if metric is not None:
                        self.metric_entries.append((i, metric, weighted, names[i]))
        taken = {}
        for _, metric, _, _ in self.metric_entries:
            taken[metric.name] = taken.get(metric.name, 0) + 1
        self.metric_names = []
        for i, metric, _, output in self.metric_entries:
            name = metric.name if single else f"{output}_{metric.name}"
            n, base = 1, name
            while name in self.metric_names:
                name = f"{base}_{n}"
                n += 1
            self.metric_names.append(name)
        self.built = True

    def _metric_specs(self, specs, names):
        if specs is None:
            return [[] for _ in names]
        if isinstance(specs, dict) or not _is_metric_list(specs) and isinstance(specs, (list, tuple)):
            entries = _per_output(specs, names, "metrics", [])
        elif len(names) > 1 and isinstance(specs, (list, tuple)) and len(specs) == len(names) and any(s is None for s in specs):
            entries = list(specs)
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
                raise ValueError(f"Output {self.names[i]!r} has a loss but no target data (y). Pass y, or compile with loss=None and add_loss().")
            weights = sample_weight[i] if sample_weight is not None and i < len(sample_weight) else None
            value = loss(y_true[i], flat[i], weights)
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
            if i >= len(y_true) or y_true[i] is None:
                raise ValueError(f"Metric {metric.name!r} of output {self.names[i]!r} needs target data (y).")
            metric.update_state(y_true[i], flat[i], sample_weight=weights)

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


def _detached(y):
    """Predictions as metrics see them: without gradient, with their mask."""
    from .. import ops

    out = ops.stop_gradient(y)
    out._keras_mask = y._keras_mask
    return out


def _check_metric(item):
    if item is None or isinstance(item, str) and item in _metrics.SHAPED_NAMES:
        return
    if isinstance(item, Tensor):
        raise ValueError("metrics= takes names, functions or Metric objects; received a tensor.")
    _metrics.get(item)


def _copied(metric):
    if isinstance(metric, _metrics.Metric):
        return type(metric).from_config(metric.get_config())
    return metric
