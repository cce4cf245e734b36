"""The op interface: one row for each primitive a backend must provide.

A row is `(signature, shape rule, dtype rule, differentiable arguments, doc)`. The rules see the shapes (or dtypes)
of tensor arguments in place of the tensors and all other arguments as they are. Tensor arguments are the names in
`tensors`; `xs` is a list of tensors.

Rules that hold for every row:

* A binary op gets two tensors of one dtype, or one tensor and one Python scalar of its kind (never two scalars).
* Integer arithmetic wraps. `NaN` goes through every op, `maximum`, `minimum`, `max` and `min` included.
* Gradients where the maths leaves a choice: `maximum`/`minimum` give half to each side at a tie; `max`/`min` over
  axes share equally among ties; `abs`, `sign` and `relu` have gradient 0 at 0; `clip` has gradient 1 at its bounds;
  `max_pool` sends it to the first largest element of the window in row-major order; `sqrt` has gradient inf at 0.
* `argmax` returns the first of equals; `argsort` is stable and ascending, NaN last; `round` goes half to even;
  `mod` has the sign of the divisor and `floor_divide` rounds down.
* `take` outside `[0, n)` gives NaN for floats and 0 for integers (never another row), and no gradient.
* A sum over nothing is 0, a product 1; the frontend refuses `max`/`min`/`argmax` over nothing.
* Random numbers are bit-exact (`rng`); everything else is exact in float64 to a few units in the last place.
"""

from dataclasses import dataclass

from . import shape_rules as s
from .dtypes import promote


@dataclass(frozen=True)
class Op:
    """One primitive. `shape(*args)` and `dtype(*args)` give the result's; `diff` names differentiable arguments."""

    name: str
    args: tuple
    tensors: tuple
    shape: object
    dtype: object
    diff: tuple
    doc: str


TABLE = {}


def _row(name, args, shape, dtype, diff="", doc="", tensors=None):
    args = tuple(args.split())
    tensors = (
        tuple(a for a in args if a in ("x", "y", "xs", "kernel", "indices", "condition", "updates"))
        if tensors is None
        else tensors
    )
    TABLE[name] = Op(name, args, tensors, shape, dtype, tuple(diff.split()), doc)


def _first(x, *_):
    return x


def _bool(*_):
    return "bool"


def _kind(x, y):
    """Dtype of a binary op: a scalar operand (dtype `None`) takes the tensor's."""
    return y if x is None else x if y is None else promote(x, y)


# unary ---------------------------------------------------------------------------------------------------------
_UNARY = {
    "negative": "-x.",
    "abs": "Absolute value; gradient sign(x).",
    "sign": "-1, 0 or 1; gradient 0.",
    "exp": "e**x.",
    "expm1": "e**x - 1, accurate near 0.",
    "log": "Natural logarithm.",
    "log1p": "log(1 + x), accurate near 0.",
    "sqrt": "Square root.",
    "rsqrt": "1 / sqrt(x).",
    "sin": "Sine, radians.",
    "cos": "Cosine, radians.",
    "tan": "Tangent, radians.",
    "arcsin": "Inverse sine.",
    "arccos": "Inverse cosine.",
    "arctan": "Inverse tangent.",
    "sinh": "Hyperbolic sine.",
    "cosh": "Hyperbolic cosine.",
    "tanh": "Hyperbolic tangent.",
    "erf": "Error function.",
    "lgamma": "Logarithm of the absolute value of the gamma function.",
    "digamma": "Derivative of lgamma.",
    "floor": "Largest integer not above x; gradient 0.",
    "ceil": "Smallest integer not below x; gradient 0.",
    "round": "Nearest integer, halves to even; gradient 0.",
}
for _name, _doc in _UNARY.items():
    _row(_name, "x", s.same, _first, "x", _doc)
for _name in ("isnan", "isinf", "isfinite"):
    _row(_name, "x", s.same, _bool, doc=f"Element-wise {_name}, of floats.")
_row("logical_not", "x", s.same, _bool, doc="not x, of booleans.")

