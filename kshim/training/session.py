"""A model's prepared steps on the active backend, and the state they work on.

The values live in the model's `Variable`s: each step takes them from there and puts the new ones back (by pointer), so
whoever looks between two steps sees the current weights.
"""

from functools import partial, wraps

import numpy as np

from .. import tree
from ..config import floatx
from ..engine import seeds
from ..engine.context import context
from ..engine.variable import owned
from ..spec import registry
from ..spec.rng import fold, fold_each
from .counters import advance, upcoming
from .filling import Filling
from .joined import Joined, stacked
from .replay import prepared
from .steps import AssignedOutside, Steps


def _with_what_it_assigns(step):
    """A step that would lose what it assigns is run again, with those variables among its inputs (see `Session._adopt`)."""

    @wraps(step)
    def run(self, *args):
        try:
            return step(self, *args)
        except AssignedOutside:
            return run(self, *args)

    return run


class Session:
    """Steps of one model for the variables it has now."""

    #: Called in place of every step of every model, if set: `observer(session, kind, state, hyper, batch)` returns what
    #: `session.run(kind, state, hyper, batch)` gives.
    observer = None

    def __init__(self, model):
        self.model = model
        self.backend = registry.state.backend or registry.resolve()
        self.trainable = model._trainable_as_compiled()
        chosen = {id(v) for v in self.trainable}
        self.frozen = [v for v in model.weights if id(v) not in chosen]
        self.weight_count = len(model.weights)
        self.frozen += _states(model)
        self.others = list(self.frozen)
        self._known_metrics = ()
        self._looked_for_metrics = set()
        self._compiled_steps = {}
        self._found = {}
        self.filling = Filling()
        self.totals = []
        self.count = 0
        self.joined = Joined()
        if model.optimizer is not None:
            model.optimizer.build(self.trainable)
        self._make()

    def _make(self):
        self.steps = Steps(self.model, self.model._compiled, self.model.optimizer, self.trainable, self.others)
        self._compiled_steps = {}

    def _sync_metrics(self):
        """Metric variables belong to the state; metrics appear with the first batch."""
        variables = [v for m in self.model.metrics for v in m.variables]
        if len(variables) != len(self._known_metrics) or any(
            a is not b for a, b in zip(variables, self._known_metrics)
        ):
            self._known_metrics = variables
            self.others = [*self.frozen, *variables]
            self._make()

    def _look_for_metrics(self, kind, batch):
        """Before the first step of a kind: the metrics that layers will add in it must exist."""
        self._looked_for_metrics.add(kind)
        if _may_add_metrics(self.model):
            try:
                names = self.steps.added_metrics(kind, batch)
            except Exception:
                self._explain(kind, batch, None)
                raise
            for name in names:
                self.model._named_metric(name)
        self._sync_metrics()

    def valid(self):
        """Whether the session still fits the model: same backend, same weights."""
        if self.backend is not (registry.state.backend or registry.resolve()):
            return False
        return len(self.model.weights) == self.weight_count

    def _step(self, kind):
        step = self._compiled_steps.get(kind)
        if step is None:
            step = self._compiled_steps[kind] = self._prepared_kind(kind)
        return step

    def _prepared_kind(self, kind):
        if kind == "joined":
            return self.backend.compile_steps(self.steps.train)
        return self.prepared(getattr(self.steps, kind), kind == "train")

    def joins(self):
        """Whether several training steps may go into one call: nobody watches them, and the backend gains by it."""
        return self.backend.joins_steps and self.observer is None and not getattr(self.model, "run_eagerly", False)

    def prepared(self, function, donate):
        """`function(state, hyper, batch)` as a step of this model: compiled, unless the model is to run eagerly."""
        if getattr(self.model, "run_eagerly", False):
            return self._eager(function)
        return prepared(self.backend, function, donate)

    def run(self, kind, state, hyper, batch):
        """(new state, result) of a step on the values given; errors in shapes are raised in the frontend's words."""
        first = kind not in self._compiled_steps
        saved = context.reads, context.writes
        if first:
            context.reads, context.writes = {}, {}
        try:
            return self._step(kind)(state, hyper, batch)
        except AssignedOutside as found:
            for variable in found.variables:
                _, variable._value, variable._backend = context.writes[id(variable)]
                self._found[id(variable)] = variable
            raise
        except Exception as error:
            if kind != "joined":  # that is tried one by one instead
                self._explain(kind, batch, error)
            raise
        finally:
            if first:
                self._found.update(context.reads)
            context.reads, context.writes = saved

    def _run(self, kind, state, hyper, batch):
        return (self.run if self.observer is None else partial(self.observer, self))(kind, state, hyper, batch)

    def _adopt(self):
        """Make variables that the model does not own, but that a step has read or assigned, inputs of the steps.

        A loss may hold one (`K.variable`) that a callback changes: a compiled step would keep its first value.
        """
        if not self._found:
            return
        found, self._found = self._found, {}
        known = {id(v) for v in (*self.trainable, *self.others)}
        foreign = [v for key, v in found.items() if key not in known]
        if foreign:
            self.frozen += foreign
            self.others = [*self.frozen, *self._known_metrics]
            self._make()

    def _explain(self, kind, batch, error):
        """Raise the same error on every backend if shapes are at fault: frameworks word (and type) it in their own ways."""
        for leaf in tree.flatten(batch):
            if leaf is not None and leaf.dtype.kind in "OSU":
                raise ValueError(
                    f"The data holds text (dtype {leaf.dtype}), which a model cannot compute with. Turn it into numbers first."
                ) from error
        try:
            self.steps.on_shapes(kind, batch)
        except Exception as plain:
            place, text = getattr(plain, "place", None), str(plain)
            if type(plain) is type(error) and text == str(error) and (place is None or place.startswith("layer")):
                return  # the code itself says so, on every backend
            if place is None or type(plain) not in (ValueError, TypeError):
                raise plain from error
            if "has no value" in text:
                text += " Compute with kshim.ops (where, cond) instead of Python's if and float(), or compile(run_eagerly=True)."
            raise type(plain)(f"{text} This happened in {place}.") from error

    def _eager(self, function):
        backend = self.backend

        def run(state, hyper, batch):
            batch = tree.map_structure(
                lambda v: v if v is None or backend.is_tensor(v) else backend.from_numpy(v), batch
            )
            return function(state, hyper, batch)

        return run

    def key(self, *which):
        """The random key of a step: training step `n`, or ("test", n), or ("predict", n)."""
        k0, k1 = fold(seeds.seed_of(self.model), "step", *which)
        return {"key0": k0, "key1": k1}

    def _training_hypers(self, steps):
        """The host scalars of the coming training steps."""
        optimizer = self.model.optimizer
        iterations, hypers = optimizer.iterations, []
        start = int(iterations)
        try:
            for k0, k1 in fold_each(seeds.seed_of(self.model), "step", start=start, count=steps):
                hyper = optimizer.hyper()
                hyper["key0"], hyper["key1"] = k0, k1
                hypers.append(hyper)
                iterations.assign(start + len(hypers))  # a function for a learning rate may look at it
        finally:
            iterations.assign(start)
        return hypers

    def reset(self, n_losses):
        """Start an epoch: loss sums and metrics at zero."""
        dtype = floatx() if floatx() in ("float32", "float64") else "float32"
        self.totals = [self.backend.from_numpy(np.zeros((), dtype)) for _ in range(n_losses)]
        self.count = 0
        for m in self.model.metrics:
            m.reset_state()
        self._sync_metrics()

    @_with_what_it_assigns
    def train(self, batch, count):
        """One training step on a host batch (x, y list, sample_weight list) of `count` samples."""
        state, optimizer = self._before_training(batch), self.model.optimizer
        hyper = {**optimizer.hyper(), **self.key(int(optimizer.iterations))}
        new, _ = self._run("train", state, hyper, batch)
        self._after_training(new, 1, count)

    @_with_what_it_assigns
    def train_joined(self, batch, count, steps, most):
        """`steps` training steps, of at most `most`, in one call: `batch` is their rows, `count` in all.

        What cannot be computed so is trained step by step, from then on.
        """
        state, hypers = self._before_training(batch), self._training_hypers(steps)
        try:
            new = self.run("joined", state, hypers, stacked(batch, steps, most))
        except AssignedOutside:
            raise
        except Exception:  # what goes wrong one by one as well is raised from there, with this error as its context
            self._train_each(batch, count, count // steps)
        else:
            if new is NotImplemented:
                self._train_each(batch, count, count // steps)
            else:
                self._after_training(new, steps, count)

    def _train_each(self, batch, count, size):
        """Training steps of `size` samples one by one, from now on."""
        self.joined.impossible = True
        for at in range(0, count, size):
            rows = slice(at, at + size)
            self.train(tree.map_structure(lambda a, rows=rows: None if a is None else a[rows], batch), size)

    def _before_training(self, batch):
        """The state that a training step begins with."""
        self._adopt()
        if "train" not in self._looked_for_metrics:
            self._look_for_metrics("train", batch)
        return {
            "params": owned(self.trainable),
            "buffers": owned(self.others),
            "slots": [owned(row) for row in self.model.optimizer.slots.values()],
            "totals": self.totals,
        }

    def _after_training(self, new, steps, count):
        optimizer = self.model.optimizer
        for v, value in zip(self.trainable, new["params"]):
            v._value = value
        for v, value in zip(self.others, new["buffers"]):
            v._value = value
        for row, values in zip(optimizer.slots.values(), new["slots"]):
            for v, value in zip(row, values):
                v._value = value
        self.totals = new["totals"]
        self.count += count
        self.joined.seen += steps
        optimizer.iterations.assign_add(steps)

    @_with_what_it_assigns
    def test(self, batch, count):
        """One evaluation step."""
        self._adopt()
        if "test" not in self._looked_for_metrics:
            self._look_for_metrics("test", batch)
        state = {
            "params": [v.native for v in self.trainable],
            "buffers": [v.native for v in self.others],
            "totals": self.totals,
        }
        new, _ = self._run("test", state, self.key("test", upcoming(self.model, "test")), batch)
        for v, value in zip(self.others, new["buffers"]):
            v._value = value
        self.totals = new["totals"]
        self.count += count
        advance(self.model, "test")

    @_with_what_it_assigns
    def predict(self, x, key):
        """Native outputs for a host batch of inputs; `key`: the random key (see `key`)."""
        self._adopt()
        state = {"params": [v.native for v in self.trainable], "buffers": [v.native for v in self.others]}
        new, out = self._run("predict", state, key, x)
        if new["buffers"]:
            for v, value in zip(self.others, new["buffers"]):
                v._value = value
        return out

    def logs(self):
        """Running means as Python floats, in the order Keras shows them. Waits for the device."""
        model, backend = self.model, self.backend
        out = {}
        count = max(1, self.count)
        for name, total in zip(model._compiled.loss_names, self.totals):
            out[name] = float(backend.to_numpy(total)) / count
        for name, value in model._compiled.results().items():
            value = value.numpy()
            out[name] = float(value) if value.ndim == 0 else value
        for name, metric in model._metrics_by_name.items():
            out[name] = float(metric.result().numpy())
        return out


def _states(model):
    """Variables that carry state between batches without being weights (stateful recurrent layers)."""
    return [v for layer in model._with_sublayers() for v in getattr(layer, "_state_variables", ())]


def _may_add_metrics(model):
    """Whether some layer might call `add_metric`: one that is not ours, or a model with metrics of its graph."""
    return any(
        not type(layer).__module__.startswith("kshim.") or "_extras" in layer.__dict__
        for layer in model._with_sublayers()
    )
