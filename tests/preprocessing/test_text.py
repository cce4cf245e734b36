"""`preprocessing.text` against tf_keras."""

import json

import numpy as np
import pytest

from kshim.preprocessing import text

TEXTS = [
    "The cat sat on the mat.",
    "The dog sat on the log!\tDogs & cats -- living together",
    "",
    ["Already", "split", "The", "Words"],
    "Ärger, 猫 and the rest; the the THE",
]
SETTINGS = [
    {},
    {"num_words": 5},
    {"num_words": 5, "oov_token": "<oov>"},
    {"oov_token": "<oov>", "lower": False},
    {"char_level": True, "num_words": 9},
    {"filters": "", "split": "a"},
    {"analyzer": lambda t: t.split("e") if isinstance(t, str) else t},
]


@pytest.fixture(params=range(len(SETTINGS)))
def pair(request, tf_keras):
    settings = SETTINGS[request.param]
    pair = text.Tokenizer(**settings), tf_keras.preprocessing.text.Tokenizer(**settings)
    for tokenizer in pair:
        tokenizer.fit_on_texts(TEXTS[:3])
        tokenizer.fit_on_texts(TEXTS[3:])
    return pair


def test_tokenizer_state(pair):
    ours, theirs = pair
    for name in ("word_index", "index_word", "word_counts", "word_docs", "index_docs", "document_count"):
        assert getattr(ours, name) == getattr(theirs, name), name
    assert list(ours.word_counts.items()) == list(theirs.word_counts.items())


def test_tokenizer_sequences_and_back(pair):
    ours, theirs = pair
    new = [*TEXTS, "an unknown word in the text"]
    assert ours.texts_to_sequences(new) == theirs.texts_to_sequences(new)
    numbers = [[1, 2, 3, 100], [], [7, 4]]
    assert ours.sequences_to_texts(numbers) == theirs.sequences_to_texts(numbers)


@pytest.mark.parametrize("mode", ["binary", "count", "freq", "tfidf"])
def test_tokenizer_matrix(pair, mode):
    ours, theirs = pair
    a, b = ours.texts_to_matrix(TEXTS, mode), theirs.texts_to_matrix(TEXTS, mode)
    assert a.dtype == b.dtype
    np.testing.assert_allclose(a, b, rtol=1e-15)


def test_tokenizer_json_both_ways(pair, tf_keras):
    ours, theirs = pair
    assert sorted(json.loads(ours.to_json())["config"]) == sorted(json.loads(theirs.to_json())["config"])
    for module, source in ((text, theirs), (tf_keras.preprocessing.text, ours)):
        again = module.tokenizer_from_json(source.to_json())
        again.analyzer = ours.analyzer
        assert again.texts_to_sequences(TEXTS) == ours.texts_to_sequences(TEXTS)
        np.testing.assert_array_equal(again.texts_to_matrix(TEXTS, "tfidf"), theirs.texts_to_matrix(TEXTS, "tfidf"))


def test_fit_on_sequences(tf_keras):
    pair = text.Tokenizer(num_words=6), tf_keras.preprocessing.text.Tokenizer(num_words=6)
    numbers = [[1, 2, 2], [5, 1], [9]]
    for tokenizer in pair:
        tokenizer.fit_on_sequences(numbers)
    np.testing.assert_allclose(*(t.sequences_to_matrix(numbers, "tfidf") for t in pair), rtol=1e-15)


def test_functions(tf_keras):
    oracle = tf_keras.preprocessing.text
    line = TEXTS[1] + TEXTS[4]
    for kwargs in ({}, {"lower": False}, {"filters": "ae", "split": "o"}):
        assert text.text_to_word_sequence(line, **kwargs) == oracle.text_to_word_sequence(line, **kwargs)
        assert text.one_hot(line, 30, **kwargs) == oracle.one_hot(line, 30, **kwargs)
        assert text.hashing_trick(line, 9, "md5", **kwargs) == oracle.hashing_trick(line, 9, "md5", **kwargs)


def test_errors_and_old_names():
    with pytest.warns(UserWarning, match="num_words"):
        assert text.Tokenizer(nb_words=3).num_words == 3
    with pytest.raises(TypeError, match="words_num"):
        text.Tokenizer(words_num=3)
    with pytest.raises(ValueError, match="Unknown vectorization mode: 'tf'"):
        text.Tokenizer(num_words=3).sequences_to_matrix([[1]], mode="tf")
    with pytest.raises(ValueError, match="num_words"):
        text.Tokenizer().sequences_to_matrix([[1]])
    assert "'" not in text.base_filter() and "\t" in text.base_filter()
