"""`keras.backend` against tf_keras, function by function, on the numpy backend."""

import numpy as np
import pytest

import kshim
from kshim import backend as K

R = np.random.RandomState(0)
X23, X34, X234 = R.randn(2, 3).astype("float32"), R.randn(3, 4).astype("float32"), R.randn(2, 3, 4).astype("float32")
POSITIVE = np.abs(X23) + 0.1
IMAGE, VOLUME = R.randn(2, 5, 6, 3).astype("float32"), R.randn(1, 4, 4, 4, 2).astype("float32")
PROBABILITIES = np.array([[0.2, 0.3, 0.5], [0.6, 0.1, 0.3]], "float32")

CASES = [
    *[(name, (X23,), {}) for name in "abs exp round sign sin cos square sigmoid tanh softplus softsign hard_sigmoid softmax elu relu".split()],
    *[(name, (POSITIVE,), {}) for name in "log sqrt".split()],
    ("sqrt", (X23,), {}),
    *[(name, (X234,), {"axis": axis, "keepdims": k}) for name in "sum mean max min prod var std".split() for axis, k in ((None, False), (1, True), ([0, 2], False))],
    *[(name, (X234 > 0,), {"axis": 1}) for name in ("any", "all")],
    ("mean", (X234 > 0,), {}),
    ("argmax", (X234,), {}), ("argmin", (X234,), {"axis": 1}), ("cumsum", (X234,), {"axis": 1}), ("cumprod", (X234,), {}),
    ("pow", (POSITIVE, 2.5), {}), ("clip", (X23, -0.5, 0.5), {}), ("clip", (X23, 0.5, -0.5), {}),
    *[(name, (X23, X23[:, ::-1].copy()), {}) for name in "maximum minimum equal not_equal less less_equal greater greater_equal".split()],
    ("dot", (X23, X34), {}), ("dot", (X234, R.randn(4, 5).astype("float32")), {}), ("dot", (X23, R.randn(2, 3, 4).astype("float32")), {}),
    ("batch_dot", (X234, R.randn(2, 4, 5).astype("float32")), {}), ("batch_dot", (X23, X23), {}),
    ("batch_dot", (X234, R.randn(2, 3, 5).astype("float32")), {"axes": 1}), ("batch_dot", (X234, X23), {"axes": (1, 1)}),
    ("batch_dot", (X23, X234), {"axes": 1}), ("batch_dot", (X234, R.randn(2, 5, 4).astype("float32")), {"axes": (2, 2)}),
    ("transpose", (X23,), {}), ("permute_dimensions", (X234, (2, 0, 1)), {}), ("reshape", (X234, (4, -1)), {}),
    ("flatten", (X234,), {}), ("batch_flatten", (X234,), {}), ("expand_dims", (X23,), {}), ("expand_dims", (X23, 1), {}),
    ("squeeze", (X23[None], 0), {}), ("repeat", (X23, 3), {}), ("repeat_elements", (X234, 2, 1), {}), ("tile", (X23, (2, 1)), {}),
    ("reverse", (X234, 1), {}), ("reverse", (X234, [0, 2]), {}), ("gather", (X34, np.array([2, 0])), {}),
    ("one_hot", (np.array([1, 0, 2]), 3), {}), ("concatenate", ([X23, X23],), {}), ("stack", ([X23, X23],), {"axis": 1}),
    ("arange", (5,), {}), ("arange", (1, 7, 2), {}), ("eye", (3,), {}), ("ones_like", (X23,), {}), ("zeros_like", (X23,), {}),
    ("temporal_padding", (X234, (1, 2)), {}), ("spatial_2d_padding", (IMAGE, ((1, 0), (2, 1))), {}),
    ("spatial_2d_padding", (IMAGE, ((1, 0), (2, 1)), "channels_first"), {}), ("spatial_3d_padding", (VOLUME,), {}),
    ("resize_images", (IMAGE, 2, 3, "channels_last"), {}), ("resize_images", (IMAGE, 2, 3, "channels_first"), {}),
    ("resize_images", (IMAGE, 2, 3, "channels_last"), {"interpolation": "bilinear"}), ("resize_volumes", (VOLUME, 2, 1, 3, "channels_last"), {}),
    ("relu", (X23, 0.1, 0.8, 0.2), {}), ("l2_normalize", (X23,), {"axis": 1}), ("l2_normalize", (X23,), {}),
    ("in_top_k", (PROBABILITIES, np.array([1, 0]), 1), {}),
    ("categorical_crossentropy", (np.eye(3, dtype="float32")[:2], PROBABILITIES), {}),
    ("categorical_crossentropy", (np.eye(3, dtype="float32")[:2], X23), {"from_logits": True}),
    ("sparse_categorical_crossentropy", (np.array([2, 0]), PROBABILITIES), {}),
    ("binary_crossentropy", (np.eye(3, dtype="float32")[:2], PROBABILITIES), {}),
    ("binary_crossentropy", (np.eye(3, dtype="float32")[:2], X23), {"from_logits": True}),
    ("binary_focal_crossentropy", (np.eye(3, dtype="float32")[:2], PROBABILITIES), {"apply_class_balancing": True}),
    ("binary_focal_crossentropy", (np.eye(3, dtype="float32")[:2], X23), {"from_logits": True}),
    ("categorical_focal_crossentropy", (np.eye(3, dtype="float32")[:2], PROBABILITIES), {}),
    ("conv1d", (X234, R.randn(2, 4, 5).astype("float32")), {"padding": "causal", "dilation_rate": 2}),
    ("conv2d", (IMAGE, R.randn(3, 2, 3, 4).astype("float32")), {"strides": (2, 1), "padding": "same"}),
    ("conv2d_transpose", (IMAGE, R.randn(3, 3, 4, 3).astype("float32"), (2, 10, 12, 4)), {"strides": (2, 2), "padding": "same"}),
    ("conv3d", (VOLUME, R.randn(2, 2, 2, 2, 3).astype("float32")), {}),
    ("depthwise_conv2d", (IMAGE, R.randn(3, 3, 3, 2).astype("float32")), {"padding": "same"}),
    ("separable_conv2d", (IMAGE, R.randn(3, 3, 3, 2).astype("float32"), R.randn(1, 1, 6, 4).astype("float32")), {}),
    ("pool2d", (IMAGE, (2, 2)), {"strides": (2, 2), "padding": "same"}), ("pool2d", (IMAGE, (2, 2)), {"pool_mode": "avg", "padding": "same"}),
    ("pool3d", (VOLUME, (2, 2, 2)), {}),
    ("bias_add", (IMAGE, np.arange(3.0).astype("float32")), {}), ("bias_add", (X234, X34), {}),
    ("local_conv1d", (X234, R.randn(2, 8, 5).astype("float32"), (2,), (1,)), {}),
    ("local_conv2d", (IMAGE, R.randn(16, 18, 2).astype("float32"), (2, 3), (1, 1), (4, 4)), {}),
    ("batch_normalization", (X23, X23[0], POSITIVE[0], POSITIVE[1], X23[1]), {}),
    ("foldl", (lambda a, x: a * 0.5 + x, X34), {}), ("foldr", (lambda a, x: a * 0.5 + x, X34), {}), ("map_fn", (lambda x: x * 2, X34), {}),
    ("ctc_batch_cost", (np.array([[0, 1, 1], [1, 0, 0]]), np.abs(R.rand(2, 8, 4)).astype("float32"), np.array([[8], [7]]), np.array([[3], [1]])), {}),
]  # fmt: skip


