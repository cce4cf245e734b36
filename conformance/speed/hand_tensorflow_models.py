"""The models as TensorFlow functions of the flat list of weights `p`; they give logits."""

import tensorflow as tf

from .hand_weights import RESNET


def _stack(p, x, dropout=0.0):
    last = len(p) // 2 - 1
    for i in range(last + 1):
        x = tf.nn.bias_add(x @ p[2 * i], p[2 * i + 1])
        if i < last:
            x = tf.nn.relu(x)
            x = tf.nn.dropout(x, dropout) if dropout else x
    return x


def _cnn(p, x):
    for i in (0, 2):
        x = tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(x, p[i], 1, "VALID"), p[i + 1]))
        x = tf.nn.max_pool2d(x, 2, 2, "VALID")
    return _stack(p[4:], tf.reshape(x, (x.shape[0], -1)))


def _resnet20(p, stats, x, training):
    at = 0

    def conv(x, stride):
        nonlocal at
        w, gamma, beta = p[3 * at : 3 * at + 3]
        mean, var = stats[at]
        at += 1
        x = tf.nn.conv2d(x, w, stride, "SAME")
        if not training:
            return tf.compat.v1.nn.fused_batch_norm(x, gamma, beta, mean, var, 1e-3, is_training=False)[0]
        x, now, spread = tf.compat.v1.nn.fused_batch_norm(x, gamma, beta, epsilon=1e-3)
        mean.assign_sub(0.01 * (mean - now))
        var.assign_sub(0.01 * (var - spread))
        return x

    x = tf.nn.relu(conv(x, 1))
    while at < len(RESNET):
        stride = RESNET[at][3]
        y = conv(tf.nn.relu(conv(x, stride)), 1)
        x = tf.nn.relu(y + (conv(x, 2) if stride == 2 else x))
    return tf.reduce_mean(x, (1, 2)) @ p[-2] + p[-1]


def _lstm(p, x, reverse=False):
    w, u, b = p
    x = tf.transpose(tf.reverse(x, [1]) if reverse else x, (1, 0, 2))
    steps, batch, width = x.shape
    z = tf.reshape(tf.reshape(x, (-1, width)) @ w + b, (steps, batch, -1))
    zeros = tf.zeros((batch, u.shape[0]))

    def step(t, h, c):
        i, f, g, o = tf.split(z[t] + h @ u, 4, -1)
        c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
        return t + 1, tf.sigmoid(o) * tf.tanh(c), c

    start = (tf.constant(0), zeros, zeros)
    return tf.while_loop(lambda t, h, c: t < steps, step, start, maximum_iterations=steps)[1]


def _norm(x, gamma, beta):
    mean, var = tf.nn.moments(x, [-1], keepdims=True)
    return tf.nn.batch_normalization(x, mean, var, beta, gamma, 1e-5)


def _transformer(p, x):
    x = tf.gather(p[0], x) + p[1]
    b, t, width = x.shape

    def dense(x, w, bias):
        return tf.reshape(tf.nn.bias_add(tf.reshape(x, (b * t, -1)) @ w, bias), (b, t, -1))

    for i in (2, 14):
        project, q, merge, m, g1, b1, up, u, down, d, g2, b2 = p[i : i + 12]
        heads = tf.transpose(tf.reshape(dense(x, project, q), (b, t, 3, 2, width // 2)), (2, 0, 3, 1, 4))
        scores = tf.nn.softmax(tf.matmul(heads[0] * (width // 2) ** -0.5, heads[1], transpose_b=True))
        attended = tf.reshape(tf.transpose(scores @ heads[2], (0, 2, 1, 3)), (b, t, width))
        x = _norm(x + dense(attended, merge, m), g1, b1)
        x = _norm(x + dense(tf.nn.relu(dense(x, up, u)), down, d), g2, b2)
    return tf.reduce_mean(x, 1) @ p[-2] + p[-1]


def statistics(name):
    """(mean, variance) of each normalisation, before training."""
    made = RESNET if name == "resnet20" else ()
    return [tuple(tf.Variable(f((m,)), trainable=False) for f in (tf.zeros, tf.ones)) for _, _, m, _ in made]


def forward(name, p, stats, x, training, dropout):
    """Logits."""
    if name == "resnet20":
        return _resnet20(p, stats, x, training)
    if name == "mlp":
        return _stack(p, x, dropout if training else 0.0)
    if name == "cnn":
        return _cnn(p, x)
    if name == "lstm":
        return _stack(p[3:], _lstm(p[:3], x))
    if name == "bilstm":
        x = tf.gather(p[0], x)
        return _stack(p[7:], tf.concat([_lstm(p[1:4], x), _lstm(p[4:7], x, reverse=True)], 1))
    return _transformer(p, x) if name == "transformer" else _stack(p, x)
