"""The workloads as a table, and their data: the same for every contender."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

#: Share of units dropped by the workloads that have dropout.
DROPOUT = 0.2
#: Samples of the measures `predict_many` and `evaluate`, and calls in one measurement of a single sample.
MANY, CALLS = 10_000, 30


@dataclass(frozen=True)
class Workload:
    """What is trained and how much of it is one measurement.

    shape: of one sample. vocabulary: its values are integers below this; 0: they are floats. target: 'number', 'binary',
    'same' (the input itself), or how many classes. steps: of one epoch, which is one call of `fit`. measures: see
    `MEASURES`; the first is done before the others, in a process that has done nothing else.
    """

    shape: tuple
    target: object
    batch: int
    steps: int
    vocabulary: int = 0
    measures: tuple = ("train",)


#: What is measured -> (unit, what it is).
MEASURES = {
    "train": ("ms", "one step of fit"),
    "first": ("s", "model, compilation and first step"),
    "memory": ("MB", "most memory of the whole process while training"),
    "predict_one": ("ms", "predict of one sample"),
    "call_one": ("ms", "model(x) of one sample, as a NumPy array"),
    "predict_many": ("ms", f"predict of {MANY:,} samples"),
    "evaluate": ("ms", f"evaluate on {MANY:,} samples"),
    "build": ("ms", "making and compiling the model"),
    "load": ("ms", "load_model of a 100 MB HDF5 file"),
    "import": ("ms", "import, and the names Sequential and layers.Dense"),
}
#: Measures that come with training, in this order.
OF_TRAINING = ("train", "first", "memory")

_ONE = ("predict_one", "call_one")

WORKLOADS = {
    "tabular": Workload((30,), "number", 32, 100, measures=("train", "build", *_ONE)),
    "mlp": Workload((784,), 10, 128, 50, measures=("train", "build", *_ONE, "predict_many", "evaluate")),
    "autoencoder": Workload((784,), "same", 128, 100),
    "cnn": Workload((28, 28, 1), 10, 64, 12, measures=("train", *_ONE)),
    "resnet20": Workload((32, 32, 3), 10, 32, 4, measures=("train", "build", *_ONE)),
    "lstm": Workload((100, 1), 10, 32, 30, measures=("train", *_ONE)),
    "bilstm": Workload((100,), "binary", 32, 10, vocabulary=20_000),
    "transformer": Workload((200,), 2, 32, 8, vocabulary=20_000),
    "large": Workload((1024,), "number", 32, 1, measures=("load",)),
}


@lru_cache(maxsize=4)
def data(workload, samples):
    """float32 or int32 inputs, and targets: float32 (n, 1) or like the input, or int32 (n,)."""
    rng = np.random.RandomState(0)
    shape = (samples, *workload.shape)
    if workload.vocabulary:
        x = rng.randint(0, workload.vocabulary, shape).astype("int32")
    else:
        x = rng.random_sample(shape).astype("float32")
    if workload.target == "same":
        return x, x
    if workload.target == "number":
        return x, rng.random_sample((samples, 1)).astype("float32")
    if workload.target == "binary":
        return x, rng.randint(0, 2, (samples, 1)).astype("float32")
    return x, rng.randint(0, workload.target, samples).astype("int32")


def loss_name(workload):
    """The loss in Keras's terms."""
    names = {"number": "mse", "binary": "binary_crossentropy", "same": "binary_crossentropy"}
    return names.get(workload.target, "sparse_categorical_crossentropy")
