"""What a user holds: `Tensor` around a backend's value, and `KerasTensor`, a place in a functional graph.

A `Tensor` looks the same on every backend (operators, indexing, `.numpy()`, `.shape`, dtype promotion, error texts). While a
layer is built symbolically its `_value` is a `ShapeDtype` of the shapes-only backend.
"""

import numpy as np

from ..spec import registry
from ..spec.dtypes import standardize
from ..spec.shapes import SHAPES, ShapeDtype


class TensorShape(tuple):
    """A shape: a tuple (ints, or None where unknown) with the accessors TensorFlow code uses."""

    __slots__ = ()

    def as_list(self):
        return list(self)

    def is_fully_defined(self):
        return None not in self

    def num_elements(self):
        return None if None in self else int(np.prod(self, dtype=np.int64))

    @property
    def rank(self):
        return len(self)

    ndims = rank

    @property
    def dims(self):
        return list(self)

    def __getitem__(self, key):
        item = tuple.__getitem__(self, key)
        return TensorShape(item) if isinstance(key, slice) else item

    def __add__(self, other):
        return TensorShape(tuple.__add__(self, tuple(other)))


class DType(str):
    """A dtype name ('float32') with the accessors TensorFlow code uses."""

    __slots__ = ()

    @property
    def name(self):
        return str(self)

    @property
    def base_dtype(self):
        return self

    @property
    def as_numpy_dtype(self):
        return np.dtype(str(self)).type

    @property
    def is_floating(self):
        return "float" in self

    @property
    def is_integer(self):
        return "int" in self


_DTYPES = {}


def dtype_object(name):
    found = _DTYPES.get(name)
    if found is None:
        found = _DTYPES[name] = DType(name)
    return found


def backend_for(value):
    """The backend that computes on a native value."""
    if type(value) is ShapeDtype:
        return SHAPES
    return registry.state.backend or registry.resolve()


class Operators:
    """Python's operators in terms of `kshim.ops`; shared by tensors and variables."""

    __slots__ = ()
    __array_priority__ = 1000
    __array_ufunc__ = None  # `array * tensor` must come to __rmul__ instead of looping over elements

    def __add__(self, other):
        return ops.add(self, other)

    def __radd__(self, other):
        return ops.add(other, self)

    def __sub__(self, other):
        return ops.subtract(self, other)

    def __rsub__(self, other):
        return ops.subtract(other, self)

    def __mul__(self, other):
        return ops.multiply(self, other)

    def __rmul__(self, other):
        return ops.multiply(other, self)

    def __truediv__(self, other):
        return ops.divide(self, other)

    def __rtruediv__(self, other):
        return ops.divide(other, self)

    def __floordiv__(self, other):
        return ops.floor_divide(self, other)

    def __rfloordiv__(self, other):
        return ops.floor_divide(other, self)

    def __mod__(self, other):
        return ops.mod(self, other)

    def __rmod__(self, other):
        return ops.mod(other, self)

    def __pow__(self, other):
        return ops.power(self, other)

    def __rpow__(self, other):
        return ops.power(other, self)

    def __matmul__(self, other):
        return ops.matmul(self, other)

    def __rmatmul__(self, other):
        return ops.matmul(other, self)

    def __neg__(self):
        return ops.negative(self)

    def __pos__(self):
        return self

    def __abs__(self):
        return ops.abs(self)

    def __invert__(self):
        return ops.logical_not(self)

    def __and__(self, other):
        return ops.and_(self, other)

    def __rand__(self, other):
        return ops.and_(other, self)

    def __or__(self, other):
        return ops.or_(self, other)

    def __ror__(self, other):
        return ops.or_(other, self)

    def __xor__(self, other):
        return ops.xor_(self, other)

    def __eq__(self, other):
        if other is None or isinstance(other, str):
            return False
        return ops.equal(self, other)

    def __ne__(self, other):
        if other is None or isinstance(other, str):
            return True
        return ops.not_equal(self, other)

    __hash__ = object.__hash__

    def __lt__(self, other):
        return ops.less(self, other)

    def __le__(self, other):
        return ops.less_equal(self, other)

    def __gt__(self, other):
        return ops.greater(self, other)

    def __ge__(self, other):
        return ops.greater_equal(self, other)

    def __getitem__(self, key):
        return ops.get_item(self, key)

    def __round__(self, digits=0):
        return ops.round(self, digits)

    def __len__(self):
        if not self.shape:
            raise TypeError("len() of a tensor with shape ().")
        if self.shape[0] is None:
            raise TypeError("len() of a symbolic tensor whose first size is unknown; use ops.shape(x)[0].")
        return self.shape[0]

    def __iter__(self):
        n = len(self)
        return (self[i] for i in range(n))

    def get_shape(self):
        return self.shape

    @property
    def ndim(self):
        return len(self.shape)

    rank = ndim

    @property
    def size(self):
        return self.shape.num_elements()

    @property
    def T(self):
        return ops.transpose(self)

    def astype(self, dtype):
        return ops.cast(self, dtype)

    def set_shape(self, shape):
        """Accepted for TensorFlow code; sizes are already known here."""
        if len(shape) != len(self.shape):
            raise ValueError(f"set_shape({tuple(shape)}) on a tensor of shape {tuple(self.shape)}: the ranks differ.")


