"""Every layer in several configurations against tf_keras with the same weights: values, gradients, shapes, configs."""

import functools

import numpy as np
import pytest
from kshim_conformance.cases_layers import Moved, New, cases
from kshim_conformance.cases_layers_sequence import RECURRENT

TOLERANCE = 1e-5


def _simple(c):
    """Whether it is one call on an array or a list of arrays, with one output, of a layer that tf_keras has by this name."""
    return not (
        c.op in (*RECURRENT, "RNN", "TimeDistributed", "Bidirectional")
        or c.oracle is None
        or isinstance(c.oracle, New)
        or c.holds_code
        or len(c.inputs) > 1
        or c.keywords
        or c.masks
        or c.states
    )


CASES = [c for c in cases() if _simple(c)]
#: Layer -> keys of our config that tf_keras forgets.
EXTRA = {"SpatialDropout2D": {"data_format"}}


def only_config(c):
    """Whether tf_keras cannot run it on a CPU."""
    return isinstance(c.oracle, Moved)


def inputs_of(c):
    """The same input every time, a list for several; floats are float32."""
    (x,), _ = c.call_arguments(lambda a: a.astype("float32") if a.dtype.kind == "f" else a)
    return x


def shapes_of(c):
    """The input's shape with an unknown batch size, a list for several."""
    x = inputs_of(c)
    return [(None, *a.shape[1:]) for a in x] if isinstance(x, list) else (None, *x.shape[1:])


def phases(c):
    """The training flags with which the call is deterministic."""
    return (False,) if c.random else (False, True)


@functools.cache
def oracle(index):
    """What tf_keras says about a case: weights, outputs, gradients, state after training, shape, config."""
    import tensorflow as tf
    import tf_keras

    c = CASES[index]
    layer = c.make(tf_keras.layers)
    x, shapes = inputs_of(c), shapes_of(c)
    out = {"config": dict(layer.get_config()), "masking": layer.supports_masking}
    if only_config(c):
        layer.build(shapes)
        return {
            **out,
            "shape": tuple(layer.compute_output_shape(shapes)),
            "sizes": [tuple(w.shape) for w in layer.weights],
        }
    tensors = tf.nest.map_structure(tf.constant, x)
    layer(tensors)
    names = [w.name.rsplit("/")[-1].split(":")[0] for w in layer.weights]
    out["names"] = names
    out["weights"] = c.weight_values(names, [tuple(w.shape) for w in layer.weights])
    layer.set_weights(out["weights"])
    floats = [t for t in tf.nest.flatten(tensors) if t.dtype.is_floating]
    for training in phases(c):
        layer.set_weights(out["weights"])
        with tf.GradientTape() as tape:
            tape.watch(floats)
            y = layer(tensors, training=training) if _takes_training(layer) else layer(tensors)
            loss = tf.reduce_sum(y * np.cos(np.arange(y.shape.num_elements(), dtype="float32")).reshape(y.shape))
        gradients = tape.gradient(loss, [*floats, *layer.trainable_weights], unconnected_gradients="zero")
        out[training] = {
            "y": y.numpy(),
            "gradients": [tf.convert_to_tensor(g).numpy() for g in gradients],
            "after": layer.get_weights(),
            "mask": None if getattr(y, "_keras_mask", None) is None else y._keras_mask.numpy(),
        }
    if c.op in ("Identity", "EinsumDense", "Attention"):  # its compute_output_shape is missing or wrong: trace it
        inputs = tf.nest.map_structure(lambda s: tf_keras.Input(batch_shape=s.as_list()), _tensor_shapes(shapes))
        out["shape"] = tuple(c.make(tf_keras.layers)(inputs).shape)
    else:
        out["shape"] = tuple(layer.compute_output_shape(shapes))
    return out


def _tensor_shapes(shapes):
    import tensorflow as tf

    return [tf.TensorShape(s) for s in shapes] if isinstance(shapes, list) else tf.TensorShape(shapes)


def _takes_training(layer):
    import inspect

    return "training" in inspect.signature(layer.call).parameters


def run_kshim(layer, x, training):
    """(output, gradients of the inputs, then of the trainable weights) of sum(output * cos(position))."""
    from kshim import ops, tree
    from kshim.engine.tensor import Tensor, convert
    from kshim.engine.variable import swapped
    from kshim.spec import registry

    backend = registry.state.backend
    variables = layer.trainable_weights
    arrays = tree.flatten(x)
    floats = [] if arrays[0].dtype.kind == "i" else [convert(a)._value for a in arrays]

    def loss(params, *_):
        given = [Tensor(p) for p in params[: len(floats)]] or [convert(a) for a in arrays]
        with swapped(variables, params[len(floats) :]):
            y = layer(given if isinstance(x, list) else given[0], training=training)
        weights = np.cos(np.arange(y.shape.num_elements(), dtype="float32")).reshape(tuple(y.shape))
        return ops.sum(y * weights)._value, [y._value]

    params = [*floats, *(v.native for v in variables)]
    (_, (y,)), gradients = backend.value_and_grad(loss)(params)
    return backend.to_numpy(y), [backend.to_numpy(g) for g in gradients]


