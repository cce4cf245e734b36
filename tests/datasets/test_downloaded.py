"""The data sets of Keras: the same arrays as tf_keras from the same files, without a network.

Small files of the real formats stand in the cache or at a file: address, and tf_keras reads the same ones.
"""

import gzip
import importlib
import json
import os
import pathlib
import pickle
import re
import tarfile

import numpy as np
import pytest

from kshim import config
from kshim.datasets import boston_housing, cache, california_housing, digits, imdb, mnist, reuters
from kshim.utils.files import DownloadError

MNIST_LIKE = ("x_train", "y_train", "x_test", "y_test")
pytestmark = pytest.mark.filterwarnings("ignore:Using .* cannot be fetched again:UserWarning")


@pytest.fixture(autouse=True)
def offline(tmp_path, monkeypatch):
    """A cache folder of one's own, and addresses where nothing is."""
    home = tmp_path / "home"
    (home / "datasets").mkdir(parents=True)
    monkeypatch.setenv("KERAS_HOME", str(home))
    nowhere = (tmp_path / "nowhere").as_uri() + "/"
    monkeypatch.setattr(cache, "STORAGE", nowhere)
    for name in ("boston_housing", "california_housing", "cifar10", "cifar100", "fashion_mnist", "imdb", "mnist",
                 "reuters"):  # fmt: skip
        module = importlib.import_module("kshim.datasets." + name)
        for constant in ("ORIGIN", "INDEX_ORIGIN", "STORAGE"):
            if hasattr(module, constant):
                old = getattr(module, constant)
                monkeypatch.setattr(
                    module, constant, nowhere if constant == "STORAGE" else nowhere + old.split("/")[-1]
                )
    return home / "datasets"


@pytest.fixture
def oracle(tf_keras, offline, monkeypatch):
    """tf_keras's module of a data set, reading from our cache whatever the checksum."""

    def module(name):
        module = importlib.import_module("tf_keras.src.datasets." + name)

        def get_file(fname, origin=None, cache_subdir="datasets", **_):
            return os.path.join(offline.parent, cache_subdir, fname)

        monkeypatch.setattr(module, "get_file", get_file)
        return module

    return module


def assert_same(ours, theirs):
    for a, b in zip(sum(ours, ()), sum(theirs, ())):
        assert a.dtype == b.dtype and a.shape == b.shape
        assert a.tolist() == b.tolist()


def texts(n, seed):
    rng = np.random.RandomState(seed)
    out = np.empty(n, dtype=object)
    out[:] = [rng.randint(1, 60, rng.randint(1, 30)).tolist() for _ in range(n)]
    return out


ARGUMENTS = [
    {},
    {"num_words": 20},
    {"num_words": 20, "skip_top": 6, "oov_char": None},
    {"skip_top": 8, "maxlen": 15, "seed": 7},
    {"start_char": None, "index_from": 5, "oov_char": 99},
]
UNSHIFTED = {"start_char": None, "index_from": 0, "num_words": 30}


@pytest.mark.parametrize("arguments", ARGUMENTS)
def test_imdb(offline, oracle, arguments):
    labels = np.arange(40) % 2
    np.savez(offline / "imdb.npz", x_train=texts(40, 0), y_train=labels, x_test=texts(30, 1), y_test=labels[:30])
    assert_same(imdb.load_data(**arguments), oracle("imdb").load_data(**arguments))


def test_imdb_unshifted(offline):
    """tf_keras fails here: it adds the arrays of lists up."""
    np.savez(
        offline / "imdb.npz", x_train=texts(40, 0), y_train=np.arange(40), x_test=texts(30, 1), y_test=np.arange(30)
    )
    (x, y), (x_test, _) = imdb.load_data(**UNSHIFTED)
    assert len(x_test) == 30
    for review, label in zip(x, y):
        assert review == [word if word < 30 else 2 for word in texts(40, 0)[label]]


@pytest.mark.parametrize("arguments", [*ARGUMENTS, UNSHIFTED, {"test_split": 0.5, "num_words": 40}])
def test_reuters(offline, oracle, arguments):
    np.savez(offline / "reuters.npz", x=texts(50, 3), y=np.arange(50) % 46)
    theirs = oracle("reuters")
    assert_same(reuters.load_data(**arguments), theirs.load_data(**arguments))
    assert reuters.get_label_names() == theirs.get_label_names()


