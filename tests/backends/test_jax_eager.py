"""Operations of the jax backend outside a step: compiled as one, and copies that JAX reads in place."""

import numpy as np
import pytest

jax = pytest.importorskip("jax")

import jax.numpy as jnp  # noqa: E402
from kshim_backends.jax import backend_class, eager  # noqa: E402

from kshim.spec.derived import Derived  # noqa: E402
from kshim.spec.memory import own  # noqa: E402

B = backend_class("cpu")


def _array(*shape, dtype="float64"):
    return B.from_numpy(np.random.RandomState(sum(shape)).standard_normal(shape).astype(dtype))


_CALLS = {
    "relu": (_array(3, 4),),
    "leaky_relu": (_array(3, 4), 0.3),
    "elu": (_array(3, 4), 1.0),
    "gelu": (_array(3, 4), True),
    "softmax": (_array(3, 4), 1),
    "log_softmax": (_array(3, 4), 0),
    "dense": (_array(2, 3, 4), _array(4, 5), None),
    "normalize": (_array(3, 4), _array(4), B.square(_array(4)), None, _array(4), 1e-3),
    "batch_norm_train": (_array(5, 4), _array(4), None, 1e-3),
    "layer_norm": (_array(5, 4), None, _array(4), 1e-3),
    "attention": (_array(2, 3, 2, 4), _array(2, 5, 2, 4), _array(2, 5, 2, 6), _array(2, 1, 3, 5), 0.5),
    "lstm": (_array(2, 3, 4), _array(2, 5), _array(2, 5), _array(4, 20), _array(5, 20), None, "tanh", "sigmoid", True),
    "gru": (_array(2, 3, 4), _array(2, 5), _array(4, 15), _array(5, 15), _array(15), None, "tanh", "sigmoid", False, True),
    "simple_rnn": (_array(2, 3, 4), _array(2, 5), _array(4, 5), _array(5, 5), None, "relu", False),
    "conv": (_array(2, 5, 5, 2), _array(3, 3, 2, 4), (1, 1), [(1, 1), (0, 1)], (1, 1), 1),
    "conv_transpose": (_array(2, 5, 5, 2), _array(3, 3, 4, 2), (1, 1), ((1, 1), (1, 1)), (1, 1), (5, 5)),
    "max_pool": (_array(2, 5, 5, 2), (2, 2), (2, 2), ((0, 1), (0, 1))),
    "avg_pool": (_array(2, 5, 5, 2), (2, 2), (2, 2), ((0, 1), (0, 1))),
}  # fmt: skip


def test_every_one_is_tried():
    assert set(_CALLS) == {name for names in eager._NAMES.values() for name in names.split()}


@pytest.mark.parametrize("name", _CALLS)
def test_outside_a_step_as_inside(name, caplog):
    args = _CALLS[name]
    tensors = [a for a in args if isinstance(a, jax.Array)]

    def run(tensors):
        rest = iter(tensors)
        return getattr(B, name)(*[next(rest) if isinstance(a, jax.Array) else a for a in args])

    with jax.log_compiles():
        outside = getattr(B, name)(*args)
        assert sum("Finished XLA compilation" in r.message for r in caplog.records) == 1
        caplog.clear()
        getattr(B, name)(*args)
        assert not any("compil" in r.message for r in caplog.records)
    for a, b in zip(jax.tree.leaves(outside), jax.tree.leaves(jax.jit(run)(tensors)), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", ["lstm", "gru", "attention"])
def test_written_gradients_are_those_of_the_definition(name):
    args = _CALLS[name]

    def gradients(function):
        def loss(tensors):
            rest = iter(tensors)
            out = function(*[next(rest) if isinstance(a, jax.Array) else a for a in args])
            return sum(jnp.sum(jnp.sin(y)) for y in jax.tree.leaves(out))

        return jax.grad(loss)([a for a in args if isinstance(a, jax.Array)])

    defined = gradients(lambda *given: getattr(Derived, name)(B, *given))
    for a, b in zip(gradients(getattr(B, name)), defined, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("size", [3, 100_000])
@pytest.mark.parametrize("form", ["whole", "every other", "big-endian"])
def test_what_came_from_numpy_is_private(size, form):
    array = np.arange(2 * size, dtype=">f4" if form == "big-endian" else "f4")
    array = array[::2] if form == "every other" else array[:size]
    before = array.copy()
    tensor = B.from_numpy(array)
    array[:] = -1
    np.testing.assert_array_equal(np.asarray(tensor), before)


def test_a_large_copy_is_the_last_one():
    copy = own(np.ones(100_000))
    assert copy.ctypes.data == jax.device_put(copy).unsafe_buffer_pointer()
