"""`EinsumDense`: a dense layer along the axes an einsum equation names."""

import math
import string

from .. import activations, ops
from ..compat import keras1
from ..engine.layer import Layer
from .shared import new_weight, operand, options_config, set_options


@keras1.layer
class EinsumDense(Layer):
    """activation(einsum(equation, inputs, kernel) + bias).

    `equation`: "ab,bc->ac", with one ellipsis at the start or the end of inputs and output if there are any. `output_shape`:
    the output's sizes after the batch (and without those of the ellipsis), None where they follow from the input.
    `bias_axes`: the output labels the bias has.
    """

    def __init__(
        self, equation, output_shape, activation=None, bias_axes=None, kernel_initializer="glorot_uniform", bias_initializer="zeros",
        kernel_regularizer=None, bias_regularizer=None, activity_regularizer=None, kernel_constraint=None, bias_constraint=None, **kwargs,
    ):  # fmt: skip
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.equation = equation.replace(" ", "")
        self._given = (output_shape,) if isinstance(output_shape, int) or output_shape is None else tuple(output_shape)
        self.activation = activations.get(activation)
        self.bias_axes = bias_axes
        set_options(self, locals(), "kernel", "bias")
        self.bias = None
        self._parse(4)

    def _parse(self, rank):
        """(input, kernel, output labels) without ellipsis for an input of this rank, and the labels of the ellipsis."""
        terms, arrow, output = self.equation.partition("->")
        given = terms.split(",")
        if not arrow or len(given) != 2 or ("..." in given[0]) != ("..." in output) or "..." in given[1]:
            raise ValueError(
                f"EinsumDense: invalid equation {self.equation!r}. Equations must be in the form [X],[Y]->[Z], ...[X],[Y]->...[Z], or "
                "[X]...,[Y]->[Z]...."
            )
        inner, kernel = given
        if "..." in inner and (
            inner.startswith("...") != output.startswith("...") or inner.endswith("...") != output.endswith("...")
        ):
            raise ValueError(
                f"EinsumDense: the ellipsis of {self.equation!r} must be at the same end of inputs and output."
            )
        unused = [c for c in string.ascii_letters if c not in self.equation]
        hidden = "".join(unused[: max(0, rank - len(inner) + 3)]) if "..." in inner else ""
        return inner.replace("...", hidden), kernel, output.replace("...", hidden), hidden

    def build(self, input_shape):
        inner, kernel, output, hidden = self._parse(len(input_shape))
        if len(inner) != len(input_shape):
            raise ValueError(
                f"Layer {self.name!r}: equation {self.equation!r} does not fit an input of shape {tuple(input_shape)}."
            )
        sizes = dict(zip(inner, input_shape))
        explicit = [c for c in output if c not in hidden]
        if not hidden or not output.startswith(hidden):
            explicit = explicit[1:]  # the batch
        if len(explicit) != len(self._given):
            raise ValueError(
                f"Layer {self.name!r}: output_shape={self._given} should give the sizes of the labels {explicit} of equation {self.equation!r}."
            )
        for label, size in zip(explicit, self._given):
            if size is None and label in sizes:
                continue
            if label in inner and sizes[label] not in (None, size):
                raise ValueError(
                    f"Layer {self.name!r}: label {label!r} has size {sizes[label]} in the input and {size} in output_shape={self._given}."
                )
            sizes[label] = size
        unknown = [c for c in kernel if sizes.get(c) is None]
        if unknown:
            raise ValueError(
                f"Layer {self.name!r}: the sizes of {unknown} in equation {self.equation!r} are unknown; input shape {tuple(input_shape)}, output_shape={self._given}."
            )
        self.kernel = new_weight(self, "kernel", tuple(sizes[c] for c in kernel))
        if self.bias_axes:
            missing = [c for c in self.bias_axes if c not in output]
            if missing:
                raise ValueError(
                    f"Layer {self.name!r}: bias_axes={self.bias_axes!r} has the labels {missing}, which are not in the output {output!r}."
                )
            tail = output[min(output.index(c) for c in self.bias_axes) :]
            self.bias = new_weight(self, "bias", tuple(sizes[c] if c in self.bias_axes else 1 for c in tail))
        self._full_equation = f"{inner},{kernel}->{output}"
        self._bound = self._plainly(inner, kernel, output)
        self.built = True

    def _plainly(self, inner, kernel, output):
        """How many axes at the end of the input the kernel begins with, in a plain product of them; None if it is another."""
        bound = sum(c in kernel for c in inner)
        kept, made = inner[: len(inner) - bound], kernel[bound:]
        plain = bound and kept and made and kept + kernel[:bound] == inner and kept + made == output
        return bound if plain and (not self.bias_axes or set(self.bias_axes) == set(made)) else None

    def call(self, inputs):
        if self._bound:
            return self.activation(self._dense(operand(self, inputs)))
        y = ops.einsum(self._full_equation, operand(self, inputs), self.kernel)
        if self.bias is not None:
            y = ops.fused("add", y, self.bias)
        return self.activation(y)

    def _dense(self, x):
        """The product as one of matrices, which takes the bias along."""
        kept, made = tuple(x.shape[: -self._bound]), tuple(self.kernel.shape[self._bound :])
        n = math.prod(made)
        bias = None if self.bias is None else ops.reshape(self.bias, (n,))
        x = x if self._bound == 1 else ops.reshape(x, (*kept, math.prod(x.shape[-self._bound :])))
        y = ops.fused("dense", x, ops.reshape(self.kernel, (math.prod(self.kernel.shape[: self._bound]), n)), bias)
        return ops.reshape(y, (*kept, *made))

    def get_config(self):
        return {
            **super().get_config(),
            "output_shape": self._given,
            "equation": self.equation,
            "activation": activations.serialize(self.activation),
            "bias_axes": self.bias_axes,
            **options_config(self, "kernel", "bias", activity=True),
        }
