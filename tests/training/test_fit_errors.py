"""What goes wrong in training is said in the same words on every backend, naming the argument, layer or output."""

import numpy as np
import pytest

import kshim

X = np.ones((12, 4), "float32")
Y = np.ones((12, 2), "float32")


def dense(units=2, compiled=True, **arguments):
    layers = kshim.layers
    model = kshim.Sequential([layers.Dense(5, input_shape=(4,), name="first"), layers.Dense(units, name="last")])
    if compiled:
        model.compile(**{"optimizer": "sgd", "loss": "mse", **arguments})
    return model


def two(**arguments):
    i = kshim.Input((4,), name="i")
    model = kshim.Model(i, [kshim.layers.Dense(2, name="a")(i), kshim.layers.Dense(3, name="b")(i)])
    model.compile("sgd", **{"loss": "mse", **arguments})
    return model


def fit(model, x=X, y=Y, **arguments):
    return model.fit(x, y, verbose=0, **arguments)


def through(layer):
    model = kshim.Sequential([kshim.layers.Dense(5, input_shape=(4,)), layer])
    model.compile("sgd", "mse")
    return model


class Raises(kshim.layers.Layer):
    def call(self, x, training=None):
        if training:
            raise KeyError("the layer's own text")
        return x


class Multiplies(kshim.layers.Layer):
    def call(self, x, training=None):
        return kshim.ops.matmul(x, np.ones((3, 2), "float32")) if training else x


class OwnStep(kshim.Model):
    def call(self, x):
        return x

    def train_step(self, data):
        return {}


def _product_loss(y_true, y_pred):
    return kshim.ops.matmul(y_true, y_pred)


def _branching_loss(y_true, y_pred):
    return y_pred if y_pred > 0 else y_true


CASES = {
    "uncompiled": (lambda: fit(dense(compiled=False)), RuntimeError, "compile your model"),
    "uncompiled evaluate": (lambda: dense(compiled=False).evaluate(X, Y), RuntimeError, "compile your model"),
    "fit keyword": (lambda: fit(dense(), epoch=3), TypeError, "Did you mean 'epochs'"),
    "evaluate keyword": (lambda: dense().evaluate(X, Y, batchsize=3), TypeError, "Did you mean 'batch_size'"),
    "compile keyword": (lambda: dense(metric=["mae"]), TypeError, "Did you mean 'metrics'"),
    "loss name": (lambda: dense(loss="categorial_crossentropy"), ValueError, "Did you mean 'categorical_crossentropy'"),
    "metric name": (lambda: dense(metrics=["acuracy"]), ValueError, "Did you mean 'accuracy'"),
    "optimizer name": (lambda: dense(optimizer="adamm"), ValueError, "Did you mean 'adam'"),
    "layer keyword": (lambda: kshim.layers.Dense(3, activaton="relu"), TypeError, "Did you mean 'activation'"),
    "layer name": (lambda: dense().get_layer("frst"), ValueError, "Did you mean 'first'"),
    "input shape": (lambda: fit(dense(), X[:, :3]), ValueError, "expected shape (None, 4), found shape (12, 3)"),
    "predict shape": (lambda: dense().predict(X[:, :3], verbose=0), ValueError, "found shape (12, 3)"),
    "input count": (lambda: fit(dense(), [X, X]), ValueError, "expects 1 input(s), but it received 2"),
    "target count": (lambda: fit(two(), X, Y), ValueError, "Output 'b' has a loss but no target data"),
    "too many targets": (lambda: fit(dense(), X, [Y, Y]), ValueError, "1 output(s), ['last'], but y has 2 arrays"),
    "target shape": (
        lambda: fit(dense(), X, np.ones((12, 3))),
        ValueError,
        "output 'last': the target has shape (12, 3)",
    ),
    "batch target shape": (lambda: dense().train_on_batch(X, np.ones((12, 3))), ValueError, "the prediction (12, 2)"),
    "one-hot wanted": (
        lambda: fit(dense(3, loss="categorical_crossentropy"), X, np.ones(12)),
        ValueError,
        "'sparse_cat",
    ),
    "integers wanted": (
        lambda: fit(dense(3, loss="sparse_categorical_crossentropy"), X, np.ones((12, 3))),
        ValueError,
        "One-hot",
    ),
    "binary shape": (
        lambda: fit(dense(3, loss="binary_crossentropy"), X, np.ones((12, 4))),
        ValueError,
        "'binary_cross",
    ),
    "metric shape": (
        lambda: fit(dense(metrics=[_product_loss])),
        ValueError,
        "metric '_product_loss' of output 'last'",
    ),
    "no target": (lambda: fit(dense(), X, None), ValueError, "Output 'last' has a loss but no target data (y)"),
    "target name": (lambda: fit(two(), X, {"a": Y, "c": Y}), ValueError, "key 'c', which is no output"),
    "lengths": (lambda: fit(dense(), X, Y[:5]), ValueError, "y has shape (5, 2)"),
    "no loss": (lambda: fit(dense(loss=None)), ValueError, "nothing to minimise"),
    "loss key": (lambda: two(loss={"a": "mse", "bb": "mse"}), ValueError, "Did you mean 'b'"),
    "loss count": (lambda: two(loss=["mse"]), ValueError, "loss has 1 entries"),
    "metric key": (lambda: two(metrics={"aa": "mse"}), ValueError, "Did you mean 'a'"),
    "weight count": (lambda: two(loss_weights=[1, 2, 3]), ValueError, "loss_weights has 3 entries"),
    "weight shape": (lambda: fit(dense(), sample_weight=np.ones((12, 7))), ValueError, "the sample weight (12, 7)"),
    "layer raises": (lambda: fit(through(Raises()), X, np.ones((12, 5))), KeyError, "the layer's own text"),
    "layer shapes": (
        lambda: fit(through(Multiplies(name="mul")), X, np.ones((12, 5))),
        ValueError,
        "layer 'mul' (Multiplies)",
    ),
    "loss shapes": (lambda: fit(dense(loss=_product_loss)), ValueError, "loss '_product_loss' of output 'last'"),
    "branch": (lambda: fit(dense(loss=_branching_loss)), TypeError, "run_eagerly=True"),
    "text": (lambda: fit(dense(), np.array([["a"] * 4] * 12)), ValueError, "holds text"),
    "train_step": (lambda: OwnStep().compile("sgd", "mse"), kshim.errors.UnsupportedError, "OwnStep.train_step()"),
    "no result": (
        lambda: kshim.layers.Lambda(lambda x: None, name="f")(kshim.Input((3,))),
        ValueError,
        "Layer 'f' (Lambda) returned None",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_message(name, backend):
    run, kind, text = CASES[name]
    with pytest.raises(kind) as found:
        run()
    assert type(found.value) is kind
    assert text in str(found.value)
    kshim.engine.names.reset_uids()
    with kshim.use("numpy"), pytest.raises(kind) as plain:
        run()
    kshim.engine.names.reset_uids()
    with pytest.raises(kind) as again:
        run()
    assert str(again.value) == str(plain.value)


def test_training_goes_on_after_an_error(backend):
    model, other = dense(optimizer="adam"), dense(optimizer="adam")
    other.set_weights(model.get_weights())
    model.train_on_batch(X, Y)
    with pytest.raises(ValueError):
        model.train_on_batch(X, np.ones((12, 3)))
    model.train_on_batch(X, Y)
    for _ in range(2):
        other.train_on_batch(X, Y)
    for a, b in zip(model.get_weights(), other.get_weights()):
        np.testing.assert_array_equal(a, b)
