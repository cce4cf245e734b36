"""The stand-in for TensorFlow against TensorFlow, function by function, and the sentences it answers with."""

import numpy as np
import pytest

import kshim
from kshim.compat.tensorflow import explain, resolve

R = np.random.RandomState(0)
A, B = R.randn(2, 3).astype("float32"), R.randn(2, 3).astype("float32")
P, C = np.abs(A) + 0.1, R.randn(2, 3, 4).astype("float32")
M, N = R.randn(3, 4).astype("float32"), R.randn(2, 4, 5).astype("float32")
I = np.array([[1, 0], [2, 1]])  # noqa: E741
IMAGE = R.randn(2, 6, 6, 4).astype("float32")

UNARY = "abs exp negative sign square sin cos tan sinh cosh tanh sigmoid floor ceil softplus softsign erf expm1 round rint".split()
CASES = [
    *[(f"math.{n}", (A,), {}) for n in UNARY],
    *[(f"math.{n}", (P,), {}) for n in "log log1p sqrt rsqrt reciprocal lgamma digamma asinh".split()],
    *[(f"math.{n}", (A, B), {}) for n in "add subtract multiply divide maximum minimum squared_difference floormod equal less greater_equal atan2".split()],
    ("math.divide_no_nan", (A, np.array([[1, 0, 2], [0, 1, 1]], "float32")), {}), ("math.xlogy", (np.maximum(A, 0), P), {}),
    ("pow", (P, 2.5), {}), ("add_n", ([A, B, A],), {}), ("clip_by_value", (A, -0.5, 0.5), {}), ("clip_by_norm", (A, 1.0), {}),
    ("clip_by_global_norm", ([A, B], 1.5), {}), ("cumsum", (C,), {"axis": 1, "exclusive": True, "reverse": True}),
    ("math.cumprod", (C,), {"axis": 2, "exclusive": True}), ("matmul", (A, M), {}), ("matmul", (C, C), {"transpose_b": True}),
    ("matmul", (A, B), {"transpose_a": True}), ("tensordot", (C, N), {"axes": [[2], [1]]}), ("einsum", ("bij,bjk->bik", C, N), {}),
    *[(f"reduce_{n}", (C,), {"axis": a, "keepdims": k}) for n in "sum mean max min prod logsumexp".split() for a, k in ((None, False), (1, True), ([0, 2], False))],
    ("math.reduce_std", (C,), {"axis": 1}), ("math.reduce_variance", (C,), {}), ("reduce_any", (C > 1,), {"axis": 1}), ("reduce_all", (C > -2,), {}),
    ("reduce_mean", (np.array([1, 2, 4]),), {}), ("argmax", (C,), {}), ("argmax", (C,), {"axis": -1}), ("argmin", (C,), {"axis": 1}),
    ("math.count_nonzero", (np.array([[0, 1], [2, 0]]),), {"axis": 0}), ("concat", ([A, B],), {"axis": 1}), ("stack", ([A, B],), {"axis": 1}),
    ("unstack", (C,), {"axis": 1}), ("split", (C, 2), {"axis": 2}), ("split", (C, [1, -1]), {"axis": 1}), ("reshape", (C, [4, -1]), {}),
    ("transpose", (C,), {}), ("transpose", (C,), {"perm": [1, 0, 2]}), ("expand_dims", (A, 1), {}), ("squeeze", (A[None],), {}),
    ("squeeze", (A[None, :, :, None],), {"axis": [0]}), ("cast", (A, "int32"), {}), ("zeros", ([2, 2],), {}), ("ones", ((2,), "int32"), {}),
    ("fill", ([2, 3], 7.0), {}), ("zeros_like", (A,), {}), ("eye", (3,), {}), ("eye", (2, 3), {"batch_shape": [2]}), ("range", (5,), {}),
    ("range", (1, 2, 0.25), {}), ("linspace", (0.0, 1.0, 5), {}), ("one_hot", (I, 3), {}), ("one_hot", (I, 3), {"on_value": 5.0, "off_value": -1.0, "axis": 0}),
    ("tile", (A, [2, 1]), {}), ("repeat", (A, 2), {"axis": 1}), ("pad", (A, [[1, 0], [0, 2]]), {}), ("pad", (A, [[1, 1], [0, 2]], "REFLECT"), {}),
    ("pad", (A, [[1, 0], [0, 0]]), {"constant_values": 3.0}), ("gather", (M, [2, 0]), {}), ("gather", (M, [[2, 0], [1, 1]]), {"axis": 1}),
    ("gather", (C, I), {"axis": 1, "batch_dims": 1}), ("gather_nd", (C, [[0, 1], [1, 2]]), {}), ("slice", (C, [0, 1, 1], [2, 2, -1]), {}),
    ("strided_slice", (C, [0, 0, 3], [2, 2, 0], [1, 1, -1]), {}), ("boolean_mask", (A, np.array([True, False])), {}), ("where", (A > 0, A, B), {}),
    ("where", (A > 0,), {}), ("reverse", (C, [1]), {}), ("roll", (C, 1, 2), {}), ("sort", (A,), {"direction": "DESCENDING"}),
    ("argsort", (A,), {}), ("sequence_mask", ([1, 3, 2],), {}), ("broadcast_to", (A, [4, 2, 3]), {}), ("size", (C,), {}),
    ("tensor_scatter_nd_update", (A, [[0, 1], [1, 2]], [9.0, 8.0]), {}), ("tensor_scatter_nd_add", (A, [[0, 1], [0, 1]], [9.0, 8.0]), {}),
    ("meshgrid", ([1, 2, 3], [4, 5]), {}), ("saturate_cast", (A * 300, "uint8"), {}), ("constant", (3.0,), {"shape": (2, 2)}),
    *[(f"nn.{n}", (A,), {}) for n in "relu relu6 elu selu gelu silu softmax log_softmax leaky_relu crelu l2_loss zero_fraction".split()],
    ("nn.softmax_cross_entropy_with_logits", (), {"labels": np.eye(3, dtype="float32")[:2], "logits": A}),
    ("nn.sparse_softmax_cross_entropy_with_logits", (), {"labels": np.array([2, 0]), "logits": A}),
    ("nn.sigmoid_cross_entropy_with_logits", (), {"labels": np.eye(3, dtype="float32")[:2], "logits": A}),
    ("nn.weighted_cross_entropy_with_logits", (), {"labels": np.eye(3, dtype="float32")[:2], "logits": A, "pos_weight": 3.0}),
    ("nn.l2_normalize", (C,), {"axis": -1}), ("nn.moments", (C,), {"axes": [0, 1]}), ("nn.top_k", (A, 2), {}), ("nn.in_top_k", ([1, 0], A, 2), {}),
    ("nn.batch_normalization", (A, A[0], P[0], A[1], P[1], 1e-3), {}), ("nn.bias_add", (IMAGE, np.arange(4.0).astype("float32")), {}),
    ("nn.conv2d", (IMAGE, R.randn(3, 3, 4, 2).astype("float32"), [1, 2, 2, 1], "SAME"), {}), ("nn.conv1d", (C, R.randn(2, 4, 3).astype("float32"), 1, "VALID"), {}),
    ("nn.depthwise_conv2d", (IMAGE, R.randn(3, 3, 4, 2).astype("float32"), [1, 1, 1, 1], "SAME"), {}),
    ("nn.conv2d_transpose", (IMAGE, R.randn(3, 3, 2, 4).astype("float32"), [2, 12, 12, 2], [1, 2, 2, 1]), {"padding": "SAME"}),
    ("nn.max_pool2d", (IMAGE, 2, 2, "VALID"), {}), ("nn.avg_pool2d", (IMAGE, 3, 2, "SAME"), {}), ("nn.max_pool", (IMAGE, [1, 2, 2, 1], [1, 2, 2, 1], "SAME"), {}),
    ("nn.depth_to_space", (IMAGE, 2), {}), ("nn.space_to_depth", (IMAGE, 2), {}), ("nn.embedding_lookup", (M, [2, 0]), {}),
    ("image.resize", (IMAGE, (3, 9)), {}), ("image.resize", (IMAGE, (4, 9)), {"method": "nearest"}), ("image.flip_left_right", (IMAGE,), {}),
    ("image.rot90", (IMAGE,), {}), ("image.adjust_contrast", (IMAGE, 2.0), {}), ("image.rgb_to_grayscale", (IMAGE[..., :3],), {}),
    ("linalg.norm", (C,), {"axis": 1}), ("linalg.trace", (C[:, :, :3],), {}), ("linalg.band_part", (C, 1, 0), {}), ("linalg.matvec", (C, N[:, :, 0]), {}),
    ("linalg.diag_part", (C,), {}), ("math.confusion_matrix", ([0, 1, 2, 2], [0, 2, 2, 1]), {}), ("math.is_nan", (np.array([1.0, np.nan], "float32"),), {}),
]  # fmt: skip


