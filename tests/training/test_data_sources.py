"""What make_source takes beyond tf_keras, what it refuses, and how it shuffles."""

import threading
import time

import h5py
import numpy as np
import pytest

from kshim import config
from kshim.spec import rng
from kshim.spec.memory import Private
from kshim.training.data import make_source, split_validation, unpack_validation_data
from kshim.training.data_arrays import Rows, take
from kshim.utils import HDF5Matrix, PyDataset

X = np.arange(60.0).reshape(20, 3)
Y = np.arange(20)
KEY = (3, 4)


def batches(*args, key=KEY, **kwargs):
    return list(make_source(*args, **kwargs).epoch(key))


def rows(out, part=1):
    return np.concatenate([b[part] for b in out])


# shuffling -----------------------------------------------------------------------------------------------------
def test_shuffle_is_the_specified_permutation():
    out = batches(X, Y, batch_size=6, shuffle=True)
    np.testing.assert_array_equal(rows(out), rng.permutation(20, KEY))
    np.testing.assert_array_equal(rows(out, 0), X.astype("float32")[rng.permutation(20, KEY)])
    assert [len(b[0]) for b in out] == [6, 6, 6, 2]
    source = make_source(X, Y, shuffle=True)
    np.testing.assert_array_equal(source.order(KEY), rng.permutation(20, KEY))
    first, second = rows(list(source.epoch((1, 1)))), rows(list(source.epoch((1, 2))))
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(rows(list(source.epoch((1, 1)))), first)


def test_shuffle_of_batches_keeps_them_whole():
    out = batches(X, Y, batch_size=6, shuffle="batch")
    assert [len(b[0]) for b in out] == [6, 6, 6, 2]
    starts = [b[1][0] for b in out]
    assert sorted(starts[:3]) == [0, 6, 12] and starts[3] == 18
    for b in out:
        np.testing.assert_array_equal(b[1], b[1][0] + np.arange(len(b[1])))
    orders = {tuple(b[1][0] for b in batches(X, Y, batch_size=2, shuffle="batch", key=(k, 0))) for k in range(9)}
    assert len(orders) > 1


def test_going_on_across_epochs_covers_everything():
    source = make_source(X, Y, batch_size=4, steps=2, shuffle=True, epochs=5)
    seen = np.concatenate([rows(list(source.epoch((e, 0)))) for e in range(5)])
    np.testing.assert_array_equal(np.sort(seen[:20]), Y)
    np.testing.assert_array_equal(np.sort(seen[20:]), np.sort(np.unique(seen[20:])))


def test_two_passes_in_one_epoch_differ():
    out = rows(batches(X, Y, batch_size=10, steps=4, shuffle=True))
    assert not np.array_equal(out[:20], out[20:])
    np.testing.assert_array_equal(np.sort(out[20:]), Y)


def test_validation_starts_again_every_time():
    source = make_source(X, Y, batch_size=4, steps=2, training=False)
    for _ in range(3):
        np.testing.assert_array_equal(rows(list(source.epoch(None))), np.arange(8))


# kinds of arrays -----------------------------------------------------------------------------------------------
def test_conversion_happens_once_and_copies_nothing_it_need_not():
    source = make_source(X, X.astype("float32"), batch_size=5)
    x, y, _ = source.arrays
    assert x.dtype == np.float32 and x.base is None
    assert np.shares_memory(next(source.epoch(KEY))[0], x)
    again = make_source(x, y)
    assert again.arrays[0] is x and again.arrays[1] is y
    config.set_floatx("float64")
    assert make_source(X).arrays[0] is X


def test_bfloat16_setting_and_foreign_byte_order():
    config.set_floatx("bfloat16")
    assert make_source(X).arrays[0].dtype == np.float32
    config.set_floatx("float32")
    swapped = make_source(Y.astype(">i2")).arrays[0]
    assert swapped.dtype.isnative and swapped.dtype == np.int16
    np.testing.assert_array_equal(swapped, Y)


def test_strings_and_ranges_and_object_numbers():
    assert batches(["a", "b"])[0][0].tolist() == ["a", "b"]
    np.testing.assert_array_equal(batches(range(5))[0][0], np.arange(5))
    numbers = np.array([1, 2.5, np.float64(3)], dtype=object)
    np.testing.assert_array_equal(batches(numbers)[0][0], np.array([1, 2.5, 3], "float32"), strict=True)
    assert batches(np.array(["a", "bc"], dtype=object))[0][0].tolist() == ["a", "bc"]


