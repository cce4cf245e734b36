"""`Lambda`: running functions, storing them, and refusing to run what a file holds."""

import json

import numpy as np
import pytest

FACTOR = 3.0


def tripled(x, by=FACTOR):
    return x * by


def registered_twice(x):
    return x + x


def test_functions_get_what_they_ask_for(backend):
    from kshim import layers, ops

    x = np.arange(6, dtype="float32").reshape(2, 3)
    np.testing.assert_allclose(layers.Lambda(lambda t: t * 2 + 1)(x).numpy(), x * 2 + 1)
    np.testing.assert_allclose(
        layers.Lambda(lambda t, k=1, b=0: t * k + b, arguments={"k": 4, "b": 2})(x).numpy(), x * 4 + 2
    )
    asked = layers.Lambda(lambda t, training=None: t * (2 if training else 1))
    np.testing.assert_allclose(asked(x, training=True).numpy(), 2 * x)
    np.testing.assert_allclose(asked(x).numpy(), x)
    np.testing.assert_allclose(layers.Lambda(lambda xs: xs[0] - xs[1])([x, 2 * x]).numpy(), -x)
    mask = ops.convert_to_tensor(np.array([True, False]))
    masked = layers.Lambda(lambda t, mask: ops.where(ops.expand_dims(mask, -1), t, 0.0), mask=lambda t, m: m)
    out = masked(x, mask=mask)
    np.testing.assert_allclose(out.numpy(), x * [[1], [0]])
    np.testing.assert_array_equal(out._keras_mask.numpy(), [True, False])


def test_symbolic_shapes_with_and_without_output_shape(backend):
    from kshim import layers, models

    x = layers.Input((None, 4))
    assert tuple(layers.Lambda(lambda t: t[:, -1, :])(x).shape) == (None, 4)
    assert tuple(layers.Lambda(lambda t: t[..., :2], output_shape=(None, 2))(x).shape) == (None, None, 2)

    def by_value(t):  # can only run on values
        return t * float(t.numpy().max())

    y = layers.Lambda(by_value, output_shape=lambda s: s)(x)
    assert tuple(y.shape) == (None, None, 4)
    data = np.ones((2, 3, 4), "float32") * 2
    np.testing.assert_allclose(models.Model(x, y)(data).numpy(), data * 2)
    with pytest.raises(TypeError, match="no value"):
        layers.Lambda(by_value)(x)


def test_config_is_tf_keras_s_and_is_refused_without_permission(tf_keras):
    import kshim
    from kshim import layers
    from kshim.errors import SafetyError
    from kshim.saving.safety import SafeModeScope

    offset = 5.0
    function = lambda x, a=2: x * a + offset  # noqa: E731
    x = np.ones((2, 3), "float32")
    with kshim.use("numpy"):
        layer = layers.Lambda(function, arguments={"a": 4}, output_shape=(3,))
        config = json.loads(json.dumps(layer.get_config()))
        theirs = tf_keras.layers.Lambda(function, arguments={"a": 4}, output_shape=(3,)).get_config()
        assert set(config) == set(theirs)
        assert config["function"] == json.loads(json.dumps(theirs["function"]))
        assert (config["function_type"], config["output_shape_type"]) == ("lambda", "raw")
        for source in (config, json.loads(json.dumps(theirs))):
            with pytest.raises(SafetyError, match="safe_mode=False"):
                layers.Lambda.from_config(source)
            with SafeModeScope(False):
                copy = layers.Lambda.from_config(source)
            np.testing.assert_allclose(copy(x).numpy(), layer(x).numpy())
    import tf_keras.src.saving.serialization_lib as serialization

    with serialization.SafeModeScope(False):
        loaded = tf_keras.layers.Lambda.from_config({**config, "function": tuple(config["function"])})
    np.testing.assert_allclose(loaded(x).numpy(), x * 4 + offset)


def test_keras_3_form_is_read_and_refused():
    import kshim
    from kshim import layers
    from kshim.errors import SafetyError
    from kshim.layers import stored_functions
    from kshim.saving.safety import SafeModeScope

    code, defaults, closure = stored_functions.dump(lambda x: x * 3)
    config = {
        "name": "l",
        "function": {"class_name": "__lambda__", "config": {"code": code, "defaults": defaults, "closure": closure}},
        "arguments": {},
    }
    with kshim.use("numpy"):
        with pytest.raises(SafetyError):
            layers.Lambda.from_config(config)
        with SafeModeScope(False):
            assert float(layers.Lambda.from_config(config)(np.ones((1, 1))).numpy()[0, 0]) == 3.0
        named = {
            "name": "l",
            "function": {
                "module": "builtins",
                "class_name": "function",
                "config": "tripled",
                "registered_name": "function",
            },
        }
        copy = layers.Lambda.from_config(named, custom_objects={"tripled": tripled})
        assert copy.function is tripled


def test_functions_known_by_name_need_no_permission():
    import kshim
    from kshim import activations, layers, ops
    from kshim.engine.objects import register_keras_serializable

    with kshim.use("numpy"):
        for function in (ops.tanh, activations.softplus, abs):
            config = layers.Lambda(function).get_config()
            assert config["function_type"] == "function"
            x = np.array([[-1.0, 2.0]], "float32")
            np.testing.assert_allclose(layers.Lambda.from_config(config)(x).numpy(), layers.Lambda(function)(x).numpy())
        register_keras_serializable("tests")(registered_twice)
        config = layers.Lambda(registered_twice).get_config()
        assert (config["function"], config["function_type"]) == ("tests>registered_twice", "function")
        assert layers.Lambda.from_config(config).function is registered_twice


@pytest.mark.parametrize(
    "name,module",
    [
        ("system", "os"),
        ("eval", "builtins"),
        ("import_module", "importlib"),
        ("save_model", "keras.models"),
        ("load", "kshim.layers.stored_functions"),
        ("core", "keras.ops"),
    ],
)
def test_names_of_other_functions_are_not_looked_up(name, module):
    import kshim
    from kshim import layers

    with kshim.use("numpy"), pytest.raises(ValueError, match="custom_objects"):
        layers.Lambda.from_config({"name": "l", "function": name, "function_type": "function", "module": module})


def test_damaged_code_is_explained():
    import kshim
    from kshim import layers
    from kshim.saving.safety import SafeModeScope

    with kshim.use("numpy"), SafeModeScope(False):
        with pytest.raises(ValueError, match="another version"):
            layers.Lambda.from_config(
                {"name": "l", "function": ["QUJD\n", None, None], "function_type": "lambda", "module": "__main__"}
            )
        with pytest.raises(ValueError, match="not code"):
            layers.Lambda.from_config(
                {"name": "l", "function": ["6QUAAAA=\n", None, None], "function_type": "lambda", "module": "__main__"}
            )


def test_array_arguments_survive_json():
    import kshim
    from kshim import layers
    from kshim.saving.safety import SafeModeScope

    with kshim.use("numpy"), SafeModeScope(False):
        layer = layers.Lambda(lambda x, w: x * w, arguments={"w": np.arange(3)})
        copy = layers.Lambda.from_config(json.loads(json.dumps(layer.get_config())))
        np.testing.assert_allclose(copy(np.ones((1, 3), "float32")).numpy(), [[0, 1, 2]])
