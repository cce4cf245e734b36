"""Common part of `imdb` and `reuters`: texts as lists of word numbers, shifted, cut and filtered.

Millions of numbers: they are worked on as one array, with the length of every text beside it.
"""

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


class Texts:
    """Texts in the making: `words`, all numbers in a row (int64), `lengths` of the texts, and their `labels`."""

    def __init__(self, xs, labels):
        self.lengths = np.fromiter(map(len, xs), dtype="int64", count=len(xs))
        self.words = np.fromiter(chain.from_iterable(xs), dtype="int64", count=int(self.lengths.sum()))
        self.labels = np.asarray(labels)

    def shift(self, start_char, index_from):
        """Add `index_from` to every number and put `start_char` in front of every text, unless that is None."""
        self.words = self.words + index_from
        if start_char is not None:
            lengths = self.lengths + 1
            starts = np.cumsum(lengths) - lengths
            words = np.full(int(lengths.sum()), start_char, dtype="int64")
            rest = np.ones(words.size, dtype=bool)
            rest[starts] = False
            words[rest] = self.words
            self.words, self.lengths = words, lengths

    def shorten(self, maxlen):
        """Keep the texts of fewer than `maxlen` numbers; `ValueError` if there is none."""
        kept = self.lengths < maxlen
        if not kept.any():
            raise ValueError(
                f"After filtering for sequences shorter than maxlen={maxlen}, none was kept. Increase maxlen."
            )
        self.words = self.words[np.repeat(kept, self.lengths)]
        self.lengths, self.labels = self.lengths[kept], self.labels[kept]

    def limit(self, num_words, skip_top, oov_char):
        """Numbers outside [skip_top, num_words) become `oov_char`, or are left out if that is None."""
        known = (skip_top <= self.words) & (self.words < num_words)
        if oov_char is not None:
            self.words = np.where(known, self.words, oov_char)
            return
        before = np.concatenate([[0], np.cumsum(known)])
        ends = np.cumsum(self.lengths)
        self.lengths = before[ends] - before[ends - self.lengths]
        self.words = self.words[known]

    def lists(self):
        """A 1-D array of lists of ints."""
        words, ends = self.words.tolist(), np.cumsum(self.lengths).tolist()
        # assigning a list of lists would make columns of texts of one length
        return np.fromiter((words[start:end] for start, end in zip([0, *ends], ends)), dtype=object, count=len(ends))


def read_index(path):
    """The dict of a word index file."""
    with open(path, encoding="utf-8") as f:
        return json.load(f)
