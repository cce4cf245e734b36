"""Reuters: 11,228 newswires on 46 topics, as lists of word numbers (from Reuters-21578)."""

import numpy as np

from . import sequences
from .cache import STORAGE, fetch
from .safe_arrays import load_npz

ORIGIN = STORAGE + "reuters.npz"
SHA256 = "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916"
INDEX_ORIGIN = STORAGE + "reuters_word_index.json"
INDEX_MD5 = "4d44cc38712099c9e383dc6e5f11a921"

_TOPICS = """
cocoa grain veg-oil earn acq wheat copper housing money-supply coffee sugar trade reserves ship cotton carcass crude
nat-gas cpi money-fx interest gnp meal-feed alum oilseed gold tin strategic-metal livestock retail ipi iron-steel rubber
heat jobs lei bop zinc orange pet-chem dlr gas silver wpi hog lead
"""


def load_data(
    path="reuters.npz",
    num_words=None,
    skip_top=0,
    maxlen=None,
    test_split=0.2,
    seed=113,
    start_char=1,
    oov_char=2,
    index_from=3,
    cache_dir=None,
    **kwargs,
):
    """`(x_train, y_train), (x_test, y_test)`: arrays of lists of word numbers, and topics 0 to 45.

    The last `test_split` part is for testing. The other arguments are those of `imdb.load_data`.
    """
    num_words = sequences.old_names(kwargs, num_words, "reuters.load_data")
    xs, labels = load_npz(fetch(path, ORIGIN, SHA256, cache_dir), ("x", "y"))
    order = np.arange(len(xs))
    np.random.RandomState(seed).shuffle(order)
    texts = sequences.Texts(xs[order], labels[order])
    texts.shift(start_char, index_from)
    if maxlen:
        texts.shorten(maxlen)
    texts.limit(num_words or int(texts.words.max()), skip_top, oov_char)
    xs, labels = texts.lists(), texts.labels
    n = int(len(xs) * (1 - test_split))
    return (xs[:n], labels[:n]), (xs[n:], labels[n:])


def get_word_index(path="reuters_word_index.json"):
    """Dict from word to number, before `index_from` is added."""
    return sequences.read_index(fetch(path, INDEX_ORIGIN, INDEX_MD5))


def get_label_names():
    """The topics in the order of their numbers."""
    return tuple(_TOPICS.split())
