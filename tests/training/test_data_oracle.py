"""Batches against tf_keras's own data handler: the same numbers, dtypes, epochs and ends."""

import random
import warnings

import numpy as np
import pytest

from kshim import tree
from kshim.training.data import make_source
from kshim.utils import Sequence

RNG = np.random.default_rng(0)
X = RNG.normal(size=(23, 3))
Y = RNG.integers(0, 4, 23)
W = RNG.uniform(size=23)


def ours(make, epochs=1, **kwargs):
    """Per epoch the list of batches; and whether the data ran out."""
    source, out = make_source(*make(), epochs=epochs, **kwargs), []
    for epoch in range(epochs):
        if source.exhausted:
            break
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Your input ran out of data")
            out.append(list(source.epoch((1, epoch))))
        source.on_epoch_end()
    source.close()
    return out, source.exhausted


def theirs(tf_keras, make, epochs=1, steps=None, **kwargs):
    from tf_keras.src.engine import data_adapter

    x, y, sample_weight = (*make(), None, None)[:3]
    handler = data_adapter.DataHandler(x, y, sample_weight, epochs=epochs, steps_per_epoch=steps, **kwargs)
    out = []
    for _, iterator in handler.enumerate_epochs():
        batches = []
        with handler.catch_stop_iteration():
            for _ in handler.steps():
                batches.append(data_adapter.unpack_x_y_sample_weight(next(iterator)))
        out.append(batches)
    return out, handler._insufficient_data


def compare(tf_keras, make, **kwargs):
    (a, a_ended), (b, b_ended) = ours(make, **kwargs), theirs(tf_keras, make, **kwargs)
    assert [len(epoch) for epoch in a] == [len(epoch) for epoch in b]
    assert a_ended == b_ended
    for mine, reference in zip(sum(a, []), sum(b, [])):
        for part, expected in zip(mine, reference):
            leaves, wanted = tree.flatten(part), tree.flatten(expected)
            assert len(leaves) == len(wanted)
            for leaf, want in zip(leaves, wanted):
                if want is None:
                    assert leaf is None
                    continue
                assert isinstance(leaf, np.ndarray)
                np.testing.assert_array_equal(leaf, want.numpy(), strict=True)
    return a


@pytest.mark.parametrize("batch_size", [None, 1, 7, 23, 50])
def test_arrays(tf_keras, batch_size):
    compare(tf_keras, lambda: (X, Y, W), batch_size=batch_size)


@pytest.mark.parametrize("dtype", ["float16", "float64", "int64", "uint8", "bool", "int32", "float32"])
def test_dtypes(tf_keras, dtype):
    compare(tf_keras, lambda: ((X * 5).astype(dtype), Y))


def test_structures(tf_keras):
    compare(tf_keras, lambda: ([X, X[:, :2]], {"a": Y, "b": X}, {"a": W, "b": W}), batch_size=9)
    compare(tf_keras, lambda: ({"in": X, "other": Y},), batch_size=9)
    compare(tf_keras, lambda: ((X, X), [Y, Y]), batch_size=9)
    compare(tf_keras, lambda: (X.tolist(), Y.tolist()), batch_size=9)


@pytest.mark.parametrize("batch_size", [None, 5])
@pytest.mark.parametrize("steps", [1, 2, 3, 5, 7])
@pytest.mark.parametrize("epochs", [1, 3])
def test_arrays_with_steps(tf_keras, batch_size, steps, epochs):
    compare(tf_keras, lambda: (X, Y), batch_size=batch_size, steps=steps, epochs=epochs)


def generator(n, kind=3):
    for i in range(n):
        batch = (X[i : i + 4], Y[i : i + 4], W[i : i + 4])
        yield batch[:kind] if kind else batch[0]


@pytest.mark.parametrize("kind", [0, 1, 2, 3])
def test_generators(tf_keras, kind):
    compare(tf_keras, lambda: (generator(5, kind),))


@pytest.mark.parametrize(("n", "steps", "epochs"), [(12, 4, 3), (10, 4, 3), (3, 4, 1), (5, None, 2), (8, 3, 2)])
def test_generators_with_steps(tf_keras, n, steps, epochs):
    compare(tf_keras, lambda: (generator(n, 2),), steps=steps, epochs=epochs)


def test_generator_batches_of_several_arrays(tf_keras):
    def make():
        return ((([X[i : i + 2], X[i : i + 2]], [Y[i : i + 2], X[i : i + 2]]) for i in range(3)),)

    compare(tf_keras, make)


