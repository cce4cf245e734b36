"""One series on one backend in a process of its own: `python -m kshim_conformance.growth.worker SPEC`.

SPEC, JSON: kind (of the series), name (its second part, or the whole), backend, framework (True: the framework's own
dropout, without kshim). Asked by lines that the classes of `KINDS` explain (see `speed.process`).
"""

import importlib

from ..speed.process import serve

#: Kind of series -> module and class.
KINDS = {
    "sizes": "sizes.Sizes",
    "epochs": "sizes.Epochs",
    "memory": "memory.Memory",
    "data": "data.Data",
    "dropout": "masks.Masks",
}


def prepare(spec):
    """What answers: an object of the kind's class."""
    if spec["framework"]:
        return importlib.import_module(f"{__package__}.masks_{spec['backend']}").Masks(spec["name"])
    kshim = importlib.import_module("kshim")
    kshim.use(spec["backend"])
    module, name = KINDS[spec["kind"]].split(".")
    return getattr(importlib.import_module(f"{__package__}.{module}"), name)(spec["name"])


if __name__ == "__main__":
    serve(prepare, lambda spec: ("kshim", "numpy", "torch", "jax", "tensorflow"))
