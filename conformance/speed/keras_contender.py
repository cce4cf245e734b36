"""A contender that is a Keras: kshim, Keras 3 or tf_keras, used as its users do."""

import numpy as np

from . import keras_models
from .workloads import DROPOUT, WORKLOADS, data


class Contender:
    def __init__(self, keras, name, samples=0, dropout=DROPOUT):
        self.keras, self.name, self.work = keras, name, WORKLOADS[name]
        self.x, self.y = data(self.work, samples or self.work.batch * self.work.steps)
        self.model = keras_models.model(keras, name, dropout)

    def epoch(self, shuffle=True, steps=None):
        """Train; the mean loss."""
        rows = slice(steps and steps * self.work.batch)
        x, y = self.x[rows], self.y[rows]
        history = self.model.fit(x, y, batch_size=self.work.batch, epochs=1, verbose=0, shuffle=shuffle)
        return history.history["loss"][0]

    def prepare(self, samples):
        self.one = self.x[:1]
        self.many = data(self.work, samples)

    def predict_one(self):
        return self.model.predict(self.one, verbose=0)

    def call_one(self):
        out = self.model(self.one)
        return np.asarray(out.detach() if hasattr(out, "detach") else out)

    def predict_many(self):
        return self.model.predict(self.many[0], verbose=0)

    def evaluate(self):
        return self.model.evaluate(*self.many, verbose=0)

    def build(self):
        keras_models.model(self.keras, self.name)
