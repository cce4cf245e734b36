"""Layers written for Keras 1 and early Keras 2, and the ways `call` may be declared."""

import numpy as np
import pytest

import kshim

X = np.arange(12, dtype="float32").reshape(3, 4)


def test_weights_listed_in_build(backend):
    K = kshim.backend

    class Scale(kshim.layers.Layer):
        def build(self, input_shape):
            self.W = K.variable(np.full(input_shape[-1], 2.0), name="W")
            self.fixed = K.variable(np.ones(input_shape[-1]), name="fixed")
            self.trainable_weights = [self.W]
            self.non_trainable_weights = [self.fixed]

        def call(self, x, mask=None):
            return x * self.W + self.fixed

        def get_output_shape_for(self, input_shape):
            return input_shape

    model = kshim.Sequential([Scale(input_shape=(4,))])
    np.testing.assert_allclose(model.predict(X, verbose=0), X * 2 + 1)
    assert [v.name for v in model.trainable_weights] == ["W"] and [v.name for v in model.non_trainable_weights] == [
        "fixed"
    ]
    model.compile("sgd", "mse")
    model.fit(X, X, verbose=0)
    weight, fixed = model.get_weights()
    assert not np.array_equal(weight, np.full(4, 2.0)) and np.array_equal(fixed, np.ones(4))


def test_weights_appended_by_hand(backend):
    class Scale(kshim.layers.Layer):
        def build(self, input_shape):
            w = kshim.Variable(np.ones(input_shape[-1], "float32"), name="w")
            self._trainable_weights.append(w)

        def call(self, x):
            return x * self._trainable_weights[0]

    layer = Scale()
    np.testing.assert_allclose(np.asarray(layer(X)), X)
    assert [v.name for v in layer.trainable_weights] == ["w"]


def _plain(self, inputs):
    return inputs * 2


def _training(self, inputs, training):
    return inputs * (3 if training else 2)


def _keywords(self, inputs, **kwargs):
    assert set(kwargs) <= {"training", "mask"}
    return inputs * 2


def _masked(self, inputs, mask):
    assert mask is None
    return inputs * 2


def _anything(self, *args):
    return args[0] * 2


def _other_name(self, x, training=None, mask=None, scale=2):
    return x * scale


@pytest.mark.parametrize("call", [_plain, _training, _keywords, _masked, _anything, _other_name])
def test_signatures_of_call(call, backend):
    layer = type("Own", (kshim.layers.Layer,), {"call": call})()
    model = kshim.Sequential([kshim.layers.Input((4,)), layer, kshim.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(X, X[:, :1], verbose=0)
    np.testing.assert_allclose(np.asarray(layer(X)), X * 2)
    np.testing.assert_allclose(np.asarray(layer(X, training=False)), X * 2)
    if call is _training:
        np.testing.assert_allclose(np.asarray(layer(X, training=True)), X * 3)


def test_keras1_spellings_of_a_model(backend):
    i = kshim.Input(shape=(4,))
    model = kshim.Model(input=i, output=kshim.layers.Dense(2)(i))
    model.compile("sgd", "mse")
    history = model.fit(X, X[:, :2] / 12, nb_epoch=3, verbose=0)
    assert history.epoch == [0, 1, 2]

    def data():
        while True:
            yield X, X[:, :2] / 12

    assert len(model.fit_generator(data(), samples_per_epoch=6, nb_epoch=2, verbose=0).history["loss"]) == 2


def test_layers_in_lists_added_later_are_found(backend):
    class Net(kshim.Model):
        def __init__(self):
            super().__init__()
            self.parts = []
            for n in range(3):
                self.parts.append(kshim.layers.Dense(n + 1))
            self.pairs = {"a": [kshim.layers.Dense(2)], "b": (kshim.layers.Dense(1), 7)}

        def call(self, x):
            for part in self.parts:
                x = part(x)
            return self.pairs["b"][0](self.pairs["a"][0](x))

    model = Net()
    model(X)
    assert len(model.layers) == 5 and len(model.weights) == 10
    assert [tuple(w.shape) for w in model.weights[::2]] == [(4, 1), (1, 2), (2, 3), (3, 2), (2, 1)]
