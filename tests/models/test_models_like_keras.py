"""Structure and numbers of models: each scenario runs on kshim and on tf_keras, and what it returns must agree."""

import functools

import numpy as np
import pytest

X = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")
SCENARIOS = {}


def scenario(f):
    SCENARIOS[f.__name__] = f
    return f


def fill(model):
    """Set weights that depend on their position and shape alone."""
    rng = np.random.default_rng(3)
    model.set_weights([rng.uniform(-1, 1, size=np.shape(w)).astype("float32") for w in model.get_weights()])
    return model


def out(model, *x):
    return [np.asarray(v) for v in _list(model.predict(x[0] if x else X, verbose=0))]


def _list(v):
    return list(v) if isinstance(v, (list, tuple)) else [v[k] for k in sorted(v)] if isinstance(v, dict) else [v]


def names(variables):
    return [v.name.split("/")[-1].split(":")[0] for v in variables]


def plain(shape):
    """A shape (or list of them) as tuples."""
    return [tuple(s) for s in shape] if isinstance(shape, list) else tuple(shape)


def facts(model):
    return {
        "layers": [layer.name for layer in model.layers if "." not in layer.name],
        "weights": names(model.weights),
        "shapes": [tuple(w.shape) for w in model.weights],
        "trainable": names(model.trainable_weights),
        "frozen": names(model.non_trainable_weights),
        "count": int(model.count_params()),
        "input_shape": plain(model.input_shape),
        "output_shape": plain(model.output_shape),
    }


@scenario
def sequential_deferred(k):
    model = k.Sequential([k.layers.Dense(3, name="a"), k.layers.Dense(2, name="b")])
    before = [len(model.layers), model.built]
    model.build((None, 4))
    fill(model)
    return {"before": before, "facts": facts(model), "y": out(model)}


@scenario
def sequential_forms(k):
    found = []
    for first in (
        lambda: [k.layers.Dense(3, input_shape=(4,), name="a")],
        lambda: [k.layers.Dense(3, input_dim=4, name="a")],
        lambda: [k.layers.Dense(3, batch_input_shape=(None, 4), name="a")],
        lambda: [k.Input((4,), name="i"), k.layers.Dense(3, name="a")],
        lambda: [k.layers.InputLayer(input_shape=(4,), name="i"), k.layers.Dense(3, name="a")],
    ):
        model = fill(k.Sequential([*first(), k.layers.Dense(2, name="b")]))
        found.append([facts(model), out(model)])
    return found


@scenario
def sequential_add_pop(k):
    model = k.Sequential(name="stack")
    model.add(k.layers.Dense(3, input_shape=(4,), name="a"))
    model.add(k.layers.Dense(5, name="b"))
    first = fill(model) and facts(model)
    model.pop()
    second = facts(model)
    model.add(k.layers.Dense(1, name="c"))
    fill(model)
    return [first, second, facts(model), out(model), model.name]


@scenario
def sequential_nested(k):
    inner = k.Sequential(
        [k.layers.Dense(3, input_shape=(4,), name="a"), k.layers.BatchNormalization(name="n")], name="inner"
    )
    model = fill(k.Sequential([inner, k.layers.Dense(2, name="b")]))
    inner.trainable = False
    return [facts(model), out(model), [layer.trainable for layer in inner.layers]]


@scenario
def functional_shared(k):
    a, b = k.Input((4,), name="a"), k.Input((4,), name="b")
    dense = k.layers.Dense(3, name="shared")
    c = k.layers.concatenate([dense(a), dense(b)], name="cat")
    model = fill(k.Model([a, b], [k.layers.Dense(2, name="o")(c), c]))
    return [
        facts(model),
        out(model, [X, X * 2]),
        out(model, {"a": X, "b": X * 3}),
        list(model.input_names),
        list(model.output_names),
    ]


@scenario
def functional_nested(k):
    i = k.Input((4,), name="i")
    inner = k.Model(i, [k.layers.Dense(3, name="d")(i), k.layers.BatchNormalization(name="n")(i)], name="inner")
    j = k.Input((4,), name="j")
    u, v = inner(j)
    model = fill(k.Model(j, k.layers.concatenate([u, v, k.layers.Dense(2, name="e")(u)], name="cat")))
    return [facts(model), out(model)]


@scenario
def functional_dict_inputs(k):
    inputs = {"p": k.Input((4,), name="p"), "q": k.Input((2,), name="q")}
    model = fill(
        k.Model(inputs, {"u": k.layers.Dense(2, name="d")(inputs["p"]), "t": k.layers.Dense(3, name="e")(inputs["q"])})
    )
    return [out(model, {"p": X, "q": X[:, :2]}), names(model.weights), list(model.output_names)]


