"""Running one case of a layer: outputs, masks, gradients and states of an inference and a training call, and of copies.

Everything that computes is one step, so that it can be called directly or through the backend's `compile_step`.
"""

import contextlib
import inspect
import json
from dataclasses import dataclass

import numpy as np

from .evaluate import native, projection

PHASES = {"inference": False, "training": True}
#: The random key of the step.
_KEY = {"key0": 0x1234567, "key1": 0x89ABCDE}


@contextlib.contextmanager
def settings(dtype):
    """Names, seeds and the float type for one case; all put back afterwards."""
    from kshim import config
    from kshim.engine import names, seeds

    before = config.floatx()
    with names.fresh_names(), seeds.fresh_seed(1234):
        config.set_floatx(dtype)
        try:
            yield
        finally:
            config.set_floatx(before)


def states_of(layer):
    """The variables in which a stateful layer, or one inside it, keeps its states."""
    return [v for part in layer._with_sublayers() for v in getattr(part, "_state_variables", ())]


@dataclass
class Built:
    """A layer of a case with its weights set; copies that must compute the same; the output shapes by each way to ask."""

    layer: object
    copies: dict
    shapes: dict

    @property
    def trainable(self):
        return self.layer.trainable_weights

    @property
    def others(self):
        return [*self.layer.non_trainable_weights, *states_of(self.layer)]


def build(case):
    """The `Built` of a case on the backend in use. Raises `ValueError` where a round trip through JSON changes the layer."""
    from kshim import layers, models, tree
    from kshim.saving.safety import SafeModeScope

    layer = case.make(layers)
    args, keywords, inputs = _symbolic(case)
    outputs = layer(*args, **keywords)
    shapes = {"shape in a graph": [_sizes(t.shape) for t in tree.flatten(outputs)]}
    if not case.keywords and len(args) <= len(inspect.signature(layer.compute_output_shape).parameters):
        given = tree.map_structure(lambda t: tuple(t.shape), args)
        shapes["compute_output_shape"] = _flat_shapes(layer.compute_output_shape(*given))
    with SafeModeScope(not case.holds_code):
        copy = _from_json(layer, case.holds_code)
        model = None if case.masks else models.model_from_json(models.Model(inputs, outputs).to_json())
    again, keywords, _ = _symbolic(case)
    copy(*again, **keywords)
    weights = case.weight_values([v.name for v in layer.weights], [tuple(v.shape) for v in layer.weights])
    copies = {"copy": copy} if model is None else {"copy": copy, "model": model}
    for what in (layer, *copies.values()):
        what.set_weights(weights)
        for variable, value in zip(states_of(what), case.state_values(), strict=True):
            variable.assign(value)
        _hold_same(case, what, weights)
    return Built(layer, copies, shapes)


def _symbolic(case):
    """The call's arguments with symbolic inputs for recipes: (positional, keywords, the inputs in order)."""
    from kshim import layers

    inputs = []

    def symbol(array):
        dtype = {"f": None, "i": "int32", "b": "bool"}[array.dtype.kind]
        batch = len(array) if case.states else None
        inputs.append(layers.Input(batch_shape=(batch, *array.shape[1:]), dtype=dtype))
        return inputs[-1]

    args, keywords = case.call_arguments(symbol)
    return args, keywords, inputs


def _sizes(shape):
    return np.array([-1 if d is None else d for d in shape], np.int64)


def _flat_shapes(tree):
    """The shapes in a list of them, or in one alone."""
    if tree and not isinstance(tree[0], (int, type(None))):
        return [s for t in tree for s in _flat_shapes(t)]
    return [_sizes(tree)]


def _from_json(layer, holds_code):
    """The layer from its config written as JSON. The code of a function does not come back byte by byte the same."""
    from kshim import layers
    from kshim.saving.json_format import dumps

    text = dumps(layers.serialize(layer))
    copy = layers.deserialize(json.loads(text))
    if type(copy) is not type(layer):
        raise ValueError(f"The config of a {type(layer).__name__} made a {type(copy).__name__}.")
    before, after = (json.loads(dumps(x.get_config())) for x in (layer, copy))
    keys = [k for k in {**before, **after} if before.get(k, ...) != after.get(k, ...)]
    if keys and not (holds_code and keys in (["function"], ["mode"])):
        changes = "; ".join(f"{k}: {before.get(k)!r} became {after.get(k)!r}" for k in keys)
        raise ValueError(f"get_config() after from_config(get_config()) differs in {changes}.")
    return copy


def _hold_same(case, what, weights):
    """Raise `ValueError` unless the weights are those that were set, in the same order."""
    for variable, got, wanted in zip(what.weights, what.get_weights(), weights, strict=True):
        if not np.array_equal(got, wanted.astype(got.dtype)):
            raise ValueError(
                f"{case.id}: weight {variable.path!r} of {what.name!r} is not what set_weights() was given."
            )


