"""Where weights are in a file: as tf_keras puts those of the same architecture (`python -m kshim_conformance.files_layout`).

What writes and what reads a file share their idea of the order of weights, so only this tells when both are wrong.
Recording needs tf_keras; the layouts are kept in `known/files.json`.
"""

import functools
import json
import os
import sys
import tempfile

import h5py

from kshim.saving.hdf5_attributes import read_names

from .files_models import MODELS
from .report_json import write_text

_KNOWN = os.path.join(os.path.dirname(__file__), "known", "files.json")


@functools.cache
def known():
    """Model -> {layer: [[name of a weight, shape] ...]}."""
    with open(_KNOWN, encoding="utf-8") as f:
        return json.load(f)


def layout(path):
    """{layer: [[name of a weight, shape] ...]} of a whole model's file; layers without weights have an empty list."""
    with h5py.File(path, "r") as f:
        group = f["model_weights"]
        layers = read_names(group, "layer_names")
        return {n: [[w, list(group[n][w].shape)] for w in read_names(group[n], "weight_names")] for n in layers}


def check_layout(op, path):
    """Raises `ValueError` where the weights in a model's file are not those tf_keras would write, in its order."""
    found, wanted = layout(path), known()[op]
    if list(found) != list(wanted):
        raise ValueError(f"The file has the layers {list(found)}; tf_keras writes {list(wanted)}.")
    for layer, weights in wanted.items():
        same = len(found[layer]) == len(weights)
        if not same or not all(_is(*pair) for pair in zip(found[layer], weights)):
            raise ValueError(
                f"The file has, for layer {layer!r}, the weights {found[layer]}; tf_keras writes {weights}."
            )


def _is(found, wanted):
    """Whether two weights have one shape and name; ours may say more ("time_distributed/dense/kernel:0" as in Keras 3)."""
    parts = iter(found[0].split("/"))
    return found[1] == wanted[1] and all(part in parts for part in wanted[0].split("/"))


def record(op):
    """The layout of a model that tf_keras builds and saves."""
    import tf_keras

    tf_keras.backend.clear_session()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.h5")
        MODELS[op].build(tf_keras).save(path)
        return layout(path)


def main():
    write_text(_KNOWN, json.dumps({op: record(op) for op in MODELS}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