@scenario
def functional_order(k):
    i = k.Input((4,), name="i")
    late = k.layers.Dense(4, name="late")
    early = k.layers.Dense(4, name="early")
    left, right = late(early(i)), k.layers.Dense(4, name="side")(i)
    model = k.Model(i, [k.layers.add([left, right], name="sum"), k.layers.Dense(1, name="end")(right)])
    return facts(fill(model))


@scenario
def functional_operators(k):
    i, j = k.Input((4,), name="i"), k.Input((4,), name="j")
    d = k.layers.Dense(4, name="d")(i)
    parts = [i + d, d * 2, 1.0 - d, d / (1.0 + j * j), d[:, 0], d[:, 1:3], -d, d**2, abs(d), i + 1]
    model = fill(k.Model([i, j], parts))
    return [out(model, [X, X + 1]), [tuple(p.shape) for p in parts]]


@scenario
def functional_backend_ops(k):
    K = k.backend
    i = k.Input((3, 4), name="i")
    d = k.layers.Dense(2, name="d")(i)
    parts = [
        K.mean(d, axis=1),
        K.sum(K.square(d), axis=-1, keepdims=True),
        K.concatenate([d, d], axis=-1),
        K.expand_dims(d, 1),
        K.max(d, axis=-1),
    ]
    parts += [
        k.layers.Lambda(lambda t: K.l2_normalize(t, axis=-1))(d),
        k.layers.Lambda(lambda t, s: t * s, arguments={"s": 3.0})(d),
    ]
    model = fill(k.Model(i, parts))
    return [out(model, np.stack([X, X * 2, X - 1], 1)), [tuple(p.shape) for p in parts]]


@scenario
def feature_extractor(k):
    i = k.Input((4,), name="i")
    x = k.layers.Dense(3, name="a", activation="relu")(i)
    x = k.layers.Dense(5, name="b")(x)
    model = fill(k.Model(i, k.layers.Dense(2, name="c")(x)))
    cut = k.Model(model.input, model.layers[2].output)
    every = k.Model(inputs=model.inputs, outputs=[layer.output for layer in model.layers[1:]])
    layer = model.get_layer("b")
    return [
        facts(cut),
        out(cut),
        out(every),
        plain(layer.input_shape),
        plain(layer.output_shape),
        model.get_layer(index=1).name,
        layer.count_params(),
    ]


@scenario
def sequential_extractor(k):
    model = fill(k.Sequential([k.layers.Dense(3, input_shape=(4,), name="a"), k.layers.Dense(2, name="b")]))
    cut = k.Model(inputs=model.input, outputs=model.get_layer("a").output)
    return [out(cut), plain(model.layers[0].input_shape), plain(model.layers[1].output_shape)]


@scenario
def layer_inside_layers(k):
    class Block(k.layers.Layer):
        def __init__(self, units, **kwargs):
            super().__init__(**kwargs)
            self.parts = [k.layers.Dense(units, name=f"p{n}") for n in range(2)]
            self.named = {"norm": k.layers.BatchNormalization(name="norm"), "gate": k.layers.Dense(units, name="gate")}

        def build(self, input_shape):
            self.scale = self.add_weight(name="scale", shape=(int(input_shape[-1]),), initializer="ones")
            self.count = self.add_weight(name="count", shape=(), initializer="zeros", trainable=False)
            super().build(input_shape)

        def call(self, inputs, training=None):
            x = inputs * self.scale
            for part in self.parts:
                x = part(x)
            return self.named["norm"](x, training=training) * self.named["gate"](x)

    i = k.Input((4,), name="i")
    block = Block(3, name="block")
    model = fill(k.Model(i, k.layers.Dense(2, name="end")(block(i))))
    first = [names(block.weights), names(block.trainable_weights), names(block.non_trainable_weights)]
    block.trainable = False
    second = [names(model.trainable_weights), names(model.non_trainable_weights), names(model.weights)]
    block.trainable = True
    block.parts[0].trainable = False
    return [first, second, names(model.trainable_weights), facts(model), out(model)]


@scenario
def subclassed_model(k):
    class Net(k.Model):
        def __init__(self, units=3, **kwargs):
            super().__init__(**kwargs)
            self.first = k.layers.Dense(units, activation="relu", name="first")
            self.norm = k.layers.BatchNormalization(name="norm")
            self.drop = k.layers.Dropout(0.5, name="drop")
            self.heads = [k.layers.Dense(1, name="h0"), k.layers.Dense(1, name="h1")]

        def call(self, inputs, training=False):
            x = self.drop(self.norm(self.first(inputs), training=training), training=training)
            return k.layers.concatenate([head(x) for head in self.heads])

    model = Net(name="net")
    model(X)
    fill(model)
    return {
        "layers": [layer.name for layer in model.layers],
        "weights": names(model.weights),
        "trainable": names(model.trainable_weights),
        "y": out(model),
        "called": np.asarray(model(X)),
        "count": model.count_params(),
        "first": model.get_layer("first").name,
    }


