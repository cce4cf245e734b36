"""What random numbers a model's training has come to: its seed, its epochs' shuffles, and its layers' streams.

Kept on the model and its layers, so that loading one model never changes the numbers of another.
"""

from ..engine import seeds
from ..training.loop import epochs_begun
from .json_format import parsed


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
    return {"seed": seeds.seed_of(model), "epochs": epochs_begun(model), "streams": streams}


def restore_training_state(model, text):
    """Give a loaded model the state that `training_state` wrote; `None` (a file of another program) does nothing."""
    if text is None:
        return
    state = parsed(text, "The attribute 'kshim_training_state' of the file")
    seed = state["seed"]
    model._saved_seed = None if seed is None else int(seed)
    model._epochs_begun = int(state["epochs"])
    generators = _generators(model)
    for path, (stream, draws) in state["streams"].items():
        if path in generators:
            generators[path].restore(int(stream), int(draws), model._saved_seed)