@pytest.fixture(scope="module")
def tf():
    return pytest.importorskip("tensorflow", reason="TensorFlow, the oracle, is not installed")


def _find(module, path):
    for part in path.split("."):
        module = getattr(module, part)
    return module


def _arrays(x):
    return [a for v in x for a in _arrays(v)] if isinstance(x, (list, tuple)) else [np.asarray(x)]


@pytest.mark.parametrize(("path", "args", "kwargs"), CASES, ids=[f"{i}-{c[0]}" for i, c in enumerate(CASES)])
def test_matches_tensorflow(tf, path, args, kwargs):
    def run(module):
        made = [module.constant(a) if isinstance(a, np.ndarray) else a for a in args]
        made = [
            [module.constant(v) for v in a] if isinstance(a, list) and isinstance(a[0], np.ndarray) else a for a in made
        ]
        return _arrays(_find(module, path)(*made, **kwargs))

    with kshim.use("numpy"):
        got = run(resolve(""))
    expected = run(tf)
    assert len(got) == len(expected)
    for g, e in zip(got, expected, strict=True):
        assert g.shape == e.shape
        np.testing.assert_allclose(g.astype("float64"), e.astype("float64"), rtol=3e-5, atol=3e-6)


def test_names_exist_in_tensorflow(tf):
    """Nothing is invented: each function is TensorFlow's, of version 2 or 1."""
    v1 = tf.compat.v1
    homes = [
        tf,
        tf.math,
        tf.nn,
        tf.linalg,
        tf.random,
        tf.image,
        tf.config,
        tf.config.experimental,
        v1,
        v1.nn,
        v1.math,
        v1.gfile,
        tf.io.gfile,
    ]
    known = {name for home in homes for name in dir(home)}
    known |= {
        "PhysicalDevice",
        "VirtualDeviceConfiguration",
        "div",
        "contrib",
        "core",
        "python",
        "gfile",
        "threading",
        "optimizer",
    }
    for path in ("", "math", "nn", "random", "linalg", "image", "config", "dtypes", "io.gfile"):
        assert {n for n in dir(resolve(path)) if not n.startswith("__")} - known == set(), path