@pytest.fixture(scope="module")
def oracle():
    with kshim.use("numpy"):
        yield pytest.importorskip("tf_keras").backend


def _arrays(x):
    return [np.asarray(v) for v in (x if isinstance(x, (list, tuple)) else [x])]


@pytest.mark.parametrize(("name", "args", "kwargs"), CASES, ids=[f"{i}-{c[0]}" for i, c in enumerate(CASES)])
def test_matches_tf_keras(oracle, name, args, kwargs):
    def run(module):
        made = [module.constant(a, dtype=a.dtype) if isinstance(a, np.ndarray) else a for a in args]
        made = [
            [module.constant(v) for v in a] if isinstance(a, list) and isinstance(a[0], np.ndarray) else a for a in made
        ]
        return _arrays(getattr(module, name)(*made, **kwargs))

    for got, expected in zip(run(K), run(oracle), strict=True):
        assert got.shape == expected.shape
        np.testing.assert_allclose(got.astype("float64"), expected.astype("float64"), rtol=2e-5, atol=2e-6)


def test_every_public_function_of_tf_keras_is_there(oracle):
    missing = [n for n in dir(oracle) if not n.startswith("_") and callable(getattr(oracle, n)) and not hasattr(K, n)]
    assert missing == []


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("zero", [False, True])
def test_rnn(oracle, backwards, masked, zero):
    x = R.randn(3, 5, 2).astype("float32")
    mask = np.array([[1, 1, 0, 1, 1], [0, 1, 1, 0, 0], [1, 0, 0, 1, 0]], bool) if masked else None
    w = R.randn(2, 2).astype("float32")

    def run(module):
        def step(inputs, states):
            out = module.tanh(module.dot(inputs, module.constant(w)) + states[0])
            return out, [out]

        m = None if mask is None else module.constant(mask, dtype="bool")
        start = [module.constant(np.zeros((3, 2), "float32"))]
        last, outputs, states = module.rnn(step, module.constant(x), start, backwards, m, zero_output_for_mask=zero)
        return [np.asarray(v) for v in (last, outputs, states[0])]

    for got, expected in zip(run(K), run(oracle), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)


