"""The watched step: one training, test or prediction step run once more, so that its layers can be seen.

It is prepared as the step itself is (compiled, on a backend that compiles), with the layer outputs, the gradients that
arrive at them and those of the weights among its results.
"""

import numpy as np

from kshim import tree
from kshim.engine.context import context
from kshim.spec.shapes import SHAPES
from kshim.training.steps import Steps

from .diff_noise import compute_unit, disturbed, epsilon
from .diff_watch import Outline, Watch, probe_forms

#: Share of the elements of a tensor that noise moves by no more than what counts as its reach.
_QUANTILE = 0.99
_SAMPLE = 1_000_000


class _Slot:
    """Something that `kshim.engine.variable.swapped` gives a value and takes one from."""

    def __init__(self, value=None):
        self._value = value


def look(session, kind, start, writer, measure):
    """Run the step from the host values `start` and write its tensors; returns (calls, what went astray or None).

    `measure`: run it a second time with noise of the size of rounding everywhere, and write how far that reaches.
    """
    outline = Outline(SHAPES, 0, session.model)
    with outline:
        session.steps.on_shapes(kind, start["batch"])
    step = WatchedStep(session, kind, outline)
    out = step.run(start, {})
    entries = [
        writer.add(stage, name, array, dtype, **more) for stage, name, array, dtype, more, _ in step.tensors(out)
    ]
    if measure:
        weights = [*session.trainable, *session.frozen]
        unit = max((compute_unit(session.model, v.dtype) for v in weights), default=epsilon("float32"))
        other, probes = _disturbed(start, out, step, unit)
        again = step.tensors(step.run(other, probes))
        bases = zip(_bases(step, out, start), _bases(step, out, other))
        for entry, (*_, array, _, _, _), (base, moved) in zip(entries, again, bases):
            if "file" in entry:
                entry["noise"] = _reach(writer.read(entry), array, base, moved)
    return outline.calls, step.astray


def _bases(step, out, start):
    """What the update of each weight starts from, in the order of `tensors`; None for other tensors."""
    return [None if weight is None else start["params"][weight] for *_, weight in step.tensors(out)]


