"""A small multilayer perceptron with dropout, early stopping and learning-rate reduction (Keras 2 imports).

Run: python -m kshim examples/digits_mlp.py [epochs]
"""

import sys

import keras
import numpy as np
from keras.callbacks import EarlyStopping, ReduceLROnPlateau
from keras.datasets import digits
from keras.layers import Dense, Dropout
from keras.models import Sequential
from keras.optimizers import RMSprop

epochs = int(sys.argv[1]) if len(sys.argv) > 1 else 20

np.random.seed(1337)
(x_train, y_train), (x_test, y_test) = digits.load_data()
x_train = x_train.reshape(-1, 64).astype("float32") / 255
x_test = x_test.reshape(-1, 64).astype("float32") / 255
y_train = keras.utils.to_categorical(y_train, 10)
y_test = keras.utils.to_categorical(y_test, 10)

model = Sequential()
model.add(Dense(128, activation="relu", input_shape=(64,)))
model.add(Dropout(0.2))
model.add(Dense(128, activation="relu"))
model.add(Dropout(0.2))
model.add(Dense(10, activation="softmax"))
model.compile(loss="categorical_crossentropy", optimizer=RMSprop(lr=0.002), metrics=["accuracy"])
history = model.fit(
    x_train, y_train, batch_size=64, epochs=epochs, verbose=2, validation_split=0.1,
    callbacks=[EarlyStopping(patience=6, restore_best_weights=True), ReduceLROnPlateau(factor=0.5, patience=3)],
)  # fmt: skip
score = model.evaluate(x_test, y_test, verbose=0)
print("Test loss:", round(score[0], 4))
print("Test accuracy:", round(score[1], 4))
