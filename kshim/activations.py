"""Activation functions: `keras.activations` of Keras 1, 2 and 3.

Each is a plain function of a tensor with a `__name__`, which is what files store. Where eras disagree the older meaning
holds: `hard_sigmoid` is clip(0.2 x + 0.5, 0, 1), and `softmax` refuses a 1-D tensor.
"""

import inspect

from . import ops
from .engine.objects import Registry
from .engine.tensor import KerasTensor

reg = Registry("activation", "keras.activations")


def _with_logits(y, x, kind):
    """Remember what went into a softmax or sigmoid: from there its crossentropy is exact, as in Keras on TensorFlow."""
    if type(y) is not KerasTensor:
        y._keras_logits, y._keras_logits_of = x, kind
    return y


@reg()
def softmax(x, axis=-1):
    """e**x / sum(e**x) over `axis`; `ValueError` for a tensor of fewer than two dimensions."""
    x = ops.convert_to_tensor(x)
    if x.ndim < 2:
        raise ValueError(
            "softmax needs a tensor of at least two dimensions, the first being the batch; "
            f"received shape {tuple(x.shape)}. Use ops.softmax for a single vector."
        )
    y = ops.softmax(x, axis=axis)
    return _with_logits(y, x, "softmax") if axis in (-1, x.ndim - 1) else y


@reg()
def elu(x, alpha=1.0):
    """x above 0, alpha * (e**x - 1) below (Clevert et al. 2016)."""
    return ops.elu(x, alpha=alpha)


@reg()
def selu(x):
    """Scaled exponential linear unit (Klambauer et al. 2017)."""
    return ops.selu(x)


@reg()
def celu(x, alpha=1.0):
    """max(x, 0) + min(0, alpha * (e**(x / alpha) - 1)) (Barron 2017)."""
    return ops.maximum(x, 0.0) + ops.expm1(ops.minimum(x, 0.0) / alpha) * alpha


@reg()
def softplus(x):
    """log(1 + e**x)."""
    return ops.softplus(x)


@reg()
def softsign(x):
    """x / (1 + |x|)."""
    return ops.softsign(x)


@reg("silu")
def swish(x):
    """x * sigmoid(x) (Ramachandran et al. 2017); `silu` is the same."""
    return ops.silu(x)


silu = swish


@reg()
def relu(x, alpha=0.0, max_value=None, threshold=0.0, negative_slope=None):
    """x above `threshold`, up to `max_value`, alpha * (x - threshold) below. Keras 3 calls alpha `negative_slope`."""
    alpha = alpha if negative_slope is None else negative_slope
    if max_value is not None and max_value < 0:
        raise ValueError(f"`max_value` of relu must not be negative; received max_value={max_value}.")
    if not threshold:
        y = ops.leaky_relu(x, negative_slope=alpha) if alpha else ops.relu(x)
    else:
        x = ops.convert_to_tensor(x)
        y = ops.where(x > threshold, x, (x - threshold) * alpha if alpha else ops.zeros_like(x))
    return y if max_value is None else ops.minimum(y, max_value)


@reg()
def relu6(x):
    """min(max(x, 0), 6)."""
    return ops.relu6(x)


@reg()
def leaky_relu(x, negative_slope=0.2, alpha=None):
    """x above 0, negative_slope * x below."""
    return ops.leaky_relu(x, negative_slope=negative_slope if alpha is None else alpha)


@reg()
def gelu(x, approximate=False):
    """x * P(X <= x) for a standard normal X (Hendrycks and Gimpel 2016); `approximate` takes the tanh formula."""
    return ops.gelu(x, approximate=approximate)


@reg()
def tanh(x):
    """Hyperbolic tangent."""
    return ops.tanh(x)


@reg()
def sigmoid(x):
    """1 / (1 + e**-x)."""
    x = ops.convert_to_tensor(x)
    return _with_logits(ops.sigmoid(x), x, "sigmoid")


@reg()
def exponential(x):
    """e**x."""
    return ops.exp(x)


@reg()
def hard_sigmoid(x):
    """clip(0.2 x + 0.5, 0, 1): Keras 1 and 2 (Keras 3 changed it to relu6(x + 3) / 6, see `ops.hard_sigmoid`)."""
    return ops.clip(ops.multiply(x, 0.2) + 0.5, 0.0, 1.0)


