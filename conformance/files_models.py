"""The models whose files the backends exchange: between them every layer that has weights, and every optimizer.

A model is built by a function of `K`: `kshim`, or tf_keras where the layout of files is recorded. Arguments differ from
their defaults, so that one lost on the way through a file shows.
"""

from dataclasses import dataclass

import numpy as np

from . import models_parts

SAMPLES = 48
CLASSES = 3


def mlp(K):
    """Dense layers with dropout."""
    L = K.layers
    return K.Sequential(
        [
            L.Dense(12, activation="relu", use_bias=False, input_shape=(6,)),
            L.Dropout(0.3),
            L.Dense(8, activation="tanh", kernel_regularizer="l2"),
            L.Dropout(0.2),
            L.Dense(CLASSES, activation="softmax"),
        ]
    )


def cnn(K):
    """Convolutions with batch normalisation, whose statistics are weights that nothing trains."""
    L = K.layers
    return K.Sequential(
        [
            L.Conv2D(4, 3, padding="same", use_bias=False, input_shape=(8, 8, 2)),
            L.BatchNormalization(momentum=0.8, epsilon=0.05),
            L.Activation("relu"),
            L.MaxPooling2D(2),
            L.SpatialDropout2D(0.2),
            L.Conv2D(5, 3, strides=2, activation="elu"),
            L.Flatten(),
            L.GaussianNoise(0.1),
            L.Dense(CLASSES, activation="softmax"),
        ]
    )


def lstm(K):
    """A stack of LSTMs, one of them backwards, with dropout on inputs and states."""
    L = K.layers
    return K.Sequential(
        [
            L.LSTM(5, return_sequences=True, go_backwards=True, dropout=0.2, recurrent_dropout=0.2, input_shape=(6, 4)),
            L.LSTM(4, unit_forget_bias=False, recurrent_activation="hard_sigmoid"),
            L.Dense(CLASSES, activation="softmax"),
        ]
    )


def tokens(K):
    """Embedded tokens, masked, through GRUs in both directions."""
    L = K.layers
    return K.Sequential(
        [
            L.Embedding(20, 6, mask_zero=True, input_length=7),
            L.Bidirectional(L.GRU(4, reset_after=False, dropout=0.2), merge_mode="sum"),
            L.Dropout(0.3),
            L.Dense(CLASSES, activation="softmax"),
        ]
    )


def graph(K):
    """Two inputs, two outputs, a layer that both share and a model inside the model."""
    L = K.layers
    vector, sequence = K.Input((6,), name="vector"), K.Input((6, 4), name="sequence")
    first = K.Input((5,))
    inner = K.Model(first, L.Dense(5, activation="tanh")(L.LayerNormalization(epsilon=0.01)(first)), name="inner")
    shared = L.Dense(5, activation="elu", name="shared")
    left, right = L.Dense(6, activation="relu")(vector), L.SimpleRNN(6)(sequence)
    both = L.Concatenate()([inner(shared(left)), L.Dropout(0.2)(shared(right))])
    outputs = [L.Dense(CLASSES, activation="softmax", name="kind")(both), L.Dense(1, name="size")(inner(shared(left)))]
    return K.Model([vector, sequence], outputs, name="graph")


def custom(K):
    """A layer and an initializer of a user's own, which only `custom_objects` make known."""
    objects = custom_objects(K)
    return K.Sequential(
        [
            objects["Scaled"](7, power=0.5, kernel_initializer=objects["spread"], input_shape=(6,)),
            K.layers.Dropout(0.2),
            K.layers.Dense(CLASSES, activation="softmax"),
        ]
    )


