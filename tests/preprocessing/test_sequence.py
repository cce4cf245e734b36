"""`preprocessing.sequence` against tf_keras: the same arrays from the same arguments and random state."""

import json
import random

import numpy as np
import pytest

from kshim.preprocessing import sequence
from kshim.utils import Sequence

TEXTS = [[1, 2, 3], [], [4], [5, 6, 7, 8, 9], [10, 11]]


@pytest.mark.parametrize("maxlen", [None, 1, 3, 7])
@pytest.mark.parametrize("padding", ["pre", "post"])
@pytest.mark.parametrize("truncating", ["pre", "post"])
def test_pad_sequences(tf_keras, maxlen, padding, truncating):
    args = dict(maxlen=maxlen, padding=padding, truncating=truncating, value=-1, dtype="int64")
    ours, theirs = sequence.pad_sequences(TEXTS, **args), tf_keras.preprocessing.sequence.pad_sequences(TEXTS, **args)
    np.testing.assert_array_equal(ours, theirs)
    assert ours.dtype == theirs.dtype


def test_pad_sequences_of_vectors_and_strings(tf_keras):
    oracle = tf_keras.preprocessing.sequence.pad_sequences
    vectors = [np.ones((2, 3)), np.full((4, 3), 2.0)]
    np.testing.assert_array_equal(
        sequence.pad_sequences(vectors, 3, "float32"), oracle(vectors, 3, "float32"), strict=True
    )
    words = [["a", "b"], ["c"]]
    ours = sequence.pad_sequences(words, dtype=object, value="<pad>", padding="post")
    assert ours.tolist() == [["a", "b"], ["c", "<pad>"]]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: sequence.pad_sequences([1, 2]), "position 0 is 1"),
        (lambda: sequence.pad_sequences(5), "received int"),
        (lambda: sequence.pad_sequences(TEXTS, padding="left"), "padding must be 'pre' or 'post'"),
        (lambda: sequence.pad_sequences([np.ones((2, 3)), np.ones((2, 4))]), "position 1 have shape"),
        (lambda: sequence.pad_sequences([["a"]], value="x"), "dtype=object"),
        (lambda: sequence.pad_sequences([]), "maxlen is needed"),
    ],
)
def test_pad_sequences_refuses(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_make_sampling_table(tf_keras):
    oracle = tf_keras.preprocessing.sequence.make_sampling_table
    np.testing.assert_array_equal(sequence.make_sampling_table(50, 1e-3), oracle(50, 1e-3))


@pytest.mark.parametrize("negative", [0.0, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("categorical", [False, True])
def test_skipgrams(tf_keras, negative, categorical):
    words = [1, 5, 0, 3, 2, 9, 9, 4]
    table = sequence.make_sampling_table(10, 1.0)
    for arguments in ({}, {"shuffle": False}, {"seed": 3}, {"sampling_table": table}):
        results = []
        for module in (sequence, tf_keras.preprocessing.sequence):
            random.seed(11)
            out = module.skipgrams(
                words, 10, window_size=2, negative_samples=negative, categorical=categorical, **arguments
            )
            results.append((out, random.random()))  # as many random numbers used
        assert results[0] == results[1]


@pytest.mark.parametrize(
    "arguments",
    [
        {"length": 4},
        {"length": 4, "sampling_rate": 2, "batch_size": 5},
        {"length": 3, "stride": 2, "batch_size": 3, "reverse": True},
        {"length": 2, "start_index": 5, "end_index": 14, "batch_size": 4},
        {"length": 4, "shuffle": True, "batch_size": 6},
    ],
)
def test_timeseries_generator(tf_keras, arguments):
    data, targets = np.arange(60.0).reshape(20, 3), np.arange(20)
    ours = sequence.TimeseriesGenerator(data, targets, **arguments)
    theirs = tf_keras.preprocessing.sequence.TimeseriesGenerator(data, targets, **arguments)
    assert isinstance(ours, Sequence)
    assert len(ours) == len(theirs)
    for i in range(len(ours)):
        np.random.seed(i)
        x, y = ours[i]
        np.random.seed(i)
        for a, b in zip((x, y), theirs[i]):
            np.testing.assert_array_equal(a, b)
    assert json.loads(ours.to_json()) == json.loads(theirs.to_json())
    again = sequence.timeseries_generator_from_json(ours.to_json())
    assert len(again) == len(ours)
    assert again.start_index == ours.start_index


def test_timeseries_generator_refuses():
    with pytest.raises(ValueError, match="20 and 19"):
        sequence.TimeseriesGenerator(np.arange(20), np.arange(19), 3)
    with pytest.raises(ValueError, match="start_index"):
        sequence.TimeseriesGenerator(np.arange(5), np.arange(5), 9)
