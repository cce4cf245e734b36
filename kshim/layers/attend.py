"""Attention over a sequence: `Attention` and `AdditiveAttention`."""

from .. import ops
from ..engine.layer import Layer
from .dropping import Dropout
from .shared import operand


def causal_mask(queries, values):
    """(1, queries, values): each query sees the values up to its own place."""
    rows, columns = ops.arange(queries, dtype="int32"), ops.arange(values, dtype="int32")
    return ops.greater_equal(ops.reshape(rows, (1, queries, 1)), ops.reshape(columns, (1, 1, values)))


class _Attention(Layer):
    """Base. Inputs: [query (batch, Tq, dim), value (batch, Tv, dim)] or [query, value, key]; the key defaults to the value.

    Masks: [query mask, value mask]: values where the second does not hold get no weight, outputs where the first does
    not hold are 0. Output: (batch, Tq, dim), then the weights (batch, Tq, Tv) with return_attention_scores.
    """

    def __init__(self, dropout=0.0, causal=False, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.dropout, self.causal = float(dropout), bool(causal)
        self.supports_masking = True
        self._dropper = Dropout(dropout, seed=seed, name="dropout") if dropout else None

    def _calculate_scores(self, query, key):
        raise NotImplementedError(f"{type(self).__name__} must define _calculate_scores(query, key).")

    def _validate(self, inputs, mask=None):
        if not isinstance(inputs, (list, tuple)) or not 2 <= len(inputs) <= 3:
            raise ValueError(
                f"Layer {self.name!r} ({type(self).__name__}) must be called on a list [query, value] or [query, value, key]; received {inputs!r:.200}."
            )
        if mask is not None and (not isinstance(mask, (list, tuple)) or not 2 <= len(mask) <= len(inputs)):
            raise ValueError(
                f"Layer {self.name!r} ({type(self).__name__}): mask must be a list [query_mask, value_mask]; received {mask!r:.200}."
            )

    def call(self, inputs, mask=None, training=None, return_attention_scores=False, use_causal_mask=False):
        self._validate(inputs, mask)
        query, value = operand(self, inputs[0]), operand(self, inputs[1])
        key = operand(self, inputs[2]) if len(inputs) > 2 else value
        scores = self._calculate_scores(query, key)
        allowed = None
        if mask is not None and mask[1] is not None:
            allowed = ops.expand_dims(ops.cast(mask[1], "bool"), -2)
        if self.causal or use_causal_mask:
            causal = causal_mask(*scores.shape[-2:])
            allowed = causal if allowed is None else ops.logical_and(allowed, causal)
        if allowed is not None:
            low = 65504.0 if scores.dtype == "float16" else 1e9
            scores = scores - ops.cast(ops.logical_not(allowed), scores.dtype) * low
        weights = ops.softmax(scores, -1)
        if self._dropper is not None:
            weights = self._dropper(weights, training=training)
        out = ops.matmul(weights, value)
        if mask is not None and mask[0] is not None:
            out = out * ops.cast(ops.expand_dims(mask[0], -1), out.dtype)
        return (out, weights) if return_attention_scores else out

    def compute_mask(self, inputs, mask=None):
        return mask[0] if isinstance(mask, (list, tuple)) and mask else None

    def compute_output_shape(self, input_shape):
        return (*input_shape[0][:-1], input_shape[1][-1])

    def get_config(self):
        return {**super().get_config(), "dropout": self.dropout}


class Attention(_Attention):
    """Dot-product attention (Luong et al. 2015). `score_mode`: 'dot', or 'concat' for sum(tanh(q + k)); `use_scale` learns
    a factor."""

    def __init__(self, use_scale=False, score_mode="dot", dropout=0.0, seed=None, **kwargs):
        super().__init__(dropout, seed=seed, **kwargs)
        if score_mode not in ("dot", "concat"):
            raise ValueError(f"Attention: invalid score_mode {score_mode!r}; expected 'dot' or 'concat'.")
        self.use_scale, self.score_mode = bool(use_scale), score_mode
        self.scale = self.concat_score_weight = None

    def build(self, input_shape):
        self._validate(input_shape)
        if self.use_scale:
            self.scale = self.add_weight(name="scale", shape=(), initializer="ones")
        if self.score_mode == "concat":
            self.concat_score_weight = self.add_weight(name="concat_score_weight", shape=(), initializer="ones")
        self.built = True

    def _calculate_scores(self, query, key):
        scale = self.scale
        if self.score_mode == "dot":
            scores = ops.matmul(query, ops.swapaxes(key, -1, -2))
            return scores if scale is None else scores * scale
        both = ops.expand_dims(query, -2) + ops.expand_dims(key, -3)
        return self.concat_score_weight * ops.sum(ops.tanh(both if scale is None else scale * both), -1)

    def get_config(self):
        return {**super().get_config(), "use_scale": self.use_scale, "score_mode": self.score_mode}


class AdditiveAttention(_Attention):
    """Additive attention (Bahdanau et al. 2014): scores sum(scale * tanh(q + k)); `use_scale` learns the scale of each feature."""

    def __init__(self, use_scale=True, dropout=0.0, **kwargs):
        super().__init__(dropout, **kwargs)
        self.use_scale = bool(use_scale)
        self.scale = None

    def build(self, input_shape):
        self._validate(input_shape)
        if self.use_scale:
            self.scale = self.add_weight(name="scale", shape=(input_shape[1][-1],), initializer="glorot_uniform")
        self.built = True

    def _calculate_scores(self, query, key):
        both = ops.tanh(ops.expand_dims(query, -2) + ops.expand_dims(key, -3))
        return ops.sum(both if self.scale is None else self.scale * both, -1)

    def get_config(self):
        return {**super().get_config(), "use_scale": self.use_scale}
