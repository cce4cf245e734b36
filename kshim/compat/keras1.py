"""Keras 1's spelling of layer arguments: one table for the built-in layers, and the class decorator that applies it.

Inside, only the names of Keras 2 exist. A renamed argument given together with its new name is a `TypeError`.
"""

import inspect
from functools import wraps

from ..errors import did_you_mean

_WEIGHTS = {
    "init": "kernel_initializer", "W_regularizer": "kernel_regularizer", "b_regularizer": "bias_regularizer",
    "W_constraint": "kernel_constraint", "b_constraint": "bias_constraint", "bias": "use_bias",
}  # fmt: skip
_WINDOW = {
    "border_mode": "padding",
    "subsample": "strides",
    "subsample_length": "strides",
    "dim_ordering": "data_format",
}
_CONV = {**_WEIGHTS, **_WINDOW, "nb_filter": "filters", "filter_length": "kernel_size", "atrous_rate": "dilation_rate"}
_POOL = {"border_mode": "padding", "dim_ordering": "data_format", "pool_length": "pool_size", "stride": "strides"}
_SPATIAL = {"dim_ordering": "data_format"}
_RNN = {
    **_WEIGHTS, "output_dim": "units", "inner_init": "recurrent_initializer", "inner_activation": "recurrent_activation",
    "U_regularizer": "recurrent_regularizer", "dropout_W": "dropout", "dropout_U": "recurrent_dropout",
}  # fmt: skip
_RNN.pop("bias")
_RATE = {"p": "rate"}

#: Layer class -> {Keras 1 name: Keras 2 name}.
RENAMED = {
    "Dense": {**_WEIGHTS, "output_dim": "units"},
    "Dropout": _RATE, "SpatialDropout1D": _RATE, "GaussianDropout": _RATE, "AlphaDropout": _RATE,
    "SpatialDropout2D": {**_RATE, **_SPATIAL}, "SpatialDropout3D": {**_RATE, **_SPATIAL},
    "GaussianNoise": {"sigma": "stddev"},
    "Embedding": {"init": "embeddings_initializer", "W_regularizer": "embeddings_regularizer", "W_constraint": "embeddings_constraint"},
    "Conv1D": _CONV, "Conv2D": _CONV, "Conv3D": _CONV, "Conv2DTranspose": _CONV, "Conv3DTranspose": _CONV,
    "LocallyConnected1D": _CONV, "LocallyConnected2D": _CONV,
    "SeparableConv1D": _CONV, "SeparableConv2D": _CONV,
    "MaxPooling1D": _POOL, "MaxPooling2D": _POOL, "MaxPooling3D": _POOL,
    "AveragePooling1D": _POOL, "AveragePooling2D": _POOL, "AveragePooling3D": _POOL,
    "GlobalMaxPooling2D": _SPATIAL, "GlobalMaxPooling3D": _SPATIAL, "GlobalAveragePooling2D": _SPATIAL, "GlobalAveragePooling3D": _SPATIAL,
    "ZeroPadding2D": _SPATIAL, "ZeroPadding3D": _SPATIAL, "Cropping2D": _SPATIAL, "Cropping3D": _SPATIAL,
    "UpSampling1D": {"length": "size"}, "UpSampling2D": _SPATIAL, "UpSampling3D": _SPATIAL,
    "BatchNormalization": {"beta_init": "beta_initializer", "gamma_init": "gamma_initializer"},
    "PReLU": {"init": "alpha_initializer"},
    "SimpleRNN": _RNN, "LSTM": _RNN, "GRU": _RNN,
}  # fmt: skip

#: Names that say by themselves which Keras a call was written for.
_KERAS_2_ONLY = frozenset(
    "strides padding data_format dilation_rate groups use_bias kernel_initializer bias_initializer kernel_regularizer "
    "bias_regularizer kernel_constraint bias_constraint kernel_size filters".split()
)
_KERNEL_SIDES = {"Conv2D": ("nb_row", "nb_col"), "Conv3D": ("kernel_dim1", "kernel_dim2", "kernel_dim3")}
_KERNEL_SIDES.update(
    dict.fromkeys(("Conv2DTranspose", "SeparableConv2D", "LocallyConnected2D"), _KERNEL_SIDES["Conv2D"])
)
_KERNEL_SIDES["Conv3DTranspose"] = _KERNEL_SIDES["Conv3D"]


def _is_int(x):
    return hasattr(x, "__index__") and not isinstance(x, bool)


def _kernel_sides(name, args, kwargs, old):
    """`Convolution2D(32, 3, 5)` and `nb_row=3, nb_col=5` to kernel_size=(3, 5).

    Two bare integers may also be Keras 2's kernel size and stride: that is what they are beside an argument only Keras 2
    knows, or when the second is the smaller one or both are 1 (then both readings agree).
    """
    sides = _KERNEL_SIDES[name]
    n = len(sides)
    named = [s for s in sides if s in kwargs]
    positional = args[1 : 1 + n]
    if named:
        given = {**dict(zip(sides, positional)), **{s: kwargs.pop(s) for s in named}}
        missing = [s for s in sides if s not in given]
        if missing:
            raise TypeError(
                f"{name}: {named[0]}= is given without {', '.join(missing)}; pass kernel_size=({', '.join(sides)})."
            )
        kwargs["kernel_size"] = tuple(given[s] for s in sides)
        return args[:1] + args[1 + n - len(named) :]
    if len(positional) < n or not all(_is_int(v) for v in positional):
        return args
    if n == 2:
        kernel, second = (int(v) for v in positional)
        ambiguous = not old and len(args) == 3
        if ambiguous and (_KERAS_2_ONLY & kwargs.keys() or second < kernel or kernel == second == 1):
            return args
    rest = args[1 + n :]
    if rest and isinstance(rest[0], str):  # Keras 2 goes on with padding, Keras 1 with init, activation
        if rest[0].lower() in ("valid", "same", "causal"):
            return args
        for key, value in zip(("kernel_initializer", "activation"), rest):
            kwargs[key] = value
        rest = rest[2:]
    if len(rest) == 1 and name == "Conv2DTranspose" and not isinstance(rest[0], str):
        kwargs["output_shape"] = rest[0]
        rest = ()
    if rest:
        raise TypeError(f"{name}: cannot tell what the positional arguments {rest!r} mean; pass them by name.")
    return (*args[:1], tuple(int(v) for v in positional))


