"""Limits from outside, for trying a script quickly: KSHIM_MAX_EPOCHS and KSHIM_MAX_STEPS (batches in a pass of fit or evaluate)."""

import os


def _limit(name):
    value = os.environ.get(name)
    if not value:
        return None
    if not value.isdigit() or int(value) < 1:
        raise ValueError(f"{name}={value!r}: expected a positive integer.")
    return int(value)


def last_epoch(initial_epoch, epochs):
    """`epochs`, or fewer if the environment says so."""
    limit = _limit("KSHIM_MAX_EPOCHS")
    return epochs if limit is None else min(epochs, initial_epoch + limit)


def max_steps():
    """How many batches a pass may take; None for all."""
    return _limit("KSHIM_MAX_STEPS")
