"""The workloads: the same data and architecture for every contender."""

import numpy as np

#: name -> (input shape, classes or 0 for regression, batch size)
WORKLOADS = {
    "tabular": ((30,), 0, 32),
    "cnn": ((28, 28, 1), 10, 64),
    "lstm": ((100, 1), 10, 32),
}


def data(name, samples):
    """float32 inputs and targets (float32 (n, 1) or int32 (n,))."""
    shape, classes, _ = WORKLOADS[name]
    rng = np.random.RandomState(0)
    x = rng.rand(samples, *shape).astype("float32")
    y = rng.randint(0, classes, samples).astype("int32") if classes else rng.rand(samples, 1).astype("float32")
    return x, y


def keras_model(keras, name):
    """The model in Keras's own terms, compiled; `keras` is kshim or the real thing."""
    layers, shape = keras.layers, WORKLOADS[name][0]
    if name == "tabular":
        stack = [layers.Dense(64, activation="relu"), layers.Dense(32, activation="relu"), layers.Dense(1)]
        loss = "mse"
    elif name == "cnn":
        stack = [
            layers.Conv2D(32, 3, activation="relu"), layers.MaxPooling2D(2), layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(2), layers.Flatten(), layers.Dense(128, activation="relu"), layers.Dense(10, activation="softmax"),
        ]  # fmt: skip
        loss = "sparse_categorical_crossentropy"
    else:
        stack = [layers.LSTM(64), layers.Dense(10, activation="softmax")]
        loss = "sparse_categorical_crossentropy"
    model = keras.Sequential([keras.Input(shape), *stack])
    model.compile(optimizer=keras.optimizers.Adam(), loss=loss)
    return model
