"""Probes of seeds: what `kshim.random`, layers, shuffling and initializers draw, worked out by hand from the seed.

All backends share this code, so the answers come from `oracles_random` or are on record.
"""

import math
from contextlib import contextmanager

import numpy as np

from . import oracles_random as oracle
from .oracles_derived import ORACLES
from .probes import Known, probe, yes

_SEED = 5


@contextmanager
def seeded(seed, floatx=None):
    """A global seed with streams numbered from the start; everything is put back afterwards."""
    from kshim import config
    from kshim.engine import seeds
    from kshim.engine.names import fresh_names

    state, before = vars(seeds._global), config.floatx()
    saved = dict(state)
    seeds.set_global_seed(seed)
    config.set_floatx(floatx or before)
    try:
        with fresh_names():
            yield
    finally:
        config.set_floatx(before)
        state.clear()
        state.update(saved)


def host(seed):
    """The key of a draw with a number for a seed."""
    return oracle.fold("host", seed)


def _float(x):
    return np.asarray(x.numpy())


@probe("", "function", level="rng")
def draws_with_a_seed(b, dtype):
    """`kshim.random` and `kshim.backend`: a number for a seed always gives the same draw, the one worked out here."""
    from kshim import backend as K
    from kshim import ops, random

    key, shape = host(7), (3, 4)
    u = oracle.uniforms(shape, key)
    z = ORACLES["random_normal"](shape, key, "float64")
    logits = np.log([[0.2, 0.5, 0.3], [0.1, 0.1, 0.8]])
    x = np.arange(10)
    gumbel = -np.log(-np.log(oracle.uniforms((2, 5, 3), key) + 2.0**-25))
    ones = np.ones(shape, dtype)
    found = {
        "uniform": (random.uniform(shape, -1.0, 3.0, dtype, seed=7), u * 4.0 - 1.0),
        "normal": (random.normal(shape, 0.5, 2.0, dtype, seed=7), z * 2.0 + 0.5),
        "dropout": (random.dropout(ones, 0.4, seed=7), oracle.mask(shape, key, 0.4) / 0.6),
        "K.random_uniform": (K.random_uniform(shape, -1.0, 3.0, dtype, 7), u * 4.0 - 1.0),
        "K.random_normal": (K.random_normal(shape, 0.5, 2.0, dtype, 7), z * 2.0 + 0.5),
        "K.random_binomial": (K.random_binomial(shape, 0.3, dtype, 7), u < 0.3),
        "K.dropout": (K.dropout(ops.convert_to_tensor(ones), 0.4, seed=7), oracle.mask(shape, key, 0.4) / 0.6),
    }
    out = {name: Known(_float(got), np.asarray(answer, dtype)) for name, (got, answer) in found.items()}
    whole = {
        "randint": (random.randint(shape, -3, 9, "int32", seed=7), np.floor(u * 12) - 3),
        "categorical": (random.categorical(logits, 5, seed=7), np.argmax(logits[:, None] + gumbel, -1)),
        "shuffle": (random.shuffle(x.astype("int32"), seed=7), x[oracle.order(10, key)]),
    }
    out |= {name: Known(_float(got), answer.astype("int32")) for name, (got, answer) in whole.items()}
    # Where the draws of a truncated normal fall in the distribution function is uniform.
    cut = _float(random.truncated_normal(shape, 0.5, 2.0, dtype, seed=7)).astype("float64")
    inside = [math.erf((v - 0.5) / 2.0 / math.sqrt(2.0)) / math.erf(math.sqrt(2.0)) for v in cut.ravel().tolist()]
    out["truncated normal"] = Known(np.array(inside).reshape(shape).astype(dtype), (2.0 * u - 1.0).astype(dtype))
    out["another seed"] = yes(
        not np.array_equal(_float(random.uniform(shape, seed=8)), _float(random.uniform(shape, seed=7)))
    )
    return out


@probe("", "function", level="rng", dtypes=("float64",))
def draws_on_the_host(b, dtype):
    """Distributions that NumPy's legacy generator, which never changes, draws from the key."""
    from kshim import random

    def generator():
        return np.random.RandomState(list(host(7)))

    return {
        "gamma": Known(_float(random.gamma((5,), 2.0, dtype, 7)), generator().gamma(2.0, size=5)),
        "beta": Known(_float(random.beta((5,), 2.0, 3.0, dtype, 7)), generator().beta(2.0, 3.0, size=5)),
        "binomial": Known(
            _float(random.binomial((5,), 10, 0.3, dtype, 7)), generator().binomial(10, 0.3, size=5).astype(dtype)
        ),
    }


