"""Pickles from strangers are read as data, never run."""

import io
import os
import pickle

import numpy as np
import pytest

from kshim.datasets.safe_arrays import load_npz, load_pickle
from kshim.errors import SafetyError


def rows(*values):
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out


@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_arrays_and_plain_values(protocol):
    content = {
        b"data": np.arange(12, dtype="uint8").reshape(3, 4),
        "labels": [1, 2, 3],
        "floats": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "big": np.arange(3, dtype=">i4"),
        "objects": rows([1, 2], [], [3]),
        "arrays": rows(np.arange(2), np.arange(3)),
        "text": np.array(["ab", "c"]),
        "number": np.float32(1.5),
        "tuple": (1, "a", None, True),
    }
    out = load_pickle(io.BytesIO(pickle.dumps(content, protocol=protocol)))
    assert out["labels"] == [1, 2, 3] and out["tuple"] == (1, "a", None, True)
    for name in (b"data", "floats", "big", "text"):
        np.testing.assert_array_equal(out[name], content[name])
        assert out[name].dtype == content[name].dtype
    assert out["objects"].tolist() == [[1, 2], [], [3]]
    np.testing.assert_array_equal(out["arrays"][1], np.arange(3))
    assert out["number"] == 1.5


def test_python_2_pickle_of_bytes():
    """As CIFAR's files are: protocol 2 of Python 2, byte strings throughout."""
    data = (
        b"\x80\x02}q\x01(U\x04dataq\x02cnumpy.core.multiarray\n_reconstruct\nq\x03cnumpy\nndarray\nq\x04K\x00\x85"
        b"U\x01b\x87Rq\x05(K\x01K\x02K\x02\x86cnumpy\ndtype\nq\x06U\x02u1K\x00K\x01\x87Rq\x07(K\x03U\x01|NNNJ\xff\xff"
        b"\xff\xffJ\xff\xff\xff\xffK\x00tb\x89U\x04\x00\x01\x02\xfftbU\x06labels]q\x08(K\x05K\x06eu."
    )
    out = load_pickle(io.BytesIO(data), encoding="bytes")
    np.testing.assert_array_equal(out[b"data"], np.array([[0, 1], [2, 255]], "uint8"))
    assert out[b"labels"] == [5, 6]


class Evil:
    def __reduce__(self):
        return os.system, ("echo ran > evil.txt",)


@pytest.mark.parametrize(
    "content",
    [Evil(), [1, Evil()], rows([1], Evil()), {"x": Evil()}],
    ids=["alone", "in a list", "in an array", "in a dict"],
)
def test_refuses_code(tmp_path, monkeypatch, content):
    monkeypatch.chdir(tmp_path)
    data = pickle.dumps(content)
    with pytest.raises(SafetyError, match="system"):
        load_pickle(io.BytesIO(data))
    np.savez(tmp_path / "a.npz", x=np.array([content], dtype=object), y=np.arange(3))
    with pytest.raises(SafetyError):
        load_npz(tmp_path / "a.npz", ("x", "y"))
    assert not (tmp_path / "evil.txt").exists()


def test_refuses_memory_tricks():
    """An array whose dtype hides object pointers in raw bytes would let numpy.ndarray.__setstate__ follow them."""

    class Trick:
        def __reduce__(self):
            dtype = np.dtype([("a", "O")])
            return (
                np.ndarray.__reduce__(np.zeros(1, "V8"))[0],
                (np.ndarray, (0,), b"b"),
                (1, (1,), dtype, False, b"AAAAAAAA"),
            )

    with pytest.raises(SafetyError):
        load_pickle(io.BytesIO(pickle.dumps(Trick())))
    short = pickle.dumps(np.arange(3, dtype="uint8")).replace(b"\x03\x85", b"\x7f\x85")  # a shape of 127 for 3 bytes
    with pytest.raises(SafetyError, match=r"\(127,\)"):
        load_pickle(io.BytesIO(short))


@pytest.mark.parametrize("data", [b"", b"\x80\x04", b"not a pickle", b"\x80\x04K"])
def test_damaged(data):
    with pytest.raises(ValueError, match="Not a readable pickle"):
        load_pickle(io.BytesIO(data))


def test_npz(tmp_path):
    path = tmp_path / "a.npz"
    arrays = {
        "x": rows([1, 2, 3], [4]),
        "y": np.arange(2, dtype="int64"),
        "f": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "empty": np.zeros((0, 3)),
        "scalar": np.array(3.0),
    }
    np.savez_compressed(path, **arrays)
    x, y, f, empty, scalar = load_npz(path, ("x", "y", "f", "empty", "scalar"))
    assert x.dtype == object and x.tolist() == [[1, 2, 3], [4]]
    for a, name in ((y, "y"), (f, "f"), (empty, "empty"), (scalar, "scalar")):
        np.testing.assert_array_equal(a, arrays[name], strict=True)
    y[0] = 5  # writable
    with pytest.raises(ValueError, match="no array 'z' in it, only empty, f, scalar, x, y"):
        load_npz(path, ("z",))
    path.write_bytes(b"nothing")
    with pytest.raises(ValueError, match="a.npz is not the data set file"):
        load_npz(path, ("x",))
