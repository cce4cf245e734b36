"""Embedding with a mask, a bidirectional GRU and a `Sequence` that gives the batches: is a string of brackets balanced?

Run: python -m kshim examples/masked_text.py [epochs]
"""

import sys

import numpy as np
from keras.layers import GRU, Bidirectional, Dense, Embedding
from keras.models import Sequential
from keras.optimizers import Adam
from keras.preprocessing.sequence import pad_sequences
from keras.utils import Sequence

epochs = int(sys.argv[1]) if len(sys.argv) > 1 else 8


def sample(rng, n):
    """A string of brackets (1 opens, 2 closes), balanced or with one of them flipped."""
    text, depth = [], 0
    while len(text) + depth < n:
        up = depth == 0 or rng.rand() < 0.5
        text.append(1 if up else 2)
        depth += 1 if up else -1
    text += [2] * depth
    label = int(rng.rand() < 0.5)
    if not label:
        at = rng.randint(len(text))
        text[at] = 3 - text[at]
    return text, label


class Brackets(Sequence):
    def __init__(self, batches, seed):
        super().__init__()
        rng = np.random.RandomState(seed)
        self.batches = []
        for _ in range(batches):
            texts, labels = zip(*(sample(rng, rng.randint(4, 16)) for _ in range(32)))
            self.batches.append((pad_sequences(texts, maxlen=20), np.array(labels)))

    def __len__(self):
        return len(self.batches)

    def __getitem__(self, index):
        return self.batches[index]


np.random.seed(1337)
model = Sequential()
model.add(Embedding(3, 16, mask_zero=True, input_length=20))
model.add(Bidirectional(GRU(16)))
model.add(Dense(1, activation="sigmoid"))
model.compile(Adam(lr=0.01), "binary_crossentropy", metrics=["accuracy"])
model.fit(Brackets(60, 0), epochs=epochs, validation_data=Brackets(10, 1), verbose=2)
print("Validation accuracy:", round(model.evaluate(Brackets(10, 1), verbose=0)[1], 3))
