"""Real training to a target: handwritten digits by three kinds of network, and all backends within half a point.

Part module: `units()` are the networks, `jobs(unit)` how to train one. They are trained as a user would, in float32. The
seed of each is one whose accuracy is the median of seeds 1 to 5; over these the 360 test digits are recognised with 2 to
5 (CNN), 5 to 6 (MLP) and 7 to 11 (LSTM) errors, where 7, 14 and 18 are allowed. Rounding moves no more than one of them:
the rate falls to a hundredth, so that a run ends at the minimum it has chosen early.
"""

from dataclasses import dataclass

import numpy as np

from .layers_run import settings
from .run import failure
from .trace import Entry, Result

#: How far the accuracies of two backends may be apart: half a point, which of 360 test digits is one.
APART = 0.005


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
    seed: int
    rate: float
    epochs: int
    batch: int = 32
    quick: bool = False

    part = "accuracy"

    @property
    def id(self):
        return f"{self.part}/digits {self.op}"


def units():
    """The three networks."""
    return [
        Network("cnn", cnn, (8, 8, 1), 0.98, 1, 2e-3, 20),
        Network("mlp", mlp, (64,), 0.96, 1, 5e-3, 30, quick=True),
        Network("lstm", lstm, (8, 8), 0.95, 5, 1e-2, 30, batch=16),
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
