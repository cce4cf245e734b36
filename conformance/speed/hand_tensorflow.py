"""Hand-written TensorFlow loops: one tf.function step over tf.Variables, with the fused Adam.

Variants: `step`, and `xla`, the same compiled by XLA.
"""

import numpy as np
import tensorflow as tf

from .hand_tensorflow_models import forward, statistics
from .hand_weights import initial
from .workloads import DROPOUT, WORKLOADS, data


def _loss(target, out, y):
    if target == "number":
        return tf.reduce_mean((out - y) ** 2)
    if target in ("binary", "same"):
        return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(y, out))
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(y, out))


class Contender:
    def __init__(self, name, variant="step", samples=0, dropout=DROPOUT, weights=None):
        self.work = work = WORKLOADS[name]
        self.x, self.y = data(work, samples or work.batch * work.steps)
        self.rng = np.random.RandomState(0)
        p = [tf.Variable(w) for w in (initial(name) if weights is None else weights)]
        stats = statistics(name)
        m, v = [tf.Variable(tf.zeros_like(w)) for w in p], [tf.Variable(tf.zeros_like(w)) for w in p]
        powers, self.total = (tf.Variable(0.9), tf.Variable(0.999)), tf.Variable(0.0)

        @tf.function(jit_compile=variant == "xla")
        def step(x, y):
            with tf.GradientTape() as tape:
                loss = _loss(work.target, forward(name, p, stats, x, True, dropout), y)
            for w, a, b, g in zip(p, m, v, tape.gradient(loss, p)):
                tf.raw_ops.ResourceApplyAdam(
                    var=w.handle, m=a.handle, v=b.handle, beta1_power=powers[0], beta2_power=powers[1], lr=1e-3,
                    beta1=0.9, beta2=0.999, epsilon=1e-7, grad=tf.convert_to_tensor(g),
                )  # fmt: skip
            powers[0].assign(powers[0] * 0.9)
            powers[1].assign(powers[1] * 0.999)
            self.total.assign_add(loss)

        self._step = step
        self._predict = tf.function(lambda x: self._outputs(forward(name, p, stats, x, False, dropout)))
        self._evaluate = tf.function(
            lambda x, y: _loss(work.target, forward(name, p, stats, x, False, dropout), y) * x.shape[0]
        )

    def _outputs(self, out):
        if self.work.target == "number":
            return out
        return tf.sigmoid(out) if self.work.target in ("binary", "same") else tf.nn.softmax(out)

    def epoch(self, shuffle=True, steps=None):
        """Train; the mean loss."""
        n, batch = len(self.x), self.work.batch
        order = self.rng.permutation(n) if shuffle else np.arange(n)
        rows = [order[at : at + batch] for at in range(0, n, batch)][:steps]
        self.total.assign(0.0)
        for index in rows:
            x = tf.constant(self.x[index])
            self._step(x, x if self.work.target == "same" else tf.constant(self.y[index]))
        return float(self.total) / len(rows)

    def prepare(self, samples):
        self.one = tf.constant(self.x[:1])
        x, y = data(self.work, samples)
        self.many = [(tf.constant(x[at : at + 32]), tf.constant(y[at : at + 32])) for at in range(0, samples, 32)]

    def predict_one(self):
        return self._predict(self.one).numpy()

    call_one = predict_one

    def predict_many(self):
        return np.concatenate([self._predict(x).numpy() for x, _ in self.many])

    def evaluate(self):
        return float(tf.add_n([self._evaluate(x, y) for x, y in self.many])) / sum(len(x) for x, _ in self.many)


def load(arrays):
    """Arrays of a file as tensors of the framework."""
    return [tf.constant(a) for a in arrays]
