"""Layers that change spatial sizes: `ZeroPadding`, `Cropping` and `UpSampling` in one, two and three dimensions."""

from .. import ops
from ..compat import keras1
from ..engine.input_spec import InputSpec
from ..engine.layer import Layer
from ..utils.conv_utils import normalize_data_format, normalize_tuple


class _Spatial(Layer):
    """Base: `rank` spatial axes, after the batch or after the channels."""

    rank = 1

    def __init__(self, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.data_format = normalize_data_format(data_format) if self.rank > 1 else "channels_last"
        self.input_spec = InputSpec(ndim=self.rank + 2)
        first = 2 if self.data_format == "channels_first" else 1
        self._axes = tuple(range(first, first + self.rank))

    def _all_axes(self, values, other):
        """`values` of the spatial axes with `other` for the batch and the channels."""
        out = [other] * (self.rank + 2)
        out[self._axes[0] : self._axes[0] + self.rank] = values
        return tuple(out)

    def _shaped(self, input_shape, change):
        out = list(input_shape)
        for i, axis in enumerate(self._axes):
            out[axis] = None if out[axis] is None else change(i, out[axis])
        return tuple(out)

    def get_config(self):
        config = super().get_config()
        return config if self.rank == 1 else {**config, "data_format": self.data_format}


def _pairs(layer, name, value):
    """(low, high) for each spatial axis from an int, a tuple of ints or a tuple of pairs."""
    if hasattr(value, "__index__"):
        value = (int(value),) * layer.rank
    if not isinstance(value, (list, tuple)) or len(value) != layer.rank:
        pairs = "(low, high)" if layer.rank == 1 else f"{layer.rank} pairs (low, high), one for each spatial axis"
        raise ValueError(
            f"{type(layer).__name__}: `{name}` should be an int, {layer.rank} ints or {pairs}. Received: {value!r}."
        )
    return tuple(normalize_tuple(v, 2, f"entry of {name}", allow_zero=True) for v in value)


class _ZeroPadding(_Spatial):
    def __init__(self, padding=1, data_format=None, **kwargs):
        super().__init__(data_format, **kwargs)
        if self.rank == 1 and isinstance(padding, (list, tuple)) and len(padding) == 2:
            padding = (padding,)
        self._pairs = _pairs(self, "padding", padding)
        self.padding = self._pairs[0] if self.rank == 1 else self._pairs
        self._all_pairs = self._all_axes(self._pairs, (0, 0))

    def call(self, inputs):
        return ops.pad(inputs, self._all_pairs)

    def compute_output_shape(self, input_shape):
        return self._shaped(input_shape, lambda i, d: d + sum(self._pairs[i]))

    def get_config(self):
        config = super().get_config()
        config["padding"] = self.padding
        return config


@keras1.layer
class ZeroPadding1D(_ZeroPadding):
    """Zeros before and after the steps of (batch, steps, channels): an int or (left, right)."""

    def __init__(self, padding=1, **kwargs):
        super().__init__(padding, **kwargs)


@keras1.layer
class ZeroPadding2D(_ZeroPadding):
    """Zeros around images: an int, (height, width) or ((top, bottom), (left, right))."""

    rank = 2

    def __init__(self, padding=(1, 1), data_format=None, **kwargs):
        super().__init__(padding, data_format, **kwargs)


@keras1.layer
class ZeroPadding3D(_ZeroPadding):
    """Zeros around volumes: an int, three ints or three pairs."""

    rank = 3

    def __init__(self, padding=(1, 1, 1), data_format=None, **kwargs):
        super().__init__(padding, data_format, **kwargs)


class _Cropping(_Spatial):
    def __init__(self, cropping, data_format=None, **kwargs):
        super().__init__(data_format, **kwargs)
        if self.rank == 1 and isinstance(cropping, (list, tuple)) and len(cropping) == 2:
            cropping = (cropping,)
        self._pairs = _pairs(self, "cropping", cropping)
        self.cropping = self._pairs[0] if self.rank == 1 else self._pairs

    def _check(self, shape):
        for axis, pair in zip(self._axes, self._pairs):
            if shape[axis] is not None and sum(pair) >= shape[axis]:
                raise ValueError(
                    f"Layer {self.name!r}: cropping={self.cropping} leaves nothing of axis {axis} of an input of shape {tuple(shape)}."
                )

    def call(self, inputs):
        shape = tuple(inputs.shape)
        self._check(shape)
        pairs = self._all_axes(self._pairs, (0, 0))
        starts, stops = tuple(p[0] for p in pairs), tuple(d - p[1] for d, p in zip(shape, pairs))
        return ops.fused("slice", inputs, starts, stops, (1,) * len(shape))

    def compute_output_shape(self, input_shape):
        self._check(input_shape)
        return self._shaped(input_shape, lambda i, d: d - sum(self._pairs[i]))

    def get_config(self):
        config = super().get_config()
        config["cropping"] = self.cropping
        return config


class Cropping1D(_Cropping):
    """Cuts steps off both ends of (batch, steps, channels): an int or (left, right)."""

    def __init__(self, cropping=(1, 1), **kwargs):
        super().__init__(cropping, **kwargs)


@keras1.layer
class Cropping2D(_Cropping):
    """Cuts the edges of images: an int, (height, width) or ((top, bottom), (left, right))."""

    rank = 2

    def __init__(self, cropping=((0, 0), (0, 0)), data_format=None, **kwargs):
        super().__init__(cropping, data_format, **kwargs)


@keras1.layer
class Cropping3D(_Cropping):
    """Cuts the faces of volumes: an int, three ints or three pairs."""

    rank = 3

    def __init__(self, cropping=((1, 1), (1, 1), (1, 1)), data_format=None, **kwargs):
        super().__init__(cropping, data_format, **kwargs)


class _UpSampling(_Spatial):
    def __init__(self, size, data_format=None, **kwargs):
        super().__init__(data_format, **kwargs)
        self._factors = normalize_tuple(int(size) if hasattr(size, "__index__") else size, self.rank, "size")
        self.size = self._factors[0] if self.rank == 1 else self._factors

    def call(self, inputs):
        return ops.upsample(inputs, self._factors, self._axes)

    def compute_output_shape(self, input_shape):
        return self._shaped(input_shape, lambda i, d: d * self._factors[i])

    def get_config(self):
        config = super().get_config()
        config["size"] = self.size
        return config


@keras1.layer
class UpSampling1D(_UpSampling):
    """Every step `size` times."""

    def __init__(self, size=2, **kwargs):
        super().__init__(size, **kwargs)


@keras1.layer
class UpSampling2D(_UpSampling):
    """Rows and columns `size` times as many, by 'nearest' or 'bilinear' interpolation."""

    rank = 2

    def __init__(self, size=(2, 2), data_format=None, interpolation="nearest", **kwargs):
        super().__init__(size, data_format, **kwargs)
        if interpolation not in ("nearest", "bilinear"):
            raise ValueError(
                f"UpSampling2D: interpolation={interpolation!r} is not available; expected 'nearest' or 'bilinear'."
            )
        self.interpolation = interpolation

    def call(self, inputs):
        if self.interpolation == "nearest":
            return super().call(inputs)
        sizes = [inputs.shape[a] * f for a, f in zip(self._axes, self._factors)]
        return ops.resize(inputs, sizes, "bilinear", data_format=self.data_format)

    def get_config(self):
        return {**super().get_config(), "interpolation": self.interpolation}


@keras1.layer
class UpSampling3D(_UpSampling):
    """All three spatial axes `size` times as long."""

    rank = 3

    def __init__(self, size=(2, 2, 2), data_format=None, **kwargs):
        super().__init__(size, data_format, **kwargs)