def test_text_arguments(offline):
    np.savez(offline / "reuters.npz", x=texts(50, 3), y=np.arange(50))
    with pytest.warns(UserWarning, match="num_words"):
        assert max(map(max, reuters.load_data(nb_words=9)[0][0])) < 9
    with pytest.raises(TypeError, match="words"):
        reuters.load_data(words=9)
    with pytest.raises(ValueError, match="maxlen=1"):
        reuters.load_data(maxlen=1)


def test_texts_of_one_length_stay_lists(offline):
    xs = np.empty(4, dtype=object)
    xs[:] = [np.array([1, 2]), [3, 4], [5, 6], [7, 8]]
    np.savez(offline / "reuters.npz", x=xs, y=np.arange(4))
    (x, _), _ = reuters.load_data(test_split=0)
    assert x.shape == (4,) and sorted(x.tolist()) == [[1, 4, 5], [1, 6, 7], [1, 8, 9], [1, 10, 2]]


@pytest.mark.parametrize("module", [imdb, reuters])
def test_word_index(offline, module):
    name = module.__name__.split(".")[-1]
    (offline / f"{name}_word_index.json").write_text(json.dumps({"the": 1, "café": 2}), encoding="utf-8")
    assert module.get_word_index() == {"the": 1, "café": 2}


@pytest.mark.parametrize("arguments", [{}, {"seed": 5, "test_split": 0.35}, {"test_split": 0}])
def test_housing(offline, oracle, arguments):
    rng = np.random.default_rng(0)
    for name in ("boston_housing", "california_housing"):
        np.savez(offline / f"{name}.npz", x=rng.normal(size=(700, 3)), y=rng.normal(size=700))
    assert_same(boston_housing.load_data(**arguments), oracle("boston_housing").load_data(**arguments))
    (x, _), (x_test, _) = california_housing.load_data("small", **arguments)
    assert len(x) + len(x_test) == 600
    with pytest.raises(ValueError, match="test_split"):
        boston_housing.load_data(test_split=1)
    with pytest.raises(ValueError, match="'tiny'"):
        california_housing.load_data("tiny")


def test_mnist(offline, oracle):
    (x, y), (x_test, y_test) = digits.load_data(28)
    np.savez(offline / "mnist.npz", **dict(zip(MNIST_LIKE, (x, y, x_test, y_test))))
    assert_same(mnist.load_data(), oracle("mnist").load_data())


def test_fashion_mnist(offline, oracle):
    from kshim.datasets import fashion_mnist

    folder = offline / "fashion-mnist"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for kind, n in (("train", 6), ("t10k", 4)):
        images = b"\0\0\x08\x03" + np.array([n, 28, 28], ">u4").tobytes() + rng.bytes(n * 784)
        labels = b"\0\0\x08\x01" + np.array([n], ">u4").tobytes() + bytes(range(n))
        for name, data in (("images-idx3", images), ("labels-idx1", labels)):
            with gzip.open(folder / f"{kind}-{name}-ubyte.gz", "wb") as f:
                f.write(data)
    assert_same(fashion_mnist.load_data(), oracle("fashion_mnist").load_data())
    with gzip.open(folder / "train-labels-idx1-ubyte.gz", "wb") as f:
        f.write(b"\0\0\x08\x01\0\0\0\x09\x01")
    with pytest.raises(ValueError, match="1 bytes for shape"):
        fashion_mnist.load_data()


def cifar_file(path, n, seed, keys):
    rng = np.random.default_rng(seed)
    content = {b"data": rng.integers(0, 256, (n, 3072), dtype="uint8"), b"batch_label": b"some"}
    content.update({key: rng.integers(0, 10, n).tolist() for key in keys})
    with open(path, "wb") as f:
        pickle.dump(content, f, protocol=2)


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_cifar10(offline, oracle, tf_keras, monkeypatch, data_format):
    from kshim.datasets import cifar10

    folder = offline / "cifar-10-batches-py"
    folder.mkdir()
    for i in range(1, 6):  # the size is fixed in tf_keras
        cifar_file(folder / f"data_batch_{i}", 10000 if i == 1 else 1, i, [b"labels"])
    cifar_file(folder / "test_batch", 20, 9, [b"labels"])
    config.set_image_data_format(data_format)
    (x, y), (x_test, y_test) = cifar10.load_data()
    assert x.shape == ((10004, 32, 32, 3) if data_format == "channels_last" else (10004, 3, 32, 32))
    assert y.shape == (10004, 1) and y.dtype == y_test.dtype == np.uint8
    monkeypatch.setattr("tf_keras.src.backend_config._IMAGE_DATA_FORMAT", data_format)
    load_batch = importlib.import_module("tf_keras.src.datasets.cifar").load_batch
    images, labels = load_batch(folder / "data_batch_1")
    images = images.transpose(0, 2, 3, 1) if data_format == "channels_last" else images
    np.testing.assert_array_equal(x[:10000], images)
    np.testing.assert_array_equal(y[:10000, 0], labels)
    assert x_test.shape[0] == 20


