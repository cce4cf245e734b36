"""`MultiHeadAttention` (Vaswani et al. 2017)."""

import math
import string

from .. import ops
from ..compat import keras1
from ..engine.layer import Layer
from ..engine.symbolic import hidden_sizes
from .attend import causal_mask
from .dense_einsum import EinsumDense
from .dropping import Dropout
from .nonlinear import Softmax, closed
from .shared import operand, options_config, positive, set_options


@keras1.layer
class MultiHeadAttention(Layer):
    """Attention in `num_heads` projections side by side, called as layer(query, value, key=None, ...).

    query (batch, T, dim), value and key (batch, S, dim); further axes between are batch axes unless `attention_axes` names
    them. `attention_mask`: (batch, T, S), True where attention is allowed; masks of the inputs and `use_causal_mask`
    narrow it. Output: (batch, T, output_shape or the query's dim), then the scores (batch, heads, T, S) on request.
    """

    def __init__(
        self, num_heads, key_dim, value_dim=None, dropout=0.0, use_bias=True, output_shape=None, attention_axes=None,
        kernel_initializer="glorot_uniform", bias_initializer="zeros", kernel_regularizer=None, bias_regularizer=None,
        activity_regularizer=None, kernel_constraint=None, bias_constraint=None, softmax_robust_masking=False, seed=None,
        flash_attention=None, use_gate=False, **kwargs,
    ):  # fmt: skip
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        if use_gate:
            raise ValueError(
                "MultiHeadAttention(use_gate=True): this option of Keras 3 is not supported. Leave it out."
            )
        self.supports_masking = True
        self.num_heads, self.key_dim = positive(self, "num_heads", num_heads), positive(self, "key_dim", key_dim)
        self.value_dim = positive(self, "value_dim", value_dim) if value_dim else self.key_dim
        self.dropout, self.use_bias, self.seed = dropout, bool(use_bias), seed
        self._given = (
            None if output_shape is None else (output_shape,) if isinstance(output_shape, int) else tuple(output_shape)
        )
        self._axes_given = (
            None
            if attention_axes is None
            else (attention_axes,)
            if isinstance(attention_axes, int)
            else tuple(attention_axes)
        )
        self.softmax_robust_masking = bool(softmax_robust_masking)
        set_options(self, locals(), "kernel", "bias")
        self._shapes = None

    def build(self, query_shape, value_shape=None, key_shape=None):
        if value_shape is not None:
            self._make(tuple(query_shape), tuple(value_shape), tuple(key_shape or value_shape))
            for layer, shape in zip(
                (self._query_dense, self._key_dense, self._value_dense),
                (query_shape, key_shape or value_shape, value_shape),
            ):
                layer._build_with(tuple(shape))
            self._output_dense._build_with((*query_shape[:-1], self.num_heads, self.value_dim))
        self.built = True

    def _projection(self, name, rank, sizes, bound=1):
        """A dense layer from the last `bound` axes of a tensor of `rank` to axes of `sizes`."""
        letters = string.ascii_lowercase
        free, inner = letters[: rank - bound], letters[rank - bound : rank]
        outer = letters[rank : rank + len(sizes)]
        options = {k: _fresh(getattr(self, k)) for k in ("kernel_initializer", "bias_initializer")}
        for k in ("kernel_regularizer", "bias_regularizer", "kernel_constraint", "bias_constraint"):
            options[k] = getattr(self, k)
        return EinsumDense(
            f"{free}{inner},{inner}{outer}->{free}{outer}", (*(None,) * (rank - bound - 1), *sizes), bias_axes=outer if self.use_bias else None,
            name=name, dtype=self.dtype_policy, activity_regularizer=self.activity_regularizer, **options,
        )  # fmt: skip

    def _make(self, query, value, key):
        """The parts, once the ranks are known."""
        rank = len(query)
        self._query_dense = self._projection("query", rank, (self.num_heads, self.key_dim))
        self._key_dense = self._projection("key", len(key), (self.num_heads, self.key_dim))
        self._value_dense = self._projection("value", len(value), (self.num_heads, self.value_dim))
        self._output_dense = self._projection("attention_output", rank + 1, self._given or (query[-1],), bound=2)
        axes = tuple(range(1, rank - 1)) if self._axes_given is None else tuple(a % rank for a in self._axes_given)
        letters = string.ascii_letters
        target = letters[: rank + 1]
        fresh = iter(letters[rank + 1 :])
        source = "".join(next(fresh) if i in axes else c for i, c in enumerate(target))
        batch = "".join(c for i, c in enumerate(target[:-1]) if i not in axes)
        product = batch + "".join(target[i] for i in axes) + "".join(source[i] for i in axes)
        self._dot_equation, self._sum_equation = f"{target},{source}->{product}", f"{product},{source}->{target}"
        self._attention_axes = axes
        self._softmax = Softmax(
            tuple(range(len(product) - len(axes), len(product))), self.softmax_robust_masking, dtype=self.dtype_policy
        )
        self._dropper = Dropout(self.dropout, seed=self.seed, name="dropout", dtype=self.dtype_policy)
        unknown = hidden_sizes()
        self._shapes = tuple(
            tuple(None if i == 0 or d in unknown else d for i, d in enumerate(s)) for s in (query, value, key)
        )

    def call(
        self,
        query,
        value,
        key=None,
        attention_mask=None,
        return_attention_scores=False,
        training=None,
        use_causal_mask=False,
    ):
        value = self._standardize(value)
        key = value if key is None else self._standardize(key)
        if self._shapes is None:
            self._make(tuple(query.shape), tuple(value.shape), tuple(key.shape))
        allowed = self._allowed(query, value, key, attention_mask, use_causal_mask)
        q = self._query_dense(operand(self, query))
        k, v = self._key_dense(operand(self, key)), self._value_dense(operand(self, value))
        scale = 1.0 / math.sqrt(self.key_dim)
        if allowed is not None:
            for _ in range(len(q.shape) + len(self._attention_axes) - 1 - len(allowed.shape)):
                allowed = ops.expand_dims(allowed, -2 * len(self._attention_axes) - 1)
        dropping = self.dropout and training
        if not (return_attention_scores or dropping or self.softmax_robust_masking) and self._attention_axes == (1,):
            bias = None if allowed is None else closed(allowed, q.dtype)
            if len(q.shape) == len(k.shape) == len(v.shape) == 4:
                return self._output_dense(ops.fused("attention", q, k, v, bias, scale))
        scores = self._softmax(ops.einsum(self._dot_equation, q * scale, k), mask=allowed)
        out = self._output_dense(ops.einsum(self._sum_equation, self._dropper(scores, training=training), v))
        return (out, scores) if return_attention_scores else out

    def _allowed(self, query, value, key, attention_mask, causal):
        """All masks in one, (batch, T, S) or broadcast to it; None if there is none."""
        found = [] if attention_mask is None else [ops.cast(attention_mask, "bool")]
        if query._keras_mask is not None:
            found.append(ops.expand_dims(ops.cast(query._keras_mask, "bool"), -1))
        for mask in (value._keras_mask, key._keras_mask):
            if mask is not None:
                found.append(ops.expand_dims(ops.cast(mask, "bool"), 1))
        if causal:
            found.append(causal_mask(query.shape[1], value.shape[1]))
        out = None
        for mask in found:
            out = mask if out is None else ops.logical_and(out, mask)
        return out

    def compute_output_shape(self, query_shape, value_shape=None, key_shape=None):
        if isinstance(query_shape, list):
            query_shape = query_shape[0]
        return (*query_shape[:-1], *(self._given or (query_shape[-1],)))

    def get_config(self):
        shapes = self._shapes or (None, None, None)
        return {
            **super().get_config(),
            "num_heads": self.num_heads,
            "key_dim": self.key_dim,
            "value_dim": self.value_dim,
            "dropout": self.dropout,
            "use_bias": self.use_bias,
            "output_shape": self._given,
            "attention_axes": self._axes_given,
            **options_config(self, "kernel", "bias", activity=True),
            "query_shape": shapes[0],
            "key_shape": shapes[2],
            "value_shape": shapes[1],
            "softmax_robust_masking": self.softmax_robust_masking,
        }

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        query, key, value = (config.pop(f"{n}_shape", None) for n in ("query", "key", "value"))
        layer = cls(**config)
        if query and value:
            layer._build_with_shapes(tuple(query), tuple(value), tuple(key or value))
        return layer

    def _build_with_shapes(self, query, value, key):
        from ..engine.names import name_scope

        with name_scope(self.name):
            self.build(query, value, key)


def _fresh(initializer):
    """Another initializer like it, so that weights do not start alike when it has a seed of its own stream."""
    return initializer.clone() if hasattr(initializer, "clone") else initializer