def test_ctc_decode_greedy(oracle):
    y = R.rand(2, 6, 4).astype("float32")
    (got,), score = K.ctc_decode(K.constant(y), np.array([6, 5]))
    (expected,), expected_score = oracle.ctc_decode(oracle.constant(y), np.array([6, 5]))
    np.testing.assert_array_equal(got.numpy(), np.asarray(expected))
    np.testing.assert_allclose(score.numpy(), np.asarray(expected_score), rtol=1e-5)


def test_variables_and_updates():
    v = K.variable(np.arange(3), name="v")
    assert (K.dtype(v), K.int_shape(v), K.ndim(v), K.count_params(v)) == ("float32", (3,), 1, 3)
    K.update_add(v, 1.0)
    K.update_sub(v, K.constant([0.0, 0.0, 1.0]))
    np.testing.assert_array_equal(K.get_value(v), [1, 2, 2])
    K.moving_average_update(v, np.zeros(3), 0.5)
    K.batch_set_value([(v, K.get_value(v) * 2)])
    np.testing.assert_array_equal(K.batch_get_value([v])[0], [1, 2, 2])
    assert K.is_variable(v) and not K.is_placeholder(v) and not K.is_keras_tensor(v)
    with pytest.raises(ValueError, match="symbolic tensor"):
        K.is_keras_tensor(np.ones(2))
    with pytest.raises(ValueError, match="cannot be assigned"):
        K.set_value(3.0, 1.0)


def test_function_and_gradients():
    x = K.placeholder((None, 3))
    w = K.variable(R.randn(3, 2))
    y = K.tanh(K.dot(x, w))
    loss = K.sum(K.square(y))
    f = K.function([x], [loss, *K.gradients(loss, [w, x])])
    at = R.randn(4, 3).astype("float32")
    value, gw, gx = f([at])
    out = np.tanh(at @ w.numpy())
    np.testing.assert_allclose(value, (out**2).sum(), rtol=1e-5)
    inner = 2 * out * (1 - out**2)
    np.testing.assert_allclose(gw, at.T @ inner, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(gx, inner @ w.numpy().T, rtol=1e-4, atol=1e-6)
    with pytest.raises(ValueError, match="symbolic loss"):
        K.gradients(K.constant(1.0), [w])


def test_gradient_with_respect_to_an_inner_tensor_and_a_second_input():
    a, b = K.placeholder((None, 2)), K.placeholder((None, 2))
    inner = a * 3.0
    (g,) = K.gradients(K.sum(K.square(inner) * b), [inner])
    out = K.function([a, b], [g])([np.ones((1, 2)), np.full((1, 2), 5.0)])[0]
    np.testing.assert_allclose(out, [[30.0, 30.0]])


def test_function_takes_the_learning_phase_and_updates():
    x, seen = K.placeholder((None, 2)), K.variable(0.0)
    f = K.function([x, K.learning_phase()], [K.in_train_phase(x * 2.0, x)], updates=[K.update(seen, K.sum(x))])
    np.testing.assert_array_equal(f([np.ones((1, 2)), 1])[0], [[2, 2]])
    np.testing.assert_array_equal(f([np.ones((1, 2)), 0])[0], [[1, 1]])
    assert K.get_value(seen) == 2.0


def test_switch():
    t, f = K.constant([[1.0, 2.0], [3.0, 4.0]]), K.constant([[-1.0, -2.0], [-3.0, -4.0]])
    np.testing.assert_array_equal(K.switch(K.constant([True, False], dtype="bool"), t, f).numpy(), [[1, 2], [-3, -4]])
    assert float(K.switch(K.constant(False, dtype="bool"), lambda: K.constant(1.0), lambda: K.constant(2.0))) == 2.0


def test_settings():
    assert K.backend() == "tensorflow"
    assert (K.image_dim_ordering(), K.image_data_format()) == ("tf", "channels_last")
    K.set_image_dim_ordering("th")
    try:
        assert K.image_data_format() == "channels_first"
    finally:
        K.set_image_data_format("channels_last")
    assert K.cast_to_floatx(np.arange(2)).dtype == "float32"
    K.set_learning_phase(1)
    try:
        assert K.learning_phase() == 1
    finally:
        K.clear_session()
    assert K.learning_phase() == 0
    with pytest.raises(ValueError, match="0 or 1"):
        K.set_learning_phase(2)
    assert K.get_uid("a") + 1 == K.get_uid("a")


def test_random_draws():
    kshim.set_random_seed(1)
    first = K.random_normal((1000,), 2.0, 3.0).numpy()
    kshim.set_random_seed(1)
    np.testing.assert_array_equal(K.random_normal((1000,), 2.0, 3.0).numpy(), first)
    assert abs(first.mean() - 2) < 0.4 and abs(first.std() - 3) < 0.3
    assert set(np.unique(K.random_binomial((50,), 0.5).numpy())) == {0.0, 1.0}
    assert np.abs(K.truncated_normal((1000,)).numpy()).max() <= 2
    low = K.get_value(K.random_uniform_variable((100,), 3, 4))
    assert low.min() >= 3 and low.max() < 4
