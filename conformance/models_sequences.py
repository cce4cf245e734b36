"""Architectures for sequences."""

import numpy as np

from .models_data import BATCH, EPOCHS, SAMPLES, generator


def _series(name, steps=6, features=3):
    return generator(name).standard_normal((SAMPLES, steps, features))


def bidirectional():
    """Bidirectional LSTM whose directions are summed, with a GRU that runs backwards on top."""
    from kshim import layers, models, optimizers

    model = models.Sequential(
        [
            layers.Bidirectional(layers.LSTM(5, return_sequences=True), merge_mode="sum", input_shape=(6, 3)),
            layers.GRU(4, go_backwards=True, reset_after=False),
            layers.Dropout(0.1),
            layers.Dense(2),
        ]
    )
    model.compile(optimizers.Nadam(0.005), "mse")
    x = _series("bidirectional")
    return model, x, np.stack([x[:, 0, 0] * 0.5, x[:, -1, 1] - x[:, 0, 2]], -1)


def stateful():
    """A stateful LSTM on consecutive windows, without shuffling; its state is reset after each pass."""
    from kshim import layers, models, optimizers

    model = models.Sequential(
        [layers.LSTM(5, stateful=True, batch_input_shape=(BATCH, 4, 2)), layers.Dense(1, activation="tanh")]
    )
    model.compile(optimizers.Adam(0.005), "mse")
    x = generator("stateful").standard_normal((10 * BATCH, 4, 2))
    y = np.tanh(np.cumsum(x.sum((1, 2)).reshape(10, BATCH), 0).reshape(-1, 1) / 4)

    def run(model, x, y):
        losses = []
        for _ in range(EPOCHS):
            losses += model.fit(x, y, batch_size=BATCH, epochs=1, shuffle=False, verbose=0).history["loss"]
            model.reset_states()
        return {"loss": losses}

    return model, x, y, {"run": run, "predict": BATCH}


def encoder_decoder():
    """The states of one LSTM start another, with teacher forcing (Sutskever et al. 2014)."""
    from kshim import layers, models, optimizers

    source, target = layers.Input(shape=(5, 4)), layers.Input(shape=(4, 4))
    _, h, c = layers.LSTM(6, return_state=True)(source)
    decoded = layers.LSTM(6, return_sequences=True)(target, initial_state=[h, c])
    outputs = layers.TimeDistributed(layers.Dense(4, activation="softmax"))(decoded)
    model = models.Model([source, target], outputs)
    model.compile(optimizers.RMSprop(0.01), "categorical_crossentropy", metrics=["accuracy"])
    tokens = generator("encoder_decoder").integers(0, 4, (SAMPLES, 5))
    hot = np.eye(4)
    shifted = np.concatenate([np.zeros((SAMPLES, 1, 4)), hot[tokens[:, ::-1][:, :3]]], 1)
    return model, [hot[tokens], shifted], hot[tokens[:, ::-1][:, :4]]


def attention():
    """Queries of one sequence attend to the states of another."""
    from kshim import layers, models, optimizers

    a, b = layers.Input(shape=(4, 5)), layers.Input(shape=(6, 5))
    states = layers.SimpleRNN(6, return_sequences=True)(b)
    query = layers.Conv1D(6, 2, padding="same")(a)
    both = layers.Attention(use_scale=True)([query, states])
    more = layers.AdditiveAttention()([query, states])
    x = layers.GlobalAveragePooling1D()(layers.concatenate([query, both, more]))
    model = models.Model([a, b], layers.Dense(1)(x))
    model.compile(optimizers.Adam(0.005), "log_cosh")
    rng = generator("attention")
    x, z = rng.standard_normal((SAMPLES, 4, 5)), rng.standard_normal((SAMPLES, 6, 5))
    return model, [x, z], (x[:, 0, :1] * 0.5 + z[:, 2:3, 1])


def transformer():
    """Token and position embeddings, one block with self-attention (Vaswani et al. 2017)."""
    from kshim import layers, models, ops, optimizers

    tokens = layers.Input(shape=(7,), dtype="int32")
    positions = layers.Lambda(lambda t: ops.zeros_like(t) + ops.arange(7, dtype="int32"))(tokens)
    x = layers.add([layers.Embedding(12, 8)(tokens), layers.Embedding(7, 8)(positions)])
    y = layers.MultiHeadAttention(num_heads=2, key_dim=4, dropout=0.1, use_bias=False)(x, x)
    x = layers.LayerNormalization(epsilon=1e-6)(layers.add([x, y]))
    y = layers.Dense(8)(layers.Dense(12, activation="gelu")(x))
    x = layers.LayerNormalization(epsilon=1e-6)(layers.add([x, layers.Dropout(0.1)(y)]))
    model = models.Model(tokens, layers.Dense(2, activation="softmax")(layers.GlobalAveragePooling1D()(x)))
    model.compile(optimizers.AdamW(0.003), "sparse_categorical_crossentropy", metrics=["accuracy"])
    x = generator("transformer").integers(0, 12, (SAMPLES, 7)).astype("int32")
    return model, x, (x[:, 0] > x[:, -1]).astype("int32")


def masked_steps():
    """Padded steps are masked through an RNN that returns sequences, in the loss too; cells with dropout."""
    from kshim import layers, models, optimizers

    model = models.Sequential(
        [
            layers.Masking(0.0, input_shape=(6, 3)),
            layers.RNN([layers.GRUCell(4), layers.LSTMCell(4)], return_sequences=True),
            layers.TimeDistributed(layers.Dense(3, activation="softmax")),
        ]
    )
    model.compile(optimizers.Adam(0.01), "categorical_crossentropy", metrics=["mae"])
    rng = generator("masked_steps")
    x = rng.standard_normal((SAMPLES, 6, 3))
    x[np.arange(6)[None] >= rng.integers(1, 7, SAMPLES)[:, None]] = 0.0
    return model, x, np.eye(3)[np.argmax(x, -1)]


def wavenet():
    """Causal, dilated convolutions with gates and locally connected features (van den Oord et al. 2016)."""
    from kshim import layers, models, optimizers

    inputs = layers.Input(shape=(12, 2))
    x = layers.Conv1D(4, 1)(inputs)
    for rate in (1, 2, 4):
        gate = layers.Conv1D(4, 2, padding="causal", dilation_rate=rate, activation="sigmoid")(x)
        y = layers.Conv1D(4, 2, padding="causal", dilation_rate=rate, activation="tanh")(x)
        x = layers.add([x, layers.Conv1D(4, 1)(layers.multiply([y, gate]))])
    x = layers.LocallyConnected1D(3, 3, strides=3, activation="elu")(layers.AlphaDropout(0.05)(x))
    model = models.Model(inputs, layers.Dense(1)(layers.Flatten()(x)))
    model.compile(optimizers.Adamax(0.01), "mae")
    x = _series("wavenet", 12, 2)
    return model, x, x[:, 3:4, 0] * 0.5 + x[:, 7:8, 1]


MODELS = {
    f.__name__: f for f in (bidirectional, stateful, encoder_decoder, attention, transformer, masked_steps, wavenet)
}
