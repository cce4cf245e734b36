"""Cases of layers as data: which layer with which arguments, on which inputs, and what foreign library knows the answer.

`case(...)` writes a row of the tables in `cases_layers_*.py`; `cases()` gives them all.
"""

import inspect
import zlib
from dataclasses import dataclass, field, replace

import numpy as np

from .case import FLOATS, Array, _show, ints, normal

#: Exported classes that cannot be run by themselves, with the reason.
EXEMPT = {
    "Layer": "the base of all layers",
    "Wrapper": "the base of layers around a layer",
    "InputSpec": "no layer but what a layer demands of its input",
    "InputLayer": "the place of an input in a model; every case is also run inside a model",
}


@dataclass(frozen=True)
class New:
    """A layer among the arguments of a layer, made anew for each use."""

    name: str
    args: tuple = ()
    kwargs: dict = field(default_factory=dict)

    def make(self, layers):
        """The layer from a module such as `kshim.layers`."""
        return getattr(layers, self.name)(
            *(made(a, layers) for a in self.args), **{k: made(v, layers) for k, v in self.kwargs.items()}
        )

    def __repr__(self):
        return f"{self.name}({_listed(self.args, self.kwargs)})"


def new(name, *args, **kwargs):
    return New(name, args, kwargs)


@dataclass(frozen=True)
class Moved:
    """The layer of tf_keras that computes the same with channels last, of arrays whose axis 1 is moved there and back."""

    layer: New


def made(value, layers):
    """`value` with layers in place of every `New`."""
    if isinstance(value, New):
        return value.make(layers)
    if isinstance(value, list):
        return [made(v, layers) for v in value]
    return value


def _value(x):
    return x.__name__ if inspect.isfunction(x) else _show(x)


def _listed(args, kwargs):
    return ", ".join([*map(_value, args), *(f"{k}={_value(v)}" for k, v in kwargs.items())])


@dataclass(frozen=True, eq=False)
class LayerCase:
    """One layer on one set of inputs.

    `inputs` are the positional arguments of the call and `keywords` the named ones: recipes for arrays, lists of them, or
    plain values; `masks` go with the inputs, one each (None: no mask). `blank`: every other time step has this value, and one
    feature of a step between.
    `states`: what the kept states of a stateful layer are before each call. `random`: the training call draws random numbers.
    `same`: float32 is compared with the numpy backend's float32, where the layer is meant to depend on the float type.

    `oracle` is what knows the answer: "tf_keras", the layer of this name there; "float32", the same where it cannot
    compute in float64, so that it only confirms kshim's own answer; a `New`, another layer of tf_keras that computes the same;
    a `Moved`; None if there is none.
    """

    op: str
    args: tuple
    kwargs: dict
    inputs: tuple
    keywords: dict = field(default_factory=dict)
    masks: tuple = ()
    states: tuple = ()
    blank: float | None = None
    random: bool = False
    same: bool = False
    oracle: object = "tf_keras"
    quick: bool = False
    part = "layers"
    gradient = project = None
    dtypes = FLOATS

    @property
    def id(self):
        given = [*map(_value, self.inputs), *(f"{k}={_value(v)}" for k, v in self.keywords.items())]
        if any(m is not None for m in self.masks):
            given.append("masked")
        return f"{self.part}/{self.op}({_listed(self.args, self.kwargs)})({', '.join(given)})"

    def make(self, layers):
        """The layer from a module such as `kshim.layers` or `tf_keras.layers`."""
        return New(self.op, self.args, self.kwargs).make(layers)

    @property
    def holds_code(self):
        """Whether a function is among the arguments: its code is then part of the config."""
        return any(inspect.isfunction(a) for a in (*self.args, *self.kwargs.values()))

    def _seed(self, *path):
        return (zlib.crc32(self.id.encode()), *path)

    def _arrays(self, tree, at, convert):
        if isinstance(tree, Array):
            array = tree.build(self._seed(*at))
            if array.dtype.kind == "f":
                array = representable(array)
                if self.blank is not None:
                    array[:, ::2] = array[:, 1, :1] = self.blank
            return convert(array)
        if isinstance(tree, (list, tuple)) and any(isinstance(t, (Array, list, tuple)) for t in tree):
            return type(tree)(self._arrays(t, (*at, i), convert) for i, t in enumerate(tree))
        return tree

    def call_arguments(self, convert=lambda array: array):
        """(positional arguments, keywords) of the call, `convert(array)` for every recipe; floats are float64 arrays."""
        keywords = {k: self._arrays(v, (2, i), convert) for i, (k, v) in enumerate(self.keywords.items())}
        return self._arrays(self.inputs, (1,), convert), keywords

    def input_masks(self):
        """The masks of the inputs, flattened: boolean arrays and None."""
        return [None if m is None else m.build(self._seed(3, i)) for i, m in enumerate(self.masks)]

    def state_values(self):
        """What the kept states of a stateful layer are set to before a call."""
        return [representable(s.build(self._seed(5, i))) for i, s in enumerate(self.states)]

    def weight_values(self, names, shapes):
        """A value for each weight: variances positive, the others normal with a deviation of a half."""
        out = []
        for i, (name, shape) in enumerate(zip(names, shapes)):
            rng = np.random.default_rng(self._seed(4, i))
            out.append(
                representable(
                    rng.uniform(0.5, 1.5, shape) if "variance" in name else rng.standard_normal(tuple(shape)) * 0.5
                )
            )
        return out


