"""Words and numbers for them, as Keras 1 and 2 count them."""

import hashlib
import json
import string
import warnings
from collections import Counter, OrderedDict, defaultdict

import numpy as np

__all__ = [
    "Tokenizer",
    "base_filter",
    "hashing_trick",
    "one_hot",
    "text_to_word_sequence",
    "tokenizer_from_json",
]

_FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'


def base_filter():
    """Characters that separate words in Keras 1."""
    return string.punctuation.replace("'", "") + "\t\n"


def text_to_word_sequence(input_text, filters=_FILTERS, lower=True, split=" "):
    """The words of a string: lower-cased, every character of `filters` turned into `split`, cut at `split`."""
    if lower:
        input_text = input_text.lower()
    input_text = input_text.translate(str.maketrans({character: split for character in filters}))
    return [word for word in input_text.split(split) if word]


def one_hot(input_text, n, filters=_FILTERS, lower=True, split=" ", analyzer=None):
    """Word numbers in [1, n) by Python's `hash`: differs between processes unless PYTHONHASHSEED is set."""
    return hashing_trick(input_text, n, hash, filters, lower, split, analyzer)


def hashing_trick(text, n, hash_function=None, filters=_FILTERS, lower=True, split=" ", analyzer=None):
    """Word numbers in [1, n) by `hash_function` (default `hash`; 'md5' is the same everywhere). Words may collide."""
    if hash_function is None:
        hash_function = hash
    elif hash_function == "md5":

        def hash_function(word):
            return int(hashlib.md5(word.encode(), usedforsecurity=False).hexdigest(), 16)

    words = text_to_word_sequence(text, filters, lower, split) if analyzer is None else analyzer(text)
    return [hash_function(word) % (n - 1) + 1 for word in words]