def plain(x):
    """A config value as JSON would have it, numbers to the six digits that tf_keras's float32 keeps."""
    if isinstance(x, dict):
        return {k: plain(v) for k, v in x.items()}
    if isinstance(x, (list, tuple)):
        return [plain(v) for v in x]
    if isinstance(x, (float, np.ndarray, np.floating)):
        return float(f"{float(x):.6g}")
    return x


INDICES = [pytest.param(i, id=c.id) for i, c in enumerate(CASES)]
RUNNABLE = [pytest.param(i, id=c.id) for i, c in enumerate(CASES) if not only_config(c)]


def make(c):
    from kshim import layers

    return c.make(layers)


@pytest.mark.parametrize("index", RUNNABLE)
def test_values_gradients_and_state(index, backend, tf_keras):
    c, expected = CASES[index], oracle(index)
    layer, x = make(c), inputs_of(c)
    layer(x)
    assert [v.name for v in layer.weights] == expected["names"]
    assert [tuple(v.shape) for v in layer.weights] == [w.shape for w in expected["weights"]]
    for training in phases(c):
        layer.set_weights(expected["weights"])
        y, gradients = run_kshim(layer, x, training)
        wanted = expected[training]
        assert y.dtype == wanted["y"].dtype
        np.testing.assert_allclose(y, wanted["y"], rtol=TOLERANCE, atol=TOLERANCE)
        assert len(gradients) == len(wanted["gradients"])
        for got, want in zip(gradients, wanted["gradients"]):
            np.testing.assert_allclose(got, want, rtol=2e-4, atol=2e-5 * max(1.0, np.abs(want).max(initial=0.0)))
        layer.set_weights(expected["weights"])
        out = layer(x, training=training)
        for got, want in zip(layer.get_weights(), wanted["after"]):
            np.testing.assert_allclose(got, want, rtol=TOLERANCE, atol=TOLERANCE)
        if wanted["mask"] is not None:
            np.testing.assert_array_equal(out._keras_mask.numpy(), wanted["mask"])


@pytest.mark.parametrize("index", INDICES)
def test_output_shape_config_and_masking(index, tf_keras):
    import kshim

    c, expected = CASES[index], oracle(index)
    with kshim.use("numpy"):
        layer = make(c)
        config = layer.get_config()
        wanted = set(expected["config"])
        assert set(config) - EXTRA.get(c.op, set()) == wanted
        for key in wanted - {"name"}:
            assert plain(config[key]) == plain(expected["config"][key]), key
        assert layer.supports_masking == expected["masking"]
        shapes = shapes_of(c)
        assert tuple(layer.compute_output_shape(shapes)) == expected["shape"]
        again = make(c)
        assert tuple(_traced(again, shapes)) == expected["shape"]
        if "sizes" in expected:
            assert [tuple(v.shape) for v in again.weights] == expected["sizes"]


def _traced(layer, shapes):
    """The output shape from running `call` on symbolic inputs."""
    from kshim import layers

    inputs = (
        [layers.Input(batch_shape=s) for s in shapes] if isinstance(shapes, list) else layers.Input(batch_shape=shapes)
    )
    return layer(inputs).shape


@pytest.mark.parametrize("index", RUNNABLE)
def test_config_round_trip(index, tf_keras):
    """A layer from our config and one from tf_keras's compute the same; tf_keras understands ours."""
    import kshim
    from kshim import layers

    c, expected = CASES[index], oracle(index)
    with kshim.use("numpy"):
        layer, x = make(c), inputs_of(c)
        layer(x)
        config = layers.serialize(layer)
        for source in (config, {"class_name": c.op, "config": expected["config"]}):
            copy = layers.deserialize(source)
            assert type(copy) is type(layer)
            copy(x)
            copy.set_weights(expected["weights"])
            np.testing.assert_allclose(copy(x).numpy(), expected[False]["y"], rtol=TOLERANCE, atol=TOLERANCE)
        assert plain(layers.deserialize(config).get_config()) == plain(config["config"])
    theirs = getattr(tf_keras.layers, c.op).from_config(config["config"])
    theirs.build(shapes_of(c))
    assert [tuple(w.shape) for w in theirs.weights] == [w.shape for w in expected["weights"]]