class Batches(Sequence):
    def __init__(self, n, cls=None):
        self.n, self.log = n, []

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        return X[i : i + 3], Y[i : i + 3]

    def on_epoch_end(self):
        self.log.append("end")


def sequence_pair(tf_keras, n):
    """The same data as a Sequence of ours and of tf_keras's."""
    theirs = type("Theirs", (tf_keras.utils.Sequence,), dict(vars(Batches)))
    return Batches(n), theirs(n)


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("steps", [None, 3, 6])
def test_sequences(tf_keras, shuffle, steps):
    mine, reference = sequence_pair(tf_keras, 6)
    random.seed(5)
    a, _ = ours(lambda: (mine,), epochs=2, steps=steps, shuffle=shuffle)
    random.seed(5)
    b, _ = theirs(tf_keras, lambda: (reference,), epochs=2, steps=steps, shuffle=shuffle)
    assert [len(e) for e in a] == [len(e) for e in b]
    for (x, y, _), (want_x, want_y, _) in zip(sum(a, []), sum(b, [])):
        np.testing.assert_array_equal(x, want_x.numpy())
        np.testing.assert_array_equal(y, want_y.numpy())
    assert mine.log == reference.log == ["end", "end"]


def test_another_packages_sequence(tf_keras):
    """tf_keras's Sequence is not a subclass of ours, and still one."""
    _, reference = sequence_pair(tf_keras, 4)
    source = make_source(reference)
    assert source.num_steps == 4 and len(list(source.epoch((0, 0)))) == 4


@pytest.mark.parametrize("steps", [None, 2, 6])
@pytest.mark.parametrize("drop", [False, True])
def test_tf_data(tf_keras, steps, drop):
    tf = pytest.importorskip("tensorflow")

    def make():
        return (tf.data.Dataset.from_tensor_slices((X.astype("float32"), Y)).batch(5, drop_remainder=drop),)

    compare(tf_keras, make, steps=steps, epochs=2)


def test_tf_data_without_end(tf_keras):
    tf = pytest.importorskip("tensorflow")
    endless = tf.data.Dataset.from_tensor_slices((X.astype("float32"), Y)).batch(5).repeat()
    compare(tf_keras, lambda: (endless,), steps=4, epochs=2)
    with pytest.raises(ValueError, match="repeats without end"):
        make_source(endless)
    unknown = endless.take(7).filter(lambda x, y: True)
    compare(tf_keras, lambda: (unknown,), epochs=2)
    with pytest.raises(ValueError, match="single samples|first axis"):
        list(make_source(tf.data.Dataset.from_tensor_slices((X[:, 0], Y))).epoch((0, 0)))


@pytest.mark.parametrize("targets", ["classes", "column", "one_hot", "floats", "temporal"])
@pytest.mark.parametrize("weighted", [False, True])
def test_class_weight(tf_keras, targets, weighted):
    y = {
        "classes": Y,
        "column": Y[:, None],
        "one_hot": np.eye(4)[Y],
        "floats": Y.astype("float32")[:, None],
        "temporal": np.eye(4)[RNG.integers(0, 4, (23, 5))],
    }[targets]
    weights = {0: 1.0, 1: 2.5, 2: 0.5, 3: 7.0}
    batches = compare(tf_keras, lambda: (X, y), batch_size=23, class_weight=weights)
    if weighted:  # tf_keras cannot combine the two; the weights multiply
        ((_, _, alone),) = batches[0]
        (((_, _, both),),), _ = ours(lambda: (X, y, W), batch_size=23, class_weight=weights)
        assert both.shape == alone.shape
        for row, sample, classes in zip(both, W.astype("float32"), alone):
            np.testing.assert_array_equal(row, sample * classes)


def test_class_weight_of_a_generator(tf_keras):
    compare(tf_keras, lambda: (generator(4, 2),), class_weight={0: 1.0, 1: 2.0, 2: 3.0, 3: 4.0})


@pytest.mark.parametrize("split", [0.1, 0.25, 0.5, 0.9])
def test_split_validation(tf_keras, split):
    from tf_keras.src.engine import data_adapter

    from kshim.training.data import split_validation

    mine = split_validation([X.astype("float32"), Y], {"a": Y}, None, split)
    reference = data_adapter.train_validation_split(([X.astype("float32"), Y], {"a": Y}, None), split)
    for ours_part, their_part in zip(mine, reference):
        for a, b in zip(tree.flatten(list(ours_part)), tree.flatten(list(their_part))):
            assert (a is None) == (b is None)
            if a is not None:
                np.testing.assert_array_equal(a, b, strict=True)
