"""What "better" means for a monitored value."""

import re
import warnings

from .logs import find

#: Words in the name of a value that is better when larger (Keras 3's metrics of direction "up").
_UP_WORDS = {"auc", "precision", "recall", "f1", "fbeta", "iou", "r2", "sensitivity", "specificity"}


def check_mode(mode, owner):
    """'auto', 'min' or 'max'; anything else warns and is 'auto', as in Keras."""
    if mode in ("auto", "min", "max"):
        return mode
    message = f"{owner} mode {mode!r} is unknown, fallback to auto mode. Known are 'auto', 'min', 'max'."
    warnings.warn(message, stacklevel=4)
    return "auto"


def larger_is_better(monitor, mode):
    """Whether a larger value of `monitor` is better; by the name if the mode is 'auto'."""
    if mode != "auto":
        return mode == "max"
    name = monitor.removeprefix("val_").lower()
    if name.endswith("loss"):
        return False
    if "acc" in name or "io_u" in name or name.startswith("fmeasure"):
        return True
    return not _UP_WORDS.isdisjoint(re.split(r"[^a-z0-9]+", name))


def current_value(logs, monitor, owner, consequence):
    """The monitored value as a float; None, with a warning, if the logs have none."""
    value = find(logs or {}, monitor)
    if value is None:
        warnings.warn(
            f"{owner} monitors {monitor!r}, which is not available, so {consequence}. "
            f"Available metrics are: {', '.join(map(str, logs or {}))}.",
            stacklevel=4,
        )
        return None
    return float(value)
