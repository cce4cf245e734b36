"""The pure steps: from (state, hyper, batch) to (state, result), on native tensors, for every backend alike.

state is {"params", "buffers", "slots", "totals"}: lists of native values of the model's trainable variables, of all other
variables (batch statistics, metric totals ...), of the optimizer's slots, and of the running loss sums. `hyper` holds
host scalars: the optimizer's, and the step's random key.
"""

from functools import partial

from .. import tree
from ..engine.context import context, step_scope, symbolic_scope
from ..engine.symbolic import StepValues
from ..engine.tensor import Tensor
from ..engine.variable import swapped
from ..losses.reduction import match_dtype_and_rank
from ..spec import registry
from ..spec.shapes import SHAPES, ShapeDtype


def _backend():
    return registry.state.backend or registry.resolve()


def _tensors(x):
    return tree.map_structure(lambda v: v if v is None or isinstance(v, Tensor) else Tensor(v), x)


class AssignedOutside(Exception):
    """A step assigned variables that are not among its inputs, so that it would lose what it assigned."""

    def __init__(self, variables):
        super().__init__(", ".join(v.path for v in variables))
        self.variables = variables


class training_phase:
    """The training flag of the calls inside."""

    def __init__(self, flag):
        self.flag = flag

    def __enter__(self):
        self.saved = context.training
        context.training = self.flag

    def __exit__(self, *_):
        context.training = self.saved


def _penalties(model):
    """Functions that give the penalties of the weights, and those added with `add_loss(function)`."""
    penalties = [partial(v.regularizer, v) for v in model._penalised()]
    return penalties + model._all_loss_functions()


def _added_totals(backend, totals, values, count):
    """Running sums of loss values, each times the number of samples (a Python int)."""

    def alike(v, t):
        return v if backend.dtype_of(v) == backend.dtype_of(t) else backend.cast(v, backend.dtype_of(t))

    return [backend.add(t, backend.multiply(alike(v, t), float(count))) for t, v in zip(totals, values)]


