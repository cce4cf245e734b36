"""Known answers of the cases of layers: shapes and a few projections of every array, kept in `known/layers.json`.

`python -m kshim_conformance.record_layers` writes the file: from tf_keras in float64 where it has the layer, and from the
numpy backend where it has not or where random numbers are drawn.
"""

import functools
import json
import zlib
from pathlib import Path

import numpy as np

PATH = Path(__file__).parent / "known" / "layers.json"
#: Where answers come from, in the file.
TF_KERAS, RECORDED, TF_KERAS_FLOAT32 = "tf_keras", "recorded", "tf_keras float32"
_PROJECTIONS = 3


def project(case, key, array):
    """The sums of an array times fixed random weights, and its Euclidean norm: what is kept of it, as float64."""
    flat = np.asarray(array, np.float64).reshape(-1)
    rng = np.random.default_rng(zlib.crc32(f"{case.id} {key}".encode()))
    return np.array([*(rng.standard_normal((_PROJECTIONS, flat.size)) @ flat), np.sqrt(flat @ flat)])


def entry(case, key, array):
    """What the file has for an array: its shape and its projections."""
    return [list(np.shape(array)), [float(v) for v in project(case, key, array)]]


@functools.cache
def _file():
    with open(PATH, encoding="utf-8") as f:
        return json.load(f)["cases"]


def known(case, dtype):
    """{key: (shape, projections)} of a case in a float type.

    Raises `LookupError` if the case is not in the file.
    """
    found = _file().get(case.id)
    if found is None:
        raise LookupError(
            f"No known answer for {case.id}. Record it: python -m kshim_conformance.record_layers (needs tf_keras)."
        )
    if case.same and dtype == "float32":
        answers = found.get(TF_KERAS_FLOAT32, {})
    else:
        answers = {**found.get(TF_KERAS, {}), **found.get(RECORDED, {})}
    return {key: (tuple(shape), np.array(values)) for key, (shape, values) in answers.items()}


def stale():
    """Ids in the file that no case has."""
    from .cases_layers import cases

    return sorted(set(_file()) - {case.id for case in cases()})
