"""The processes of the contenders: started together, asked in turn."""

from importlib.util import find_spec

from .process import Process

#: What is compared with kshim -> what has to be installed for it.
PEERS = {"hand": None, "keras": "keras", "tf_keras": "tf_keras"}
#: Whose hand-written loops a backend is compared with, where not its own.
_FRAMEWORK = {"numpy": "torch"}
#: Hand-written loops that need not be beaten: `hand` is the best of the others.
EXTRA = ("scan",)
#: Variants of hand-written loops worth trying, where there is more than the first: framework -> workload -> names.
#: What each does is told in `hand_FRAMEWORK.py`.
_VARIANTS = {
    "torch": {
        "tabular": ("gather", "once"),
        "mlp": ("gather", "once"),
        "autoencoder": ("gather", "once"),
        "cnn": ("channels_last", "gather"),
        "resnet20": ("channels_last", "gather"),
    },
    "jax": {
        "tabular": ("step", "device", "scan"),
        "mlp": ("step", "device", "rbg"),
        "autoencoder": ("step", "device"),
        "cnn": ("step", "reshape"),
        "lstm": ("step", "unroll"),
        "bilstm": ("step", "unroll"),
    },
    "tensorflow": {name: ("step", "xla") for name in ("tabular", "mlp", "autoencoder", "lstm")},
}


def variants(framework, workload):
    """The hand-written loops of a workload."""
    return _VARIANTS.get(framework, {}).get(workload, ("gather",) if framework == "torch" else ("step",))


def labels(backend, workload, peers):
    """Who is measured on a backend: kshim, then hand:VARIANT for each variant, keras, tf_keras; what is not there is left out."""
    found, framework = ["kshim"], _FRAMEWORK.get(backend, backend)
    if "hand" in peers and find_spec(f"{__package__}.hand_{framework}") and find_spec(framework):
        found += [f"hand:{variant}" for variant in variants(framework, workload)]
    if "keras" in peers and backend in ("torch", "jax", "tensorflow") and find_spec("keras"):
        found.append("keras")
    if "tf_keras" in peers and backend == "tensorflow" and find_spec("tf_keras"):
        found.append("tf_keras")
    return found


class Contender(Process):
    """The process of one contender."""

    def __init__(self, label, backend, workload, steps, threads, file=None):
        self.label = label
        kind, _, variant = label.partition(":")
        framework = _FRAMEWORK.get(backend, backend) if kind == "hand" else backend
        spec = {"kind": kind, "backend": framework, "workload": workload, "variant": variant, "steps": steps, "file": file}  # fmt: skip
        super().__init__(f"{__package__}.worker", spec, threads)
