"""Kinds of data, callbacks, freezing and other ways of training: each scenario runs on kshim and tf_keras and must agree."""

import functools

import numpy as np
import pytest

rng = np.random.default_rng(2)
X = rng.normal(size=(12, 4)).astype("float32")
Y = rng.normal(size=(12, 2)).astype("float32")
CLASSES = rng.integers(0, 3, size=12)
WEIGHT = rng.uniform(0.2, 2, size=12).astype("float32")
SCENARIOS = {}


def scenario(f):
    SCENARIOS[f.__name__] = f
    return f


def fill(model, seed=3):
    draw = np.random.default_rng(seed)
    model.set_weights([draw.uniform(-0.7, 0.7, size=np.shape(w)).astype("float32") for w in model.get_weights()])
    return model


def dense(k, units=2, **compiled):
    model = fill(k.Sequential([k.layers.Dense(5, activation="tanh", input_shape=(4,)), k.layers.Dense(units)]))
    model.compile(**{"optimizer": k.optimizers.SGD(0.1, momentum=0.9), "loss": "mse", "metrics": ["mae"], **compiled})
    return model


def curve(history):
    return {name: [float(v) for v in values] for name, values in history.history.items()}


def batches(*arrays, size=5, times=1):
    for _ in range(times):
        for start in range(0, len(arrays[0]), size):
            yield tuple(a[start : start + size] for a in arrays)


QUIET = {"verbose": 0, "shuffle": False, "batch_size": 5}


@scenario
def validation(k):
    found = []
    for data in ((X, Y), (X, Y, WEIGHT), [X, Y]):
        found.append(curve(dense(k).fit(X, Y, epochs=2, validation_data=data, **QUIET)))
    found.append(curve(dense(k).fit(X, Y, epochs=2, validation_split=0.3, **QUIET)))
    found.append(curve(dense(k).fit(X, Y, epochs=4, validation_split=0.3, validation_freq=2, **QUIET)))
    found.append(
        curve(
            dense(k).fit(
                X, Y, epochs=3, validation_data=(X, Y), validation_freq=[1, 3], validation_batch_size=3, **QUIET
            )
        )
    )
    found.append(curve(dense(k).fit(X, Y, epochs=2, validation_data=(X, Y), validation_steps=1, **QUIET)))
    return found


@scenario
def generators(k):
    found = [curve(dense(k).fit(batches(X, Y, times=4), steps_per_epoch=3, epochs=3, verbose=0))]
    found.append(curve(dense(k).fit(batches(X, Y, WEIGHT, times=4), steps_per_epoch=2, epochs=2, verbose=0)))
    data = batches(X, Y, times=10)
    found.append(curve(dense(k).fit(X, Y, epochs=2, validation_data=data, validation_steps=3, **QUIET)))
    model = dense(k)
    found.append(np.ravel(model.evaluate(batches(X, Y), steps=3, verbose=0)))
    found.append(model.predict(batches(X), steps=3, verbose=0))
    return found


@scenario
def sequences(k):
    class Data(k.utils.Sequence):
        def __len__(self):
            return 3

        def __getitem__(self, i):
            return X[i * 4 : i * 4 + 4], Y[i * 4 : i * 4 + 4]

    model = dense(k)
    found = [curve(model.fit(Data(), epochs=2, verbose=0, shuffle=False, validation_data=Data()))]
    return [*found, np.ravel(model.evaluate(Data(), verbose=0)), model.predict(Data(), verbose=0)]


@scenario
def inputs_as_lists_and_dicts(k):
    a, b = k.Input((4,), name="a"), k.Input((4,), name="b")
    found = []
    for x in ([X, X * 2], (X, X * 2), {"a": X, "b": X * 2}, {"b": X * 2, "a": X}):
        model = fill(k.Model([a, b], k.layers.Dense(2, name="o")(k.layers.add([a, b]))))
        model.compile(k.optimizers.Adam(0.01), "mse")
        found.append(curve(model.fit(x, Y, epochs=2, **QUIET)))
        found.append(model.predict(x, verbose=0))
        found.append(float(model.train_on_batch(x, Y)))
    return found


@scenario
def continued_epochs(k):
    model = dense(k, optimizer=k.optimizers.Adam(0.02))
    seen = []
    hook = k.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: seen.append(epoch))
    first = model.fit(X, Y, epochs=2, callbacks=[hook], **QUIET)
    second = model.fit(X, Y, epochs=5, initial_epoch=2, callbacks=[hook], **QUIET)
    third = model.fit(X, Y, epochs=4, steps_per_epoch=2, **{**QUIET, "batch_size": 3})
    return [
        curve(first),
        curve(second),
        list(second.epoch),
        seen,
        curve(third),
        int(k.backend.get_value(model.optimizer.iterations)),
    ]


