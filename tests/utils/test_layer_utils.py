"""Helpers on layers against tf_keras and against running the converted model."""

import numpy as np
import pytest

import kshim as keras
from kshim.utils import layer_utils


def build(keras):
    a, b, c = (keras.layers.Input((4,), name=name) for name in "abc")
    x = keras.layers.Dense(3)(a)
    y = keras.layers.Concatenate()([keras.layers.Dense(3)(b), x, a])
    return (a, b, c), (x, y, keras.layers.Add()([x, x]))


def test_get_source_inputs(tf_keras):
    from tf_keras.src.utils.layer_utils import get_source_inputs

    ours, theirs = build(keras), build(tf_keras)
    for mine, reference in zip(ours[1], theirs[1]):
        found = [layer_utils.get_source_inputs(mine), get_source_inputs(reference)]
        names = [sorted(t._keras_history[0].name for t in f) for f in found]
        assert names[0] == names[1]
    (source,) = layer_utils.get_source_inputs(ours[0][2])
    assert source is ours[0][2]


def test_count_params():
    dense = keras.layers.Dense(5, input_shape=(3,))
    keras.models.Sequential([dense])
    assert layer_utils.count_params(dense.weights) == layer_utils.count_params(dense.weights * 2) == 20


@pytest.mark.parametrize("target", ["channels_first", "channels_last"])
def test_convert_dense(tf_keras, target):
    from tf_keras.src.utils.layer_utils import convert_dense_weights_data_format

    shape = (3, 4, 5)
    kernel, bias = np.random.default_rng(0).normal(size=(60, 2)).astype("float32"), np.ones(2, "float32")
    results = []
    for library, convert in (
        (keras, layer_utils.convert_dense_weights_data_format),
        (tf_keras, convert_dense_weights_data_format),
    ):
        dense = library.layers.Dense(2, input_shape=(60,))
        library.models.Sequential([dense])
        dense.set_weights([kernel, bias])
        convert(dense, shape, target)
        results.append(dense.get_weights())
    np.testing.assert_array_equal(results[0][0], results[1][0])
    with pytest.raises(ValueError, match=r"\(60, 2\) does not follow"):
        layer_utils.convert_dense_weights_data_format(_dense(), (3, 4, 6), target)


def _dense():
    dense = keras.layers.Dense(2, input_shape=(60,))
    keras.models.Sequential([dense])
    return dense


def test_convert_all_kernels():
    conv = keras.layers.Conv2D(2, 3, input_shape=(6, 6, 1))
    model = keras.models.Sequential([conv, keras.layers.Flatten(), keras.layers.Dense(1)])
    before = model.get_weights()
    layer_utils.convert_all_kernels_in_model(model)
    after = model.get_weights()
    np.testing.assert_array_equal(after[0], before[0][::-1, ::-1])
    for a, b in zip(after[1:], before[1:]):
        np.testing.assert_array_equal(a, b)