def test_tensors_of_frameworks(tf_keras):
    torch, jnp, tf = (pytest.importorskip(name) for name in ("torch", "jax.numpy", "tensorflow"))
    tensors = [
        torch.tensor(X, requires_grad=True),
        jnp.asarray(X),
        tf.constant(X),
        torch.tensor(X, dtype=torch.bfloat16),
        jnp.asarray(X, "bfloat16"),
    ]
    for tensor in tensors:
        ((x, y, w),) = batches(tensor, [1] * 20)
        np.testing.assert_array_equal(x, X.astype("float32"), strict=True)
        assert y.tolist() == [1] * 20 and w is None


def test_torch_data_loader():
    torch = pytest.importorskip("torch")
    data = torch.utils.data.TensorDataset(torch.tensor(X), torch.tensor(Y))
    source = make_source(torch.utils.data.DataLoader(data, batch_size=8))
    assert source.num_steps == 3
    for _ in range(2):
        out = list(source.epoch(KEY))
        assert [len(b[0]) for b in out] == [8, 8, 4] and out[0][0].dtype == np.float32
        np.testing.assert_array_equal(rows(out), Y)
    with pytest.raises(TypeError, match="wrap it in a DataLoader"):
        make_source(data)


class Frame:
    """Stands for a pandas Series or DataFrame: converts with to_numpy, is indexed with iloc."""

    def __init__(self, values):
        self.values = np.asarray(values)
        self.iloc = None
        self.shape = self.values.shape

    def to_numpy(self):
        return self.values

    def __array__(self, dtype=None, copy=None):
        return self.values

    def __len__(self):
        return len(self.values)

    def __getitem__(self, key):
        raise KeyError(key)

    def __iter__(self):
        return iter("columns")


def test_tables():
    ((x, y, w),) = batches(Frame(X), Frame(Y), Frame(Y * 1.0))
    assert x.shape == (20, 3) and y.shape == (20, 1) and w.shape == (20,)
    train, validation = split_validation(Frame(X), Frame(Y), None, 0.25)
    assert train[0].shape == (15, 3) and validation[1].shape == (5, 1)


def test_real_pandas():
    pd = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    ((x, y, _),) = batches(frame, frame["a"])
    np.testing.assert_array_equal(x, X.astype("float32"), strict=True)
    assert y.shape == (20, 1)
    ((x, _, _),) = batches(dict(frame))
    assert sorted(x) == ["a", "b", "c"] and x["a"].shape == (20, 1)


def test_sparse():
    sparse = pytest.importorskip("scipy.sparse")
    matrix = sparse.random(20, 50, 0.1, random_state=0)
    out = batches(matrix, Y, batch_size=6, shuffle=True)
    assert all(type(b[0]) is np.ndarray and b[0].dtype == np.float32 for b in out)
    np.testing.assert_allclose(rows(out, 0), matrix.toarray()[rng.permutation(20, KEY)], rtol=1e-6)


@pytest.fixture
def on_disk(tmp_path):
    """The same rows as an h5py dataset, an HDF5Matrix and a memory map."""
    with h5py.File(tmp_path / "d.h5", "w") as f:
        f["x"] = X
    np.save(tmp_path / "d.npy", X)
    with h5py.File(tmp_path / "d.h5") as f:
        yield [f["x"], HDF5Matrix(str(tmp_path / "d.h5"), "x"), np.load(tmp_path / "d.npy", mmap_mode="r")]


@pytest.mark.parametrize("shuffle", [False, True, "batch"])
def test_rows_on_disk(on_disk, shuffle):
    expected = batches(X, Y, batch_size=6, shuffle=shuffle)
    for data in on_disk:
        source = make_source(data, Y, batch_size=6, shuffle=shuffle)
        assert isinstance(source.arrays[0], Rows)
        for mine, want in zip(source.epoch(KEY), expected):
            np.testing.assert_array_equal(mine[0], want[0], strict=True)
            np.testing.assert_array_equal(mine[1], want[1])


def test_rows_on_disk_are_split_unread(on_disk):
    for data in on_disk:
        train, validation = split_validation(data, Y, None, 0.3)
        assert isinstance(train[0], Rows) and train[0].shape == (14, 3) and validation[0].shape == (6, 3)
        np.testing.assert_array_equal(rows(batches(*validation, batch_size=4), 0), X[14:])
        np.testing.assert_array_equal(rows(batches(*train, batch_size=4, shuffle=True), 0), X[rng.permutation(14, KEY)])


