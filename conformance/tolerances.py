"""How far a result may be from the reference: one table by kind of operation and dtype, with reasons.

A result `got` passes where `|got - expected| <= rtol * max(|expected|, floor) + tiny`. The floor is "max", the largest
finite magnitude in the expected array, for results whose error comes from terms larger than the result itself; "max or
1", the same but at least 1, for arrays that may be nothing but the rounding of terms of order 1; a number where the
function crosses zero away from 0; and 0 for functions that keep relative accuracy everywhere. `tiny` is the smallest
normal number of the dtype: XLA and GPUs flush what is smaller to 0.
"""

from dataclasses import dataclass

#: Smallest normal number of each dtype.
TINY = {"float64": 2.3e-308, "float32": 1.2e-38, "float16": 6.2e-5, "bfloat16": 1.2e-38}


@dataclass(frozen=True)
class Tolerance:
    """`rtol` relative to the larger of |expected| and `floor`."""

    rtol: float
    floor: object = 0.0


#: kind -> ({dtype: rtol}, floor). One unit in the last place is 2.2e-16, 1.2e-7, 9.8e-4, 7.8e-3 in the order below.
KINDS = {
    # Moves, compares or rounds; integers; random bits. Nothing to round, so every bit is the same.
    "exact": ((0.0, 0.0, 0.0, 0.0), 0.0),
    # Correctly rounded by IEEE, but compilers may fuse a product into a sum or divide by way of the reciprocal.
    "arithmetic": ((2e-15, 1e-6, 2e-3, 1.6e-2), 0.0),
    # A few units in the last place in every mathematical library, relative to the result. rsqrt and power are no
    # better: they go through other functions.
    "function": ((1e-12, 1e-5, 4e-3, 3e-2), 0.0),
    # The same, of functions with zeros elsewhere than at 0, or computed by a formula whose terms are larger than the
    # result (gelu, softplus, cross-entropy), where relative accuracy cannot be had.
    "formula": ((1e-12, 1e-5, 8e-3, 6e-2), 1.0),
    # Sums and products over many elements in whatever order: the error is that of the largest terms.
    "summed": ((1e-12, 1e-5, 1e-2, 8e-2), "max"),
    # Many steps of the above feeding each other.
    "looped": ((1e-12, 2e-5, 2e-2, 1.5e-1), "max"),
    # Sums of cotangents, often of both signs, through derivatives that are themselves differences (1 - tanh**2).
    "gradient": ((2e-12, 2e-5, 2e-2, 1.5e-1), "max"),
    # 200 steps of training. In float64 rounding stays far below this unless a formula differs; in float32 it is amplified
    # step by step, and only the course of the loss is comparable; in half precision that of every epoch's mean.
    "weights": ((1e-9, 1e-2, 1.0, 1.0), "max"),
    # A loss curve in float64 against a known one: tf_keras rounds hyperparameters such as a momentum to float32.
    "course": ((1e-7, 1e-3, 1.0, 1.0), "max"),
    "curve": ((1e-9, 1e-3, 0.1, 0.2), 0.0),
    # What a layer gives, and the gradients through it, for inputs and weights of order 1: sums of terms of that order,
    # which may cancel to much less (the gradient of the bias of an attention's keys is 0).
    "layer": ((1e-11, 2e-5, 2e-2, 1.5e-1), "max or 1"),
    # The share of test samples that a trained network gets right, at most 1: half a point, whatever computes it. What
    # separates two backends is which way samples on a border between classes fall, a step of 1 / samples each.
    "accuracy": ((5e-3, 5e-3, 5e-3, 5e-3), 1.0),
}
_ORDER = ("float64", "float32", "float16", "bfloat16")

_EXACT = (
    "negative abs sign floor ceil round isnan isinf isfinite logical_not maximum minimum equal not_equal less less_equal greater "
    "greater_equal logical_and logical_or bitwise_and bitwise_or bitwise_xor where clip max min any all argmax full arange cast "
    "stop_gradient reshape transpose broadcast_to concat pad slice flip max_pool take take_along_axis argsort random_uniform "
    "relu zeros_like ones_like is_float expand_dims squeeze stack split repeat one_hot linear copy mix_counter constant"
)
_ARITHMETIC = (
    "add subtract multiply divide sqrt floor_divide square squared_difference reciprocal leaky_relu softsign dropout"
)
_FUNCTION = "exp expm1 log log1p rsqrt sin cos tan arcsin arccos arctan sinh cosh tanh erf power arctan2"
# mod is a difference of numbers as large as x; a sigmoid through tanh loses what is below one unit beside 1.
_FORMULA = (
    "lgamma digamma mod sigmoid elu softplus gelu hard_sigmoid logsumexp softmax log_softmax sigmoid_cross_entropy "
    "softmax_cross_entropy sparse_softmax_cross_entropy"
)
_SUMMED = (
    "sum prod cumsum cumprod matmul conv conv_transpose avg_pool scatter_add mean moments dense einsum attention random_normal "
    "normalize batch_norm_train layer_norm global_norm"
)
_LOOPED = "lstm gru simple_rnn"

#: Operation -> kind of its values.
OPS = {
    name: kind
    for kind, names in (
        ("exact", _EXACT), ("arithmetic", _ARITHMETIC), ("function", _FUNCTION), ("formula", _FORMULA), ("summed", _SUMMED),
        ("looped", _LOOPED),
    )
    for name in names.split()
}  # fmt: skip

#: Central differences of fourth order with a step of 1e-4 in float64: rounding gives 1e-12 of the loss over the step.
CENTRAL = Tolerance(1e-6, 1.0)


#: Training in a narrow dtype may end this many times as far from float64 as the numpy backend does in that dtype. Another
#: order of summation draws other rounding errors of the same size: over the 54 models that predict without random draws,
#: on torch, jax and tensorflow, the largest ratio measured is 3.7.
DRIFT_FACTOR = 10.0
#: And a unit of rounding for each of 200 steps, for models so calm that numpy's own drift is by chance near 0.
_DRIFT_FLOOR = {"float32": 200 * 2.0**-24, "float16": 200 * 2.0**-11, "bfloat16": 200 * 2.0**-8}


def drifting(drift, dtype):
    """The tolerance of weights and losses after training in a narrow dtype, by the measured relative drift of numpy."""
    return Tolerance(DRIFT_FACTOR * drift + _DRIFT_FLOOR[dtype.removeprefix("mixed_")], "max")


def of(kind, dtype):
    """The tolerance of a kind in a dtype; integers and booleans are always exact. `KeyError` for an unknown kind."""
    rtols, floor = KINDS[kind]
    return Tolerance(rtols[_ORDER.index(dtype)], floor) if dtype in _ORDER else Tolerance(0.0)