class Step:
    """A pure step of one case: from its arrays and weights to everything that is compared."""

    def __init__(self, b, case, built, dtype):
        self.b, self.case, self.built, self.dtype = b, case, built, dtype
        self.masked = {}  # phase -> which outputs have a mask

    def state(self):
        """The natives the step takes."""
        arrays, b = [], self.b
        self.case.call_arguments(arrays.append)
        return {
            "floats": [native(b, a, self.dtype) for a in arrays if a.dtype.kind == "f"],
            "others": [b.from_numpy(a) for a in arrays if a.dtype.kind != "f"],
            "masks": [b.from_numpy(m) for m in self.case.input_masks() if m is not None],
            "weights": [v.native for v in self.built.trainable],
            "kept": [v.native for v in self.built.others],
        }

    def arguments(self, floats, state):
        """(positional arguments, keywords, all arrays in order) as `Tensor`s, with their masks."""
        from kshim import tree
        from kshim.engine.tensor import Tensor

        floats, others, arrays = iter(floats), iter(state["others"]), []

        def tensor(array):
            arrays.append(Tensor(next(floats if array.dtype.kind == "f" else others)))
            return arrays[-1]

        args, keywords = self.case.call_arguments(tensor)
        masks = iter(state["masks"])
        for t, mask in zip(tree.flatten(args), self.case.masks):
            if mask is not None:
                t._keras_mask = Tensor(next(masks))
        return args, keywords, arrays

    def __call__(self, state, hyper, batch):
        key = (hyper["key0"], hyper["key1"])
        out = {phase: self._phase(phase, training, state, key) for phase, training in PHASES.items()}
        for name, copy in self.built.copies.items():
            out[name] = {"output": self._copy(name, copy, state, key)}
        return state, out

    def _phase(self, phase, training, state, key):
        """Outputs, masks, added losses, the states afterwards and the gradients of one call."""
        from kshim import tree
        from kshim.engine.context import step_scope
        from kshim.engine.variable import swapped

        b, built, count = self.b, self.built, len(state["floats"])

        def loss(params):
            args, keywords, _ = self.arguments(params[:count], state)
            with swapped(built.trainable, params[count:]), swapped(built.others, state["kept"]) as held:
                with step_scope(key) as scope:
                    outputs = tree.flatten(built.layer(*args, training=training, **keywords))
                    added = [*scope.losses, *built.layer._weight_penalties()]
            masks = [(i, t._keras_mask) for i, t in enumerate(outputs) if t._keras_mask is not None]
            self.masked[phase] = [i for i, _ in masks]
            ys, added = [t._value for t in outputs], [t._value for t in added]
            total = projection(b, self.case, ys, self.dtype)
            for value in added:
                total = b.add(total, value)
            return total, (ys, [m._value for _, m in masks], added, held.after)

        params = [*state["floats"], *state["weights"]]
        if params:
            (_, found), gradients = b.value_and_grad(loss)(params)
        else:
            found, gradients = loss(params)[1], []
        return {**dict(zip(("output", "mask", "loss", "after"), found)), "gradient": list(gradients)}

    def _copy(self, name, copy, state, key):
        from kshim import tree
        from kshim.engine.context import step_scope
        from kshim.engine.variable import swapped

        args, keywords, arrays = self.arguments(state["floats"], state)
        variables = [*copy.trainable_weights, *copy.non_trainable_weights, *states_of(copy)]
        with swapped(variables, [*state["weights"], *state["kept"]]), step_scope(key):
            if name == "model":
                outputs = copy(arrays if len(arrays) > 1 else arrays[0], training=False)
            else:
                outputs = copy(*args, training=False, **keywords)
        return [t._value for t in tree.flatten(outputs)]


@dataclass(frozen=True)
class Found:
    """One array that came out. `key` says of which phase, what and which one; `label` is the weight or input it belongs to."""

    key: str
    label: str
    kind: str
    array: object
    dtype: str

    @property
    def name(self):
        return f"{self.key} {self.label}".rstrip()


_KINDS = {"output": "layer", "mask": "exact", "loss": "layer", "after": "layer", "gradient": "layer"}


def measure(b, case, dtype, compiled=False):
    """(list of `Found`, [(way of asking, shape, shape expected)]) of a case in a float type.

    `compiled`: inside the backend's compiled step. A batch size that is not fixed is -1.
    """
    with settings(dtype):
        built = build(case)
        step = Step(b, case, built, dtype)
        state = step.state()
        run = b.compile_step(step, False) if compiled else step
        _, out = run(state, dict(_KEY), None)
        names = [f"input {i}" for i in range(len(state["floats"]))] + [v.name for v in built.trainable]
        labels = {"gradient": names, "after": [v.name for v in built.others]}
        found = []
        for phase in (*PHASES, *built.copies):
            for what in (w for w in _KINDS if w in out[phase]):
                values = out[phase][what]
                places = step.masked[phase] if what == "mask" else range(len(values))
                for place, value in zip(places, values, strict=True):
                    label = labels[what][place] if what in labels else ""
                    found.append(
                        Found(f"{phase} {what} {place}", label, _KINDS[what], b.to_numpy(value), b.dtype_of(value))
                    )
        sizes = [
            np.array((size[0] if case.states else -1, *size[1:]), np.int64)
            for size in map(b.shape_of, out["inference"]["output"])
        ]
        shapes = [
            (f"{way} {i}", got, wanted)
            for way, every in built.shapes.items()
            for i, (got, wanted) in enumerate(zip(every, sizes, strict=True))
        ]
    return found, shapes
