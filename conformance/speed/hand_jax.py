"""Hand-written JAX loops: one jitted, donated step with Adam written out.

Variants: `step` gathers batches with NumPy, `device` inside the step from data put on the device once; `scan` is a whole epoch in
one jitted `lax.scan`; `rbg` draws dropout from XLA's own generator; `reshape` pools by reshaping; `unroll` unrolls ten steps of an LSTM.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from .hand_jax_models import forward, statistics
from .hand_weights import initial
from .workloads import DROPOUT, WORKLOADS, data


def _loss(target, out, y):
    if target == "number":
        return jnp.mean((out - y) ** 2)
    if target in ("binary", "same"):
        return jnp.mean(jnp.maximum(out, 0) - out * y + jnp.log1p(jnp.exp(-jnp.abs(out))))
    return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(out), y[:, None], 1))


class Contender:
    def __init__(self, name, variant="step", samples=0, dropout=DROPOUT, weights=None):
        self.work = work = WORKLOADS[name]
        self.x, self.y = data(work, samples or work.batch * work.steps)
        self.variant, self.rng = variant, np.random.RandomState(0)
        p = [jnp.asarray(w) for w in (initial(name) if weights is None else weights)]
        zeros = [jnp.zeros_like(w) for w in p]
        key = jax.random.key(0, impl="rbg" if variant == "rbg" else None)
        self.state = (p, zeros, [jnp.copy(z) for z in zeros], statistics(name), jnp.zeros((), jnp.int32), jnp.zeros(()))
        if variant in ("device", "scan"):
            self.x, self.y = jnp.asarray(self.x), jnp.asarray(self.y)

        def step(state, x, y):
            p, m, v, stats, t, total = state

            def loss(p):
                out, new = forward(name, variant, p, stats, x, True, jax.random.fold_in(key, t), dropout)
                return _loss(work.target, out, y), new

            (value, stats), g = jax.value_and_grad(loss, has_aux=True)(p)
            t = t + 1
            m = [0.9 * m + 0.1 * g for m, g in zip(m, g)]
            v = [0.999 * v + 0.001 * g * g for v, g in zip(v, g)]
            rate = 1e-3 * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
            p = [p - rate * m / (jnp.sqrt(v) + 1e-7) for p, m, v in zip(p, m, v)]
            return p, m, v, stats, t, total + value

        def epoch(state, x, y, order):
            return lax.scan(lambda state, index: (step(state, x[index], y[index]), None), state, order)[0]

        self._step = jax.jit(step, donate_argnums=0)
        self._gathering = jax.jit(lambda state, x, y, index: step(state, x[index], y[index]), donate_argnums=0)
        self._epoch = jax.jit(epoch, donate_argnums=0)
        self._predict = jax.jit(lambda p, s, x: self._outputs(forward(name, variant, p, s, x, False, None, dropout)[0]))
        self._evaluate = jax.jit(
            lambda p, s, x, y: _loss(work.target, forward(name, variant, p, s, x, False, None, dropout)[0], y) * len(x)
        )

    def _outputs(self, out):
        if self.work.target == "number":
            return out
        return jax.nn.sigmoid(out) if self.work.target in ("binary", "same") else jax.nn.softmax(out)

    def epoch(self, shuffle=True, steps=None):
        """Train; the mean loss."""
        n, batch = len(self.x), self.work.batch
        order = (self.rng.permutation(n) if shuffle else np.arange(n)).astype("int32")
        rows = [order[at : at + batch] for at in range(0, n, batch)][:steps]
        self.state = (*self.state[:5], jnp.zeros(()))
        if self.variant == "scan":
            self.state = self._epoch(self.state, self.x, self.y, np.stack(rows))
        for index in rows if self.variant != "scan" else ():
            if self.variant == "device":
                self.state = self._gathering(self.state, self.x, self.y, index)
            else:
                x = self.x[index]
                self.state = self._step(self.state, x, x if self.work.target == "same" else self.y[index])
        return float(self.state[5]) / len(rows)

    def prepare(self, samples):
        self.one = np.asarray(self.x[:1])
        self.many = data(self.work, samples)

    def predict_one(self):
        return np.asarray(self._predict(self.state[0], self.state[3], self.one))

    call_one = predict_one

    def _batches(self):
        x, y = self.many
        return [(x[at : at + 32], y[at : at + 32]) for at in range(0, len(x), 32)]

    def predict_many(self):
        return np.concatenate([self._predict(self.state[0], self.state[3], x) for x, _ in self._batches()])

    def evaluate(self):
        losses = [self._evaluate(self.state[0], self.state[3], x, y) for x, y in self._batches()]
        return float(jnp.stack(losses).sum()) / len(self.many[0])


def load(arrays):
    """Arrays of a file as tensors of the framework."""
    return jax.block_until_ready([jnp.asarray(a) for a in arrays])
