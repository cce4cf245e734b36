"""Hand-written TensorFlow loops: one tf.function step over tf.Variables; Adam written out."""

import numpy as np
import tensorflow as tf

from .hand_shapes import parameters
from .workloads import WORKLOADS, data


def _forward(name, p, x):
    if name == "tabular":
        for w, b in p[:-1]:
            x = tf.nn.relu(x @ w + b)
        return x @ p[-1][0] + p[-1][1]
    if name == "lstm":
        (w, b), (u, _), (v, c) = p
        z = tf.transpose(tf.tensordot(x, w, 1) + b, (1, 0, 2))
        h = s = tf.zeros((x.shape[0], 64))

        def step(t, h, s):
            i, f, g, o = tf.split(z[t] + h @ u, 4, -1)
            s = tf.sigmoid(f) * s + tf.sigmoid(i) * tf.tanh(g)
            return t + 1, tf.sigmoid(o) * tf.tanh(s), s

        _, h, s = tf.while_loop(lambda t, h, s: t < 100, step, (tf.constant(0), h, s), maximum_iterations=100)
        return h @ v + c
    for w, b in p[:2]:
        x = tf.nn.max_pool2d(tf.nn.relu(tf.nn.conv2d(x, w, 1, "VALID") + b), 2, 2, "VALID")
    x = tf.reshape(x, (x.shape[0], -1))
    x = tf.nn.relu(x @ p[2][0] + p[2][1])
    return x @ p[3][0] + p[3][1]


class Contender:
    def __init__(self, name, samples):
        self.batch = WORKLOADS[name][2]
        self.x, self.y = data(name, samples)
        regression = WORKLOADS[name][1] == 0
        self.p = [[tf.Variable(v) for v in pair] for pair in parameters(name)]
        flat = [v for pair in self.p for v in pair]
        m, v = [tf.Variable(tf.zeros_like(w)) for w in flat], [tf.Variable(tf.zeros_like(w)) for w in flat]
        t, self.total = tf.Variable(0.0), tf.Variable(0.0)

        @tf.function
        def step(x, y):
            with tf.GradientTape() as tape:
                out = _forward(name, self.p, x)
                if regression:
                    loss = tf.reduce_mean((out - y) ** 2)
                else:
                    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(y, out))
            grads = tape.gradient(loss, flat)
            t.assign_add(1.0)
            rate = 1e-3 * tf.sqrt(1 - 0.999**t) / (1 - 0.9**t)
            for w, a, b, g in zip(flat, m, v, grads):
                if g is None:
                    continue
                a.assign(0.9 * a + 0.1 * g)
                b.assign(0.999 * b + 0.001 * g * g)
                w.assign_sub(rate * a / (tf.sqrt(b) + 1e-7))
            self.total.assign_add(loss)

        self.step = step
        self.predict = tf.function(lambda x: _forward(name, self.p, x))
        self.rng = np.random.RandomState(0)
        self.one = tf.constant(self.x[:1])

    def epoch(self):
        order = self.rng.permutation(len(self.x))
        for at in range(0, len(self.x), self.batch):
            index = order[at : at + self.batch]
            self.step(tf.constant(self.x[index]), tf.constant(self.y[index]))
        return float(self.total)

    def predict_one(self):
        return self.predict(self.one).numpy()
