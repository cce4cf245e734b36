"""A custom layer, loss, metric and callback, as Keras users write them.

Run: python -m kshim examples/custom_parts.py [epochs]
"""

import sys

import numpy as np
from keras import backend as K
from keras.callbacks import Callback
from keras.datasets import digits
from keras.layers import Dense, Input, Layer
from keras.models import Model

epochs = int(sys.argv[1]) if len(sys.argv) > 1 else 8


class Antirectifier(Layer):
    """Both signs of the centred, normalised input, each rectified."""

    def call(self, inputs):
        inputs -= K.mean(inputs, axis=1, keepdims=True)
        inputs = K.l2_normalize(inputs, axis=1)
        return K.concatenate([K.relu(inputs), K.relu(-inputs)], axis=1)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], input_shape[1] * 2)


class Scale(Layer):
    def build(self, input_shape):
        self.factor = self.add_weight(name="factor", shape=(input_shape[-1],), initializer="ones", trainable=True)
        super().build(input_shape)

    def call(self, x):
        return x * self.factor


def focal(y_true, y_pred):
    p = K.clip(K.sum(y_true * y_pred, axis=-1), K.epsilon(), 1.0)
    return -K.pow(1.0 - p, 2.0) * K.log(p)


def confidence(y_true, y_pred):
    return K.mean(K.max(y_pred, axis=-1))


class Best(Callback):
    def on_train_begin(self, logs=None):
        self.best = 0.0

    def on_epoch_end(self, epoch, logs=None):
        self.best = max(self.best, logs["accuracy"])


np.random.seed(1337)
(x, y), (x_test, y_test) = digits.load_data()
x, x_test = x.reshape(-1, 64) / 255.0, x_test.reshape(-1, 64) / 255.0
one_hot = K.eval(K.one_hot(y, 10))

inputs = Input(shape=(64,))
h = Scale()(Antirectifier()(Dense(96)(inputs)))
outputs = Dense(10, activation="softmax")(h)
model = Model(inputs, outputs)
best = Best()
model.compile("adam", loss=focal, metrics=["accuracy", confidence])
model.fit(x, one_hot, epochs=epochs, batch_size=32, verbose=2, callbacks=[best])
print("Best accuracy:", round(best.best, 3))