def _batch_normalization(args, kwargs):
    """Keras 1: (epsilon, mode, axis, momentum), mode 0 being the only one left."""
    if args and isinstance(args[0], float):
        if len(args) > 4:
            raise TypeError(f"BatchNormalization: too many positional arguments {args!r}; pass them by name.")
        kwargs.update(zip(("epsilon", "mode", "axis", "momentum"), args))
        args = ()
    mode = kwargs.pop("mode", 0)
    if mode != 0:
        raise ValueError(
            f"BatchNormalization(mode={mode}): only mode 0 (statistics of each feature, moving averages for prediction) exists since Keras 2. "
            "Use LayerNormalization for mode 1 (each sample by itself)."
        )
    return args


def _padding(args, kwargs):
    """Keras 1's dicts and 4-tuples of paddings."""
    value = args[0] if args else kwargs.get("padding")
    if isinstance(value, dict):
        pad = {k.removesuffix("_pad"): int(v) for k, v in value.items()}
        unknown = set(pad) - {"left", "right", "top", "bottom"}
        if unknown:
            raise ValueError(
                f"ZeroPadding: unknown keys {sorted(unknown)} in padding={value!r}; expected left_pad, right_pad, top_pad, bottom_pad."
            )
        sides = (pad.get("left", 0), pad.get("right", 0))
        value = (
            sides if "top" not in pad and "bottom" not in pad else ((pad.get("top", 0), pad.get("bottom", 0)), sides)
        )
    elif isinstance(value, (list, tuple)) and len(value) == 4 and all(_is_int(v) for v in value):
        value = (tuple(value[:2]), tuple(value[2:]))
    else:
        return args
    if args:
        return (value, *args[1:])
    kwargs["padding"] = value
    return args


def _recurrent(name, args, kwargs, old):
    """Defaults that have changed since: a layer written in Keras 1's words has Keras 1's."""
    if "consume_less" in kwargs:
        kwargs["implementation"] = {"cpu": 0, "mem": 1, "gpu": 2}.get(kwargs.pop("consume_less"), 1)
        old = True
    if "forget_bias_init" in kwargs:
        value = kwargs.pop("forget_bias_init")
        kwargs.setdefault("unit_forget_bias", getattr(value, "__name__", value) in ("one", "ones", "Ones"))
        old = True
    if old and name in ("LSTM", "GRU"):
        kwargs.setdefault("recurrent_activation", "hard_sigmoid")
        if name == "GRU":
            kwargs.setdefault("reset_after", False)
    return args


def translate(name, args, kwargs):
    """(args, kwargs) of a call of layer class `name` in the words of Keras 2; a call already in them comes back as it is."""
    renamed = RENAMED.get(name, {})
    old = [k for k in kwargs if k in renamed]
    for key in old:
        value, new = kwargs.pop(key), renamed[key]
        if new in kwargs:
            raise TypeError(f"{name}: {key}= is Keras 1's name of {new}=; give only one of them.")
        kwargs[new] = None if value == "default" and new == "data_format" else value
    if "data_format" in kwargs:
        kwargs["data_format"] = {"th": "channels_first", "tf": "channels_last"}.get(
            kwargs["data_format"], kwargs["data_format"]
        )
    if name in _KERNEL_SIDES:
        args = _kernel_sides(name, args, kwargs, bool(old))
    elif name == "BatchNormalization":
        args = _batch_normalization(args, kwargs)
    elif name.startswith("ZeroPadding"):
        args = _padding(args, kwargs)
    elif name in ("SimpleRNN", "LSTM", "GRU"):
        args = _recurrent(name, args, kwargs, bool(old))
    if name.startswith("SeparableConv") and "init" in old:
        start = kwargs.pop("kernel_initializer")
        kwargs.setdefault("depthwise_initializer", start)
        kwargs.setdefault("pointwise_initializer", start)
    return args, kwargs


def _misspelt(cls, kwargs, error):
    """A missing argument is often there under another name: then a `TypeError` that says which, else `error` itself."""
    from ..engine.layer import BASE_KEYWORDS

    known = {p for c in cls.__mro__ if "__init__" in c.__dict__ for p in inspect.signature(c.__init__).parameters}
    known = [n for n in known if n not in ("self", "args", "kwargs")]
    unknown = [k for k in kwargs if k not in known and k not in BASE_KEYWORDS]
    if not unknown or "missing" not in str(error):
        return error
    hint = did_you_mean(unknown[0], [*known, *BASE_KEYWORDS])
    return TypeError(f"{cls.__name__} got an unexpected keyword argument: {unknown[0]!r}.{hint} ({error})")


def layer(cls):
    """Class decorator: the constructor takes Keras 1's words as well, and names near misses of arguments it must have."""
    init, name = cls.__init__, cls.__name__

    @wraps(init)
    def __init__(self, *args, **kwargs):
        args, kwargs = translate(name, args, kwargs)
        try:
            init(self, *args, **kwargs)
        except TypeError as error:
            better = _misspelt(cls, kwargs, error)
            if better is error:
                raise
            raise better from error

    cls.__init__ = __init__
    return cls
