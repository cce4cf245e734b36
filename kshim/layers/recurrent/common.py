"""What the built-in recurrent cells and layers share: their arguments, weights, dropout and configuration."""

from ... import activations, constraints, initializers, ops, regularizers
from ...engine.layer import Layer
from ...engine.seeds import SeedGenerator

#: Activation -> name of the backend definition that fused recurrent ops can use.
_FUSED = {name: name for name in ("tanh", "sigmoid", "relu", "linear", "hard_sigmoid", "softplus", "softsign")}

#: (argument, module it is resolved and serialised with)
_OBJECTS = (
    ("kernel_initializer", initializers), ("recurrent_initializer", initializers), ("bias_initializer", initializers),
    ("kernel_regularizer", regularizers), ("recurrent_regularizer", regularizers), ("bias_regularizer", regularizers),
    ("kernel_constraint", constraints), ("recurrent_constraint", constraints), ("bias_constraint", constraints),
)  # fmt: skip


def fused_name(activation):
    """The backend's name of an activation, or None if a fused op cannot use it."""
    name = getattr(activation, "__name__", None)
    if name in _FUSED and activation is activations.get(name):
        return _FUSED[name]
    return None


class Cell(Layer):
    """Base of the built-in cells: one step `call(inputs, states, training)` with a kernel, a recurrent kernel and a bias.

    Subclasses say how many gates there are and define `project` (inputs' part of all gates, for any number of steps)
    and `advance` (one step from the projected inputs).
    """

    gates = 1
    own_arguments = ("units", "activation", "use_bias")

    def __init__(
        self, units, activation="tanh", use_bias=True, kernel_initializer="glorot_uniform", recurrent_initializer="orthogonal",
        bias_initializer="zeros", kernel_regularizer=None, recurrent_regularizer=None, bias_regularizer=None, kernel_constraint=None,
        recurrent_constraint=None, bias_constraint=None, dropout=0.0, recurrent_dropout=0.0, seed=None, **kwargs,
    ):  # fmt: skip
        kwargs.pop("implementation", None)  # which of its formulas a framework uses; the numbers are the same
        super().__init__(**kwargs)
        if (
            not isinstance(units, int)
            and not (hasattr(units, "__index__") and not isinstance(units, bool))
            or int(units) <= 0
        ):
            raise ValueError(
                f"Received an invalid value for argument `units` of {type(self).__name__}, expected a positive integer, got {units!r}."
            )
        self.units = int(units)
        self.activation = activations.get(activation)
        self.use_bias = bool(use_bias)
        given = dict(
            kernel_initializer=kernel_initializer, recurrent_initializer=recurrent_initializer, bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer, recurrent_regularizer=recurrent_regularizer, bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint, recurrent_constraint=recurrent_constraint, bias_constraint=bias_constraint,
        )  # fmt: skip
        for name, module in _OBJECTS:
            setattr(self, name, module.get(given[name]))
        self.dropout = min(1.0, max(0.0, float(dropout)))
        self.recurrent_dropout = min(1.0, max(0.0, float(recurrent_dropout)))
        self.seed = seed
        if self.dropout or self.recurrent_dropout:
            self.seed_generator = SeedGenerator(seed)
        self.state_size = self.output_size = self.units

    def build(self, input_shape):
        width = self.units * self.gates
        if input_shape[-1] is None:
            raise ValueError(
                f"Layer {self.name!r}: the last dimension of the inputs must be defined; received shape {tuple(input_shape)}."
            )
        self.kernel = self.add_weight(
            name="kernel", shape=(input_shape[-1], width), initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer, constraint=self.kernel_constraint,
        )  # fmt: skip
        self.recurrent_kernel = self.add_weight(
            name="recurrent_kernel", shape=(self.units, width), initializer=self.recurrent_initializer,
            regularizer=self.recurrent_regularizer, constraint=self.recurrent_constraint,
        )  # fmt: skip
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias", shape=self.bias_shape(), initializer=self.bias_start(),
                regularizer=self.bias_regularizer, constraint=self.bias_constraint,
            )  # fmt: skip
        self.built = True

    def bias_shape(self):
        return (self.units * self.gates,)

    def bias_start(self):
        return self.bias_initializer

    def project(self, x):
        """What the inputs (..., features) contribute to all gates."""
        return ops.fused("dense", x, self.kernel, self.bias)

    def call(self, inputs, states, training=None):
        states = list(states) if isinstance(states, (list, tuple)) else [states]
        if training and self.dropout:
            inputs = self.dropped(inputs, self.dropout)
        mask = self.recurrent_mask(states[0]) if training and self.recurrent_dropout else None
        new = self.advance(self.project(inputs), states, mask)
        return new[0], new

    def dropped(self, x, rate, noise_shape=None):
        return ops.fused("dropout", x, rate, self.seed_generator.next_key(), tuple(noise_shape or x.shape))

    def recurrent_mask(self, like):
        """One dropout mask for the recurrent state, to be used at every step."""
        return self.dropped(ops.ones_like(like), self.recurrent_dropout)

    def get_initial_state(self, batch_size=None, dtype=None, inputs=None):
        """Zeros for every state."""
        batch_size = inputs.shape[0] if batch_size is None else batch_size
        sizes = self.state_size if isinstance(self.state_size, (list, tuple)) else [self.state_size]
        return [ops.zeros((batch_size, n), dtype or self.compute_dtype) for n in sizes]

    def own_config(self):
        """The arguments in tf.keras's order, without those of the base layer."""
        config = {}
        for name in self.own_arguments:
            value = getattr(self, name)
            config[name] = activations.serialize(value) if name.endswith("activation") else value
        for name, module in _OBJECTS:
            config[name] = module.serialize(getattr(self, name))
        config.update(dropout=self.dropout, recurrent_dropout=self.recurrent_dropout)
        if self.seed is not None:
            config["seed"] = self.seed
        return config

    def get_config(self):
        return {**super().get_config(), **self.own_config()}