@pytest.mark.parametrize("label_mode", ["fine", "coarse"])
def test_cifar100(offline, oracle, label_mode):
    from kshim.datasets import cifar100

    folder = offline / "cifar-100-python"
    folder.mkdir()
    for name, n in (("train", 30), ("test", 20)):
        cifar_file(folder / name, n, n, [b"fine_labels", b"coarse_labels"])
    assert_same(cifar100.load_data(label_mode), oracle("cifar100").load_data(label_mode))
    with pytest.raises(ValueError, match="'rough'"):
        cifar100.load_data("rough")


def test_archive_in_the_cache_is_unpacked(offline, tmp_path):
    from kshim.datasets import cifar100

    folder = tmp_path / "cifar-100-python"
    folder.mkdir()
    for name in ("train", "test"):
        cifar_file(folder / name, 5, 0, [b"fine_labels"])
    with tarfile.open(offline / "cifar-100-python.tar.gz", "w:gz") as archive:
        archive.add(folder, "cifar-100-python")
    assert cifar100.load_data()[0][0].shape == (5, 32, 32, 3)


def test_nothing_in_the_cache_and_no_network(offline):
    with pytest.raises(DownloadError) as error:
        mnist.load_data()
    message = str(error.value)
    assert mnist.ORIGIN in message and str(offline / "mnist.npz") in message and "kshim.datasets.digits" in message


@pytest.mark.filterwarnings("default:Using .* cannot be fetched again:UserWarning")
def test_another_checksum_is_used_with_a_warning(offline, tmp_path):
    np.savez(offline / "mnist.npz", **dict.fromkeys(MNIST_LIKE, np.arange(3)))
    with pytest.warns(UserWarning, match="does not have the checksum 731c5ac602752760"):
        mnist.load_data()
    other = tmp_path / "elsewhere"
    (other / "datasets").mkdir(parents=True)
    np.savez(other / "datasets" / "my.npz", **dict.fromkeys(MNIST_LIKE, np.arange(4)))
    with pytest.warns(UserWarning, match="my.npz"):
        (x, _), _ = mnist.load_data("my.npz", cache_dir=other)
    assert len(x) == 4


def test_with_a_network_another_checksum_is_replaced(offline, tmp_path, monkeypatch):
    """Keras's rule: the file is fetched again."""
    import hashlib

    source = tmp_path / "source.npz"
    np.savez(source, **dict.fromkeys(MNIST_LIKE, np.arange(5)))
    monkeypatch.setattr(mnist, "ORIGIN", source.as_uri())
    monkeypatch.setattr(mnist, "SHA256", hashlib.sha256(source.read_bytes()).hexdigest())
    (offline / "mnist.npz").write_bytes(b"old")
    assert len(mnist.load_data()[0][0]) == 5
    assert (offline / "mnist.npz").read_bytes() == source.read_bytes()


def test_addresses_are_those_of_keras(tf_keras):
    """Against tf_keras's sources: address and checksum of every file."""
    for name in ("boston_housing", "cifar10", "cifar100", "imdb", "mnist", "reuters"):
        theirs = importlib.import_module("tf_keras.src.datasets." + name)
        source = pathlib.Path(theirs.__file__).read_text(encoding="utf-8")
        ours = importlib.import_module("kshim.datasets." + name)
        text = pathlib.Path(ours.__file__).read_text(encoding="utf-8")
        assert ours.SHA256 in source
        if hasattr(ours, "INDEX_MD5"):
            assert ours.INDEX_MD5 in source
        address = re.search(r'^ORIGIN = (?:STORAGE \+ )?"(.*)"', text, re.MULTILINE).group(1)
        assert address in source
    assert "https://storage.googleapis.com/tensorflow/tf-keras-datasets/" in source
