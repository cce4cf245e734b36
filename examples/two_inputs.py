"""A functional model with two inputs, two outputs and a shared layer, trained on a dict of arrays.

Run: python -m kshim examples/two_inputs.py [epochs]
"""

import sys

import numpy as np
from tensorflow import keras
from tensorflow.keras import layers

epochs = int(sys.argv[1]) if len(sys.argv) > 1 else 10

keras.utils.set_random_seed(1)
(x, y), _ = keras.datasets.digits.load_data()
x = x.reshape(-1, 64).astype("float32") / 255
rng = np.random.RandomState(0)
other = rng.permutation(len(x))
same = (y == y[other]).astype("float32")

left, right = keras.Input((64,), name="left"), keras.Input((64,), name="right")
encoder = keras.Sequential([layers.Dense(64, activation="relu"), layers.Dense(32, activation="relu")], name="encoder")
a, b = encoder(left), encoder(right)
distance = layers.Lambda(lambda t: abs(t[0] - t[1]))([a, b])
same_digit = layers.Dense(1, activation="sigmoid", name="same")(layers.concatenate([distance, layers.multiply([a, b])]))
digit = layers.Dense(10, name="digit")(a)

model = keras.Model([left, right], [same_digit, digit])
model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=0.003),
    loss={"same": "binary_crossentropy", "digit": keras.losses.SparseCategoricalCrossentropy(from_logits=True)},
    loss_weights={"same": 1.0, "digit": 0.5},
    metrics={"same": "accuracy", "digit": "accuracy"},
)
history = model.fit({"left": x, "right": x[other]}, {"same": same, "digit": y}, epochs=epochs, batch_size=64, verbose=2)
print("Digit accuracy:", round(history.history["digit_accuracy"][-1], 3))
