"""Looking at the layers of a running step: their outputs come out of it, and the gradients that arrive at them.

`Outline` runs the step on shapes and lists the layer calls; `Watch` follows them in the real step, compiled or not, by
the hook `kshim.engine.context.observe`. To every output it adds a probe, an input of the step that is zero: the value
stays the same, and the gradient of the loss in the probe is the gradient arriving at that output.
"""

from kshim import tree
from kshim.engine.context import context
from kshim.engine.tensor import Tensor
from kshim.spec.dtypes import is_float

#: Methods of a backend that call functions given to them: layers called in there belong to a loop or a branch, whose
#: values cannot leave it.
_NESTING = ("scan", "while_loop", "cond", "custom_gradient", "value_and_grad")


class Call:
    """One call of a layer: its place in the model, its class, which calls made its inputs, the form of its outputs.

    A layer that is not `known` has been made during the step, and the number in its name is another each time.
    """

    def __init__(self, layer, sources, leaves, known):
        self.layer, self.sources, self.known = layer, sources, known
        self.top = not context.scopes
        name = layer.name if known else type(layer).__name__
        self.name = name if self.top else "/".join((*context.scopes[1:], name))
        self.forms = [(tuple(t.shape), str(t.dtype)) for t in leaves]

    def same(self, other):
        alike = self.layer is other.layer or not (self.known or other.known)
        return alike and self.name == other.name and self.forms == other.forms

    def describe(self):
        """What JSON can hold of it. `detail` is the activation, if it is one worth naming."""
        activation = getattr(getattr(self.layer, "activation", None), "__name__", None)
        detail = "" if activation in (None, "linear") else activation
        return {
            "name": self.name,
            "cls": type(self.layer).__name__,
            "detail": detail,
            "sources": self.sources,
            "top": self.top,
        }


class _Observer:
    """Installs itself as the hook; follows calls outside loops, at nesting `level` of gradients, in steps of `model`."""

    def __init__(self, backend, level, model):
        self.backend, self.level, self.depth = backend, level, 0
        self.known = {id(layer) for layer in model._with_sublayers()}
        self.calls, self.made, self.alive = [], {}, []

    def __enter__(self):
        self._saved, context.observe = context.observe, self._seen
        for name in _NESTING:
            setattr(self.backend, name, self._nesting(getattr(self.backend, name)))
        return self

    def __exit__(self, *_):
        context.observe = self._saved
        for name in _NESTING:
            delattr(self.backend, name)

    def _nesting(self, method):
        def inside(function):
            def run(*args, **kwargs):
                self.depth += 1
                try:
                    return function(*args, **kwargs)
                finally:
                    self.depth -= 1

            return run

        return lambda *args, **kwargs: method(
            *[inside(a) if callable(a) else a for a in args],
            **{k: inside(a) if callable(a) else a for k, a in kwargs.items()},
        )

    def _seen(self, layer, inputs, outputs):
        if self.depth != self.level:
            return outputs
        flat = tree.flatten(outputs)
        leaves = [t for t in flat if isinstance(t, Tensor)]
        sources = {self.made[id(t)] for t in tree.flatten(inputs) if id(t) in self.made}
        call, number = Call(layer, sorted(sources), leaves, id(layer) in self.known), len(self.calls)
        self.calls.append(call)
        fresh = iter([self.leaf(number, call, i, t) for i, t in enumerate(leaves)])
        flat = [next(fresh) if isinstance(t, Tensor) else t for t in flat]
        self.made.update((id(t), number) for t in flat)
        self.alive += flat  # an id means nothing once its object is gone
        return tree.pack_like(outputs, flat)

    @staticmethod
    def _copy(tensor, value):
        out = Tensor(value)
        out._keras_mask = tensor._keras_mask
        return out


class Outline(_Observer):
    """The calls of a step that runs on shapes; `places` are the (call, output number) of all outputs in order."""

    def leaf(self, number, call, i, tensor):
        return self._copy(tensor, tensor._value)

    @property
    def places(self):
        return [(n, i) for n, call in enumerate(self.calls) for i in range(len(call.forms))]


class Watch(_Observer):
    """Follows the calls of an outline in the real step.

    `probe(place)` gives the native zero to add to an output, or None; `keep(place, value)` takes the native outputs.
    `astray`: how the step went otherwise than on shapes, or None.
    """

    def __init__(self, backend, level, model, outline, probe, keep):
        super().__init__(backend, level, model)
        self.outline, self.probe, self.keep, self.astray = outline, probe, keep, None

    def __exit__(self, *error):
        super().__exit__(*error)
        missing = self.outline.calls[len(self.calls) :]
        if self.astray is None and missing:
            self.astray = f"layer {missing[0].name!r} was not called"

    def leaf(self, number, call, i, tensor):
        expected = self.outline.calls[number] if number < len(self.outline.calls) else None
        if self.astray is None and (expected is None or not call.same(expected)):
            self.astray = f"layer {call.name!r} was called, expected {expected.name if expected else 'the end'!r}"
        if self.astray is not None:
            return tensor
        probe = self.probe((number, i))
        value = tensor._value if probe is None else self.backend.add(tensor._value, probe)
        self.keep((number, i), value)
        return self._copy(tensor, value)


def probe_forms(outline):
    """Place -> (shape, dtype) of its probe; only of outputs that are floats."""
    forms = {(n, i): outline.calls[n].forms[i] for n, i in outline.places}
    return {place: form for place, form in forms.items() if is_float(form[1])}