def _reach(array, other, base, moved):
    """How far noise moves most elements of an array.

    Of a weight, how far it moves any element of its update: an optimizer that divides by the size of the gradient (Adam's
    first step) makes much of a gradient that is nearly 0.
    """
    if array.dtype.kind != "f" or not array.size:
        return 0.0
    apart = other.astype(np.float64) - array
    if base is not None:
        apart -= moved.astype(np.float64) - base
    apart = np.abs(apart[np.isfinite(apart)])
    if base is not None or not apart.size:
        return float(apart.max(initial=0.0))
    return float(np.quantile(apart[:: max(1, apart.size // _SAMPLE)], _QUANTILE))


def _disturbed(start, out, step, unit):
    """(start, what to add to each output by place) with noise of the size of rounding."""
    generator = np.random.Generator(np.random.PCG64(1))
    params = [disturbed(a, unit, generator) if a.dtype.kind == "f" else a for a in start["params"]]
    probes = {}
    for place, value in zip(step.outline.places, out["outputs"]):
        if place in step.probed and step.astray is None:
            probes[place] = disturbed(value, max(unit, epsilon(value.dtype.name)), generator) - value
    return {**start, "params": params}, probes


class WatchedStep:
    """The step with its layers watched, prepared once for several runs."""

    def __init__(self, session, kind, outline):
        self.session, self.kind, self.outline = session, kind, outline
        self.forms, self.astray = probe_forms(outline), None
        self.probed = [place for place in outline.places if place in self.forms] if kind == "train" else []
        function = self._train if kind == "train" else self._forward
        self.prepared = session.prepared(function, kind == "train")

    def run(self, start, probes):
        """NumPy arrays of what `_train` or `_forward` find; `probes`: by place, what to add to an output."""
        session, b = self.session, self.session.backend

        def natives(arrays, variables):
            return [b.constant(a, str(v.dtype)) for a, v in zip(arrays, variables)]

        state = {
            "params": natives(start["params"], session.trainable),
            "buffers": natives(start["buffers"], session.others),
        }
        if self.kind == "train":
            rows = session.model.optimizer.slots.values()
            state["slots"] = [natives(values, row) for values, row in zip(start["slots"], rows)]
            state["probes"] = []
            for place in self.probed:
                shape, dtype = self.forms[place]
                value = probes.get(place)
                state["probes"].append(b.full(shape, 0.0, dtype) if value is None else b.constant(value, dtype))
        if self.kind == "test":
            state["totals"] = [b.full((), 0.0, b.dtype_of(t)) for t in session.totals]
        saved = context.reads, context.writes
        context.reads = context.writes = None
        try:
            _, out = self.prepared(state, start["hyper"], start["batch"])
        finally:
            context.reads, context.writes = saved
        out = tree.map_structure(lambda v: None if v is None else np.array(b.to_numpy(v)), out)
        if self.kind == "test":  # the step gives sums over the samples
            out["losses"] = [sum_ / len(tree.flatten(start["batch"][0])[0]) for sum_ in out["losses"]]
        return out

    def _train(self, state, hyper, batch):
        """The outputs leave the function that is differentiated as variables do: by what they hold when it ends."""
        b, plain = self.session.backend, self.session.steps
        probes = {place: _Slot() for place in self.probed}
        holders = {place: _Slot() for place in self.outline.places}

        def probe(place):
            return probes[place]._value if place in probes else None

        def keep(place, value):
            holders[place]._value = value

        steps = Steps(
            self.session.model, plain.compiled, plain.optimizer,
            [*plain.trainable, *probes.values()], [*plain.others, *holders.values()],
        )  # fmt: skip
        empty = [b.full((), 0.0, "float32") for _ in holders]
        with Watch(b, 1, self.session.model, self.outline, probe, keep) as watch:
            grads, buffers, losses = steps.gradients(
                [*state["params"], *state["probes"]], [*state["buffers"], *empty], hyper, batch
            )
        self.astray = watch.astray
        n, m = len(plain.trainable), len(plain.others)
        params, slots = plain.optimizer.apply(plain.trainable, state["params"], grads[:n], state["slots"], hyper)
        new = {"params": params, "buffers": buffers[:m], "slots": slots}
        found = {"outputs": buffers[m:], "losses": losses, "gradients": grads[:n], "arriving": grads[n:]}
        return new, {**found, **new}

    def _forward(self, state, hyper, batch):
        outputs = {}
        with Watch(
            self.session.backend, 0, self.session.model, self.outline, lambda place: None, outputs.__setitem__
        ) as watch:
            new, _ = getattr(self.session.steps, self.kind)(state, hyper, batch)
        self.astray = watch.astray
        found = [outputs.get(place) for place in self.outline.places]
        return new, {"outputs": found, "losses": new.get("totals", []), "buffers": new["buffers"]}

    # what came out, in the order in which differences are looked for -----------------------------------------------
    def tensors(self, out):
        """(stage, name, array, dtype, more, number of the weight it is the update of or None) of everything in `out`.

        Without the layers if these could not be followed.
        """
        places, calls = self.outline.places if self.astray is None else [], self.outline.calls
        for (n, i), array in zip(places, out["outputs"]):
            yield "forward", _output_name(calls[n], i), array, calls[n].forms[i][1], {"call": n}, None
        names = self.session.model._compiled.loss_names if out["losses"] else []
        for name, array in zip(names, out["losses"]):
            yield "loss", name, array, array.dtype.name, {}, None
        for v, array in zip(self.session.frozen, out["buffers"]):
            yield "state", v.path, array, v.dtype, {}, None
        if self.kind == "train":
            yield from self._backward(out)
            slots = self.session.model.optimizer.slots
            for row, arrays in zip(slots.values(), out["slots"]):
                for v, array in zip(row, arrays):
                    yield "slot", v.path, array, v.dtype, {}, None
            for i, (v, array) in enumerate(zip(self.session.trainable, out["params"])):
                yield "update", v.path, array, v.dtype, {"weight": i}, i

    def _backward(self, out):
        """Gradients in the order in which they come about: at a call's outputs, then of the weights it uses first."""
        arriving = dict(zip(self.probed, out["arriving"])) if self.astray is None else {}
        owners = [self._owner(v) for v in self.session.trainable]
        for n in reversed(range(-1, len(self.outline.calls))):
            if n >= 0:
                call = self.outline.calls[n]
                for i, (_, dtype) in enumerate(call.forms):
                    if (n, i) in arriving:
                        more = {"call": n, "of": "output"}
                        yield "backward", _output_name(call, i), arriving[n, i], dtype, more, None
            for v, owner, array in zip(self.session.trainable, owners, out["gradients"]):
                if owner == n:
                    yield "backward", v.path, array, v.dtype, {"call": n, "of": "weight"}, None

    def _owner(self, variable):
        """The first call of the layer that made the variable, else of one that contains it; -1 if none is seen."""

        def holds(variables):
            return any(v is variable for v in variables)

        calls = list(enumerate(self.outline.calls))
        own = [n for n, call in calls if holds(call.layer._variables)]
        return next(iter(own or [n for n, call in calls if holds(call.layer.weights)]), -1)


def _output_name(call, i):
    return call.name if len(call.forms) == 1 else f"{call.name}, output {i}"