def test_tensor_objects():
    tf = resolve("")
    x = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    assert (x.shape.as_list(), x.dtype, x.dtype == tf.float32, tf.float32.as_numpy_dtype) == (
        [2, 2],
        "float32",
        True,
        np.float32,
    )
    assert tf.shape(x)[0] == 2 and tf.rank(x) == 2 and tf.is_tensor(x) and tf.newaxis is None
    assert tf.as_dtype(np.int32) == tf.int32 and kshim.ops.cast(x, tf.float64).dtype == "float64"
    v = tf.Variable(tf.zeros((2,)), trainable=False, name="counter")
    v.assign_add([1.0, 2.0])
    np.testing.assert_array_equal(v.numpy(), [1, 2])
    with pytest.raises(ValueError, match="expected"):
        tf.ensure_shape(x, (2, 3))


def test_old_programs():
    tf = resolve("")
    config = tf.ConfigProto(allow_soft_placement=True)
    config.gpu_options.allow_growth = True
    config.gpu_options.per_process_gpu_memory_fraction = 0.3
    with tf.Session(config=config) as session:
        session.run(tf.global_variables_initializer())
        assert session.run(tf.constant(2.0)) == 2.0
        with pytest.raises(kshim.errors.UnsupportedError, match="feed_dict"):
            session.run(tf.constant(1.0), feed_dict={"x": 1})
    tf.compat.v1.disable_eager_execution()
    tf.logging.set_verbosity(tf.logging.ERROR)
    tf.compat.v1.logging.set_verbosity(tf.compat.v1.logging.ERROR)
    np.testing.assert_allclose(
        tf.reduce_sum(tf.ones((2, 3)), reduction_indices=[1], keep_dims=True).numpy(), [[3], [3]]
    )
    assert tf.to_float(tf.constant(1)).dtype == "float32"
    adam = tf.train.AdamOptimizer(0.01, beta1=0.8)
    assert (float(adam.learning_rate), adam.get_config()["beta_1"]) == (pytest.approx(0.01), 0.8)