class Tensor(Operators):
    """An n-dimensional array on the active backend."""

    __slots__ = ("_value", "_keras_mask", "__dict__")

    def __init__(self, value):
        self._value = value
        self._keras_mask = None

    @property
    def shape(self):
        return TensorShape(backend_for(self._value).shape_of(self._value))

    @property
    def dtype(self):
        return dtype_object(backend_for(self._value).dtype_of(self._value))

    def numpy(self):
        """The values, as a NumPy array the caller may keep."""
        return backend_for(self._value).to_numpy(self._value)

    def __array__(self, dtype=None, copy=None):
        array = self.numpy()
        return array if dtype is None else array.astype(dtype)

    def item(self):
        return self.numpy().item()

    def tolist(self):
        return self.numpy().tolist()

    def eval(self, session=None, feed_dict=None):
        """TensorFlow 1's spelling of `numpy()`."""
        return self.numpy()

    def __float__(self):
        return float(self.numpy())

    def __int__(self):
        return int(self.numpy())

    def __index__(self):
        return self.numpy().__index__()

    def __bool__(self):
        return bool(self.numpy())

    def __format__(self, spec):
        return format(self.numpy().item(), spec) if spec and not self.shape else format(str(self), spec)

    def __repr__(self):
        if type(self._value) is ShapeDtype:
            return f"<kshim.Tensor symbolic, shape={tuple(self.shape)}, dtype={self.dtype}>"
        return f"<kshim.Tensor: shape={tuple(self.shape)}, dtype={self.dtype}, numpy=\n{self.numpy()!r}>"

    def __str__(self):
        return repr(self)

    def __deepcopy__(self, memo):
        return convert(self.numpy())

    def __reduce__(self):
        return convert, (self.numpy(),)


class KerasTensor(Tensor):
    """A place in a functional graph: a shape with None for unknown sizes, a dtype, and the layer it comes from.

    `_keras_history` is (layer, node index, tensor index).
    """

    __slots__ = ()

    def __init__(self, shape, dtype="float32", name=None):
        self._value = None
        self._keras_mask = None
        self._shape = TensorShape(shape)
        self._dtype = dtype_object(standardize(dtype))
        self.name = name
        self._keras_history = None
        self._keras_shape = tuple(self._shape)
        self.sparse = False

    @property
    def shape(self):
        return self._shape

    @property
    def dtype(self):
        return self._dtype

    def _no_value(self, *_):
        raise TypeError(
            "A symbolic Keras tensor has no value: it stands for data that will flow through the model. "
            "Use it in layers and ops, put Python logic in a Lambda layer or a custom layer, and get values with "
            "`model.predict` or by calling the model."
        )

    numpy = __array__ = __float__ = __int__ = __index__ = item = tolist = eval = _no_value

    def __bool__(self):
        self._no_value()

    def __format__(self, spec):
        return format(repr(self), spec)

    def __repr__(self):
        made_by = f", made by layer {self._keras_history[0].name!r}" if self._keras_history else ""
        return f"<KerasTensor shape={tuple(self.shape)}, dtype={self.dtype}, name={self.name}{made_by}>"

    def __deepcopy__(self, memo):
        return self


def convert(x, dtype=None):
    """Anything to a `Tensor` of the active backend; Python floats become floatx, ints int32."""
    return ops.convert_to_tensor(x, dtype)


from .. import ops  # noqa: E402  (the two modules need each other; everything above is defined by now)