@probe("", "function", level="rng")
def draws_without_a_seed(b, dtype):
    """Without a seed the draws of the global one follow each other; setting it again begins again."""
    from kshim import random

    shape, out = (2, 3), {}
    for seed in (_SEED, 2**31 - 1):
        with seeded(seed):
            for n in (1, 2, 3):
                got = _float(random.uniform(shape, dtype=dtype))
                out[f"draw {n} of {seed}"] = Known(
                    got, oracle.uniforms(shape, oracle.fold(seed, "host", n)).astype(dtype)
                )
            streams = [random.SeedGenerator(3), random.SeedGenerator(), random.SeedGenerator(3)]
            words = [
                oracle.fold("stream", 1, "seeded", 3),
                oracle.fold("stream", 2, seed),
                oracle.fold("stream", 3, "seeded", 3),
            ]
            for i, (stream, w) in enumerate(zip(streams, words)):
                for n in (1, 2):
                    got = _float(random.uniform(shape, dtype=dtype, seed=stream))
                    answer = oracle.uniforms(shape, oracle.fold(*w, "eager", n)).astype(dtype)
                    out[f"stream {i} draw {n} of {seed}"] = Known(got, answer)
    return out


@probe("", "function", level="rng")
def draws_of_layers(b, dtype):
    """Layers called by hand: each has a stream of its own, and every call is the next draw of it."""
    from kshim import layers, ops

    x, out = np.ones((4, 6), dtype), {}
    with seeded(_SEED, dtype):
        first, second = layers.Dropout(0.5), layers.Dropout(0.25, noise_shape=(None, 1))
        chosen, noise = layers.Dropout(0.5, seed=9), layers.GaussianNoise(0.3)
        t = ops.convert_to_tensor(x)
        for n in (1, 2):
            key = [oracle.fold(*oracle.fold("stream", i, _SEED), "eager", n) for i in (1, 2)]
            key.append(oracle.fold(*oracle.fold("stream", 3, "seeded", 9), "eager", n))
            key.append(oracle.fold(*oracle.fold("stream", 4, _SEED), "eager", n))
            answers = {
                "first": (first, oracle.mask((4, 6), key[0], 0.5) * 2.0),
                "shared": (second, np.broadcast_to(oracle.mask((4, 1), key[1], 0.25), (4, 6)) / 0.75),
                "chosen": (chosen, oracle.mask((4, 6), key[2], 0.5) * 2.0),
                "noise": (noise, x + 0.3 * ORACLES["random_normal"]((4, 6), key[3], "float64")),
            }
            for name, (layer, answer) in answers.items():
                out[f"{name} {n}"] = Known(_float(layer(t, training=True)), answer.astype(dtype))
        out["at inference"] = Known(_float(first(t, training=False)), x)
    return out


def _step_key(step):
    return oracle.fold(_SEED, "step", step)


@probe("", "exact", level="rng", dtypes=("float64",))
def draws_in_training(b, dtype):
    """Masks of two layers within compiled training steps. Every element weighs another power of two: the loss says which
    were kept, and it is that of the masks worked out by hand."""
    from kshim import layers, models, ops

    out = {}
    for name, seeds in (("of the global seed", (None, None)), ("of their own", (1, 1))):
        with seeded(_SEED, dtype):
            x = layers.Input(shape=(5,))
            masks = [layers.Dropout(rate, seed=s)(x) for rate, s in zip((0.5, 0.5), seeds)]
            model = models.Model(x, layers.concatenate(masks))
            model.compile("sgd", lambda y, p: ops.sum(ops.multiply(y, p), -1))
            weights = 2.0 ** np.arange(40).reshape(4, 10)
            for step in range(3):
                loss = model.train_on_batch(np.ones((4, 5)), weights)
                parts = (_SEED,) if seeds[0] is None else ("seeded", 1)
                keys = [oracle.mixed(_step_key(step), oracle.fold("stream", n, *parts)) for n in (1, 2)]
                kept = np.concatenate([oracle.mask((4, 5), key, 0.5) for key in keys], 1) * 2.0
                out[f"step {step} {name}"] = Known(np.float64(loss), np.float64((weights * kept).sum() / 4))
    return out