class Counting:
    """An array on disk that counts the rows read from it."""

    shape, dtype, read = (1000, 2), np.dtype("float64"), 0

    def __len__(self):
        return 1000

    def __getitem__(self, key):
        out = np.zeros(self.shape)[key]
        self.read += len(out)
        return out


def test_only_the_rows_of_a_batch_are_read():
    data = Counting()
    source = make_source(data, batch_size=10, shuffle=True)
    next(source.epoch(KEY))
    assert data.read == 10


# weights -------------------------------------------------------------------------------------------------------
def test_class_weight_for_several_outputs():
    y = {"a": np.array([0, 1, 1, 0]), "b": np.array([1, 1, 0, 0])}
    ((_, _, w),) = batches(X[:4], y, class_weight={"a": {1: 3.0}})
    np.testing.assert_array_equal(w["a"], [1, 3, 3, 1])
    assert w["b"] is None
    ((_, _, w),) = batches(X[:4], list(y.values()), [np.ones(4), np.full(4, 2.0)], class_weight=[{0: 5.0}, {1: 7.0}])
    np.testing.assert_array_equal(w[0], [5, 1, 1, 5])
    np.testing.assert_array_equal(w[1], [14, 14, 2, 2])
    ((_, _, w),) = batches(X[:4], list(y.values()), class_weight={"b": {0: 9.0}}, output_names=["a", "b"])
    assert w[0] is None
    np.testing.assert_array_equal(w[1], [1, 1, 9, 9])


@pytest.mark.parametrize(
    ("y", "weights", "words"),
    [
        ([Y, Y], {0: 1.0}, "there are 2 targets"),
        ([Y, Y], [{0: 1.0}], "has 1 entries, but there are 2 targets"),
        (Y, "balanced", "class_weight='balanced' is not supported"),
        (Y, {"cat": 1.0}, "must map class numbers"),
        (Y, {0: "heavy"}, "must map class numbers"),
        ({"a": Y}, {"b": {0: 1.0}}, r"names \['b'\]"),
        (None, {0: 1.0}, "needs targets"),
        (Y, 3, "must be a dict"),
    ],
)
def test_class_weight_refuses(y, weights, words):
    with pytest.raises((ValueError, TypeError), match=words):
        batches(X, y, class_weight=weights)


def test_class_weight_empty_and_missing_classes():
    assert batches(X, Y, class_weight={})[0][2] is None
    np.testing.assert_array_equal(batches(X, Y % 3, class_weight={1: 4.0})[0][2], np.where(Y % 3 == 1, 4, 1))


# threads -------------------------------------------------------------------------------------------------------
class Slow(PyDataset):
    def __len__(self):
        return 8

    def __getitem__(self, i):
        time.sleep(0.002 * (i % 3))
        threads.add(threading.get_ident())
        return X[i : i + 2], Y[i : i + 2]


threads = set()


@pytest.mark.parametrize("how", ["fit", "data"])
def test_sequences_with_workers(how):
    threads.clear()
    if how == "fit":
        source = make_source(Slow(), workers=3)
    else:
        source = make_source(Slow(workers=3))
    for _ in range(2):
        out = list(source.epoch(KEY))
        assert [b[1][0] for b in out] == list(range(8))
    assert threading.get_ident() not in threads and len(threads) > 1


def test_sequence_goes_around_for_more_steps():
    assert [b[1][0] for b in batches(Slow(), steps=11)] == [*range(8), 0, 1, 2]


def test_generator_with_workers():
    def generate():
        for i in range(9):
            yield X[i : i + 1], Y[i : i + 1]

    source = make_source(generate(), steps=4, workers=4)
    assert [b[1][0] for b in source.epoch(KEY)] == [0, 1, 2, 3]
    assert [b[1][0] for b in source.epoch(KEY)] == [4, 5, 6, 7]
    with pytest.warns(UserWarning, match="ran out of data after 1 of 4 steps"):
        assert len(list(source.epoch(KEY))) == 1
    assert source.exhausted
    source.close()


