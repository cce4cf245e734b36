"""Common part of `imdb` and `reuters`: texts as lists of word numbers, shifted, cut and filtered."""

import json
import warnings
from itertools import chain

import numpy as np


def old_names(kwargs, num_words, owner):
    """`num_words`, or Keras 1's `nb_words` from the keyword arguments left over; `TypeError` for others."""
    if "nb_words" in kwargs:
        warnings.warn(f"{owner}: `nb_words` has been renamed `num_words`.", stacklevel=3)
        num_words = kwargs.pop("nb_words")
    if kwargs:
        raise TypeError(f"{owner} received unknown keyword arguments: {', '.join(kwargs)}.")
    return num_words


def shift(xs, start_char, index_from):
    """Every word number plus `index_from`, after `start_char` unless that is None: a list of lists."""
    if start_char is not None:
        return [[start_char, *(word + index_from for word in x)] for x in xs]
    return [[word + index_from for word in x] for x in xs] if index_from else list(xs)


def shorter(xs, labels, maxlen):
    """The texts of fewer than `maxlen` words, and their labels; `ValueError` if there is none."""
    kept = [i for i, x in enumerate(xs) if len(x) < maxlen]
    if not kept:
        raise ValueError(f"After filtering for sequences shorter than maxlen={maxlen}, none was kept. Increase maxlen.")
    return [xs[i] for i in kept], np.asarray(labels)[kept]


def limit(xs, num_words, skip_top, oov_char):
    """Word numbers in [skip_top, num_words); others become `oov_char`, or are left out if that is None."""
    words = np.fromiter(chain.from_iterable(xs), dtype="int64")
    ends = np.cumsum([len(x) for x in xs])
    if not num_words:
        num_words = int(words.max())
    known = (skip_top <= words) & (words < num_words)
    if oov_char is None:
        words, ends = words[known], np.cumsum(known)[ends - 1]
    else:
        words = np.where(known, words, oov_char)
    words, ends = words.tolist(), ends.tolist()
    return [words[start:end] for start, end in zip([0, *ends], ends)]


def as_objects(xs):
    """A 1-D array of lists."""
    out = np.empty(len(xs), dtype=object)
    out[:] = xs
    return out


def read_index(path):
    """The dict of a word index file."""
    with open(path, encoding="utf-8") as f:
        return json.load(f)
