"""Images to arrays and back, against tf_keras."""

import io

import numpy as np
import pytest

from kshim import config
from kshim.preprocessing import image

PIL = pytest.importorskip("PIL.Image", reason="Pillow is not installed")


@pytest.fixture
def picture(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (13, 17, 4), dtype="uint8")
    path = tmp_path / "picture.png"
    PIL.fromarray(pixels).save(path)
    return path


@pytest.mark.parametrize("color_mode", ["rgb", "rgba", "grayscale"])
@pytest.mark.parametrize("size", [None, (8, 9), (13, 17)])
def test_load_img(tf_keras, picture, color_mode, size):
    oracle = tf_keras.preprocessing.image
    for interpolation in ("nearest", "bilinear", "lanczos"):
        for keep in (False, True):
            args = dict(color_mode=color_mode, target_size=size, interpolation=interpolation, keep_aspect_ratio=keep)
            ours, theirs = image.load_img(picture, **args), oracle.load_img(str(picture), **args)
            assert (ours.mode, ours.size) == (theirs.mode, theirs.size)
            np.testing.assert_array_equal(np.asarray(ours), np.asarray(theirs))


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_array_and_back(tf_keras, data_format, channels):
    oracle = tf_keras.preprocessing.image
    x = np.random.default_rng(1).normal(size=(5, 6, channels)).astype("float32") * 300
    x = x if data_format == "channels_last" else x.transpose(2, 0, 1)
    for scale in (True, False):
        values = x if scale else np.clip(x, 0, 255)
        ours = image.array_to_img(values, data_format, scale)
        theirs = oracle.array_to_img(values, data_format, scale)
        np.testing.assert_array_equal(np.asarray(ours), np.asarray(theirs))
        back = image.img_to_array(ours, data_format)
        expected = oracle.img_to_array(theirs, data_format)
        assert back.dtype == expected.dtype == np.float32
        np.testing.assert_array_equal(back, expected)


def test_settings_are_followed():
    img = PIL.fromarray(np.zeros((2, 3, 3), "uint8"))
    config.set_floatx("float64")
    config.set_image_data_format("channels_first")
    array = image.img_to_array(img)
    assert array.shape == (3, 2, 3) and array.dtype == np.float64
    assert image.img_to_array(img, dim_ordering="tf").shape == (2, 3, 3)


def test_save_and_load_again(tmp_path):
    x = np.random.default_rng(2).integers(0, 256, (4, 5, 3)).astype("float32")
    image.save_img(tmp_path / "a.png", x, scale=False)
    np.testing.assert_array_equal(image.img_to_array(image.load_img(tmp_path / "a.png")), x)
    with pytest.warns(UserWarning, match="RGBA"):
        image.save_img(tmp_path / "a.jpg", np.zeros((4, 4, 4)))
    buffer = io.BytesIO((tmp_path / "a.png").read_bytes())
    assert image.load_img(buffer).size == (5, 4)


def test_errors(picture):
    with pytest.raises(ValueError, match="Unknown color_mode: 'bgr'"):
        image.load_img(picture, color_mode="bgr")
    with pytest.raises(ValueError, match="Unknown interpolation: 'cubic'"):
        image.load_img(picture, target_size=(2, 2), interpolation="cubic")
    with pytest.raises(ValueError, match=r"shape \(2, 2\)"):
        image.array_to_img(np.zeros((2, 2)))
    with pytest.raises(ValueError, match="received 2"):
        image.array_to_img(np.zeros((4, 4, 2)))
    with pytest.raises(TypeError, match="received int"):
        image.load_img(3)
