"""A convolutional autoencoder that removes noise, with its encoder as a model of its own (Keras 3 imports).

Run: python -m kshim examples/autoencoder.py [epochs]
"""

import sys

import keras
import numpy as np
from keras import layers

epochs = int(sys.argv[1]) if len(sys.argv) > 1 else 10

keras.utils.set_random_seed(0)
(x, _), (x_test, _) = keras.datasets.digits.load_data()
x, x_test = x[..., None].astype("float32") / 255, x_test[..., None].astype("float32") / 255
noise = np.random.RandomState(0)
noisy = np.clip(x + 0.3 * noise.randn(*x.shape), 0, 1).astype("float32")
noisy_test = np.clip(x_test + 0.3 * noise.randn(*x_test.shape), 0, 1).astype("float32")

inputs = keras.Input((8, 8, 1))
h = layers.Conv2D(16, 3, activation="relu", padding="same")(inputs)
h = layers.MaxPooling2D(2)(h)
code = layers.Conv2D(16, 3, activation="relu", padding="same")(h)
h = layers.Conv2DTranspose(16, 3, strides=2, activation="relu", padding="same")(code)
outputs = layers.Conv2D(1, 3, activation="sigmoid", padding="same")(h)

autoencoder = keras.Model(inputs, outputs)
encoder = keras.Model(inputs, code)
autoencoder.compile(optimizer=keras.optimizers.Adam(0.005), loss="mse")
autoencoder.fit(noisy, x, epochs=epochs, batch_size=64, verbose=2, validation_data=(noisy_test, x_test))
print("Noise before:", round(float(np.mean((noisy_test - x_test) ** 2)), 4))
print("Noise after:", round(float(np.mean((autoencoder.predict(noisy_test, verbose=0) - x_test) ** 2)), 4))
print("Code shape:", encoder.predict(x_test[:1], verbose=0).shape)