def _digits():
    """A layer that writes down the numbers it is given, as digits of one number."""
    from kshim import layers, ops

    class Digits(layers.Layer):
        def build(self, input_shape):
            self.seen = self.add_weight(name="seen", shape=(), initializer="zeros", trainable=False)
            self.built = True

        def call(self, inputs):
            n = inputs.shape[0]
            places = 10.0 ** np.minimum(np.arange(n)[::-1], 10).reshape(n, 1)
            self.seen.assign(self.seen * 10.0 ** min(n, 10) + ops.sum(inputs * places))
            return inputs

    return Digits()


@probe("", "exact", level="rng", dtypes=("float64",))
def orders_of_fit(b, dtype):
    """The order in which `fit` takes the samples of each epoch, shuffled one by one, in batches, or not."""
    from kshim import models

    x, out = np.arange(10.0).reshape(10, 1), {}

    def number(order):
        return np.float64(int("".join(map(str, order))))

    for shuffle, size in ((True, 1), (True, 5), ("batch", 2), (False, 5)):
        with seeded(_SEED, dtype):
            layer = _digits()
            model = models.Sequential([layer])
            model.compile("sgd", "mse")
            model.build((None, 1))
            for epoch in (1, 2, 3):
                layer.seen.assign(0.0)
                model.fit(x, x, batch_size=size, epochs=1, shuffle=shuffle, verbose=0)
                key = oracle.fold(_SEED, "shuffle", epoch)
                order = oracle.order(10, key) if shuffle is True else range(10)
                if shuffle == "batch":
                    order = [2 * i + k for i in oracle.order(5, key) for k in (0, 1)]
                out[f"shuffle {shuffle} by {size}, epoch {epoch}"] = Known(
                    np.float64(layer.seen.numpy()), number(order)
                )
    return out


#: First numbers of initializers with seed 3, where a formula says less; on record.
RECORDED = {
    "TruncatedNormal": (0.050589637763214325, -8.272671517827167e-05, -0.010651115632409459, 0.0013135317217960105),
    "GlorotNormal": (0.575126897772996, -0.0009404763735633162, -0.12108691349324857, 0.014932849051397567),
    "HeNormal": (0.9391782912624421, -0.0015357914869155089, -0.19773410172465758, 0.0243852403879519),
    "LecunNormal": (0.6640993384948672, -0.0010859685748865274, -0.13981912420133596, 0.017242968839184865),
    "Orthogonal": (0.0074183560568950035, -0.8883887280986499, -0.14809596280550777, -0.2533392908334927),
}


@probe("", "function", level="rng", dtypes=("float64",))
def initializers_with_a_seed(b, dtype):
    """The numbers themselves: uniforms and normals by hand, the others on record; of layers without a seed as well."""
    from kshim import initializers, layers

    shape, key, out = (3, 5), host(3), {}
    limits = {
        "GlorotUniform": math.sqrt(6.0 / 8.0),
        "HeUniform": math.sqrt(6.0 / 3.0),
        "LecunUniform": math.sqrt(3.0 / 3.0),
    }
    for name, limit in limits.items():
        got = np.asarray(getattr(initializers, name)(seed=3)(shape, dtype=dtype))
        out[name] = Known(got, oracle.uniforms(shape, key) * 2.0 * limit - limit)
    got = np.asarray(initializers.RandomUniform(-0.2, 0.4, seed=3)(shape, dtype=dtype))
    out["RandomUniform"] = Known(got, oracle.uniforms(shape, key) * 0.6 - 0.2)
    got = np.asarray(initializers.RandomNormal(0.5, 2.0, seed=3)(shape, dtype=dtype))
    out["RandomNormal"] = Known(got, oracle.normals(shape, key) * 2.0 + 0.5)
    for name, numbers in RECORDED.items():
        out[name] = Known(np.ravel(getattr(initializers, name)(seed=3)(shape, dtype=dtype))[:4], np.array(numbers))
    with seeded(_SEED, dtype):
        for n in (1, 2):
            layer = layers.Dense(5)
            layer.build((None, 3))
            u = oracle.uniforms(shape, oracle.fold(_SEED, "host", n))
            limit = limits["GlorotUniform"]
            out[f"kernel {n}"] = Known(layer.kernel.numpy(), u * 2.0 * limit - limit)
    return out
