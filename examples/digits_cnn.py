"""A convolutional network on the bundled handwritten digits, in the style of the Keras 2 books.

Run: python -m kshim examples/digits_cnn.py [epochs]
"""

import sys

import tensorflow as tf
from tensorflow.keras import layers, models
from tensorflow.keras.datasets import digits
from tensorflow.keras.utils import to_categorical

epochs = int(sys.argv[1]) if len(sys.argv) > 1 else 12

tf.keras.utils.set_random_seed(1)
(x_train, y_train), (x_test, y_test) = digits.load_data()
x_train = x_train.reshape((-1, 8, 8, 1)).astype("float32") / 255
x_test = x_test.reshape((-1, 8, 8, 1)).astype("float32") / 255

model = models.Sequential()
model.add(layers.Conv2D(32, (3, 3), activation="relu", padding="same", input_shape=(8, 8, 1)))
model.add(layers.Conv2D(32, (3, 3), activation="relu", padding="same"))
model.add(layers.MaxPooling2D((2, 2)))
model.add(layers.Dropout(0.25))
model.add(layers.Conv2D(64, (3, 3), activation="relu", padding="same"))
model.add(layers.MaxPooling2D((2, 2)))
model.add(layers.Flatten())
model.add(layers.Dense(128, activation="relu"))
model.add(layers.Dropout(0.5))
model.add(layers.Dense(10, activation="softmax"))
model.summary()

model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
model.fit(x_train, to_categorical(y_train), epochs=epochs, batch_size=32, verbose=2)
test_loss, test_acc = model.evaluate(x_test, to_categorical(y_test), verbose=0)
print(f"Test accuracy: {test_acc:.4f}")
