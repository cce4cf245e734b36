"""Everything that can be computed from the primitives, once, for all backends. Any of it may be overridden."""

import math

import numpy as np


class Derived:
    """Working definitions; see `kshim.spec.backend.Backend` for the conventions."""

    # element-wise ------------------------------------------------------------------------------------------
    def square(self, x):
        return self.multiply(x, x)

    def squared_difference(self, x, y):
        """(x - y)**2; a Python scalar may stand for one of them."""
        return self.square(self.subtract(x, y))

    def reciprocal(self, x):
        return self.divide(self.ones_like(x), x)

    def sigmoid(self, x):
        """1 / (1 + e**-x), through tanh so that neither tail overflows."""
        return self.add(self.multiply(self.tanh(self.multiply(x, 0.5)), 0.5), 0.5)

    def relu(self, x):
        return self.where(self.less_equal(x, 0.0), self.zeros_like(x), x) if self.is_float(x) else self.maximum(x, 0)

    def leaky_relu(self, x, slope):
        """x above 0, `slope` (a Python float) times x elsewhere."""
        return self.where(self.greater(x, 0.0), x, self.multiply(x, slope))

    def elu(self, x, alpha):
        safe = self.where(self.greater(x, 0.0), self.zeros_like(x), x)
        return self.where(self.greater(x, 0.0), x, self.multiply(self.expm1(safe), alpha))

    def softplus(self, x):
        """log(1 + e**x) without overflow."""
        return self.add(self.maximum(x, 0.0), self.log1p(self.exp(self.negative(self.abs(x)))))

    def softsign(self, x):
        return self.divide(x, self.add(self.abs(x), 1.0))

    def gelu(self, x, approximate):
        if approximate:
            inner = self.multiply(
                self.add(x, self.multiply(self.multiply(self.square(x), x), 0.044715)), math.sqrt(2 / math.pi)
            )
            return self.multiply(self.multiply(x, 0.5), self.add(self.tanh(inner), 1.0))
        return self.multiply(self.multiply(x, 0.5), self.add(self.erf(self.multiply(x, math.sqrt(0.5))), 1.0))

    def is_float(self, x):
        return self.dtype_of(x) in ("float32", "float64", "float16", "bfloat16")

    def copy(self, x):
        """The same values in memory of their own, which a step may overwrite."""
        if self.dtype_of(x) == "bool":
            return self.logical_or(x, x)
        return self.multiply(x, 1.0 if self.is_float(x) else 1)

    # create and reshape ------------------------------------------------------------------------------------
    def zeros_like(self, x):
        return self.full(self.shape_of(x), 0, self.dtype_of(x))

    def ones_like(self, x):
        return self.full(self.shape_of(x), 1, self.dtype_of(x))

    def expand_dims(self, x, axis):
        shape = self.shape_of(x)
        return self.reshape(x, shape[:axis] + (1,) + shape[axis:])

    def squeeze(self, x, axes):
        return self.reshape(x, tuple(d for i, d in enumerate(self.shape_of(x)) if i not in axes))

    def stack(self, xs, axis):
        return self.concat([self.expand_dims(x, axis) for x in xs], axis)

    def split(self, x, sizes, axis):
        """A list of consecutive pieces of `sizes` along `axis`."""
        shape, out, at = self.shape_of(x), [], 0
        for size in sizes:
            starts = tuple(at if i == axis else 0 for i in range(len(shape)))
            stops = tuple(at + size if i == axis else d for i, d in enumerate(shape))
            out.append(self.slice(x, starts, stops, (1,) * len(shape)))
            at += size
        return out

    def repeat(self, x, n, axis):
        """Each slice of `axis` n times in a row."""
        shape = self.shape_of(x)
        wide = self.broadcast_to(self.expand_dims(x, axis + 1), shape[: axis + 1] + (n,) + shape[axis + 1 :])
        return self.reshape(wide, shape[:axis] + (shape[axis] * n,) + shape[axis + 1 :])

    def one_hot(self, indices, n, dtype):
        """`indices` of any integer dtype -> a last axis of n; out of range gives zeros."""
        shape = self.shape_of(indices)
        kind = "int64" if self.dtype_of(indices) in ("int64", "uint32", "uint64") else "int32"
        wide = self.cast(self.expand_dims(indices, len(shape)), kind)
        return self.cast(self.equal(wide, self.reshape(self.arange(n, kind), (1,) * len(shape) + (n,))), dtype)

    # reduce ------------------------------------------------------------------------------------------------
    def mean(self, x, axes, keepdims):
        count = math.prod(self.shape_of(x)[a] for a in axes)
        return self.multiply(self.sum(x, axes, keepdims), 1.0 / count if count else math.nan)

    def moments(self, x, axes, keepdims):
        """(mean, biased variance) over `axes`, the variance by a second pass."""
        mean = self.mean(x, axes, True)
        variance = self.mean(self.square(self.subtract(x, mean)), axes, keepdims)
        return (mean if keepdims else self.squeeze(mean, axes)), variance

    def logsumexp(self, x, axes, keepdims):
        top = self.stop_gradient(self.max(x, axes, True))
        top = self.where(self.isfinite(top), top, self.zeros_like(top))
        total = self.add(self.log(self.sum(self.exp(self.subtract(x, top)), axes, True)), top)
        return total if keepdims else self.squeeze(total, axes)

    def softmax(self, x, axis):
        e = self.exp(self.subtract(x, self.stop_gradient(self.max(x, (axis,), True))))
        return self.divide(e, self.sum(e, (axis,), True))

    def log_softmax(self, x, axis):
        top = self.stop_gradient(self.max(x, (axis,), True))
        shifted = self.subtract(x, self.where(self.isfinite(top), top, self.zeros_like(top)))
        return self.subtract(shifted, self.log(self.sum(self.exp(shifted), (axis,), True)))

    # products ----------------------------------------------------------------------------------------------
    def dense(self, x, kernel, bias):
        """x (..., k) times kernel (k, m), plus bias (m,) or None."""
        shape = self.shape_of(x)
        flat = x if len(shape) == 2 else self.reshape(x, (math.prod(shape[:-1]), shape[-1]))
        y = self.matmul(flat, kernel)
        if bias is not None:
            y = self.add(y, bias)
        return y if len(shape) == 2 else self.reshape(y, shape[:-1] + (self.shape_of(kernel)[-1],))

    def einsum(self, equation, xs):
        """Explicit equation (`ab,bc->ac`, no ellipsis, no repeated label in one term) over a list of tensors."""
        terms, target = equation.split("->")
        terms = terms.split(",")
        labels, x = terms[0], xs[0]
        for i, y in enumerate(xs[1:], 1):
            later = set(target).union(*terms[i + 1 :])
            labels, x = self._pair(labels, x, terms[i], y, later)
        gone = tuple(i for i, c in enumerate(labels) if c not in target)
        if gone:
            x = self.sum(x, gone, False)
            labels = "".join(c for c in labels if c in target)
        return self.transpose(x, tuple(labels.index(c) for c in target))

    def attention(self, query, key, value, bias, scale):
        """softmax(scale * query key + bias) value of every head: query (batch, T, heads, k), key (batch, S, heads, k), value
        (batch, S, heads, m) -> (batch, T, heads, m). scale: a Python float; bias: broadcasts to (batch, heads, T, S), or None.
        """
        scores = self.einsum("bthk,bshk->bhts", [self.multiply(query, float(scale)), key])
        if bias is not None:
            scores = self.add(scores, bias)
        return self.einsum("bhts,bshm->bthm", [self.softmax(scores, 3), value])

    def _pair(self, a, x, b, y, later):
        """Contract two einsum terms into (labels, tensor) with one batched matrix product."""
        gone = tuple(i for i, c in enumerate(a) if c not in b and c not in later)
        if gone:
            x, a = self.sum(x, gone, False), "".join(c for i, c in enumerate(a) if i not in gone)
        gone = tuple(i for i, c in enumerate(b) if c not in a and c not in later)
        if gone:
            y, b = self.sum(y, gone, False), "".join(c for i, c in enumerate(b) if i not in gone)
        size = dict(zip(a, self.shape_of(x)), **dict(zip(b, self.shape_of(y))))
        batch = [c for c in a if c in b and c in later]
        inner = [c for c in a if c in b and c not in later]
        left, right = [c for c in a if c not in b], [c for c in b if c not in a]

        def form(labels, tensor, *groups):
            tensor = self.transpose(tensor, tuple(labels.index(c) for g in groups for c in g))
            return self.reshape(tensor, tuple(math.prod(size[c] for c in g) for g in groups))

        z = self.matmul(form(a, x, batch, left, inner), form(b, y, batch, inner, right))
        labels = "".join(batch + left + right)
        return labels, self.reshape(z, tuple(size[c] for c in labels))

    # random ------------------------------------------------------------------------------------------------
    def random_normal(self, shape, key, dtype):
        """Standard normals by Box-Muller on the uniforms of one draw."""
        n = math.prod(shape)
        half = (n + 1) // 2
        u, v = self.split(self.random_uniform((2 * half,), key, dtype), [half, half], 0)
        radius = self.sqrt(self.multiply(self.log(self.subtract(1.0, u)), -2.0))
        angle = self.multiply(v, 2.0 * math.pi)
        z = self.concat([self.multiply(radius, self.cos(angle)), self.multiply(radius, self.sin(angle))], 0)
        if n != 2 * half:
            z = self.slice(z, (0,), (n,), (1,))
        return self.reshape(z, tuple(shape))

    def dropout(self, x, rate, key, noise_shape):
        """x with elements zeroed with probability `rate`, the others divided by 1 - rate; one draw per element of noise_shape."""
        keep = self.greater_equal(self.random_uniform(noise_shape, key, "float32"), float(rate))
        return self.multiply(self.multiply(x, 1.0 / (1.0 - rate)), self.cast(keep, self.dtype_of(x)))

    def mix_counter(self, key, counter):
        """The key of iteration `counter` (a uint32 scalar tensor) of a loop: both words changed by odd multiples of it."""
        counter = self.cast(counter, "uint32")
        words = [k if isinstance(k, int) else self.cast(k, "uint32") for k in key]
        return (
            self.bitwise_xor(self.multiply(counter, 0x9E3779B1), words[0]),
            self.bitwise_xor(self.multiply(counter, 0x85EBCA77), words[1]),
        )

    # losses ------------------------------------------------------------------------------------------------
    def softmax_cross_entropy(self, target, logits):
        """-sum(target * log_softmax(logits)) over the last axis."""
        axis = len(self.shape_of(logits)) - 1
        return self.negative(self.sum(self.multiply(target, self.log_softmax(logits, axis)), (axis,), False))

    def sparse_softmax_cross_entropy(self, labels, logits):
        """The same for integer labels (shape of logits without the last axis)."""
        axis = len(self.shape_of(logits)) - 1
        picked = self.take_along_axis(
            self.log_softmax(logits, axis), self.cast(self.expand_dims(labels, axis), "int32"), axis
        )
        return self.negative(self.squeeze(picked, (axis,)))

    def sigmoid_cross_entropy(self, target, logits):
        """max(x, 0) - x*z + log(1 + e**-|x|), element-wise."""
        tail = self.log1p(self.exp(self.negative(self.abs(logits))))
        return self.add(self.subtract(self.maximum(logits, 0.0), self.multiply(logits, target)), tail)

    # layers ------------------------------------------------------------------------------------------------
    def normalize(self, x, mean, variance, scale, offset, epsilon):
        """(x - mean) / sqrt(variance + epsilon) * scale + offset; all but x broadcast; scale and offset may be None."""
        factor = self.rsqrt(self.add(variance, float(epsilon)))
        if scale is not None:
            factor = self.multiply(factor, scale)
        y = self.multiply(self.subtract(x, mean), factor)
        return y if offset is None else self.add(y, offset)

    def batch_norm_train(self, x, scale, offset, epsilon):
        """Normalise over all axes but the last: (y, mean, biased variance); mean and variance carry no gradient."""
        axes = tuple(range(len(self.shape_of(x)) - 1))
        mean, variance = self.moments(x, axes, False)
        y = self.normalize(x, mean, variance, scale, offset, epsilon)
        return y, self.stop_gradient(mean), self.stop_gradient(variance)

    def layer_norm(self, x, scale, offset, epsilon):
        """Normalise over the last axis."""
        mean, variance = self.moments(x, (len(self.shape_of(x)) - 1,), True)
        return self.normalize(x, mean, variance, scale, offset, epsilon)

    def lstm(self, x, h, c, kernel, recurrent, bias, activation, recurrent_activation, reverse):
        """An LSTM over x (batch, time, k), gates i, f, c, o; activations are names of methods of this class.

        Returns (h of every step (batch, time, units) in processing order, last h, last c). bias may be None.
        """
        act, gate = getattr(self, activation), getattr(self, recurrent_activation)
        units = self.shape_of(recurrent)[0]

        def step(carry, inputs):
            h, c = carry
            z = self.add(inputs[0], self.matmul(h, recurrent))
            i, f, g, o = self.split(z, [units] * 4, 1)
            c = self.add(self.multiply(gate(f), c), self.multiply(gate(i), act(g)))
            h = self.multiply(gate(o), act(c))
            return [h, c], [h]

        (h, c), (ys,) = self.scan(
            step, [h, c], [self._time_major(self.dense(x, kernel, bias))], self.shape_of(x)[1], reverse
        )
        return self._time_major(ys if not reverse else self.flip(ys, (0,))), h, c

    def gru(
        self, x, h, kernel, recurrent, bias, recurrent_bias, activation, recurrent_activation, reset_after, reverse
    ):
        """A GRU over x (batch, time, k), gates z, r, h (see `lstm`). Returns (h of every step, last h)."""
        act, gate = getattr(self, activation), getattr(self, recurrent_activation)
        units = self.shape_of(recurrent)[0]
        u_zr, u_h = self.split(recurrent, [2 * units, units], 1)

        def step(carry, inputs):
            (h,) = carry
            x_zr, x_h = self.split(inputs[0], [2 * units, units], 1)
            if reset_after:
                inner = self.dense(h, recurrent, recurrent_bias)
                i_zr, i_h = self.split(inner, [2 * units, units], 1)
                z, r = self.split(gate(self.add(x_zr, i_zr)), [units, units], 1)
                new = act(self.add(x_h, self.multiply(r, i_h)))
            else:
                z, r = self.split(gate(self.add(x_zr, self.matmul(h, u_zr))), [units, units], 1)
                new = act(self.add(x_h, self.matmul(self.multiply(r, h), u_h)))
            h = self.add(self.multiply(z, h), self.multiply(self.subtract(1.0, z), new))
            return [h], [h]

        (h,), (ys,) = self.scan(
            step, [h], [self._time_major(self.dense(x, kernel, bias))], self.shape_of(x)[1], reverse
        )
        return self._time_major(ys if not reverse else self.flip(ys, (0,))), h

    def simple_rnn(self, x, h, kernel, recurrent, bias, activation, reverse):
        """h = activation(x kernel + bias + h recurrent). Returns (h of every step, last h); see `lstm`."""
        act = getattr(self, activation)

        def step(carry, inputs):
            h = act(self.add(inputs[0], self.matmul(carry[0], recurrent)))
            return [h], [h]

        (h,), (ys,) = self.scan(
            step, [h], [self._time_major(self.dense(x, kernel, bias))], self.shape_of(x)[1], reverse
        )
        return self._time_major(ys if not reverse else self.flip(ys, (0,))), h

    def linear(self, x):
        return x

    def hard_sigmoid(self, x):
        """Keras 1 and 2: clip(0.2 x + 0.5, 0, 1). Clipped first, so that a fused multiply-add cannot move the bounds."""
        return self.add(self.multiply(self.clip(x, -2.5, 2.5), 0.2), 0.5)

    def _time_major(self, x):
        return self.transpose(x, (1, 0) + tuple(range(2, len(self.shape_of(x)))))

    # optimizers --------------------------------------------------------------------------------------------
    def fused_update(self, kind, params, grads, slots, scalars):
        """One optimizer step over lists at once: (new params, new slots), or `NotImplemented` to let the frontend do it.

        `slots` is a list of lists (below: m and v). `scalars[name]` is a `host_scalar` of the dtype that all tensors have;
        entries are made as they are looked up, so there is nothing to loop over. The arithmetic, in this order (`one_minus_x` is 1 - x from the host's float64, since 1 - beta_2
        taken in float32 is off by 1e-5)::

            sgd       p - lr*g                                       scalars lr; no slots
            momentum  m = momentum*m - lr*g;  p + m                  scalars lr, momentum; slots [m]
            nesterov  m = momentum*m - lr*g;  p + (momentum*m - lr*g)
            rmsprop   v = rho*v + one_minus_rho*(g*g);  p - (lr*g) / sqrt(v + epsilon)
                                                                     scalars lr, rho, one_minus_rho, epsilon; slots [v]
            adam      m = beta_1*m + one_minus_beta_1*g;  v = beta_2*v + one_minus_beta_2*(g*g)
                      p - (m*lr_t) / (sqrt(v) + epsilon)             scalars lr_t, beta_1, one_minus_beta_1, beta_2,
                                                                     one_minus_beta_2, epsilon; slots [m, v]

        lr_t is lr * sqrt(1 - beta_2**t) / (1 - beta_1**t) for step t = 1, 2, ...
        """
        return NotImplemented

    def global_norm(self, xs):
        """sqrt of the sum of all squares of a list."""
        total = None
        for x in xs:
            part = self.sum(self.square(x), tuple(range(len(self.shape_of(x)))), False)
            total = part if total is None else self.add(total, part)
        return self.sqrt(total)

    def constant(self, value, dtype):
        """A tensor from anything NumPy understands."""
        if dtype == "bfloat16":  # which NumPy does not know
            return self.cast(self.from_numpy(np.asarray(value).astype("float32")), dtype)
        return self.from_numpy(np.asarray(value).astype(dtype, copy=False))  # which copies