@scenario
def subclassed_build(k):
    class Net(k.Model):
        def __init__(self):
            super().__init__()
            self.dense = k.layers.Dense(2, name="dense")

        def call(self, x):
            return self.dense(x)

    model = Net()
    model.build(input_shape=(None, 4))
    fill(model)
    return [names(model.weights), out(model), model.built]


@scenario
def subclass_of_functional(k):
    class Net(k.Model):
        def __init__(self, units, **kwargs):
            i = k.Input((4,), name="i")
            super().__init__(inputs=i, outputs=k.layers.Dense(units, name="d")(i), **kwargs)
            self.units = units

    model = fill(Net(3, name="net"))
    return [facts(model), out(model), model.units, model.name]


@scenario
def weight_spellings(k):
    class Two(k.layers.Layer):
        def build(self, input_shape):
            self.a = self.add_weight("a", (int(input_shape[-1]), 2), initializer="ones")
            self.b = self.add_weight(name="b", shape=[2], initializer="zeros", trainable=False)
            self.c = self.add_weight("c", shape=(2,), dtype="float32", initializer=k.initializers.Constant(0.5))
            self.built = True

        def call(self, x):
            return k.backend.dot(x, self.a) + self.b * self.c

        def compute_output_shape(self, input_shape):
            return (input_shape[0], 2)

    i = k.Input((4,))
    layer = Two()
    model = k.Model(i, layer(i))
    return [
        names(layer.weights),
        names(layer.trainable_weights),
        plain(model.output_shape),
        [np.asarray(w) for w in layer.get_weights()],
        out(fill(model)),
    ]


@scenario
def multi_output_layer(k):
    class Split(k.layers.Layer):
        def call(self, x):
            return x[:, :2], x[:, 2:] * 2

    i = k.Input((4,), name="i")
    left, right = Split(name="split")(i)
    model = fill(k.Model(i, [k.layers.Dense(2, name="d")(left), right]))
    return [facts(model), out(model), list(model.output_names)]


@scenario
def call_with_two_arguments(k):
    class Attend(k.layers.Layer):
        def call(self, query, value=None, scale=1.0, training=None):
            return query * scale + (0 if value is None else value)

    i, j = k.Input((4,), name="i"), k.Input((4,), name="j")
    layer = Attend(name="attend")
    model = k.Model([i, j], [layer(i, j), layer(i, value=j, scale=2.0), layer(i)])
    return out(model, [X, X * 3])


@scenario
def masks(k):
    tokens = np.array([[1, 2, 0, 0], [3, 0, 0, 0], [1, 1, 1, 1]])

    class Count(k.layers.Layer):
        def call(self, x, mask=None):
            m = k.backend.cast(mask, "float32")
            return k.backend.sum(x * k.backend.expand_dims(m, -1), axis=1)

        def compute_mask(self, x, mask=None):
            return None

    i = k.Input((4,), dtype="int32", name="i")
    e = k.layers.Embedding(5, 3, mask_zero=True, name="e")(i)
    model = fill(
        k.Model(
            i, [Count()(k.layers.Dropout(0.3)(e)), k.layers.LSTM(2, name="l")(e), k.layers.GlobalAveragePooling1D()(e)]
        )
    )
    return out(model, tokens)


@scenario
def clone_of_weights(k):
    def make():
        return k.Sequential(
            [
                k.layers.Dense(3, input_shape=(4,), name="a"),
                k.layers.BatchNormalization(name="n"),
                k.layers.Dense(2, name="b"),
            ]
        )

    model, other = fill(make()), make()
    other.set_weights(model.get_weights())
    model.layers[0].set_weights([w * 0 for w in model.layers[0].get_weights()])
    return [out(model), out(other), [w.shape for w in other.get_weights()]]


def run(k, name):
    k.backend.clear_session()
    return SCENARIOS[name](k)


@functools.lru_cache(None)
def expected(k, name):
    return run(k, name)


def compare(got, want, where="result"):
    if isinstance(want, dict):
        assert list(got) == list(want), where
        for key in want:
            compare(got[key], want[key], f"{where}[{key!r}]")
    elif isinstance(want, (list, tuple)) and not all(isinstance(v, (int, type(None))) for v in want):
        assert len(got) == len(want), f"{where}: {got} is not {want}"
        for i, (g, w) in enumerate(zip(got, want)):
            compare(g, w, f"{where}[{i}]")
    elif isinstance(want, (np.ndarray, float)):
        np.testing.assert_allclose(np.asarray(got), want, rtol=1e-4, atol=1e-5, err_msg=where)
    else:
        got = tuple(got) if isinstance(want, tuple) else list(got) if isinstance(want, list) else got
        assert got == want, f"{where}: {got!r} is not {want!r}"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(name, backend, tf_keras):
    import kshim

    want = expected(tf_keras, name)
    compare(run(kshim, name), want)
