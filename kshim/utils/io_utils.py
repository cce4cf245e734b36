"""Console messages and questions to the user (the module `keras.utils.io_utils` of Keras 1 and 2)."""

import logging
import os
import sys

from .hdf5_matrix import HDF5Matrix

__all__ = [
    "HDF5Matrix",
    "ask_to_proceed_with_overwrite",
    "disable_interactive_logging",
    "enable_interactive_logging",
    "is_interactive_logging_enabled",
    "path_to_string",
    "print_msg",
]

_logger = logging.getLogger("kshim")
_interactive = True


def enable_interactive_logging():
    """Progress bars and messages go to standard output (the default)."""
    global _interactive
    _interactive = True


def disable_interactive_logging():
    """Progress bars and messages go to the `kshim` logger of `logging` instead, at level INFO."""
    global _interactive
    _interactive = False


def is_interactive_logging_enabled():
    return _interactive


def print_msg(message, line_break=True):
    """Write `message` where the interactive setting says, and flush."""
    if not _interactive:
        _logger.info(message)
        return
    text = message + "\n" if line_break else message
    try:
        sys.stdout.write(text)
    except UnicodeEncodeError:  # a console without the characters of, say, a metric's name
        encoding = sys.stdout.encoding or "ascii"
        sys.stdout.write(text.encode(encoding, errors="replace").decode(encoding))
    sys.stdout.flush()


def path_to_string(path):
    """`os.fspath` for path objects; anything else is returned as it is."""
    return os.fspath(path) if isinstance(path, os.PathLike) else path


def ask_to_proceed_with_overwrite(filepath):
    """Ask on the console whether to overwrite `filepath`; True for 'y', False for 'n'."""
    question = f"[WARNING] {filepath} already exists - overwrite? [y/n]"
    while True:
        answer = input(question).strip().lower()
        if answer in ("y", "n"):
            break
        question = 'Enter "y" (overwrite) or "n" (cancel).'
    if answer == "y":
        print_msg("[TIP] Next time specify overwrite=True!")
    return answer == "y"
