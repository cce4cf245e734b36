"""How TensorFlow's own functions take kshim's tensors: as they are, as shapes while a layer is built, or in a graph.

TensorFlow converts arguments through a registry of types, and asks registered dispatchers when that fails; both are
its way of letting other tensor types in. With a `KerasTensor` the function becomes a layer of the functional model,
with a tensor that has a shape only (a layer being built) the result's shape is found by tracing.
"""

from ... import ops, tree
from ...engine.layer import Layer
from ...engine.names import unique_name
from ...engine.tensor import KerasTensor, Tensor
from ...engine.variable import Variable
from ...spec.dtypes import standardize
from ...spec.shapes import ShapeDtype


def register(tf):
    """Make the functions of a loaded TensorFlow accept kshim's tensors and variables."""
    from tensorflow.python.util import dispatch

    class Dispatcher(dispatch.GlobalOpDispatcher):
        def handle(self, op, args, kwargs):
            leaves = tree.flatten([list(args), kwargs])
            if any(isinstance(x, KerasTensor) for x in leaves):
                return record(op, args, kwargs)
            if any(_is_shape(x) for x in leaves):
                return infer(tf, op, args, kwargs)
            return self.NOT_SUPPORTED

    tf.register_tensor_conversion_function((Tensor, Variable), lambda *a, **k: convert(tf, *a, **k))
    Dispatcher().register()


def _is_shape(x):
    return isinstance(x, Tensor) and isinstance(x._value, ShapeDtype)


def convert(tf, value, dtype=None, name=None, as_ref=False):
    """The native tensor of a Tensor or Variable. `TypeError` if it has no value (then a dispatcher is asked)."""
    if isinstance(value, KerasTensor) or _is_shape(value):
        raise TypeError(f"TensorFlow needs a value here; {value!r} stands for data that will flow through the model.")
    native = value.native if isinstance(value, Variable) else value._value
    if not tf.is_tensor(native):
        native = tf.constant(value.numpy())
    if dtype is not None and not tf.as_dtype(dtype).is_compatible_with(native.dtype):
        raise ValueError(
            f"A tensor of dtype {native.dtype.name} was given where {tf.as_dtype(dtype).name} is needed; use tf.cast."
        )
    return native


def infer(tf, op, args, kwargs):
    """`op` on arguments of which some are shapes only: Tensors with the shapes of its results.

    `TypeError` if a size of a result depends on values.
    """
    if getattr(op, "__name__", "") in ("shape", "shape_v2"):
        return tf.constant(tuple((args or list(kwargs.values()))[0].shape))
    structure = (tuple(args), dict(kwargs))
    shapes = [x for x in tree.flatten(structure) if _is_shape(x)]

    def run(*tensors):
        given = {id(x): t for x, t in zip(shapes, tensors)}
        positional, named = tree.map_structure(lambda x: given.get(id(x), x), structure)
        return op(*positional, **named)

    specs = [tf.TensorSpec(x.shape, str(x.dtype)) for x in shapes]
    outputs = tf.function(run, autograph=False).get_concrete_function(*specs).structured_outputs

    def describe(t):
        if not hasattr(t, "dtype"):
            return t
        if t.shape.rank is None or None in t.shape.as_list():
            raise TypeError(
                f"The shape of tf.{getattr(op, '__name__', op)}'s result, {t.shape}, depends on values; give sizes as "
                "Python numbers or -1, or define compute_output_shape in a layer of your own."
            )
        return Tensor(ShapeDtype(tuple(t.shape.as_list()), standardize(t.dtype)))

    return tree.map_structure(describe, outputs)


class TensorFlowOp(Layer):
    """One call of a TensorFlow function inside a functional model, `fill(tensors)` giving its arguments."""

    def __init__(self, op, fill, **kwargs):
        super().__init__(name=unique_name(f"tf.{getattr(op, '__name__', 'op')}"), **kwargs)
        self._op, self._fill = op, fill
        self._autocast, self.built = False, True

    def call(self, inputs):
        args, kwargs = self._fill(inputs if isinstance(inputs, (list, tuple)) else [inputs])
        out = self._op(*args, **kwargs)
        return tree.map_structure(lambda t: t if isinstance(t, Tensor) else ops.convert_to_tensor(t), out)

    def get_config(self):
        raise TypeError(
            f"Layer {self.name!r} is a call of a TensorFlow function, which a model file cannot hold. Use the function "
            "of keras.ops, or a layer of your own with get_config(), to save the architecture; save_weights() works."
        )


def record(op, args, kwargs):
    """A call with symbolic arguments, as a layer of the graph."""
    name = getattr(op, "__name__", "")
    if name in ("shape", "shape_v2"):
        return ops.shape((args or list(kwargs.values()))[0])  # None for unknown sizes, as the stand-in gives it
    structure = (tuple(args), {k: v for k, v in kwargs.items() if k != "name"})
    if name == "reshape":
        structure = tree.map_structure(lambda x: -1 if x is None else x, structure)
    tensors = list({id(x): x for x in tree.flatten(structure) if isinstance(x, KerasTensor)}.values())

    def fill(values):
        given = {id(x): v for x, v in zip(tensors, values)}
        return tree.map_structure(lambda x: given.get(id(x), x), structure)

    return TensorFlowOp(op, fill)(tensors if len(tensors) > 1 else tensors[0])
