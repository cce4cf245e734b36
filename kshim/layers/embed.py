"""`Embedding`: integers to vectors."""

from .. import ops
from ..compat import keras1
from ..engine.layer import Layer
from ..engine.seeds import SeedGenerator
from ..spec import dtypes
from .shared import new_weight, options_config, positive, set_options


@keras1.layer
class Embedding(Layer):
    """Row i of a table for every integer i.

    Input shape: (batch, ...), integers below `input_dim`. Output shape: (batch, ..., output_dim). `mask_zero` masks the
    zeros; `input_length` is the length of the sequences where it is fixed. `dropout` is Keras 1's: whole words.
    """

    def __init__(
        self, input_dim, output_dim, embeddings_initializer="uniform", embeddings_regularizer=None, activity_regularizer=None,
        embeddings_constraint=None, mask_zero=False, input_length=None, sparse=False, dropout=0.0, **kwargs,
    ):  # fmt: skip
        if "input_shape" not in kwargs and "batch_input_shape" not in kwargs:
            if isinstance(input_length, (list, tuple)):
                kwargs["input_shape"] = tuple(input_length)
            else:
                kwargs["input_shape"] = (input_length or None,)
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        if sparse:
            raise ValueError("Embedding(sparse=True): sparse outputs are not supported. Leave sparse out.")
        self.input_dim, self.output_dim = (
            positive(self, "input_dim", input_dim),
            positive(self, "output_dim", output_dim),
        )
        set_options(self, locals(), "embeddings")
        self.mask_zero = self.supports_masking = bool(mask_zero)
        self.input_length = input_length
        self.dropout = float(dropout)
        self.seed_generator = SeedGenerator() if self.dropout else None
        self._autocast = False  # integers held as floats must not lose digits on their way
        self._input_dtype = "int32"

    def build(self, input_shape=None):
        self.embeddings = new_weight(self, "embeddings", (self.input_dim, self.output_dim), autocast=False)
        self.built = True

    def call(self, inputs, training=None):
        if not dtypes.is_int(inputs.dtype):
            inputs = ops.cast(inputs, "int32")
        self._check_length(inputs.shape)
        table = self.embeddings
        if self.dropout and training:
            table = ops.fused("dropout", table, self.dropout, self.seed_generator.next_key(), (self.input_dim, 1))
        out = ops.fused("take", table, inputs, 0)
        return out if self._dtype == self._compute_dtype else ops.cast(out, self._compute_dtype)

    def _check_length(self, shape):
        if self.input_length is None:
            return
        lengths = self.input_length if isinstance(self.input_length, (list, tuple)) else (self.input_length,)
        from ..engine.symbolic import hidden_sizes

        hidden = hidden_sizes()
        if len(lengths) != len(shape) - 1 or any(
            n is not None and d is not None and n != d and d not in hidden for n, d in zip(lengths, shape[1:])
        ):
            raise ValueError(
                f"Layer {self.name!r}: input_length is {self.input_length}, but the input has shape {tuple(shape)}."
            )

    def compute_mask(self, inputs, mask=None):
        return ops.not_equal(inputs, 0) if self.mask_zero else None

    def compute_output_shape(self, input_shape):
        self._check_length(input_shape)
        if self.input_length is None:
            return (*input_shape, self.output_dim)
        lengths = self.input_length if isinstance(self.input_length, (list, tuple)) else (self.input_length,)
        return (input_shape[0], *(d if n is None else n for n, d in zip(lengths, input_shape[1:])), self.output_dim)

    def get_config(self):
        config = {**super().get_config(), "input_dim": self.input_dim, "output_dim": self.output_dim}
        options = options_config(self, "embeddings", activity=True)
        config.update(options, mask_zero=self.mask_zero, input_length=self.input_length)
        if self.dropout:
            config["dropout"] = self.dropout
        return config