class Steps:
    """The train, test and predict functions of one compiled model, for a fixed set of variables."""

    def __init__(self, model, compiled, optimizer, trainable, others):
        self.model, self.compiled, self.optimizer = model, compiled, optimizer
        self.trainable, self.others = trainable, others
        self.penalties = _penalties(model)

    def _forward(self, x, training, key):
        """(outputs, losses added on the way, named metric values, values of graph tensors) of one call of the model."""
        with step_scope(key) as scope, training_phase(training):
            saved, context.graph_runs = context.graph_runs, []
            try:
                y = self.model(_tensors(x), training=training)
                known = StepValues([values for _, values in context.graph_runs], training)
            finally:
                context.graph_runs = saved
            with known:
                extra = [*scope.losses, *(known.of(f()) for f in self.penalties)]
        return y, extra, scope.metrics, known

    def _losses(self, x, y, sample_weight, training, key):
        compiled = self.compiled
        y_pred, extra, named, known = self._forward(x, training, key)
        y, sample_weight = self._matched(y, y_pred, sample_weight)
        with step_scope(key), known:
            total, parts = compiled.compute(y, y_pred, sample_weight, extra)
            compiled.update_metrics(y, y_pred, sample_weight)
        for name, value in named:
            self.model._named_metric(name).update_state(value)
        self._keep_inside()
        values = [total._value] if len(compiled.losses) <= 1 else [total._value, *(p._value for p in parts)]
        return total._value, values

    def _keep_inside(self):
        """Raise `AssignedOutside` when somebody asks what is assigned and it is no state of this step."""
        if context.writes:
            inside = {id(v) for v in (*self.trainable, *self.others)}
            outside = [v for v, _, _ in context.writes.values() if id(v) not in inside]
            if outside:
                raise AssignedOutside(outside)

    def _matched(self, y, y_pred, sample_weight):
        """Targets and weights as tensors of the dtype and rank of their predictions."""
        targets, weights = [], None if sample_weight is None else []
        outputs = tree.flatten(y_pred)
        if len(y) > len(outputs):
            raise ValueError(
                f"The model has {len(outputs)} output(s), {self.compiled.names}, but y has {len(y)} arrays."
            )
        for i, out in enumerate(outputs):
            target = y[i] if i < len(y) else None
            weight = sample_weight[i] if sample_weight is not None and i < len(sample_weight) else None
            if target is not None:
                target, _, weight = match_dtype_and_rank(
                    Tensor(target), out, None if weight is None else Tensor(weight)
                )
            targets.append(target)
            if weights is not None:
                weights.append(weight)
        return targets, weights

    def train(self, state, hyper, batch):
        backend = _backend()
        count = _count(backend, batch[0])
        grads, buffers, values = self.gradients(state["params"], state["buffers"], hyper, batch, state["slots"])
        params, slots = self.optimizer.apply(self.trainable, state["params"], grads, state["slots"], hyper)
        totals = _added_totals(backend, state["totals"], values, count)
        return {"params": params, "buffers": buffers, "slots": slots, "totals": totals}, None

    def gradients(self, params, buffers, hyper, batch, slots=None):
        """(gradients of the trainable variables, other variables after the step, loss values) of a training step.

        With the optimizer's `slots` they are taken of the loss it scales, and divided by its scale.
        """
        backend = _backend()
        x, y, sample_weight = batch

        def loss(params):
            with swapped(self.trainable, params), swapped(self.others, buffers) as held:
                total, values = self._losses(x, y, sample_weight, True, (hyper["key0"], hyper["key1"]))
            scaled = total if slots is None else self.optimizer.step_loss(backend, total, slots)
            return scaled, (held.after, values)

        (_, (buffers_after, values)), grads = backend.value_and_grad(loss)(params)
        return grads if slots is None else self.optimizer.step_grads(backend, grads, slots), buffers_after, values

    def test(self, state, hyper, batch):
        backend = _backend()
        x, y, sample_weight = batch
        with swapped(self.trainable, state["params"]), swapped(self.others, state["buffers"]) as held:
            _, values = self._losses(x, y, sample_weight, False, (hyper["key0"], hyper["key1"]))
        totals = _added_totals(backend, state["totals"], values, _count(backend, x))
        return {"buffers": held.after, "totals": totals}, None

    def predict(self, state, hyper, batch):
        with swapped(self.trainable, state["params"]), swapped(self.others, state["buffers"]) as held:
            with step_scope((hyper["key0"], hyper["key1"])), training_phase(False):
                y = self.model(_tensors(batch), training=False)
                self._keep_inside()
        return {"buffers": held.after if self.model.stateful else []}, tree.map_structure(lambda t: t._value, y)

    def on_shapes(self, kind, batch):
        """The forward part of a step on shapes alone, which raises what is wrong with them in the frontend's words."""
        with self._shapes_for_values(), symbolic_scope():
            batch = _shapes_of(batch)
            if kind == "predict":
                with step_scope((0, 0)), training_phase(False):
                    self.model(_tensors(batch), training=False)
            else:
                self._losses(*batch, kind == "train", (0, 0))

    def added_metrics(self, kind, batch):
        """Names of the metrics that layers report with `add_metric` in a step of this kind."""
        with self._shapes_for_values(), symbolic_scope():
            _, _, named, _ = self._forward(_shapes_of(batch[0]), kind == "train", (0, 0))
        return list(dict.fromkeys(name for name, _ in named))

    def _shapes_for_values(self):
        every = [*self.trainable, *self.others]
        return swapped(every, [ShapeDtype(tuple(v.shape), str(v.dtype)) for v in every])


def _shapes_of(batch):
    return tree.map_structure(lambda a: None if a is None else SHAPES.from_numpy(a), batch)


def _count(backend, x):
    return backend.shape_of(tree.flatten(x)[0])[0]
