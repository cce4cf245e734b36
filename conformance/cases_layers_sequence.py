"""Cases of the layers over time: recurrent ones, their cells, wrappers, attention."""

from .case import bools, normal
from .cases_layers import IMAGE, SEQUENCE, case, new, opened

_STEPS = bools(2, 7)
_MASKED = {"shape": SEQUENCE, "masks": (_STEPS,)}
_QUERY_VALUE = [(2, 3, 4), (2, 5, 4)]
_QUERY_VALUE_MASKS = (bools(2, 3), opened(2, 5))
#: Batch size of a layer that keeps its states.
_KEPT = {"stateful": True, "batch_input_shape": SEQUENCE, "shape": SEQUENCE}


def _state(units=3):
    return normal(2, units)


#: Layer -> arguments, each in a case without and with a mask; tests/layers/test_recurrent.py puts them into models, too.
RECURRENT = {
    "SimpleRNN": [
        {},
        {"activation": "relu", "return_sequences": True},
        {"use_bias": False, "go_backwards": True, "return_sequences": True},
    ],
    "LSTM": [
        {},
        {"activation": "relu", "return_sequences": True},
        {"recurrent_activation": "hard_sigmoid", "return_state": True},
        {"go_backwards": True, "return_sequences": True, "unit_forget_bias": False},
        {"activation": "elu"},
        {"use_bias": False},
    ],
    "GRU": [
        {},
        {"reset_after": False, "return_sequences": True},
        {"reset_after": False, "recurrent_activation": "hard_sigmoid", "use_bias": False},
        {"go_backwards": True, "return_sequences": True, "return_state": True},
        {"activation": "selu", "reset_after": True},
    ],
}

