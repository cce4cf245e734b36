"""`keras.layers` of Keras 1, 2 and 3. Classes are imported at first use."""

import importlib

from ..engine.objects import CustomObjectScope, Registry, find_custom
from ..engine.undrawn import draw_at_once

#: Module -> the names it gives.
_MODULES = {
    "..engine.layer": "Layer",
    "..engine.input_spec": "InputSpec",
    "input_layer": "Input InputLayer",
    "dense": "Dense",
    "dense_einsum": "EinsumDense",
    "basic": "Activation ActivityRegularization Identity Masking Rescaling",
    "rearrange": "Flatten Permute RepeatVector Reshape",
    "lambda_layer": "Lambda",
    "embed": "Embedding",
    "dropping": "AlphaDropout Dropout GaussianDropout GaussianNoise SpatialDropout1D SpatialDropout2D SpatialDropout3D",
    "conv": "Conv1D Conv2D Conv3D",
    "conv_transposed": "Conv1DTranspose Conv2DTranspose Conv3DTranspose",
    "conv_depthwise": "DepthwiseConv1D DepthwiseConv2D SeparableConv1D SeparableConv2D",
    "conv_local": "LocallyConnected1D LocallyConnected2D",
    "pool": "AveragePooling1D AveragePooling2D AveragePooling3D MaxPooling1D MaxPooling2D MaxPooling3D",
    "pool_global": (
        "GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D"
    ),
    "resize": (
        "Cropping1D Cropping2D Cropping3D UpSampling1D UpSampling2D UpSampling3D ZeroPadding1D ZeroPadding2D ZeroPadding3D"
    ),
    "batch_norm": "BatchNormalization",
    "norms": "GroupNormalization LayerNormalization UnitNormalization",
    "combine": (
        "Add Average Concatenate Dot Maximum Minimum Multiply Subtract add average concatenate dot maximum minimum multiply subtract"
    ),
    "combine_keras1": "Merge merge",
    "nonlinear": "ELU LeakyReLU PReLU ReLU Softmax ThresholdedReLU",
    "attend": "AdditiveAttention Attention",
    "attend_heads": "MultiHeadAttention",
    "recurrent": "GRU GRUCell LSTM LSTMCell RNN SimpleRNN SimpleRNNCell StackedRNNCells",
    "wrappers": "Bidirectional TimeDistributed Wrapper",
}  # fmt: skip

#: Other names of a class.
_ALIASES = {
    "Convolution1D": "Conv1D", "Convolution2D": "Conv2D", "Convolution3D": "Conv3D", "AtrousConvolution1D": "Conv1D",
    "AtrousConvolution2D": "Conv2D", "AtrousConv1D": "Conv1D", "AtrousConv2D": "Conv2D", "Convolution1DTranspose": "Conv1DTranspose",
    "Convolution2DTranspose": "Conv2DTranspose", "Convolution3DTranspose": "Conv3DTranspose", "Deconvolution2D": "Conv2DTranspose",
    "Deconvolution3D": "Conv3DTranspose", "Deconv2D": "Conv2DTranspose", "Deconv3D": "Conv3DTranspose",
    "SeparableConvolution1D": "SeparableConv1D", "SeparableConvolution2D": "SeparableConv2D",
    "MaxPool1D": "MaxPooling1D", "MaxPool2D": "MaxPooling2D", "MaxPool3D": "MaxPooling3D",
    "AvgPool1D": "AveragePooling1D", "AvgPool2D": "AveragePooling2D", "AvgPool3D": "AveragePooling3D",
    "GlobalMaxPool1D": "GlobalMaxPooling1D", "GlobalMaxPool2D": "GlobalMaxPooling2D", "GlobalMaxPool3D": "GlobalMaxPooling3D",
    "GlobalAvgPool1D": "GlobalAveragePooling1D", "GlobalAvgPool2D": "GlobalAveragePooling2D", "GlobalAvgPool3D": "GlobalAveragePooling3D",
    "BatchNormalizationV1": "BatchNormalization", "BatchNormalizationV2": "BatchNormalization", "SyncBatchNormalization": "BatchNormalization",
    "CuDNNLSTM": "LSTM", "CuDNNGRU": "GRU", "TimeDistributedDense": "Dense",
}  # fmt: skip

#: Names only files use -> where the class is.
_IN_FILES = {"Functional": "..models", "Model": "..models", "Sequential": "..models", "OpLayer": "..engine.op_layer"}

_HOMES = {name: module for module, names in _MODULES.items() for name in names.split()}

#: Base classes that programs derive from although Keras 2 hides them.
_BASES = {"_Merge": ("combine", "Combine")}

__all__ = [*sorted((*_HOMES, *_ALIASES)), "deserialize", "serialize"]


def _load(name):
    """The object that a public name stands for."""
    name = _ALIASES.get(name, name)
    home = _HOMES.get(name) or _IN_FILES[name]
    module = importlib.import_module(home if home.startswith(".") else f".{home}", __name__)
    return getattr(module, name)


class LayerRegistry(Registry):
    """The known layers, each loaded when it is first asked for."""

    def __init__(self):
        super().__init__("layer", "keras.layers")
        self._names = {
            n: None for n in (*_HOMES, *_ALIASES, *_IN_FILES) if n[0].isupper() and n not in ("Input", "InputSpec")
        }

    def lookup(self, name, registered_name=None):
        found = find_custom(name, registered_name)
        if found is not None:
            draw_at_once()
        found = found or self._names.get(name)
        if found is not None:
            return found
        if name not in self._names:
            wanted = name.replace("_", "").lower()
            name = next((n for n in self._names if n.lower() == wanted), None)
        return None if name is None else self._names[name] or _load(name)


registry = LayerRegistry()


def get(identifier):
    """A layer from its name, config or itself. `ValueError` names near misses."""
    return registry.get(identifier)


def serialize(layer, use_legacy_format=False):
    """Config of a layer: {"module", "class_name", "config", "registered_name"}, or the two keys of Keras 1 and 2."""
    config = registry.serialize(layer)
    if use_legacy_format and isinstance(config, dict):
        return {"class_name": config["class_name"], "config": config["config"]}
    return config


def deserialize(config, custom_objects=None, use_legacy_format=False):
    """A layer from what `serialize` or any Keras wrote; `custom_objects` are known for the time being."""
    from ..saving.legacy import translated

    with CustomObjectScope(custom_objects or {}):
        return registry.deserialize(
            translated(config) if isinstance(config, dict) and "class_name" in config else config
        )


def __getattr__(name):
    if name in _HOMES or name in _ALIASES:
        value = globals()[name] = _load(name)
        return value
    if name in _BASES:
        home, base = _BASES[name]
        return getattr(importlib.import_module(f".{home}", __name__), base)
    from ..errors import did_you_mean

    raise AttributeError(f"module {__name__!r} has no attribute {name!r}.{did_you_mean(name, __all__)}")


def __dir__():
    return sorted({*globals(), *__all__})