@dataclass(frozen=True)
class _Open(Array):
    """Booleans of which the first in every row holds: a row without any is computed differently in each float type."""

    def build(self, position):
        out = super().build(position)
        out[..., 0] = True
        return out

    def __repr__(self):
        return super().__repr__().replace("bools", "open")


def opened(*shape):
    return _Open("bools", shape, "bool")


SEQUENCE, IMAGE, VOLUME = (2, 7, 4), (2, 7, 6, 4), (2, 5, 4, 6, 2)
TWO = [(2, 6), (2, 6)]


def representable(array):
    """Rounded to float32, as float64: the same number in both float types."""
    return np.asarray(array, np.float64).astype(np.float32).astype(np.float64)


_OPTIONS = ("keywords", "masks", "states", "blank", "random", "same", "oracle")


def case(name, *args, shape=(2, 6), integers=0, inputs=None, **options):
    """A row: the layer's arguments; `shape` of the input (a list: several), `integers` below a bound, or `inputs` as recipes."""

    def recipe(size):
        return ints(0, integers, *size) if integers else normal(*size)

    known = {k: options.pop(k) for k in _OPTIONS if k in options}
    if inputs is None:
        inputs = ([recipe(s) for s in shape] if isinstance(shape, list) else recipe(shape),)
    return LayerCase(name, args, options, inputs, **known)


def layer_classes():
    """{name: class} of everything kshim exports as a layer, without other names of a class."""
    from kshim import layers

    found = {name: getattr(layers, name) for name in layers.__all__ if name[0].isupper()}
    return {name: cls for name, cls in found.items() if inspect.isclass(cls) and cls.__name__ == name}


def cases():
    """All cases. Raises `LookupError` naming the layers without a case and the cases without a layer."""
    from . import cases_layers_basic, cases_layers_sequence, cases_layers_windows

    rows, seen = [], set()
    for row in (*cases_layers_basic.CASES, *cases_layers_windows.CASES, *cases_layers_sequence.CASES):
        rows.append(replace(row, quick=row.op not in seen))
        seen.add(row.op)
    classes, covered = layer_classes(), {row.op for row in rows}
    from kshim import layers

    covered_classes = {getattr(layers, name, None) for name in covered}
    missing = sorted(n for n, cls in classes.items() if cls not in covered_classes and n not in EXEMPT)
    unknown = sorted(n for n in covered if not hasattr(layers, n)) + sorted(n for n in EXEMPT if n not in classes)
    if missing or unknown:
        raise LookupError(
            f"Layers without a case: {', '.join(missing) or 'none'}; cases or exemptions of no layer: "
            f"{', '.join(unknown) or 'none'}. Add or remove rows in kshim_conformance/cases_layers_*.py."
        )
    return rows
