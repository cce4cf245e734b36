"""Train, save to HDF5, load, and go on as if nothing had happened.

Run: python -m kshim examples/save_and_resume.py [epochs]
"""

import os
import sys
import tempfile

import numpy as np
from tensorflow import keras

epochs = int(sys.argv[1]) if len(sys.argv) > 1 else 6

(x, y), _ = keras.datasets.digits.load_data()
x = x.reshape(-1, 64).astype("float32") / 255


def build():
    model = keras.Sequential(
        [
            keras.Input((64,)),
            keras.layers.Dense(32, activation="tanh"),
            keras.layers.BatchNormalization(),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


keras.utils.set_random_seed(3)
straight = build()
straight.fit(x, y, epochs=epochs, shuffle=False, verbose=0)

keras.utils.set_random_seed(3)
first = build()
first.fit(x, y, epochs=epochs // 2, shuffle=False, verbose=0)
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "model.h5")
    first.save(path)
    second = keras.models.load_model(path)
second.fit(x, y, epochs=epochs, initial_epoch=epochs // 2, shuffle=False, verbose=2)

difference = max(float(np.abs(a - b).max()) for a, b in zip(straight.get_weights(), second.get_weights()))
print("Largest weight difference:", difference)