# binary and select ---------------------------------------------------------------------------------------------
_BINARY = {
    "add": "x + y.",
    "subtract": "x - y.",
    "multiply": "x * y.",
    "divide": "x / y of floats; x/0 is inf or NaN as IEEE says.",
    "power": "x ** y.",
    "maximum": "The larger; half the gradient to each at a tie.",
    "minimum": "The smaller; half the gradient to each at a tie.",
    "arctan2": "Angle of the point (y, x): arctan(x / y) in the right quadrant.",
}
for _name, _doc in _BINARY.items():
    _row(_name, "x y", s.broadcast, _kind, "x y", _doc)
_row(
    "floor_divide",
    "x y",
    s.broadcast,
    _kind,
    doc="Floor of the exact quotient: 9 for 1.0 and 0.1, not 10; NaN for an infinite x.",
)
_row("mod", "x y", s.broadcast, _kind, "x", doc="x - y*floor_divide(x, y), exactly.")
for _name in ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal"):
    _row(_name, "x y", s.broadcast, _bool, doc=f"Element-wise {_name}.")
for _name in ("logical_and", "logical_or"):
    _row(_name, "x y", s.broadcast, _bool, doc=f"Element-wise {_name}, of booleans.")
for _name in ("bitwise_and", "bitwise_or", "bitwise_xor"):
    _row(_name, "x y", s.broadcast, _kind, doc=f"Element-wise {_name}, of integers.")
_row(
    "where", "condition x y", s.broadcast, lambda c, x, y: _kind(x, y), "x y",
    "x where the boolean condition holds, else y. NaN on the side not taken does not reach the gradient of the other.",
)  # fmt: skip
_row(
    "clip", "x low high", lambda x, lo, hi: x, lambda x, lo, hi: x, "x", "x limited to the Python scalars [low, high]."
)

# reduce --------------------------------------------------------------------------------------------------------
for _name in ("sum", "prod", "max", "min"):
    _row(_name, "x axes keepdims", s.reduced, _first, "x", f"{_name} over the tuple `axes`; keeps the dtype.")
for _name in ("any", "all"):
    _row(_name, "x axes keepdims", s.reduced, _bool, doc=f"{_name} of booleans over the tuple `axes`.")
_row(
    "argmax",
    "x axis",
    lambda x, axis: s.reduced(x, (axis,), False),
    lambda *_: "int32",
    doc="Index of the first largest along `axis`.",
)
_row("cumsum", "x axis", s.same, _first, "x", "Running sum along `axis`.")
_row("cumprod", "x axis", s.same, _first, "x", "Running product along `axis`.")

# create, convert, shape ----------------------------------------------------------------------------------------
_row(
    "full",
    "shape value dtype",
    lambda sh, v, d: tuple(sh),
    lambda sh, v, d: d,
    doc="Filled with one Python scalar.",
    tensors=(),
)
_row("arange", "n dtype", lambda n, d: (n,), lambda n, d: d, doc="0, 1, ... n-1.", tensors=())
_row(
    "cast",
    "x dtype",
    s.same,
    lambda x, d: d,
    "x",
    "Another dtype; float to int truncates; the gradient passes between floats.",
)
_row("stop_gradient", "x", s.same, _first, doc="x, without gradient.")
_row("reshape", "x shape", s.reshaped, _first, "x", "Same elements in row-major order; one -1 is allowed.")
_row("transpose", "x perm", lambda x, p: tuple(x[i] for i in p), _first, "x", "Axes in the order `perm`.")
_row("broadcast_to", "x shape", lambda x, sh: s.broadcast(x, tuple(sh)), _first, "x", "Repeated to `shape`.")
_row("concat", "xs axis", s.concat, lambda d, a: d[0], "xs", "Joined along `axis`; all of one dtype.")
_row(
    "pad",
    "x pairs value",
    lambda x, p, v: s.padded(x, p),
    _first,
    "x",
    "Constant padding by (low, high) >= 0 on each axis.",
)
_row(
    "slice",
    "x starts stops strides",
    s.sliced,
    _first,
    "x",
    "x[start:stop:stride] on each axis, all >= 0, strides >= 1.",
)
_row("flip", "x axes", s.same, _first, "x", "Reversed along each of the tuple `axes`.")