class Tokenizer:
    """Numbers words by frequency, 1 the most frequent, and turns texts into lists of numbers or matrices.

    num_words: numbers from this on are dropped (or become the number of `oov_token`, which is 1 if given). A text is
    a string, or a list of words. char_level counts characters instead; `analyzer` replaces the splitting.
    """

    def __init__(
        self,
        num_words=None,
        filters=_FILTERS,
        lower=True,
        split=" ",
        char_level=False,
        oov_token=None,
        analyzer=None,
        **kwargs,
    ):
        if "nb_words" in kwargs:
            warnings.warn("Tokenizer: `nb_words` has been renamed `num_words`.", stacklevel=2)
            num_words = kwargs.pop("nb_words")
        document_count = kwargs.pop("document_count", 0)
        if kwargs:
            raise TypeError(f"Tokenizer received unknown keyword arguments: {', '.join(kwargs)}.")
        self.num_words = num_words
        self.filters, self.lower, self.split = filters, lower, split
        self.char_level, self.oov_token, self.analyzer = char_level, oov_token, analyzer
        self.document_count = document_count
        self.word_counts = OrderedDict()
        self.word_docs = defaultdict(int)
        self.index_docs = defaultdict(int)
        self.word_index = {}
        self.index_word = {}

    def _words(self, text):
        if self.char_level or isinstance(text, list):
            if not self.lower:
                return text
            return [word.lower() for word in text] if isinstance(text, list) else text.lower()
        if self.analyzer is None:
            return text_to_word_sequence(text, self.filters, self.lower, self.split)
        return self.analyzer(text)

    def fit_on_texts(self, texts):
        """Count the words of `texts` (an iterable) and number them anew. May be called again with more."""
        for text in texts:
            self.document_count += 1
            counts = Counter(self._words(text))  # keeps the order of first occurrence
            for word, count in counts.items():
                self.word_counts[word] = self.word_counts.get(word, 0) + count
                self.word_docs[word] += 1
        # a stable sort: words of one frequency stay in order of first occurrence
        words = sorted(self.word_counts, key=self.word_counts.get, reverse=True)
        if self.oov_token is not None:
            words = [self.oov_token, *words]
        self.word_index = {word: index for index, word in enumerate(words, start=1)}
        self.index_word = {index: word for word, index in self.word_index.items()}
        for word, count in self.word_docs.items():
            self.index_docs[self.word_index[word]] = count

    def fit_on_sequences(self, sequences):
        """Count documents in lists of numbers, for `sequences_to_matrix` without `fit_on_texts`."""
        self.document_count += len(sequences)
        for sequence in sequences:
            for index in set(sequence):
                self.index_docs[index] += 1

    def texts_to_sequences(self, texts):
        """A list of numbers for each text; unknown words are left out unless there is an `oov_token`."""
        return list(self.texts_to_sequences_generator(texts))

    def texts_to_sequences_generator(self, texts):
        """`texts_to_sequences`, one at a time."""
        unknown = self.word_index.get(self.oov_token)
        for text in texts:
            numbers = (self.word_index.get(word) for word in self._words(text))
            numbers = (unknown if n is None or (self.num_words and n >= self.num_words) else n for n in numbers)
            yield [n for n in numbers if n is not None]

    def sequences_to_texts(self, sequences):
        """A string of words, joined by blanks, for each list of numbers."""
        return list(self.sequences_to_texts_generator(sequences))

    def sequences_to_texts_generator(self, sequences):
        """`sequences_to_texts`, one at a time."""
        unknown = self.index_word.get(self.word_index.get(self.oov_token))
        for sequence in sequences:
            words = (
                unknown if self.num_words and number >= self.num_words else self.index_word.get(number, unknown)
                for number in sequence
            )
            yield " ".join(word for word in words if word is not None)

    def texts_to_matrix(self, texts, mode="binary"):
        """`sequences_to_matrix` of `texts_to_sequences`."""
        return self.sequences_to_matrix(self.texts_to_sequences(texts), mode=mode)

    def sequences_to_matrix(self, sequences, mode="binary"):
        """float64 array `(len(sequences), num_words)`; column j tells about word j.

        mode: 'binary' occurs or not, 'count', 'freq' count / length, 'tfidf'
        (1 + log count) * log(1 + documents / (1 + documents with the word)).
        """
        if mode not in ("binary", "count", "freq", "tfidf"):
            raise ValueError(f"Unknown vectorization mode: {mode!r}. Expected 'binary', 'count', 'freq' or 'tfidf'.")
        width = self.num_words or (len(self.word_index) + 1 if self.word_index else None)
        if not width:
            raise ValueError("Specify the num_words argument of Tokenizer, or fit it on some text data first.")
        if mode == "tfidf" and not self.document_count:
            raise ValueError("Fit the Tokenizer on some data before using tfidf mode.")
        matrix = np.zeros((len(sequences), width))
        for row, sequence in zip(matrix, sequences):
            numbers = np.asarray(sequence, dtype="int64")
            if not numbers.size:
                continue
            columns, counts = np.unique(numbers[numbers < width], return_counts=True)
            if mode == "binary":
                row[columns] = 1
            elif mode == "count":
                row[columns] = counts
            elif mode == "freq":
                row[columns] = counts / numbers.size
            else:
                documents = np.array([self.index_docs.get(column, 0) for column in columns.tolist()])
                row[columns] = (1 + np.log(counts)) * np.log(1 + self.document_count / (1 + documents))
        return matrix

    def get_config(self):
        """Settings, and the counts as JSON strings."""
        settings = ("num_words", "filters", "lower", "split", "char_level", "oov_token", "document_count")
        counts = ("word_counts", "word_docs", "index_docs", "index_word", "word_index")
        config = {name: getattr(self, name) for name in settings}
        return {**config, **{name: json.dumps(getattr(self, name)) for name in counts}}

    def to_json(self, **kwargs):
        """JSON text for `tokenizer_from_json`; keyword arguments go to `json.dumps`."""
        return json.dumps({"class_name": type(self).__name__, "config": self.get_config()}, **kwargs)


def tokenizer_from_json(json_string):
    """The `Tokenizer` that `to_json` wrote, here or in Keras."""
    config = dict(json.loads(json_string)["config"])
    counts = ("word_counts", "word_docs", "index_docs", "index_word", "word_index")
    stored = {name: json.loads(config.pop(name)) for name in counts}
    for name in ("index_docs", "index_word"):  # JSON has string keys only
        stored[name] = {int(key): value for key, value in stored[name].items()}
    tokenizer = Tokenizer(**config)
    for name, value in stored.items():
        setattr(tokenizer, name, value)
    return tokenizer