@reg()
def hard_sigmoid_3(x):
    """relu6(x + 3) / 6: what Keras 3 calls hard_sigmoid. Models loaded from its files use it."""
    return ops.hard_sigmoid(x)


@reg()
def linear(x):
    """x itself."""
    return x


@reg()
def mish(x):
    """x * tanh(softplus(x)) (Misra 2019)."""
    return ops.mish(x)


@reg()
def log_softmax(x, axis=-1):
    """Logarithm of the softmax."""
    return ops.log_softmax(x, axis=axis)


@reg()
def log_sigmoid(x):
    """Logarithm of the sigmoid."""
    return ops.log_sigmoid(x)


@reg("hard_swish")
def hard_silu(x):
    """x * relu6(x + 3) / 6 (Howard et al. 2019)."""
    return ops.hard_silu(x)


hard_swish = hard_silu


@reg()
def hard_tanh(x):
    """x limited to [-1, 1]."""
    return ops.clip(x, -1.0, 1.0)


@reg()
def glu(x, axis=-1):
    """a * sigmoid(b) for the halves a, b of x along `axis` (Dauphin et al. 2016)."""
    return ops.glu(x, axis=axis)


@reg()
def hard_shrink(x, threshold=0.5):
    """x where |x| > threshold, else 0."""
    return ops.hard_shrink(x, threshold=threshold)


@reg()
def soft_shrink(x, threshold=0.5):
    """x moved towards 0 by `threshold`, 0 within it."""
    return ops.soft_shrink(x, threshold=threshold)


@reg()
def tanh_shrink(x):
    """x - tanh(x)."""
    return ops.tanh_shrink(x)


@reg()
def threshold(x, threshold, default_value):
    """x above `threshold`, else `default_value`."""
    return ops.threshold(x, threshold, default_value)


@reg()
def squareplus(x, b=4):
    """(x + sqrt(x**2 + b)) / 2 (Barron 2021)."""
    return ops.squareplus(x, b=b)


@reg()
def sparse_plus(x):
    """0 up to -1, (x + 1)**2 / 4 up to 1, then x."""
    return ops.sparse_plus(x)


@reg()
def sparse_sigmoid(x):
    """0 up to -1, (x + 1) / 2 up to 1, then 1."""
    return ops.clip((ops.convert_to_tensor(x) + 1.0) * 0.5, 0.0, 1.0)


@reg()
def sparsemax(x, axis=-1):
    """The point of the probability simplex closest to x along `axis` (Martins and Astudillo 2016)."""
    x = ops.convert_to_tensor(x)
    z = ops.flip(ops.sort(x, axis=axis), axis=axis)
    shape = [1] * x.ndim
    shape[axis] = x.shape[axis]
    k = ops.reshape(ops.cast(ops.arange(1, x.shape[axis] + 1), x.dtype), shape)
    inside = ops.cast(k * z + 1.0 > ops.cumsum(z, axis=axis), x.dtype)
    tau = (ops.sum(z * inside, axis=axis, keepdims=True) - 1.0) / ops.sum(inside, axis=axis, keepdims=True)
    return ops.maximum(x - tau, 0.0)


def get(identifier):
    """An activation from None (`linear`), a name, a config, a layer or a function. `ValueError` names near misses."""
    if identifier is None:
        return linear
    if isinstance(identifier, (str, dict)):
        layer = _activation_layer(identifier)
        if layer is not None:
            return layer
    elif inspect.isclass(identifier):
        return identifier()
    return reg.get(identifier)


def _activation_layer(identifier):
    """The advanced activations are layers: 'PReLU' or a layer's config. None if the name is not one of theirs."""
    name = identifier if isinstance(identifier, str) else identifier.get("class_name")
    if name not in ("PReLU", "ThresholdedReLU", "LeakyReLU", "ELU", "ReLU", "Softmax", "Activation"):
        return None
    from . import layers

    return getattr(layers, name)() if isinstance(identifier, str) else layers.deserialize(identifier)


def serialize(activation, use_legacy_format=False):
    """The name of an activation function, the config of an activation layer."""
    return reg.serialize(activation)


def deserialize(name, custom_objects=None, use_legacy_format=False):
    """An activation from what `serialize` or any Keras wrote."""
    if isinstance(name, dict):
        layer = _activation_layer(name)
        if layer is not None:
            return layer
    return linear if name is None else reg.deserialize(name, custom_objects)
