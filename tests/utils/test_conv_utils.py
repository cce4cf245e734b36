"""Sizes of convolutions against tf_keras."""

import itertools

import pytest

from kshim.utils import conv_utils


@pytest.fixture(scope="module")
def oracle(tf_keras):
    from tf_keras.src.utils import conv_utils

    return conv_utils


def test_lengths(oracle):
    for size, filters, stride in itertools.product([None, 1, 7, 8], [1, 2, 3], [1, 2, 3]):
        for padding in ("same", "valid", "full", "causal"):
            for dilation in (1, 2):
                args = (size, filters, padding, stride, dilation)
                assert conv_utils.conv_output_length(*args) == oracle.conv_output_length(*args)
        for padding in ("same", "valid", "full"):
            args = (size, filters, padding, stride)
            assert conv_utils.conv_input_length(*args) == oracle.conv_input_length(*args)
            for output_padding in (None, 0, 1):
                args = (size, filters, padding, output_padding, stride, 1)
                expected = oracle.deconv_output_length(*args)
                assert conv_utils.deconv_output_length(*args) == expected
                assert conv_utils.deconv_length(size, stride, filters, padding, output_padding) == expected


def test_normalize_tuple(oracle):
    for value, allow_zero in [(3, False), ((1, 2), False), ([4, 5], False), (0, True)]:
        assert conv_utils.normalize_tuple(value, 2, "strides", allow_zero) == oracle.normalize_tuple(
            value, 2, "strides", allow_zero
        )
    for bad in (0, -1, (1, 2, 3), "ab", None, (1, None)):
        with pytest.raises(ValueError, match="`strides` argument must be a tuple of 2"):
            conv_utils.normalize_tuple(bad, 2, "strides")


def test_names():
    assert conv_utils.normalize_padding("SAME") == "same"
    with pytest.raises(ValueError, match="'sane'"):
        conv_utils.normalize_padding("sane")
    assert conv_utils.convert_data_format("channels_first", 4) == "NCHW"
    assert conv_utils.normalize_data_format(None) == "channels_last"
    with pytest.raises(ValueError, match="'middle'"):
        conv_utils.conv_output_length(3, 2, "middle", 1)
