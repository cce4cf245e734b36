"""`Input` and `InputLayer`: where a functional graph begins."""

from .. import config as _config
from ..engine.layer import Layer
from ..engine.symbolic import Node
from ..engine.tensor import KerasTensor
from ..spec.dtypes import standardize


class InputLayer(Layer):
    """The source of one symbolic input.

    `input_shape`/`shape` leave the batch size out, `batch_input_shape`/`batch_shape` contain it (None: unknown).
    """

    def __init__(
        self, input_shape=None, batch_size=None, batch_input_shape=None, dtype=None, input_dtype=None, name=None, shape=None,
        batch_shape=None, sparse=False, ragged=False, input_tensor=None, type_spec=None, optional=False, trainable=True, **kwargs,
    ):  # fmt: skip
        from ..engine.names import unique_name

        if ragged:
            raise ValueError(
                "InputLayer: ragged inputs are not supported. Pad the sequences and use a Masking or Embedding(mask_zero=True) layer."
            )
        shape = input_shape if shape is None else shape
        batch_shape = batch_input_shape if batch_shape is None else batch_shape
        if batch_shape is None:
            if shape is None:
                raise ValueError("InputLayer needs shape= (without the batch size) or batch_shape=.")
            if isinstance(shape, int):
                shape = (shape,)
            batch_shape = (batch_size, *shape)
        dtype = dtype or input_dtype
        super().__init__(name=name or unique_name("input", zero_based=False), dtype=None)
        self._batch_input_shape = tuple(None if d is None else int(d) for d in batch_shape)
        self._dtype = standardize(dtype) if dtype is not None else _config.floatx()
        self._compute_dtype = self._dtype
        self.sparse, self.ragged, self.optional = bool(sparse), False, bool(optional)
        self.is_placeholder = True
        self.built = True
        tensor = KerasTensor(self._batch_input_shape, self._dtype, self.name)
        tensor.name = self.name
        Node(self, (), {}, [], [tensor])

    @property
    def batch_shape(self):
        return self._batch_input_shape

    def call(self, inputs):
        return inputs

    def get_config(self):
        return {
            "batch_input_shape": self._batch_input_shape,
            "dtype": self._dtype,
            "sparse": self.sparse,
            "ragged": False,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config):
        return cls(**{k: v for k, v in config.items() if k not in ("trainable",)})


def Input(
    shape=None,
    batch_size=None,
    name=None,
    dtype=None,
    sparse=False,
    batch_shape=None,
    tensor=None,
    ragged=None,
    type_spec=None,
    batch_input_shape=None,
    optional=False,
):
    """A symbolic input of a functional model: `shape` without the batch size, or `batch_shape` with it. Returns a `KerasTensor`."""
    if tensor is not None:
        if isinstance(tensor, KerasTensor):
            return tensor
        raise ValueError(
            "Input(tensor=...) with a concrete tensor is not supported: pass the data to fit() or call the model on it."
        )
    layer = InputLayer(
        input_shape=shape, batch_size=batch_size, name=name, dtype=dtype, sparse=sparse, batch_shape=batch_shape if batch_shape is not None else batch_input_shape,
        ragged=bool(ragged), optional=optional,
    )  # fmt: skip
    return layer._inbound_nodes[0].outputs[0]


def is_input(layer):
    return isinstance(layer, InputLayer)
