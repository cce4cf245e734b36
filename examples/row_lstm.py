"""An LSTM that reads each digit row by row.

Run: python -m kshim examples/row_lstm.py [epochs]
"""

import sys

import numpy as np
from keras.datasets import digits
from keras.layers import LSTM, Dense
from keras.models import Sequential

epochs = int(sys.argv[1]) if len(sys.argv) > 1 else 15

np.random.seed(1337)
(x_train, y_train), (x_test, y_test) = digits.load_data()
x_train, x_test = x_train.astype("float32") / 255, x_test.astype("float32") / 255

model = Sequential([LSTM(64, input_shape=(8, 8)), Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x_train, y_train, epochs=epochs, batch_size=32, verbose=2)
print("Test accuracy:", round(model.evaluate(x_test, y_test, verbose=0)[1], 4))
