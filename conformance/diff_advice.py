"""What a difference means: sentences for the first thing that differs and for where to look."""

from .diff_run import is_bad
from .diff_words import KINDS, layer, listed


# what differs first ------------------------------------------------------------------------------------------------
def difference(found):
    """What differs first and, of a tensor, how much of it."""
    tensor, own = found.finding, found.own
    if tensor is not None:
        return f"{_tensor(tensor, found)}\n{_wrong(tensor)}"
    text = quantity(found.parting)
    if own is not None:
        when = "already before the step" if own.stage == "before" else "after the step"
        text += f"\nIn it the variable {own.name!r} is too far apart {when}:\n{_wrong(own)}"
    return text


def quantity(parting):
    """What was recorded of the step and differs."""
    names = listed([i.name for i in parting.items])
    return {
        "path": "what the script does next",
        "length": "how many steps the script takes",
        "error": "how the script ends",
        "variables": "the variables of the model",
        "initial": f"the initial value of {names}",
        "seed": "the random seed of the training",
        "data": f"the data: {names}",
        "hyper": f"the settings of the optimizer: {names}",
        "loss": f"the loss {names}",
        "output": f"the {names} of the model",
        "weight": f"the weights after the step: {names}",
    }[parting.what]


def _tensor(tensor, found):
    if tensor.what == "calls":
        return "the layers called in the step"
    if tensor.stage == "forward":
        return f"the output of layer {layer(tensor.culprits[0])}"
    if tensor.stage == "backward" and tensor.entry["of"] == "output":
        call = found.calls[tensor.entry["call"]]
        return (
            f"the gradient of the loss arriving at the output of layer {layer(call)}{tensor.name[len(call['name']) :]}"
        )
    return {
        "loss": f"the loss {tensor.name!r}",
        "state": f"the state variable {tensor.name!r} after the step",
        "backward": f"the gradient of the weight {tensor.name!r}",
        "slot": f"the optimizer's variable {tensor.name!r} after the step",
        "update": f"the weight {tensor.name!r} after its update",
        "data": f"the data {tensor.name!r}",
        "before": f"the initial value of {tensor.name!r}",
    }[tensor.stage]


def _wrong(tensor):
    if tensor.what == "calls":
        return "another layer is called"
    if tensor.what in ("shape", "dtype"):
        return f"its {tensor.what}"
    how = {"nan": "NaN on one side only", "inf": "infinite on one side only"}.get(tensor.what, "too far apart")
    verb = "is" if tensor.wrong == 1 else "are"
    return f"{tensor.dtype}, shape {tensor.shape}; {tensor.wrong} of {tensor.size} elements {verb} {how}"


# where to look -----------------------------------------------------------------------------------------------------
_DECISION = (
    "A decision fell differently (early stopping, a threshold on a metric), or the script asks which backend runs."
)
#: What a difference outside the tensors of a step comes from, given that the script repeats itself.
_CAUSES = {
    "path": _DECISION,
    "length": _DECISION,
    "variables": "The script builds another model: it asks which backend runs, or layers are named or built in another order.",
    "initial": "Initial weights are drawn by kshim from the same keys on every backend: look at the initializer (its own?), at "
    "loaded weight files, and at code that asks which backend runs.",
    "seed": "The script sets another seed, or draws a different number of np.random values before training.",
    "data": "The data is computed on the backend (K.eval, model.predict, ops) or by code that asks which backend runs.",
    "hyper": "A callback or schedule has set another value: ReduceLROnPlateau and the like decide by comparing losses.",
}


def advice(found, options, sources):
    """What is at fault as far as it can be told, and what to do next."""
    what = found.parting.what
    if what == "error":
        text = _errors(found)
        if found.repeats is False:
            text += (
                "\nBesides, two runs on the reference differ: the script draws random numbers that diff cannot seed."
            )
        return text
    if found.repeats is False:
        return _unrepeatable(found, options, sources)
    if found.finding is not None and found.finding.stage not in ("data", "before"):
        return _at_fault(found)
    if what in ("loss", "output", "weight"):
        return _no_tensor(found, options)
    return f"The script repeats itself on {found.reference.backend}, so no unseeded random numbers are behind this. {_CAUSES[what]}"


