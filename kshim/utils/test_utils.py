"""`keras.utils.test_utils` of Keras 1 and 2: helpers with which projects test their own layers and models."""

import functools

import numpy as np

from .. import config


def get_test_data(
    num_train=1000, num_test=500, input_shape=(10,), output_shape=(2,), classification=True, num_classes=2, **keras1
):
    """Learnable random data, `(x_train, y_train), (x_test, y_test)`; it follows NumPy's global seed (Keras 2.3).

    Targets are class numbers of shape (samples,), or float32 of shape (samples, *output_shape) for
    classification=False; inputs are float32, scattered around the target. Keras 1's `nb_train`, `nb_test` and
    `nb_class` are accepted. Unknown keywords raise `TypeError`.
    """
    num_train = keras1.pop("nb_train", num_train)
    num_test = keras1.pop("nb_test", num_test)
    num_classes = keras1.pop("nb_class", num_classes)
    if keras1:
        raise TypeError(f"get_test_data() got an unexpected keyword argument: {next(iter(keras1))!r}.")
    samples = num_train + num_test
    centres = np.random.randint(num_classes, size=samples) if classification else np.random.random(samples)

    def around(shape):
        column = centres.reshape((samples,) + (1,) * len(shape))
        return np.random.normal(column, 0.7, size=(samples, *shape)).astype("float32")

    x = around(tuple(input_shape))
    y = centres if classification else around(tuple(output_shape))
    return (x[:num_train], y[:num_train]), (x[num_train:], y[num_train:])


def layer_test(
    layer_cls,
    kwargs=None,
    input_shape=None,
    input_dtype=None,
    input_data=None,
    expected_output=None,
    expected_output_dtype=None,
    fixed_batch_size=False,
):
    """Check that a layer with one input and one output keeps Keras's contract; returns its output (a NumPy array).

    Checked: get_weights/set_weights, output shape and dtype, `expected_output` (within 0.1 %), rebuilding from the
    configuration with the same result, and one training step where the layer knows `training`. `None` in
    `input_shape` means a size of one to three. Raises `AssertionError` with what differs (Keras 2.3's helper).
    """
    from ..layers import Input
    from ..models import Model
    from .generic_utils import has_arg

    kwargs = dict(kwargs or {})
    if input_data is None:
        if not input_shape:
            raise ValueError("layer_test() needs input_shape or input_data.")
        input_dtype = input_dtype or config.floatx()
        sizes = [np.random.randint(1, 4) if size is None else size for size in input_shape]
        input_data = (10 * np.random.random(sizes)).astype(input_dtype)
    input_shape = tuple(input_data.shape if input_shape is None else input_shape)
    input_dtype = str(input_dtype or input_data.dtype)

    layer = layer_cls(**kwargs)
    layer.set_weights(layer.get_weights())
    promised = tuple(layer.compute_output_shape(input_shape))
    if fixed_batch_size:
        x = Input(batch_shape=input_shape, dtype=input_dtype)
    else:
        x = Input(shape=input_shape[1:], dtype=input_dtype)
    y = layer(x)
    _expect(str(y.dtype) == str(expected_output_dtype or input_dtype), layer, f"output dtype {y.dtype}")

    model = Model(x, y)
    output = model.predict(input_data)
    fits = len(promised) == output.ndim and all(p in (None, size) for p, size in zip(promised, output.shape))
    _expect(fits, layer, f"output of shape {output.shape} where compute_output_shape gave {promised}")
    if expected_output is not None:
        np.testing.assert_allclose(output, expected_output, rtol=1e-3)

    twin = type(model).from_config(model.get_config())
    if model.weights:
        twin.set_weights(model.get_weights())
        np.testing.assert_allclose(twin.predict(input_data), output, rtol=1e-3)
    if has_arg(layer.call, "training"):
        model.compile("rmsprop", "mse")
        model.train_on_batch(input_data, output)
    type(layer).from_config(dict(layer.get_config(), batch_input_shape=input_shape))
    return output


def _expect(holds, layer, found):
    if not holds:
        raise AssertionError(f"{type(layer).__name__}: {found}")


def keras_test(func):
    """Decorator of Keras 1 and 2.1's tests: forgets the layer names of a test when it ends."""

    @functools.wraps(func)
    def wrapper(*args, **kwargs):
        from ..backend import clear_session

        try:
            return func(*args, **kwargs)
        finally:
            clear_session()

    return wrapper


__all__ = ["get_test_data", "keras_test", "layer_test"]
