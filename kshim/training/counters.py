"""How far a model's random numbers have come: epochs begun in `fit`, steps of `evaluate` and of `predict`.

Each has an order of samples or draws of its own, so that two calls of `predict` draw different numbers (as dropout that
stays on to estimate uncertainty wants it) and a run that is loaded and continued draws what it would have drawn.
"""

KINDS = ("epochs", "test", "predict")


def counted(model):
    """What has been counted of every kind."""
    if "_counters" not in model.__dict__:
        object.__setattr__(model, "_counters", dict.fromkeys(KINDS, 0))
    return model.__dict__["_counters"]


def upcoming(model, kind):
    """The next number of a kind, from 1."""
    return counted(model)[kind] + 1


def advance(model, kind):
    """Count one more, and give its number."""
    number = counted(model)[kind] = upcoming(model, kind)
    return number