def _unrepeatable(found, options, sources):
    lines = [
        f"The script does not repeat itself: two runs on {found.reference.backend} differ, too. It draws random numbers that diff "
        "cannot seed.",
        f"Seeded with {options.seed} are Python's random, np.random and through it kshim; sets of text have a fixed order.",
    ]
    if sources:
        lines += [f"In {options.script[0]}:", *(f"  {source}" for source in sources)]
    else:
        lines.append(
            "Look for np.random.default_rng() without a number, np.random.seed() without one, the clock, files in folder order, threads."
        )
    lines.append(
        "Put keras.utils.set_random_seed(0) on top, give every generator of your own a number, and run this again."
    )
    return "\n".join(lines)


def _at_fault(found):
    tensor, first = found.finding, found.reference.backend
    if tensor.what == "calls":
        n, a, b = tensor.first
        return f"Layer call {n} is {a} on {first} and {b} on {found.backend}: the model's code asks which backend runs."
    if tensor.stage == "forward":
        call = tensor.culprits[0]
        text = (
            f"Everything the step computes before it is the same on {first} and {found.backend}, so the forward computation "
            f"of layer {layer(call)} gives another result."
        )
        if not call["sources"] and tensor.entry["call"]:
            text += "\n(Or the code outside any layer that makes its input, if there is some.)"
        return text
    if "forward" not in found.inside and tensor.stage in ("loss", "state", "backward"):
        return "The layers could not be watched (see the note), so it may come from any of them."
    if tensor.stage == "loss":
        return "All layer outputs agree, so it is the loss function (or a regularizer or added loss) that gives another result."
    if tensor.stage == "state":
        return (
            "The layer outputs agree; what the layer keeps for later (moving averages, states) is computed differently."
        )
    if tensor.stage == "backward":
        return f"All layer outputs and the loss agree, so no forward computation is at fault. {_backward(tensor)}"
    n = found.parting.event
    optimizer = found.reference.model(found.reference.events[n]["m"], n)["optimizer"]
    return f"All gradients agree, so it is the update of the optimizer ({optimizer}) or a constraint that differs."


def _backward(tensor):
    named = " or ".join(map(layer, tensor.culprits))
    if tensor.entry["of"] == "weight":
        if not named:
            return "The gradient of this weight is computed differently."
        return (
            f"On the way back, the gradient that arrives at layer {named} agrees and that of its weight does not: it is the "
            "backward pass of that layer."
        )
    if not named:
        return "It is the backward pass of the loss function, or of code outside any layer behind this output."
    return (
        f"The gradient agrees behind layer {named} and no longer in front of it: it is the backward pass of that layer."
    )


def _no_tensor(found, options):
    if not found.inside:
        text = "What differs inside the step is not known: see the note."
    elif found.own is not None and found.own.stage == "before":
        text = (
            "From the same weights and data this step gives the same result on both, so it computes nothing else than it should. "
            "The weights had already drifted apart, or something between the steps has changed them (a callback, set_weights, a file)."
        )
    elif found.own is not None:
        text = (
            "The step gives the same result on both when its layers are watched, and another when it trains: look at how the backend "
            "runs the compiled step (what it fuses and computes again, in-place updates, donated buffers)."
        )
    else:
        text = (
            "From the same weights and data no single tensor of this step differs by more than is allowed: many small differences have "
            "added up."
        )
    if options.float64:
        return text
    if found.exact is not None:
        return text + "\nIn float64 they differ, too, so this is not rounding but another formula."
    return text + "\nWhether it is rounding could not be told: in float64 the script does not come as far."


def _errors(found):
    failed = [r for r in (found.reference, found.record) if is_bad(r.end)]
    where = []
    for record in failed:
        busy = record.end.get("busy")
        at = "between two steps" if record.events else "before its first step"
        if busy:
            at = f"inside a {KINDS[busy['kind']]}"
        where.append(f"On {record.backend} it failed {at}")
    if len(failed) == 2:
        return "; ".join(where) + ". Both errors are below."
    other = found.reference if failed == [found.record] else found.record
    return (
        f"{where[0]}; {other.backend} went on there. What the script or a package does there works on one backend only."
    )