@scenario
def hooks_in_order(k):
    calls = []

    class Watch(k.callbacks.Callback):
        def __getattribute__(self, name):
            if name.startswith("on_") and name not in ("on_batch_begin", "on_batch_end"):

                def hook(*args, **kwargs):
                    logs = args[-1] if args and isinstance(args[-1], dict) else kwargs.get("logs") or {}
                    calls.append(
                        [
                            name,
                            [a for a in args if isinstance(a, int)],
                            sorted(set(logs) - {"batch", "size", "outputs"}),
                        ]
                    )

                return hook
            return super().__getattribute__(name)

    model = dense(k)
    model.fit(X, Y, epochs=2, validation_data=(X, Y), callbacks=[Watch()], **QUIET)
    model.evaluate(X, Y, verbose=0, batch_size=8, callbacks=[Watch()])
    model.predict(X, verbose=0, batch_size=8, callbacks=[Watch()])
    return calls


@scenario
def batch_logs_are_running_means(k):
    seen = []

    class Watch(k.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append([float(logs["loss"]), float(logs["mae"])])

    dense(k).fit(X, Y, epochs=2, callbacks=[Watch()], **QUIET)
    return seen


@scenario
def callbacks_change_training(k):
    class Meddle(k.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 1:
                self.model.set_weights([w * 0.5 for w in self.model.get_weights()])
            if epoch == 2:
                k.backend.set_value(self.model.optimizer.learning_rate, 0.01)
            if epoch == 4:
                self.model.stop_training = True

    model = dense(k)
    rates = k.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.9)
    found = [
        curve(model.fit(X, Y, epochs=8, callbacks=[Meddle()], **QUIET)),
        curve(model.fit(X, Y, epochs=3, callbacks=[rates], **QUIET)),
    ]
    return [*found, float(k.backend.get_value(model.optimizer.lr)), [np.asarray(w) for w in model.get_weights()]]


@scenario
def rate_between_fits(k):
    model = dense(k)
    found = [curve(model.fit(X, Y, epochs=2, **QUIET))]
    model.optimizer.learning_rate = 0.01
    found.append(curve(model.fit(X, Y, epochs=2, **QUIET)))
    k.backend.set_value(model.optimizer.lr, 0.2)
    found.append(curve(model.fit(X, Y, epochs=2, **QUIET)))
    model.optimizer.learning_rate.assign(0.05)
    found.append(curve(model.fit(X, Y, epochs=2, **QUIET)))
    schedule = k.optimizers.schedules.ExponentialDecay(0.2, 3, 0.5)
    model.compile(k.optimizers.SGD(schedule), "mae")
    return [*found, curve(model.fit(X, Y, epochs=3, **QUIET))]


@scenario
def compiled_again(k):
    model = dense(k, optimizer=k.optimizers.Adam(0.05))
    first = curve(model.fit(X, Y, epochs=2, **QUIET))
    model.compile(k.optimizers.Adam(0.05), "mae", metrics=["mse"])
    return [first, curve(model.fit(X, Y, epochs=2, **QUIET)), list(model.metrics_names)]


@scenario
def freezing(k):
    base = k.Sequential(
        [k.layers.Dense(5, activation="relu", input_shape=(4,), name="d"), k.layers.BatchNormalization(name="n")]
    )
    model = fill(k.Sequential([base, k.layers.Dense(2, name="top")]))
    base.layers[1].set_weights([np.ones(5), np.zeros(5), np.full(5, 0.2), np.full(5, 0.7)])
    found = []
    for trainable in (False, True):
        base.trainable = trainable
        model.compile(k.optimizers.SGD(0.05), "mse")
        found += [curve(model.fit(X, Y, epochs=2, **QUIET)), [np.asarray(w) for w in model.get_weights()]]
    return found


@scenario
def frozen_statistics(k):
    base = k.Sequential(
        [k.layers.Dense(5, input_shape=(4,)), k.layers.BatchNormalization(), k.layers.Dropout(0.5)], name="base"
    )
    base.layers[1].set_weights([np.ones(5), np.zeros(5), np.full(5, 0.2), np.full(5, 0.7)])
    i = k.Input((4,))
    model = k.Model(i, k.layers.Dense(2, name="top")(base(i, training=False)))
    base.layers[0].set_weights([np.linspace(-1, 1, 20).reshape(4, 5), np.zeros(5)])
    model.get_layer("top").set_weights([np.linspace(1, -1, 10).reshape(5, 2), np.zeros(2)])
    model.compile(k.optimizers.SGD(0.05), "mse")
    return [curve(model.fit(X, Y, epochs=2, **QUIET)), [np.asarray(w) for w in model.get_weights()]]


@scenario
def shared_layers_of_two_models(k):
    i = k.Input((4,))
    code = k.layers.Dense(3, activation="tanh", name="code")(i)
    first, second = k.Model(i, k.layers.Dense(2, name="one")(code)), k.Model(i, k.layers.Dense(4, name="two")(code))
    fill(first), fill(second)
    first.compile(k.optimizers.Adam(0.02), "mse")
    second.compile(k.optimizers.Adam(0.02), "mse")
    found = []
    for _ in range(3):
        found += [float(first.train_on_batch(X, Y)), float(second.train_on_batch(X, X))]
    return [*found, first.get_weights(), second.get_weights()]


@scenario
def layers_added_after_training(k):
    model = dense(k)
    model.fit(X, Y, **QUIET)
    model.pop()
    model.add(k.layers.Dense(3))
    model.layers[-1].set_weights([np.linspace(-1, 1, 15).reshape(5, 3), np.zeros(3)])
    model.compile(k.optimizers.SGD(0.1), "mse")
    y = np.concatenate([Y, Y[:, :1]], axis=1)
    return [curve(model.fit(X, y, epochs=2, **QUIET)), model.predict(X, verbose=0)]


@scenario
def subclassed_with_two_inputs(k):
    class Net(k.Model):
        def __init__(self):
            super().__init__()
            self.blocks = [k.Sequential([k.layers.Dense(3, activation="tanh")]) for _ in range(2)]
            self.top = {"end": k.layers.Dense(2)}

        def call(self, inputs, training=None):
            a, b = inputs
            return self.top["end"](self.blocks[0](a) + self.blocks[1](b)), a[:, :1]

    model = Net()
    model([X, X])
    fill(model)
    model.compile(k.optimizers.Adam(0.01), loss=["mse", None], metrics=[["mae"], []])
    return [
        curve(model.fit((X, X * 2), [Y, X[:, :1]], epochs=2, **QUIET)),
        model.predict((X, X * 2), verbose=0),
        model.count_params(),
    ]


@scenario
def one_layer_frozen_at_a_time(k):
    model = dense(k)
    found = []
    for layer in model.layers:
        layer.trainable = False
        model.compile(k.optimizers.SGD(0.1), "mse")
        found.append(len(model.trainable_weights))
        if model.trainable_weights:
            model.train_on_batch(X, Y)
    return [*found, [np.asarray(w) for w in model.get_weights()]]


@scenario
def adversarial(k):
    layers = k.layers
    discriminator = k.Sequential(
        [layers.Dense(4, activation="tanh", input_shape=(3,)), layers.Dense(1, activation="sigmoid")], name="disc"
    )
    generator = k.Sequential([layers.Dense(5, activation="tanh", input_shape=(2,)), layers.Dense(3)], name="gen")
    fill(discriminator), fill(generator, 4)
    discriminator.compile(k.optimizers.Adam(0.02), "binary_crossentropy", metrics=["accuracy"])
    discriminator.trainable = False
    noise = k.Input((2,))
    both = k.Model(noise, discriminator(generator(noise)))
    both.compile(k.optimizers.Adam(0.01), "binary_crossentropy")
    draw, found = np.random.default_rng(5), []
    for _ in range(4):
        z, real = draw.normal(size=(6, 2)).astype("float32"), draw.normal(size=(6, 3)).astype("float32")
        fake = generator.predict(z, verbose=0)
        found.append([float(v) for v in discriminator.train_on_batch(real, np.ones((6, 1)))])
        found.append([float(v) for v in discriminator.train_on_batch(fake, np.zeros((6, 1)))])
        before = [np.asarray(w) for w in discriminator.get_weights()]
        found.append(float(both.train_on_batch(z, np.ones((6, 1)))))
        found.append(all(np.array_equal(a, b) for a, b in zip(before, discriminator.get_weights())))
    return [*found, discriminator.get_weights(), generator.get_weights()]


@scenario
def frozen_before_it_was_built(k):
    inner = k.Sequential([k.layers.Dense(3, activation="tanh"), k.layers.Dense(1)])
    inner.compile(k.optimizers.SGD(0.1), "mse")
    inner.trainable = False
    i = k.Input((4,))
    outer = k.Model(i, inner(k.layers.Dense(4, name="first")(i)))
    outer.compile(k.optimizers.SGD(0.1), "mse")
    fill(outer)
    found = [float(inner.train_on_batch(X, Y[:, :1])) for _ in range(3)]
    found += [float(outer.train_on_batch(X, Y[:, :1])) for _ in range(3)]
    return [*found, inner.get_weights(), outer.get_weights(), len(outer.trainable_weights)]


@scenario
def stateful(k):
    layers = k.layers
    model = fill(k.Sequential([layers.LSTM(3, stateful=True, batch_input_shape=(4, 2, 3)), layers.Dense(1)]))
    model.compile(k.optimizers.SGD(0.1), "mse")
    draw = np.random.default_rng(6)
    x, y = draw.normal(size=(12, 2, 3)).astype("float32"), draw.normal(size=(12, 1)).astype("float32")
    first = curve(model.fit(x, y, batch_size=4, epochs=2, verbose=0, shuffle=False))
    model.reset_states()
    one = model.predict(x, batch_size=4, verbose=0)
    two = model.predict(x, batch_size=4, verbose=0)
    model.reset_states()
    three = model.predict(x, batch_size=4, verbose=0)
    return [first, one, two, three, np.ravel(model.evaluate(x, y, batch_size=4, verbose=0))]


@scenario
def batch_statistics(k):
    layers = k.layers
    model = k.Sequential(
        [layers.Dense(3, input_shape=(4,)), layers.BatchNormalization(momentum=0.7, name="n"), layers.Dense(2)]
    )
    model.set_weights([w if i > 5 else w for i, w in enumerate(fill(model).get_weights())])
    model.layers[1].set_weights([np.ones(3), np.zeros(3), np.zeros(3), np.ones(3)])
    model.compile(k.optimizers.RMSprop(0.01), "mse")
    first = curve(model.fit(X, Y, epochs=3, validation_data=(X, Y), **QUIET))
    before = model.layers[1].get_weights()
    model.evaluate(X, Y, verbose=0)
    model.predict(X, verbose=0)
    same = all(np.array_equal(a, b) for a, b in zip(before, model.layers[1].get_weights()))
    model.train_on_batch(X, Y)
    return [first, before, same, model.layers[1].get_weights()]


@scenario
def on_batches(k):
    model = dense(k, weighted_metrics=["mse"])
    found = [
        [float(v) for v in model.train_on_batch(X, Y)],
        [float(v) for v in model.train_on_batch(X, Y, sample_weight=WEIGHT)],
    ]
    found.append({n: float(v) for n, v in model.train_on_batch(X, Y, return_dict=True).items()})
    found.append([float(v) for v in model.test_on_batch(X[:4], Y[:4], reset_metrics=False)])
    found.append([float(v) for v in model.test_on_batch(X[:4], Y[:4])])
    single = dense(k, metrics=None)
    found += [float(single.train_on_batch(X, Y)), float(single.test_on_batch(X, Y)), model.predict_on_batch(X)]
    classes = dense(k, 3, loss=k.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    return [*found, [float(v) for v in classes.train_on_batch(X, CLASSES, class_weight={0: 1.0, 1: 3.0, 2: 0.5})]]


@scenario
def subclassed(k):
    class Net(k.Model):
        def __init__(self):
            super().__init__()
            self.hidden, self.top = k.layers.Dense(5, activation="relu"), k.layers.Dense(2)

        def call(self, x):
            return self.top(self.hidden(x))

    model = Net()
    model.build((None, 4))
    fill(model)
    model.compile(k.optimizers.Adam(0.01), "mse", metrics=["mae"])
    return [
        curve(model.fit(X, Y, epochs=3, validation_split=0.25, **QUIET)),
        model.predict(X, verbose=0),
        list(model.metrics_names),
    ]


@scenario
def eagerly(k):
    return curve(dense(k, run_eagerly=True).fit(X, Y, epochs=2, **QUIET))


@scenario
def added_metrics(k):
    class Watch(k.layers.Layer):
        def call(self, x):
            self.add_metric(k.backend.mean(x), name="level", aggregation="mean")
            self.add_loss(0.01 * k.backend.sum(x**2))
            return x

    model = fill(k.Sequential([k.layers.Dense(5, input_shape=(4,)), Watch(), k.layers.Dense(2)]))
    model.compile(k.optimizers.SGD(0.01), "mse", metrics=["mae"])
    found = curve(model.fit(X, Y, epochs=2, **QUIET))
    return {name: found[name] for name in sorted(found)}


@scenario
def metrics_of_the_graph(k):
    i = k.Input((4,))
    hidden = k.layers.Dense(3, activation="tanh")(i)
    model = fill(k.Model(i, k.layers.Dense(2)(hidden)))
    model.add_loss(0.1 * k.backend.mean(hidden**2))
    model.add_metric(k.backend.mean(hidden), name="level", aggregation="mean")
    model.compile(k.optimizers.SGD(0.1), "mse")
    found = curve(model.fit(X, Y, epochs=2, validation_data=(X, Y), verbose=0, shuffle=False, batch_size=4))
    return {name: found[name] for name in sorted(found)}


@scenario
def layers_of_an_added_loss(k):
    i = k.Input((4,))
    hidden = k.layers.Dense(3, activation="tanh", name="hidden")(i)
    side = k.layers.Dense(1, name="side")(hidden)
    model = k.Model(i, k.layers.Dense(2, name="end")(hidden))
    model.add_loss(k.backend.mean(side**2))
    fill(model)
    model.compile(k.optimizers.SGD(0.1), "mse")
    found = curve(model.fit(X, Y, epochs=2, verbose=0, shuffle=False, batch_size=4))
    return [found, [np.asarray(w) for w in model.get_weights()], [tuple(w.shape) for w in model.trainable_weights]]


@scenario
def loss_in_training_only(k):
    class Noise(k.layers.Layer):
        def call(self, x, training=None):
            return k.backend.in_train_phase(x * 2.0, x, training=training)

    model = fill(k.Sequential([k.layers.Dense(3, input_shape=(4,)), Noise(), k.layers.Dense(2)]))
    model.compile(k.optimizers.SGD(0.01), "mse")
    return [
        curve(model.fit(X, Y, epochs=2, **QUIET)),
        float(model.evaluate(X, Y, verbose=0)),
        np.asarray(model(X, training=True)),
    ]


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
    elif isinstance(want, (list, tuple)):
        assert len(got) == len(want), f"{where}: {got} is not {want}"
        for i, (g, w) in enumerate(zip(got, want)):
            compare(g, w, f"{where}[{i}]")
    elif isinstance(want, (np.ndarray, float)):
        np.testing.assert_allclose(np.asarray(got), want, rtol=2e-4, atol=2e-5, err_msg=where)
    else:
        assert got == want, f"{where}: {got!r} is not {want!r}"


def test_a_cross_entropy_is_as_exact_as_a_metric_as_it_is_as_loss(backend, tf_keras):
    """Of saturated predictions, from which nothing but what went into their softmax or sigmoid tells how wrong they are."""
    import kshim

    for kind, loss, y in (("softmax", "categorical_crossentropy", np.eye(3)[CLASSES]), ("sigmoid", "binary_crossentropy", np.eye(3)[CLASSES])):  # fmt: skip
        found = []
        for k in (kshim, tf_keras):
            model = k.Sequential(
                [k.layers.Dense(3, activation=kind, kernel_initializer=k.initializers.Constant(0.0), input_shape=(4,))]
            )
            model.set_weights([np.eye(4, 3, dtype="float32") * 200, np.zeros(3, "float32")])
            model.compile("sgd", loss, metrics=[loss])
            found.append(model.evaluate(X, y.astype("float32"), verbose=0))
        (value, metric), reference = found
        assert value > 20
        np.testing.assert_allclose([value, metric], reference, rtol=1e-4)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(name, backend, tf_keras):
    import kshim

    want = expected(tf_keras, name)
    compare(run(kshim, name), want)


def test_class_and_sample_weights_multiply(backend):
    import kshim

    arguments = {
        "loss": kshim.losses.SparseCategoricalCrossentropy(from_logits=True),
        "weighted_metrics": ["accuracy"],
        "metrics": None,
    }
    table = {0: 1.0, 1: 3.0, 2: 0.5}
    both = curve(
        dense(kshim, 3, **arguments).fit(X, CLASSES, class_weight=table, sample_weight=WEIGHT, epochs=2, **QUIET)
    )
    product = WEIGHT * np.array([table[int(c)] for c in CLASSES], "float32")
    compare(both, curve(dense(kshim, 3, **arguments).fit(X, CLASSES, sample_weight=product, epochs=2, **QUIET)))
