"""Real training to a target: handwritten digits by three kinds of network, and all backends within half a point.

Part module: `units()` are the networks, `jobs(unit)` how to train one. They are trained as a user would, in float32.
Ten seeds gave 2 to 5 errors on the 360 test digits (CNN), five seeds 5 to 6 (MLP) and 8 to 9 (LSTM), where 7, 14 and 18
reach the target; the seed used is a middling one. The learning rate falls to a hundredth, so that rounding, which pushes
runs apart, moves one digit at most.
"""

from dataclasses import dataclass

import numpy as np

from .judge import Mismatch
from .layers_run import settings
from .run import failure
from .trace import Entry, Result

#: How far the accuracies of two backends may be apart: half a point, which is one of 360 test digits.
APART = 0.005
SEED = 5


def cnn(layers):
    """Two convolutions with batch normalisation."""

    def block(filters, **shape):
        return [
            layers.Conv2D(filters, 3, padding="same", use_bias=False, **shape),
            layers.BatchNormalization(momentum=0.9),
            layers.Activation("relu"),
        ]

    return [
        *block(24, input_shape=(8, 8, 1)),
        layers.MaxPooling2D(2),
        *block(48),
        layers.Flatten(),
        layers.Dropout(0.5),
    ]


def mlp(layers):
    """Two dense layers with dropout."""
    return [
        layers.Dense(128, activation="relu", input_shape=(64,)),
        layers.Dropout(0.2),
        layers.Dense(128, activation="relu"),
        layers.Dropout(0.2),
    ]


def lstm(layers):
    """An LSTM that reads an image row by row."""
    return [layers.LSTM(64, input_shape=(8, 8)), layers.Dropout(0.4)]


@dataclass(frozen=True)
class Network:
    """What is trained: `body(layers)` gives the layers before the last one, `target` is the test accuracy to reach."""

    op: str
    body: object
    shape: tuple
    target: float
    rate: float
    epochs: int
    batch: int = 32
    seed: int = SEED
    quick: bool = False

    part = "accuracy"

    @property
    def id(self):
        return f"{self.part}/digits {self.op}"


def units():
    """The three networks."""
    return [
        Network("cnn", cnn, (8, 8, 1), 0.98, 2e-3, 20),
        Network("mlp", mlp, (64,), 0.96, 5e-3, 30, quick=True),
        Network("lstm", lstm, (8, 8), 0.95, 1e-2, 30, batch=16),
    ]


def jobs(network):
    yield f"{network.id} float32", lambda b: [run(network)]


def run(network):
    """The result of training a network on the backend in use: its accuracy, and whether the target is reached."""
    result = Result(network.id, "float32", "eager")
    try:
        reached = np.float64(train(network))
        result.entries = [
            Entry("test accuracy", "accuracy", "float64", reached),
            Entry(f"at least {network.target:.0%}", "exact", "bool", reached >= network.target, np.True_),
        ]
    except Exception as error:  # whatever one network does, the next must run
        result.error = failure(error)
    return result


def train(network):
    """The accuracy on the test digits after training."""
    from kshim import layers, models, optimizers
    from kshim.datasets import digits
    from kshim.engine import seeds

    train_set, test_set = digits.load_data()
    (x, y), (x_test, y_test) = (
        (images.reshape(-1, *network.shape).astype("float32") / 255, labels) for images, labels in (train_set, test_set)
    )
    with settings("float32"):
        seeds.set_global_seed(network.seed)
        model = models.Sequential([*network.body(layers), layers.Dense(10, activation="softmax")])
        steps = -(-len(x) // network.batch) * network.epochs
        rate = optimizers.schedules.ExponentialDecay(network.rate, steps, 0.01)
        model.compile(optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(x, y, batch_size=network.batch, epochs=network.epochs, verbose=0)
        return model.evaluate(x_test, y_test, verbose=0)[1]


def apart(verdicts):
    """(verdict, `Mismatch`) for each network where two backends, neither of them the reference, are too far apart.

    Each is within half a point of the numpy backend or mismatches for that; on different sides of it two may not be.
    """
    for case in dict.fromkeys(case for v in verdicts for case in v.accuracies):
        having = sorted((v for v in verdicts if case in v.accuracies), key=lambda v: v.accuracies[case])
        low, high = having[0], having[-1]
        if high.accuracies[case] - low.accuracies[case] > APART:
            text = f"{low.accuracies[case]:.4f} and {high.accuracies[case]:.4f} are more than {APART} apart"
            entry, against = "test accuracy", f"{high.backend}"
            yield low, Mismatch(low.backend, case, "float32", "eager", entry, against, text, "accuracy")
