"""Variables: named values that training changes. A running step swaps their values for the traced ones."""

import numpy as np

from ..spec import registry
from ..spec.dtypes import is_float, standardize
from ..spec.shapes import ShapeDtype
from .context import context
from .names import variable_path
from .tensor import Operators, Tensor, TensorShape, backend_for, dtype_object
from .undrawn import Undrawn


class Variable(Operators):
    """A named tensor that can be assigned.

    `value` is anything convertible, an initializer with `shape` given, or a function without arguments. Errors: a value
    whose shape differs from the variable's raises `ValueError` naming both.
    """

    def __init__(
        self, value=None, dtype=None, trainable=True, name=None, constraint=None, regularizer=None, shape=None,
        initializer=None, initial_value=None, aggregation=None, synchronization=None, path=None, **kwargs,
    ):  # fmt: skip
        value = initializer if value is None else value
        value = initial_value if value is None else value
        if callable(value) and not isinstance(value, (Tensor, Variable)):
            value = value(tuple(shape), dtype=dtype) if shape is not None else value()
        if isinstance(value, (Tensor, Variable)):
            value = value.numpy()
        if dtype is None:
            value = np.asarray(value)
            if value.dtype == np.float64:
                from ..config import floatx

                dtype = floatx()
            else:
                dtype = standardize(value.dtype)
        self._dtype = dtype_object(standardize(dtype))
        backend = registry.state.backend or registry.resolve()
        self._backend = backend
        if type(value) is Undrawn:
            self._undrawn = value
            self._shape = TensorShape(value.shape)
            context.undrawn.append(self)
        else:
            self._value = backend.constant(value, str(self._dtype))
            self._shape = TensorShape(backend.shape_of(self._value))
        self._shared = False  # whether somebody else may hold `_value`: then a step must not overwrite it
        self.name = name or "variable"
        self.path = path or variable_path(self.name)
        self.trainable = trainable
        self.autocast = True  # whether a layer in mixed precision sees it in its compute dtype
        self.constraint = constraint
        self.regularizer = regularizer
        self.aggregation, self.synchronization = aggregation, synchronization

    def __getattr__(self, name):
        """`_value` of a weight that was not drawn when it was made; code that only needs its shape does not draw it."""
        undrawn = self.__dict__.get("_undrawn") if name == "_value" else None
        if undrawn is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        if context.symbolic:
            return ShapeDtype(tuple(self._shape), str(self._dtype))
        return self._drawn()

    def _drawn(self):
        """The value, drawn if it was not yet."""
        if "_value" not in self.__dict__:
            self._value = self._backend.constant(self._undrawn.draw(), str(self._dtype))
        return self._value

    @property
    def native(self):
        """The value on the active backend, moved there if the variable was made on another."""
        backend = registry.state.backend
        if context.reads is not None:
            context.reads[id(self)] = self
        if backend is not self._backend:
            backend = (backend or registry.resolve()).real
            if backend is not self._backend:
                self._value = backend.from_numpy(self._backend.to_numpy(self._value))
                self._backend = backend
        return self._value

    @property
    def lent(self):
        """The value for an operation, in the compute dtype of the running layer if that is another float type.

        Outside a step a result may share its memory, so no step may overwrite it.
        """
        if context.step_key is None and not context.symbolic:
            self._shared = True
        value = self.native
        wanted = context.autocast
        if wanted is not None and self.autocast and self._dtype != wanted and is_float(str(self._dtype)):
            return backend_for(value).cast(value, wanted)
        return value

    @property
    def value(self):
        """The current value, a `Tensor` (also callable, for TensorFlow code: `v.value()`)."""
        return _CallableTensor(self.lent)

    def read_value(self):
        return self.value

    def owned(self):
        """The value on the active backend, held by nobody else: a step may overwrite it."""
        value = self.native
        if self._shared:
            value = self._value = self._backend.copy(value)
            self._shared = False
        return value

    @property
    def shape(self):
        return self._shape

    @property
    def dtype(self):
        return self._dtype

    def numpy(self):
        return self._backend.to_numpy(self._drawn())

    def __array__(self, dtype=None, copy=None):
        return self.numpy() if dtype is None else self.numpy().astype(dtype)

    def __float__(self):
        return float(self.numpy())

    def __int__(self):
        return int(self.numpy())

    def __bool__(self):
        return bool(self.numpy())

    def eval(self, session=None):
        return self.numpy()

    def assign(self, value, **kwargs):
        """Set the value (cast to the variable's dtype). Returns the variable. Does nothing while building symbolically."""
        if context.symbolic:
            return self
        backend = registry.state.backend or registry.resolve()
        if isinstance(value, (Tensor, Variable)) and context.step_key is None:
            self._shared = True
            if isinstance(value, Variable):
                value._shared = True
        if isinstance(value, Tensor):
            native = value._value
            if backend.dtype_of(native) != self._dtype:
                native = backend.cast(native, str(self._dtype))
        elif isinstance(value, Variable):
            native = value.native
            if value._dtype != self._dtype:
                native = backend.cast(native, str(self._dtype))
        else:
            native = backend.constant(value, str(self._dtype))
        shape = tuple(backend.shape_of(native))
        if shape != tuple(self._shape):
            raise ValueError(
                f"Cannot assign a value of shape {shape} to variable {self.path!r} of shape {tuple(self._shape)}."
            )
        if context.writes is not None:
            context.writes.setdefault(id(self), (self, self._value, self._backend))
        self._value, self._backend = native, backend.real
        return self

    def assign_add(self, value, **kwargs):
        return self.assign(ops.add(Tensor(self.native), value))

    def assign_sub(self, value, **kwargs):
        return self.assign(ops.subtract(Tensor(self.native), value))

    def initialized_value(self):
        return self.value

    @property
    def op(self):
        return self

    def __repr__(self):
        return f"<Variable path={self.path}, shape={tuple(self.shape)}, dtype={self.dtype}, value={self.numpy()}>"

    def __deepcopy__(self, memo):
        copy = Variable(self.numpy(), str(self._dtype), self.trainable, self.name, path=self.path)
        copy.constraint, copy.regularizer = self.constraint, self.regularizer
        memo[id(self)] = copy
        return copy

    def __reduce__(self):
        return _restore, (self.numpy(), str(self._dtype), self.trainable, self.name, self.path)


def _restore(value, dtype, trainable, name, path):
    return Variable(value, dtype, trainable, name, path=path)


class _CallableTensor(Tensor):
    __slots__ = ()

    def __call__(self):
        return self


def owned(variables):
    """`v.owned()` of each variable, without a call where the value is ready."""
    backend = registry.state.backend
    if context.reads is not None:
        return [v.owned() for v in variables]
    return [v._value if v._backend is backend and not v._shared else v.owned() for v in variables]


class swapped:
    """While it is open, the variables hold the given native values; `after` is what they held when it closed."""

    __slots__ = ("variables", "values", "_saved", "after")

    def __init__(self, variables, values):
        self.variables, self.values = variables, values

    def __enter__(self):
        self._saved = [v._value for v in self.variables]
        for variable, value in zip(self.variables, self.values):
            variable._value = value
        return self

    def __exit__(self, *_):
        self.after = [v._value for v in self.variables]
        for variable, value in zip(self.variables, self._saved):
            variable._value = value


from .. import ops  # noqa: E402
