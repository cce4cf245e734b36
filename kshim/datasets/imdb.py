"""IMDB: 50,000 film reviews, good (1) or bad (0), as lists of word numbers (Maas et al. 2011)."""

import numpy as np

from . import sequences
from .cache import STORAGE, fetch
from .safe_arrays import load_npz

ORIGIN = STORAGE + "imdb.npz"
SHA256 = "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"
INDEX_ORIGIN = STORAGE + "imdb_word_index.json"
INDEX_MD5 = "bfafd718b763782e994055a2d397834f"


def load_data(
    path="imdb.npz",
    num_words=None,
    skip_top=0,
    maxlen=None,
    seed=113,
    start_char=1,
    oov_char=2,
    index_from=3,
    cache_dir=None,
    **kwargs,
):
    """`(x_train, y_train), (x_test, y_test)`: arrays of lists of word numbers, and labels.

    Words are numbered by frequency from `index_from + 1`; each review begins with `start_char`. Numbers below
    `skip_top` or from `num_words` on become `oov_char` (None: are left out). Only reviews shorter than `maxlen` are
    kept; `ValueError` if that leaves none. `seed` decides the order. `nb_words` is Keras 1's `num_words`.
    """
    num_words = sequences.old_names(kwargs, num_words, "imdb.load_data")
    path = fetch(path, ORIGIN, SHA256, cache_dir)
    x_train, y_train, x_test, y_test = load_npz(path, ("x_train", "y_train", "x_test", "y_test"))
    random = np.random.RandomState(seed)
    parts = []
    for x, y in ((x_train, y_train), (x_test, y_test)):
        order = np.arange(len(x))
        random.shuffle(order)
        texts = sequences.Texts(x[order], y[order])
        texts.shift(start_char, index_from)
        if maxlen:
            texts.shorten(maxlen)
        parts.append(texts)
    num_words = num_words or max(int(texts.words.max()) for texts in parts)
    for texts in parts:
        texts.limit(num_words, skip_top, oov_char)
    train, test = ((texts.lists(), texts.labels) for texts in parts)
    return train, test


def get_word_index(path="imdb_word_index.json"):
    """Dict from word to number, before `index_from` is added."""
    return sequences.read_index(fetch(path, INDEX_ORIGIN, INDEX_MD5))
