"""What layers with weights share: initializers, regularizers and constraints as arguments, and the casts of mixed precision."""

from .. import constraints, initializers, ops, regularizers

_FAMILIES = (("initializer", initializers), ("regularizer", regularizers), ("constraint", constraints))


def set_options(layer, given, *weights):
    """Set `<weight>_initializer`, `_regularizer` and `_constraint` on a layer from the arguments it was `given`."""
    for weight in weights:
        for family, module in _FAMILIES:
            name = f"{weight}_{family}"
            setattr(layer, name, module.get(given.get(name)))


def options_config(layer, *weights, activity=False):
    """The same as config entries, in tf.keras's order; `activity` adds the activity regularizer."""
    config = {}
    for family, module in _FAMILIES:
        for weight in weights:
            config[f"{weight}_{family}"] = module.serialize(getattr(layer, f"{weight}_{family}"))
        if family == "regularizer" and activity:
            config["activity_regularizer"] = regularizers.serialize(layer.activity_regularizer)
    return config


def new_weight(layer, name, shape, trainable=True, dtype=None, options=None, autocast=True):
    """`layer.add_weight` with the options of that name (or of `options`) that `set_options` stored."""
    options = options or name
    return layer.add_weight(
        name=name, shape=shape, dtype=dtype, trainable=trainable, autocast=autocast,
        initializer=getattr(layer, f"{options}_initializer"),
        regularizer=getattr(layer, f"{options}_regularizer", None),
        constraint=getattr(layer, f"{options}_constraint", None),
    )  # fmt: skip


def operand(layer, x):
    """An input in the layer's compute dtype (integers come as they are otherwise)."""
    return x if x.dtype == layer._compute_dtype else ops.cast(x, layer._compute_dtype)


def known_size(layer, input_shape, axis):
    """A size that weights depend on; `ValueError` if it is unknown."""
    size = input_shape[axis]
    if size is None:
        raise ValueError(
            f"Layer {layer.name!r} ({type(layer).__name__}): axis {axis} of the input must have a known size; received input shape "
            f"{tuple(input_shape)}. Give it in Input(shape=...) or input_shape=."
        )
    return int(size)


def positive(layer, name, value):
    """`value` as an int; `ValueError` naming the argument unless it is a positive whole number."""
    if isinstance(value, bool) or not hasattr(value, "__int__") or int(value) != value or int(value) <= 0:
        raise ValueError(f"{type(layer).__name__}: {name} must be a positive integer; received {name}={value!r}.")
    return int(value)


def masked_all(masks):
    """Logical and of the masks that are not None; None if there is none."""
    out = None
    for m in masks:
        if m is not None:
            out = m if out is None else ops.logical_and(out, m)
    return out
