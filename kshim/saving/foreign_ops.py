"""Op layers in the graphs of tf.keras (TFOpLambda) and Keras 3 (operation classes), as calls of `kshim.ops`."""

import inspect

from .. import ops
from ..engine.objects import snake_case
from ..errors import UnsupportedError

_TF_CLASSES = ("TFOpLambda", "SlicingOpLambda")

#: TensorFlow's name -> (op of kshim, {TensorFlow's argument: its argument}).
_REDUCE = {"input_tensor": "x"}
_XY = {"x": "x1", "y": "x2", "a": "x1", "b": "x2"}
_TF = {
    **{f"math.reduce_{n}": (n, _REDUCE) for n in ("mean", "sum", "max", "min", "prod", "any", "all", "std", "variance", "logsumexp")},
    **{f"reduce_{n}": (n, _REDUCE) for n in ("mean", "sum", "max", "min", "prod", "any", "all")},
    **{n: (n.rsplit(".", 1)[-1], _XY) for n in ("math.add", "math.subtract", "math.multiply", "math.divide", "math.maximum", "math.minimum", "math.floormod", "math.greater", "math.less", "math.equal", "math.not_equal", "math.greater_equal", "math.less_equal", "math.logical_and", "math.logical_or", "linalg.matmul")},
    **{n: (n.rsplit(".", 1)[-1], {}) for n in ("math.abs", "math.exp", "math.log", "math.log1p", "math.sqrt", "math.square", "math.sign", "math.sin", "math.cos", "math.tanh", "math.sigmoid", "math.erf", "math.floor", "math.ceil", "math.round", "math.rsqrt", "math.negative", "math.softplus")},
    **{f"nn.{n}": (n, {"features": "x", "logits": "x"}) for n in ("relu", "relu6", "elu", "selu", "gelu", "silu", "softmax", "log_softmax", "softplus", "softsign", "tanh", "sigmoid")},
    **{f"__operators__.{n}": (op, _XY) for n, op in (("add", "add"), ("sub", "subtract"), ("mul", "multiply"), ("truediv", "true_divide"), ("div", "true_divide"), ("floordiv", "floor_divide"), ("pow", "power"), ("matmul", "matmul"), ("neg", "negative"), ("eq", "equal"), ("ne", "not_equal"))},
    **{f"__operators__.r{n}": (op, "swapped") for n, op in (("add", "add"), ("sub", "subtract"), ("mul", "multiply"), ("truediv", "true_divide"), ("pow", "power"))},
    "math.pow": ("power", _XY), "math.truediv": ("true_divide", _XY), "math.floordiv": ("floor_divide", _XY),
    "math.reduce_variance": ("var", _REDUCE), "math.reduce_std": ("std", _REDUCE),
    "concat": ("concatenate", {"values": "xs"}), "stack": ("stack", {"values": "x"}), "reshape": ("reshape", {"tensor": "x"}),
    "transpose": ("transpose", {"a": "x", "perm": "axes"}), "expand_dims": ("expand_dims", {"input": "x"}),
    "squeeze": ("squeeze", {"input": "x"}), "cast": ("cast", {}), "tile": ("tile", {"input": "x", "multiples": "repeats"}),
    "clip_by_value": ("clip", {"t": "x", "clip_value_min": "x_min", "clip_value_max": "x_max"}), "identity": ("identity", {}),
    "where": ("where", {"x": "x1", "y": "x2"}),
}  # fmt: skip
_RENAMED = {"keepdims": "keepdims", "keep_dims": "keepdims"}
_KERAS3 = {"Amax": "max", "Amin": "min", "Absolute": "abs", "GetItem": "get_item", "Var": "var"}


def op_from_entry(entry, records):
    """A function that makes the call of an op layer's entry, or None if the entry is no such layer.

    `records`: whether the config is in the dialect of Keras 3. `UnsupportedError` for ops that are not known here.
    """
    name, config = entry.get("class_name"), entry.get("config") or {}
    if name in _TF_CLASSES:
        return _tf_op(config.get("function"), entry["name"])
    if name == "TensorFlowOpLayer":
        raise UnsupportedError(
            f"Layer {entry['name']!r} is a TensorFlowOpLayer, as TF 2.0-2.3 wrote tensor arithmetic into graphs; it holds a piece of a "
            "TensorFlow graph. Rebuild the model in Python and use load_weights()."
        )
    module = entry.get("module") or ""
    if (
        module.startswith("keras.src.ops")
        or records
        and "trainable" not in config
        and name != "InputLayer"
        and _known(name)
    ):
        return _keras3_op(name, config, entry["name"])
    return None


def _known(class_name):
    return hasattr(ops, _KERAS3.get(class_name, snake_case(class_name)))


def _call(function, args, kwargs):
    accepted = inspect.signature(function).parameters
    unknown = [k for k in kwargs if k not in accepted]
    if unknown:
        raise UnsupportedError(
            f"The op {function.__name__!r} in the file has arguments {unknown}, which ops.{function.__name__} does not take."
        )
    return function(*args, **kwargs)


def _tf_op(name, layer):
    if name == "__operators__.getitem":
        return lambda x, slice_spec: ops.get_item(x, _slices(slice_spec))
    found = _TF.get((name or "").removeprefix("compat.v1."))
    if found is None or found[0] != "identity" and not hasattr(ops, found[0]):
        raise UnsupportedError(
            f"Layer {layer!r} calls the TensorFlow function tf.{name}, which cannot be translated. Rebuild the model and use load_weights()."
        )
    op, renamed = found
    if op == "identity":
        return lambda x, **_: x
    function = getattr(ops, op)

    def call(x, **kwargs):
        kwargs.pop("name", None)
        if renamed == "swapped":
            return function(kwargs["y"], x)
        return _call(function, (x,), {renamed.get(k, _RENAMED.get(k, k)): v for k, v in kwargs.items()})

    return call


def _slices(spec):
    def one(s):
        if isinstance(s, dict) and "start" in s:
            return slice(s["start"], s["stop"], s["step"])
        return Ellipsis if s == {"class_name": "__ellipsis__"} else s

    return tuple(one(s) for s in spec) if isinstance(spec, (list, tuple)) else one(spec)


def _keras3_op(class_name, config, layer):
    op = _KERAS3.get(class_name, snake_case(class_name))
    function = getattr(ops, op, None)
    if function is None:
        raise UnsupportedError(
            f"Layer {layer!r} is the Keras 3 operation {class_name!r}, which cannot be translated. Rebuild the model and use load_weights()."
        )
    arguments = {k: v for k, v in config.items() if k not in ("name", "dtype") or k == "dtype" and op == "cast"}
    if op == "get_item":
        return lambda x, key: ops.get_item(x, tuple(key) if isinstance(key, list) else key)
    accepted = inspect.signature(function).parameters
    arguments = {k: v for k, v in arguments.items() if k in accepted or v is not None}
    return lambda *args, **kwargs: _call(function, args, {**arguments, **kwargs})
