"""What random numbers a model's training has come to: its seed, its counters, and its layers' streams.

Kept on the model and its layers, so that loading one model never changes the numbers of another.
"""

from .. import optimizers
from ..engine import seeds
from ..training.counters import KINDS, counted


def _generators(model):
    """The seed generators of a model by the path of layer names that leads to them."""
    found, seen = {}, set()

    def visit(layer, path):
        if id(layer) in seen:
            return
        seen.add(id(layer))
        for key, value in vars(layer).items():
            if isinstance(value, seeds.SeedGenerator):
                found[f"{path}/{key}"] = value
        for sub in layer._sublayers():
            visit(sub, f"{path}/{getattr(sub, 'name', type(sub).__name__)}")

    visit(model, "")
    return found


def training_state(model):
    """The state as JSON values."""
    streams = {path: [g.stream, g.draws] for path, g in _generators(model).items()}
    optimizer = None if model.optimizer is None else optimizers.serialize(model.optimizer)
    return {"seed": seeds.seed_of(model), **counted(model), "streams": streams, "optimizer": optimizer}


def restore_training_state(model, state):
    """Give a loaded model the state that `training_state` wrote; an empty one (a file of another program) does nothing."""
    if not state:
        return
    seed = state["seed"]
    model._saved_seed = None if seed is None else int(seed)
    counted(model).update({kind: int(state.get(kind, 0)) for kind in KINDS})
    generators = _generators(model)
    for path, (stream, draws) in state["streams"].items():
        if path in generators:
            generators[path].restore(int(stream), int(draws), model._saved_seed)
