"""Files cut short: the same clear error on every backend, and nothing of a model changed.

That a write which fails never costs the file that was there does not depend on the backend: `tests/saving/test_files.py`.
"""

import os
import tempfile

import numpy as np

from .case import FIXED
from .files_models import MODELS
from .layers_run import settings
from .run import failure
from .trace import Entry, Result

_TORN = (OSError, "is damaged or was not written to its end")
#: What is left of a file, as a share of it -> the error there is to be.
_CUTS = {0.0: (ValueError, "is not an HDF5 file (it is empty)"), 0.01: _TORN, 0.5: _TORN, 0.999: _TORN}


class Damaged:
    """A model's file cut at several places, for `load_model` and `load_weights`; stands among the exchanged models."""

    part, op, quick, dtypes = "files", "cut short", False, (FIXED,)

    @property
    def id(self):
        return f"{self.part}/{self.op}"

    def run(self):
        """The result on the backend in use."""
        result = Result(self.id, FIXED, "eager")
        try:
            with settings("float32"), tempfile.TemporaryDirectory() as folder:
                result.entries = list(_entries(os.path.join(folder, "model.h5")))
        except Exception as error:  # whatever goes wrong here, the next job must run
            result.error = failure(error)
        return result


def _entries(path):
    import kshim

    recipe = MODELS["cnn"]
    model = recipe.compiled(kshim)
    model.fit(*recipe.data("float32"), verbose=0)
    model.save(path)
    with open(path, "rb") as f:
        whole = f.read()
    other = recipe.build(kshim)
    before = other.get_weights()
    for share, (kind, words) in _CUTS.items():
        with open(path, "wb") as f:
            f.write(whole[: int(share * len(whole))])
        for load in (kshim.models.load_model, other.load_weights):
            _refused(load, path, kind, f"{load.__name__}: {path!r} {words}")
            changes = [np.abs(a - b).max() for a, b in zip(before, other.get_weights(), strict=True)]
            name = f"weights changed by {load.__name__} of {share:.1%} of a file"
            yield Entry(name, "exact", "float64", np.float64(max(changes)), np.float64(0.0))


def _refused(load, path, kind, words):
    """Raises `ValueError` unless loading fails with an exception of a kind whose text begins with these words."""
    try:
        load(path)
    except kind as error:
        if not str(error).startswith(words):
            raise ValueError(f"The error begins otherwise than {words!r}: {error}") from error
    else:
        raise ValueError(f"{load.__name__} took a file that is cut short; expected {kind.__name__}: {words}")