def test_settings_and_devices():
    tf = resolve("")
    with kshim.use("numpy"):
        assert tf.config.list_physical_devices("GPU") == [] and not tf.test.is_gpu_available()
        (cpu,) = tf.config.experimental.list_physical_devices()
        assert (cpu.name, cpu.device_type) == ("/physical_device:CPU:0", "CPU")
    tf.config.experimental.set_memory_growth(cpu, True)
    assert tf.executing_eagerly() and tf.function(len) is len and tf.function()(len) is len
    with tf.device("/GPU:0"), tf.name_scope("a"), tf.distribute.MirroredStrategy().scope():
        assert tf.distribute.get_strategy().num_replicas_in_sync == 1


def test_random_is_seeded():
    tf = resolve("")
    draws = []
    for _ in range(2):
        tf.random.set_seed(3)
        draws.append(
            [
                tf.random.normal((4,)).numpy(),
                tf.random.uniform((4,), 0, 10, "int32").numpy(),
                tf.random.shuffle(np.arange(9)).numpy(),
            ]
        )
    for a, b in zip(*draws, strict=True):
        np.testing.assert_array_equal(a, b)
    same = [tf.random.stateless_uniform((3,), seed=(1, 2)).numpy() for _ in range(2)]
    np.testing.assert_array_equal(*same)
    with pytest.raises(ValueError, match="maxval"):
        tf.random.uniform((2,), dtype="int32")


def test_functions_work_in_a_functional_graph():
    tf = resolve("")
    x = kshim.Input(shape=(4,))
    y = tf.nn.relu(tf.matmul(x, tf.ones((4, 2)))) + tf.reduce_mean(x, axis=1, keepdims=True)
    assert tuple(y.shape) == (None, 2)
    out = kshim.Model(x, y).predict(np.ones((3, 4), "float32"), verbose=0)
    np.testing.assert_allclose(out, np.full((3, 2), 5.0))


@pytest.mark.parametrize(
    ("path", "advice"),
    [
        ("data.Dataset", "model.fit"), ("summary.scalar", "CSVLogger"), ("estimator", "model.fit"), ("placeholder", "keras.Input"),
        ("nn.relux", "Did you mean 'relu'"), ("reduce_men", "Did you mean 'reduce_mean'"), ("compat.v1.layers.dense", "keras.layers"),
        ("strings.lower", "str methods"), ("something", "KSHIM_BACKEND=tensorflow"),
    ],
)  # fmt: skip
def test_missing_names_say_what_to_do(path, advice):
    assert advice in explain(path)
    home, _, name = path.split(".", 1)[0].rpartition(".")
    if "." not in path:
        with pytest.raises(AttributeError, match="stand-in"):
            getattr(resolve(home), name)
        assert not hasattr(resolve(home), name)
