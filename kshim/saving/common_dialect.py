"""The dialect that is written: configs which tf_keras and Keras 3 both read.

Both know tf.keras 2.x's nested lists for calls and take "module" into account (or not) as needed. What only one of them
accepts is left out where it says nothing: a keyword at its default.
"""

#: Layers whose `groups` keyword (always 1) only tf.keras has.
NO_GROUPS = frozenset(
    (
        "DepthwiseConv1D",
        "DepthwiseConv2D",
        "Conv1DTranspose",
        "Conv2DTranspose",
        "Conv3DTranspose",
        "SeparableConv1D",
        "SeparableConv2D",
    )
)
_UNUSED_KERNEL = ("kernel_initializer", "kernel_regularizer", "kernel_constraint")
_DROPPED = {
    "SeparableConv1D": _UNUSED_KERNEL, "SeparableConv2D": _UNUSED_KERNEL,
    **dict.fromkeys(("SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"), ("trainable", "noise_shape")),
}  # fmt: skip
_RECURRENT = frozenset(("SimpleRNN", "LSTM", "GRU", "RNN", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"))
#: Models of any kind, by the names files use.
MODEL_CLASSES = frozenset(("Functional", "Model", "Sequential"))


def common(x):
    """A config with every built-in layer and model inside it in the common dialect; the given one is not changed."""
    if isinstance(x, (list, tuple)):
        return [common(i) for i in x]
    if not isinstance(x, dict):
        return x
    x = {k: common(v) for k, v in x.items()}
    name, config = x.get("class_name"), x.get("config")
    if not isinstance(config, dict):
        return x
    if name in MODEL_CLASSES:
        # inside others a functional model goes by the name that both look up with a module
        return {
            **x,
            "class_name": "Sequential" if name == "Sequential" else "Model",
            "module": "keras.models",
            "registered_name": None,
        }
    if x.get("module") == "keras.layers":
        x["config"] = layer_keywords(name, config)
        if name == "ThresholdedReLU":
            x["module"] = "keras._legacy.layers"
        if name == "Lambda" and isinstance(config.get("function"), list):
            x.pop("module")  # only then does Keras 3 translate tf.keras's form of the code
            x.pop("registered_name", None)
    return x


def layer_keywords(name, config):
    """The keywords of a built-in layer that both readers accept."""
    dropped = set(_DROPPED.get(name, ()))
    if name != "InputLayer":
        dropped.add("batch_input_shape")  # the input layer says it; Keras 3 misreads it elsewhere
    if name in NO_GROUPS and config.get("groups") == 1:
        dropped.add("groups")
    if name == "SimpleRNN":
        dropped.add("implementation")
    if name in _RECURRENT and not config.get("time_major"):
        dropped.add("time_major")
    if name == "BatchNormalization" and isinstance(config.get("axis"), list) and len(config["axis"]) == 1:
        config = {**config, "axis": config["axis"][0]}
    return {k: v for k, v in config.items() if k not in dropped}
