"""What is measured, as a table."""

from dataclasses import dataclass

MB = 2**20


@dataclass(frozen=True)
class Series:
    """A row of the table.

    kind: who measures it (`worker.KINDS`). points: sizes, or how often something is done before the first reading and
    between two. says: what the figure is. limit: what it may be, in `unit`. quick: points of a run that only shows that all is in order.
    """

    kind: str
    points: tuple
    quick: tuple
    says: str
    limit: float
    unit: str = "x"


SERIES = {
    "layers": Series("sizes", (10, 30, 100, 300, 1000), (10, 30), "time of a step per layer", 1.5),
    "width": Series("sizes", (32, 128, 512, 1024), (32, 64), "time of a step per parameter", 1.5),
    "batch": Series("sizes", (8, 32, 128, 512, 2048), (8, 32), "time of a step per sample", 1.5),
    "depth": Series("sizes", (1, 4, 16, 64), (1, 4), "time of a step, of 64 layers in nested models", 1.5),
    "epochs": Series("epochs", (5, 60), (2, 8), "time of the last quarter of epochs over that of the first", 1.2),
    "memory/steps": Series("memory", (300, 600), (300, 100), "more memory after more steps of fit", 4, "MB"),
    "memory/epochs": Series("memory", (100, 100), (10, 10), "more memory after more epochs of 4 steps", 4, "MB"),
    "memory/predict": Series("memory", (300, 400), (20, 10), "more memory after more calls of predict", 4, "MB"),
    "memory/train_on_batch": Series("memory", (300, 400), (20, 10), "more memory after more calls", 4, "MB"),
    "memory/call": Series("memory", (300, 400), (20, 10), "more memory after more calls of model(x)", 4, "MB"),
    "memory/models": Series("memory", (10, 6), (2, 1), "more memory after more models, with clear_session", 8, "MB"),
    "data/memmap": Series("data", (200,), (20,), "more memory while training from a file of 2 GB", 64, "MB"),
    "data/generator": Series("data", (200,), (20,), "more memory while training from a generator", 64, "MB"),
    "data/sequence": Series("data", (200,), (20,), "more memory while training from a Sequence", 64, "MB"),
    "dropout/forward": Series("dropout", (512, 4096), (64,), "time of Dropout over the framework's own", 1.3),
    "dropout/backward": Series(
        "dropout", (512, 4096), (64,), "time of Dropout and its gradient over the framework's own", 1.3
    ),
}

#: Readings of memory after the first.
PORTIONS = 5