def custom_objects(K):
    """The user's own classes and functions by name, as `load_model` takes them."""

    def spread(shape, dtype=None):
        return K.backend.constant(np.linspace(-0.5, 0.5, int(np.prod(shape))).reshape(shape), dtype=dtype)

    class Scaled(K.layers.Layer):
        """`scale * (x @ kernel - power * seen)`, where `seen` is the running mean of x @ kernel, which nothing trains."""

        def __init__(self, units, power=1.0, kernel_initializer="glorot_uniform", **kwargs):
            super().__init__(**kwargs)
            self.units, self.power = units, power
            self.kernel_initializer = K.initializers.get(kernel_initializer)

        def build(self, shape):
            self.kernel = self.add_weight("kernel", (shape[-1], self.units), initializer=self.kernel_initializer)
            self.seen = self.add_weight("seen", (self.units,), initializer="zeros", trainable=False)
            self.scale = self.add_weight("scale", (self.units,), initializer="ones")
            super().build(shape)

        def call(self, x, training=None):
            y = K.backend.dot(x, self.kernel)
            if training:
                self.seen.assign(0.9 * self.seen + 0.1 * K.backend.mean(y, axis=0))
            return (y - self.power * self.seen) * self.scale

        def get_config(self):
            initializer = K.initializers.serialize(self.kernel_initializer)
            return {**super().get_config(), "units": self.units, "power": self.power, "kernel_initializer": initializer}

    return {"Scaled": Scaled, "spread": spread}


def images(K):
    """Every other layer with weights that takes images or volumes."""
    L = K.layers
    image, volume = K.Input((8, 8, 2), name="image"), K.Input((4, 4, 4, 2), name="volume")
    x = L.SeparableConv2D(4, 3, padding="same", depth_multiplier=2)(image)
    x = L.PReLU(shared_axes=[1, 2])(x)
    x = L.DepthwiseConv2D(3, strides=2, padding="same", use_bias=False)(x)
    x = L.GroupNormalization(2, epsilon=0.01)(x)
    x = L.Conv2DTranspose(3, 3, strides=2, padding="same", activation="tanh")(x)
    x = L.LocallyConnected2D(2, 3, strides=2)(x)
    y = L.Conv3D(3, 2, activation="tanh")(volume)
    y = L.Conv3DTranspose(2, 2, strides=2)(y)
    both = L.Concatenate()([L.Flatten()(x), L.GlobalAveragePooling3D()(y)])
    return K.Model([image, volume], L.Dense(CLASSES, activation="softmax")(both), name="images")


def sequences(K):
    """Every other layer with weights that takes sequences."""
    L = K.layers
    sequence = K.Input((6, 4), name="sequence")
    x = L.Conv1D(6, 3, padding="causal", dilation_rate=2)(sequence)
    x = L.SeparableConv1D(5, 3, padding="same")(x)
    x = L.DepthwiseConv1D(2, padding="same", depth_multiplier=2)(x)
    x = L.Conv1DTranspose(4, 2, activation="tanh")(x)
    x = L.LocallyConnected1D(4, 2)(x)
    x = L.Attention(use_scale=True)([x, x])
    x = L.AdditiveAttention()([x, x])
    x = L.MultiHeadAttention(2, 3, value_dim=2, dropout=0.2, bias_initializer="ones")(x, x)
    x = L.TimeDistributed(L.Dense(4, activation="tanh"))(x)
    x = L.EinsumDense("abc,cd->abd", (None, 4), bias_axes="d")(x)
    x = L.RNN([L.LSTMCell(4), L.GRUCell(3)], return_sequences=True)(x)
    x = L.RNN(L.SimpleRNNCell(4, activation="relu"))(x)
    return K.Model(sequence, L.Dense(CLASSES, activation="softmax")(x), name="sequences")


def small(K):
    """One hidden layer, for the optimizers that train none of the others."""
    L = K.layers
    return K.Sequential([L.Dense(5, activation="tanh", input_shape=(6,)), L.Dense(CLASSES, activation="softmax")])


