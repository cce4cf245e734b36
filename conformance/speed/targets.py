"""What speed is aimed at, as a table."""

from dataclasses import dataclass
from fnmatch import fnmatchcase

_MLPS, _DEEP = ("tabular", "mlp", "autoencoder"), ("cnn", "resnet20", "lstm", "bilstm")


@dataclass(frozen=True)
class Target:
    """A bound on a measure of some backends and workloads (globs).

    limits: peer -> how many times its figure kshim's may be; 'value' -> the largest figure itself. Any one of them will do.
    """

    measure: str
    backends: tuple
    workloads: tuple
    limits: dict

    def covers(self, backend, workload, measure):
        """Whether it speaks of this row."""
        return (
            measure == self.measure
            and any(fnmatchcase(backend, b) for b in self.backends)
            and any(fnmatchcase(workload, w) for w in self.workloads)
        )

    def text(self):
        """Such as `<= 1.10x hand`."""
        parts = (f"{n * 1e3:g} ms" if peer == "value" else f"{n:.2f}x {peer}" for peer, n in self.limits.items())
        return f"<= {' or '.join(parts)}"


TARGETS = (
    Target("train", ("jax",), ("tabular",), {"scan": 1.2}),
    Target("train", ("torch", "jax", "tensorflow"), ("*",), {"hand": 1.1}),
    Target("train", ("numpy",), _MLPS, {"hand": 2.0}),
    Target("train", ("numpy",), _DEEP, {"hand": 4.0}),
    Target("first", ("torch", "jax", "tensorflow"), ("*",), {"hand": 1.2}),
    Target("memory", ("torch", "jax", "tensorflow"), ("*",), {"hand": 1.15}),
    Target("predict_one", ("torch",), ("tabular", "mlp"), {"value": 0.3e-3, "hand": 3.0}),
    Target("predict_one", ("jax",), ("tabular", "mlp"), {"value": 0.3e-3}),
    Target("predict_one", ("tensorflow",), ("tabular", "mlp"), {"value": 1e-3}),
    Target("predict_one", ("numpy",), ("tabular", "mlp"), {"value": 0.2e-3}),
    Target("import", ("*",), ("*",), {"hand": 1.5}),
)

#: Geometric mean over the workloads of how many times a training step of Keras 3 takes kshim's time: at least so many.
KERAS_MEANS = {"torch": 3.0, "jax": 2.0, "tensorflow": 1.5}


def target(backend, workload, measure):
    """The first one that speaks of a row, or None."""
    return next((t for t in TARGETS if t.covers(backend, workload, measure)), None)
