"""Keras 1's way of combining tensors: the function `merge` and the layer `Merge`."""

from ..engine.layer import Layer
from . import combine

_MODES = {"sum": combine.Add, "mul": combine.Multiply, "ave": combine.Average, "max": combine.Maximum}


def _combiner(mode, concat_axis, dot_axes):
    """The layer that does what a Keras 1 mode says; a function stands for itself."""
    if mode in _MODES:
        return _MODES[mode]()
    if mode == "concat":
        return combine.Concatenate(axis=concat_axis)
    if mode in ("dot", "cos"):
        return combine.Dot(axes=dot_axes, normalize=mode == "cos")
    raise ValueError(
        f"merge: unknown mode {mode!r}; expected 'sum', 'mul', 'concat', 'ave', 'cos', 'dot', 'max' or a function."
    )


class Merge(Layer):
    """Several tensors into one (Keras 1). `mode`: 'sum', 'mul', 'concat', 'ave', 'cos', 'dot', 'max', or a function of the list.

    `layers` are branches (models or layers) that the inputs, one for each, go through first: so a Sequential can begin
    with `Merge([left, right], mode="concat")` and takes a list of inputs.
    """

    def __init__(
        self, layers=None, mode="sum", concat_axis=-1, dot_axes=-1, output_shape=None, output_mask=None, arguments=None,
        node_indices=None, tensor_indices=None, **kwargs,
    ):  # fmt: skip
        super().__init__(**kwargs)
        self.supports_masking = True
        self.mode, self.concat_axis = mode, concat_axis
        self.dot_axes = tuple(dot_axes) if isinstance(dot_axes, list) else dot_axes
        self.arguments, self._given_mask = dict(arguments or {}), output_mask
        self.branches = list(layers or ())
        for branch in self.branches:
            if not isinstance(branch, Layer):
                raise TypeError(
                    f"Merge: `layers` must hold layers or models; received {branch!r:.100} of type {type(branch).__name__}."
                )
        self.combiner = None if callable(mode) else _combiner(mode, concat_axis, self.dot_axes)

    def branch_inputs(self):
        """(shape, dtype) of each branch's input, for a Sequential that begins here; None if a branch does not say."""
        found = []
        for branch in self.branches:
            held = getattr(branch, "inputs", None)
            if held:
                found += [(tuple(t.shape), t.dtype) for t in held]
            elif branch._batch_input_shape is not None:
                found.append((branch._batch_input_shape, getattr(branch, "_input_dtype", None) or branch.compute_dtype))
            else:
                return None
        return found or None

    def call(self, inputs, training=None, mask=None):
        if self.branches:
            widths = [len(getattr(b, "inputs", None) or (None,)) for b in self.branches]
            if len(inputs) != sum(widths):
                raise ValueError(
                    f"Layer {self.name!r} (Merge) has branches with {sum(widths)} inputs but received {len(inputs)}."
                )
            given = iter(inputs)
            taken = [[next(given) for _ in range(n)] for n in widths]
            inputs = [branch(x[0] if len(x) == 1 else x) for branch, x in zip(self.branches, taken)]
        if self.combiner is None:
            return self.mode(inputs, **self.arguments)
        return self.combiner(inputs)

    def compute_mask(self, inputs, mask=None):
        if callable(self._given_mask):
            return self._given_mask(inputs, mask)
        if self._given_mask is not None or self.combiner is None or self.branches:
            return self._given_mask
        return self.combiner.compute_mask(inputs, mask)

    def get_config(self):
        from . import registry, stored_functions

        mode, kind, module = stored_functions.encode(self.mode, raw=True)
        return {
            **super().get_config(),
            "layers": [registry.serialize(b) for b in self.branches],
            "mode": mode,
            "mode_type": kind,
            "mode_module": module,
            "concat_axis": self.concat_axis,
            "dot_axes": self.dot_axes,
            "arguments": self.arguments,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        from . import registry, stored_functions

        config = {k: v for k, v in config.items() if k not in ("output_shape_type", "output_mask_type")}
        config["mode"] = stored_functions.decode(config, "mode", config.get("name"), custom_objects)
        config["layers"] = [registry.deserialize(c) for c in config.get("layers") or ()]
        return cls(**config)


class _MergeFunction:
    """`merge(inputs, mode)` of Keras 1; its attributes are those of Keras 2's module `keras.layers.merge`."""

    def __call__(
        self, inputs, mode="sum", concat_axis=-1, dot_axes=-1, output_shape=None, output_mask=None, arguments=None, name=None,
    ):  # fmt: skip
        """Combine a list of tensors; see `Merge`."""
        if not callable(mode) and output_mask is None:
            layer = _combiner(mode, concat_axis, dot_axes)
            if name is not None:
                layer.name = name
            return layer(list(inputs))
        return Merge(None, mode, concat_axis, dot_axes, output_shape, output_mask, arguments, name=name)(list(inputs))

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(combine, name)


merge = _MergeFunction()