# what is refused -----------------------------------------------------------------------------------------------
def one_batch():
    yield X, Y


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: make_source(X, Y[:-1]), r"x has shape \(20, 3\); y has shape \(19,\)"),
        (lambda: make_source([X, X[1:]]), r"\(20, 3\), \(19, 3\)"),
        (lambda: make_source(X, Y, np.ones(3)), r"sample_weight has shape \(3,\)"),
        (lambda: make_source(np.float32(3)), "first axis"),
        (lambda: make_source(X[:0]), r"non-empty; received x with shape \(0, 3\)"),
        (lambda: make_source([]), "non-empty"),
        (lambda: make_source([[1, 2], [3]]), "pad_sequences"),
        (lambda: make_source(np.array([[1], [2, 3]], dtype=object)), "pad_sequences"),
        (lambda: make_source(np.array([1, None, "x"], dtype=object)), "not all numbers"),
        (lambda: make_source(one_batch(), Y), "`y` argument is not supported when the input is a generator"),
        (lambda: make_source(Slow(), None, Y), "`sample_weight` argument is not supported when the input is a Seq"),
        (lambda: make_source(X, batch_size=0), "batch_size must be a positive integer"),
        (lambda: make_source(X, steps=0), "samples // batch_size"),
        (lambda: make_source(X, shuffle="all"), "Unknown shuffle: 'all'"),
        (lambda: make_source(iter([])).epoch(KEY).__next__(), "yielded no batches"),
        (lambda: batches(iter([(X, Y, Y, Y)])), "4 elements"),
        (lambda: batches(iter([(X, Y[:3])])), r"Batch: .*y has shape \(3,\)"),
        (lambda: batches(iter([([[1, 2], [3]], Y)])), "x cannot become an array"),
        (lambda: split_validation(one_batch(), None, None, 0.2), "only supported for arrays"),
        (lambda: split_validation(X[:1], Y[:1], None, 0.5), "leaves 0 for training and 1"),
        (lambda: split_validation(X, Y, None, 1.5), "between 0 and 1"),
    ],
)
def test_value_errors(make, words):
    with pytest.raises(ValueError, match=words):
        make()


@pytest.mark.parametrize(
    ("x", "words"),
    [
        (None, "x is missing"),
        (one_batch, "Call the function first"),
        ("mnist.npz", "str"),
        ({1, 2}, "set"),
        (3.5j, "complex"),
        ([object()], "list of object"),
        ({"a": object()}, "dict of object"),
    ],
)
def test_type_errors(x, words):
    with pytest.raises(TypeError, match=words):
        make_source(x)


def test_dates_are_refused():
    with pytest.raises(TypeError, match="datetime64"):
        make_source(np.array(["2020-01-01"], dtype="datetime64[D]"))


def test_sources_pass_through_and_validation_data():
    source = make_source(X)
    assert make_source(source) is source
    assert unpack_validation_data((X, Y))[2] is None
    generator = one_batch()
    assert unpack_validation_data(generator) == (generator, None, None)
    with pytest.raises(ValueError, match="4 elements"):
        unpack_validation_data((X, Y, Y, Y))


def test_batches_per_epoch_are_learnt_from_an_iterable():
    class Twice:
        def __iter__(self):
            return iter([(X, Y), (X, Y)])

    source = make_source(Twice())
    assert source.num_steps is None
    assert len(list(source.epoch(KEY))) == 2 and source.num_steps == 2
    assert len(list(source.epoch(KEY))) == 2 and not source.exhausted


@pytest.mark.parametrize("other", ["the same", "an equal view", "another part", "a copy"])
def test_an_array_given_twice_is_read_once(other):
    data = np.arange(40.0, dtype="float32").reshape(20, 2)
    x = data[:10]
    y = {"the same": x, "an equal view": data[:10], "another part": data[10:], "a copy": x.copy()}[other]
    for bx, by, _ in make_source(x, y, batch_size=4, shuffle=True).epoch((1, 2)):
        assert (bx is by) == (other in ("the same", "an equal view"))
        rows = (bx[:, 0] / 2).astype(int)
        np.testing.assert_array_equal(bx, x[rows])
        np.testing.assert_array_equal(by, y[rows])


@pytest.mark.parametrize("dtype", ["float32", "int64", "bool", "O", "S3"])
def test_gathered_rows_of_some_size_are_private_and_aligned(dtype):
    x = (np.arange(60_000).reshape(20, 3000) % 7).astype(dtype)
    index = np.array([19, 0, 7, 7])
    rows = take(x, index)
    np.testing.assert_array_equal(rows, x[index])
    assert rows.dtype == x.dtype
    assert isinstance(rows, Private) == (dtype != "O")
    if dtype != "O":
        assert rows.ctypes.data % 64 == 0 and not np.shares_memory(rows, x)
    assert not isinstance(take(x, slice(0, 4)), Private)  # a view of the caller's
    assert not isinstance(take(x[:, :2], index), Private)  # too small to matter
