"""The level of files: what one backend saved, another loads and trains on, as if nothing had happened.

Two rounds. In the first every backend trains the models of `files_models`, saves each as a whole (`model.h5`), its weights
(`weights.h5`) and its architecture (`model.json`), and goes on training: that is what the others must reach. In the
second every backend loads the files of every backend, its own among them.
"""

import json
import os
from dataclasses import dataclass

import numpy as np

from . import trace
from .case import FLOATS
from .files_damaged import Damaged
from .files_layout import check_layout
from .files_models import MODELS, custom_objects
from .layers_run import settings
from .run import failure
from .trace import Entry, Result, Trace

EPOCHS, BATCH = 2, 16
#: Exchanged in the quick subset too, in float64.
_QUICK = ("mlp", "cnn")
#: Exchanged in float32 as well: what a file holds does not depend on the float type, so a few are enough.
_NARROW = ("mlp", "cnn", "lstm")


@dataclass(frozen=True)
class Exchange:
    """A model in a float type."""

    op: str
    dtype: str
    part = "files"

    @property
    def dtypes(self):
        """The one float type: a model is there once for each."""
        return (self.dtype,)

    @property
    def id(self):
        return f"{self.part}/{self.op}"

    @property
    def quick(self):
        return self.op in _QUICK and self.dtype == "float64"

    def folder(self, root, backend):
        """Where a backend's files of it are."""
        return os.path.join(root, backend, f"{self.op} {self.dtype}")


def units():
    """All models in all their float types, and the damaged files."""
    exchanged = [Exchange(op, dtype) for op in MODELS for dtype in FLOATS if dtype == "float64" or op in _NARROW]
    return [*exchanged, Damaged()]


def save_jobs(root, some):
    """First round, on the backend in use: (what, function of the backend giving results)."""
    for unit in some:
        if isinstance(unit, Damaged):
            yield unit.id, lambda b, u=unit: [u.run()]
        else:
            yield f"{unit.id} {unit.dtype} saved", lambda b, u=unit: [_held(u, u.id, lambda r: _save(u, b, root, r))]


def load_jobs(root, names, some):
    """Second round: the same for loading what the backends in `names` saved."""
    for unit in some:
        for name in names if isinstance(unit, Exchange) else ():
            case = f"{unit.id} from {name}"
            yield (
                f"{case} {unit.dtype}",
                lambda b, u=unit, c=case, n=name: [_held(u, c, lambda r: _load(u, u.folder(root, n), r))],
            )


def _held(unit, case, fill):
    """The result that `fill(result)` adds entries to, with the failure if it raises."""
    result = Result(case, unit.dtype, "eager")
    try:
        with settings(unit.dtype):
            fill(result)
    except Exception as error:  # whatever one model does, the next must run
        result.error = failure(error)
    return result


def _fit(model, unit):
    x, y = MODELS[unit.op].data(unit.dtype)
    return model.fit(x, y, batch_size=BATCH, epochs=EPOCHS, verbose=0).history


def _predicted(model, unit):
    found = model.predict(MODELS[unit.op].data(unit.dtype)[0], batch_size=BATCH, verbose=0)
    return [np.asarray(p) for p in (found if isinstance(found, list) else [found])]


def weights(model):
    """{name: array}, numbered in order."""
    return {f"weight {i} {w.name}": np.asarray(a) for i, (w, a) in enumerate(zip(model.weights, model.get_weights()))}


def _slots(model):
    return {f"optimizer {i} {v.path}": np.asarray(v.numpy()) for i, v in enumerate(model.optimizer.variables)}


def _gone_on(model, unit):
    """The entries of training on and of where that leads."""
    out = []
    for name, values in _fit(model, unit).items():
        out.append(Entry(f"{name} going on", "curve", unit.dtype, np.asarray(values, unit.dtype)))
    named = {f"prediction[{i}]": p for i, p in enumerate(_predicted(model, unit))}
    for name, array in {**named, **weights(model)}.items():
        out.append(Entry(f"{name} in the end", "weights", array.dtype.name, array, table=(array.shape, unit.dtype)))
    return out


