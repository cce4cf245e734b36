"""What the training loop reads from, whatever the user passed: epochs of host batches."""

import warnings


class DataSource:
    """Base of all sources.

    num_steps: batches in an epoch, None until known. num_samples: rows in all, None if unknown. batch_size: None if the
    data is already in batches. exhausted: set when the data ended before `num_steps`; then training must stop.
    """

    num_steps = None
    num_samples = None
    batch_size = None
    exhausted = False
    #: Whether `epoch` can give several full batches as one; it then takes `together`, a function that says how many at most.
    joins = False

    def epoch(self, key):
        """Iterator over one epoch of `(x, y, sample_weight)`, trees of NumPy arrays in the user's structure.

        y and sample_weight are None if there are none. `key` is a pair of ints (`kshim.spec.rng`), which decides the
        order of shuffled arrays.
        """
        raise TypeError(f"{type(self).__name__} does not define epoch(key).")

    def on_epoch_end(self):
        """To be called after each epoch of training."""

    def close(self):
        """Stop threads that prepare batches."""

    def _ran_out(self, seen):
        self.exhausted = True
        warnings.warn(
            f"Your input ran out of data after {seen} of {self.num_steps} steps; interrupting here. A generator or "
            "data set must yield at least `steps_per_epoch * epochs` batches (or `validation_steps`, `steps`); make it "
            "repeat, or ask for fewer steps.",
            stacklevel=3,
        )


def check_steps(steps):
    """None for None and -1 (until the data ends), else a positive int; `ValueError` otherwise."""
    if steps is None:
        return None
    number = int(steps)
    if number != steps or number == 0 or number < -1:
        raise ValueError(
            f"The number of steps (steps_per_epoch, validation_steps or steps) must be a positive integer, or None; "
            f"received {steps!r}. A common cause is `samples // batch_size` with fewer samples than one batch."
        )
    return None if number == -1 else number
