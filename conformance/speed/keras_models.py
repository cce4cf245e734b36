"""The models in the API that kshim, Keras 3 and tf_keras have in common; `keras` is one of them."""

from .workloads import DROPOUT, WORKLOADS, loss_name


def model(keras, name, dropout=DROPOUT):
    """The compiled model of a workload."""
    made = _MODELS[name](keras, keras.Input(WORKLOADS[name].shape), dropout)
    made.compile(optimizer=keras.optimizers.Adam(), loss=loss_name(WORKLOADS[name]))
    return made


def _dense(*units, last=None):
    """A stack of Dense layers with ReLU between them."""

    def build(keras, x, dropout):
        layers = [keras.layers.Dense(n, activation="relu") for n in units[:-1]]
        return keras.Sequential([x, *layers, keras.layers.Dense(units[-1], activation=last)])

    return build


def _mlp(keras, x, dropout):
    layers = keras.layers
    stack = []
    for _ in range(2):
        stack += [layers.Dense(512, activation="relu"), layers.Dropout(dropout)]
    return keras.Sequential([x, *stack, layers.Dense(10, activation="softmax")])


def _cnn(keras, x, dropout):
    layers = keras.layers
    stack = []
    for filters in (32, 64):
        stack += [layers.Conv2D(filters, 3, activation="relu"), layers.MaxPooling2D(2)]
    stack += [layers.Flatten(), layers.Dense(128, activation="relu"), layers.Dense(10, activation="softmax")]
    return keras.Sequential([x, *stack])


def _resnet20(keras, inputs, dropout):
    layers, count = keras.layers, 0

    def conv(x, filters, size=3, stride=1):
        """A convolution and its normalisation, numbered as they are made."""
        nonlocal count
        count += 1
        x = layers.Conv2D(
            filters, size, strides=stride, padding="same", use_bias=False, name=f"step{count:02}_conv"
        )(x)  # fmt: skip
        return layers.BatchNormalization(name=f"step{count:02}_norm")(x)

    x = layers.Activation("relu")(conv(inputs, 16))
    for filters in (16, 32, 64):
        for block in range(3):
            stride = 2 if filters > 16 and block == 0 else 1
            y = layers.Activation("relu")(conv(x, filters, 3, stride))
            y = conv(y, filters)
            if stride == 2:
                x = conv(x, filters, 1, 2)
            x = layers.Activation("relu")(layers.add([x, y]))
    x = layers.Dense(10, activation="softmax", name="step99_dense")(layers.GlobalAveragePooling2D()(x))
    return keras.Model(inputs, x)


def _lstm(keras, x, dropout):
    return keras.Sequential([x, keras.layers.LSTM(64), keras.layers.Dense(10, activation="softmax")])


def _bilstm(keras, x, dropout):
    layers = keras.layers
    stack = [layers.Embedding(20_000, 128), layers.Bidirectional(layers.LSTM(64))]
    return keras.Sequential([x, *stack, layers.Dense(1, activation="sigmoid")])


def _transformer(keras, inputs, dropout):
    layers = keras.layers

    class Positions(layers.Layer):
        """Adds what is learnt about each position."""

        def build(self, shape):
            self.table = self.add_weight(name="table", shape=(shape[1], shape[2]), initializer="uniform")
            super().build(shape)

        def call(self, x):
            return x + self.table

    x = Positions()(layers.Embedding(20_000, 64)(inputs))
    for _ in range(2):
        attended = layers.MultiHeadAttention(num_heads=2, key_dim=32)(x, x)
        x = layers.LayerNormalization(epsilon=1e-5)(layers.add([x, attended]))
        y = layers.Dense(64)(layers.Dense(128, activation="relu")(x))
        x = layers.LayerNormalization(epsilon=1e-5)(layers.add([x, y]))
    x = layers.Dense(2, activation="softmax")(layers.GlobalAveragePooling1D()(x))
    return keras.Model(inputs, x)


_MODELS = {
    "tabular": _dense(64, 32, 1),
    "mlp": _mlp,
    "autoencoder": _dense(128, 32, 128, 784, last="sigmoid"),
    "cnn": _cnn,
    "resnet20": _resnet20,
    "lstm": _lstm,
    "bilstm": _bilstm,
    "transformer": _transformer,
    "large": _dense(4096, 4096, 1024, 1),
}