# linear algebra and windows ------------------------------------------------------------------------------------
_row("matmul", "x y", s.matmul, _kind, "x y", "Matrix product of the last two axes, the others broadcast; ranks >= 2.")
_row(
    "conv", "x kernel strides pads dilation groups", s.conv, lambda x, k, *_: promote(x, k), "x kernel",
    "Cross-correlation over 1 to 3 spatial axes; x (n, *spatial, c), kernel (*window, c // groups, filters).",
)  # fmt: skip
_row(
    "conv_transpose", "x kernel strides pads dilation output_size", s.conv_transpose, lambda x, k, *_: promote(x, k), "x kernel",
    "Gradient of `conv` with respect to its input: x (n, *spatial, c) gives (n, *output_size, filters) for a kernel "
    "(*window, filters, c), where `conv` with these strides, pads and dilation maps output_size to spatial.",
)  # fmt: skip
_row("max_pool", "x size strides pads", s.pool, _first, "x", "Largest of each window; padding never wins.")
_row("avg_pool", "x size strides pads", s.pool, _first, "x", "Mean of each window; padding does not count.")

# index ---------------------------------------------------------------------------------------------------------
_row("take", "x indices axis", s.take, lambda x, *_: x, "x", "Slices of x at integer indices along `axis`.")
_row(
    "take_along_axis", "x indices axis", lambda x, i, a: tuple(i), lambda x, *_: x, "x",
    "One element of `axis` for each index; ranks equal, other axes equal; indices in range.",
)  # fmt: skip
_row(
    "scatter_add", "x indices updates", lambda x, *_: x, lambda x, *_: x, "x updates",
    "x with updates[i] added to x[indices[i]] (axis 0, 1-D indices in range, repeats add up).",
)  # fmt: skip
_row("argsort", "x axis", s.same, lambda *_: "int32", doc="Stable ascending order along `axis`, NaN last.")

# random --------------------------------------------------------------------------------------------------------
_row(
    "random_uniform", "shape key dtype", lambda sh, k, d: tuple(sh), lambda sh, k, d: d, doc=
    "Multiples of 2**-24 in [0, 1), the bits of `kshim.spec.rng.bits` shifted right by 8; `key` is a pair of "
    "Python ints or of what `compile_step` made of such integers.", tensors=(),
)  # fmt: skip

#: Required methods that are not ops on tensors alone: name -> (signature, doc). No shape or dtype rule applies.
CONTROL = {
    "from_numpy": (
        "array",
        "A tensor with the array's dtype and values, on the device; never aliases memory the caller may change.",
    ),
    "to_numpy": ("x", "A NumPy array the caller may keep (bfloat16 comes as float32)."),
    "shape_of": ("x", "Tuple of ints."),
    "dtype_of": ("x", "Dtype name."),
    "is_tensor": ("x", "Whether x is a tensor of this backend."),
    "scan": (
        "step init xs length reverse",
        "`carry, ys = step(carry, x_t)` over axis 0 of each tensor of the list `xs` (length steps, last first if "
        "reverse); carry and ys are lists of tensors. Returns (carry, stacked ys in the order of xs).",
    ),
    "while_loop": (
        "condition body state",
        "Runs `state = body(state)` while `condition(state)` (a scalar bool); lists of tensors.",
    ),
    "cond": ("predicate if_true if_false", "One of two functions without arguments returning like lists of tensors."),
    "value_and_grad": (
        "function",
        "`g(params, *rest) -> ((loss, aux), grads)` for `function(params, *rest) -> (loss, aux)`; params a list of "
        "tensors, loss a scalar, aux any tree of tensors; a parameter without influence gets zeros.",
    ),
    "custom_gradient": (
        "forward backward",
        "A function of tensors: `forward(*xs) -> (y, residuals)`, `backward(residuals, dy) -> tuple of dx`.",
    ),
    "compile_step": (
        "function donate",
        "`f(state, hyper, batch) -> (state, out)` from a pure function of that signature. state and batch are trees "
        "(list, tuple, dict, None) of tensors, batch leaves may be NumPy arrays. hyper is a flat dict of Python "
        "floats and ints in [0, 2**32): inputs, so a changed value never recompiles. donate: state may be overwritten.",
    ),
    "host_scalar": ("value dtype", "An entry of `hyper`, as a scalar that a binary op with a tensor of `dtype` takes."),
    "mix_key": (
        "key words",
        "`(key[0] ^ words[0], key[1] ^ words[1])` for a key from `hyper` and Python ints below 2**32.",
    ),
    "synchronize": ("x", "Waits until x is computed."),
    "devices": ("", "Names of the usable devices, such as ['cpu', 'gpu:0']."),
    "info": ("", "Dict: name, version, device."),
}
