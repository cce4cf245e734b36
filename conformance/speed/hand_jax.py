"""Hand-written JAX loops: one jitted, donated step; Adam written out."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from .hand_shapes import parameters
from .workloads import WORKLOADS, data


def _forward(name, p, x):
    if name == "tabular":
        for w, b in p[:-1]:
            x = jax.nn.relu(x @ w + b)
        return x @ p[-1][0] + p[-1][1]
    if name == "lstm":
        (w, b), (u, _), (v, c) = p
        z = jnp.swapaxes(x @ w + b, 0, 1)

        def step(carry, z):
            h, s = carry
            i, f, g, o = jnp.split(z + h @ u, 4, -1)
            s = jax.nn.sigmoid(f) * s + jax.nn.sigmoid(i) * jnp.tanh(g)
            h = jax.nn.sigmoid(o) * jnp.tanh(s)
            return (h, s), None

        zeros = jnp.zeros((x.shape[0], 64))
        (h, _), _ = lax.scan(step, (zeros, zeros), z)
        return h @ v + c
    for w, b in p[:2]:
        x = lax.conv_general_dilated(x, w, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"))
        x = jax.nn.relu(x + b)
        x = lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
    x = x.reshape(x.shape[0], -1)
    x = jax.nn.relu(x @ p[2][0] + p[2][1])
    return x @ p[3][0] + p[3][1]


class Contender:
    def __init__(self, name, samples):
        self.batch = WORKLOADS[name][2]
        self.x, self.y = data(name, samples)
        regression = WORKLOADS[name][1] == 0
        p = jax.tree.map(jnp.asarray, parameters(name))
        self.state = (
            p,
            jax.tree.map(jnp.zeros_like, p),
            jax.tree.map(jnp.zeros_like, p),
            jnp.zeros((), jnp.int32),
            jnp.zeros(()),
        )

        def loss(p, x, y):
            out = _forward(name, p, x)
            if regression:
                return jnp.mean((out - y) ** 2)
            return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(out), y[:, None], 1))

        def step(state, x, y):
            p, m, v, t, total = state
            value, g = jax.value_and_grad(loss)(p, x, y)
            t = t + 1
            m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
            v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)
            rate = 1e-3 * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
            p = jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v) + 1e-7), p, m, v)
            return p, m, v, t, total + value

        self.step = jax.jit(step, donate_argnums=0)
        self.predict = jax.jit(lambda p, x: _forward(name, p, x))
        self.rng = np.random.RandomState(0)
        self.one = self.x[:1]

    def epoch(self):
        order = self.rng.permutation(len(self.x))
        for at in range(0, len(self.x), self.batch):
            index = order[at : at + self.batch]
            self.state = self.step(self.state, self.x[index], self.y[index])
        return float(self.state[4])

    def predict_one(self):
        return np.asarray(self.predict(self.state[0], self.one))