def _save(unit, b, root, result):
    import kshim

    folder = unit.folder(root, b.name)
    os.makedirs(folder, exist_ok=True)
    model = MODELS[unit.op].compiled(kshim)
    _fit(model, unit)
    model.save(os.path.join(folder, "model.h5"))
    model.save_weights(os.path.join(folder, "weights.h5"))
    with open(os.path.join(folder, "model.json"), "w", encoding="utf-8") as f:
        f.write(model.to_json())
    then = {**{f"prediction[{i}]": p for i, p in enumerate(_predicted(model, unit))}, **weights(model), **_slots(model)}
    result.entries = _gone_on(model, unit)
    saved = [Entry(name, "exact", array.dtype.name, array) for name, array in then.items()]
    record = [Result("then", unit.dtype, "", saved), Result("in the end", unit.dtype, "", result.entries)]
    trace.save(Trace(b.name, {}, record, 0.0), folder)


def _load(unit, folder, result):
    import kshim
    from kshim.engine import seeds

    recipe, objects = MODELS[unit.op], custom_objects(kshim)
    then, end = ({e.name: e.array for e in r.entries} for r in trace.load(folder).results)
    check_layout(unit.op, os.path.join(folder, "model.h5"))
    with open(os.path.join(folder, "model.json"), encoding="utf-8") as f:
        text = f.read()

    kshim.layers.Dropout(
        0.5, name="another"
    )  # takes the first stream of random numbers, as the layers of another program may
    seeds.set_global_seed(99)
    fresh = recipe.build(kshim)
    _same_json(fresh.to_json(), text, "of the model built here")
    fresh.load_weights(os.path.join(folder, "weights.h5"))
    result.entries += _changes(weights(fresh), then, "by load_weights")
    by_json = kshim.models.model_from_json(text, custom_objects=objects)
    by_json.load_weights(os.path.join(folder, "model.h5"), by_name=True)
    result.entries += _changes(weights(by_json), then, "by model_from_json and load_weights by name")

    seeds.set_global_seed(None)  # the seed that the file brings counts
    model = kshim.models.load_model(os.path.join(folder, "model.h5"), custom_objects=objects)
    _same_json(model.to_json(), text, "of the model loaded")
    result.entries += _changes({**weights(model), **_slots(model)}, then, "by load_model")
    for i, p in enumerate(_predicted(model, unit)):
        # As a difference, so that in float32 it is not held against float64 after other training.
        difference = p - then[f"prediction[{i}]"]
        result.entries.append(Entry(f"change of prediction[{i}]", "layer", unit.dtype, difference, np.zeros_like(p)))
    for e in _gone_on(model, unit):
        e.expected = end[e.name]
        result.entries.append(e)


def _changes(found, then, how):
    """Entries for the largest change of each array, which is 0. Raises `ValueError` where names or shapes differ."""
    out = []
    wanted = {name: then[name] for name in then if name.split(" ")[0] in {n.split(" ")[0] for n in found}}
    if {n: a.shape for n, a in found.items()} != {n: a.shape for n, a in wanted.items()}:
        described = (", ".join(f"{n} {a.shape}" for n, a in some.items()) for some in (found, wanted))
        raise ValueError("{}, the arrays are {}; saved were {}".format(how, *described))
    for name, array in found.items():
        change = np.abs(array.astype("float64") - wanted[name].astype("float64")).max(initial=0.0)
        out.append(Entry(f"change of {name} {how}", "exact", "float64", change, np.float64(0.0)))
    return out


def _same_json(got, saved, what):
    """Raises `ValueError` at the first difference between two JSON texts."""
    got, saved = json.loads(got), json.loads(saved)

    def first(a, b, at):
        if isinstance(a, dict) and isinstance(b, dict):
            pairs = [(k, a.get(k, "nothing"), b.get(k, "nothing")) for k in {**a, **b}]
        elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
            pairs = [(i, *pair) for i, pair in enumerate(zip(a, b))]
        else:
            return None if a == b else f"{at}: got {a!r}, saved was {b!r}"
        return next(filter(None, (first(x, y, f"{at}[{k!r}]") for k, x, y in pairs)), None)

    difference = first(got, saved, "")
    if difference is not None:
        raise ValueError(f"The architecture {what} is not the saved one. {difference}")
