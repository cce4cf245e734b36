"""Weights of Keras 1 and of cuDNN's layers: rearranged as tf_keras does it."""

import h5py
import numpy as np
import pytest

import kshim


def _lstm(L):
    return L.LSTM(3, input_shape=(4, 2))


def _cudnn_gru(L):
    return L.GRU(3, input_shape=(4, 2), reset_after=True)


def _gru(L):
    return L.GRU(3, input_shape=(4, 2), reset_after=False)


GATES = {"W": (2, 3), "U": (3, 3), "b": (3,)}
CASES = {
    "keras1 lstm": (_lstm, list(GATES.values()) * 4, {}),
    "keras1 gru": (_gru, list(GATES.values()) * 3, {}),
    "keras1 conv1d": (lambda L: L.Conv1D(5, 3, input_shape=(6, 2)), [(3, 1, 2, 5), (5,)], {}),
    "keras1.0 conv1d": (lambda L: L.Conv1D(5, 3, input_shape=(6, 2)), [(5, 2, 3, 1), (5,)], {}),
    "keras1 conv2d th": (
        lambda L: L.Conv2D(5, (3, 2), input_shape=(2, 6, 7), data_format="channels_first"),
        [(5, 2, 3, 2), (5,)],
        {},
    ),
    "keras1 deconv": (lambda L: L.Conv2DTranspose(5, 3, input_shape=(6, 7, 2)), [(3, 3, 2, 5), (5,)], {}),
    "keras1 bidirectional": (lambda L: L.Bidirectional(L.LSTM(3), input_shape=(4, 2)), list(GATES.values()) * 8, {}),
    "cudnn lstm": (_lstm, [(2, 12), (3, 12), (24,)], {"keras_version": b"2.2.4", "backend": b"tensorflow"}),
    "cudnn gru": (_cudnn_gru, [(2, 9), (3, 9), (18,)], {"keras_version": b"2.2.4", "backend": b"tensorflow"}),
}


@pytest.mark.parametrize("case", CASES)
def test_like_tf_keras(tf_keras, case, tmp_path):
    make, shapes, attributes = CASES[case]
    rng = np.random.default_rng(0)
    path = str(tmp_path / "w.h5")
    with h5py.File(path, "w") as f:
        f.attrs["layer_names"] = [b"layer"]
        f.attrs.update(attributes)
        group = f.create_group("layer")
        group.attrs["weight_names"] = [f"w{i}:0".encode() for i in range(len(shapes))]
        for i, shape in enumerate(shapes):
            group[f"w{i}:0"] = rng.normal(size=shape).astype("float32")
    ours, theirs = kshim.Sequential([make(kshim.layers)]), tf_keras.Sequential([make(tf_keras.layers)])
    ours.load_weights(path)
    theirs.load_weights(path)
    for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_theano_kernels_are_flipped(tmp_path):
    """Theano convolves: the same numbers come out of the reversed window."""
    L = kshim.layers
    inner = kshim.Sequential([L.Conv2D(2, 3, input_shape=(6, 7, 2), name="conv")], name="inner")
    x = kshim.Input((6, 7, 2))
    model = kshim.Model(x, L.Dense(1, name="end")(inner(x)))
    path = str(tmp_path / "w.h5")
    model.save_weights(path)
    before = model.get_weights()
    with h5py.File(path, "a") as f:
        f.attrs["backend"] = b"theano"
    model.load_weights(path)
    np.testing.assert_array_equal(model.get_weights()[0], before[0][::-1, ::-1])
    np.testing.assert_array_equal(model.get_weights()[2], before[2])
    strided = kshim.Sequential([L.Conv2D(2, 3, strides=2, padding="same", input_shape=(6, 7, 2), name="strided")])
    strided.save_weights(path)
    with h5py.File(path, "a") as f:
        f.attrs["backend"] = b"theano"
    with pytest.warns(UserWarning, match="Theano, which pads differently in layer 'strided'"):
        strided.load_weights(path)