@dataclass(frozen=True)
class Recipe:
    """A model with the optimizer that trains it (its class and arguments), the names of its inputs and of its targets."""

    build: object
    optimizer: str
    options: dict
    inputs: tuple
    targets: tuple = ("kind",)

    def compiled(self, K):
        """The model, compiled."""
        model = self.build(K)
        losses = ["sparse_categorical_crossentropy", "mse"][: len(self.targets)]
        if len(losses) == 1:
            model.compile(self._optimizer(K.optimizers), losses[0], metrics=["accuracy"])
        else:
            model.compile(self._optimizer(K.optimizers), losses, loss_weights=[1.0, 0.3])
        return model

    def _optimizer(self, optimizers):
        at, options = optimizers, dict(self.options)
        for name in self.optimizer.split("."):
            at = getattr(at, name)
        if isinstance(options.get("learning_rate"), dict):
            options["learning_rate"] = optimizers.schedules.ExponentialDecay(**options["learning_rate"])
        if "inner_optimizer" in options:
            options["inner_optimizer"] = getattr(optimizers, options["inner_optimizer"])(0.01)
        return at(**options)

    def data(self, dtype):
        """(inputs, targets) in a float type, each a list where there are several."""
        rng = np.random.default_rng(len(self.inputs))
        made = {name: rng.standard_normal((SAMPLES, *shape)).astype(dtype) for name, shape in _SHAPES.items()}
        words = rng.integers(1, 20, (SAMPLES, 7))
        words[np.arange(7)[None] >= rng.integers(1, 8, SAMPLES)[:, None]] = 0
        made["words"] = words.astype("int32")
        first = made[self.inputs[0]].reshape(SAMPLES, -1)
        kind = (first[:, 0] > np.median(first[:, 0])).astype("int32") + (first[:, 1] > np.median(first[:, 1]))
        made.update(kind=kind.astype("int32"), size=(first[:, :1] * 0.5).astype(dtype))
        x, y = ([made[name] for name in names] for names in (self.inputs, self.targets))
        return x[0] if len(x) == 1 else x, y[0] if len(y) == 1 else y


_SHAPES = {"vector": (6,), "sequence": (6, 4), "image": (8, 8, 2), "volume": (4, 4, 4, 2)}
_DECAY = {"initial_learning_rate": 0.02, "decay_steps": 4, "decay_rate": 0.7}
_VECTOR, _SEQUENCE = ("vector",), ("sequence",)

MODELS = {
    "mlp": Recipe(mlp, "Adam", {"learning_rate": _DECAY, "amsgrad": True}, _VECTOR),
    "cnn": Recipe(cnn, "SGD", {"learning_rate": 0.02, "momentum": 0.9, "nesterov": True, "clipnorm": 1.0}, ("image",)),
    "lstm": Recipe(lstm, "RMSprop", {"learning_rate": 0.01, "momentum": 0.5, "centered": True}, _SEQUENCE),
    "tokens": Recipe(tokens, "Nadam", {"learning_rate": 0.01, "beta_1": 0.8}, ("words",)),
    "graph": Recipe(
        graph,
        "Adagrad",
        {"learning_rate": 0.05, "initial_accumulator_value": 0.3},
        (*_VECTOR, *_SEQUENCE),
        ("kind", "size"),
    ),
    "custom": Recipe(custom, "AdamW", {"learning_rate": 0.01, "weight_decay": 0.02, "use_ema": True}, _VECTOR),
    "images": Recipe(images, "Adamax", {"learning_rate": 0.01}, ("image", "volume")),
    # The gradient of the bias of an attention's keys is 0: a large epsilon keeps its rounding from becoming a step.
    "sequences": Recipe(sequences, "Adam", {"learning_rate": 0.01, "epsilon": 1e-3}, _SEQUENCE),
    "legacy Nadam": Recipe(small, "legacy.Nadam", {"learning_rate": 0.01}, _VECTOR),
    "LossScaleOptimizer": Recipe(small, "LossScaleOptimizer", {"inner_optimizer": "Adam"}, _VECTOR),
}
for _name, _arguments in models_parts.OPTIMIZERS.values():
    if _name not in {recipe.optimizer for recipe in MODELS.values()}:
        MODELS[_name] = Recipe(small, _name, _arguments, _VECTOR)
