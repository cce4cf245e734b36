"""Models built alike with any Keras, to be written by one and read by another."""

import numpy as np
import pytest


def _functional(K):
    L = K.layers
    image, word, vector = (
        K.Input((8, 8, 3), name="image"),
        K.Input((6,), dtype="int32", name="word"),
        K.Input((4,), name="vector"),
    )
    x = L.Conv2D(4, 3, padding="same", activation="relu", kernel_regularizer="l2")(image)
    x = L.BatchNormalization()(x)
    x = L.SeparableConv2D(3, 3)(L.DepthwiseConv2D(3)(x))
    x = L.Conv2DTranspose(2, 3)(L.MaxPooling2D(2)(x))
    x = L.GlobalAveragePooling2D()(L.LeakyReLU()(x))
    w = L.Embedding(9, 5, mask_zero=True)(word)
    w = L.Bidirectional(L.LSTM(3, return_sequences=True))(w)
    w = L.TimeDistributed(L.Dense(4, activation="tanh"))(w)
    w = L.GRU(4)(L.SpatialDropout1D(0.2)(w))
    shared = L.Dense(4, name="shared")
    z = L.Add()([shared(vector), shared(w)])
    z = L.Concatenate()([z, x, L.LayerNormalization()(vector)])
    return K.Model(
        [image, word, vector],
        [L.Dense(3, activation="softmax", name="kind")(z), L.Dense(1, name="size")(z)],
        name="mixed",
    )


def _nested(K):
    L = K.layers
    i = K.Input((4,))
    two = K.Model(i, [L.Dense(3)(i), L.Dense(2)(i)], name="two")
    stack = K.Sequential([L.InputLayer((3,)), L.Dense(3), L.BatchNormalization()], name="stack")
    a, b = K.Input((4,), name="a"), K.Input((4,), name="b")
    p, q = two(a)
    r, s = two(b)
    z = L.Concatenate()([stack(p), stack(r), q, s])
    return K.Model([a, b], [L.Dense(2)(z), stack(L.Dense(3)(z)), two(L.Dense(4)(z))[0]], name="outer")


def _sequential(K):
    L = K.layers
    return K.Sequential(
        [L.Dense(5, input_shape=(4,), activation="relu"), L.Dropout(0.3), L.Dense(3, activation="softmax")],
        name="stack_of_dense",
    )


def _repeated(K):
    L = K.layers
    inner = K.Sequential([L.InputLayer((3,)), L.Dense(2)], name="inner")
    deep = K.Sequential(
        [L.InputLayer((4, 3)), L.TimeDistributed(inner), L.SimpleRNN(3, return_sequences=True), L.Flatten(), L.Dense(2)]
    )
    x = K.Input((4, 3), name="x")
    return K.Model(x, L.Activation("sigmoid")(deep(x)))


BUILDERS = {"functional": _functional, "nested": _nested, "sequential": _sequential, "repeated": _repeated}


def _randomise(model):
    rng = np.random.default_rng(1)
    model.set_weights([np.abs(rng.normal(0.2, 0.3, w.shape)).astype("float32") for w in model.get_weights()])
    return model


def _inputs(model, n=5):
    rng = np.random.default_rng(2)
    arrays = []
    for t in model.inputs:
        shape = (n, *tuple(t.shape)[1:])
        arrays.append(
            rng.integers(0, 9, shape)
            if "int" in str(getattr(t.dtype, "name", t.dtype))
            else rng.normal(size=shape).astype("float32")
        )
    return arrays if len(arrays) > 1 else arrays[0]


def _predict(model, x):
    """Predictions; of the others without a compiled function, which would take seconds to make."""
    if type(model).__module__.startswith("kshim"):
        return model.predict(x, verbose=0)
    return model(x, training=False)


def _listed(y):
    return [np.asarray(v) for v in y] if isinstance(y, (list, tuple)) else [np.asarray(y)]


@pytest.fixture(params=sorted(BUILDERS))
def builder(request):
    return BUILDERS[request.param]


@pytest.fixture
def randomise():
    return _randomise


@pytest.fixture
def inputs_of():
    return _inputs


@pytest.fixture
def same():
    """Assert that two models predict the same."""

    def check(first, second, inputs=None, tolerance=1e-5):
        x = _inputs(first) if inputs is None else inputs
        one, two = _listed(_predict(first, x)), _listed(_predict(second, x))
        assert len(one) == len(two)
        for a, b in zip(one, two):
            assert a.shape == b.shape
            np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)

    return check