_OTHER = [
    case("SimpleRNN", 3, kernel_regularizer="l2", recurrent_regularizer="l1", bias_regularizer="l2", shape=SEQUENCE),
    case("SimpleRNN", 3, return_state=True, shape=SEQUENCE, keywords={"initial_state": [_state()]}),
    case("SimpleRNN", 3, states=(_state(),), **_KEPT),
    case("SimpleRNN", 3, dropout=0.4, recurrent_dropout=0.3, random=True, shape=SEQUENCE),
    case(
        "LSTM",
        3,
        return_sequences=True,
        return_state=True,
        shape=SEQUENCE,
        keywords={"initial_state": [_state(), _state()]},
    ),
    case("LSTM", 3, states=(_state(), _state()), **_KEPT),
    case("LSTM", 3, return_sequences=True, go_backwards=True, states=(_state(), _state()), masks=(_STEPS,), **_KEPT),
    case("LSTM", 3, unroll=True, implementation=1, shape=SEQUENCE),
    case("LSTM", 3, time_major=True, return_sequences=True, shape=SEQUENCE),
    case("LSTM", 3, zero_output_for_mask=True, return_sequences=True, **_MASKED),
    case("LSTM", 3, dropout=0.4, recurrent_dropout=0.3, random=True, shape=SEQUENCE),
    case("LSTM", 3, dropout=0.4, return_sequences=True, random=True, **_MASKED),
    case("LSTM", 3, recurrent_activation="softplus", activation="softsign", activity_regularizer="l2", shape=SEQUENCE),
    case("CuDNNLSTM", 3, shape=SEQUENCE, oracle=new("LSTM", 3)),
    case("CuDNNGRU", 3, shape=SEQUENCE, oracle=new("GRU", 3)),
    case("GRU", 3, shape=SEQUENCE, keywords={"initial_state": [_state()]}),
    case("GRU", 3, states=(_state(),), **_KEPT),
    case("GRU", 3, dropout=0.4, recurrent_dropout=0.3, reset_after=False, random=True, shape=SEQUENCE),
    case("GRU", 3, dropout=0.2, return_sequences=True, random=True, **_MASKED),
    case("GRU", 3, zero_output_for_mask=True, return_sequences=True, reset_after=False, **_MASKED),
    case("SimpleRNNCell", 3, inputs=(normal(2, 4), [_state()])),
    case("SimpleRNNCell", 3, activation="relu", use_bias=False, inputs=(normal(2, 4), [_state()])),
    case("SimpleRNNCell", 3, dropout=0.4, recurrent_dropout=0.3, random=True, inputs=(normal(2, 4), [_state()])),
    case("LSTMCell", 3, inputs=(normal(2, 4), [_state(), _state()])),
    case("LSTMCell", 3, recurrent_activation="hard_sigmoid", inputs=(normal(2, 4), [_state(), _state()])),
    case("GRUCell", 3, inputs=(normal(2, 4), [_state()])),
    case("GRUCell", 3, reset_after=False, activation="relu", inputs=(normal(2, 4), [_state()])),
    case("RNN", new("LSTMCell", 3), shape=SEQUENCE),
    case("RNN", new("SimpleRNNCell", 3), return_sequences=True, return_state=True, go_backwards=True, **_MASKED),
    case("RNN", [new("LSTMCell", 3), new("GRUCell", 2)], return_sequences=True, **_MASKED),
    case("RNN", [new("SimpleRNNCell", 2), new("LSTMCell", 3)], return_state=True, shape=SEQUENCE),
    case("RNN", new("GRUCell", 3), states=(_state(),), **_KEPT),
    case(
        "StackedRNNCells",
        [new("LSTMCell", 3), new("GRUCell", 2)],
        inputs=(normal(2, 4), [_state(), _state(), _state(2)]),
    ),
    case("TimeDistributed", new("Dense", 3), shape=SEQUENCE),
    case("TimeDistributed", new("Dense", 3, activation="tanh"), **_MASKED),
    case("TimeDistributed", new("Conv1D", 2, 3), shape=IMAGE),
    case("TimeDistributed", new("Flatten"), shape=IMAGE),
    case("TimeDistributed", new("BatchNormalization", momentum=0.5), shape=SEQUENCE),
    case("TimeDistributed", new("Dropout", 0.4), random=True, shape=SEQUENCE),
    case("TimeDistributed", new("LSTM", 3), shape=IMAGE),
    case("Bidirectional", new("LSTM", 3), shape=SEQUENCE),
    case("Bidirectional", new("GRU", 3, return_sequences=True), **_MASKED),
    case("Bidirectional", new("LSTM", 3, return_sequences=True), merge_mode="sum", **_MASKED),
    case("Bidirectional", new("SimpleRNN", 3, return_sequences=True), merge_mode="mul", shape=SEQUENCE),
    case("Bidirectional", new("GRU", 3, reset_after=False), merge_mode="ave", **_MASKED),
    case("Bidirectional", new("LSTM", 3, return_sequences=True, return_state=True), merge_mode=None, **_MASKED),
    case(
        "Bidirectional", new("LSTM", 3, return_state=True), shape=SEQUENCE, keywords={"initial_state": [_state()] * 4}
    ),
    case("Bidirectional", new("LSTM", 3), backward_layer=new("GRU", 2, go_backwards=True), shape=SEQUENCE),
    case("Bidirectional", new("RNN", new("LSTMCell", 3), return_sequences=True), **_MASKED),
    case("Bidirectional", new("LSTM", 3, dropout=0.3), random=True, shape=SEQUENCE),
    case("Attention", shape=_QUERY_VALUE, masks=_QUERY_VALUE_MASKS),
    case(
        "Attention",
        use_scale=True,
        shape=_QUERY_VALUE,
        masks=_QUERY_VALUE_MASKS,
        keywords={"return_attention_scores": True, "use_causal_mask": True},
    ),
    case("Attention", dropout=0.4, random=True, shape=_QUERY_VALUE),
    case("AdditiveAttention", shape=_QUERY_VALUE, masks=_QUERY_VALUE_MASKS, keywords={"return_attention_scores": True}),
    case("MultiHeadAttention", 2, 3, inputs=(normal(2, 4, 6), normal(2, 5, 6))),
    case(
        "MultiHeadAttention",
        2,
        3,
        value_dim=4,
        output_shape=7,
        use_bias=False,
        inputs=(normal(2, 4, 6), normal(2, 5, 8), normal(2, 5, 3)),
        keywords={"return_attention_scores": True},
    ),
    case("MultiHeadAttention", 3, 2, attention_axes=(2,), inputs=(normal(2, 3, 4, 6), normal(2, 3, 5, 6))),
    case("MultiHeadAttention", 2, 2, attention_axes=(1, 2), inputs=(normal(2, 3, 4, 5), normal(2, 2, 3, 5))),
    case(
        "MultiHeadAttention",
        2,
        3,
        inputs=(normal(2, 4, 6), normal(2, 5, 6)),
        keywords={"attention_mask": opened(2, 4, 5), "use_causal_mask": True},
    ),
    case("MultiHeadAttention", 2, 3, inputs=(normal(2, 4, 6), normal(2, 5, 6)), masks=(None, opened(2, 5))),
    case(
        "MultiHeadAttention",
        2,
        3,
        inputs=(normal(2, 4, 6), normal(2, 4, 6)),
        masks=(bools(2, 4), opened(2, 4)),
        same=True,
    ),
    case(
        "MultiHeadAttention",
        2,
        3,
        dropout=0.3,
        kernel_regularizer="l2",
        random=True,
        inputs=(normal(2, 4, 6), normal(2, 4, 6)),
    ),
    case("Attention", shape=[(2, 3, 4), (2, 5, 4)]),
    case("Attention", use_scale=True, shape=[(2, 3, 4), (2, 5, 6), (2, 5, 4)]),
    case("Attention", use_scale=True, score_mode="concat", shape=[(2, 3, 4), (2, 5, 4)]),
    case("AdditiveAttention", shape=[(2, 3, 4), (2, 5, 4)]),
    case("AdditiveAttention", use_scale=False, dropout=0.5, random=True, shape=[(2, 3, 4), (2, 5, 4)]),
]

CASES = [
    *(case(name, 3, shape=SEQUENCE, **kwargs) for name, rows in RECURRENT.items() for kwargs in rows),
    *(case(name, 3, **_MASKED, **kwargs) for name, rows in RECURRENT.items() for kwargs in rows),
    *_OTHER,
]
